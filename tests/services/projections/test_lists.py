"""What do the directory of cases, the register and the memberships hold, and in which order?"""

import json
import re
from base64 import b32encode
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Role
from domain.bodies import BodyKind
from domain.integrity_inquiry import (
    CloseInquiry,
    Commissioner,
    ConsultationStage,
    ConsultSteunpunt,
    Disposition,
    Nature,
    OpenInquiry,
    SignalReceived,
)
from domain.organisations import AppointMember, EndMembership, OrganisationKind, RegisterOrganisation
from domain.threat_case import NotifyPolice
from infra.database import Database, DatabaseRole
from services.portal.caselist import CONCERNS
from services.projections import access, cases, memberships, steunpunt_register, timeline
from services.projections.register import VIEWS
from services.projections.replay import Entry
from services.projections.runner import Runner
from services.projections.steunpunt_register import Phase
from services.projections.views import Page, install
from tests.domain.scenario import TODAY, actor
from tests.log_of import log_of
from tests.services.projections.network import (
    ADMINISTRATOR,
    AMSTERDAM,
    AUDITOR,
    BVA,
    EVERYONE,
    STEUNPUNT,
    TEAM,
    THE_HAGUE,
    Network,
    a_signal,
    a_threat,
    random_history,
    rows,
)

UUIDS = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def in_pages(query: Callable[..., Page[Any]]) -> list[Any]:
    """Return the whole list, which is the same however large its pages are."""
    whole = list(query(limit=1000).items)
    for size in {1, 2, 3, len(whole)}:
        items: list[Any] = []
        page = query(limit=size)
        while page.after is not None:
            assert len(page.items) == size
            items += page.items
            page = query(limit=size, after=json.loads(json.dumps(page.after)))
        assert [*items, *page.items] == whole
    return whole


# --- the directory of cases -------------------------------------------------------------------------------------------


def test_a_case_is_found_by_number_and_stream(database: Database, network: Network, runner: Runner) -> None:
    """By those who may know of it."""
    stream = network.give(a_threat(), AMSTERDAM)
    network.give(NotifyPolice(), AMSTERDAM, stream)
    runner.catch_up()
    case = cases.Case(stream=stream, kind="threat_case", number="DR-2026-000001")

    with database.reading(AMSTERDAM) as cursor:
        assert cases.by_number(cursor, "DR-2026-000001") == case
        assert cases.by_stream(cursor, stream) == case
        assert cases.by_number(cursor, "DR-2026-000002") is None
    with database.reading(THE_HAGUE) as cursor:
        assert cases.by_number(cursor, "DR-2026-000001") is None
        assert cases.by_stream(cursor, stream) is None


def test_a_case_does_not_say_when_it_began_or_what_has_happened(
    database: Database, network: Network, runner: Runner
) -> None:
    """Whoever may know of it need not see those facts."""
    stream = network.give(a_threat(), AMSTERDAM)
    runner.catch_up()
    before = rows(database, cases.VIEW)

    network.give(NotifyPolice(), AMSTERDAM, stream)
    runner.catch_up()

    assert cases.Case.model_fields.keys() == {"stream", "kind", "number"}
    assert rows(database, cases.VIEW) == before


def test_the_newest_case_comes_first(database: Database, network: Network, runner: Runner) -> None:
    """Of one kind or of all, over pages."""
    random_history(network, 3, commands=40)
    runner.catch_up()
    newest_first = network.streams[::-1]

    with database.reading(AUDITOR) as cursor:
        everything = in_pages(lambda **more: cases.newest(cursor, **more))
        threats = in_pages(lambda **more: cases.newest(cursor, kind="threat_case", **more))

    assert [case.stream for case in everything] == newest_first
    assert [case.stream for case in threats] == [one for one in newest_first if one.startswith("threat_case:")]


def test_an_organisation_has_no_number(database: Database, network: Network, runner: Runner) -> None:
    """Nobody says it aloud."""
    command = RegisterOrganisation(organisation="gm0363", name="Amsterdam", kind=OrganisationKind.PUBLIC_BODY)
    network.give(command, ADMINISTRATOR)
    runner.catch_up()

    with database.reading(ADMINISTRATOR) as cursor:
        (case,) = cases.newest(cursor).items
        numbered = cases.newest(cursor, numbered=True).items

    assert (case.kind, case.number) == ("organisation", None)
    assert numbered == ()


MANY = """
insert into views.cases_v2 (stream, kind, number, position)
    select stream, kind, 'DR-2026-' || lpad(n::text, 6, '0'), n
    from (select n, case when n % 5 = 0 then 'security_advice' else 'threat_case' end as kind,
        'threat_case:' || lpad(n::text, 6, '0') as stream from generate_series(1, 50000) n) as made;
insert into views.access_v2 (stream, party, role, organisation)
    select stream, 'owner', 'support_team', 'ondersteuningsteam' from views.cases_v2
    union all select stream, 'requester', 'public_body', 'gm0363' from views.cases_v2 where position % 1000 = 1
    union all select stream, 'requester', 'public_body', 'gm' || position % 400 from views.cases_v2
    union all select stream, 'adviser', 'bva', null from views.cases_v2 where kind = 'security_advice';
insert into views.case_lists_v2 (stream, role, organisation, kind, position)
    select stream, role, coalesce(organisation, ''), kind, position
    from views.access_v2 join views.cases_v2 using (stream);
"""

READ = """
select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables
where schemaname = 'views' and relname in ('cases_v2', 'access_v2', 'case_lists_v2')
"""

ENDS = 8
"""How many rows PostgreSQL may look up when it plans: the first and the last ones in the indexes."""


def rows_read(cursor: DatabaseCursor[DictRow]) -> dict[str, int]:
    """Return how many rows this connection has read of each table that the list rests on."""
    return {row["relname"]: int(row["rows"]) for row in cursor.execute(READ)}


def test_a_page_of_the_directory_reads_no_more_than_it_shows(database: Database) -> None:
    """Of 50,000 cases a reader may know of all, of a fifth or of fifty; none looks through those of others.

    Asked often enough that PostgreSQL could settle for one plan for all.
    """
    install(database, [access.VIEW, cases.VIEW])
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        for made in MANY.split(";")[:-1]:
            connection.execute(made.encode())
        for table in (access.ACCESS, *cases.VIEW.tables):
            connection.execute(f"analyze {table.qualified}".encode())

    for reader in (TEAM, AMSTERDAM, BVA, AUDITOR):
        for kind in (None, "security_advice", "consultation"):
            after = None
            for _ in range(7):
                with database.reading(reader) as cursor:
                    before = rows_read(cursor)
                    page = cases.newest(cursor, kind=kind, numbered=True, after=after, limit=20)
                    read = {table: rows - before[table] for table, rows in rows_read(cursor).items()}
                after = page.after

                rows = len(page.items) + 1 + ENDS
                most = {"case_lists_v2": rows, "cases_v2": rows, "access_v2": 4 * rows}  # up to four lines for a case
                assert all(read[table] <= most[table] for table in read), (reader.role, kind, read)


def concerns(entry: Entry) -> dict[str, object]:
    """Return what a list tells of whom *entry* is about."""
    return {name: getattr(entry.fact, name, None) for name in CONCERNS}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_timeline_in_brief_says_whom_a_case_concerns_and_what_came_last(
    database: Database, network: Network, runner: Runner, seed: int
) -> None:
    """To every reader the same as all that they may see of it, without what is personal."""
    random_history(network, seed)
    runner.catch_up()
    topics = {fact.topic: fact for kind in network.store.kinds for fact in kind.facts}
    about = {topic for topic, fact in topics.items() if fact.model_fields.keys() & CONCERNS}

    for reader in EVERYONE:
        with database.reading(reader) as cursor:
            whole = timeline.of_streams(cursor, network.streams, topics, network.store.vault)
            brief = timeline.in_brief(cursor, network.streams, topics, about, network.store.vault)
        for stream in network.streams:
            known, told = whole[stream], brief[stream]
            meant = [entry for entry in known if entry.topic in about or entry is known[-1]]
            assert [replace(entry, fact=None) for entry in told] == [replace(entry, fact=None) for entry in meant]
            assert [concerns(entry) for entry in told] == [concerns(entry) for entry in meant]
            replayed = (network.kind(stream).replay(one.fact for one in some if one.fact) for some in (known, told))
            of_all, of_some = ({name: getattr(state, name, None) for name in CONCERNS} for state in replayed)
            assert of_some == of_all


# --- the register of the steunpunt ------------------------------------------------------------------------------------


def test_a_consultation_is_registered_without_names(database: Database, network: Network, runner: Runner) -> None:
    """A month, the kinds and how far it has come."""
    stream = network.give(a_signal(nature=Nature.FRAUD, received_on=date(2026, 2, 1)), AMSTERDAM)
    network.give(ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL, on=date(2026, 3, 15)), AMSTERDAM, stream)
    runner.catch_up()

    with database.reading(STEUNPUNT) as cursor:
        (entry,) = steunpunt_register.newest(cursor).items

    assert entry.model_dump(exclude={"reference"}) == {
        "consulted_month": date(2026, 3, 1),
        "stage": ConsultationStage.FIRST_CALL,
        "body_kind": BodyKind.MUNICIPALITY,
        "nature": Nature.FRAUD,
        "phase": Phase.ASSESSMENT,
        "disposition": None,
    }
    assert entry.reference.startswith("SP-")
    assert stream.partition(":")[2] not in entry.reference


def test_the_register_follows_the_matter(database: Database, network: Network, runner: Runner) -> None:
    """One row per matter, whatever follows; its reference and month stay."""
    stream = network.give(a_signal(received_on=date(2026, 2, 1)), AMSTERDAM)
    steps = (
        ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL, on=date(2026, 2, 27)),
        ConsultSteunpunt(stage=ConsultationStage.SECOND_CONVERSATION),
        OpenInquiry(commissioner=Commissioner.MAYOR),
        CloseInquiry(disposition=Disposition.NO_VIOLATION),
    )
    found = []
    for command in steps:
        network.give(command, AMSTERDAM, stream)
        runner.catch_up()
        with database.reading(STEUNPUNT) as cursor:
            (entry,) = steunpunt_register.newest(cursor).items
        found.append(entry)

    assert len({entry.reference for entry in found}) == 1
    assert {entry.consulted_month for entry in found} == {date(2026, 2, 1)}
    assert [entry.phase for entry in found] == [Phase.ASSESSMENT, Phase.ASSESSMENT, Phase.INQUIRY, Phase.CLOSED]
    assert found[1].stage is ConsultationStage.SECOND_CONVERSATION
    assert found[3].disposition is Disposition.NO_VIOLATION


def test_a_consultation_about_an_open_inquiry_says_so(database: Database, network: Network, runner: Runner) -> None:
    """The row begins where the matter stands by then."""
    stream = network.give(a_signal(), AMSTERDAM)
    network.give(OpenInquiry(commissioner=Commissioner.MAYOR), AMSTERDAM, stream)
    network.give(ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL), AMSTERDAM, stream)
    runner.catch_up()

    with database.reading(STEUNPUNT) as cursor:
        (entry,) = steunpunt_register.newest(cursor).items

    assert entry.phase is Phase.INQUIRY


def test_the_reference_leads_nowhere(database: Database, network: Network, runner: Runner) -> None:
    """Of alike matters the steunpunt cannot tell by any name which row of the register is which case."""
    streams = [network.give(a_signal(), AMSTERDAM) for _ in range(3)]
    for stream in streams:
        network.give(ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL), AMSTERDAM, stream)
    network.give(OpenInquiry(commissioner=Commissioner.MAYOR), AMSTERDAM, streams[0])
    runner.catch_up()

    with database.reading(STEUNPUNT) as cursor:
        register = [entry.model_dump(mode="json") for entry in steunpunt_register.newest(cursor).items]
        behind_other_doors = json.dumps(
            [
                cursor.execute(b"select * from " + table.qualified.encode()).fetchall()
                for view in VIEWS
                if view is not steunpunt_register.VIEW
                for table in view.tables
            ],
            default=str,
        )

    values = [str(value) for row in register for value in row.values()]
    unique = {value for value in values if values.count(value) == 1 and value not in list(Phase)}
    assert unique == {row["reference"] for row in register}
    assert not any(value in behind_other_doors for value in unique)
    shown = {str(found) for found in re.findall(UUIDS, behind_other_doors)}
    assert len(shown) > len(streams)
    assert unique.isdisjoint(guess for one in shown for guess in guesses(UUID(one)))
    logged = [recorded.event for recorded in log_of(network.store)]
    signals = {
        steunpunt_register.reference(event.event_id, event.fact)
        for event in logged
        if isinstance(event.fact, SignalReceived)
    }
    assert signals == unique


def guesses(known: UUID) -> set[str]:
    """Return the references that a plain hash of *known* would make."""
    salts = (b"", b"steunpunt register\0")
    return {f"SP-{b32encode(sha256(salt + known.bytes).digest())[:10].decode()}" for salt in salts}


def test_the_newest_month_comes_first(database: Database, network: Network, runner: Runner) -> None:
    """Over pages, with several matters in one month."""
    months = [date(2026, 1, 1), date(2026, 3, 1), date(2026, 1, 1), date(2025, 12, 1)]
    for month in months:
        stream = network.give(a_signal(received_on=date(2025, 11, 1)), AMSTERDAM)
        network.give(ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL, on=month), AMSTERDAM, stream)
    runner.catch_up()

    with database.reading(STEUNPUNT) as cursor:
        listed = in_pages(lambda **more: steunpunt_register.newest(cursor, **more))

    assert [entry.consulted_month for entry in listed] == sorted(months, reverse=True)
    assert len({entry.reference for entry in listed}) == len(months)


# --- who works where --------------------------------------------------------------------------------------------------


def test_members_are_those_of_the_day(database: Database, network: Network, runner: Runner) -> None:
    """Whoever has left, or comes later, is not among them."""
    organisation = RegisterOrganisation(organisation="gm0363", name="Amsterdam", kind=OrganisationKind.PUBLIC_BODY)
    stream = network.give(organisation, ADMINISTRATOR)
    for person, first in (("anne", date(2026, 1, 1)), ("bram", date(2026, 2, 1)), ("carla", date(2026, 5, 1))):
        network.give(AppointMember(person=person, role=Role.PUBLIC_BODY, from_day=first), ADMINISTRATOR, stream)
    network.give(EndMembership(person="anne", role=Role.PUBLIC_BODY, on=date(2026, 3, 1)), ADMINISTRATOR, stream)
    runner.catch_up()

    with database.reading(ADMINISTRATOR) as cursor:
        (entry,) = memberships.organisations(cursor).items
        assert (entry.organisation, entry.kind) == ("gm0363", OrganisationKind.PUBLIC_BODY)
        names = {
            day: [member.person for member in memberships.members(cursor, stream, day) or ()]
            for day in (date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 1), date(2026, 5, 1))
        }

        numbers = {day: memberships.counts(cursor, [entry.organisation], day) for day in names}

    assert list(names.values()) == [[], ["anne", "bram"], ["bram"], ["bram", "carla"]]
    assert all(numbers[day] == {entry.organisation: len(people)} for day, people in names.items())


def test_an_organisation_that_is_not_there_has_no_members(database: Database, network: Network, runner: Runner) -> None:
    """Not even none; nor one that the reader may not know of."""
    organisation = RegisterOrganisation(organisation="gm0363", name="Amsterdam", kind=OrganisationKind.PUBLIC_BODY)
    stream = network.give(organisation, ADMINISTRATOR)
    runner.catch_up()

    with database.reading(ADMINISTRATOR) as cursor:
        assert memberships.members(cursor, stream, TODAY) == []
        assert memberships.members(cursor, "organisation:gm0518", TODAY) is None
    with database.reading(actor("els", "gm0518", Role.ADMINISTRATOR)) as cursor:
        assert memberships.members(cursor, stream, TODAY) is None


def test_organisations_are_listed_by_id(database: Database, network: Network, runner: Runner) -> None:
    """Over pages."""
    for name in ("steunpunt", "bzk", "ondersteuningsteam"):
        kind = OrganisationKind.NETWORK
        network.give(RegisterOrganisation(organisation=name, name=name, kind=kind), ADMINISTRATOR)
    runner.catch_up()

    with database.reading(ADMINISTRATOR) as cursor:
        listed = in_pages(lambda **more: memberships.organisations(cursor, **more))

        named = {text: memberships.organisations(cursor, named=text).items for text in ("STEUN", "zk", "%")}

    assert [entry.organisation for entry in listed] == ["bzk", "ondersteuningsteam", "steunpunt"]
    assert {text: [entry.organisation for entry in found] for text, found in named.items()} == {
        "STEUN": ["ondersteuningsteam", "steunpunt"],
        "zk": ["bzk"],
        "%": [],
    }
