"""Does anything that somebody types about a person get anywhere but into their case?

Canaries are typed into every field of every command, valid and invalid, by those who may and those who may not, while
all goes well and while it does not. Then whatever others get to see, and those who operate the service, is searched.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from psycopg import sql

from domain.basis import Command, Kind
from domain.kinds import KINDS
from domain.values import marked_fields, sensitive_fields
from infra.database import Database
from infra.settings import read_settings
from services.demo.cast import CAST
from tests.conftest import Installation
from tests.contract.examples import Words, body, giver
from tests.contract.stories import STORY, BeginStory, TellBadly, TellOddly
from tests.dumped import dumped
from tests.keyring import KEYRING
from tests.log_lines import logged
from tests.network import Network, running

CANARY = Words(text="Zwaluwstaart Kwik, Merelhof 12", phone="+31627182818", slug="zwaluwstaart-kwik")
NAME = Words(text="Stichting Vuurvlinder", phone=CANARY.phone, slug="vuurvlinder")
"""What is typed about organisations, and not about persons: only that may be read in the database."""
NEEDLES = ("zwaluw", "kwik", "merelhof", "27182818")
"""What is searched for, in lower case."""
NAMES = ("vuurvlinder",)
SECONDS = 20.0
QUOTING = """
create function public.quote() returns trigger language plpgsql as
$$ begin raise exception 'cannot store %', convert_from(new.state, 'UTF8') using errcode = tg_argv[0]; end $$;
create trigger quoting before insert on store.events for each row execute function public.quote('{}')
"""
"""Makes the database fail, and quote in its message what it fails on."""
FAILURES = {"08006": 503, "57014": 503, "53100": 503, "23505": 500, "22000": 500, "P0001": 500, "XX000": 500}
"""PostgreSQL's codes of errors, and what the API answers to them."""


def sung(text: str, needles: tuple[str, ...] = NEEDLES + NAMES) -> bool:
    """Tell whether any canary is in *text*."""
    return any(needle in text.lower() for needle in needles)


def words_for(kind: Kind[Any]) -> Words:
    """Return what is typed into the commands of *kind*."""
    return CANARY if any(map(marked_fields, kind.facts)) else NAME


@dataclass
class Aftermath:
    """What is left of all that was tried."""

    log: str = ""
    metrics: str = ""
    dump: str = ""
    """Of the whole database, with bytes as text."""
    tables: dict[str, str] = field(default_factory=dict)
    """The rows of some tables, as text."""
    answers: list[Response] = field(default_factory=list)
    """To commands, and whatever else was refused."""
    to_namers: list[Response] = field(default_factory=list)
    """To whoever used a canary as the name of a field or parameter, which an answer points at."""

    def statuses(self) -> set[int]:
        """Return how it was answered."""
        return {answer.status_code for answer in self.answers}


@pytest.fixture(scope="module")
def aftermath(
    installation: Installation, new_name: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Aftermath]:
    """Yield what is left after everything has been tried, as it is logged with the least severity."""
    settings = read_settings(log_level="debug")
    with (
        logged(settings) as log,
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
    ):
        with running(database, tmp_path_factory.mktemp("data"), kinds=(*KINDS, STORY)) as network:
            network.client._transport.raise_server_exceptions = False  # type: ignore[attr-defined] # noqa: SLF001
            left = Aftermath()
            everything(network, database, left)
            left.metrics = network.client.get("/metrics").text
        left.log = log.text
        left.tables = {table: rows(database, table) for table in ("views.tracking", "store.idempotency")}
        left.dump = dumped(url)
        yield left


def rows(database: Database, table: str) -> str:
    """Return the rows of *table* as text, bytes decoded."""
    with closing(database.owner()) as connection:
        found = connection.execute(sql.SQL("table {}").format(sql.Identifier(*table.split(".")))).fetchall()
    return repr([[bytes(cell) if isinstance(cell, memoryview) else cell for cell in row] for row in found])


def everything(network: Network, database: Database, left: Aftermath) -> None:
    """Try all there is to try."""
    for kind in KINDS:
        case = ""
        for command in kind.commands:
            case = well(network, left, kind, command, case)
            badly(network, left, path(kind, command, case), command, words_for(kind))
        elsewhere(network, left, kind, case)
    around(network, left)
    for code in FAILURES:
        with_a_failing_database(network, database, left, code)
    with_a_failing_program(network, database, left)


def path(kind: Kind[Any], command: type[Command[Any]], case: str) -> str:
    """Return where *command* is given."""
    return kind.collection if command.creates else f"{kind.collection}/{case}/{command.noun}"


def well(network: Network, left: Aftermath, kind: Kind[Any], command: type[Command[Any]], case: str) -> str:
    """Give a valid command in all sorts of ways; return the case that it was given in."""
    words = words_for(kind)
    said = body(command, words)
    where, who, name = path(kind, command, case), giver(command), command.__name__
    done = network.post(who, where, said, Idempotency_Key=name)
    left.answers += [
        done,
        network.post(who, where, said, Idempotency_Key=name),
        network.post(who, where, said | {"external_reference": words.text + "!", "reason": words.text}),
        network.post(who, where, body(command, Words(text=words.text * 2)), Idempotency_Key=name),
        network.post(who, where, said, If_Match=f'"{CANARY.slug}"'),
        *(network.post(actor, where, said) for actor in CAST.values()),
        network.client.post(f"/v1/{where}", json=said),
        network.client.post(f"/v1/{where}", json=said, headers={"Authorization": f"Bearer {CANARY.slug}"}),
    ]
    if not command.creates:
        left.answers.append(network.post(who, path(kind, command, str(UUID(int=1))), said))
    return str(done.json()["id"]) if command.creates else case


def badly(network: Network, left: Aftermath, where: str, command: type[Command[Any]], words: Words) -> None:
    """Give invalid commands, with a canary in each place of the body in turn."""
    said, who = body(command, words), giver(command)
    # The id of an organisation is about nobody, and stands in addresses.
    leaves = [leaf for leaf in places(said) if leaf != ("organisation",)]
    for leaf in leaves:
        left.answers.append(network.post(who, where, changed(said, {leaf: words.slug})))
    for wrong in (words.text, words.text * 200, words.text + "\0", [words.text]):
        left.answers.append(network.post(who, where, changed(said, dict.fromkeys(leaves, wrong))))
    naming = changed(said, {leaf: {CANARY.slug: CANARY.text} for leaf in leaves})
    left.to_namers.append(network.post(who, where, naming | {CANARY.slug: CANARY.text}))
    raw = json.dumps(said).encode()
    for content, media_type in (
        (raw[:-1], "application/json"),
        (raw + raw, "application/json"),
        (raw, "text/plain"),
        (raw, CANARY.text),
        (raw + b" " * network.service.settings.max_body_bytes, "application/json"),
    ):
        headers = network.headers(who) | {"Content-Type": media_type}
        left.answers.append(network.client.post(f"/v1/{where}", content=content, headers=headers))


def places(said: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - any JSON
    """Yield the path to each place of a body where there is no further one."""
    if not isinstance(said, (dict, list)):
        yield before
        return
    for name, value in said.items() if isinstance(said, dict) else enumerate(said):
        yield from places(value, (*before, name))


def changed(said: dict[str, Any], values: Mapping[tuple[str | int, ...], object]) -> dict[str, Any]:
    """Return *said* with those *values* in their places."""
    result = deepcopy(said)
    for place, value in values.items():
        inner: Any = result
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value
    return result


def elsewhere(network: Network, left: Aftermath, kind: Kind[Any], case: str) -> None:
    """Look at the case as everybody; what shows it is no refusal."""
    looks = [f"{kind.collection}/{case}{view}" for view in ("", "/timeline", "/replay")]
    seen = [network.get(actor, look) for look in looks for actor in CAST.values()]
    left.answers += [answer for answer in seen if answer.status_code != 200]


def around(network: Network, left: Aftermath) -> None:
    """Put canaries where no body is: into addresses, parameters, methods and headers."""
    headers = network.headers("support-team")
    left.answers += [
        network.client.request(method, f"/{prefix}{CANARY.slug}{suffix}", headers=headers)
        for method in ("GET", "POST", "DELETE", CANARY.slug.upper())
        for prefix in ("", "v1/", "v1/threat-cases/", "v1/organisations/", "v1/cases/", "v1/worklist/")
        for suffix in ("", "/timeline", "/closures", "/members")
    ]
    left.answers += [
        network.get("support-team", f"worklist?limit={CANARY.text}"),
        network.get("support-team", f"worklist?cursor={CANARY.slug}"),
        network.get("support-team", f"cases?number={CANARY.text}"),
        network.get("auditor", f"organisations/netwerk/members?at={CANARY.text}"),
        network.get("support-team", "worklist", Weerbaar_Position=CANARY.slug),
        network.get("support-team", "worklist", traceparent=f"00-{CANARY.slug}-x-01"),
        network.get("support-team", "worklist", User_Agent=CANARY.text, Referer=CANARY.text, Origin=CANARY.text),
    ]
    left.to_namers.append(network.get("support-team", f"worklist?{CANARY.slug}={CANARY.text}"))


def with_a_failing_database(network: Network, database: Database, left: Aftermath, code: str) -> None:
    """Give commands to a database that fails on their facts with *code*."""
    with closing(database.owner(autocommit=True)) as connection:
        connection.execute(QUOTING.format(code).encode())
        try:
            answers = [
                network.post(giver(command), kind.collection, body(command, CANARY))
                for kind in KINDS
                for command in kind.commands
                if command.creates and kind.prefix
            ]
        finally:
            connection.execute("drop trigger quoting on store.events; drop function public.quote")
    assert {answer.status_code for answer in answers} == {FAILURES[code]}, code
    left.answers += answers


def with_a_failing_program(network: Network, database: Database, left: Aftermath) -> None:
    """Give commands that the program itself fails on: one in its decision, one only when it is to be shown."""
    story = network.begin("support-team", STORY.collection, body(BeginStory, CANARY))
    failed = network.post("support-team", path(STORY, TellBadly, story), body(TellBadly, CANARY))
    odd = network.post("support-team", path(STORY, TellOddly, story), body(TellOddly, CANARY))
    assert (failed.status_code, odd.status_code) == (500, 201)
    left.answers += [failed, odd]
    deadline = time.monotonic() + SECONDS
    while "timeline" not in {view for (view,) in stopped(database)}:
        assert time.monotonic() < deadline, "the timeline does not stop"
        time.sleep(0.02)
    left.answers.append(network.get("support-team", f"{STORY.collection}/{story}"))


def stopped(database: Database) -> list[tuple[Any, ...]]:
    """Return which views have stopped."""
    with closing(database.owner()) as connection:
        return connection.execute("select view from views.tracking where stopped_at is not null").fetchall()


# --- the canaries were out --------------------------------------------------------------------------------------------


def test_every_sensitive_field_had_a_canary() -> None:
    """Every one that somebody can type into: the rest are codes."""
    for kind in KINDS:
        for command in kind.commands:
            said = body(command, CANARY)
            for way, _ in sensitive_fields(command):
                inner: Any = said
                for step in way:
                    inner = inner[0][step] if isinstance(inner, list) else inner[step]

                assert sung(str(inner)) or way[-1] in {"body", "office"}, (command.__name__, way)


def test_the_canaries_got_everywhere(aftermath: Aftermath) -> None:
    """Every command was done or refused by a rule; every kind of answer was given; and the cases hold them."""
    assert aftermath.statuses() == {200, 201, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 500, 503}
    assert sung(aftermath.dump, NAMES)
    assert "timeline" in aftermath.tables["views.tracking"]


def test_every_command_was_done(aftermath: Aftermath) -> None:
    """But for three that the rules forbid after the others: the canaries are in the facts that have room for them."""
    topics = {fact.topic for kind in KINDS for fact in kind.facts}
    done = {topic for answer in aftermath.answers if answer.status_code == 201 for topic in answer.json()["facts"]}

    assert topics - done == {
        "organisation.data_erased.v1",
        "threat_case.aangifte_waived.v1",
        "threat_case.security_advice_sought.v1",
        "security_advice.measure_cancelled.v1",
        "security_advice.measure_declined.v1",
    }


# --- and nobody heard them --------------------------------------------------------------------------------------------


def test_no_log_line_holds_a_canary(aftermath: Aftermath) -> None:
    """Each is JSON, and the failures are among them."""
    lines = [json.loads(line) for line in aftermath.log.splitlines()]
    events = {line["event"] for line in lines}

    assert [line for line in aftermath.log.splitlines() if sung(line)] == []
    assert {"request", "failed", "database_unreachable", "view_stopped"} <= events
    assert "RuntimeError" in {line.get("exception") for line in lines if line["event"] == "failed"}


def test_no_metric_holds_a_canary(aftermath: Aftermath) -> None:
    """Metrics go by route."""
    assert "/threat-cases/{id}" in aftermath.metrics
    assert not sung(aftermath.metrics)


def test_no_answer_to_a_command_and_no_refusal_repeats_what_was_sent(aftermath: Aftermath) -> None:
    """Whoever asked, and whatever went wrong: neither in the body nor in the headers."""
    repeating = [answer for answer in aftermath.answers if sung(answer.text) or sung(str(answer.headers))]

    assert [(answer.request.url, answer.status_code, answer.text) for answer in repeating] == []


def test_an_unknown_name_is_pointed_at_and_its_value_is_not_repeated(aftermath: Aftermath) -> None:
    """To whoever made it up."""
    assert {answer.status_code for answer in aftermath.to_namers} == {400}
    assert any(CANARY.slug in answer.text for answer in aftermath.to_namers)
    assert not any("merelhof" in answer.text.lower() for answer in aftermath.to_namers)


def test_no_view_says_in_its_tracking_what_it_stumbled_over(aftermath: Aftermath) -> None:
    """The class of the error, the topic and the event's id."""
    assert "UntranslatableCharacter at story.told.v1" in aftermath.tables["views.tracking"]
    assert not sung(aftermath.tables["views.tracking"])


def test_no_dump_of_the_database_holds_what_was_typed_about_anybody(aftermath: Aftermath) -> None:
    """In no schema of it. What organisations are called and what is public may be read, and nothing else."""
    assert "threat_case.reported.v1" in aftermath.dump
    assert '"sealed"' in aftermath.dump
    assert [line for line in aftermath.dump.splitlines() if sung(line, NEEDLES)] == []


def test_the_answers_kept_for_retries_hold_none(aftermath: Aftermath) -> None:
    """Of a body there is a keyed hash."""
    assert "ReportThreat" in aftermath.tables["store.idempotency"]
    assert not sung(aftermath.tables["store.idempotency"])
