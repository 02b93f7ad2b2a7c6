"""How far have requests for the security of homes come, what do they wait for, and are measures really installed?

A row about a case is for the parties that may see every fact it is made of: what a request has come to stands in
several tables, so that each can see their part. Counters hold no case. In the funnel a request or a measure is counted
in exactly one place: the last step it reached, with the reason of its exit where it left there. In months and years it
is counted once for each step it reached and once for its exit, by the day on which that happened. What may be told of
the counters, and to whom, says measure_figures.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, assert_never, get_args

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact, Party, PersonId
from domain.bodies import BodyId
from domain.people import Office
from domain.rules.home_security import Regime, rules_of
from domain.security_advice import (
    AdviceAdopted,
    AdviceDrafted,
    AdviceGiven,
    AdviceRequested,
    AdvisedMeasure,
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
from services.projections.rows import Row, Rows
from services.projections.tables import Kept, Table, statement
from services.projections.views import Cursor, OfCase, Page, View, page

VERSION = 3
"""1 knew neither what a request waits for nor months, years and provinces, 2 not who installed a measure."""


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
Reason = DeclineReason | CancelReason | RemovalReason
"""Why a measure left its way."""


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
        step text not null,
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
        step text not null,
        exit text,
        reason text,
        advised_on date not null,
        ordered_on date,
        installed_on date,
        installer text,
        verified_on date,
        ended_on date,
        primary key (stream, measure)
    """,
    key=("stream", "measure"),
    visible=for_parties("measures"),
)

# What a request waits for follows from the tables above, as far as a party knows them: each has rows of its own. To the
# public body a request waits for advice, whether there is a draft or not. Auditors see what the advisers see. It is not
# for whoever installed all the measures that are to be verified: somebody else does that.
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
        not_for text,
        primary key (stream, party, step)
    """,
    key=("stream", "party", "step"),
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
    key=("regime", "step", "exit", "reason"),
    kept=Kept.COUNTS,
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
    key=("regime", "month", "step", "exit", "reason"),
    kept=Kept.COUNTS,
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
    key=("regime", "year", "area", "step", "exit", "reason"),
    kept=Kept.COUNTS,
    visible=FOR_FIGURES,
)

# --- from facts to rows -----------------------------------------------------------------------------------------------


def project(rows: Rows, recorded: Recorded) -> None:
    """A request makes rows, an advice one per measure; what happens to them moves rows and counters."""
    event = recorded.event
    stream = event.originator_id
    match event.fact:
        case AdviceRequested() as fact:
            _request(rows, stream, fact)
        case HomeVisited() as fact:
            visited = rows.row(ADVICES, stream)["visited_on"]
            rows.change(ADVICES, stream, visited_on=min(visited or fact.on, fact.on))
        case AdviceDrafted() as fact:
            rows.put(DRAFTS, {"stream": stream, "drafted_on": fact.on})
        case AdviceGiven() as fact:
            _move(rows, ADVICES, (stream,), Step.ADVICE_GIVEN, fact.on, "advised_on")
            for measure in fact.measures:
                _advise(rows, stream, measure, fact.on)
        case AdviceAdopted() as fact:
            rows.change(REQUESTS, stream, adopted_on=fact.on)
            _move(rows, ADVICES, (stream,), Step.ADVICE_ADOPTED, fact.on)
        case (
            MeasureOrdered()
            | MeasureInstalled()
            | MeasureVerified()
            | MeasureDeclined()
            | MeasureCancelled()
            | MeasureRemoved()
        ) as fact:
            _happen(rows, event, fact)
        case _:
            return
    rows.replace(WAITING, stream, _waits(rows, stream))


def _happen(rows: Rows, event: Event, fact: MeasureFact) -> None:
    measure = (event.originator_id, fact.measure)
    match fact:
        case MeasureOrdered():
            _move(rows, MEASURES, measure, Step.ORDERED, fact.on, "ordered_on")
        case MeasureInstalled():
            _move(rows, MEASURES, measure, Step.INSTALLED, fact.on, "installed_on")
            rows.change(MEASURES, *measure, installer=fact.installer)
        case MeasureVerified():
            _move(rows, MEASURES, measure, Step.VERIFIED, fact.on, "verified_on")
        case MeasureDeclined():
            _leave(rows, measure, Exit.DECLINED, fact.reason, _day(event))
        case MeasureCancelled():
            _leave(rows, measure, Exit.CANCELLED, fact.reason, _day(event))
        case MeasureRemoved():
            _leave(rows, measure, Exit.REMOVED, fact.reason, fact.on)
        case _:
            assert_never(fact)


def _request(rows: Rows, stream: str, fact: AdviceRequested) -> None:
    requested = {"number": fact.number, "body": fact.body, "office": fact.office, "requested_on": fact.requested_on}
    rows.put(REQUESTS, {"stream": stream, "regime": fact.regime, "adopted_on": None} | requested)
    begun = {"step": Step.REQUESTED, "visited_on": None, "advised_on": None}
    advice = {"stream": stream, "regime": fact.regime, "area": area_of(fact.body)} | begun
    rows.put(ADVICES, advice)
    _stand(rows, advice, 1)
    _reach(rows, advice, fact.requested_on, Step.REQUESTED)


def _advise(rows: Rows, stream: str, advised: AdvisedMeasure, day: Day) -> None:
    advice = rows.row(ADVICES, stream)
    measure = {
        "stream": stream,
        "measure": advised.number,
        "kind": advised.kind,
        "regime": advice["regime"],
        "area": advice["area"],
        "step": Step.ADVISED,
        "exit": None,
        "reason": None,
        "advised_on": day,
        "ordered_on": None,
        "installed_on": None,
        "installer": None,
        "verified_on": None,
        "ended_on": None,
    }
    rows.put(MEASURES, measure)
    _stand(rows, measure, 1)
    _reach(rows, measure, day, Step.ADVISED)


def _move(  # noqa: PLR0913, PLR0917 - which one, where to, and when
    rows: Rows, table: Table, key: tuple[Any, ...], step: Step, day: Day, column: str | None = None
) -> None:
    """Let a request or a measure come to *step*; the *column* says on which day."""
    _stand(rows, rows.row(table, *key), -1)
    moved = rows.change(table, *key, step=step, **({column: day} if column else {}))
    _stand(rows, moved, 1)
    _reach(rows, moved, day, step)


def _leave(rows: Rows, key: tuple[str, int], exit_: Exit, reason: Reason, day: Day) -> None:
    """Let a measure leave its way."""
    _stand(rows, rows.row(MEASURES, *key), -1)
    left = rows.change(MEASURES, *key, exit=exit_, reason=reason, ended_on=day)
    _stand(rows, left, 1)
    _reach(rows, left, day, None, exit_, reason)


def _stand(rows: Rows, row: Row, by: int) -> None:
    """Count in the funnel one more, or less, where a request or a measure stands."""
    left = {"exit": row.get("exit"), "reason": row.get("reason")}
    rows.count(FUNNEL, by, regime=row["regime"], step=row["step"], **left)


def _reach(  # noqa: PLR0913, PLR0917 - what it came to, and when
    rows: Rows, row: Row, day: Day, step: Step | None, exit_: Exit | None = None, reason: Reason | None = None
) -> None:
    """Count in its month and its year that a request or a measure came to a step, or left."""
    what = {"regime": row["regime"], "step": step, "exit": exit_, "reason": reason}
    rows.count(MONTHS, 1, month=day.replace(day=1), **what)
    rows.count(YEARS, 1, year=day.year, area=row["area"], **what)


def _day(event: Event) -> Day:
    """Return the day of recording, for what has no day of its own."""
    return event.metadata.at.astimezone(AMSTERDAM).date()


# --- what a request waits for -----------------------------------------------------------------------------------------

TO_BE_GIVEN = parties((AdviceRequested, HomeVisited, AdviceGiven))
TO_BE_DRAFTED = parties((AdviceRequested, HomeVisited, AdviceDrafted, AdviceGiven))


def _waits(rows: Rows, stream: str) -> Iterator[Row]:
    """Yield what the request in *stream* waits for, once for each party that may see what that follows from."""
    request, advice = rows.row(REQUESTS, stream), rows.row(ADVICES, stream)
    if not rules_of(Regime(request["regime"])).knows_advice:
        return
    drafted_on = (rows.get(DRAFTS, stream) or {}).get("drafted_on")
    measures = [measure for measure in rows.of(MEASURES, stream) if measure["exit"] is None]
    installed = {measure["installer"] for measure in measures if measure["step"] == Step.INSTALLED}
    installer = installed.pop() if len(installed) == 1 else None
    for step, since, whom, of_measures in _steps(request, advice, drafted_on, measures):
        not_for = installer if step is QueueStep.VERIFY else None
        for party in whom:
            of_party = {"stream": stream, "party": party, "step": step, "body": request["body"], "not_for": not_for}
            yield of_party | {"waiting_since": since, "measures": of_measures}


Waiting = tuple[QueueStep, Day, frozenset[Party], int | None]
"""For what, since when, to whom, and for how many of the measures: ``None`` where the request waits as a whole."""


def _steps(request: Row, advice: Row, drafted_on: Day | None, measures: Sequence[Row]) -> Iterator[Waiting]:
    """Yield what a request waits for. Who may not know of drafts sees one step where the others see two."""
    visited_on, advised_on, adopted_on = advice["visited_on"], advice["advised_on"], request["adopted_on"]
    if advised_on is None and visited_on is None:
        yield QueueStep.VISIT, request["requested_on"], TO_BE_GIVEN, None
    if advised_on is None and visited_on is not None:
        yield QueueStep.ADVISE, visited_on, TO_BE_GIVEN - TO_BE_DRAFTED, None
        if drafted_on is None:
            yield QueueStep.DRAFT, visited_on, TO_BE_DRAFTED, None
    if advised_on is None and drafted_on is not None:
        yield QueueStep.FIX, drafted_on, TO_BE_DRAFTED, None
    if advised_on is not None and adopted_on is None:
        yield QueueStep.ADOPT, advised_on, MAY_SEE, None
    if adopted_on is not None:
        for step, at, day in (
            (QueueStep.ORDER, Step.ADVISED, None),
            (QueueStep.INSTALL, Step.ORDERED, "ordered_on"),
            (QueueStep.VERIFY, Step.INSTALLED, "installed_on"),
        ):
            there = [measure for measure in measures if measure["step"] == at]
            if there:
                # Where several wait, the request does since the first of them came to that step.
                yield step, min(measure[day] for measure in there) if day else adopted_on, MAY_SEE, len(there)


VIEW = View(
    name="measure_progress",
    version=VERSION,
    tables=(REQUESTS, ADVICES, DRAFTS, MEASURES, WAITING, FUNNEL, MONTHS, YEARS),
    project=project,
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
    reason: Reason | None
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


def queue(  # noqa: PLR0913 - what a page of this list needs
    cursor: DatabaseCursor[DictRow],
    waiting_for: QueueStep,
    *,
    body: BodyId | None = None,
    person: PersonId | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> Page[AdviceItem]:
    """Return the requests that wait for a step, the longest wait first: all that the reader may know of, or of *body*.

    A public body that names itself gets the same as without, by a shorter way. Of a *person*: without those in which
    the step is for somebody else.
    """
    only = {"body": body, "step": waiting_for, "person": person}
    return _page(cursor, LONGEST_WAITING, only, after, limit, lambda item: item.waiting(waiting_for).since)


def _page(  # noqa: PLR0913, PLR0917 - what a page of any list needs
    cursor: DatabaseCursor[DictRow],
    listed: Listed,
    only: dict[str, str | None],
    after: Cursor | None,
    limit: int,
    day: Callable[[AdviceItem], Day],
) -> Page[AdviceItem]:
    conditions = _conditions(only)
    place = dict(zip(("day", "stream"), after or (), strict=False))
    statement_ = _list(listed, *conditions, *([listed.goes_on] if after else ()))
    rows = cursor.execute(statement_, only | place | {"limit": limit}).fetchall()
    return page([_item(row) for row in rows], limit, lambda item: (day(item).isoformat(), item.stream))


def _conditions(only: Mapping[str, str | None]) -> list[str]:
    """Return which rows are asked for: for a person, all but those that are for somebody else."""
    say = {"person": "not_for is distinct from %(person)s"}
    return [say.get(name, f"{name} = %({name})s") for name, value in only.items() if value is not None]


def _item(row: DictRow) -> AdviceItem:
    waits = sorted(row["waiting_for"], key=lambda wait: list(QueueStep).index(QueueStep(wait["step"])))
    return AdviceItem.model_validate({**row, "waiting_for": waits})


def counts(
    cursor: DatabaseCursor[DictRow], *, body: BodyId | None = None, person: PersonId | None = None
) -> list[QueueCount]:
    """Return how many requests wait for each step, in order: as many as ``queue`` returns."""
    only = {"body": body, "person": person}
    found = cursor.execute(_counts(*_conditions(only)), only)
    by_step = {row["step"]: row for row in found}
    return [QueueCount.model_validate(by_step[step]) for step in QueueStep if step in by_step]
