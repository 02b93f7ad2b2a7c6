"""Does a generated history look like the country that we know of, and does it keep every rule?

The numbers are those of the design: a history on a small scale comes near them, within the tolerance that a test names.
"""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from inspect import getgeneratorlocals
from itertools import pairwise
from statistics import median
from types import GeneratorType
from typing import TypeVar

import pytest

from domain.basis import Fact, Role
from domain.consultation import ConsultationRequested, FirstIntakeHeld, ProcessAdviceGiven
from domain.integrity_inquiry import InquiryClosed, SignalReceived, SteunpuntConsulted
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
    Form,
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
from services.history.advices import gets_advice, request_without_threat
from services.history.arrivals import Parameters, history
from services.history.offices import NATIONAL, seats
from services.history.simulation import Simulation, Story, midnight
from services.history.threats import Incident, threat

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


@pytest.fixture(scope="module")
def told() -> Told:
    """Return ten years of six hundredths of the country."""
    return Told(PARAMETERS)


class Arrivals(Simulation):
    """Threats that happen and are not told, which is what takes time; all that is less frequent is told."""

    def start(self, story: Story, at: datetime | None = None) -> None:
        """Note who a threat hits, how and where it is reported, and let other stories begin."""
        if not isinstance(story, GeneratorType) or story.gi_code is not threat.__code__:
            super().start(story, at)
            return
        told = getgeneratorlocals(story)
        incident, country = told["incident"], told["country"]
        advised = gets_advice(country, incident.holder, incident.severity)
        self.arrived.append(Arrived(self.today, incident, told["desk"].role, advised=advised))

    @cached_property
    def arrived(self) -> list["Arrived"]:
        """The threats so far."""
        return []


@dataclass(frozen=True)
class Arrived:
    """A threat that begins."""

    day: date
    incident: Incident
    reported_to: Role
    advised: bool
    """Whether security advice is asked for."""


class Country:
    """What begins in ten years of the whole country."""

    def __init__(self) -> None:
        """Let it begin."""
        self.register = public_bodies()
        begun = history(PARAMETERS.model_copy(update={"scale": 1.0}), self.register, Arrivals)
        self.events = [event for step in begun.told() for event in step]
        assert isinstance(begun.country.simulation, Arrivals)
        self.threats = begun.country.simulation.arrived
        self.refused = begun.country.simulation.refused

    def years(self, kind: type[Fact]) -> Counter[int]:
        """Return how many such facts there are in each year, of what is told."""
        return Counter(day(event).year for event in self.events if isinstance(event.fact, kind))

    def holders(self, office: Office, year: int) -> int:
        """Return how many hold *office* in the middle of *year*: a body that ended had its own."""
        there = {body.id for body in self.register.on(date(year, 7, 1))}
        sizes = seats(self.register, PARAMETERS.until)
        return sum(offices.get(office, 0) for body, offices in sizes.items() if body in there)


@pytest.fixture(scope="module")
def country() -> Country:
    """Return ten years of the whole country, of which little is told."""
    return Country()


def about(expected: float) -> object:
    """Return what is within a tenth of *expected*, or within three deviations where those are more."""
    return pytest.approx(expected, abs=max(expected / 10, 3 * expected**0.5))


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
    assert all(phone is not None and phone.startswith("+31600") for phone in phones)


# --- how many, and when -----------------------------------------------------------------------------------------------


def test_a_tenth_is_what_most_numbers_may_differ() -> None:
    """Where there are few, chance alone makes a larger difference."""
    found = {expected: [n for n in range(2 * expected) if n == about(expected)] for expected in (100, 10_000)}

    assert {expected: (min(within), max(within)) for expected, within in found.items()} == {
        100: (70, 130),
        10_000: (9_000, 11_000),
    }


PUBLISHED = {
    Office.BURGEMEESTER: {2018: 0.43, 2020: 0.50, 2022: 0.77},
    Office.WETHOUDER: {2018: 0.40, 2020: 0.46, 2022: 0.67},
    Office.RAADSLID: {2018: 0.28, 2020: 0.33},
}
"""Which share of them the surveys found to be hit."""


def test_the_rates_are_those_of_the_surveys() -> None:
    """As published, each in its year."""
    assert {office: {year: rates.hit_in(office, year) for year in found} for office, found in PUBLISHED.items()} == (
        PUBLISHED
    )


@pytest.mark.parametrize("office", rates.HIT)
def test_as_many_are_hit_as_the_rates_say(country: Country, office: Office) -> None:
    """Of each office in each year, and of all years together: by how many hold it in that year."""
    hit = Counter(one.day.year for one in country.threats if one.incident.holder.office is office)
    expected = {year: rates.hit_in(office, year) * country.holders(office, year) for year in YEARS}

    assert {year: hit[year] for year in YEARS} == {year: about(number) for year, number in expected.items()}
    assert sum(hit[year] for year in YEARS) == about(sum(expected.values()))


def test_threats_come_in_the_forms_of_the_rates(country: Country) -> None:
    """Each form as often as it should, by severity; and each severity."""
    found = Counter((one.incident.severity, one.incident.form) for one in country.threats)
    assert sum(rates.SEVERITY.values()) == pytest.approx(1)

    for severity, share in rates.SEVERITY.items():
        forms = rates.FORM if severity is Severity.LESS_SERIOUS else rates.GRAVE_FORM
        of_severity = {form: found[severity, form] for form in Form}
        number = share * len(country.threats)
        assert of_severity == {form: about(number * forms.get(form, 0) / sum(forms.values())) for form in Form}
        assert sum(of_severity.values()) == about(number)


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


def test_there_are_seasons(country: Country) -> None:
    """Less in the weekend and in summer than on a working day in autumn, by as much as the rates say."""
    years = [one.day for one in country.threats if one.day.year in YEARS]
    of_weekday, of_month = Counter(day.weekday() for day in years), Counter(day.month for day in years)

    for weekday, rate in enumerate(rates.OF_WEEKDAY):
        assert of_weekday[weekday] == about(len(years) * rate / sum(rates.OF_WEEKDAY))
    assert (of_month[7] + of_month[8]) / (of_month[10] + of_month[11]) == pytest.approx(
        sum(rates.OF_MONTH[6:8]) / sum(rates.OF_MONTH[9:11]), rel=0.1
    )


def test_councillors_are_hit_more_around_elections(country: Country) -> None:
    """In the weeks before and after those of March 2018, 2022 and 2026, compared with the same weeks of other years."""
    around = Counter(
        one.day.year
        for one in country.threats
        if one.incident.holder.office is Office.RAADSLID and (2, 1) <= (one.day.month, one.day.day) <= (4, 15)
    )
    shares = {
        year: around[year] / rates.hit_in(Office.RAADSLID, year) / country.holders(Office.RAADSLID, year)
        for year in range(2017, 2027)
    }
    with_elections = sum(shares.pop(year) for year in (2018, 2022, 2026)) / 3
    # The rest of such a year is as much quieter as these weeks are busier.
    weeks = (rates.CAMPAIGN_DAYS + rates.AFTERMATH_DAYS) / 365
    expected = rates.IN_ELECTION_TIME / (1 + weeks * (rates.IN_ELECTION_TIME - 1))

    assert with_elections / (sum(shares.values()) / len(shares)) == pytest.approx(expected, rel=0.1)


def test_few_cases_reach_the_support_team(country: Country) -> None:
    """None before April 2019; since then as many as the rates say, in each year."""
    theirs = [one.day for one in country.threats if one.reported_to is Role.SUPPORT_TEAM]
    years = Counter(day.year for day in theirs)
    expected = {year: rates.to_support_team(year) for year in range(2020, 2026)}

    assert rates.to_support_team(2021) == 25
    assert min(theirs) >= rates.SUPPORT_TEAM_SINCE == date(2019, 4, 3)
    assert {year: years[year] for year in expected} == {year: about(number) for year, number in expected.items()}
    assert sum(years[year] for year in expected) == about(sum(expected.values()))


def test_by_the_end_of_2024_some_240_had_asked_for_advice(country: Country) -> None:
    """As the rates have it, within a twentieth; what begins keeps to them, after a threat and without one."""
    severe = sum(share * rates.ADVICE_AFTER_THREAT[severity] for severity, share in rates.SEVERITY.items())
    after_threat = {
        year: severe * sum(rates.hit_in(office, year) * country.holders(office, year) for office in ADMINISTRATORS)
        for year in (2024, 2025)
    }
    advised = Counter(one.day.year for one in country.threats if one.advised)
    requested = country.years(AdviceRequested)
    without = dict.fromkeys((2021, 2022, 2023), rates.REIMBURSEMENTS_A_YEAR)
    without |= dict.fromkeys((2024, 2025), rates.ADVICE_BESIDES_THREATS_A_YEAR)

    assert sum(without[year] for year in range(2021, 2025)) + after_threat[2024] == pytest.approx(240, rel=0.05)
    assert min(advised) == 2024
    assert sum(advised[year] for year in after_threat) == about(sum(after_threat.values()))
    assert sum(requested[year] for year in without) == about(sum(without.values()))
    assert {year: requested[year] for year in without} == {year: about(number) for year, number in without.items()}


def test_the_steunpunt_gives_some_seventy_advices_a_year(country: Country) -> None:
    """On signals and on questions that come without one."""
    asked = rates.SIGNALS_A_YEAR * rates.CONSULTED + rates.QUESTIONS_WITHOUT_SIGNAL_A_YEAR
    expected: dict[type[Fact], float] = {
        SignalReceived: rates.SIGNALS_A_YEAR,
        ConsultationRequested: asked,
        ProcessAdviceGiven: asked * rates.PROCESS_ADVICE_GIVEN,
    }

    assert expected[ProcessAdviceGiven] == pytest.approx(70, rel=0.05)
    for kind, a_year in expected.items():
        assert sum(country.years(kind)[year] for year in YEARS) == about(a_year * len(YEARS))
    assert country.refused == 0


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


def test_first_intakes_are_mostly_held_in_time(told: Told) -> None:
    """On the same or the next working day; some consultations follow on a signal."""
    due = {
        event.originator_id: max(fact.received_on, next_working_day(fact.received_on))
        for event, fact in told.of(ConsultationRequested)
    }
    in_time = [fact.on <= due[event.originator_id] for event, fact in told.of(FirstIntakeHeld)]

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
