"""How fast is the transparency log written, and how fast is it verified?

By one process, of which the time on a processor is told too: what the machine does beside it makes no difference there.
"""

import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from rich.console import Console

from infra.database import Database, DatabaseRole
from infra.leaves import leaves
from services.transparency.keys import begin
from services.transparency.verifying import Verification
from services.transparency.writer import Writer
from tests.bench.rounds import Result, beside, fresh, in_turns
from tests.conftest import Installation
from tests.services.transparency.kept import ORIGIN, TOPIC, place_in

STATE_BYTES = 300
"""About as long as facts are in a made-up history."""
RECORD = """
insert into store.events (position, stream, version, topic, event_id, metadata, state)
select n, 'note:' || md5(((n - 1) / 8)::text)::uuid, (n - 1) %% 8 + 1, 'note.noted.v1', gen_random_uuid(),
    json_build_object('at', '2026-03-01T12:00:00Z', 'actor', 'p-' || n %% 100, 'organisation', 'ondersteuningsteam',
        'role', 'support_team', 'correlation', gen_random_uuid(), 'origin', 'api'),
    convert_to(rpad(format('{"text":"note %%s', n), %s, 'x') || '"}', 'UTF8')
from generate_series(1, %s) n
"""
out = Console(width=120)


def transparency(installation: Installation, rounds: int, events: int) -> Iterable[Result]:
    """Write a log of so many *events* and verify it, beside the mere hashing of its leaves."""
    with fresh(installation, "log") as database, tempfile.TemporaryDirectory() as folder:
        with closing(database.owner(autocommit=True)) as owner:
            owner.execute(RECORD, (STATE_BYTES, events))
            owner.execute("vacuum analyze store.events")
        numbers = iter(range(1_000_000))
        written = _written(database, Path(folder) / "verified")
        rates = in_turns(
            {
                ("leaves read and hashed", 1): lambda: _rate(events, lambda: _read(database, events)),
                ("log written", 1): lambda: _rate(
                    events, lambda: _written(database, Path(folder) / str(next(numbers)))
                ),
                ("log verified in full", 1): lambda: _rate(events, lambda: _verified(database, written)),
                ("log verified in full, a second of processor", 1): lambda: _rate(
                    events, lambda: _verified(database, written), clock=time.process_time
                ),
            },
            rounds,
        )
        yield from beside(rates, ("leaves read and hashed", 1))


def _rate(events: int, work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    begun = clock()
    work()
    return events / (clock() - begun)


def _read(database: Database, events: int) -> None:
    with closing(database.connect(DatabaseRole.AUDITOR, autocommit=True)) as connection:
        assert sum(1 for _ in leaves(connection, 0, events)) == events


def _written(database: Database, folder: Path) -> Path:
    folder.mkdir()
    place = place_in(folder)
    begin(place, ORIGIN)
    Writer(database, place).catch_up()
    return folder


def _verified(database: Database, folder: Path) -> None:
    place = place_in(folder)
    found = Verification(
        database, place.folder, place.policy(), frozenset({TOPIC}), place.folder / "verified", full=True
    ).run()
    assert found.faults == ()
