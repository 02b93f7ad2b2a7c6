"""Is everything that was recorded in the log in time, whatever happens to whoever writes it?"""

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from infra.database import Database, DatabaseRole
from infra.signednotes import Checkpoint, parse_checkpoint, parse_note
from infra.tlog import Edge, nodes_of, prove_consistency
from services.transparency import writer
from services.transparency.folder import CHECKPOINT, HISTORY, SIGNED, LogError, all_logs
from services.transparency.keys import add_key, begin, rotate
from services.transparency.restarting import restart
from services.transparency.writer import LogRefused, Writer, sign, writing
from tests.services.transparency.kept import ORIGIN, Kept, place_in
from tests.tampering import tampering

ROOT = Path(__file__).parents[3]
WINDOW = 10.0


def wait_for(kept: Kept, size: int, seconds: float = WINDOW) -> float:
    """Return after how long *size* events were published."""
    began = time.monotonic()
    while kept.checkpoint.size < size:
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def test_what_is_recorded_is_published_within_the_window(kept: Kept) -> None:
    """While the writer runs as it always does."""
    stop = Event()
    with writing(Writer(kept.database, kept.place), stop):
        kept.record(10)
        assert wait_for(kept, 10) < WINDOW
        kept.record(20)
        assert wait_for(kept, 20) < WINDOW

    assert writer.INTERVAL + 2 * 2.0 < writer.WINDOW == WINDOW
    assert kept.verify().faults == ()


def test_the_tree_is_the_same_however_it_grew(kept: Kept, database: Database, tmp_path: Path) -> None:
    """Event by event, or all at once."""
    for size in (1, 2, 3, 255, 256, 257, 600):
        kept.recorded(size)
    (tmp_path / "again").mkdir()
    again = Kept(database, place_in(tmp_path / "again"))
    again.write()

    assert again.checkpoint.root == kept.checkpoint.root
    assert kept.verify().earlier_checkpoints == 6


def test_partial_tiles_stay_until_they_are_full(kept: Kept) -> None:
    """Every published size can be checked for as long as its tiles are not full."""
    kept.recorded(100, 200)
    assert sorted(path.name for path in (kept.log.path / "tile/0/000.p").iterdir()) == ["100", "200"]
    kept.recorded(300)

    assert sorted(path.name for path in (kept.log.path / "tile/0").iterdir()) == ["000", "001.p"]


def test_one_writes_and_others_stand_by(kept: Kept, database: Database, tmp_path: Path) -> None:
    """Also with a folder of their own: they would sign for the same log."""
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Kept(database, place_in(tmp_path / "elsewhere"))
    with closing(database.connect(DatabaseRole.AUDITOR, autocommit=True)) as connection:
        assert connection.execute("select pg_try_advisory_lock(%s, %s)", writer.LOCK).fetchone() == (True,)
        for one in (kept, elsewhere):
            with pytest.raises(LogError, match="somebody else is at work"):
                one.write()
    kept.recorded(1)

    assert kept.checkpoint.size == 1


def test_two_writers_at_once_write_one_log(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one takes over when the first one ends."""
    monkeypatch.setattr(writer, "RETRY", 0.05)
    first, second = Event(), Event()
    threads = [
        Thread(target=Writer(kept.database, kept.place, interval=0.05).run, args=(stop,)) for stop in (first, second)
    ]
    for thread in threads:
        thread.start()
    kept.record(10)
    wait_for(kept, 10)
    first.set()
    kept.record(20)
    wait_for(kept, 20)
    second.set()
    for thread in threads:
        thread.join()

    assert kept.verify().faults == ()


def test_a_log_that_grows_meanwhile_verifies(kept: Kept) -> None:
    """Whoever verifies sees files of one moment and of the next, and nothing wrong."""
    stop = Event()
    reports = []
    with writing(Writer(kept.database, kept.place, interval=0.001), stop):
        for until in range(37, 37 * 60, 37):
            kept.record(until)
            reports.append(kept.verify(full=until % 2 == 0))
        wait_for(kept, 37 * 59)

    assert [report.faults for report in reports if report.fault_count] == []
    assert len({report.size for report in reports}) > 10


def test_a_writer_that_is_killed_at_any_step_goes_on(kept: Kept, database: Database) -> None:
    """There is an old file or a new one, and what speaks of others comes after them."""
    kept.recorded(250)
    kept.saved("before")
    kept.record(600)
    command = [sys.executable, "-m", "tests.services.transparency.killed", database.url, database.prefix]
    done = subprocess.run(
        [*command, str(kept.place.folder.parent)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.stderr == ""
    assert len(found) > 30
    assert [one for one in found if one != {"size": 600, "faults": []}] == []


def test_a_line_of_the_history_that_was_written_in_part_does_not_count(kept: Kept) -> None:
    """Whoever writes the next one begins it anew."""
    kept.recorded(10)
    with (kept.log.path / HISTORY).open("ab") as file:
        file.write(b'"test.weerbaar.inv')
    assert kept.verify().faults == ()
    kept.recorded(20)

    assert kept.verify().faults == ()
    assert [number for number, note in kept.log.history() if note] == [1, 2, 3]


def test_what_is_not_consistent_is_not_signed(kept: Kept) -> None:
    """With fewer events, with others, or for another log; whatever a proof says."""
    kept.recorded(300)
    other = Edge()
    list(other.add([bytes(32)] * 400))
    nodes = nodes_of(300, kept.log.read_tile)
    before = (kept.log.path / SIGNED).read_bytes()
    for checkpoint in (
        Checkpoint(ORIGIN, 400, other.root()),
        Checkpoint(ORIGIN, 300, other.root()),
        Checkpoint(ORIGIN, 200, bytes(32)),
        Checkpoint("example.org/other", 300, kept.checkpoint.root),
    ):
        with pytest.raises(LogRefused):
            sign(kept.log, kept.place, checkpoint, prove_consistency(nodes, 256, 300))

    assert (kept.log.path / SIGNED).read_bytes() == before


def test_tiles_that_do_not_add_up_are_not_gone_on_with(kept: Kept) -> None:
    """Whoever changed them is told of, and nothing is signed."""
    kept.recorded(300)
    path = kept.log.path / "tile/0/001.p/44"
    path.write_bytes(bytes(32) + path.read_bytes()[32:])
    kept.record(310)
    with pytest.raises(LogError, match="do not add up"):
        kept.write()

    assert kept.checkpoint.size == 300


def test_a_database_with_fewer_events_stops_the_log(kept: Kept) -> None:
    """It says what to do if that is as it should be."""
    kept.recorded(300)
    with tampering(kept.database) as connection:
        connection.execute("delete from store.events where position > 290")
    with pytest.raises(LogRefused, match="has 290 events and the log has signed 300"):
        kept.write()


def test_a_hole_among_new_events_stops_the_log(kept: Kept) -> None:
    """Positions are dense, or something was done to them."""
    kept.record(300)
    with tampering(kept.database) as connection:
        connection.execute("delete from store.events where position = 290")
    with pytest.raises(LogRefused, match="the event at position 290 is missing"):
        kept.write()

    assert kept.checkpoint.size == 0


@pytest.mark.parametrize(("file", "complaint"), [(SIGNED, "is missing"), ("../policy", "cannot be read")])
def test_a_file_that_is_gone_stops_the_log(kept: Kept, file: str, complaint: str) -> None:
    """Without the last checkpoint nobody knows what the next one must be consistent with."""
    kept.recorded(10)
    (kept.log.path / file).unlink()
    kept.record(20)
    with pytest.raises(LogError, match=complaint):
        kept.write()


def test_a_log_without_its_key_is_not_written(kept: Kept) -> None:
    """Nor with one that others may read; and none is made in silence."""
    kept.record(10)
    kept.place.key_file.chmod(0o644)
    with pytest.raises(LogError, match="others may read the key"):
        kept.write()
    kept.place.key_file.unlink()
    with pytest.raises(LogError, match="there is no key of the log"):
        kept.write()

    assert not kept.place.key_file.exists()


def test_a_log_is_begun_once(kept: Kept) -> None:
    """A folder is a log for ever; its key is for us alone."""
    assert kept.place.key_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(LogError, match="there is a transparency log"):
        begin(kept.place, ORIGIN)


def test_a_key_that_is_there_already_is_used_for_its_own_log_only(tmp_path: Path) -> None:
    """Whoever was killed while beginning a log begins it again."""
    place = place_in(tmp_path)
    key = add_key(place, ORIGIN)
    with pytest.raises(LogError, match=r"is of another log: test\.weerbaar\.invalid/log"):
        begin(place, "example.org/other")

    assert begin(place, ORIGIN) == key


def test_keys_are_rotated(kept: Kept) -> None:
    """Both sign, until the old one is taken out; and every checkpoint stays good."""
    kept.recorded(10)
    newer = rotate(kept.place)
    kept.recorded(20)
    note = parse_note((kept.log.path / CHECKPOINT).read_bytes())
    assert note.signed_by(kept.begun.verifier) == note.signed_by(newer.verifier) == 0
    kept.place.key_file.write_text(f"{newer.secret}\n", "utf-8")
    kept.recorded(30)
    note = parse_note((kept.log.path / CHECKPOINT).read_bytes())

    assert note.signed_by(kept.begun.verifier) is None
    assert note.signed_by(newer.verifier) == 0
    assert kept.verify().faults == ()


# --- restarts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def lost(kept: Kept) -> Kept:
    """Return a log whose database was restored, without its last ten events, and went on."""
    kept.recorded(100, 300)
    kept.verify()
    with tampering(kept.database) as connection:
        connection.execute("delete from store.events where position > 290")
    kept.record(295)
    return kept


def test_a_restart_begins_a_log_that_commits_to_the_old_one(lost: Kept) -> None:
    """Its name is made of what was said; the old one stays as it was."""
    done = restart(lost.database, lost.place, "restored the backup of 1 March", 1_772_323_200)
    assert (done.kept, done.lost) == (290, 10)
    lost.write()
    old, new = all_logs(lost.place.folder)
    told = new.restart()
    report = lost.verify()

    assert told is not None
    assert report.origin == told.origin(ORIGIN) == done.key.name
    assert str(told.note).encode() == (old.path / SIGNED).read_bytes()
    assert report.faults == ()
    assert report.restarts == ("2026-03-01 00:00Z, 10 of 300 events lost: restored the backup of 1 March",)
    assert report.size == 295


def test_a_log_can_be_restarted_again(lost: Kept) -> None:
    """Each is named after the first one."""
    restart(lost.database, lost.place, "once", 1_772_323_200)
    lost.write()
    with tampering(lost.database) as connection:
        connection.execute("delete from store.events where position > 200")
    done = restart(lost.database, lost.place, "twice", 1_772_323_200)
    lost.write()

    assert done.key.name.startswith(f"{ORIGIN}/")
    assert done.key.name.count("/") == 2
    assert len(lost.verify().restarts) == 2
    assert lost.verify().faults == ()


@pytest.mark.parametrize(
    ("old", "new"), [("lost", "lent"), ("kept 290", "kept 280"), ("1772323200", "1772323201"), ("\n300\n", "\n299\n")]
)
def test_what_was_said_of_a_restart_cannot_be_changed(lost: Kept, old: str, new: str) -> None:
    """Every checkpoint since then commits to it."""
    restart(lost.database, lost.place, "lost ten", 1_772_323_200)
    lost.write()
    path = lost.log.path / "restart"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    assert any("says of 1 what that does not say" in fault.what for fault in lost.verify().faults)


def test_an_event_cannot_be_changed_under_cover_of_a_restart(lost: Kept) -> None:
    """What was not lost is compared with the old log, by the command and by every verification."""
    with tampering(lost.database) as connection:
        connection.execute("update store.events set state = 'other' where position = 50")
    with pytest.raises(LogError, match="the event at position 50 was changed, and not lost"):
        restart(lost.database, lost.place, "oops", 1_772_323_200)
    with tampering(lost.database) as connection:
        connection.execute("delete from store.events where position = 50")
    with pytest.raises(LogError, match="the event at position 50 was changed, and not lost"):
        restart(lost.database, lost.place, "oops", 1_772_323_200)


def test_nothing_is_restarted_without_a_loss_or_a_reason(kept: Kept) -> None:
    """There is one history, as long as there can be."""
    kept.recorded(10)
    with pytest.raises(LogError, match="there is nothing to begin anew"):
        restart(kept.database, kept.place, "I felt like it", 0)
    for reason in ("", "  ", "two\nlines", "x" * 501):
        with pytest.raises(LogError, match="a reason is one line"):
            restart(kept.database, kept.place, reason, 0)

    assert len(all_logs(kept.place.folder)) == 1


def test_a_running_writer_goes_on_with_the_new_log(lost: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """It had stopped at what was lost, and looks again."""
    monkeypatch.setattr(writer, "RETRY", 0.05)
    stop = Event()
    with writing(Writer(lost.database, lost.place, interval=0.05), stop):
        time.sleep(0.2)
        restart(lost.database, lost.place, "lost ten", 1_772_323_200)
        wait_for(lost, 295)

    assert parse_checkpoint(parse_note((lost.log.path / SIGNED).read_bytes()).text).origin != ORIGIN
