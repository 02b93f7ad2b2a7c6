"""Does PostgreSQL show every reader exactly what the domain says they may see?"""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle, islice
from typing import Any

import pytest
from psycopg.rows import dict_row

from domain.basis import OWNER_ONLY, Actor, Fact, Grant, Party, Role, StreamId, is_party, may_know_of, may_see
from domain.consultation import CONSULTATION, HoldFirstIntake
from domain.integrity_inquiry import (
    CloseInquiry,
    Commissioner,
    ConsultationStage,
    ConsultSteunpunt,
    Disposition,
    OpenInquiry,
)
from domain.kinds import KINDS
from domain.organisations import AppointMember, OrganisationKind, RegisterOrganisation
from domain.security_advice import (
    AdoptAdvice,
    DraftAdvice,
    GiveAdvice,
    InstallMeasure,
    OrderMeasure,
    RecordHomeVisit,
    Visitor,
)
from domain.threat_case import THREAT_CASE
from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.vault import opened_fact
from services.projections import (
    access,
    cases,
    consultations,
    measure_progress,
    memberships,
    steunpunt_register,
    timeline,
    worklist,
)
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.views import View
from tests.domain.scenario import actor
from tests.keyring import KEYRING
from tests.log_of import log_of
from tests.services.projections.network import (
    ADMINISTRATOR,
    AMSTERDAM,
    ANALYST,
    AUDITOR,
    BVA,
    CCV,
    COLLEAGUE,
    EVERYONE,
    STEUNPUNT,
    TEAM,
    THE_HAGUE,
    Network,
    a_measure,
    a_question,
    a_request,
    a_signal,
    a_threat,
    random_history,
    rows,
)

STRANGERS = (
    actor("nel", "gm0344", Role.PUBLIC_BODY),
    actor("tim", "gm0363", Role.SUPPORT_TEAM),
    actor("ans", "ondersteuningsteam", Role.PUBLIC_BODY),
    actor("eva", "elsewhere", Role.BVA),
)
"""A body without cases, the right organisation in another role, and an equal role elsewhere."""
LOCAL = actor("lies", "gm0363", Role.ADMINISTRATOR)
"""Somebody who administers their own organisation."""
READERS = (*EVERYONE, *STRANGERS)

TELLS = {"worklist": THREAT_CASE.facts, "consultations": CONSULTATION.facts, **measure_progress.TELLS}
"""Of which facts the rows of a table are made, where there is one row for a case or a part of it."""


def seen(database: Database, reader: Actor, view: View) -> dict[str, list[dict[str, Any]]]:
    """Return all that *reader* gets from *view* when they ask for everything, with all that is sealed in it opened."""
    with database.reading(reader) as cursor:
        found = {
            table.name: cursor.execute(b"select * from " + table.qualified.encode()).fetchall() for table in view.tables
        }
    topics = {fact.topic: fact for kind in KINDS for fact in kind.facts}
    keys = CaseStore(database, KINDS).vault.of({row["stream"] for row in found.get("timeline", ())})
    for row in found.get("timeline", ()):
        fact = topics[row["topic"]].model_validate_json(json.dumps(row["fact"]))
        opened = opened_fact(fact, row["event_id"], row["stream"], keys.get(row["stream"]), personal=True)
        row["fact"] = json.loads(opened.model_dump_json(exclude_none=True))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_timeline_shows_what_may_see_allows(
    database: Database, store: CaseStore, network: Network, runner: Runner, seed: int
) -> None:
    """For every reader and every fact of a random history, the policy and the function agree."""
    random_history(network, seed)
    runner.catch_up()
    log = log_of(store)
    grants: dict[str, frozenset[Grant]] = {
        stream: network.kind(stream).grants(store.load(network.kind(stream), stream).state)
        for stream in network.streams
    }

    for reader in READERS:
        shown = {row["event_id"] for row in seen(database, reader, timeline.VIEW)["timeline"]}
        assert shown == {
            recorded.event.event_id
            for recorded in log
            if may_see(reader, recorded.event.fact, grants[recorded.event.originator_id])
        }
        known = {stream for stream in network.streams if may_know_of(reader, grants[stream])}
        directory = seen(database, reader, cases.VIEW)
        assert {row["stream"] for row in directory["cases"]} == known
        assert {row["stream"] for row in directory["case_lists"]} == known
        with database.reading(reader) as cursor:
            listed = [case.stream for case in cases.newest(cursor, limit=1000).items]
        assert listed == [stream for stream in reversed(network.streams) if stream in known]
        lines = seen(database, reader, access.VIEW)["access"]
        assert {(line["stream"], line["party"]) for line in lines} == {
            (stream, grant.party)
            for stream in network.streams
            for grant in grants[stream]
            if reader.role is Role.AUDITOR or grant.covers(reader)
        }


@pytest.mark.parametrize("seed", [1, 2])
def test_no_row_tells_of_a_fact_that_its_reader_may_not_see(
    database: Database, store: CaseStore, network: Network, runner: Runner, seed: int
) -> None:
    """Who sees a row about one case may see every fact that it is made of."""
    random_history(network, seed, commands=150)
    runner.catch_up()
    facts: dict[str, list[Fact]] = {}
    for recorded in log_of(store):
        facts.setdefault(recorded.event.originator_id, []).append(recorded.event.fact)

    told: set[str] = set()
    for reader in READERS:
        tables = (table for view in VIEWS for table in seen(database, reader, view).items())
        for name, row in ((name, row) for name, found in tables if name in TELLS for row in found):
            stream = StreamId(row["stream"])
            kind = network.kind(stream)
            grants = kind.grants(store.load(kind, stream).state)
            told.add(name)

            assert all(may_see(reader, fact, grants) for fact in facts[stream] if isinstance(fact, TELLS[name]))
    assert told == set(TELLS)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_request_waits_for_is_told_to_each_party_as_far_as_it_knows(
    database: Database, store: CaseStore, network: Network, runner: Runner, seed: int
) -> None:
    """Nobody sees the rows of another party; auditors see those of the advisers, who know most."""
    random_history(network, seed, commands=150)
    runner.catch_up()
    everything = rows(database, measure_progress.VIEW)["measure_waiting"]
    assert {party for _, party, *_ in everything} == {"owner", "adviser"}

    for reader in READERS:
        shown = seen(database, reader, measure_progress.VIEW)["measure_waiting"]
        expected = set()
        for stream, party, step, *_ in everything:
            kind = network.kind(StreamId(stream))
            parties = frozenset({Party(party)})
            if is_party(reader, parties, kind.grants(store.load(kind, StreamId(stream)).state)) or (
                reader.role is Role.AUDITOR and party == "adviser"
            ):
                expected.add((stream, party, step))

        assert {(row["stream"], row["party"], row["step"]) for row in shown} == expected


def test_a_body_elsewhere_sees_nothing_of_a_case(database: Database, network: Network, runner: Runner) -> None:
    """No view holds a row for it, however it asks."""
    network.give(a_threat(), AMSTERDAM)
    advice = network.give(a_request(), AMSTERDAM)
    network.give(GiveAdvice(measures=(a_measure(),)), BVA, advice)
    network.give(ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL), AMSTERDAM, network.give(a_signal(), AMSTERDAM))
    runner.catch_up()

    for view in VIEWS:
        assert not any(seen(database, THE_HAGUE, view).values())
        assert not any(seen(database, STRANGERS[0], view).values())
    assert len(seen(database, COLLEAGUE, worklist.VIEW)["worklist"]) == 1


def test_the_ministry_sees_counters_and_no_case(database: Database, network: Network, runner: Runner) -> None:
    """Its only rows are counters."""
    random_history(network, 4)
    runner.catch_up()

    tables = {name: found for view in VIEWS for name, found in seen(database, ANALYST, view).items()}

    assert {name: set(found[0]) for name, found in tables.items() if found} == {
        "measure_funnel": {"regime", "step", "exit", "reason", "count"},
        "measure_months": {"regime", "month", "step", "exit", "reason", "count"},
        "measure_years": {"regime", "year", "area", "step", "exit", "reason", "count"},
    }


@pytest.mark.parametrize("adviser", [BVA, CCV], ids=lambda actor: str(actor.role))
def test_advisers_see_advice_cases_only(database: Database, network: Network, runner: Runner, adviser: Actor) -> None:
    """They walk in no other cases than those they advise on."""
    random_history(network, 4)
    runner.catch_up()

    for view in VIEWS:
        for found in seen(database, adviser, view).values():
            assert all(row.get("stream", "security_advice:").startswith("security_advice:") for row in found)
    assert seen(database, adviser, timeline.VIEW)["timeline"]


def test_what_led_to_an_advice_stays_among_the_advisers(database: Database, network: Network, runner: Runner) -> None:
    """The public body sees neither the report of the visit nor a draft, nor that anybody recorded one."""
    advice = network.give(a_request(), TEAM)
    network.give(RecordHomeVisit(visitor=Visitor.CCV, report="Een losse voordeur"), CCV, advice)
    network.give(DraftAdvice(measures=(a_measure(),)), CCV, advice)
    runner.catch_up()

    def shown(reader: Actor) -> tuple[list[str], int]:
        """Return which facts *reader* sees, and of how many they see who recorded them."""
        tables = seen(database, reader, timeline.VIEW)
        return [row["topic"].split(".")[1] for row in tables["timeline"]], len(tables["recorders"])

    assert shown(CCV) == (["requested", "home_visited", "visit_reported", "advice_drafted"], 3)
    assert shown(BVA) == (["requested", "home_visited", "visit_reported", "advice_drafted"], 0)
    assert shown(AMSTERDAM) == (["requested", "home_visited"], 2)
    assert shown(TEAM) == (["requested"], 1)
    everything = json.dumps([seen(database, AMSTERDAM, view) for view in VIEWS], default=str)
    assert "voordeur" not in everything
    assert "123456" not in everything


def test_a_requester_sees_no_amounts(database: Database, network: Network, runner: Runner) -> None:
    """The support team follows its request without the advice itself, suppliers or costs."""
    advice = network.give(a_request(), TEAM)
    network.give(GiveAdvice(measures=(a_measure(),)), BVA, advice)
    network.give(AdoptAdvice(), AMSTERDAM, advice)
    network.give(OrderMeasure(measure=1, supplier="Slotenmaker BV"), AMSTERDAM, advice)
    network.give(InstallMeasure(measure=1), AMSTERDAM, advice)
    runner.catch_up()

    shown = seen(database, TEAM, timeline.VIEW)["timeline"]

    assert [row["topic"] for row in shown] == [
        "security_advice.requested.v1",
        "security_advice.advice_adopted.v1",
        "security_advice.measure_installed.v1",
    ]
    everything = json.dumps([seen(database, TEAM, view) for view in VIEWS], default=str)
    assert "123456" not in everything
    assert "Slotenmaker" not in everything


def test_the_steunpunt_sees_no_names(database: Database, network: Network, runner: Runner) -> None:
    """It learns of a case when it is consulted, and neither then nor later whom or which body it is about."""
    network.give(a_signal("gm0518"), THE_HAGUE)
    consulted = network.give(a_signal(), AMSTERDAM)
    network.give(ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL), AMSTERDAM, consulted)
    network.give(OpenInquiry(commissioner=Commissioner.MAYOR), COLLEAGUE, consulted)
    network.give(CloseInquiry(disposition=Disposition.NO_VIOLATION), COLLEAGUE, consulted)
    runner.catch_up()

    def named(reader: Actor) -> set[str]:
        """Return which names are anywhere in what *reader* gets."""
        everything = json.dumps([seen(database, reader, view) for view in VIEWS], default=str)
        names = ("gm0363", "gm0518", "anne", "bram", "hugo", "W. de Vries", "wethouder", "mayor")
        return {name for name in names if f'"{name}"' in everything}

    assert named(STEUNPUNT) == set()
    assert named(AMSTERDAM) == {"gm0363", "anne", "bram", "W. de Vries", "wethouder", "mayor"}
    (entry, *_) = seen(database, STEUNPUNT, timeline.VIEW)["timeline"]
    assert entry["fact"]["stage"] == "first_call"
    assert seen(database, STEUNPUNT, timeline.VIEW)["recorders"] == []
    assert len(seen(database, STEUNPUNT, steunpunt_register.VIEW)["steunpunt_register"]) == 1
    assert seen(database, STEUNPUNT, steunpunt_register.VIEW)["steunpunt_inquiries"] == []


def test_a_consultation_is_the_steunpunts_alone(database: Database, network: Network, runner: Runner) -> None:
    """Whoever has its role in another organisation sees none of it, nor does the body that may have asked."""
    stream = network.give(a_question(), STEUNPUNT)
    network.give(HoldFirstIntake(summary="Een vermoeden"), STEUNPUNT, stream)
    runner.catch_up()
    elsewhere = STEUNPUNT.model_copy(update={"organisation": "elsewhere"})

    for reader in (*READERS, elsewhere):
        shown = [row for view in VIEWS for found in seen(database, reader, view).values() for row in found]
        assert bool(shown) is (reader in {STEUNPUNT, AUDITOR})
    assert "+31687654321" not in json.dumps(seen(database, STEUNPUNT, consultations.VIEW), default=str)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_recorded_a_fact_is_for_the_owner_and_their_own_organisation(
    database: Database, store: CaseStore, network: Network, runner: Runner, seed: int
) -> None:
    """And for auditors; and of no fact that they may not see."""
    random_history(network, seed)
    runner.catch_up()
    log = {recorded.position: recorded.event for recorded in log_of(store)}
    for reader in READERS:
        tables = seen(database, reader, timeline.VIEW)
        visible = {row["position"] for row in tables["timeline"]}
        expected = set()
        for position in visible:
            stream = StreamId(log[position].originator_id)
            grants = network.kind(stream).grants(network.state(stream)[0])
            if (
                reader.role is Role.AUDITOR
                or is_party(reader, OWNER_ONLY, grants)
                or log[position].metadata.organisation == reader.organisation
            ):
                expected.add(position)

        assert {row["position"] for row in tables["recorders"]} == expected
        assert all(row["person"] == log[row["position"]].metadata.actor for row in tables["recorders"])


def test_the_key_of_the_register_is_for_nobody(database: Database, network: Network, runner: Runner) -> None:
    """Not even an auditor gets the table that joins the register with the cases."""
    network.give(a_signal(), AMSTERDAM)
    runner.catch_up()

    assert rows(database, steunpunt_register.VIEW)["steunpunt_inquiries"]
    for reader in READERS:
        assert seen(database, reader, steunpunt_register.VIEW)["steunpunt_inquiries"] == []


def test_a_reader_without_an_actor_sees_nothing(database: Database, network: Network, runner: Runner) -> None:
    """A connection on which nobody said who is asking gets no row of any view."""
    random_history(network, 5)
    runner.catch_up()

    with (
        closing(database.connect(DatabaseRole.READER)) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        for table in (table for view in VIEWS for table in view.tables):
            assert cursor.execute(b"select * from " + table.qualified.encode()).fetchall() == []
        cursor.execute("select set_config('weerbaar.role', '', false), set_config('weerbaar.organisation', '', false)")
        for table in (table for view in VIEWS for table in view.tables):
            assert cursor.execute(b"select * from " + table.qualified.encode()).fetchall() == []


def test_a_connection_keeps_nothing_of_the_reader_before(database: Database, network: Network, runner: Runner) -> None:
    """Readers who take turns on the same few connections, many at once, each see their own."""
    network.give(a_threat(), TEAM)
    network.give(a_threat(), AMSTERDAM)
    network.give(a_threat("gm0518"), THE_HAGUE)
    runner.catch_up()
    readers = {TEAM: 1, AMSTERDAM: 1, THE_HAGUE: 1, AUDITOR: 3, ANALYST: 0, BVA: 0}
    narrow = Database(database.url, database.prefix, pool_size=2, keyring=KEYRING)

    def owners(reader: Actor) -> tuple[Actor, set[str], int]:
        found = seen(narrow, reader, worklist.VIEW)["worklist"]
        return reader, {row["owner"] for row in found}, len(found)

    with narrow, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(owners, islice(cycle(readers), 300)))

    for reader, found, count in answers:
        assert count == readers[reader]
        assert reader is AUDITOR or found <= {reader.organisation}


def test_reading_changes_nothing(database: Database, network: Network, runner: Runner) -> None:
    """Nor can a reader become another one in the middle, since the settings end with the transaction."""
    network.give(a_threat(), TEAM)
    runner.catch_up()
    narrow = Database(database.url, database.prefix, pool_size=1, keyring=KEYRING)

    with narrow:
        with narrow.reading(AUDITOR) as cursor:
            assert cursor.execute("select from views.worklist_v2").fetchall()
        with narrow.pool(DatabaseRole.READER).connection() as connection:
            assert connection.execute("select from views.worklist_v2").fetchall() == []


def test_members_are_for_their_administrators_and_auditors(
    database: Database, network: Network, runner: Runner
) -> None:
    """Who works where is nobody else's business: the network's administrators see all, others their own."""
    for key, name in (("gm0363", "Amsterdam"), ("gm0518", "Den Haag")):
        body = RegisterOrganisation(organisation=key, name=name, kind=OrganisationKind.PUBLIC_BODY)
        stream = network.give(body, ADMINISTRATOR)
        network.give(AppointMember(person=f"p-{key}", role=Role.PUBLIC_BODY), ADMINISTRATOR, stream)
    runner.catch_up()
    expected = {ADMINISTRATOR: {"gm0363", "gm0518"}, AUDITOR: {"gm0363", "gm0518"}, LOCAL: {"gm0363"}}

    for reader in (*READERS, LOCAL):
        tables = seen(database, reader, memberships.VIEW)
        whose = expected.get(reader, set())
        assert {row["organisation"] for row in tables["organisations"]} == whose
        assert {row["person"] for row in tables["memberships"]} == {f"p-{key}" for key in whose}
