"""How far have measures for the security of homes come, and are they really installed?

A row per request and a row per measure, for the parties that may see every fact a row is made of; and counters without
any case, for the ministry. A request or a measure is counted in exactly one place: the last step it reached, with the
reason of its exit where it left there. All else (how many reached a step, how many still wait at it) follows from that.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any, assert_never, get_args

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact, Party
from domain.rules.home_security import Regime
from domain.security_advice import (
    AdviceAdopted,
    AdviceGiven,
    AdviceRequested,
    CancelReason,
    DeclineReason,
    MeasureCancelled,
    MeasureDeclined,
    MeasureInstalled,
    MeasureKind,
    MeasureOrdered,
    MeasureRemoved,
    MeasureVerified,
    RemovalReason,
)
from domain.values import AMSTERDAM, CodeList, Day, Model
from infra.events import Event
from infra.eventstore import Recorded
from services.projections.views import Change, Changes, Table, View, statement

VERSION = 1


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


OF_A_REQUEST = (Step.REQUESTED, Step.ADVICE_GIVEN, Step.ADVICE_ADOPTED)
OF_A_MEASURE = (Step.ADVISED, Step.ORDERED, Step.INSTALLED, Step.VERIFIED)

MeasureFact = MeasureOrdered | MeasureInstalled | MeasureVerified | MeasureDeclined | MeasureCancelled | MeasureRemoved
"""What happens to one measure."""

SHOWN: tuple[type[Fact], ...] = (AdviceRequested, AdviceGiven, AdviceAdopted, *get_args(MeasureFact))
"""The facts that a row is made of."""


def parties(facts: Iterable[type[Fact]]) -> frozenset[Party]:
    """Return who may see every one of *facts*, and so a row that tells of all of them."""
    return frozenset(Party).intersection(*(fact.audience for fact in facts))


MAY_SEE = parties(SHOWN)
PARTIES = ", ".join(f"'{party.value}'" for party in sorted(MAY_SEE))

REQUESTS = Table(
    name="measure_requests",
    version=VERSION,
    columns="""
        stream text collate "C" primary key,
        regime text not null,
        step text not null default 'requested',
        requested_on date not null,
        advised_on date,
        adopted_on date
    """,
    visible=f"""
        {{is_auditor}} or exists (
            select from views.access a where a.stream = {{measure_requests}}.stream and a.party in ({PARTIES})
        )
    """,
)

MEASURES = Table(
    name="measures",
    version=VERSION,
    columns="""
        stream text collate "C" not null,
        measure integer not null,
        kind text not null,
        regime text not null,
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
    visible=f"""
        {{is_auditor}} or exists (
            select from views.access a where a.stream = {{measures}}.stream and a.party in ({PARTIES})
        )
    """,
)

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
    visible="{is_auditor} or {role} in ('ministry_analyst', 'bva')",
)

# --- statements -------------------------------------------------------------------------------------------------------

COUNT = """
    insert into {measure_funnel} as f (regime, step, exit, reason, count)
    select regime, step, exit, reason, sum(n) from moves group by regime, step, exit, reason having sum(n) <> 0
    on conflict (regime, step, exit, reason) do update set count = f.count + excluded.count
"""


def counted(template: str, *tables: Table) -> bytes:
    """Return a statement that moves a row and with it, by what the row said before and says after, the counters."""
    return statement(f"{template}\n{COUNT}", *tables, FUNNEL)


REQUEST = counted(
    """
    with after as (
        insert into {measure_requests} (stream, regime, requested_on)
        values (%(stream)s, %(regime)s, %(requested_on)s)
        returning regime, step
    ), moves as (
        select regime, step, null::text as exit, null::text as reason, 1 as n from after
    )
    """,
    REQUESTS,
)

MOVE_REQUEST = counted(
    """
    with before as (
        select regime, step from {measure_requests} where stream = %(stream)s
    ), after as (
        update {measure_requests} set
            step = %(step)s,
            advised_on = coalesce(%(advised_on)s, advised_on),
            adopted_on = coalesce(%(adopted_on)s, adopted_on)
        where stream = %(stream)s
        returning regime, step
    ), moves as (
        select regime, step, null::text as exit, null::text as reason, -1 as n from before
        union all
        select regime, step, null, null, 1 from after
    )
    """,
    REQUESTS,
)

ADVISE = counted(
    """
    with after as (
        insert into {measures} (stream, measure, kind, regime, advised_on)
        select stream, %(measure)s, %(kind)s, regime, %(advised_on)s
        from {measure_requests} where stream = %(stream)s
        returning regime, step
    ), moves as (
        select regime, step, null::text as exit, null::text as reason, 1 as n from after
    )
    """,
    REQUESTS,
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
            ordered_on = coalesce(%(ordered_on)s, ordered_on),
            installed_on = coalesce(%(installed_on)s, installed_on),
            verified_on = coalesce(%(verified_on)s, verified_on),
            ended_on = coalesce(%(ended_on)s, ended_on)
        where stream = %(stream)s and measure = %(measure)s
        returning regime, step, exit, reason
    ), moves as (
        select regime, step, exit, reason, -1 as n from before
        union all
        select regime, step, exit, reason, 1 from after
    )
    """,
    MEASURES,
)

STILL = dict.fromkeys(("step", "exit", "reason", "ordered_on", "installed_on", "verified_on", "ended_on"))


def changes(recorded: Recorded) -> Changes:
    """A request makes a row, an advice one per measure; what happens to them moves the row and the counters."""
    event = recorded.event
    of_case = {"stream": event.originator_id}
    match event.fact:
        case AdviceRequested() as fact:
            yield Change(REQUEST, of_case | {"regime": fact.regime, "requested_on": fact.requested_on})
        case AdviceGiven() as fact:
            day = _day(event)
            yield Change(MOVE_REQUEST, of_case | {"step": Step.ADVICE_GIVEN, "advised_on": day, "adopted_on": None})
            for measure in fact.measures:
                yield Change(ADVISE, of_case | {"measure": measure.number, "kind": measure.kind, "advised_on": day})
        case AdviceAdopted() as fact:
            adopted = {"step": Step.ADVICE_ADOPTED, "advised_on": None, "adopted_on": fact.on}
            yield Change(MOVE_REQUEST, of_case | adopted)
        case (
            MeasureOrdered()
            | MeasureInstalled()
            | MeasureVerified()
            | MeasureDeclined()
            | MeasureCancelled()
            | MeasureRemoved()
        ) as fact:
            yield Change(MOVE_MEASURE, of_case | STILL | {"measure": fact.measure} | _move(event, fact))


def _move(event: Event, fact: MeasureFact) -> dict[str, Any]:
    match fact:
        case MeasureOrdered():
            return {"step": Step.ORDERED, "ordered_on": fact.on}
        case MeasureInstalled():
            return {"step": Step.INSTALLED, "installed_on": fact.on}
        case MeasureVerified():
            return {"step": Step.VERIFIED, "verified_on": fact.on}
        case MeasureDeclined():
            return {"exit": Exit.DECLINED, "reason": fact.reason, "ended_on": _day(event)}
        case MeasureCancelled():
            return {"exit": Exit.CANCELLED, "reason": fact.reason, "ended_on": _day(event)}
        case MeasureRemoved():
            return {"exit": Exit.REMOVED, "reason": fact.reason, "ended_on": fact.on}
        case _:
            assert_never(fact)


def _day(event: Event) -> Day:
    """Return the day of recording, for what has no day of its own."""
    return event.metadata.at.astimezone(AMSTERDAM).date()


VIEW = View(
    name="measure_progress",
    version=VERSION,
    tables=(REQUESTS, MEASURES, FUNNEL),
    changes=changes,
    kinds=frozenset({"security_advice"}),
)


# --- queries ----------------------------------------------------------------------------------------------------------


class RequestProgress(Model):
    """How far a request has come."""

    regime: Regime
    step: Step
    requested_on: Day
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


class FunnelExit(Model):
    """How many left at a step, and why."""

    exit: Exit
    reason: DeclineReason | CancelReason | RemovalReason
    count: int


class FunnelStep(Model):
    """One step of the funnel."""

    step: Step
    reached: int
    """How many came as far as this or further."""
    open: int
    """How many stand here: they have gone no further and not left. At the last step that is where they should be."""
    exits: tuple[FunnelExit, ...]
    """How many left from here, by reason."""


class Funnel(Model):
    """What became of requests and measures under one set of rules."""

    regime: Regime
    requests: tuple[FunnelStep, ...]
    measures: tuple[FunnelStep, ...]


REQUEST_OF = statement(
    "select regime, step, requested_on, advised_on, adopted_on from {measure_requests} where stream = %(stream)s",
    REQUESTS,
)
MEASURES_OF = statement(
    """
    select measure, kind, step, exit, reason, advised_on, ordered_on, installed_on, verified_on, ended_on
    from {measures} where stream = %(stream)s order by measure
    """,
    MEASURES,
)
COUNTERS = statement(
    "select regime, step, exit, reason, count from {measure_funnel} where count > 0 order by regime, exit, reason",
    FUNNEL,
)


def request(cursor: DatabaseCursor[DictRow], stream: str) -> RequestProgress | None:
    """Return how far the request in *stream* has come, if the reader may see it."""
    row = cursor.execute(REQUEST_OF, {"stream": stream}).fetchone()
    return RequestProgress.model_validate(row) if row else None


def measures(cursor: DatabaseCursor[DictRow], stream: str) -> list[MeasureProgress]:
    """Return the measures of the advice in *stream*, if the reader may see them."""
    return [MeasureProgress.model_validate(row) for row in cursor.execute(MEASURES_OF, {"stream": stream})]


def funnel(cursor: DatabaseCursor[DictRow]) -> list[Funnel]:
    """Return the funnel of each set of rules under which there was a request."""
    rows = cursor.execute(COUNTERS).fetchall()
    return [
        Funnel(regime=regime, requests=_steps(OF_A_REQUEST, counters), measures=_steps(OF_A_MEASURE, counters))
        for regime, counters in ((name, list(group)) for name, group in groupby(rows, lambda row: row["regime"]))
    ]


def _steps(steps: tuple[Step, ...], counters: list[DictRow]) -> tuple[FunnelStep, ...]:
    return tuple(
        FunnelStep(
            step=step,
            reached=sum(row["count"] for row in counters if row["step"] in steps[n:]),
            open=sum(row["count"] for row in counters if row["step"] == step and row["exit"] is None),
            exits=tuple(
                FunnelExit(exit=row["exit"], reason=row["reason"], count=row["count"])
                for row in counters
                if row["step"] == step and row["exit"] is not None
            ),
        )
        for n, step in enumerate(steps)
    )
