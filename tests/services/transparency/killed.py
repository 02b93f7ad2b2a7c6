"""Writes the log, and is killed at one step after another.

``python -m tests.services.transparency.killed URL PREFIX FOLDER`` goes back to the copy of the log in FOLDER each time,
lets a child write it that kills itself at the n-th step, and then another one that goes on. It says in a line for each
step what the second one found. It imports once and forks, since to start Python takes longer than all else.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from infra.database import Database
from services.transparency.verifying import Verification
from services.transparency.writer import Writer
from tests.services.transparency.kept import TOPIC, place_in

MOST = 1000


def dying_at(step: int) -> None:
    """Let whatever touches the disk from now on be counted, and the *step*-th one be the last, before or after it."""
    counted = 0

    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted_call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            nonlocal counted
            counted += 1
            if counted == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return counted_call

    for owner, name in ((os, "open"), (os, "fsync"), (Path, "replace"), (Path, "unlink"), (shutil, "rmtree")):
        setattr(owner, name, counting(getattr(owner, name)))


def in_a_child(work: Callable[[], object]) -> int:
    """Do *work* in a process of its own, and return how it ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - told by the exit status
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Go through all steps."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    url, prefix, folder = sys.argv[1:]
    place = place_in(Path(folder))
    before = place.folder.with_name("before")

    def write() -> None:
        with Database(url, prefix) as database:
            Writer(database, place).catch_up()

    def verify() -> None:
        with Database(url, prefix) as database:
            found = Verification(
                database, place.folder, place.policy(), frozenset({TOPIC}), place.folder / "verified", full=True
            ).run()
        print(json.dumps({"size": found.size, "faults": [str(fault) for fault in found.faults]}), flush=True)  # noqa: T201

    for step in range(1, MOST):
        shutil.rmtree(place.folder)
        shutil.copytree(before, place.folder)

        def die(step: int = step) -> None:
            dying_at(step)
            write()

        if in_a_child(die) == 0:
            break
        if in_a_child(write) != 0 or in_a_child(verify) != 0:
            print(json.dumps({"size": -step, "faults": ["did not go on"]}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
