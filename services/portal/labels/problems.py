"""What does a page say when something is wrong: with the whole of it, or with an answer in a form?"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

from domain.organisations import PersonKey
from domain.values import SLUG
from services.portal.labels.words import Problem
from services.portal.wording import euro, number

NOTHING_DONE = "Er is niets vastgelegd."
NEVER_TWICE = "Verstuur uw formulier over een minuut nog eens: het wordt nooit dubbel vastgelegd."

NOT_FOUND = Problem(
    "Niet gevonden",
    "Deze pagina of zaak bestaat niet, of u kunt die niet zien. Controleer het adres of het zaaknummer.",
)
NOT_ALLOWED = Problem(
    "Dit mag u niet doen", f"Uw rol of uw plaats in deze zaak staat dit niet toe. {NOTHING_DONE} Vraag het een collega."
)
UNREACHABLE = Problem("Even niet bereikbaar", f"De dienst geeft nu geen antwoord. {NEVER_TWICE}")

PROBLEMS: Mapping[str, Problem] = {
    "NotFound": NOT_FOUND,
    "NotAllowed": NOT_ALLOWED,
    "NotForThisRole": Problem(
        "Niet voor uw rol", "Deze pagina hoort bij een andere rol. Ga terug, of meld u aan met een andere rol."
    ),
    "NotForThisParty": Problem(
        "Niet voor uw organisatie",
        "Deze pagina toont meer van de zaak dan uw organisatie mag zien. Ga terug naar de zaak.",
    ),
    "NotFromHere": Problem(
        "Dit formulier is verlopen",
        f"Het formulier is te lang geleden geopend, of komt niet van deze website. {NOTHING_DONE} Open het opnieuw.",
    ),
    "SignInNeeded": Problem("Uw sessie is verlopen", "Meld u opnieuw aan. Wat u had ingevuld, is als concept bewaard."),
    "NotAuthenticated": Problem("U bent niet aangemeld", "Meld u aan om verder te gaan."),
    "VersionChanged": Problem(
        "De zaak is veranderd",
        f"Iemand anders wijzigde de zaak terwijl u bezig was. {NOTHING_DONE} Bekijk de zaak en probeer het opnieuw.",
    ),
    "Busy": Problem(
        "Even druk", f"Anderen wijzigen deze zaak op hetzelfde moment. {NOTHING_DONE} Probeer het zo nog eens."
    ),
    "QueueIsFull": Problem(
        "Even druk", f"Er wordt nu te veel tegelijk vastgelegd. {NOTHING_DONE} Probeer het zo nog eens."
    ),
    "IdempotencyKeyReused": Problem(
        "Dit formulier is al verstuurd", "U hebt het eerder verstuurd, met andere antwoorden. Bekijk de zaak eerst."
    ),
    "AccessUncertain": Problem(
        "Zaken zijn even niet te zien",
        "Wij kunnen nu niet nagaan wie wat mag zien, en tonen daarom geen zaken. Probeer het over een minuut nog eens.",
    ),
    "NotVisibleYet": Problem(
        "Nog niet te zien", "Wat u deed is vastgelegd, maar deze pagina toont het nog niet. Laad de pagina zo opnieuw."
    ),
    # what the web says, by the name of the status
    HTTPStatus.BAD_REQUEST.name: Problem(
        "Dit hebben wij niet begrepen", f"{NOTHING_DONE} Ga terug, laad de pagina opnieuw en probeer het nog eens."
    ),
    HTTPStatus.UNAUTHORIZED.name: Problem("U bent niet aangemeld", "Meld u aan om verder te gaan."),
    HTTPStatus.FORBIDDEN.name: NOT_ALLOWED,
    HTTPStatus.NOT_FOUND.name: NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED.name: Problem(
        "Dit kan hier niet", f"{NOTHING_DONE} Ga terug en gebruik de knoppen op de pagina."
    ),
    HTTPStatus.CONFLICT.name: Problem(
        "Dat kan nu niet", f"De zaak laat dit nu niet toe. {NOTHING_DONE} Bekijk de zaak eerst."
    ),
    HTTPStatus.PRECONDITION_FAILED.name: Problem(
        "De zaak is veranderd", f"{NOTHING_DONE} Bekijk de zaak en probeer het opnieuw."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE.name: Problem(
        "Dit is te veel tekst", f"{NOTHING_DONE} Ga terug, maak de tekst korter en verstuur die opnieuw."
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE.name: Problem(
        "Dit hebben wij niet begrepen", f"{NOTHING_DONE} Gebruik de formulieren op deze website."
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY.name: Problem(
        "Dit hebben wij niet begrepen", f"{NOTHING_DONE} Ga terug, laad de pagina opnieuw en probeer het nog eens."
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR.name: Problem(
        "Er ging iets mis", f"Dat ligt aan ons. Wij weten niet zeker of iets is vastgelegd. {NEVER_TWICE}"
    ),
    HTTPStatus.SERVICE_UNAVAILABLE.name: UNREACHABLE,
}
"""By the name of the error, or of the status where the error has no words of its own."""


# --- in a form --------------------------------------------------------------------------------------------------------

FILL_IN = "Vul dit in."
CHOOSE = "Kies een van de mogelijkheden."
PLAIN_TEXT = "Hier staan tekens in die wij niet kunnen bewaren. Typ de tekst opnieuw."
WHOLE_NUMBER = "Vul een heel getal in."
NOT_RIGHT = "Dit klopt niet. Controleer uw antwoord."

ASKED: Mapping[str, str] = {
    "phone": (
        "Vul een volledig telefoonnummer in, bijvoorbeeld 020 123 45 67. Een nummer uit het buitenland begint met + en"
        " de landcode."
    ),
    "day": "Vul een datum in, bijvoorbeeld 18-3-2026.",
    "instant": "Vul een datum en een tijd in, bijvoorbeeld 18-3-2026 23:04.",
    "choice": CHOOSE,
    "flag": "Kies ja of nee.",
    "euros": "Vul een bedrag in, bijvoorbeeld 1.250,00.",
    "body": "Kies een gemeente, provincie of waterschap uit de lijst.",
    "case": "Vul een zaaknummer in dat u kent, bijvoorbeeld DR-2026-000123.",
    "rows": "Vul ten minste één rij in.",
}
"""By the kind of input: what it takes, whatever else was put there."""

LIMITS: Mapping[str, str] = {
    "string_too_long": "Gebruik hoogstens {max_length} tekens.",
    "too_short": "Vul er ten minste {min_length} in.",
    "too_long": "Vul er hoogstens {max_length} in.",
    "greater_than_equal": "Vul ten minste {ge} in.",
    "less_than_equal": "Vul hoogstens {le} in.",
}
"""What is right in kind, and too little or too much. Only limits are filled in, which come from the schema."""

FAULTS: Mapping[str, str] = {
    **LIMITS,
    "missing": FILL_IN,
    "extra_forbidden": "Dit hoort hier niet. Laad de pagina opnieuw.",
    "json_invalid": "Dit hebben wij niet begrepen. Laad de pagina opnieuw.",
    "enum": CHOOSE,
    "string_too_short": FILL_IN,
    "string_pattern_mismatch": PLAIN_TEXT,
    "string_type": PLAIN_TEXT,
    "string_unicode": PLAIN_TEXT,
    "int_type": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "int_parsing_size": WHOLE_NUMBER,
    "bool_type": ASKED["flag"],
    "date_type": ASKED["day"],
    "date_parsing": ASKED["day"],
    "date_from_datetime_parsing": ASKED["day"],
    "datetime_type": ASKED["instant"],
    "datetime_parsing": ASKED["instant"],
    "datetime_from_date_parsing": ASKED["instant"],
    "timezone_aware": ASKED["instant"],
    "uuid_type": ASKED["case"],
    "uuid_parsing": ASKED["case"],
    "model_type": FILL_IN,
    "tuple_type": ASKED["rows"],
    "value_error": NOT_RIGHT,
}
"""By what pydantic calls the fault."""

PATTERNS: Mapping[str, str] = {
    SLUG: "Gebruik kleine letters, cijfers en streepjes, zonder spaties: 2 tot 64 tekens.",
    TypeAdapter(PersonKey).json_schema()["pattern"]: (
        "Gebruik letters, cijfers en de tekens . _ : | en -, zonder spaties. Geen e-mailadres."
    ),
}
"""By the form that a text must have, where that is one that people would not expect."""


def fault_sentence(error_type: str, context: Mapping[str, Any], kind: str) -> str:
    """Return what is wrong with an answer, to stand at its field.

    *error_type* and *context* are pydantic's (``type`` and ``ctx``), *kind* is the kind of input, as ``forms.Input``
    names it, or empty where there is none.
    """
    if error_type in LIMITS:
        amount = euro if kind == "euros" else number
        return LIMITS[error_type].format_map(
            {name: amount(limit) for name, limit in context.items() if isinstance(limit, int)}
        )
    if kind in ASKED:
        return ASKED[kind]
    return PATTERNS.get(context.get("pattern", "")) or FAULTS.get(error_type, NOT_RIGHT)
