"""How far have requests for the security of homes come, what do they wait for, and are measures really installed?

A row about a case is for the parties that may see every fact it is made of: what a request has come to stands in
several tables, so that each can see their part. Counters hold no case. In the funnel a request or a measure is counted
in exactly one place: the last step it reached, with the reason of its exit where it left there. In months and years it
is counted once for each step it reached and once for its exit, by the day on which that happened. What may be told of
the counters, and to whom, says measure_figures.py.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, assert_never, get_args

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact, Party
from domain.bodies import BodyId
from domain.people import Office
from domain.rules.home_security import Regime, rules_of
from domain.security_advice import (
    AdviceAdopted,
    AdviceDrafted,
    AdviceGiven,
    AdviceRequested,
    CancelReason,
    DeclineReason,
    HomeVisited,
    MeasureCancelled,
    MeasureDeclined,
    MeasureInstalled,
    MeasureKind,
    MeasureOrdered,
    MeasureRemoved,
    MeasureVerified,
    RemovalReason,
)
from domain.values import AMSTERDAM, CodeList, Day, Identifying, Model
from infra.events import Event
from infra.eventstore import Recorded
from services.projections.areas import area_of
from services.projections.views import Change, Changes, Cursor, OfCase, Page, Table, View, page, statement

VERSION = 2
"""1 knew neither what a request waits for nor months, years and provinces."""


class Step(CodeList):
    """The steps, in order: those of a request, then those of each measure of its advice."""

    REQUESTED = "requested", "advies aangevraagd"
    ADVICE_GIVEN = "advice_given", "advies uitgebracht"
    ADVICE_ADOPTED = "advice_adopted", "advies overgenomen"
    ADVISED = "advised", "maatregel geadviseerd"
    ORDERED = "ordered", "maatregel besteld"
    INSTALLED = "installed", "maatregel aangebracht"
    VERIFIED = "verified", "maatregel gecontroleerd"


class Exit(CodeList):
    """How a measure left its way."""

    DECLINED = "declined", "geweigerd"
    CANCELLED = "cancelled", "vervallen"
    REMOVED = "removed", "verwijderd"


class QueueStep(CodeList):
    """What a request waits for: first as a whole, then each of its measures."""

    VISIT = "visit", "woning bezoeken"
    ADVISE = "advise", "advies uitbrengen"
    DRAFT = "draft", "conceptadvies opstellen"
    FIX = "fix", "advies vaststellen"
    ADOPT = "adopt", "advies overnemen"
    ORDER = "order", "maatregel bestellen"
    INSTALL = "install", "maatregel aanbrengen"
    VERIFY = "verify", "maatregel controleren"


OF_A_REQUEST = (Step.REQUESTED, Step.ADVICE_GIVEN, Step.ADVICE_ADOPTED)
OF_A_MEASURE = (Step.ADVISED, Step.ORDERED, Step.INSTALLED, Step.VERIFIED)

MeasureFact = MeasureOrdered | MeasureInstalled | MeasureVerified | MeasureDeclined | MeasureCancelled | MeasureRemoved
"""What happens to one measure."""


# --- tables -----------------------------------------------------------------------------------------------------------


def parties(facts: Iterable[type[Fact]]) -> frozenset[Party]:
    """Return who may see every one of *facts*, and so a row that tells of all of them."""
    return frozenset(Party).intersection(*(fact.audience for fact in facts))


TELLS: Mapping[str, tuple[type[Fact], ...]] = {
    "measure_requests": (AdviceRequested, AdviceAdopted),
    "measure_advices": (AdviceRequested, HomeVisited, AdviceGiven, AdviceAdopted),
    "measure_drafts": (AdviceRequested, AdviceDrafted),
    "measures": (AdviceRequested, AdviceGiven, AdviceAdopted, *get_args(MeasureFact)),
}
"""The facts that a row of each table is made of."""

MAY_SEE = parties(TELLS["measure_advices"]) & parties(TELLS["measures"])
"""Who may see how far a request has come."""


def for_parties(table: str) -> str:
    """Return the policy of a table whose rows are for whoever may see all the facts that they are made of."""
    codes = ", ".join(f"'{party.value}'" for party in sorted(parties(TELLS[table])))
    return f"""
        {{is_auditor}} or exists (
            select from views.access a where a.stream = {{{table}}}.stream and a.party in ({codes})
        )
    """


REQUESTS = Table(
    name="measure_requests",
    version=VERSION,
    columns="""
        stream text collate "C" primary key,
        number text not null,
        body text not null,
        office text not null,
        regime text not null,
        requested_on date not null,
        adopted_on date
    """,
    visible=for_parties("measure_requests"),
    indexes=("(requested_on, stream)", "(body, requested_on, stream)"),
)

ADVICES = Table(
    name="measure_advices",
    version=VERSION,
    columns="""
        stream text collate "C" primary key,
        regime text not null,
        area text not null,
        step text not null default 'requested',
        visited_on date,
        advised_on date
    """,
    visible=for_parties("measure_advices"),
)

DRAFTS = Table(
    name="measure_drafts",
    version=VERSION,
    columns="""
        stream text collate "C" primary key,
        drafted_on date not null
    """,
    visible=for_parties("measure_drafts"),
)

MEASURES = Table(
    name="measures",
    version=VERSION,
    columns="""
        stream text collate "C" not null,
        measure integer not null,
        kind text not null,
        regime text not null,
        area text not null,
        step text not null default 'advised',
        exit text,
        reason text,
        advised_on date not null,
        ordered_on date,
        installed_on date,
        verified_on date,
        ended_on date,
        primary key (stream, measure)
    """,
    visible=for_parties("measures"),
)

# What a request waits for follows from the tables above, as far as a party knows them: each has rows of its own. To the
# public body a request waits for advice, whether there is a draft or not. Auditors see what the advisers see.
WAITING = Table(
    name="measure_waiting",
    version=VERSION,
    columns="""
        stream text collate "C" not null,
        party text not null,
        step text not null,
        measures integer,
        body text not null,
        waiting_since date not null,
        primary key (stream, party, step)
    """,
    visible=f"""
        ({{is_auditor}} and {{measure_waiting}}.party = '{Party.ADVISER.value}')
        or (
            not {{is_auditor}} and exists (
                select from views.access a
                where a.stream = {{measure_waiting}}.stream and a.party = {{measure_waiting}}.party
            )
        )
    """,
    indexes=("(step, waiting_since, stream)", "(body, step, waiting_since, stream)"),
)

FOR_FIGURES = "{is_auditor} or {role} in ('ministry_analyst', 'bva', 'ccv')"

FUNNEL = Table(
    name="measure_funnel",
    version=VERSION,
    columns="""
        regime text not null,
        step text not null,
        exit text,
        reason text,
        count bigint not null,
        unique nulls not distinct (regime, step, exit, reason)
    """,
    visible=FOR_FIGURES,
)

MONTHS = Table(
    name="measure_months",
    version=VERSION,
    columns="""
        regime text not null,
        month date not null,
        step text,
        exit text,
        reason text,
        count bigint not null,
        unique nulls not distinct (regime, month, step, exit, reason)
    """,
    visible=FOR_FIGURES,
)

YEARS = Table(
    name="measure_years",
    version=VERSION,
    columns="""
        regime text not null,
        year integer not null,
        area text not null,
        step text,
        exit text,
        reason text,
        count bigint not null,
        unique nulls not distinct (regime, year, area, step, exit, reason)
    """,
    visible=FOR_FIGURES,
)

# --- statements -------------------------------------------------------------------------------------------------------

COUNT = """
    , in_month as (
        insert into {measure_months} as c (regime, month, step, exit, reason, count)
        select regime, date_trunc('month', %(day)s::timestamp)::date, %(step)s::text, %(exit)s::text, %(reason)s::text,
            count(*)
        from after group by regime
        on conflict (regime, month, step, exit, reason) do update set count = c.count + excluded.count
    ), in_year as (
        insert into {measure_years} as c (regime, year, area, step, exit, reason, count)
        select regime, extract(year from %(day)s::date), area, %(step)s::text, %(exit)s::text, %(reason)s::text,
            count(*)
        from after group by regime, area
        on conflict (regime, year, area, step, exit, reason) do update set count = c.count + excluded.count
    )
    insert into {measure_funnel} as c (regime, step, exit, reason, count)
    select regime, step, exit, reason, sum(n) from moves group by regime, step, exit, reason having sum(n) <> 0
    on conflict (regime, step, exit, reason) do update set count = c.count + excluded.count
"""


def counted(template: str, *tables: Table) -> bytes:
    """Return a statement that moves a row and with it the counters.

    In the funnel by what the row said *before* and says *after*; in the month and the year of the day by one more.
    """
    return statement(f"{template}\n{COUNT}", *tables, FUNNEL, MONTHS, YEARS)


REQUEST = counted(
    """
    with request as (
        insert into {measure_requests} (stream, number, body, office, regime, requested_on)
        values (%(stream)s, %(number)s, %(body)s, %(office)s, %(regime)s, %(day)s)
    ), after as (
        insert into {measure_advices} (stream, regime, area)
        values (%(stream)s, %(regime)s, %(area)s)
        returning regime, area, step
    ), moves as (
        select regime, step, null::text as exit, null::text as reason, 1 as n from after
    )
    """,
    REQUESTS,
    ADVICES,
)

VISIT = statement(
    "update {measure_advices} set visited_on = least(visited_on, %(day)s) where stream = %(stream)s", ADVICES
)

DRAFT = statement(
    """
    insert into {measure_drafts} (stream, drafted_on) values (%(stream)s, %(day)s)
    on conflict (stream) do update set drafted_on = excluded.drafted_on
    """,
    DRAFTS,
)

MOVE_REQUEST = counted(
    """
    with before as (
        select regime, step from {measure_advices} where stream = %(stream)s
    ), request as (
        update {measure_requests} set adopted_on = %(day)s where stream = %(stream)s and %(step)s = 'advice_adopted'
    ), after as (
        update {measure_advices} set
            step = %(step)s,
            advised_on = case when %(step)s = 'advice_given' then %(day)s else advised_on end
        where stream = %(stream)s
        returning regime, area, step
    ), moves as (
        select regime, step, null::text as exit, null::text as reason, -1 as n from before
        union all
        select regime, step, null, null, 1 from after
    )
    """,
    REQUESTS,
    ADVICES,
)

ADVISE = counted(
    """
    with after as (
        insert into {measures} (stream, measure, kind, regime, area, advised_on)
        select stream, %(measure)s, %(kind)s, regime, area, %(day)s
        from {measure_advices} where stream = %(stream)s
        returning regime, area, step
    ), moves as (
        select regime, step, null::text as exit, null::text as reason, 1 as n from after
    )
    """,
    ADVICES,
    MEASURES,
)

MOVE_MEASURE = counted(
    """
    with before as (
        select regime, step, exit, reason from {measures} where stream = %(stream)s and measure = %(measure)s
    ), after as (
        update {measures} set
            step = coalesce(%(step)s, step),
            exit = coalesce(%(exit)s, exit),
            reason = coalesce(%(reason)s, reason),
            ordered_on = case when %(step)s = 'ordered' then %(day)s else ordered_on end,
            installed_on = case when %(step)s = 'installed' then %(day)s else installed_on end,
            verified_on = case when %(step)s = 'verified' then %(day)s else verified_on end,
            ended_on = case when %(exit)s is null then ended_on else %(day)s end
        where stream = %(stream)s and measure = %(measure)s
        returning regime, area, step, exit, reason
    ), moves as (
        select regime, step, exit, reason, -1 as n from before
        union all
        select regime, step, exit, reason, 1 from after
    )
    """,
    MEASURES,
)


@dataclass(frozen=True)
class Queue:
    """When a request waits for something and since when, in SQL, and to whom: who may see what that follows from."""

    step: QueueStep
    when: str
    since: str
    parties: frozenset[Party]
    measures: str = "null::integer"
    """For how many of its measures; null where it waits as a whole."""

    @property
    def rows(self) -> str:
        """Return the rows that there are while it waits."""
        whom = ", ".join(f"'{party.value}'" for party in sorted(self.parties))
        columns = f"party, '{self.step.value}' as step, {self.since} as waiting_since, {self.measures} as measures"
        return f"select {columns} from request, unnest(array[{whom}]) as party where {self.when}"  # noqa: S608 - literals


TO_BE_GIVEN = parties((AdviceRequested, HomeVisited, AdviceGiven))
TO_BE_DRAFTED = parties((AdviceRequested, HomeVisited, AdviceDrafted, AdviceGiven))

QUEUES = (
    Queue(QueueStep.VISIT, "advised_on is null and visited_on is null", "requested_on", TO_BE_GIVEN),
    Queue(QueueStep.ADVISE, "advised_on is null and visited_on is not null", "visited_on", TO_BE_GIVEN - TO_BE_DRAFTED),
    Queue(
        QueueStep.DRAFT,
        "advised_on is null and visited_on is not null and drafted_on is null",
        "visited_on",
        TO_BE_DRAFTED,
    ),
    Queue(QueueStep.FIX, "advised_on is null and drafted_on is not null", "drafted_on", TO_BE_DRAFTED),
    Queue(QueueStep.ADOPT, "advised_on is not null and adopted_on is null", "advised_on", MAY_SEE),
    Queue(QueueStep.ORDER, "adopted_on is not null and advised > 0", "adopted_on", MAY_SEE, "advised"),
    Queue(QueueStep.INSTALL, "adopted_on is not null and ordered > 0", "first_ordered_on", MAY_SEE, "ordered"),
    Queue(QueueStep.VERIFY, "adopted_on is not null and installed > 0", "first_installed_on", MAY_SEE, "installed"),
)
"""What a request can wait for, in order. Who may not know of drafts sees one step where the others see two.

Where several of its measures wait, it does so since the first of them came to that step.
"""

WAIT = statement(
    f"""
    with request as (
        select r.body, r.requested_on, r.adopted_on, a.visited_on, a.advised_on, d.drafted_on,
            m.advised, m.ordered, m.installed, m.first_ordered_on, m.first_installed_on
        from {{measure_requests}} r
        join {{measure_advices}} a using (stream)
        left join {{measure_drafts}} d using (stream)
        cross join (
            select
                count(*) filter (where step = 'advised') as advised,
                count(*) filter (where step = 'ordered') as ordered,
                count(*) filter (where step = 'installed') as installed,
                min(ordered_on) filter (where step = 'ordered') as first_ordered_on,
                min(installed_on) filter (where step = 'installed') as first_installed_on
            from {{measures}} where stream = %(stream)s and exit is null
        ) m
        where r.stream = %(stream)s
    ), waits as (
        {" union all ".join(queue.rows for queue in QUEUES)}
    ), done as (
        delete from {{measure_waiting}}
        where stream = %(stream)s and (party, step) not in (select party, step from waits)
    )
    insert into {{measure_waiting}} as w (stream, party, step, measures, body, waiting_since)
    select %(stream)s, party, step, measures, body, waiting_since from waits cross join request
    on conflict (stream, party, step) do update set measures = excluded.measures, waiting_since = excluded.waiting_since
    where (w.measures, w.waiting_since) is distinct from (excluded.measures, excluded.waiting_since)
    """,  # noqa: S608 - literals
    REQUESTS,
    ADVICES,
    DRAFTS,
    MEASURES,
    WAITING,
)


def changes(recorded: Recorded) -> Changes:
    """A request makes rows, an advice one per measure; what happens to them moves rows and counters."""
    event = recorded.event
    of_case = {"stream": event.originator_id}
    match event.fact:
        case AdviceRequested() as fact:
            row = fact.model_dump(include={"number", "body", "office", "regime"}) | {"area": area_of(fact.body)}
            yield Change(REQUEST, of_case | row | _reached(Step.REQUESTED, fact.requested_on))
            if rules_of(fact.regime).knows_advice:
                yield Change(WAIT, of_case)
        case HomeVisited() as fact:
            yield Change(VISIT, of_case | {"day": fact.on})
            yield Change(WAIT, of_case)
        case AdviceDrafted() as fact:
            yield Change(DRAFT, of_case | {"day": fact.on})
            yield Change(WAIT, of_case)
        case AdviceGiven() as fact:
            yield Change(MOVE_REQUEST, of_case | _reached(Step.ADVICE_GIVEN, fact.on))
            for measure in fact.measures:
                row = {"measure": measure.number, "kind": measure.kind}
                yield Change(ADVISE, of_case | row | _reached(Step.ADVISED, fact.on))
            yield Change(WAIT, of_case)
        case AdviceAdopted() as fact:
            yield Change(MOVE_REQUEST, of_case | _reached(Step.ADVICE_ADOPTED, fact.on))
            yield Change(WAIT, of_case)
        case (
            MeasureOrdered()
            | MeasureInstalled()
            | MeasureVerified()
            | MeasureDeclined()
            | MeasureCancelled()
            | MeasureRemoved()
        ) as fact:
            yield Change(MOVE_MEASURE, of_case | {"measure": fact.measure} | _move(event, fact))
            yield Change(WAIT, of_case)


def _move(event: Event, fact: MeasureFact) -> dict[str, Any]:
    match fact:
        case MeasureOrdered():
            return _reached(Step.ORDERED, fact.on)
        case MeasureInstalled():
            return _reached(Step.INSTALLED, fact.on)
        case MeasureVerified():
            return _reached(Step.VERIFIED, fact.on)
        case MeasureDeclined():
            return _left(Exit.DECLINED, fact.reason, _day(event))
        case MeasureCancelled():
            return _left(Exit.CANCELLED, fact.reason, _day(event))
        case MeasureRemoved():
            return _left(Exit.REMOVED, fact.reason, fact.on)
        case _:
            assert_never(fact)


def _reached(step: Step, day: Day) -> dict[str, Any]:
    return {"step": step, "exit": None, "reason": None, "day": day}


def _left(exit_: Exit, reason: DeclineReason | CancelReason | RemovalReason, day: Day) -> dict[str, Any]:
    return {"step": None, "exit": exit_, "reason": reason, "day": day}


def _day(event: Event) -> Day:
    """Return the day of recording, for what has no day of its own."""
    return event.metadata.at.astimezone(AMSTERDAM).date()


VIEW = View(
    name="measure_progress",
    version=VERSION,
    tables=(REQUESTS, ADVICES, DRAFTS, MEASURES, WAITING, FUNNEL, MONTHS, YEARS),
    changes=changes,
    kinds=frozenset({"security_advice"}),
)


# --- requests ---------------------------------------------------------------------------------------------------------


class RequestProgress(Model):
    """How far a request has come."""

    regime: Regime
    step: Step
    requested_on: Day
    visited_on: Day | None
    """Of the first visit."""
    advised_on: Day | None
    adopted_on: Day | None


class MeasureProgress(Model):
    """How far one measure has come, and where it left its way."""

    measure: int
    kind: MeasureKind
    step: Step
    exit: Exit | None
    reason: DeclineReason | CancelReason | RemovalReason | None
    advised_on: Day
    ordered_on: Day | None
    installed_on: Day | None
    verified_on: Day | None
    ended_on: Day | None


class Wait(Model):
    """What a request waits for."""

    step: QueueStep
    measures: int | None
    """For how many of its measures; ``None`` where it waits as a whole."""
    since: Day
    """Of its measures, the first."""


class AdviceItem(OfCase):
    """One request for security advice, as far as the reader may know how far it has come."""

    number: str
    body: Identifying[BodyId]
    office: Identifying[Office]
    regime: Regime
    requested_on: Day
    visited_on: Day | None
    """Of the first visit."""
    drafted_on: Day | None
    """Of the newest draft."""
    advised_on: Day | None
    adopted_on: Day | None
    waiting_for: tuple[Wait, ...]

    def waiting(self, step: QueueStep) -> Wait:
        """Return the wait for *step*, which is one of those in ``waiting_for``."""
        return next(wait for wait in self.waiting_for if wait.step is step)


class QueueCount(Model):
    """How many wait for the same step."""

    step: QueueStep
    requests: int
    measures: int | None
    """How many of their measures; ``None`` where they wait as a whole."""


REQUEST_OF = statement(
    """
    select regime, step, requested_on, visited_on, advised_on, adopted_on
    from {measure_requests} join {measure_advices} using (stream, regime) where stream = %(stream)s
    """,
    REQUESTS,
    ADVICES,
)
MEASURES_OF = statement(
    """
    select measure, kind, step, exit, reason, advised_on, ordered_on, installed_on, verified_on, ended_on
    from {measures} where stream = %(stream)s order by measure
    """,
    MEASURES,
)

PROGRESS = """r.stream, r.number, r.body, r.office, r.regime, r.requested_on, a.visited_on, d.drafted_on, a.advised_on,
    r.adopted_on,
    (
        select coalesce(
            jsonb_agg(jsonb_build_object('step', w.step, 'measures', w.measures, 'since', w.waiting_since)), '[]'
        )
        from {measure_waiting} w where w.stream = r.stream
    ) as waiting_for"""

COUNTS = """
    select step, count(*) as requests, sum(measures) as measures from {measure_waiting} {where} group by step
"""


@dataclass(frozen=True)
class Listed:
    """Which requests stand in a list, and in which order."""

    table: str
    day: str
    order: str
    goes_on: str
    """Which requests come after a place in that order."""


NEWEST = Listed(
    table="measure_requests",
    day="requested_on",
    order="day desc, stream desc",
    goes_on="(requested_on, stream) < (%(day)s::date, %(stream)s)",
)
LONGEST_WAITING = Listed(
    table="measure_waiting",
    day="waiting_since",
    order="day, stream",
    goes_on="(waiting_since, stream) > (%(day)s::date, %(stream)s)",
)


@cache
def _list(listed: Listed, *conditions: str) -> bytes:
    """Return the statement for a page of a list: one for each way to ask, so that each finds its index."""
    where = f"where {' and '.join(conditions)}" if conditions else ""
    return statement(
        f"""
        select {PROGRESS}
        from (
            select stream, {listed.day} as day from {{{listed.table}}} {where}
            order by {listed.order} limit %(limit)s + 1
        ) l
        join {{measure_requests}} r using (stream)
        left join {{measure_advices}} a using (stream)
        left join {{measure_drafts}} d using (stream)
        order by {listed.order}
        """,  # noqa: S608 - literals
        REQUESTS,
        ADVICES,
        DRAFTS,
        WAITING,
    )


@cache
def _counts(*conditions: str) -> bytes:
    return statement(COUNTS.replace("{where}", f"where {' and '.join(conditions)}" if conditions else ""), WAITING)


def request(cursor: DatabaseCursor[DictRow], stream: str) -> RequestProgress | None:
    """Return how far the request in *stream* has come, if the reader may see it."""
    row = cursor.execute(REQUEST_OF, {"stream": stream}).fetchone()
    return RequestProgress.model_validate(row) if row else None


def measures(cursor: DatabaseCursor[DictRow], stream: str) -> list[MeasureProgress]:
    """Return the measures of the advice in *stream*, if the reader may see them."""
    return [MeasureProgress.model_validate(row) for row in cursor.execute(MEASURES_OF, {"stream": stream})]


def newest(
    cursor: DatabaseCursor[DictRow], *, body: BodyId | None = None, after: Cursor | None = None, limit: int = 50
) -> Page[AdviceItem]:
    """Return the requests that the reader may know of, the newest first: all, or those of *body*."""
    return _page(cursor, NEWEST, {"body": body}, after, limit, lambda item: item.requested_on)


def queue(
    cursor: DatabaseCursor[DictRow],
    waiting_for: QueueStep,
    *,
    body: BodyId | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> Page[AdviceItem]:
    """Return the requests that wait for a step, the longest wait first: all that the reader may know of, or of *body*.

    A public body that names itself gets the same as without, by a shorter way.
    """
    only = {"body": body, "step": waiting_for}
    return _page(cursor, LONGEST_WAITING, only, after, limit, lambda item: item.waiting(waiting_for).since)


def _page(  # noqa: PLR0913, PLR0917 - what a page of any list needs
    cursor: DatabaseCursor[DictRow],
    listed: Listed,
    only: dict[str, str | None],
    after: Cursor | None,
    limit: int,
    day: Callable[[AdviceItem], Day],
) -> Page[AdviceItem]:
    conditions = [f"{name} = %({name})s" for name, value in only.items() if value is not None]
    place = dict(zip(("day", "stream"), after or (), strict=False))
    statement_ = _list(listed, *conditions, *([listed.goes_on] if after else ()))
    rows = cursor.execute(statement_, only | place | {"limit": limit}).fetchall()
    return page([_item(row) for row in rows], limit, lambda item: (day(item).isoformat(), item.stream))


def _item(row: DictRow) -> AdviceItem:
    waits = sorted(row["waiting_for"], key=lambda wait: list(QueueStep).index(QueueStep(wait["step"])))
    return AdviceItem.model_validate({**row, "waiting_for": waits})


def counts(cursor: DatabaseCursor[DictRow], *, body: BodyId | None = None) -> list[QueueCount]:
    """Return how many requests wait for each step, in order: of all that the reader may know of, or those of *body*."""
    found = cursor.execute(_counts(*(["body = %(body)s"] if body is not None else ())), {"body": body})
    by_step = {row["step"]: row for row in found}
    return [QueueCount.model_validate(by_step[step]) for step in QueueStep if step in by_step]
