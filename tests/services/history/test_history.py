"""Does a generated history look like the country that we know of, and does it keep every rule?

The numbers are those of the design: a history on a small scale comes near them, within the tolerance that a test names.
"""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import TypeVar

import pytest

from domain.basis import Fact, Role
from domain.consultation import ConsultationRequested, FirstIntakeHeld, ProcessAdviceGiven
from domain.integrity_inquiry import InquiryClosed, SteunpuntConsulted
from domain.kinds import KINDS
from domain.organisations import MemberAppointed, OrganisationRegistered
from domain.people import Office
from domain.rules.home_security import ADMINISTRATORS, Regime
from domain.rules.working_days import next_working_day
from domain.security_advice import (
    SECURITY_ADVICE,
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
    MeasureOrdered,
    MeasureRemoved,
    MeasureVerified,
    RemovalReason,
)
from domain.threat_case import (
    THREAT_CASE,
    AangifteFiled,
    AangifteWaived,
    ClosingReason,
    NoAangifteReason,
    ReportCorrected,
    SecurityAdviceSought,
    Severity,
    ThreatAssessed,
    ThreatCaseClosed,
    ThreatCaseReopened,
    ThreatReported,
)
from domain.values import AMSTERDAM
from infra.events import Event, Origin
from infra.registers import public_bodies
from services.demo.cast import CAST
from services.history import rates
from services.history.advices import request_without_threat
from services.history.arrivals import Parameters, history
from services.history.offices import NATIONAL
from services.history.simulation import midnight

F = TypeVar("F", bound=Fact)

PARAMETERS = Parameters(years=10, scale=0.06, seed=7, until=date(2026, 11, 21))
YEARS = range(2017, 2026)
"""The whole years of it."""


class Told:
    """A history that has been told."""

    def __init__(self, parameters: Parameters) -> None:
        """Tell it."""
        told = history(parameters, public_bodies())
        self.parameters = parameters
        self.events = [event for step in told.told() for event in step]
        self.refused = told.country.simulation.refused

    def of(self, kind: type[F]) -> Iterator[tuple[Event, F]]:
        """Yield the events that are such a fact, with it."""
        return ((event, event.fact) for event in self.events if isinstance(event.fact, kind))

    def count(self, kind: type[Fact]) -> int:
        """Return how many such facts there are."""
        return sum(1 for _ in self.of(kind))

    def streams(self) -> dict[str, list[Event]]:
        """Return the events of each stream."""
        streams: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            streams[event.originator_id].append(event)
        return streams

    def a_year(self, national: float) -> float:
        """Return how many of *national* things there are in a year of this history, on average."""
        return national * self.parameters.scale


@pytest.fixture(scope="module")
def told() -> Told:
    """Return ten years of six hundredths of the country."""
    return Told(PARAMETERS)


def day(event: Event) -> date:
    """Return the day on which *event* was recorded."""
    return event.metadata.at.astimezone(AMSTERDAM).date()


def in_years(events: Iterator[tuple[Event, F]]) -> Counter[int]:
    """Return how many of *events* there are in each year."""
    return Counter(day(event).year for event, _ in events)


# --- how it is recorded -----------------------------------------------------------------------------------------------


def test_equal_parameters_tell_equal_histories() -> None:
    """Facts, identifiers, moments and pseudonyms; and another seed tells another one."""
    small = PARAMETERS.model_copy(update={"years": 2, "scale": 0.01})
    once, again = Told(small), Told(small)
    otherwise = Told(small.model_copy(update={"seed": 8}))

    assert len(once.events) > 1000
    assert once.events == again.events
    assert once.events != otherwise.events
    assert {event.event_id for event in once.events}.isdisjoint(event.event_id for event in otherwise.events)


def test_a_history_does_not_depend_on_the_order_of_sets() -> None:
    """Python hashes words otherwise in each process: two processes tell the same."""
    script = (
        "from datetime import date; from infra.registers import public_bodies;"
        " from services.history.arrivals import Parameters, history;"
        " told = history(Parameters(years=1, scale=0.01, seed=7, until=date(2026, 11, 21)), public_bodies()).told();"
        " print(*(event.event_id for step in told for event in step))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert said[0] == said[1]
    assert len(said[0].split()) > 500


def test_every_history_adds_up(told: Told) -> None:
    """Each stream runs from version 1 without a gap, begins with what begins its kind, and evolves to its end."""
    kinds = {kind.name: kind for kind in KINDS}
    for stream, events in told.streams().items():
        kind = kinds[stream.partition(":")[0]]
        state = kind.replay(event.fact for event in events)

        assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
        assert all(isinstance(event.fact, kind.facts) for event in events)
        assert kind.grants(state)


def test_events_follow_time_and_say_where_they_come_from(told: Told) -> None:
    """In the order of their moments, within the years that were asked for; none passes for real."""
    moments = [event.metadata.at for event in told.events]

    assert moments == sorted(moments)
    assert day(told.events[0]) == told.parameters.start == date(2016, 11, 21)
    assert day(told.events[-1]) < told.parameters.until
    assert {event.metadata.origin for event in told.events} == {Origin.GENERATED}
    assert len({event.event_id for event in told.events}) == len(told.events)


def test_case_numbers_are_given_out_in_order(told: Told) -> None:
    """From 1, per kind and year, without a gap."""
    given: dict[str, list[int]] = defaultdict(list)
    for event in told.events:
        number = getattr(event.fact, "number", None)
        if event.originator_version == 1 and number:
            prefix, _, n = number.rpartition("-")
            given[prefix].append(int(n))
            assert prefix.endswith(f"-{day(event).year}")

    assert {prefix[:2] for prefix in given} == {"DR", "BA", "IO", "SP"}
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in given.values())


def test_nobody_asks_for_what_the_rules_forbid(told: Told) -> None:
    """Stories look before they ask; were they refused, nothing would have been recorded."""
    assert told.refused == 0


def test_a_case_has_some_twenty_events(told: Told) -> None:
    """Ten years of the whole country are about 50,000 cases and a million events."""
    cases = [stream for stream in told.streams() if not stream.startswith("organisation:")]

    assert len(cases) == pytest.approx(50_000 * told.parameters.scale, rel=0.1)
    assert len(told.events) == pytest.approx(1_000_000 * told.parameters.scale, rel=0.1)


def test_made_up_people_have_numbers_that_are_nobodys(told: Told) -> None:
    """A telephone number that begins with 06-00 rings nowhere."""
    phones = {fact.reporter.phone for _, fact in told.of(ThreatReported)}

    assert len(phones) > 1000
    assert all(phone is not None and phone.startswith("06-00 ") for phone in phones)


# --- how many, and when -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("office", "published"),
    [
        (Office.BURGEMEESTER, {2018: 0.43, 2020: 0.50, 2022: 0.77}),
        (Office.WETHOUDER, {2018: 0.40, 2020: 0.46, 2022: 0.67}),
        (Office.RAADSLID, {2018: 0.28, 2020: 0.33}),
    ],
)
def test_as_many_are_hit_as_the_surveys_found(told: Told, office: Office, published: dict[int, float]) -> None:
    """Of each office, in the years of the surveys: the numbers of those years together, within three deviations."""
    (holders,) = (national[office] for national in NATIONAL.values() if office in national)
    reported = in_years((event, fact) for event, fact in told.of(ThreatReported) if fact.office is office)
    expected = sum(share * told.a_year(holders) for share in published.values())

    assert {year: rates.hit_in(office, year) for year in published} == published
    # A fortieth is reported twice.
    assert sum(reported[year] for year in published) == pytest.approx(expected * 1.025, abs=3 * expected**0.5)


def test_of_all_office_holders_as_many_are_hit_as_published() -> None:
    """29, 35, 49 and 45 %, also for the offices of which nothing is published: within half a percent."""
    holders = {office: number for national in NATIONAL.values() for office, number in national.items()}
    hit = [
        sum(number * rates.hit_in(office, year) for office, number in holders.items()) / sum(holders.values())
        for year in (2018, 2020, 2022, 2024)
    ]

    assert hit == pytest.approx([0.29, 0.35, 0.49, 0.45], abs=0.005)


def test_aangifte_becomes_rarer(told: Told) -> None:
    """From 13 % in 2014 to 7 % in 2022: in the years before and since then, within a quarter."""
    reported, filed = in_years(told.of(ThreatReported)), in_years(told.of(AangifteFiled))
    before, since = range(2017, 2020), range(2022, 2026)

    assert (rates.aangifte_share(2014), rates.aangifte_share(2022)) == (0.13, 0.07)
    for years, share in ((before, 0.0997), (since, 0.07)):
        found = sum(filed[year] for year in years) / sum(reported[year] for year in years)
        assert found == pytest.approx(share, rel=0.25)


def test_reasons_against_an_aangifte_are_those_of_the_survey(told: Told) -> None:
    """64, 22 and 12 %, within three points."""
    reasons = Counter(fact.reason for _, fact in told.of(AangifteWaived))
    shares = {reason: count / reasons.total() for reason, count in reasons.items()}

    assert shares[NoAangifteReason.NOT_SERIOUS_ENOUGH] == pytest.approx(0.64, abs=0.03)
    assert shares[NoAangifteReason.PART_OF_THE_JOB] == pytest.approx(0.22, abs=0.03)
    assert shares[NoAangifteReason.NOTHING_IS_DONE] == pytest.approx(0.12, abs=0.03)


def test_severity_is_assessed_in_the_shares_of_the_rates(told: Told) -> None:
    """Within three points; what is serious comes in graver forms."""
    first = {event.originator_id: fact.axes for event, fact in reversed(list(told.of(ThreatAssessed)))}
    found = Counter(axes.severity for axes in first.values())
    grave = Counter(axes.form for axes in first.values() if axes.severity is not Severity.LESS_SERIOUS)

    for severity, share in rates.SEVERITY.items():
        assert found[severity] / found.total() == pytest.approx(share, abs=0.03)
    assert grave.most_common(1)[0][0] == "threat"


def test_there_are_seasons(told: Told) -> None:
    """Less in the weekend and in summer than on a working day in autumn."""
    days = Counter(day(event) for event, _ in told.of(ThreatReported))
    of_weekday, of_month = Counter[int](), Counter[int]()
    for when, count in days.items():
        of_weekday[when.weekday()] += count
        of_month[when.month] += count

    assert of_weekday[5] + of_weekday[6] < 0.8 * (of_weekday[0] + of_weekday[1])
    assert of_month[7] + of_month[8] < 0.85 * (of_month[10] + of_month[11])


def test_councillors_are_hit_more_around_elections(told: Told) -> None:
    """In the weeks before and after those of March 2018, 2022 and 2026, compared with the same weeks of other years."""
    around: Counter[int] = Counter()
    for event, fact in told.of(ThreatReported):
        if fact.office is Office.RAADSLID and (2, 1) <= (day(event).month, day(event).day) <= (4, 15):
            around[day(event).year] += 1
    shares = {year: around[year] / rates.hit_in(Office.RAADSLID, year) for year in range(2017, 2027)}
    with_elections = sum(shares.pop(year) for year in (2018, 2022, 2026)) / 3

    assert with_elections > 1.2 * sum(shares.values()) / len(shares)


def test_few_cases_reach_the_support_team(told: Told) -> None:
    """None before April 2019; since then those, within three deviations, that the rates say."""
    theirs = [day(event) for event, fact in told.of(ThreatReported) if fact.owner_role is Role.SUPPORT_TEAM]
    expected = told.a_year(sum(rates.to_support_team(year) for year in range(2020, 2026)))

    assert rates.to_support_team(2021) == 25
    assert min(theirs) >= date(2019, 4, 3)
    assert sum(2020 <= when.year < 2026 for when in theirs) == pytest.approx(expected, abs=3 * expected**0.5)


# --- what becomes of it -----------------------------------------------------------------------------------------------


def test_cases_are_corrected_reopened_reported_twice_and_closed(told: Told) -> None:
    """Every way in which a real case strays from the straight one."""
    closed = Counter(fact.reason for _, fact in told.of(ThreatCaseClosed))
    reported = told.count(ThreatReported)

    assert told.count(ReportCorrected) == pytest.approx(rates.CORRECTED * reported, rel=0.25)
    assert told.count(ThreatCaseReopened) == pytest.approx(rates.REOPENED * reported, rel=0.25)
    assert set(closed) == set(ClosingReason)
    assert closed.total() > 0.97 * reported
    assert {type(event.fact) for event in told.events} >= set(THREAT_CASE.facts)


def test_by_the_end_of_2024_some_240_had_asked_for_advice(told: Told) -> None:
    """As the rates have it, within a twentieth; what is told keeps to them within three deviations."""

    def requests(year: int) -> float:
        severe = sum(share * rates.ADVICE_AFTER_THREAT[severity] for severity, share in rates.SEVERITY.items())
        entitled = sum(
            number * rates.hit_in(office, year)
            for national in NATIONAL.values()
            for office, number in national.items()
            if office in ADMINISTRATORS
        )
        return rates.ADVICE_BESIDES_THREATS_A_YEAR + severe * entitled

    found = in_years(told.of(AdviceRequested))
    expected = told.a_year(requests(2024) + requests(2025))

    assert 3 * rates.REIMBURSEMENTS_A_YEAR + requests(2024) == pytest.approx(240, rel=0.05)
    assert found[2024] + found[2025] == pytest.approx(expected, abs=3 * expected**0.5)


def test_the_rules_are_those_of_the_day(told: Told) -> None:
    """Nobody could make a request before 2021, and until 2024 there was no advice."""
    for event, fact in told.of(AdviceRequested):
        assert fact.requested_on == day(event) >= date(2021, 1, 1)
        assert (fact.regime is Regime.PROVISION_2024) == (fact.requested_on >= date(2024, 1, 1))


def test_before_2024_costs_were_reimbursed_without_advice() -> None:
    """A request of 2022 is all that there is of it."""
    told = history(Parameters(years=1, scale=0.001, seed=7, until=date(2023, 1, 1)), public_bodies())
    told.country.simulation.start(request_without_threat(told.country), midnight(date(2022, 6, 1)))
    events = [event for step in told.told() for event in step]
    requested = next(event for event in events if isinstance(event.fact, AdviceRequested))

    assert [event for event in events if event.originator_id == requested.originator_id] == [requested]


def test_advice_takes_weeks_from_step_to_step(told: Told) -> None:
    """Half of the homes are visited within a month; the other steps take weeks too."""
    steps: tuple[type[Fact], ...] = (AdviceRequested, HomeVisited, AdviceDrafted, AdviceGiven, AdviceAdopted)
    waited: dict[type[Fact], list[int]] = defaultdict(list)
    for events in told.streams().values():
        days = {type(event.fact): day(event) for event in reversed(events)}
        for earlier, later in pairwise(steps):
            if later in days:
                waited[later].append((days[later] - days[earlier]).days)

    for step in steps[1:]:
        assert 7 <= median(waited[step]) <= 35


def test_measures_go_every_way_that_there_is(told: Told) -> None:
    """Most are installed and most of those verified; some leave early, some are removed, and some stay open."""
    exits = Counter[str](fact.reason for _, fact in told.of(MeasureDeclined))
    exits.update(fact.reason for _, fact in told.of(MeasureCancelled))
    removed = Counter(fact.reason for _, fact in told.of(MeasureRemoved))
    advised = sum(len(fact.measures) for _, fact in told.of(AdviceGiven))

    assert advised > told.count(MeasureOrdered) > told.count(MeasureInstalled) > told.count(MeasureVerified) > 0
    assert told.count(MeasureInstalled) > advised / 2
    assert set(exits) >= {DeclineReason.DECLINED_BY_HOLDER, CancelReason.INFEASIBLE}
    assert advised - exits.total() > told.count(MeasureInstalled)
    assert set(removed) >= {RemovalReason.MOVED_HOME, RemovalReason.OFFICE_ENDED}
    assert {type(event.fact) for event in told.events} >= set(SECURITY_ADVICE.facts)


def test_threats_lead_to_advice(told: Told) -> None:
    """Some requests come from a threat case, which says so; others stand on their own."""
    sought = {fact.number for _, fact in told.of(SecurityAdviceSought)}
    requested = {fact.number for _, fact in told.of(AdviceRequested)}

    assert sought
    assert sought < requested


def test_the_steunpunt_gives_some_seventy_advices_a_year(told: Told) -> None:
    """Within three deviations; it is consulted on signals, and hears callers on the same or the next working day."""
    advised = in_years(told.of(ProcessAdviceGiven))
    expected = told.a_year(70) * len(YEARS)
    due = {
        event.originator_id: max(fact.received_on, next_working_day(fact.received_on))
        for event, fact in told.of(ConsultationRequested)
    }
    in_time = [fact.on <= due[event.originator_id] for event, fact in told.of(FirstIntakeHeld)]

    assert sum(advised[year] for year in YEARS) == pytest.approx(expected, abs=3 * expected**0.5)
    assert told.count(SteunpuntConsulted) > 0
    assert sum(in_time) > 0.85 * len(in_time)


def test_inquiries_end_in_every_way(told: Told) -> None:
    """With a finding, or without an inquiry."""
    dispositions = {fact.disposition for _, fact in told.of(InquiryClosed)}

    assert len(dispositions) == 6


# --- who --------------------------------------------------------------------------------------------------------------


def test_bodies_join_when_they_begin(told: Told) -> None:
    """Those that take part, on their first day or on that of the history."""
    register = public_bodies()
    for event, fact in told.of(OrganisationRegistered):
        body = register.get(fact.body or "")
        if body is not None:
            assert day(event) == max(body.valid_from or date.min, told.parameters.start)
            assert body.exists_on(day(event))


def test_whoever_acts_has_been_appointed(told: Told) -> None:
    """Everybody but the network's administrator, who appoints them."""
    appointed = {
        (event.originator_id.partition(":")[2], fact.person, fact.role) for event, fact in told.of(MemberAppointed)
    }
    acting = {(by.organisation, by.person, by.role) for by in (event.metadata.by for event in told.events)}

    assert {role for *_, role in acting - appointed} == {Role.ADMINISTRATOR}


def test_the_cast_of_the_demo_has_work_to_do(told: Told) -> None:
    """Its members are appointed, and handle some of the cases that are open at the end."""
    appointed = {fact.person for _, fact in told.of(MemberAppointed)}
    open_cases: Counter[str] = Counter()
    handlers: Counter[str] = Counter()
    for stream, events in told.streams().items():
        if stream.startswith("threat_case:"):
            case = THREAT_CASE.replay(event.fact for event in events)
            if case.closed is None and case.owner is not None:
                open_cases[str(case.owner.organisation)] += 1
                handlers[str(case.handler)] += 1

    assert {actor.person for actor in CAST.values() if actor.role is not Role.ADMINISTRATOR} <= appointed
    assert all(open_cases[whose] for whose in ("ondersteuningsteam", "gm0855", "gm0758"))
    assert all(handlers[who] for who in ("p-team-1", "p-tilburg-1", "p-breda-1"))


def test_the_last_months_are_as_full_as_the_others(told: Told) -> None:
    """The history does not run dry: as many reports come in before its end as a year earlier."""
    reported = Counter(
        (told.parameters.until - day(event)) // timedelta(days=365) for event, _ in told.of(ThreatReported)
    )

    assert reported[0] == pytest.approx(reported[1], rel=0.15)
