"""How far have requests and measures come, and what do they wait for?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import accumulate

import pytest

from domain.basis import Actor, Fact, Party, PersonId, StreamId
from domain.people import Office
from domain.rules.home_security import Regime, rules_of
from domain.security_advice import (
    SECURITY_ADVICE,
    AdoptAdvice,
    CancelMeasure,
    CancelReason,
    DeclineMeasure,
    DeclineReason,
    DraftAdvice,
    GiveAdvice,
    HomeVisited,
    InstallMeasure,
    Measure,
    MeasureKind,
    MeasureStatus,
    OrderMeasure,
    RecordHomeVisit,
    RemovalReason,
    RemoveMeasure,
    SecurityAdvice,
    VerifyMeasure,
    Visitor,
)
from domain.values import AMSTERDAM as NETHERLANDS
from infra.database import Database
from infra.eventstore import CaseStore, Recorded
from services.projections import measure_progress
from services.projections.areas import area_of
from services.projections.measure_progress import (
    AdviceItem,
    Exit,
    MeasureProgress,
    QueueCount,
    QueueStep,
    RequestProgress,
    Step,
    Wait,
)
from services.projections.runner import Runner
from tests.domain.scenario import NOW, TODAY, YESTERDAY
from tests.log_of import log_of
from tests.services.projections.network import (
    AMSTERDAM,
    AUDITOR,
    BVA,
    CCV,
    COLLEAGUE,
    STEUNPUNT,
    TEAM,
    THE_HAGUE,
    Network,
    a_measure,
    a_request,
    random_history,
    rows,
)
from tests.services.projections.test_lists import in_pages

TWO_DAYS_AGO = TODAY - timedelta(days=2)


# --- one request ------------------------------------------------------------------------------------------------------


def test_a_request_shows_how_far_it_has_come(database: Database, network: Network, runner: Runner) -> None:
    """With the day on which each step was taken, whenever that was recorded; of several visits the first."""
    stream = network.give(a_request(requested_on=date(2026, 3, 1)), AMSTERDAM)
    network.give(RecordHomeVisit(visitor=Visitor.BVA, on=date(2026, 3, 9)), BVA, stream)
    network.give(RecordHomeVisit(visitor=Visitor.CCV, on=date(2026, 3, 4)), CCV, stream)
    network.give(GiveAdvice(measures=(a_measure(),), on=date(2026, 3, 12)), BVA, stream)
    network.give(AdoptAdvice(on=date(2026, 3, 17)), AMSTERDAM, stream)
    runner.catch_up()

    with database.reading(AMSTERDAM) as cursor:
        assert measure_progress.request(cursor, stream) == RequestProgress(
            regime=Regime.PROVISION_2024,
            step=Step.ADVICE_ADOPTED,
            requested_on=date(2026, 3, 1),
            visited_on=date(2026, 3, 4),
            advised_on=date(2026, 3, 12),
            adopted_on=date(2026, 3, 17),
        )
        assert measure_progress.request(cursor, "security_advice:unknown") is None


def test_a_measure_shows_how_far_it_has_come(database: Database, network: Network, runner: Runner) -> None:
    """With the day of each step; where it left its way, with the reason."""
    stream = network.give(a_request(requested_on=date(2026, 3, 1)), AMSTERDAM)
    kinds = (MeasureKind.PHYSICAL, MeasureKind.ELECTRONIC, MeasureKind.DIGITAL)
    network.give(GiveAdvice(measures=tuple(map(a_measure, kinds)), on=date(2026, 3, 8)), BVA, stream)
    network.give(AdoptAdvice(on=date(2026, 3, 8)), AMSTERDAM, stream)
    for day, command in enumerate((OrderMeasure, InstallMeasure), start=10):
        network.give(command(measure=1, on=date(2026, 3, day)), AMSTERDAM, stream)
    network.give(VerifyMeasure(measure=1, on=date(2026, 3, 12)), COLLEAGUE, stream)
    removal = RemoveMeasure(measure=1, on=date(2026, 3, 13), reason=RemovalReason.MOVED_HOME)
    network.give(removal, AMSTERDAM, stream)
    network.at = NOW + timedelta(days=1)
    network.give(DeclineMeasure(measure=2, reason=DeclineReason.OWNER_REFUSES), BVA, stream)
    runner.catch_up()

    with database.reading(BVA) as cursor:
        found = measure_progress.measures(cursor, stream)

    assert found == [
        MeasureProgress(
            measure=1,
            kind=MeasureKind.PHYSICAL,
            step=Step.VERIFIED,
            exit=Exit.REMOVED,
            reason=RemovalReason.MOVED_HOME,
            advised_on=date(2026, 3, 8),
            ordered_on=date(2026, 3, 10),
            installed_on=date(2026, 3, 11),
            verified_on=date(2026, 3, 12),
            ended_on=date(2026, 3, 13),
        ),
        MeasureProgress(
            measure=2,
            kind=MeasureKind.ELECTRONIC,
            step=Step.ADVISED,
            exit=Exit.DECLINED,
            reason=DeclineReason.OWNER_REFUSES,
            advised_on=date(2026, 3, 8),
            ordered_on=None,
            installed_on=None,
            verified_on=None,
            ended_on=TODAY + timedelta(days=1),
        ),
        MeasureProgress(
            measure=3,
            kind=MeasureKind.DIGITAL,
            step=Step.ADVISED,
            exit=None,
            reason=None,
            advised_on=date(2026, 3, 8),
            ordered_on=None,
            installed_on=None,
            verified_on=None,
            ended_on=None,
        ),
    ]


def test_rows_are_for_those_who_may_see_all_that_they_tell() -> None:
    """Everybody may know of a request; how far it has come is not for its requester, and drafts are for advisers."""
    assert {name: measure_progress.parties(facts) for name, facts in measure_progress.TELLS.items()} == {
        "measure_requests": {Party.OWNER, Party.REQUESTER, Party.ADVISER},
        "measure_advices": {Party.OWNER, Party.ADVISER},
        "measure_drafts": {Party.ADVISER},
        "measures": {Party.OWNER, Party.ADVISER},
    }
    assert {Party.OWNER, Party.ADVISER} == measure_progress.MAY_SEE


# --- what requests wait for -------------------------------------------------------------------------------------------


def waiting(database: Database, runner: Runner, reader: Actor) -> list[Wait]:
    """Return what the one request waits for, as far as *reader* may know."""
    runner.catch_up()
    with database.reading(reader) as cursor:
        (item,) = measure_progress.newest(cursor).items
    return list(item.waiting_for)


def test_a_request_waits_for_one_step_after_the_other(database: Database, network: Network, runner: Runner) -> None:
    """First as a whole, then each of its measures. Who may not know of drafts sees it wait for advice."""
    stream = network.give(a_request(), TEAM)
    found = [(waiting(database, runner, AMSTERDAM), waiting(database, runner, CCV))]
    steps = (
        (RecordHomeVisit(visitor=Visitor.CCV), CCV),
        (DraftAdvice(measures=(a_measure(),)), CCV),
        (GiveAdvice(measures=(a_measure(), a_measure(), a_measure())), BVA),
        (AdoptAdvice(), AMSTERDAM),
        (OrderMeasure(measure=1), AMSTERDAM),
        (CancelMeasure(measure=2, reason=CancelReason.INFEASIBLE), BVA),
        (InstallMeasure(measure=1), AMSTERDAM),
        (OrderMeasure(measure=3), AMSTERDAM),
        (VerifyMeasure(measure=1), BVA),
        (InstallMeasure(measure=3), AMSTERDAM),
        (VerifyMeasure(measure=3), BVA),
    )
    for command, by in steps:
        network.give(command, by, stream)
        found.append((waiting(database, runner, AMSTERDAM), waiting(database, runner, CCV)))

    def whole(step: QueueStep) -> list[Wait]:
        return [Wait(step=step, measures=None, since=TODAY)]

    def of_measures(**steps: int) -> list[Wait]:
        return [Wait(step=QueueStep(step), measures=measures, since=TODAY) for step, measures in steps.items()]

    assert found[:4] == [
        (whole(QueueStep.VISIT), whole(QueueStep.VISIT)),
        (whole(QueueStep.ADVISE), whole(QueueStep.DRAFT)),
        (whole(QueueStep.ADVISE), whole(QueueStep.FIX)),
        (whole(QueueStep.ADOPT), whole(QueueStep.ADOPT)),
    ]
    assert [of_body for of_body, _ in found[4:]] == [of_advisers for _, of_advisers in found[4:]]
    assert [of_body for of_body, _ in found[4:]] == [
        of_measures(order=3),
        of_measures(order=2, install=1),
        of_measures(order=1, install=1),
        of_measures(order=1, verify=1),
        of_measures(install=1, verify=1),
        of_measures(install=1),
        of_measures(verify=1),
        [],
    ]


def test_an_item_tells_what_its_reader_may_know(database: Database, network: Network, runner: Runner) -> None:
    """Whoever requested the advice sees that it was adopted, and neither the visit nor a draft nor what comes next."""
    stream = network.give(a_request(requested_on=date(2026, 3, 1)), TEAM)
    network.give(RecordHomeVisit(visitor=Visitor.CCV, on=TWO_DAYS_AGO), CCV, stream)
    network.give(DraftAdvice(measures=(a_measure(),), on=TWO_DAYS_AGO), CCV, stream)
    network.give(DraftAdvice(measures=(a_measure(),), on=YESTERDAY), CCV, stream)
    network.give(GiveAdvice(measures=(a_measure(),)), BVA, stream)
    network.give(AdoptAdvice(), AMSTERDAM, stream)
    runner.catch_up()
    found = {}
    for reader in (TEAM, AMSTERDAM, BVA, CCV, AUDITOR, THE_HAGUE, STEUNPUNT):
        with database.reading(reader) as cursor:
            found[reader.role, reader.organisation] = list(measure_progress.newest(cursor).items)

    known = AdviceItem(
        stream=stream,
        number="BA-2026-000001",
        body="gm0363",
        office=Office.BURGEMEESTER,
        regime=Regime.PROVISION_2024,
        requested_on=date(2026, 3, 1),
        visited_on=None,
        drafted_on=None,
        advised_on=None,
        adopted_on=TODAY,
        waiting_for=(),
    )
    order = (Wait(step=QueueStep.ORDER, measures=1, since=TODAY),)
    to_body = known.model_copy(update={"visited_on": TWO_DAYS_AGO, "advised_on": TODAY, "waiting_for": order})
    to_advisers = to_body.model_copy(update={"drafted_on": YESTERDAY})
    assert list(found.values()) == [[known], [to_body], [to_advisers], [to_advisers], [to_advisers], [], []]


def test_requests_of_before_there_was_advice_wait_for_nothing(
    database: Database, network: Network, runner: Runner
) -> None:
    """Costs were reimbursed afterwards."""
    network.give(a_request(requested_on=date(2022, 6, 1)), AMSTERDAM)

    assert waiting(database, runner, BVA) == []


def three_requests(network: Network) -> list[StreamId]:
    """Make three requests that wait for a visit, of two bodies; return them from the oldest to the newest."""
    youngest = network.give(a_request(requested_on=date(2026, 3, 3)), AMSTERDAM)
    oldest = network.give(a_request("gm0518", requested_on=date(2026, 3, 1)), TEAM)
    middle = network.give(a_request(requested_on=date(2026, 3, 2)), TEAM)
    return [oldest, middle, youngest]


def test_a_queue_begins_with_the_longest_wait(database: Database, network: Network, runner: Runner) -> None:
    """A list of all requests begins with the newest. Both over pages."""
    requests = three_requests(network)
    visited = network.give(a_request(requested_on=date(2026, 2, 1)), AMSTERDAM)
    network.give(RecordHomeVisit(visitor=Visitor.CCV), CCV, visited)
    same_day = sorted(network.give(a_request(requested_on=date(2026, 3, 4)), TEAM) for _ in range(3))
    runner.catch_up()

    with database.reading(CCV) as cursor:
        queue = in_pages(lambda **more: measure_progress.queue(cursor, QueueStep.VISIT, **more))
        newest = in_pages(lambda **more: measure_progress.newest(cursor, **more))
        drafts = measure_progress.queue(cursor, QueueStep.DRAFT).items

    assert [item.stream for item in queue] == [*requests, *same_day]
    assert [item.stream for item in newest] == [visited, *requests, *same_day][::-1]
    assert [item.stream for item in drafts] == [visited]


def test_the_age_of_a_wait_is_not_that_of_the_request(database: Database, network: Network, runner: Runner) -> None:
    """Each queue follows the day of the step before, over pages; of its measures a request has the first one's."""
    days = (date(2026, 3, 8), date(2026, 3, 4), date(2026, 3, 6), date(2026, 3, 4))
    streams = [network.give(a_request(requested_on=date(2026, 3, n)), AMSTERDAM) for n in (1, 2, 3, 3)]
    expected = [stream for _, stream in sorted(zip(days, streams, strict=True))]
    measures = (a_measure(), a_measure())

    def queues(step: QueueStep, days_later: int = 0) -> list[tuple[list[str], list[date]]]:
        runner.catch_up()
        later = timedelta(days=days_later)
        found = []
        for reader in (AMSTERDAM, BVA):
            with database.reading(reader) as cursor:
                items = in_pages(lambda **more: measure_progress.queue(cursor, step, **more))
            found.append(([item.stream for item in items], [item.waiting(step).since - later for item in items]))
        return found

    in_order = (expected, sorted(days))
    for stream, day in zip(streams, days, strict=True):
        network.give(RecordHomeVisit(visitor=Visitor.CCV, on=day), CCV, stream)
    assert queues(QueueStep.ADVISE)[0] == queues(QueueStep.DRAFT)[1] == in_order
    for stream, day in zip(streams, days, strict=True):
        network.give(DraftAdvice(measures=measures, on=day - timedelta(days=1)), CCV, stream)
        network.give(DraftAdvice(measures=measures, on=day), CCV, stream)
    assert queues(QueueStep.FIX) == [([], []), in_order]
    for stream, day in zip(streams, days, strict=True):
        network.give(GiveAdvice(measures=measures, on=day), BVA, stream)
    assert queues(QueueStep.ADOPT) == [in_order, in_order]
    for stream, day in zip(streams, days, strict=True):
        network.give(AdoptAdvice(on=day), AMSTERDAM, stream)
    assert queues(QueueStep.ORDER) == [in_order, in_order]
    for stream, day in zip(streams, days, strict=True):
        network.give(OrderMeasure(measure=1, on=TODAY), AMSTERDAM, stream)
        network.give(OrderMeasure(measure=2, on=day + timedelta(days=1)), AMSTERDAM, stream)
    assert queues(QueueStep.INSTALL, 1) == [in_order, in_order]
    for stream, day in zip(streams, days, strict=True):
        network.give(InstallMeasure(measure=1, on=TODAY), AMSTERDAM, stream)
        network.give(InstallMeasure(measure=2, on=day + timedelta(days=2)), AMSTERDAM, stream)
    assert queues(QueueStep.VERIFY, 2) == [in_order, in_order]


def test_a_queue_can_be_that_of_one_body(database: Database, network: Network, runner: Runner) -> None:
    """A public body gets no other, whether it asks for its own or not."""
    oldest, *of_amsterdam = three_requests(network)
    runner.catch_up()

    def listed(reader: Actor, body: str | None) -> tuple[list[str], list[str]]:
        with database.reading(reader) as cursor:
            queue = measure_progress.queue(cursor, QueueStep.VISIT, body=body).items
            newest = measure_progress.newest(cursor, body=body).items
        return [item.stream for item in queue], [item.stream for item in newest][::-1]

    assert listed(BVA, "gm0363") == (of_amsterdam, of_amsterdam)
    assert listed(AMSTERDAM, None) == listed(AMSTERDAM, "gm0363") == (of_amsterdam, of_amsterdam)
    assert listed(AMSTERDAM, "gm0518") == ([], [])
    assert listed(TEAM, None) == ([], [oldest, of_amsterdam[0]])


def test_verifying_is_for_somebody_else_than_whoever_installed_it_all(
    database: Database, network: Network, runner: Runner
) -> None:
    """Whoever installed one of two measures can verify the other; without a person it is said of every request."""
    alone, together, _ = three_requests(network)
    by_two = (together, AMSTERDAM, (AMSTERDAM, COLLEAGUE))
    for stream, body, installers in ((alone, THE_HAGUE, (THE_HAGUE, THE_HAGUE)), by_two):
        network.give(GiveAdvice(measures=(a_measure(), a_measure())), BVA, stream)
        network.give(AdoptAdvice(), body, stream)
        for n, installer in enumerate(installers, start=1):
            network.give(OrderMeasure(measure=n), body, stream)
            network.give(InstallMeasure(measure=n), installer, stream)
    runner.catch_up()

    def listed(reader: Actor, person: PersonId | None) -> tuple[list[str], int]:
        with database.reading(reader) as cursor:
            items = measure_progress.queue(cursor, QueueStep.VERIFY, person=person).items
            counted = {found.step: found.requests for found in measure_progress.counts(cursor, person=person)}
        return [item.stream for item in items], counted.get(QueueStep.VERIFY, 0)

    assert listed(THE_HAGUE, None) == ([alone], 1)
    assert listed(THE_HAGUE, THE_HAGUE.person) == ([], 0)
    assert listed(AMSTERDAM, AMSTERDAM.person) == ([together], 1)

    network.give(VerifyMeasure(measure=2), AMSTERDAM, together)
    runner.catch_up()
    assert listed(AMSTERDAM, AMSTERDAM.person) == ([], 0)
    assert listed(COLLEAGUE, COLLEAGUE.person) == ([together], 1)


def test_queues_are_counted(database: Database, network: Network, runner: Runner) -> None:
    """By request and by measure, of all that a reader may know of or of one body."""
    _, middle, youngest = three_requests(network)
    for stream in (middle, youngest):
        network.give(GiveAdvice(measures=(a_measure(), a_measure())), BVA, stream)
        network.give(AdoptAdvice(), AMSTERDAM, stream)
    network.give(OrderMeasure(measure=1), AMSTERDAM, middle)
    runner.catch_up()

    def counted(reader: Actor, body: str | None = None) -> list[QueueCount]:
        with database.reading(reader) as cursor:
            return measure_progress.counts(cursor, body=body)

    of_amsterdam = [
        QueueCount(step=QueueStep.ORDER, requests=2, measures=3),
        QueueCount(step=QueueStep.INSTALL, requests=1, measures=1),
    ]
    assert counted(BVA) == [QueueCount(step=QueueStep.VISIT, requests=1, measures=None), *of_amsterdam]
    assert counted(AUDITOR) == counted(CCV) == counted(BVA)
    assert counted(BVA, "gm0363") == counted(AMSTERDAM) == counted(AMSTERDAM, "gm0363") == of_amsterdam
    assert counted(TEAM) == []


# --- rows, counters and facts say the same ----------------------------------------------------------------------------

Place = tuple[str, str, str | None, str | None]

LAST_STEP = {
    MeasureStatus.ADVISED: Step.ADVISED,
    MeasureStatus.ORDERED: Step.ORDERED,
    MeasureStatus.INSTALLED: Step.INSTALLED,
    MeasureStatus.VERIFIED: Step.VERIFIED,
}


def states(facts: Iterable[Fact]) -> Iterator[SecurityAdvice]:
    """Yield what a request was like after each of *facts*."""
    yield from accumulate(facts, SECURITY_ADVICE.evolve, initial=SECURITY_ADVICE.empty)


def of_requests(store: CaseStore) -> dict[str, list[Recorded]]:
    """Return the facts of every request."""
    found: dict[str, list[Recorded]] = {}
    for recorded in log_of(store):
        if recorded.event.originator_id.startswith("security_advice:"):
            found.setdefault(recorded.event.originator_id, []).append(recorded)
    return found


def step_of(state: SecurityAdvice) -> Step:
    """Return the last step that a request reached."""
    return Step.ADVICE_ADOPTED if state.adopted else Step.ADVICE_GIVEN if state.given else Step.REQUESTED


def left(measure: Measure) -> tuple[str | None, str | None]:
    """Return how and why *measure* left its way."""
    return (measure.status, measure.exit) if measure.has_ended else (None, None)


def places(requests: dict[str, list[Recorded]]) -> Counter[Place]:
    """Count, from the states of the domain after each fact, where every request and every measure stands."""
    found: Counter[Place] = Counter()
    for history in requests.values():
        last: dict[int, Step] = {}
        for state in states(recorded.event.fact for recorded in history):
            last |= {one.number: LAST_STEP[one.status] for one in state.measures if one.status in LAST_STEP}
        found[state.regime or "", step_of(state), None, None] += 1
        found.update((state.regime or "", last[one.number], *left(one)) for one in state.measures)
    return found


Happened = tuple[str, str, date, str | None, str | None, str | None]


def happenings(requests: dict[str, list[Recorded]]) -> Counter[Happened]:
    """Count, by regime, area and day, what each fact changed in the states of the domain."""
    found: Counter[Happened] = Counter()
    for history in requests.values():
        before = SECURITY_ADVICE.empty
        for recorded in history:
            fact = recorded.event.fact
            state = SECURITY_ADVICE.evolve(before, fact)
            recorded_on = recorded.event.metadata.at.astimezone(NETHERLANDS).date()
            day = getattr(fact, "requested_on", None) or getattr(fact, "on", None) or recorded_on
            of_request = (state.regime or "", area_of(state.body or ""), day)
            if step_of(before) is not step_of(state) or before.regime is None:
                found[*of_request, step_of(state), None, None] += 1
            known = {measure.number: measure for measure in before.measures}
            for measure in state.measures:
                if measure.number not in known or known[measure.number].status is not measure.status:
                    step = None if measure.has_ended else LAST_STEP.get(measure.status or MeasureStatus.ADVISED)
                    found[*of_request, step, *left(measure)] += 1
            before = state
    return found


def waits(history: Iterable[Recorded], party: Party) -> dict[QueueStep, tuple[int | None, date | None]]:
    """Return what a request waits for, by the facts that *party* may see, for how many measures, and since when."""
    facts = [recorded.event.fact for recorded in history if party in recorded.event.fact.seen_by()]
    state = SECURITY_ADVICE.replay(facts)
    visited = min((fact.on for fact in facts if isinstance(fact, HomeVisited)), default=None)
    if state.regime is None or not rules_of(state.regime).knows_advice:
        return {}
    if not state.given:
        of_advisers = {
            QueueStep.VISIT: None if state.visits else state.requested_on,
            QueueStep.DRAFT: None if state.draft else visited,
            QueueStep.FIX: state.drafted,
        }
        of_owner = {QueueStep.VISIT: of_advisers[QueueStep.VISIT], QueueStep.ADVISE: visited}
        asked = of_advisers if party is Party.ADVISER else of_owner
        return {step: (None, since) for step, since in asked.items() if since}
    if not state.adopted:
        return {QueueStep.ADOPT: (None, state.given)}
    at = {
        QueueStep.ORDER: MeasureStatus.ADVISED,
        QueueStep.INSTALL: MeasureStatus.ORDERED,
        QueueStep.VERIFY: MeasureStatus.INSTALLED,
    }
    found: dict[QueueStep, tuple[int | None, date | None]] = {}
    for step, status in at.items():
        there = [measure for measure in state.measures if measure.status is status]
        since = [day for measure in there if (day := measure.installed or measure.ordered or state.adopted)]
        if there:
            found[step] = len(there), min(since)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_rows_counters_and_facts_say_the_same(
    database: Database, store: CaseStore, network: Network, runner: Runner, seed: int
) -> None:
    """All of them can be recomputed from the facts, at every moment of a random history."""
    for part in range(4):
        random_history(network, 10 * seed + part, commands=100)
        runner.catch_up()
        tables = rows(database, measure_progress.VIEW)
        requests = of_requests(store)

        counters = Counter({row[:4]: row[4] for row in tables["measure_funnel"] if row[4]})
        of_rows = Counter((row[1], row[3], None, None) for row in tables["measure_advices"])
        of_rows.update((row[3], row[5], row[6], row[7]) for row in tables["measures"])
        assert counters == of_rows == places(requests)

        happened = happenings(requests)
        by_month: Counter[tuple[object, ...]] = Counter()
        by_year: Counter[tuple[object, ...]] = Counter()
        for (regime, area, day, *what), count in happened.items():
            by_month[regime, day.replace(day=1), *what] += count
            by_year[regime, day.year, area, *what] += count
        assert {row[:5]: row[5] for row in tables["measure_months"]} == by_month
        assert {row[:6]: row[6] for row in tables["measure_years"]} == by_year

        shown = {(row[0], row[1], row[2]): (row[3], row[5]) for row in tables["measure_waiting"]}
        expected = {
            (stream, party.value, step.value): wait
            for stream, history in requests.items()
            for party in (Party.OWNER, Party.ADVISER)
            for step, wait in waits(history, party).items()
        }
        assert shown == expected
    assert len(counters) > 5
    assert len(by_month) > 5
    assert len({step for _, _, step in shown}) > 3
