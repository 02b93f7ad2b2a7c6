"""How often does what happen in the country, and how long does it take?

Numbers with a source name it; all others are estimates of ours, chosen so that a generated history looks like the real
ones that we know of. Whoever learns a better number changes it here.
"""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise

from domain.bodies import BodyKind
from domain.consultation import CallerCapacity, ConsultationOutcome, ProcessQuestion
from domain.integrity_inquiry import Disposition, Nature
from domain.people import Office
from domain.security_advice import (
    CancelReason,
    DeclineReason,
    MeasureKind,
    RemovalReason,
)
from domain.threat_case import (
    Aftercare,
    Capacity,
    Channel,
    ClosingReason,
    Form,
    NoAangifteReason,
    Offender,
    Pressure,
    Severity,
    Target,
)

# --- how many are hit -------------------------------------------------------------------------------------------------

SURVEYS = (2018, 2020, 2022, 2024)
"""The years of the survey *Monitor Integriteit en Veiligheid*; between two of them we interpolate."""

_MAYORS = (0.43, 0.50, 0.77, 0.71)
_WETHOUDERS = (0.40, 0.46, 0.67, 0.62)
_COUNCILLORS = (0.28, 0.33, 0.47, 0.43)
_OTHERS = (0.20, 0.33, 0.35, 0.32)

HIT: Mapping[Office, tuple[float, ...]] = {
    Office.BURGEMEESTER: _MAYORS,
    Office.COMMISSARIS: _MAYORS,
    Office.GEZAGHEBBER: _MAYORS,
    Office.WETHOUDER: _WETHOUDERS,
    Office.EILANDGEDEPUTEERDE: _WETHOUDERS,
    Office.RAADSLID: _COUNCILLORS,
    Office.EILANDSRAADSLID: _COUNCILLORS,
    Office.GEDEPUTEERDE: _OTHERS,
    Office.STATENLID: _OTHERS,
    Office.WATER_BOARD_CHAIR: _OTHERS,
    Office.DB_MEMBER: _OTHERS,
    Office.AB_MEMBER: _OTHERS,
}
"""Which share of the holders of an office is hit in twelve months, in the years of the surveys.

Published are those of mayors and wethouders until 2022 and of councillors until 2020. The others are chosen so that of
all decentral office holders 29, 35, 49 and 45 % are hit, which is published too.
"""


def hit_in(office: Office, year: int) -> float:
    """Return which share of the holders of *office* is hit in *year*."""
    return _between(year, SURVEYS, HIT[office])


AANGIFTE = ((2014, 2022), (0.13, 0.07))
"""The share of incidents of which an aangifte is filed, from the first year of the surveys to that of 2022."""


def aangifte_share(year: int) -> float:
    """Return of which share of the incidents of *year* an aangifte is filed."""
    return _between(year, *AANGIFTE)


def _between(year: float, years: tuple[int, ...], values: tuple[float, ...]) -> float:
    """Return the value of *year*: on a line between its neighbours, and that of the first or last one beyond them."""
    if year <= years[0]:
        return values[0]
    for (earlier, before), (later, after) in pairwise(zip(years, values, strict=True)):
        if year <= later:
            return before + (after - before) * (year - earlier) / (later - earlier)
    return values[-1]


# --- when -------------------------------------------------------------------------------------------------------------

COUNCIL_ELECTIONS = (date(2014, 3, 19), date(2018, 3, 21), date(2022, 3, 16), date(2026, 3, 18))
PROVINCIAL_ELECTIONS = (date(2015, 3, 18), date(2019, 3, 20), date(2023, 3, 15), date(2027, 3, 17))
"""Of the Provincial States, the water boards and the island councils, which are held on one day."""

CAMPAIGN_DAYS, AFTERMATH_DAYS = 56, 42
IN_ELECTION_TIME = 1.7
"""How much more there is in the weeks before and after an election of one's own."""

OF_WEEKDAY = (1.25, 1.18, 1.15, 1.2, 1.0, 0.62, 0.6)
"""From Monday on."""
OF_MONTH = (1.1, 1.02, 1.1, 1.0, 0.98, 1.04, 0.72, 0.76, 1.06, 1.1, 1.14, 0.98)
"""From January on: councils rest in summer, the new year begins with fireworks."""

SUPPORT_TEAM_SINCE = date(2019, 4, 3)
"""The public record."""
BY_SUPPORT_TEAM = ((2019, 2021, 2024, 2026), (10.0, 25.0, 120.0, 240.0))
"""How many cases a year reach the support team; about 25 in 2021 is published."""


def to_support_team(year: int) -> float:
    """Return how many cases reach the support team in *year*, in the whole country."""
    return _between(year, *BY_SUPPORT_TEAM)


# --- what -------------------------------------------------------------------------------------------------------------

CAPACITY = {
    Capacity.VICTIM: 55,
    Capacity.REGISTRY_OFFICE: 22,
    Capacity.COLLEAGUE: 15,
    Capacity.THIRD_PARTY: 5,
    Capacity.ANONYMOUS: 3,
}
SEVERITY = {Severity.LESS_SERIOUS: 0.62, Severity.SERIOUS: 0.31, Severity.VERY_SERIOUS: 0.07}
FORM = {
    Form.VERBAL: 43.0,
    Form.INTIMIDATION: 18.0,
    Form.THREAT: 15.0,
    Form.DISCRIMINATION: 7.0,
    Form.VANDALISM: 5.0,
    Form.PHYSICAL: 3.5,
    Form.STALKING: 3.0,
    Form.SEXUAL_INTIMIDATION: 2.0,
    Form.IMPROPER_INFLUENCE: 2.0,
    Form.DOXING: 1.5,
}
GRAVE_FORM = {
    Form.THREAT: 48.0,
    Form.INTIMIDATION: 15.0,
    Form.VANDALISM: 10.0,
    Form.STALKING: 8.0,
    Form.PHYSICAL: 8.0,
    Form.DOXING: 5.0,
    Form.DISCRIMINATION: 3.0,
    Form.IMPROPER_INFLUENCE: 3.0,
}
"""Of what is serious or worse."""
CHANNEL = {
    Channel.SOCIAL_MEDIA: 38,
    Channel.EMAIL: 18,
    Channel.FACE_TO_FACE: 17,
    Channel.PHONE: 8,
    Channel.MAIL: 6,
    Channel.STREET: 6,
    Channel.HOME: 4,
    Channel.COUNTER: 3,
}
_BODILY = {Channel.FACE_TO_FACE: 45, Channel.STREET: 30, Channel.HOME: 20, Channel.COUNTER: 5}
_ONLINE = {Channel.SOCIAL_MEDIA: 85, Channel.MAIL: 15}
CHANNELS_OF: Mapping[Form, Mapping[Channel, int]] = {
    Form.PHYSICAL: _BODILY,
    Form.STALKING: _BODILY,
    Form.VANDALISM: {Channel.HOME: 100},
    Form.DOXING: _ONLINE,
}
"""The forms that do not come by every way."""
TARGET = {Target.SELF: 80, Target.FAMILY: 8, Target.ORGANISATION: 6, Target.HOME: 4, Target.BUILDING: 2}
OFFENDER = {
    Offender.INDIVIDUAL: 80,
    Offender.GROUP: 12,
    Offender.FELLOW_ADMINISTRATOR: 5,
    Offender.ORGANISATION: 3,
}
OFFENDER_KNOWN = 0.55
PRESSURE = {
    Pressure.OTHER: 34,
    Pressure.PERMIT: 20,
    Pressure.ENFORCEMENT: 18,
    Pressure.VOTE: 16,
    Pressure.LAND_TRANSACTION: 6,
    Pressure.SUBSIDY: 5,
    Pressure.IDENTITY_DOCUMENT: 1,
}

NO_AANGIFTE = {
    Severity.LESS_SERIOUS: {
        NoAangifteReason.NOT_SERIOUS_ENOUGH: 79.5,
        NoAangifteReason.PART_OF_THE_JOB: 14.0,
        NoAangifteReason.NOTHING_IS_DONE: 5.5,
        NoAangifteReason.FEAR: 0.5,
        NoAangifteReason.OTHER: 0.5,
    },
    Severity.SERIOUS: {
        NoAangifteReason.NOT_SERIOUS_ENOUGH: 44.0,
        NoAangifteReason.PART_OF_THE_JOB: 34.0,
        NoAangifteReason.NOTHING_IS_DONE: 19.0,
        NoAangifteReason.FEAR: 2.0,
        NoAangifteReason.OTHER: 1.0,
    },
    Severity.VERY_SERIOUS: {
        NoAangifteReason.NOT_SERIOUS_ENOUGH: 10.0,
        NoAangifteReason.PART_OF_THE_JOB: 35.0,
        NoAangifteReason.NOTHING_IS_DONE: 40.0,
        NoAangifteReason.FEAR: 10.0,
        NoAangifteReason.OTHER: 5.0,
    },
}
"""Together they come to the 64, 22 and 12 % of the survey of 2022 for the first three."""


def _by_severity(less: float, serious: float, very: float) -> Mapping[Severity, float]:
    return {Severity.LESS_SERIOUS: less, Severity.SERIOUS: serious, Severity.VERY_SERIOUS: very}


AANGIFTE_FACTOR = _by_severity(0.49, 1.67, 2.55)
"""How much more often an aangifte is filed of what is serious; 1 on average."""
POLICE_NOTIFIED = _by_severity(0.14, 0.62, 0.95)
DANGER_NOW = _by_severity(0.01, 0.08, 0.45)
CALLS = _by_severity(7.0, 11.0, 18.0)
"""How often there is a call, on average."""
HAND_OVERS = _by_severity(0.5, 1.0, 2.0)
CARE_OFFERED = _by_severity(0.22, 0.45, 0.7)
"""The share of the cases in which a kind of care is offered."""
DAYS_AFTERWARDS = _by_severity(12.0, 26.0, 55.0)
"""Half of the cases stay open for longer than this after the last that is done in them."""

CARE = {Aftercare.DEBRIEFING: 1.0, Aftercare.EMPLOYER: 1.0, Aftercare.PSYCHOSOCIAL: 0.7, Aftercare.FAMILY: 0.5}
"""In the order in which they are offered, with how often each is, compared with the first."""

VPT_CODE = {None: 0.3, False: 0.3, True: 0.4}
"""Whether the police registered the code, as it is told with a notification or an aangifte."""
VPT_CODE_ADDED = 0.6
AXES_AT_REPORT = 0.6
ACCOUNT_AT_REPORT = 0.75
EXTERNAL_REFERENCE = 0.2
ASSESSED_AGAIN = 0.7
"""How often, on average."""
CALL_BACK_PLANNED = 0.3
CALL_BACK_AGREED = 0.3
"""Of the calls, those before which one was planned, and those in which the next was agreed upon."""
CALLS_WHEN_REOPENED = 3.0
CORRECTED = 0.09
CORRECTED_NUMBER = 0.6
"""Of the corrections, those of the telephone number."""
REPORTED_IN_THE_EVENING = 0.18
SUPPORTED_FACTOR = _by_severity(0.4, 1.6, 3.5)
"""How much more often what is serious reaches the support team; 1 on average."""
AANGIFTE_UNDECIDED = 0.02
AANGIFTE_ON_BEHALF = 0.35
REPORTED_TWICE = 0.025
REOPENED = 0.04
SECOND_THOUGHTS = 0.004
"""An aangifte is filed after it had been waived."""
CLOSING = {
    ClosingReason.RESOLVED: 66,
    ClosingReason.NO_FURTHER_HELP: 28,
    ClosingReason.TRANSFERRED: 6,
}
CLOSED_WITH_THE_OFFICE = 0.6

# --- security at home -------------------------------------------------------------------------------------------------

REIMBURSEMENTS_A_YEAR = 10.0
"""Requests under the rules of 2021 to 2023."""
ADVICE_AFTER_THREAT = _by_severity(0.0, 0.22, 0.66)
"""The share of the cases about somebody entitled that leads to a request, since 2024."""
ADVICE_BESIDES_THREATS_A_YEAR = 75.0
"""Requests without a threat case, since 2024. By December 2024 about 240 office holders had asked for advice."""

MEASURES = {1: 8, 2: 20, 3: 28, 4: 22, 5: 14, 6: 8}
"""How many measures an advice holds."""
MEASURE_KINDS = {
    MeasureKind.PHYSICAL: 42,
    MeasureKind.ELECTRONIC: 34,
    MeasureKind.BEHAVIOURAL: 12,
    MeasureKind.DIGITAL: 9,
    MeasureKind.TRANSPORT: 3,
}
PRICES = {
    MeasureKind.PHYSICAL: (150, 4200, 0),
    MeasureKind.ELECTRONIC: (400, 3800, 50),
    MeasureKind.BEHAVIOURAL: (0, 600, 0),
    MeasureKind.DIGITAL: (60, 900, 10),
    MeasureKind.TRANSPORT: (300, 2500, 25),
}
"""In euro: from, to, and a month; an alarm subscription is about EUR 50."""

DAYS_TO = {
    "visit": 21.0,
    "draft": 16.0,
    "advice": 24.0,
    "adoption": 14.0,
    "order": 20.0,
    "installation": 42.0,
    "verification": 24.0,
}
"""Half of the requests take this step within so many days after the step before."""
STUCK = {
    "visit": 0.03,
    "draft": 0.01,
    "advice": 0.01,
    "adoption": 0.02,
    "order": 0.05,
    "installation": 0.04,
    "verification": 0.2,
}
"""The share that does not take the step: nobody says why, so that it stays open."""
DRAFTED_AGAIN = 0.12
FIXED_OTHERWISE = 0.15
DECLINED = {DeclineReason.DECLINED_BY_HOLDER: 0.08, DeclineReason.OWNER_REFUSES: 0.035}
CANCELLED = {CancelReason.INFEASIBLE: 0.045, CancelReason.SUPERSEDED: 0.03}
LOOKED_AFTER_DAYS = 60.0
REMOVED_BY_THEN = {RemovalReason.MOVED_HOME: 0.008, RemovalReason.THREAT_ENDED: 0.004, RemovalReason.REPLACED: 0.003}
"""Of the measures in place, each time that somebody looks after them; all are removed when the office ends."""

# --- integrity --------------------------------------------------------------------------------------------------------

SIGNALS_A_YEAR = 120.0
CONSULTED = 0.6
"""The share of signals on which the steunpunt is consulted: it gave 70 advices in 2017."""
CONSULTED_AGAIN = 0.8
INQUIRY_OPENED = 0.36
COMMISSIONED_BY_COUNCIL = 0.15
REPORTED_BY_NAME = 0.75
NATURE = {
    Nature.CONFLICT_OF_INTEREST: 26,
    Nature.MISCONDUCT: 20,
    Nature.CONFIDENTIALITY: 15,
    Nature.SIDE_ACTIVITIES: 10,
    Nature.MISUSE_OF_RESOURCES: 8,
    Nature.MISUSE_OF_POWER: 7,
    Nature.PRIVATE_CONDUCT: 5,
    Nature.GIFTS: 3,
    Nature.FRAUD: 2,
    Nature.CORRUPTION: 1,
    Nature.OTHER: 3,
}
FINDINGS = {Disposition.NO_VIOLATION: 48, Disposition.PARTIAL_VIOLATION: 24, Disposition.VIOLATION: 28}
QUESTIONS_WITHOUT_SIGNAL_A_YEAR = 8.0
PROCESS_ADVICE_GIVEN = 0.88
WITHOUT_PROCESS_ADVICE = {ConsultationOutcome.NO_FOLLOW_UP: 60, ConsultationOutcome.REFERRED: 40}
ASKING = {BodyKind.MUNICIPALITY: 88, BodyKind.PROVINCE: 6, BodyKind.WATER_BOARD: 5, BodyKind.SPECIAL_MUNICIPALITY: 1}
CALLER: Mapping[BodyKind, Mapping[CallerCapacity, int]] = {
    BodyKind.MUNICIPALITY: {
        CallerCapacity.MAYOR: 55,
        CallerCapacity.GRIFFIER: 22,
        CallerCapacity.GEMEENTESECRETARIS: 15,
        CallerCapacity.COUNCILLOR: 5,
        CallerCapacity.OTHER: 3,
    },
    BodyKind.PROVINCE: {CallerCapacity.KINGS_COMMISSIONER: 60, CallerCapacity.GRIFFIER: 40},
    BodyKind.WATER_BOARD: {CallerCapacity.WATER_BOARD_CHAIR: 70, CallerCapacity.OTHER: 30},
    BodyKind.SPECIAL_MUNICIPALITY: {CallerCapacity.MAYOR: 80, CallerCapacity.GRIFFIER: 20},
}
QUESTION = {
    ProcessQuestion.WHETHER_TO_INQUIRE: 40,
    ProcessQuestion.HOW_TO_COMMISSION: 22,
    ProcessQuestion.CHOICE_OF_INVESTIGATOR: 14,
    ProcessQuestion.HOOR_EN_WEDERHOOR: 8,
    ProcessQuestion.COMMUNICATION: 9,
    ProcessQuestion.AFTERCARE: 5,
    ProcessQuestion.OTHER: 2,
}
WITHOUT_INQUIRY = {Disposition.NOT_PURSUED: 46, Disposition.CONVERSATION_ONLY: 47, Disposition.AANGIFTE: 7}
