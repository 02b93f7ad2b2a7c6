"""A projector that kills itself at one step of its cycle: ``python -m … <url> <role prefix> <step>``."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from domain.kinds import KINDS
from infra.database import Database
from infra.eventstore import CaseStore
from services.projections import projecting, runner, tracking
from services.projections.register import VIEWS
from tests.keyring import KEYRING
from tests.services.projections import seen

STEPS = ("before the changes", "after the changes", "after the position", "after the commit")


def then_die(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return *function* with death after its third call."""
    calls = 0

    def call(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        nonlocal calls
        result = function(*args, **more)
        calls += 1
        if calls > len(VIEWS) * 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


def main(url: str, prefix: str, step: str) -> None:
    """Project a few pages, and die."""
    projecting.PAGE = 10
    match STEPS.index(step):
        case 0:
            projecting.Log.after = then_die(projecting.Log.after)  # type: ignore[method-assign]
        case 1:
            projecting.digest = then_die(projecting.digest)
        case 2:
            projecting.move = then_die(tracking.move)  # type: ignore[attr-defined]
        case _:
            runner.Runner._advance = then_die(runner.Runner._advance)  # type: ignore[method-assign]  # noqa: SLF001
    with Database(url, prefix, keyring=KEYRING) as database:
        runner.Runner(database, CaseStore(database, KINDS), (*VIEWS, seen.VIEW)).catch_up()


if __name__ == "__main__":
    main(*sys.argv[1:])
