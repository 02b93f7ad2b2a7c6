"""Does the program do what it says at a terminal, and say what is wrong in one line?"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import uvicorn
from fastapi import FastAPI

from domain.kinds import KINDS
from domain.threat_case import THREAT_CASE, ReportThreat
from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.identity import Caller
from infra.migrate import MIGRATIONS
from infra.migrate import read as migrations
from infra.opaque import Opaque
from infra.registers import public_bodies
from services import cli
from services.app import now
from services.cases.handling import Handling, Request
from services.cli import program
from services.demo.cast import CAST
from services.projections import timeline, worklist
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.views import install
from tests.commands import commands_of
from tests.conftest import Installation
from tests.contract.examples import body, giver
from tests.keyring import KEYRING, keys_file
from tests.network import Network, projector_store
from tests.services.projections.next_release import previous_version
from tests.tampering import tampering

SECONDS = 30.0
WEERBAAR = Path(sys.executable).parent / "weerbaar"
COMMANDS: dict[str, tuple[str, ...]] = {
    "demo": (),
    "serve": (),
    "project": (),
    "generate": ("--years", "1", "--scale", "0.001"),
    "migrate": (),
    "replay": ("DR-2026-000001",),
    "rebuild": (),
    "erase": ("DR-2026-000001", "--reason", "request"),
    "keys new": (),
    "keys rotate": (),
    "views": (),
    "status": (),
    "log begin": ("--origin", "example.org/log"),
    "log rotate": (),
    "log restart": ("--reason", "restored"),
    "verify": (),
    "prove": ("DR-2026-000001", "--output", "nowhere/bundle.zip"),
    "check-bundle": ("nowhere.zip",),
    "witness": ("nowhere",),
    "token": ("--as", "auditor"),
    "api-description": (),
}
"""Every command, with the arguments that it cannot do without."""
ON_THE_DATABASE = ("generate", "migrate", "replay", "rebuild", "erase", "status", "log restart", "verify", "prove")
"""Those that ask the database something and end."""


@dataclass(frozen=True)
class Done:
    """How the program ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line that it complained with, and nothing else."""
        assert self.status == 1, self
        assert self.out == "", self
        assert self.err.startswith("weerbaar: "), self
        assert self.err.count("\n") == 1, self
        return self.err.removeprefix("weerbaar: ").rstrip("\n")

    @property
    def said(self) -> str:
        """What it said when all went well."""
        assert self.status == 0, self
        assert self.err == "", self
        return self.out


@dataclass(frozen=True)
class Terminal:
    """Where commands are typed."""

    warm: subprocess.Popen[str]
    variables: dict[str, str]

    def run(self, *arguments: str, **changes: str | None) -> Done:
        """Run the program with *arguments* and the variables of this terminal, with *changes* (None: not set)."""
        variables = {f"WEERBAAR_{name}": value for name, value in changes.items()}
        environment = {
            name: value for name, value in (environ() | self.variables | variables).items() if value is not None
        }
        assert self.warm.stdin is not None
        assert self.warm.stdout is not None
        self.warm.stdin.write(json.dumps({"arguments": arguments, "environment": environment}) + "\n")
        self.warm.stdin.flush()
        return Done(**json.loads(self.warm.stdout.readline()))

    def command(self, name: str, **changes: str | None) -> Done:
        """Run the command *name* with what it cannot do without."""
        return self.run(*name.split(), *COMMANDS[name], **changes)


def environ() -> dict[str, str]:
    """Return the environment without any variable of ours."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("WEERBAAR_")}


def variables_of(database: Database, data_dir: Path) -> dict[str, str]:
    """Return the variables of a terminal that works on *database*."""
    return {
        "WEERBAAR_DATABASE_URL": database.url,
        "WEERBAAR_ROLE_PREFIX": database.prefix,
        "WEERBAAR_DATA_DIR": str(data_dir),
        "WEERBAAR_KEYS_FILE": str(keys_file(data_dir)),
    }


@pytest.fixture(scope="module")
def warm() -> Iterator[subprocess.Popen[str]]:
    """Yield a process that runs the program."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.services.warm"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def terminal(warm: subprocess.Popen[str], network: Network) -> Terminal:
    """Return a terminal beside the running service."""
    return Terminal(warm, variables_of(network.service.database, network.service.settings.data_dir))


@pytest.fixture
def aside(warm: subprocess.Popen[str], database: Database, tmp_path: Path) -> Terminal:
    """Return a terminal with a migrated database of its own, where no projector has been at work."""
    return Terminal(warm, variables_of(database, tmp_path))


@pytest.fixture(scope="module")
def numbers(network: Network) -> list[str]:
    """Return the numbers of one case of each kind that has numbers, with a history."""
    found = []
    for kind in KINDS:
        case: dict[str, Any] = {}
        for command in kind.commands:
            where = kind.collection if command.creates else f"{kind.collection}/{case['id']}/{command.noun}"
            answer = network.post(giver(command), where, body(command))
            case = answer.json() if command.creates else case
        found.append(case["number"])
    network.look("auditor", "cases")
    return [number for number in found if number]


def replayed(network: Network, number: str, query: str = "") -> dict[str, Any]:
    """Return what the API's replay of the case tells the auditor."""
    (case,) = network.look("auditor", f"cases?number={number}")["items"]
    collection = next(kind.collection for kind in KINDS if kind.name == case["kind"])
    told: dict[str, Any] = network.look("auditor", f"{collection}/{case['id']}/replay{query}")
    assert told.pop("changes") == []
    return told


# --- help -------------------------------------------------------------------------------------------------------------


def test_help_names_every_command(terminal: Terminal) -> None:
    """Each with what it does."""
    said = terminal.run("--help").said

    assert {command for command in COMMANDS if command.partition(" ")[0] in said} == set(COMMANDS)
    assert commands_of(program).keys() == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_says_what_it_does_and_takes(terminal: Terminal, name: str) -> None:
    """Its sentence, and each of its options and arguments with an explanation."""
    said = " ".join(terminal.run(*name.split(), "--help").said.replace("│", " ").split())
    command = commands_of(program)[name]

    assert command.help in said
    for parameter in command.params:
        assert parameter.name == "help" or parameter.help
        assert " ".join((parameter.help or "").split()[:4]) in said
        assert all(option in said for option in parameter.opts if option.startswith("--"))


def test_an_unknown_command_and_an_unknown_option_are_refused(terminal: Terminal) -> None:
    """With the exit status that shells know for it."""
    assert terminal.run("reply").status == 2
    assert terminal.run("status", "--all").status == 2
    assert terminal.run("replay").status == 2
    assert terminal.run("replay", "DR-2026-000001", "--version", "0").status == 2


# --- migrate ----------------------------------------------------------------------------------------------------------


def test_migrating_twice_does_nothing_the_second_time(
    warm: subprocess.Popen[str], installation: Installation, empty_url: str, tmp_path: Path
) -> None:
    """And it says which files it applied."""
    with Database(empty_url, installation.prefix, keyring=KEYRING) as database:
        terminal = Terminal(warm, variables_of(database, tmp_path))
        lacking = terminal.command("status").complaint
        first, second = terminal.command("migrate").said, terminal.command("migrate").said

    assert lacking == "the database is not migrated to this release: run weerbaar migrate"
    assert first.splitlines() == [f"applied {migration.name}" for migration in migrations(MIGRATIONS)]
    assert second == "nothing to do\n"


# --- status -----------------------------------------------------------------------------------------------------------


def test_status_shows_each_view(terminal: Terminal, network: Network, numbers: list[str]) -> None:
    """Its name whole, also where the output goes into a file; and how far it has come."""
    head = network.service.store.head()
    assert numbers
    rows = [line.split() for line in terminal.command("status").said.splitlines()]

    assert [row[:4] for row in rows if row[0] in {view.name for view in VIEWS}] == [
        [name, str(version), str(head), str(head)]
        for name, version in sorted((view.name, view.version) for view in VIEWS)
    ]


@contextmanager
def stopped(database: Database, view: str) -> Iterator[None]:
    """Let *view* have stopped for as long as this lasts."""
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute(
            "update views.tracking set stopped_at = now(), reason = 'DivisionByZero at x.v1, event y' where view = %s",
            (view,),
        )
        try:
            yield
        finally:
            connection.execute("update views.tracking set stopped_at = null, reason = null")


def test_status_fails_when_a_view_has_stopped(terminal: Terminal, network: Network) -> None:
    """And says why it has."""
    with stopped(network.service.database, "worklist"):
        done = terminal.command("status")

    assert done.status == 1
    assert "DivisionByZero at x.v1, event y" in done.out


def test_status_fails_without_a_projector(aside: Terminal, database: Database) -> None:
    """A view that nobody keeps up to date is not idle but dead."""
    Runner(database, projector_store(database), VIEWS).catch_up()
    done = aside.command("status")

    assert done.status == 1
    assert done.err == "weerbaar: no projector of this release is at work: start weerbaar project\n"


# --- replay -----------------------------------------------------------------------------------------------------------


def test_replay_tells_what_the_api_tells_the_auditor(terminal: Terminal, network: Network, numbers: list[str]) -> None:
    """Of each kind: now, at each version, at the moment of the last fact and just before it."""
    assert [number[:2] for number in numbers] == ["DR", "BA", "IO", "SP"]
    for number in numbers:
        now_told = replayed(network, number)
        assert json.loads(terminal.run("replay", number, "--json").said) == now_told
        assert now_told["version"] >= 4
        for happening in now_told["history"]:
            version, at = happening["version"], datetime.fromisoformat(happening["at"])
            told = json.loads(terminal.run("replay", number, "--version", str(version), "--json").said)
            assert told == replayed(network, number, f"?version={version}")
            assert told["version"] == version
        for moment, versions in ((at, version), (at - timedelta(microseconds=1), version - 1)):
            told = json.loads(terminal.run("replay", number, "--at", moment.isoformat(), "--json").said)
            assert told == replayed(network, number, f"?at={moment:%Y-%m-%dT%H:%M:%S.%fZ}")
            assert told["version"] == versions


def test_replay_in_words_tells_each_fact_and_the_state(
    terminal: Terminal, network: Network, numbers: list[str]
) -> None:
    """Who recorded what, in order, and what it adds up to."""
    for number in numbers:
        said = terminal.run("replay", number).said
        told = replayed(network, number)
        places = [said.index(happening["words"]) for happening in told["history"]]

        assert number in said
        assert places[0] < places[-1]
        assert all(happening["recorded_by"] in said for happening in told["history"])
        assert json.loads(said[said.index("{") :])["number"] == number


def test_replay_in_words_stops_at_the_version(terminal: Terminal, network: Network, numbers: list[str]) -> None:
    """What came later is not told."""
    first, second = replayed(network, numbers[0])["history"][:2]
    said = terminal.run("replay", numbers[0], "--version", "1").said

    assert first["words"] in said
    assert second["words"] not in said


def test_replay_of_a_moment_before_the_first_fact_says_so(terminal: Terminal, numbers: list[str]) -> None:
    """There is such a case, but not yet."""
    said = terminal.run("replay", numbers[0], "--at", "2020-01-01T00:00Z").said

    assert said == f"{numbers[0]}: nothing had been recorded yet.\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("DR-1999-000001",), "there is no case DR-1999-000001"),
        (("zwaluw [bold]",), "there is no case zwaluw [bold]"),
        (("DR-2026-000001", "--at", "yesterday"), "--at needs a moment with its zone"),
        (("DR-2026-000001", "--at", "2026-03-01T12:00"), "--at needs a moment with its zone"),
        (("DR-2026-000001", "--at", "2026-03-01"), "--at needs a moment with its zone"),
        (("DR-2026-000001", "--at", "2026-03-01T12:00Z", "--version", "1"), "give --version or --at, not both"),
    ],
)
def test_replay_says_in_one_line_what_it_cannot_tell(
    terminal: Terminal, numbers: list[str], arguments: tuple[str, ...], complaint: str
) -> None:
    """An unknown number, a moment that is none, two answers at once."""
    assert numbers
    arguments = (arguments[0].replace("DR-2026-000001", numbers[0]), *arguments[1:])

    assert terminal.run("replay", *arguments).complaint.startswith(complaint)


def test_replay_before_there_are_views_says_what_to_do(aside: Terminal) -> None:
    """The projector makes them."""
    complaint = aside.command("replay").complaint

    assert complaint == "the views of this release have not been built yet: start weerbaar project first"


@pytest.mark.parametrize("level", ["info", "debug"])
def test_what_nobody_expected_is_named_without_quoting_a_fact(aside: Terminal, database: Database, level: str) -> None:
    """The class of the error, and where it was raised for whoever asks: its message holds what somebody typed."""
    number = recorded_threat(database)
    Runner(database, projector_store(database), VIEWS).catch_up()
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        table = timeline.TIMELINE.qualified.encode()
        connection.execute(b"update " + table + b""" set fact = '{"account": "Zwaluwstaart"}'""")
    failed = aside.run("replay", number, LOG_LEVEL=level)
    *frames, line = failed.err.splitlines()

    assert (failed.status, failed.out) == (1, "")
    assert line == "weerbaar: failed (ValidationError)"
    assert bool(frames) is (level == "debug")
    assert all(frame.startswith("/") for frame in frames)
    assert "Zwaluw" not in failed.err


def recorded_threat(database: Database) -> str:
    """Report a threat; return its number."""
    desk = Handling(store=CaseStore(database, KINDS), kinds=KINDS, bodies=public_bodies(), opaque=Opaque(b"0" * 32))
    command = ReportThreat.model_validate(body(ReportThreat))
    receipt = desk.handle_now(THREAT_CASE, Request(command=command, caller=Caller(actor=CAST["support-team"])))
    return str(receipt.number)


# --- rebuild ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("worklist",), ("timeline", "cases"), ()])
def test_rebuilding_changes_nothing_that_one_sees(
    terminal: Terminal, network: Network, numbers: list[str], names: tuple[str, ...]
) -> None:
    """One view, several, or all; it says which."""
    paths = ("worklist?closed=true", "worklist", "cases", "measure-progress", "steunpunt-register", "organisations")
    before = [network.look("auditor", path) for path in paths], [replayed(network, number) for number in numbers]
    said = terminal.run("rebuild", *names).said
    after = [network.look("auditor", path) for path in paths], [replayed(network, number) for number in numbers]

    assert before == after
    assert [line.split()[0] for line in said.splitlines()] == list(names or [view.name for view in VIEWS])


def test_rebuilding_makes_rows_that_were_lost(terminal: Terminal, network: Network, numbers: list[str]) -> None:
    """From the log, which holds everything."""
    assert numbers
    before = network.look("auditor", "cases")
    with closing(network.service.database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("delete from views.cases_v2")
    assert network.look("auditor", "cases") != before
    assert terminal.run("rebuild", "cases").said

    assert network.look("auditor", "cases") == before


def test_rebuilding_stops_in_one_line_at_what_a_view_cannot_digest(aside: Terminal, database: Database) -> None:
    """With the event, and without quoting it."""
    recorded_threat(database)
    with tampering(database) as connection:
        connection.execute('update store.events set state = \'{"account": "Zwaluwstaart"}\'')
        (event,) = connection.execute("select event_id from store.events").fetchone() or ("",)
    failed = aside.run("rebuild", "worklist")

    assert failed.status == 1
    assert failed.err == f"weerbaar: MapperDeserialisationError at threat_case.reported.v1, event {event}\n"
    assert "Zwaluw" not in failed.out


def test_a_check_tells_whether_live_views_are_what_the_log_makes_of_them(
    terminal: Terminal, network: Network, numbers: list[str]
) -> None:
    """In a line for each row that is not, by its key; nothing is changed."""
    assert numbers
    assert terminal.run("rebuild", "--check").said.splitlines()[-1] == "Every live view is what the log makes of it."
    with closing(network.service.database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("update views.worklist_v2 set office = 'commissielid'")
    before = network.look("auditor", "worklist")
    failed = terminal.run("rebuild", "--check", "worklist")

    assert failed.status == 1
    assert re.search(r"^worklist threat_case:\S+: the log says otherwise in office$", failed.out, re.MULTILINE)
    assert "commissielid" not in failed.out + failed.err
    assert network.look("auditor", "worklist") == before


def test_what_former_releases_left_can_be_dropped(terminal: Terminal, network: Network, numbers: list[str]) -> None:
    """It is listed first, and dropped on purpose."""
    assert numbers
    assert terminal.run("views").said == "Nothing is left of former releases.\n"
    install(network.service.database, [previous_version(worklist.VIEW)])
    before = worklist.VERSION - 1

    assert terminal.run("views").said == f"worklist, version {before}: kept: drop it with --drop-unused\n"
    assert terminal.run("views", "--drop-unused").said == f"worklist, version {before}: dropped\n"
    assert terminal.run("views", "--drop-unused").said == "Nothing is left of former releases.\n"


def test_keys_are_rotated_as_often_as_one_likes(aside: Terminal, database: Database, tmp_path: Path) -> None:
    """What was sealed before still opens; with the file of another installation nothing is done, and that is said."""
    number = recorded_threat(database)
    Runner(database, projector_store(database), VIEWS).catch_up()
    assert "epoch 2" in aside.run("keys", "rotate").said
    assert "epoch 3" in aside.run("keys", "rotate").said
    assert "gm0855" in aside.run("replay", number).said

    other = str(tmp_path / "other")
    assert aside.run("keys", "new", KEYS_FILE=other).said == ""
    before = Path(other).read_bytes()
    refused = aside.run("keys", "rotate", KEYS_FILE=other)
    assert (refused.status, refused.err) == (1, "weerbaar: a key of epoch 1 does not open\n")
    assert Path(other).read_bytes() == before
    assert aside.run("replay", number, KEYS_FILE=other).complaint == "there is no key-encryption key of epoch 3"


def test_rebuilding_an_unknown_view_names_it_and_the_known_ones(terminal: Terminal) -> None:
    """And does nothing else."""
    complaint = terminal.run("rebuild", "worklist", "worklost").complaint

    assert complaint == f"no such view: worklost; there are {', '.join(view.name for view in VIEWS)}"


# --- generate ---------------------------------------------------------------------------------------------------------


def test_generate_says_what_it_has_recorded(aside: Terminal, store: CaseStore) -> None:
    """In one line; the same command again finds that all is there, whatever day it is."""
    said = aside.command("generate").said
    again = aside.command("generate").said
    found = re.fullmatch(
        r"From \S+ to \S+: (\d+) threat cases, .*, \d+ organisations\."
        r" Recorded ([\d,]+) events in [\d.]+ s, [\d,]+ a second\.\n",
        said,
    )

    assert found
    assert int(found[1]) > 0
    assert int(found[2].replace(",", "")) == store.head()
    assert again == f"This history is there already: {found[2]} events.\n"


def test_generate_goes_on_with_what_was_begun_on_another_day(aside: Terminal, store: CaseStore) -> None:
    """Without ``--until`` it is the day that the history has; with another day it is another history."""
    aside.run("generate", *COMMANDS["generate"], "--until", "2024-06-01")
    head = store.head()

    assert aside.command("generate").said == f"This history is there already: {head:,} events.\n"
    assert aside.run("generate", *COMMANDS["generate"], "--until", "2024-06-02").complaint == (
        "another history was begun in this log: go on with that one, or take an empty database"
    )


def test_generate_leaves_a_log_with_cases_alone(aside: Terminal, database: Database, store: CaseStore) -> None:
    """Made-up cases among real ones would be worse than none."""
    recorded_threat(database)
    complaint = aside.command("generate").complaint

    assert complaint == "the log holds something else besides this history: take an empty database"
    assert store.head() == 1


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--years", "0", "--years: input should be greater than or equal to 1"),
        ("--years", "21", "--years: input should be less than or equal to 20"),
        ("--scale", "0", "--scale: input should be greater than 0"),
        ("--scale", "1.5", "--scale: input should be less than or equal to 1"),
        ("--scale", "nan", "--scale: input should be less than or equal to 1"),
        ("--until", "2009-12-31", "--until: input should be greater than or equal to 2010-01-01"),
        ("--until", "9999-12-31", "--until needs a day that has come"),
        ("--until", "yesterday", "--until needs a day, for instance 2"),
    ],
)
def test_generate_says_in_one_line_what_it_cannot_make(
    terminal: Terminal, option: str, value: str, complaint: str
) -> None:
    """Before anything is recorded."""
    assert terminal.run("generate", option, value).complaint.startswith(complaint)


# --- token and description --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", CAST)
def test_a_token_of_each_of_the_cast_is_theirs(terminal: Terminal, network: Network, who: str) -> None:
    """The API takes it for them, as it takes real ones."""
    token = terminal.run("token", "--as", who).said.rstrip("\n")
    answer = network.client.get("/v1/code-lists", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200
    assert network.service.verifier.caller(token, now()).actor == CAST[who]


def test_a_token_may_be_of_another_organisation_and_person(terminal: Terminal, network: Network) -> None:
    """Somebody who is not in the cast, in a role that is."""
    token = terminal.run("token", "--as", "public-body", "--organisation", "gm0363", "--person", "p-9").said.strip()

    actor = network.service.verifier.caller(token, now()).actor
    assert (actor.person, actor.organisation, actor.role) == ("p-9", "gm0363", "public_body")


def test_a_token_that_nobody_would_accept_is_not_made(terminal: Terminal) -> None:
    """Whoever mistypes an organisation learns it here, and not from a 401."""
    complaint = terminal.run("token", "--as", "bva", "--organisation", "GM 1").complaint

    assert complaint == "no token can name this organisation or person: use letters, digits and dashes"


def test_a_token_of_nobody_is_refused(terminal: Terminal) -> None:
    """With the names that there are."""
    complaint = terminal.run("token", "--as", "king").complaint

    assert complaint == f"nobody plays king; there are {', '.join(CAST)}"


def test_the_description_is_what_the_api_serves(terminal: Terminal, network: Network) -> None:
    """Without a database; it is JSON."""
    printed = json.loads(terminal.run("api-description", DATABASE_URL=None).said)

    assert printed == network.client.get("/v1/openapi.json").json()


# --- what is wrong is said in one line --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_a_setting_at_fault_is_named_by_every_command(terminal: Terminal, name: str) -> None:
    """Unknown or malformed, and before anything else is done; its value is not repeated."""
    assert terminal.command(name, PROT="geheim").complaint == "unknown setting: WEERBAAR_PROT"
    assert terminal.command(name, PORT="geheim").complaint == "malformed setting: WEERBAAR_PORT (int_parsing)"


@pytest.mark.parametrize("name", ["migrate", "replay", "rebuild", "status", "serve", "project"])
def test_production_runs_no_database_of_its_own(terminal: Terminal, name: str) -> None:
    """Somebody must answer for it."""
    complaint = terminal.command(name, MODE="production", DATABASE_URL=None).complaint

    assert complaint == "production mode needs the setting WEERBAAR_DATABASE_URL"


def test_production_has_no_demo_no_demo_tokens_and_nothing_made_up(terminal: Terminal) -> None:
    """Also when everything else is there."""
    assert terminal.command("demo", MODE="production").complaint == "the demo does not run in production mode"
    assert terminal.command("token", MODE="production").complaint == "there are no demo tokens in production mode"
    assert terminal.command("generate", MODE="production").complaint == "production mode has no made-up history"


def test_production_serves_with_keys_that_it_was_given(terminal: Terminal, tmp_path: Path) -> None:
    """And makes up none."""
    (tmp_path / "secret").write_bytes(b"k" * 32)
    given = {
        "MODE": "production",
        "SECRET_FILE": str(tmp_path / "secret"),
        "TOKEN_ISSUER": "https://issuer.example.org",
        "DATA_DIR": str(tmp_path / "data"),
    }

    assert terminal.command("serve", **given).complaint == "production mode needs the setting WEERBAAR_TOKEN_KEYS_FILE"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ON_THE_DATABASE)
def test_a_database_that_is_away_is_said_at_once(terminal: Terminal, name: str) -> None:
    """In one line, without the address and its password."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    began = time.monotonic()
    complaint = terminal.command(name, DATABASE_URL=f"postgresql://wb:geheim@127.0.0.1:{port}/wb").complaint

    assert complaint == "the database does not answer"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", ON_THE_DATABASE)
def test_a_malformed_database_address_is_named(terminal: Terminal, name: str) -> None:
    """In one line, without the address and its password."""
    complaint = terminal.command(name, DATABASE_URL="postgresql://wb:geheim@[x").complaint

    assert complaint == "malformed setting: WEERBAAR_DATABASE_URL"


def test_a_data_folder_that_cannot_be_is_named(terminal: Terminal, tmp_path: Path) -> None:
    """By whichever command needs it."""
    (tmp_path / "file").touch()
    complaint = terminal.command("token", DATA_DIR=str(tmp_path / "file" / "below")).complaint

    assert complaint == "malformed setting: WEERBAAR_DATA_DIR (NotADirectoryError)"


# --- as it is installed -----------------------------------------------------------------------------------------------


def test_a_reader_may_have_seen_enough(terminal: Terminal) -> None:
    """``weerbaar api-description | head -1`` ends without a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [WEERBAAR, "api-description"],
            env=environ() | terminal.variables,
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=SECONDS,
        )
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (1, b"")


def test_serve_and_project_log_in_json_and_end_when_they_are_told_to(
    database: Database, tmp_path: Path, new_port: Callable[[], int]
) -> None:
    """Two processes, as in production; each ends cleanly on SIGTERM."""
    port = new_port()
    variables = variables_of(database, tmp_path) | {"WEERBAAR_PORT": str(port)}
    logs = {name: tmp_path / f"{name}.log" for name in ("serve", "project")}
    processes = []
    for name, log in logs.items():
        with log.open("wb") as file:
            processes.append(subprocess.Popen([WEERBAAR, name], env=environ() | variables, stdout=file, stderr=file))
    try:
        deadline = time.monotonic() + SECONDS
        while not ready(port):
            assert time.monotonic() < deadline, {name: log.read_text() for name, log in logs.items()}
            time.sleep(0.05)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        statuses = [process.wait(SECONDS) for process in processes]

    events = {name: [json.loads(line)["event"] for line in log.read_text().splitlines()] for name, log in logs.items()}
    assert "request" in events["serve"]
    assert "Application shutdown complete." in events["serve"]
    assert events["project"]
    # The web server ends by the signal that it was sent, when everything has been answered.
    assert statuses == [-signal.SIGTERM, 0]


def test_the_server_is_warm_before_its_first_visit(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits until a template has been compiled."""
    served: list[FastAPI] = []
    for name, value in variables_of(database, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(uvicorn, "run", lambda app, **_: served.append(app))
    for of_the_process in ("set_up_logging", "settle"):
        monkeypatch.setattr(cli, of_the_process, lambda *_: None)
    cli.serve()

    templates = served[0].state.portal.environment
    assert {name for _, name in templates.cache} == set(templates.list_templates())


@pytest.fixture
def new_port() -> Callable[[], int]:
    """Return a function that finds a free port."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return find


def ready(port: int) -> bool:
    """Tell whether the service on *port* is ready."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as response:
            return bool(response.status == HTTPStatus.OK)
    except URLError:
        return False
