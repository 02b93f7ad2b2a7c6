"""When does what begin, on which day and at which hour?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Annotated

from pydantic import Field

from domain.bodies import Register
from domain.people import Office
from domain.rules.home_security import regime_on
from domain.values import Model
from infra.events import Event
from services.history import rates
from services.history.advices import request_without_threat
from services.history.country import Country
from services.history.desks import FROM_THE_START, SUPPORT_TEAM, of_body
from services.history.inquiries import question_without_signal, signal
from services.history.offices import ELECTED, NATIONAL, Offices, part
from services.history.simulation import ONE_DAY, Simulation, Story, at_hour, midnight
from services.history.threats import happened, threat
from services.history.words import Words


class Parameters(Model):
    """Which history it is: equal parameters make equal histories."""

    years: Annotated[int, Field(ge=1, le=20)]
    scale: Annotated[float, Field(gt=0, le=1)]
    """Which part of the country it tells of; 1.0 is all of it."""
    seed: int
    until: Annotated[date, Field(ge=date(2010, 1, 1))]
    """The first day that is no longer told."""

    @property
    def start(self) -> date:
        """The first day."""
        year = self.until.year - self.years
        leap_day = (self.until.month, self.until.day) == (2, 29)
        return date(year, 2, 28) if leap_day else self.until.replace(year=year)


@dataclass
class History:
    """A history that is about to be told."""

    parameters: Parameters
    country: Country

    def told(self) -> Iterator[list[Event]]:
        """Yield what happens, step by step, in the order of time."""
        return self.country.simulation.run(midnight(self.parameters.until))


def history(parameters: Parameters, register: Register, simulated: type[Simulation] = Simulation) -> History:
    """Return the history of the country that *parameters* describe, *simulated* in a way of its own if need be."""
    chance = Random(parameters.seed)  # noqa: S311 - it must come out the same again
    simulation = simulated(register, chance, midnight(parameters.start))
    offices = Offices(register, part(register, parameters.until, parameters.scale), chance)
    country = Country(simulation, offices, Words(chance), parameters.scale)
    simulation.start(days(country))
    return History(parameters, country)


def days(country: Country) -> Story:
    """Begin, day after day, what begins on that day."""
    for joining in FROM_THE_START:
        country.join(joining)
    while True:
        today = country.today
        if SUPPORT_TEAM.organisation not in country.desks and today >= rates.SUPPORT_TEAM_SINCE:
            country.join(SUPPORT_TEAM)
        for body in country.offices.turn_to(today):
            country.join(of_body(body, sum(country.offices.part.seats[body.id].values())))
        for office in ELECTED:
            incidents(country, office, today)
        others(country, today)
        yield midnight(today + ONE_DAY)


def incidents(country: Country, office: Office, today: date) -> None:
    """Let as many holders of *office* be hit as on such a day are hit on average."""
    simulation, offices = country.simulation, country.offices
    mean = len(offices.holders[office]) * offices.part.rates[office] * rates.hit_in(office, today.year)
    for _ in range(simulation.times(mean * weight(today, ELECTED[office].elections) / 365)):
        incident = happened(country, offices.hit(office, today))
        share = supported(today) * rates.SUPPORTED_FACTOR[incident.severity]
        if share and simulation.happens(share):
            desk, hour = country.desks[SUPPORT_TEAM.organisation], country.chance.triangular(7, 24, 21)
        elif simulation.happens(rates.REPORTED_IN_THE_EVENING):
            desk, hour = country.desk(incident.holder.body.id), country.chance.uniform(17.5, 23)
        else:
            desk, hour = country.desk(incident.holder.body.id), country.chance.uniform(8.5, 17.5)
        simulation.start(threat(country, desk, incident), at_hour(today, hour))


def others(country: Country, today: date) -> None:
    """Let begin what elections and seasons do not touch: requests without a threat, and signals."""
    simulation, rules = country.simulation, regime_on(today)
    requests = 0.0
    if rules is not None:
        requests = rates.ADVICE_BESIDES_THREATS_A_YEAR if rules.knows_advice else rates.REIMBURSEMENTS_A_YEAR
    for a_year, story in (
        (requests, request_without_threat),
        (rates.SIGNALS_A_YEAR, signal),
        (rates.QUESTIONS_WITHOUT_SIGNAL_A_YEAR, question_without_signal),
    ):
        for _ in range(simulation.times(a_year * country.scale * rates.OF_WEEKDAY[today.weekday()] / 365)):
            simulation.start(story(country), at_hour(today, country.chance.uniform(9, 17)))


@cache
def weight(day: date, elections: tuple[date, ...]) -> float:
    """Return how much more happens on *day* than on an average day of its year."""
    return _raw(day, elections) / _mean(day.year, elections)


@cache
def _mean(year: int, elections: tuple[date, ...]) -> float:
    first = date(year, 1, 1)
    every = [first + timedelta(days=n) for n in range(365)]
    return sum(_raw(day, elections) for day in every) / len(every)


def _raw(day: date, elections: tuple[date, ...]) -> float:
    near = any(-rates.CAMPAIGN_DAYS <= (day - election).days <= rates.AFTERMATH_DAYS for election in elections)
    of_season = rates.OF_MONTH[day.month - 1] * rates.OF_WEEKDAY[day.weekday()]
    return of_season * (rates.IN_ELECTION_TIME if near else 1.0)


@cache
def supported(day: date) -> float:
    """Return which share of the incidents of *day* reaches the support team."""
    if day < rates.SUPPORT_TEAM_SINCE:
        return 0.0
    hit = sum(
        number * rates.hit_in(office, day.year) for national in NATIONAL.values() for office, number in national.items()
    )
    return rates.to_support_team(day.year) / hit
