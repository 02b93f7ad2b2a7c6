"""How are things measured side by side? In rounds, in turns, and told as ratios.

A machine is never quiet. So the contestants take turns, round after round, and each is told as the median of its
rounds and as a ratio to another one of the same run.
"""

import json
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from domain.basis import Fact
from infra.database import Database
from tests.conftest import Installation
from tests.keyring import KEYRING

SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_connections")
PACKAGES = ("psycopg", "eventsourcing", "pydantic", "uvloop")


@dataclass(frozen=True)
class Result:
    """What one contestant came to."""

    name: str
    callers: int
    rate: float
    """The median of its rounds, a second."""
    ratio: float
    """To the rate of the one it is told beside."""
    of: str


def surroundings(url: str) -> str:
    """Return on what is measured: the machine, the server and its settings, and versions."""
    with psycopg.connect(url) as connection:
        found = [
            f"{name}={connection.execute('select current_setting(%s)', (name,)).fetchone()[0]}"  # type: ignore[index]
            for name in SETTINGS
        ]
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    machine = f"{cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"{machine}\nPostgreSQL {' '.join(found)}\n{', '.join(packages)}"


@contextmanager
def fresh(installation: Installation, name: str) -> Iterator[Database]:
    """Yield a migrated database that holds nothing else."""
    name = f"{installation.prefix}_{name}"
    with (
        installation.database(name, template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
    ):
        yield database


def in_turns(contestants: Mapping[tuple[str, int], Callable[[], float]], rounds: int) -> dict[tuple[str, int], float]:
    """Let each of *contestants* (name, callers) measure its rate in each of *rounds*; return the medians."""
    rates: dict[tuple[str, int], list[float]] = {who: [] for who in contestants}
    for _ in range(rounds):
        for who, measure in contestants.items():
            rates[who].append(measure())
    return {who: statistics.median(measured) for who, measured in rates.items()}


def beside(rates: Mapping[tuple[str, int], float], of: tuple[str, int]) -> list[Result]:
    """Return the results of *rates*, each as a ratio to the rate of *of*."""
    said = f"{of[0]}, {of[1]} callers" if of[1] else of[0]
    return [
        Result(name, callers, round(rate, 1), round(rate / rates[of], 3), said)
        for (name, callers), rate in rates.items()
    ]


def tell(out: Console, results: Sequence[Result]) -> None:
    """Print *results*."""
    table = Table("what", "callers", "a second", "ratio", "of", box=None)
    for result in results:
        table.add_row(result.name, str(result.callers), f"{result.rate:,.0f}", f"{result.ratio:.2f}", result.of)
    out.print(table)


def keep(results: Sequence[Result], file: Path) -> None:
    """Write *results* as a list of objects."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n", encoding="utf-8")


def about(fact: Fact, somebody: UUID, other: UUID) -> Fact:
    """Return *fact* as if it were about the *other*."""
    return type(fact).model_validate_json(fact.model_dump_json().replace(str(somebody), str(other)))
