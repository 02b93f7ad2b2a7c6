"""Do the commands of the transparency log do what they say at a terminal, and say what is wrong in one line?"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.database import Database
from infra.migrate import migrate
from infra.settings import read_settings
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.transparency.keys import place_of
from services.transparency.state import state_of
from tests.network import projector_store
from tests.services.test_cli import WEERBAAR, Terminal, environ, variables_of, warm
from tests.services.transparency.kept import RECORD
from tests.tampering import tampering

__all__ = ["warm"]
SECONDS = 30.0
TOPIC = "organisation.milestone_reached.v1"


@pytest.fixture
def terminal(warm: subprocess.Popen[str], database: Database, tmp_path: Path) -> Terminal:
    """Return a terminal with a migrated database of its own."""
    return Terminal(warm, variables_of(database, tmp_path))


def record(database: Database, until: int, topic: str = "threat_case.reported.v1") -> None:
    """Record events up to position *until*; what is in them does not matter to the log."""
    with tampering(database) as connection:
        connection.execute(RECORD.replace("note.noted.v1", topic), (until,))


@contextmanager
def projecting(terminal: Terminal) -> Iterator["subprocess.Popen[bytes]"]:
    """Let ``weerbaar project`` run."""
    process = subprocess.Popen(
        [WEERBAAR, "project"], env=environ() | terminal.variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def covered(tmp_path: Path, size: int) -> None:
    """Wait until the log covers *size* events."""
    deadline = time.monotonic() + SECONDS
    checkpoint = tmp_path / "transparency-log/1/checkpoint"
    while not checkpoint.exists() or checkpoint.read_text("utf-8").split("\n")[1] != str(size):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_projector_of_the_demo_begins_a_log_and_covers_what_is_recorded(
    terminal: Terminal, database: Database, tmp_path: Path
) -> None:
    """Then it verifies, and goes on verifying where it was; a changed event is named, and the status says so."""
    record(database, 500)
    with projecting(terminal):
        covered(tmp_path, 500)
        record(database, 600)
        covered(tmp_path, 600)
        assert "transparency log: 600 of 600 events in demo.weerbaar.invalid/log" in terminal.command("status").out
    said = terminal.run("verify").said
    again = json.loads(terminal.run("verify", "--json").said)

    assert said == "All 600 events of demo.weerbaar.invalid/log are as they were recorded.\n"
    assert (again["size"], again["began_after"], again["faults"]) == (600, 600, [])
    auditing = {"MODE": "production", "KEYS_FILE": None, "TLOG_DIR": str(tmp_path / "transparency-log")}
    assert terminal.run("verify", "--full", **auditing).said == said  # with no key of any kind
    with tampering(database) as connection:
        connection.execute("update store.events set state = 'other' where position = 123")
        event = connection.execute("select event_id::text from store.events where position = 123").fetchone()
    found = terminal.run("verify", "--full")
    assert event
    assert found.status == 1
    assert found.out.splitlines() == [
        f"position 123, event {event[0]}: is not what was recorded here: it was changed, or put there",
        "",
        "The database is not what demo.weerbaar.invalid/log says of 600 events.",
    ]
    as_json = json.loads(terminal.run("verify", "--full", "--json").out)
    assert as_json["faults"] == [
        {
            "what": "is not what was recorded here: it was changed, or put there",
            "position": 123,
            "event_id": event[0],
        }
    ]


def test_what_is_not_covered_is_told(terminal: Terminal, database: Database, tmp_path: Path) -> None:
    """By a verification; and what takes too long is a reason to look."""
    record(database, 10)
    with projecting(terminal):
        covered(tmp_path, 10)
    record(database, 13)
    with tampering(database) as connection:
        connection.execute("update store.events set recorded_at = now() - interval '2 minutes' where position = 11")

    assert "Not covered yet: 3, the first since " in terminal.run("verify").said
    state = state_of(database, place_of(read_settings(data_dir=tmp_path)))
    assert state
    assert (state.size, state.head, state.verified_size, state.late) == (10, 13, 10, True)
    with projecting(terminal):
        covered(tmp_path, 13)


def test_a_log_is_begun_rotated_and_restarted(terminal: Terminal, database: Database, tmp_path: Path) -> None:
    """Each command prints the line by which others know the log; the policy takes its word."""
    began = terminal.run("log", "begin", "--origin", "example.org/weerbaar").said
    rotated = terminal.run("log", "rotate").said
    policy = (tmp_path / "transparency-log/policy").read_text("utf-8")

    assert began.startswith("log example.org/weerbaar+")
    assert rotated.startswith("log example.org/weerbaar+")
    assert began != rotated
    assert began in policy
    assert rotated in policy
    record(database, 100)
    with projecting(terminal):
        covered(tmp_path, 100)
    with tampering(database) as connection:
        connection.execute("delete from store.events where position > 90")
    restarted = terminal.run("log", "restart", "--reason", "restored the backup of 1 March")

    assert restarted.said.startswith("Of the former log 90 events are still there and 10 are lost.\nlog example.org/w")
    with projecting(terminal):
        deadline = time.monotonic() + SECONDS
        while "All 90 events" not in (said := terminal.run("verify").out):
            assert time.monotonic() < deadline, said
    assert "A former log ended: " in said
    assert "10 of 100 events lost: restored the backup of 1 March" in said


def test_what_cannot_be_done_is_said_in_one_line(terminal: Terminal, tmp_path: Path) -> None:
    """Without a log, without its key, with one that is there already, or with a policy that is none."""
    folder = tmp_path / "transparency-log"
    assert f"there is no transparency log in {folder}" in terminal.run("verify").complaint
    assert "there is no transparency log" in terminal.run("log", "rotate").complaint
    assert "there is no transparency log" in terminal.run("log", "restart", "--reason", "lost").complaint
    assert "the name of a key is" in terminal.run("log", "begin", "--origin", "two words").complaint
    assert terminal.run("log", "begin", "--origin", "example.org/log").said
    assert "there is a transparency log in" in terminal.run("log", "begin", "--origin", "example.org/log").complaint
    assert "there is nothing to begin anew" in terminal.run("log", "restart", "--reason", "lost").complaint
    (folder / "policy").write_text("nonsense\n", "utf-8")
    assert terminal.run("verify").complaint == (
        f"{folder / 'policy'}: line 1 of the policy: this is no log, witness, group or (one) quorum"
    )
    (folder / "1" / "checkpoint").unlink()
    (folder / "policy").write_text("quorum none\n", "utf-8")
    assert terminal.run("verify").complaint == "1/checkpoint is missing"


def test_production_makes_no_log_by_itself(terminal: Terminal, database: Database, tmp_path: Path) -> None:
    """Somebody must answer for its name and its key."""
    migrate(database)
    Runner(database, projector_store(database), VIEWS).catch_up()
    where = {"TLOG_DIR": str(tmp_path / "log"), "TLOG_KEY_FILE": str(tmp_path / "key")}

    for name in where:
        given = {other: value for other, value in where.items() if other != name}
        complaint = terminal.run("project", MODE="production", **given).complaint
        assert complaint == f"production mode needs the setting WEERBAAR_{name}"
    complaint = terminal.run("project", MODE="production", **where).complaint
    assert complaint == f"there is no transparency log in {tmp_path / 'log'}: begin one with weerbaar log begin"
    assert not (tmp_path / "key").exists()
