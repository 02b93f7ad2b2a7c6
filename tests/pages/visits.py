"""Which pages are looked at, and as whom?

The forms follow from the commands; the other pages stand here, one line each. A page for which there is no line fails
the test: ``test_every_route_is_visited``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from domain.basis import Actor, Command, Kind, OrganisationId, PersonId, Role
from domain.kinds import KINDS
from services.demo.cast import CAST
from tests.pages.served import Served

NEWCOMERS = {
    f"newcomer {role}": Actor(person=PersonId("p-nieuw-1"), organisation=OrganisationId("gm0363"), role=role)
    for role in Role
}
"""People of an organisation that has nothing yet: their pages are empty."""
TYPISTS = {
    f"typist {actor.role}": actor.model_copy(update={"person": PersonId("p-typist-1")})
    for actor in reversed(CAST.values())
}
"""Colleagues of the cast who leave forms half filled in: nobody else finds a draft in theirs."""
PEOPLE: Mapping[str, Actor] = {**CAST, **NEWCOMERS, **TYPISTS}


@dataclass(frozen=True)
class Visit:
    """One page, as somebody opens it."""

    who: str
    """Of PEOPLE; empty: nobody who has signed in."""
    path: str
    """Cases are named in it: ``/dossiers/{threat}``."""
    status: HTTPStatus = HTTPStatus.OK
    sends: bool = False
    """Whether the form on the page is sent as it stands there; the page that comes back is what is looked at."""

    def __str__(self) -> str:
        """Return what the test is called."""
        return f"{self.who or 'nobody'} {self.path}{' sent' if self.sends else ''}"


VISITS = (
    # --- signing in ---------------------------------------------------------------------------------------------------
    Visit("", "/aanmelden"),
    Visit("", "/aanmelden?bewaard=1&verder=/nieuw/threat-cases"),
    Visit("support-team", "/"),
    # --- the worklist -------------------------------------------------------------------------------------------------
    Visit("support-team", "/werklijst"),
    Visit("support-team", "/werklijst?toon=mijn"),
    Visit("support-team", "/werklijst?toon=onbehandeld"),
    Visit("support-team", "/werklijst?toon=gesloten"),
    Visit("public-body", "/werklijst"),
    Visit("auditor", "/werklijst"),
    Visit("typist support_team", "/werklijst"),
    Visit("newcomer public_body", "/werklijst"),
    Visit("newcomer public_body", "/werklijst?toon=gesloten"),
    Visit("support-team", "/dienst-overdragen"),
    Visit("support-team", "/dienst-overdragen?overgedragen=2"),
    Visit("support-team", "/dienst-overdragen", HTTPStatus.BAD_REQUEST, sends=True),
    Visit("newcomer support_team", "/dienst-overdragen"),
    # --- other lists --------------------------------------------------------------------------------------------------
    *(Visit("ccv", f"/adviezen?toon={step}") for step in ("visit", "draft", "fix", "alle")),
    *(Visit("public-body", f"/adviezen?toon={step}") for step in ("adopt", "order", "install", "verify", "alle")),
    Visit("bva", "/adviezen"),
    Visit("support-team", "/adviezen"),
    Visit("auditor", "/adviezen?toon=alle"),
    Visit("typist bva", "/adviezen"),
    Visit("newcomer public_body", "/adviezen"),
    Visit("auditor", "/zaken"),
    Visit("auditor", "/zaken?soort=threat_case"),
    Visit("auditor", "/zaken?nummer=dr 2026 999999"),
    Visit("support-team", "/zaken"),
    Visit("public-body", "/zaken?soort=integrity_inquiry"),
    Visit("ccv", "/zaken"),
    Visit("newcomer public_body", "/zaken"),
    Visit("steunpunt", "/raadplegingen"),
    Visit("steunpunt", "/raadplegingen?toon=gesloten"),
    Visit("auditor", "/raadplegingen"),
    Visit("newcomer steunpunt", "/raadplegingen"),
    Visit("newcomer steunpunt", "/raadplegingen?toon=gesloten"),
    Visit("steunpunt", "/register"),
    Visit("administrator", "/organisaties"),
    Visit("administrator", "/organisaties?naam=nergens"),
    Visit("auditor", "/organisaties"),
    Visit("administrator", "/organisaties/ondersteuningsteam"),
    Visit("administrator", "/organisaties/ondersteuningsteam?dag=vandaag"),
    Visit("auditor", "/organisaties/gm0363"),
    # --- progress -----------------------------------------------------------------------------------------------------
    *(Visit(who, "/voortgang") for who in ("ministry-analyst", "auditor", "bva", "ccv")),
    *(Visit(who, "/voortgang/maanden?jaar=2026") for who in ("ministry-analyst", "auditor")),
    Visit("ministry-analyst", "/voortgang/maanden?jaar=2021"),
    Visit("ministry-analyst", "/voortgang/maanden?jaar=2020", HTTPStatus.NOT_FOUND),
    *(Visit(who, "/voortgang/provincies") for who in ("ministry-analyst", "auditor")),
    Visit("ministry-analyst", "/voortgang/provincies?wat=requested"),
    Visit("ministry-analyst", "/voortgang/begrippen"),
    # --- dossiers -----------------------------------------------------------------------------------------------------
    *(Visit("support-team", f"/dossiers/{{{name}}}") for name in ("danger", "threat", "closed")),
    *(Visit("auditor", f"/dossiers/{{{name}}}") for name in ("threat", "measured", "concluded", "answered")),
    *(Visit("bva", f"/dossiers/{{{name}}}") for name in ("requested", "visited", "drafted", "advised", "measured")),
    *(Visit("ccv", f"/dossiers/{{{name}}}") for name in ("requested", "drafted")),
    *(Visit("public-body", f"/dossiers/{{{name}}}") for name in ("counter", "requested", "advised", "measured")),
    *(Visit("public-body", f"/dossiers/{{{name}}}") for name in ("signal", "consulted", "opened", "concluded")),
    *(
        Visit("steunpunt", f"/dossiers/{{{name}}}")
        for name in ("consulted", "asked late", "heard", "answered", "ended")
    ),
    Visit("support-team", "/dossiers/{measured}"),
    Visit("support-team", "/dossiers/{threat}/aangifteblad"),
    # --- replay -------------------------------------------------------------------------------------------------------
    Visit("auditor", "/transparantielog"),
    Visit("auditor", "/dossiers/{threat}/bewijs"),
    Visit("auditor", "/dossiers/{threat}/verloop"),
    Visit("auditor", "/dossiers/{threat}/verloop?versie=1"),
    Visit("auditor", "/dossiers/{measured}/verloop?van=3&tot=7"),
    Visit("auditor", "/dossiers/{threat}/verloop?moment=gisteren", HTTPStatus.BAD_REQUEST),
    Visit("support-team", "/dossiers/{threat}/verloop"),
    Visit("public-body", "/dossiers/{measured}/verloop?versie=2"),
    # --- forms with something in them, or with something wrong --------------------------------------------------------
    Visit("typist support_team", "/nieuw/threat-cases"),
    Visit("typist support_team", "/nieuw/security-advices", HTTPStatus.CONFLICT, sends=True),
    Visit("typist support_team", "/dossiers/{danger}/assessments", HTTPStatus.CONFLICT, sends=True),
    Visit("typist support_team", "/dossiers/{danger}/call-notes", HTTPStatus.BAD_REQUEST, sends=True),
    Visit("typist public_body", "/nieuw/integrity-inquiries", HTTPStatus.BAD_REQUEST, sends=True),
    Visit("typist public_body", "/dossiers/{measured}/cancellations", HTTPStatus.BAD_REQUEST, sends=True),
    Visit("typist bva", "/dossiers/{visited}/advices", HTTPStatus.BAD_REQUEST, sends=True),
    Visit("support-team", "/dossiers/{threat}/reopenings"),
    # --- what is wrong ------------------------------------------------------------------------------------------------
    Visit("", "/nergens", HTTPStatus.NOT_FOUND),
    Visit("support-team", "/nergens", HTTPStatus.NOT_FOUND),
    Visit("support-team", "/nieuw/integrity-inquiries", HTTPStatus.FORBIDDEN),
    Visit("ministry-analyst", "/werklijst", HTTPStatus.FORBIDDEN),
    Visit("public-body-elsewhere", "/dossiers/{counter}", HTTPStatus.NOT_FOUND),
)
FILES = (
    Visit("", "/static/{style}"),
    Visit("auditor", "/dossiers/{threat}/bewijs.zip"),
    *(
        Visit("ministry-analyst", f"/voortgang/{which}.csv?regeling=provision_2024")
        for which in ("stand", "maanden", "provincies")
    ),
)
"""What is no page: it is only asked for."""


# --- forms ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FormVisit:
    """The form of a command, as somebody in a role opens it on a case on which it can be given."""

    kind: Kind[Any]
    command: type[Command[Any]]
    role: Role

    def __str__(self) -> str:
        """Return what the test is called."""
        return f"{self.role} {self.command.__name__}"

    def found(self, served: Served) -> Visit:
        """Return who of the cast opens it, and where."""
        for who, actor in CAST.items():
            if actor.role is self.role:
                if self.command.creates:
                    return Visit(who, f"/nieuw/{self.kind.collection}")
                if path := next(self._ready(served, actor), None):
                    return Visit(who, f"/dossiers/{path}/{self.command.noun}")
        message = f"in the history of the tests there is no case on which {self} can be given"
        raise AssertionError(message)

    def _ready(self, served: Served, actor: Actor) -> Iterator[str]:
        for path in served.cases.values():
            collection, _, key = path.partition("/")
            if collection == self.kind.collection and served.offers(actor, self.kind, key, self.command):
                yield path


FORMS = tuple(
    FormVisit(kind, command, role) for kind in KINDS for command in kind.commands for role in sorted(command.roles)
)
