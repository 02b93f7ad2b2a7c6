"""Which history do the pages show in the tests: every kind of case, at every stage at which it looks different?

Made-up people, real public bodies; long names and long stories where pages have to bear them.
"""

from domain.basis import PersonId
from services.demo.cast import CAST
from services.history import recording
from services.history.arrivals import Parameters
from tests.pages.served import EVENING, Served

A_FEW = Parameters(years=4, scale=0.01, seed=7, until=EVENING.date())
"""Enough of the country for lists that go on on a next page."""

SUPPORT, BODY, COLLEAGUE, ELSEWHERE = "support-team", "public-body", "public-body-colleague", "public-body-elsewhere"
STORY = (
    "Gisteravond stond er een man op de stoep die zei dat hij weet waar de kinderen op school zitten.\n"
    "Hij was er vorige week ook, en heeft toen foto's van de gevel gemaakt. "
    "Op sociale media staat sinds vanmorgen het adres, met de oproep om langs te gaan. "
) * 2
LONG_NAME = "Wilhelmina Antoinetta van Oldenbarneveld-Zwanenburg tot Hoogenkarspel"
TYPIST = CAST[SUPPORT].model_copy(update={"person": PersonId("p-typist-1")})
"""A colleague who leaves forms half filled in: nobody else finds a draft in theirs."""
MEASURES = {
    "measures": [
        {"kind": "physical", "one_off_cents": 185_000, "reason": "Inbraakwerende beglazing op de begane grond."},
        {
            "kind": "electronic",
            "one_off_cents": 96_500,
            "recurring_cents_per_month": 5_000,
            "reason": "Alarminstallatie met doormelding aan een particuliere alarmcentrale, ook buiten kantoortijd.",
        },
        {"kind": "electronic", "one_off_cents": 42_000, "reason": "Video-intercom bij de voordeur."},
        {"kind": "behavioural", "one_off_cents": 0, "reason": "Veiligheidsgesprek met het gezin."},
        {"kind": "physical", "one_off_cents": 12_500, "reason": "Brandvertragende brievenbus."},
        {"kind": "digital", "one_off_cents": 0, "reason": "Adres afschermen in het Handelsregister."},
    ]
}


def record(served: Served, parameters: Parameters = A_FEW) -> None:
    """Record a made-up history of a part of the country, and on top of it a case at each stage."""
    recording.record(served.network.service.store, parameters, served.portal.bodies)
    organisations(served)
    threats(served)
    advices(served)
    inquiries(served)
    consultations(served)
    drafts(served)


def organisations(served: Served) -> None:
    """Those of the country have people; one has nobody yet."""
    served.cases["team"] = "organisations/ondersteuningsteam"
    served.begin(
        "nobody",
        "administrator",
        "organisations",
        {"organisation": "gm0363", "name": "Gemeente Amsterdam", "kind": "public_body"},
    )


def threats(served: Served) -> None:
    """One with four fields and danger now, one with everything, one that is closed; and those of two bodies."""
    four = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 01", "danger_now": True}
    served.begin("danger", SUPPORT, "threat-cases", four)
    served.begin(
        "threat",
        SUPPORT,
        "threat-cases",
        {
            "body": "pv30",
            "office": "gedeputeerde",
            "call_back_number": "06-00 00 01 02",
            "danger_now": False,
            "capacity": "colleague",
            "reporter_name": LONG_NAME,
            "victim": {"name": "Jan-Willem", "phone": "06-00 00 01 03"},
            "account": STORY,
            "external_reference": "Zaaknummer 2026/0417-B van de meldkamer",
        },
    )
    served.give("threat", SUPPORT, "assessments", {"axes": AXES})
    served.give("threat", SUPPORT, "police-notifications", {"vpt_code": False})
    served.give("threat", SUPPORT, "aangiften", {"by": "on_behalf"})
    served.give("threat", SUPPORT, "aftercare-offers", {"care": "family"})
    served.give("threat", SUPPORT, "call-notes", {"note": STORY, "call_back_at": "2026-11-21T09:30:00+01:00"})
    served.give("threat", SUPPORT, "hand-overs", {"note": "Belt liever niet thuis; vraag naar de griffier."})
    served.begin("closed", SUPPORT, "threat-cases", four | {"danger_now": False})
    served.give("closed", SUPPORT, "closures", {"reason": "resolved"})
    served.begin("counter", BODY, "threat-cases", four | {"office": "civil_servant", "account": "Aan de balie."})
    served.give("counter", BODY, "handlers")
    served.begin("counter closed", BODY, "threat-cases", four | {"office": "civil_servant"})
    served.give("counter closed", BODY, "closures", {"reason": "resolved", "explanation": "De dader is aangehouden."})
    served.begin("counter police", BODY, "threat-cases", four | {"office": "burgemeester"})
    served.give("counter police", BODY, "police-notifications", {"vpt_code": False})
    served.give("counter police", BODY, "aangiften", {"by": "victim"})


AXES = {
    "form": "threat",
    "channel": "social_media",
    "target": "family",
    "severity": "very_serious",
    "offender_known": False,
    "offender": "individual",
    "pressure": "enforcement",
}


def advices(served: Served) -> None:
    """One at each step of a request, and one with a measure at each step of a measure."""
    request = {
        "body": "gm0855",
        "office": "wethouder",
        "holder": {"name": LONG_NAME, "phone": "06-00 00 01 04"},
        "address": "Burgemeester van Oldenbarneveldstraat 128-bis, 5000 ZZ Tilburg",
    }
    for name in ("requested", "visited", "drafted", "advised", "adopted", "measured"):
        served.begin(name, SUPPORT, "security-advices", request)
    for name in ("visited", "drafted", "advised", "adopted", "measured"):
        served.give(name, "ccv", "home-visits", {"visitor": "ccv", "report": STORY})
    for name in ("drafted", "measured"):
        served.give(name, "ccv", "drafts", MEASURES)
    for name in ("advised", "adopted", "measured"):
        served.give(name, "bva", "advices", MEASURES)
    for name in ("adopted", "measured"):
        served.give(name, BODY, "adoptions")
    for measure in (1, 2, 3, 6):
        served.give("measured", BODY, "orders", {"measure": measure, "supplier": "Beveiliging Zuid"})
    for measure in (1, 2):
        served.give("measured", BODY, "installations", {"measure": measure})
    served.give("measured", COLLEAGUE, "verifications", {"measure": 1})
    served.give("measured", BODY, "cancellations", {"measure": 3, "reason": "infeasible"})
    served.give("measured", BODY, "declinations", {"measure": 4, "reason": "declined_by_holder"})


def inquiries(served: Served) -> None:
    """One at each step."""
    signal = {
        "body": "gm0855",
        "office": "raadslid",
        "nature": "conflict_of_interest",
        "person": {"name": LONG_NAME},
        "reporter": {"name": "Fenna de Wit", "phone": "06-00 00 03 01"},
        "account": STORY,
    }
    for name in ("signal", "consulted", "opened", "concluded"):
        served.begin(name, BODY, "integrity-inquiries", signal)
    for name in ("consulted", "opened", "concluded"):
        served.give(name, BODY, "consultations", {"stage": "first_call"})
    for name in ("opened", "concluded"):
        served.give(name, BODY, "openings", {"commissioner": "mayor"})
    served.give("concluded", BODY, "closures", {"disposition": "no_violation"})


def consultations(served: Served) -> None:
    """One at each step; of those that wait for the first intake one is due today and one was due long ago."""
    asked = {
        "body_kind": "municipality",
        "caller": "mayor",
        "call_back_number": "06-00 00 04 01",
        "question": "whether_to_inquire",
    }
    served.begin("asked late", "steunpunt", "consultations", asked | {"received_on": "2026-11-16"})
    for name in ("asked", "heard", "heard twice", "answered", "ended"):
        served.begin(name, "steunpunt", "consultations", asked)
    for name in ("heard", "heard twice", "answered", "ended"):
        served.give(name, "steunpunt", "first-intakes", {"summary": STORY})
    for name in ("heard twice", "answered"):
        served.give(name, "steunpunt", "second-conversations", {"summary": STORY})
    served.give("answered", "steunpunt", "process-advices", {"advice": STORY})
    served.give("ended", "steunpunt", "closures", {"outcome": "no_follow_up"})


def drafts(served: Served) -> None:
    """One of a call that was broken off, and one of a request to which the office gives no claim."""
    begun = {"body": "Noord-Brabant (provincie)", "victim.name": LONG_NAME, "account": STORY}
    refused = {
        "body": "Tilburg (gemeente)",
        "office": "raadslid",
        "holder.name": LONG_NAME,
        "address": "Lindelaan 3, 5000 ZZ Tilburg",
    }
    for collection, typed in (("threat-cases", begun), ("security-advices", refused)):
        served.portal.drafts.keep(TYPIST, f"/nieuw/{collection}", list(typed.items()), served.clock())
