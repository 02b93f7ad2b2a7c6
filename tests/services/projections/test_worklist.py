"""Which threat cases ask for attention, in which order, and is the table of the same mind as the rules?"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact, PersonId, Role, StreamId
from domain.people import Office, Subject
from domain.rules.follow_up import FollowUp, NextStep, Situation, next_steps
from domain.threat_case import (
    THREAT_CASE,
    AangifteBy,
    AangifteFiled,
    AangifteWaived,
    AddVptCode,
    AssessThreat,
    Axes,
    CallBackPlanned,
    CloseThreatCase,
    ClosingReason,
    CorrectReport,
    EndDanger,
    FileAangifte,
    Form,
    HandOverCase,
    NoAangifteReason,
    NoteCall,
    NotifyPolice,
    PlanCallBack,
    PoliceNotified,
    ReopenThreatCase,
    Severity,
    TakeCase,
    ThreatAssessed,
    ThreatCase,
    ThreatCaseClosed,
    ThreatReported,
    WaiveAangifte,
)
from infra.database import Database, DatabaseRole
from infra.events import Event, Metadata, Origin
from infra.eventstore import Recorded
from services.projections import worklist
from services.projections.rows import Rows
from services.projections.runner import Runner
from services.projections.views import install
from services.projections.worklist import AangifteStatus, Counts, WorklistItem
from tests.domain.scenario import FIRST, NOW, TODAY, actor
from tests.services.projections.network import (
    AMSTERDAM,
    AUDITOR,
    BVA,
    TEAM,
    THE_HAGUE,
    Network,
    a_threat,
    random_history,
)
from tests.services.projections.test_lists import in_pages

NEXT_SHIFT = actor("noor", "ondersteuningsteam", Role.SUPPORT_TEAM)
SOON = NOW + timedelta(hours=9)


def only_item(database: Database, *, closed: bool = False) -> WorklistItem:
    """Return the one case on the team's worklist."""
    with database.reading(TEAM) as cursor:
        (item,) = worklist.cases(cursor, closed=closed).items
    return item


# --- what a row says --------------------------------------------------------------------------------------------------


def test_a_reported_threat_is_on_the_worklist(database: Database, network: Network, runner: Runner) -> None:
    """With what intake asks for, whoever took the call, and nothing else yet."""
    stream = network.give(a_threat(danger_now=True), TEAM)
    runner.catch_up()

    item = only_item(database)

    assert item == WorklistItem(
        stream=stream,
        number="DR-2026-000001",
        body="gm0363",
        office=Office.BURGEMEESTER,
        handler=TEAM.person,
        danger_now=True,
        severity=None,
        form=None,
        reported_at=NOW,
        last_activity_at=NOW,
        call_back_at=None,
        police_notified=None,
        vpt_code=None,
        aangifte=AangifteStatus.OPEN,
        closed=None,
        closed_at=None,
        due_at=NOW,
    )
    assert item.next_steps == (
        NextStep(step=FollowUp.SECURE, due=NOW),
        NextStep(step=FollowUp.ASSESS, due=NOW + timedelta(hours=24)),
        NextStep(step=FollowUp.DECIDE_AANGIFTE, due=NOW + timedelta(days=7)),
    )


def test_what_happens_shows_on_the_worklist(database: Database, network: Network, runner: Runner) -> None:
    """What is not said stays as it was."""
    stream = network.give(a_threat(danger_now=True), TEAM)
    axes = Axes(form=Form.STALKING, severity=Severity.SERIOUS)
    network.give(AssessThreat(axes=axes), TEAM, stream)
    network.give(AssessThreat(axes=Axes(severity=Severity.VERY_SERIOUS)), TEAM, stream)
    network.give(CorrectReport(reason="Verkeerd verstaan", office=Office.WETHOUDER), TEAM, stream)
    network.give(NotifyPolice(vpt_code=False), TEAM, stream)
    network.give(EndDanger(), TEAM, stream)
    runner.catch_up()

    item = only_item(database)

    assert (item.form, item.severity) == (Form.STALKING, Severity.VERY_SERIOUS)
    assert (item.body, item.office, item.danger_now) == ("gm0363", Office.WETHOUDER, False)
    assert (item.police_notified, item.vpt_code) == (TODAY, False)
    assert (item.reported_at, item.last_activity_at) == (NOW, NOW + timedelta(minutes=5))


def test_the_aangifte_is_open_waived_or_filed(database: Database, network: Network, runner: Runner) -> None:
    """What was waived can still be filed."""
    stream = network.give(a_threat(), TEAM)
    found = []
    for command in (WaiveAangifte(reason=NoAangifteReason.FEAR), FileAangifte(by=AangifteBy.VICTIM)):
        network.give(command, TEAM, stream)
        runner.catch_up()
        found.append(only_item(database).aangifte)

    assert found == [AangifteStatus.WAIVED, AangifteStatus.FILED]


def test_a_missing_vpt_code_asks_for_attention_until_it_is_there(
    database: Database, network: Network, runner: Runner
) -> None:
    """Also where nobody asked for it yet."""
    stream = network.give(a_threat(), TEAM)
    found = []
    for command in (FileAangifte(by=AangifteBy.VICTIM), NotifyPolice(vpt_code=False), AddVptCode()):
        network.give(command, TEAM, stream)
        runner.catch_up()
        item = only_item(database)
        found.append((item.vpt_code, FollowUp.ASK_VPT_CODE in {step.step for step in item.next_steps}))

    assert found == [(None, True), (False, True), (True, False)]


def test_a_case_that_is_handed_over_waits_for_who_takes_it(
    database: Database, network: Network, runner: Runner
) -> None:
    """From then on they handle it; the appointment stays."""
    stream = network.give(a_threat(), TEAM)
    found = []
    for by, command in (
        (TEAM, PlanCallBack(at=SOON)),
        (TEAM, HandOverCase(note="Belt morgen terug")),
        (NEXT_SHIFT, TakeCase()),
    ):
        network.give(command, by, stream)
        runner.catch_up()
        item = only_item(database)
        found.append((item.handler, item.call_back_at, item.next_steps[0].step))

    assert found == [
        (TEAM.person, SOON, FollowUp.CALL_BACK),
        (None, SOON, FollowUp.TAKE),
        (NEXT_SHIFT.person, SOON, FollowUp.CALL_BACK),
    ]


def test_a_call_is_an_appointment_kept(database: Database, network: Network, runner: Runner) -> None:
    """Unless there is a new one; a hand-over can make one too."""
    stream = network.give(a_threat(), TEAM)
    later = SOON + timedelta(hours=1)
    found = []
    for command in (
        PlanCallBack(at=SOON),
        NoteCall(note="Niet bereikt", call_back_at=later),
        NoteCall(note="Gesproken"),
        HandOverCase(note="Belt morgen terug", call_back_at=SOON),
    ):
        network.give(command, TEAM, stream)
        runner.catch_up()
        found.append(only_item(database).call_back_at)

    assert found == [SOON, later, None, SOON]


def test_a_closed_case_leaves_the_open_ones_until_it_is_reopened(
    database: Database, network: Network, runner: Runner
) -> None:
    """It is found among the closed ones, and asks for nothing."""
    stream = network.give(a_threat(), TEAM)
    network.give(CloseThreatCase(reason=ClosingReason.RESOLVED), TEAM, stream)
    runner.catch_up()
    closed = only_item(database, closed=True)
    assert (closed.closed, closed.due_at, closed.next_steps) == (ClosingReason.RESOLVED, None, ())

    network.give(ReopenThreatCase(reason="Er is meer gebeurd"), TEAM, stream)
    runner.catch_up()

    assert only_item(database).closed is None


# --- when what is due -------------------------------------------------------------------------------------------------


def steps_of(case: ThreatCase, reported_at: datetime) -> tuple[NextStep, ...]:
    """Return the next steps as they follow from the state of the case."""
    return next_steps(
        Situation(
            reported_at=reported_at,
            danger_now=bool(case.danger_now),
            police_notified=case.police_notified is not None,
            handler=case.handler,
            call_back_at=case.call_back_at,
            assessed=case.axes.severity is not None,
            aangifte_filed=case.aangifte.filed is not None,
            aangifte_waived=case.aangifte.waived is not None,
            vpt_code=case.vpt_code,
            closed=case.closed is not None,
        )
    )


def all_items(database: Database) -> dict[str, WorklistItem]:
    """Return every case, open and closed, as an auditor sees it."""
    with database.reading(AUDITOR) as cursor:
        return {
            item.stream: item
            for closed in (False, True)
            for item in worklist.cases(cursor, closed=closed, limit=10_000).items
        }


def situations() -> Iterator[tuple[Fact, ...]]:
    """Yield a history for each situation in which a case can be."""
    severities = ((), (ThreatAssessed(axes=Axes(severity=Severity.SERIOUS)),))
    calls = ((), *((CallBackPlanned(at=NOW + timedelta(days=days)),) for days in (0, 3, 10, 30)))
    police = ((), *((PoliceNotified(on=TODAY, vpt_code=code),) for code in (None, False, True)))
    filed = tuple((AangifteFiled(on=TODAY, by=AangifteBy.VICTIM, vpt_code=code),) for code in (None, True))
    aangiften = ((), (AangifteWaived(reason=NoAangifteReason.FEAR),), *filed)
    closings = ((), (ThreatCaseClosed(reason=ClosingReason.RESOLVED),))
    for danger_now, handler, *later in product(
        (False, True), (None, TEAM.person), severities, calls, police, aangiften, closings
    ):
        reported = ThreatReported(
            number="DR-2026-000001",
            owner=TEAM.organisation,
            owner_role=TEAM.role,
            body="gm0363",
            office=Office.BURGEMEESTER,
            danger_now=danger_now,
            reporter=Subject(subject=FIRST),
            handler=handler,
        )
        yield reported, *(fact for part in later for fact in part)


def project(database: Database, histories: Mapping[StreamId, Iterable[Fact]]) -> None:
    """Make the rows that *histories* lead to."""
    metadata = Metadata(
        at=NOW,
        actor=TEAM.person,
        organisation=TEAM.organisation,
        role=TEAM.role,
        correlation=UUID(int=1),
        origin=Origin.GENERATED,
    )
    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection, connection.transaction():
        rows = Rows(worklist.VIEW.tables)
        for stream, facts in histories.items():
            for version, fact in enumerate(facts, start=1):
                worklist.project(
                    rows, Recorded(version, Event(stream, version, UUID(int=version), metadata, fact), b"")
                )
        rows.write(connection)


def test_the_table_orders_every_situation_as_the_rules_do(database: Database) -> None:
    """In each of them the row is due when the first of the next steps is, and the list is sorted by that."""
    install(database, [worklist.VIEW])
    histories = {THREAT_CASE.stream(UUID(int=n)): facts for n, facts in enumerate(situations())}
    project(database, histories)
    expected = {stream: steps_of(THREAT_CASE.replay(facts), NOW) for stream, facts in histories.items()}

    items = all_items(database)

    assert len(items) == 2 * 2 * 2 * 5 * 4 * 4 * 2
    assert {stream: item.next_steps for stream, item in items.items()} == expected
    assert {stream: item.due_at for stream, item in items.items()} == {
        stream: min((step.due for step in steps), default=None) for stream, steps in expected.items()
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_a_row_says_of_the_next_steps_what_the_case_says(
    database: Database, network: Network, runner: Runner, seed: int
) -> None:
    """Whatever people do, in whatever order."""
    random_history(network, seed)
    runner.catch_up()

    items = all_items(database)

    assert items.keys() == {stream for stream in network.streams if stream.startswith("threat_case:")}
    for stream, item in items.items():
        steps = steps_of(network.state(StreamId(stream))[0], item.reported_at)
        assert item.next_steps == steps
        assert item.due_at == min((step.due for step in steps), default=None)


# --- lists ------------------------------------------------------------------------------------------------------------


def test_danger_comes_first_then_what_is_due_soonest(database: Database, network: Network, runner: Runner) -> None:
    """Also over pages, with several cases due at the same moment, and with one in which nothing is due."""
    done = network.give(a_threat(axes=Axes(severity=Severity.SERIOUS)), TEAM)
    network.give(WaiveAangifte(reason=NoAangifteReason.OTHER), TEAM, done)
    appointed = [network.give(a_threat(), TEAM) for _ in range(3)]
    danger = [network.give(a_threat(danger_now=True), TEAM) for _ in range(2)]
    safe = network.give(a_threat(danger_now=True), TEAM)
    network.give(NotifyPolice(), TEAM, safe)
    for stream in appointed:
        network.give(PlanCallBack(at=SOON), TEAM, stream)
    runner.catch_up()

    with database.reading(TEAM) as cursor:
        listed = in_pages(lambda **more: worklist.cases(cursor, **more))

    assert [item.stream for item in listed] == [*danger, safe, *sorted(appointed), done]
    assert [item.due_at for item in listed[3:]] == [SOON, SOON, SOON, None]


def test_one_sees_what_one_handles_and_what_nobody_does(database: Database, network: Network, runner: Runner) -> None:
    """Open or closed, over pages; who asks for both at once gets nothing."""
    mine = [network.give(a_threat(), TEAM) for _ in range(3)]
    theirs = network.give(a_threat(), NEXT_SHIFT)
    handed_over = [network.give(a_threat(), TEAM) for _ in range(2)]
    for stream in handed_over:
        network.give(HandOverCase(note="Belt morgen"), TEAM, stream)
    network.give(CloseThreatCase(reason=ClosingReason.RESOLVED), TEAM, mine[0])
    runner.catch_up()

    def listed(**how: Any) -> list[str]:  # noqa: ANN401 - as the query takes them
        with database.reading(TEAM) as cursor:
            return [item.stream for item in in_pages(lambda **more: worklist.cases(cursor, **how, **more))]

    assert listed(handler=TEAM.person) == mine[1:]
    assert listed(handler=NEXT_SHIFT.person) == [theirs]
    assert listed(unhandled=True) == handed_over
    assert listed(handler=TEAM.person, closed=True) == mine[:1]
    assert listed(handler=TEAM.person, unhandled=True) == []
    assert listed(handler=PersonId("nobody")) == []


def test_of_the_closed_cases_the_latest_comes_first(database: Database, network: Network, runner: Runner) -> None:
    """Also over pages, with some closed at the same moment."""
    streams = [network.give(a_threat(danger_now=n == 2), TEAM) for n in range(5)]
    for stream in streams[:3]:
        network.give(CloseThreatCase(reason=ClosingReason.RESOLVED, explanation="Zit vast"), TEAM, stream)
    same = network.at
    for stream in streams[3:]:
        network.at = same
        network.give(CloseThreatCase(reason=ClosingReason.TRANSFERRED), TEAM, stream)
    runner.catch_up()

    with database.reading(TEAM) as cursor:
        listed = in_pages(lambda **more: worklist.cases(cursor, closed=True, **more))

    assert [item.stream for item in listed] == [*sorted(streams[3:], reverse=True), *streams[2::-1]]


def test_an_auditor_sees_the_cases_of_all_in_one_order(database: Database, network: Network, runner: Runner) -> None:
    """Each once."""
    for by, body in ((TEAM, "gm0363"), (AMSTERDAM, "gm0363"), (THE_HAGUE, "gm0518")):
        for danger_now in (False, True):
            network.give(a_threat(body, danger_now=danger_now), by)
            network.give(PlanCallBack(at=SOON), by, network.give(a_threat(body, danger_now=danger_now), by))
    runner.catch_up()

    with database.reading(AUDITOR) as cursor:
        listed = in_pages(lambda **more: worklist.cases(cursor, **more))

    never = NOW + timedelta(days=1000)
    keys = [(not item.danger_now, item.due_at or never, item.stream) for item in listed]
    assert len(listed) == 12
    assert keys == sorted(set(keys))


def test_a_case_is_looked_up_by_whoever_handles_it(database: Database, network: Network, runner: Runner) -> None:
    """To others there is none."""
    stream = network.give(a_threat(), AMSTERDAM)
    runner.catch_up()
    found = {}
    for reader in (AMSTERDAM, AUDITOR, THE_HAGUE, TEAM, BVA):
        with database.reading(reader) as cursor:
            item = worklist.of_case(cursor, stream)
            found[reader] = item and item.number

    assert found == {AMSTERDAM: "DR-2026-000001", AUDITOR: "DR-2026-000001", THE_HAGUE: None, TEAM: None, BVA: None}


def test_open_cases_are_counted_for_whoever_handles_them(database: Database, network: Network, runner: Runner) -> None:
    """All of them, those in danger, those that nobody handles, and those in which something is due."""
    network.give(a_threat(danger_now=True), TEAM)
    calm = network.give(a_threat(), TEAM)
    network.give(PlanCallBack(at=SOON), TEAM, calm)
    handed_over = network.give(a_threat(), TEAM)
    network.give(HandOverCase(note="Belt morgen"), TEAM, handed_over)
    in_danger = network.give(a_threat(danger_now=True), TEAM)
    network.give(CloseThreatCase(reason=ClosingReason.RESOLVED, explanation="Zit vast"), TEAM, in_danger)
    network.give(a_threat(), AMSTERDAM)
    runner.catch_up()

    def counted(reader: Any, now: datetime) -> Counts:  # noqa: ANN401 - an actor
        with database.reading(reader) as cursor:
            return worklist.counts(cursor, now)

    assert counted(TEAM, SOON - timedelta(seconds=1)) == Counts(open=3, in_danger=1, unhandled=1, due_now=2)
    assert counted(TEAM, SOON) == Counts(open=3, in_danger=1, unhandled=1, due_now=3)
    assert counted(AUDITOR, SOON) == Counts(open=4, in_danger=1, unhandled=2, due_now=4)
    assert counted(BVA, SOON) == Counts(open=0, in_danger=0, unhandled=0, due_now=0)


# --- many cases -------------------------------------------------------------------------------------------------------

MANY = """
insert into views.worklist_v2 (
    stream, owner, owner_role, number, body, office, handler, danger_now, severity, reported_at, last_activity_at,
    aangifte, closed, closed_at, due_at
)
select 'threat_case:' || lpad(n::text, 6, '0'), %(owner)s, %(role)s, 'DR-2026-' || lpad(n::text, 6, '0'), 'gm0363',
    'burgemeester', case when n %% 100 = 0 then null when n %% 1000 = 1 then 'rare' else 'p' || n %% 30 end,
    n %% 50 = 7, case when n %% 3 > 0 then 'serious' end, at, at, case when n %% 7 > 0 then 'filed' else 'open' end,
    case when n %% 2 = 0 and n %% 100 > 0 then 'resolved' end, case when n %% 2 = 0 and n %% 100 > 0 then at end,
    case when n %% 2 > 0 or n %% 100 = 0 then at + n %% 15 * interval '1 day' end
from (select n, %(now)s::timestamptz - n * interval '1 hour' as at from generate_series(1, %(many)s) n) as made
"""

READ = """
select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables
where schemaname = 'views' and relname = 'worklist_v2'
"""


def rows_read(cursor: DatabaseCursor[DictRow]) -> int:
    """Return how many rows of the worklist this connection has read."""
    row = cursor.execute(READ).fetchone()
    assert row is not None
    return int(row["rows"])


def test_a_page_of_a_long_list_reads_no_more_than_it_shows(database: Database) -> None:
    """One organisation has 50,000 cases; each way to ask for its open ones, and all its closed ones, has an index.

    Asked often enough that PostgreSQL could settle for one plan for all.
    """
    install(database, [worklist.VIEW])
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute(MANY, {"owner": TEAM.organisation, "role": TEAM.role, "now": NOW, "many": 50_000})
        connection.execute("analyze views.worklist_v2")
    narrowed: tuple[dict[str, Any], ...] = (
        {"handler": PersonId("p7")},
        {"handler": PersonId("rare")},
        {"unhandled": True},
    )
    ways = [(reader, how) for reader in (TEAM, AUDITOR) for how in ({}, {"closed": True})]

    for reader, how in (*ways, *((TEAM, how) for how in narrowed)):
        after = None
        for _ in range(8):
            with database.reading(reader) as cursor:
                before = rows_read(cursor)
                page = worklist.cases(cursor, **how, after=after, limit=20)
                read = rows_read(cursor) - before
            after = page.after

            assert page.items, how
            assert read <= len(page.items) + 1, how
