"""How fast is all of it? ``make bench`` and ``make bench-quick``.

On the server of WEERBAAR_TEST_DATABASE_URL, which should be a durable one, or on an embedded one that is. What is
compared is measured in one run, in turns; results go to build/bench.json, as a list of objects.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import structlog
from rich.console import Console

from infra.embedded import embedded_server
from tests.bench.append import recording, replaying
from tests.bench.commands import commands
from tests.bench.projecting import lag, projecting, rebuilding
from tests.bench.rounds import Result, keep, surroundings, tell
from tests.bench.sealing import sealing
from tests.bench.transparency import transparency
from tests.conftest import Installation, installed

FILE = Path("build/bench.json")
LAG_RATE = 100

Part = Callable[[Installation], Iterable[Result]]

PARTS: dict[str, Part] = {
    "recording": lambda here: recording(here, rounds=5, amount=2000),
    "replaying": lambda here: replaying(here, rounds=3, scale=0.02),
    "projecting": lambda here: projecting(here, rounds=3, events=30_000, few=1000),
    "commands": lambda here: commands(here, rounds=3, number=1920),
    "lag": lambda here: lag(here, seconds=10, rate=LAG_RATE),
    "rebuilding": lambda here: rebuilding(here, sizes=(10_000, 100_000, 1_000_000)),
    "transparency": lambda here: transparency(here, rounds=3, events=200_000),
    "sealing": lambda here: sealing(here, rounds=5, fields=50_000, commands=200),
}
QUICK: dict[str, Part] = {
    "recording": lambda here: recording(here, rounds=3, amount=500),
    "replaying": lambda here: replaying(here, rounds=3, scale=0.005),
    "projecting": lambda here: projecting(here, rounds=3, events=5_000, few=200),
    "commands": lambda here: commands(here, rounds=3, number=640),
    "lag": lambda here: lag(here, seconds=3, rate=LAG_RATE),
    "rebuilding": lambda here: rebuilding(here, sizes=(5_000, 20_000)),
    "transparency": lambda here: transparency(here, rounds=3, events=50_000),
    "sealing": lambda here: sealing(here, rounds=3, fields=20_000, commands=100),
}


def main() -> None:
    """Measure, tell and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, in two minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    out = Console(width=140)
    parts = QUICK if arguments.quick else PARTS
    results: list[Result] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = os.environ.get("WEERBAAR_TEST_DATABASE_URL") or stack.enter_context(embedded_server(folder))
        here = stack.enter_context(installed(url))
        out.print(surroundings(url))
        for name in arguments.only:
            found = list(parts[name](here))
            tell(out, found)
            results += found
    keep(results, FILE)
    out.print(f"kept in {FILE}")


if __name__ == "__main__":
    main()
