"""What does every page have at hand: who looks, what they may open, how it is drawn?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hmac import compare_digest
from http import HTTPStatus
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from domain.basis import Actor, Kind, Role
from domain.bodies import PublicBody, Register
from domain.consultation import first_intake_due
from domain.organisations import KIND_OF
from domain.people import Office
from domain.values import AMSTERDAM, Erased
from infra.eventstore import CaseStore
from infra.identity import Caller
from infra.opaque import Opaque
from services.cases.handling import Handling
from services.portal import labels, wording
from services.portal.assets import Assets
from services.portal.drafts import Drafts, Entries
from services.portal.sessions import Session, Sessions
from services.portal.showing import grouped
from services.projections.routes import NotForThisRole, Reading
from services.transparency.keys import Place as LogPlace
from services.web.problems import Answerable, NotFound

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every page: nothing is taken from elsewhere, nothing stands in a frame, nothing is kept by a browser."""

TOKEN, FORM, KEY, ABOUT = "_token", "_form", "_key", "_about"
MORE, LESS, SEEN, BACK, ONCE = "_more", "_less", "_seen", "_back", "_once"
"""What a form sends besides its fields: proof that it is ours, which form it is, the name of this one sending of it,
which case it is about; the wish for a row more or less; what was seen of the case; from a list also where to go on, and
from one form about many cases a name of this sending apart from that of its draft."""
MOST_ENTRIES = 2000
MOST_KEY = 100
MOST_ABOUT = 40
"""In characters, of what a page of ours writes into its forms."""
WORDING = (
    wording.capitalised,
    wording.clock,
    wording.counted,
    wording.due,
    wording.due_day,
    wording.euro,
    wording.listed,
    wording.long_day,
    wording.long_moment,
    wording.month,
    wording.number,
    wording.phone_number,
    wording.plain_day,
    wording.relative,
    wording.short_day,
    wording.short_moment,
    wording.waited,
    wording.yes_or_no,
)
"""What templates use as filters, under their own names."""
CARE = (Role.SUPPORT_TEAM, Role.PUBLIC_BODY)
ADVISERS = (Role.BVA, Role.CCV)

NAVIGATION: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("/werklijst", "Werklijst", (*CARE, Role.AUDITOR)),
    ("/nieuw/threat-cases", "Melding doen", CARE),
    ("/dienst-overdragen", "Dienst overdragen", (Role.SUPPORT_TEAM,)),
    ("/adviezen", "Beveiligingsadviezen", (*ADVISERS, *CARE, Role.AUDITOR)),
    ("/nieuw/integrity-inquiries", "Integriteitsmelding doen", (Role.PUBLIC_BODY,)),
    ("/raadplegingen", "Raadplegingen", (Role.STEUNPUNT, Role.AUDITOR)),
    ("/register", "Register", (Role.STEUNPUNT, Role.AUDITOR)),
    ("/voortgang", "Voortgang maatregelen", (Role.MINISTRY_ANALYST, *ADVISERS, Role.AUDITOR)),
    ("/zaken", "Alle zaken", (Role.AUDITOR, *CARE, *ADVISERS)),
    ("/organisaties", "Organisaties", (Role.ADMINISTRATOR, Role.AUDITOR)),
    ("/transparantielog", "Transparantielog", (Role.AUDITOR,)),
)
"""Path, words and for whom. Somebody's first page is the first that is for their role."""

HOME: Mapping[Role, str] = {
    role: next(path for path, _, roles in NAVIGATION if role in roles) for role in Role if role is not Role.AUDITOR
} | {Role.AUDITOR: "/zaken"}


class SignInNeeded(Exception):  # noqa: N818 - a state to deal with
    """Nobody is signed in, or no more."""

    def __init__(self, path: str, *, kept: bool = False) -> None:
        """Remember where they wanted to go, and whether what they sent was kept for them."""
        super().__init__()
        self.path = path
        self.kept = kept


class NotFromHere(Answerable):
    """What was sent does not come from a page of ours that is still valid."""

    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


# --- the parts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Portal:
    """Everything that the pages need."""

    reading: Reading
    handling: Handling
    bodies: Register
    opaque: Opaque
    sessions: Sessions
    drafts: Drafts
    assets: Assets
    clock: Callable[[], datetime]
    cast: Mapping[str, Actor]
    """Who can sign in without proof, by a name for each: nobody but in the demo."""
    phones: Mapping[str, str]
    """Whom people on duty call: number by name."""
    store: CaseStore
    log: LogPlace
    """Where the files of the transparency log are."""
    secure: bool
    """Whether the pages are reached over TLS."""

    @property
    def cookie(self) -> str:
        """Return the name of the session's cookie; over TLS one that no other host can set."""
        return "__Host-weerbaar" if self.secure else "weerbaar"

    def kind(self, collection: str) -> Kind[Any]:
        """Return the kind of case that *collection* holds, or raise NotFound."""
        found = next((kind for kind in self.reading.kinds if kind.collection == collection), None)
        if found is None:
            raise NotFound
        return found

    @cached_property
    def environment(self) -> Environment:
        """The templates, with the words and the forms of things they use."""
        environment = Environment(
            loader=PackageLoader("services.portal"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {
            "asset": self.assets.url,
            "labels": labels,
            "body_name": self.body_name,
            "office_at": self.office_at,
            "organisation_name": self.organisation_name,
            "TOKEN": TOKEN,
            "FORM": FORM,
            "KEY": KEY,
            "ABOUT": ABOUT,
            "MORE": MORE,
            "LESS": LESS,
            "ONCE": ONCE,
            "SEEN": SEEN,
            "BACK": BACK,
            "fresh_key": lambda: str(uuid4()),
        }
        environment.tests["erased"] = lambda value: isinstance(value, Erased)
        environment.filters |= {each.__name__: each for each in (*WORDING, grouped)}
        return environment

    def first_intake_due(self, moment: datetime) -> date:
        """Return until when the steunpunt calls back whoever calls at *moment*."""
        return first_intake_due(moment.astimezone(AMSTERDAM).date())

    def body_name(self, key: str | None) -> str:
        """Return what people call the public body *key*: by name and kind, since Utrecht is two of them."""
        found = self.bodies.get(key or "")
        return f"{found.name} ({found.kind.label})" if found else (key or "")

    def organisation_name(self, key: str, role: Role | None = None) -> str:
        """Return what people call the organisation *key*: a public body by its name, one of ours by what it is.

        The latter is known by the *role* in which somebody acts for it. Of an administrator it is not: they know
        organisations by their ids.
        """
        found = KIND_OF.get(role) if role and not self.bodies.get(key) else None
        return found.label if found else self.body_name(key)

    def office_at(self, office: Office | None, body: str | None) -> str:
        """Return whose office it is about, and where, as far as that is known."""
        return ", ".join(filter(None, (office.label if office else "", self.body_name(body))))

    def body_named(self, text: str) -> str | None:
        """Return the id of the public body that *text* names; ``None`` where that is nobody, or more than one."""
        wanted = " ".join(text.casefold().split())
        found = {body.id for body in self.bodies_now() if wanted in {body.id, self.body_name(body.id).casefold()}}
        found = found or {body.id for body in self.bodies_now() if wanted == body.name.casefold()}
        return found.pop() if len(found) == 1 else None

    def bodies_now(self) -> Sequence[PublicBody]:
        """Return the public bodies that exist today, by name."""
        today = self.clock().astimezone(AMSTERDAM).date()
        return sorted(self.bodies.on(today), key=lambda body: (body.name.lstrip("'").casefold(), body.kind))


@dataclass(frozen=True)
class Visit:
    """One request of somebody who has signed in."""

    portal: Portal
    request: Request
    session: Session
    moment: datetime

    @property
    def actor(self) -> Actor:
        """Return who they are."""
        return self.session.actor

    @property
    def caller(self) -> Caller:
        """Return as whom they give a command."""
        return Caller(actor=self.actor)

    @property
    def token(self) -> str:
        """Return what proves that a form is ours and of this session."""
        return token_of(self.portal, self.session)

    def page(self, *templates: str, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> Response:  # noqa: ANN401
        """Draw a page, with the first of *templates* that there is."""
        return draw(self.portal, self.request, *templates, status=status, visit=self, **context)

    def go(self, path: str, **query: str) -> Response:
        """Send them to another page, after something was done (303: with a GET)."""
        return go(path, **query)

    @property
    def today(self) -> date:
        """Return the day in the Netherlands."""
        return self.moment.astimezone(AMSTERDAM).date()

    @property
    def navigation(self) -> list[tuple[str, str, bool]]:
        """Return the pages for their role: path, words, and whether that is where they are."""
        here = self.request.url.path
        return [
            (path, words, here == path or here.startswith(f"{path}/"))
            for path, words, roles in NAVIGATION
            if self.actor.role in roles
        ]

    def begins(self, name: str) -> bool:
        """Tell whether cases of the kind *name* are theirs to begin."""
        kind = next(kind for kind in self.portal.reading.kinds if kind.name == name)
        return any(command.creates and self.actor.role in command.roles for command in kind.commands)

    def draft_words(self, form: str) -> str:
        """Return what the form at the path *form* is called."""
        parts = form.partition("?")[0].strip("/").split("/")
        kind = next((kind for kind in self.portal.reading.kinds if kind.collection in parts), None)
        if kind is None:
            return next((words for path, words, _ in NAVIGATION if path == form), form)
        noun = parts[-1] if parts[0] == "dossiers" else ""
        command = next((command for command in kind.commands if command.noun == noun), None)
        return labels.COMMANDS[command].title if command else labels.KINDS[kind.name].singular


def draw(
    portal: Portal,
    request: Request,
    *templates: str,
    status: HTTPStatus = HTTPStatus.OK,
    visit: Visit | None = None,
    **context: Any,  # noqa: ANN401 - whatever the template shows
) -> HTMLResponse:
    """Draw a page for somebody who may not have signed in."""
    moment = portal.clock()
    shown = portal.environment.select_template(templates).render(
        visit=visit, request=request, now=moment, portal=portal, **context
    )
    return HTMLResponse(shown, status_code=status)


def go(path: str, **query: str) -> Response:
    """Send a browser to *path*, with a GET; the *query* comes behind the one that it has."""
    target = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}" if query else path
    return RedirectResponse(target, status_code=HTTPStatus.SEE_OTHER)


def local(path: str) -> str:
    """Return *path* if it is one of ours, and else the first page: nobody is sent elsewhere by what a link says."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if ours else "/"


def token_of(portal: Portal, session: Session) -> str:
    """Return what proves that a form is ours and of this *session*."""
    return portal.opaque.tag("form", session.token)


# --- who looks --------------------------------------------------------------------------------------------------------


def portal_of(request: Request) -> Portal:
    """Return the parts of the portal."""
    portal: Portal = request.app.state.portal
    return portal


def visit_of(request: Request) -> Visit:
    """Return the visit of whoever is signed in. Raises SignInNeeded."""
    portal = portal_of(request)
    moment = portal.clock()
    token = request.cookies.get(portal.cookie)
    session = portal.sessions.find(token, moment) if token else None
    if session is None or not session.lives_at(moment):
        wanted = request.url.path if request.method == "GET" else "/"
        raise SignInNeeded(f"{wanted}?{request.url.query}" if request.url.query else wanted)
    visit = Visit(portal, request, session, moment)
    request.state.visit = visit
    return visit


Visiting = Annotated[Visit, Depends(visit_of)]


def only(*roles: Role) -> Any:  # noqa: ANN401 - a dependency
    """Return what lets only *roles* see a page: need-to-know is the database's, this makes its answer clear."""

    def gate(visit: Visiting) -> None:
        if visit.actor.role not in roles:
            raise NotForThisRole

    return Depends(gate)


# --- what they send ---------------------------------------------------------------------------------------------------


async def posted_of(request: Request) -> Entries:
    """Return what a form sent: names and values, in order."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise NotFromHere
    body = (await request.body()).decode("utf-8", errors="replace")
    try:
        return tuple(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_ENTRIES))
    except ValueError:
        raise NotFromHere from None


Posted = Annotated[Entries, Depends(posted_of)]


@dataclass(frozen=True)
class Sent:
    """What somebody who is signed in has sent with a form of ours."""

    visit: Visit
    entries: Entries

    def get(self, name: str) -> str:
        """Return the last value of *name*; empty where there is none."""
        return dict(self.entries).get(name, "")

    @property
    def fields(self) -> Entries:
        """Return the entries that are somebody's own."""
        return tuple((name, value) for name, value in self.entries if not name.startswith("_"))

    @property
    def form(self) -> str:
        """Return the address of the form's page."""
        return local(self.get(FORM))

    def keep(self) -> None:
        """Keep what was typed as a draft; nothing at all is none."""
        visit = self.visit
        if not any(value.strip() for _, value in self.fields):
            self.drop()
            return
        about = self.get(ABOUT)[:MOST_ABOUT]
        visit.portal.drafts.keep(
            visit.actor, self.form, self.fields, visit.moment, key=self.get(KEY)[:MOST_KEY], about=about
        )

    def drop(self) -> None:
        """Forget the draft of what was sent."""
        self.visit.portal.drafts.drop(self.visit.actor, self.form, self.get(KEY)[:MOST_KEY])


def sent_of(request: Request, entries: Posted) -> Sent:
    """Return what was sent, by whom; after the end of a session it is kept as a draft, and signing in is needed."""
    portal = portal_of(request)
    moment = portal.clock()
    token = request.cookies.get(portal.cookie)
    session = portal.sessions.find(token, moment) if token else None
    given = dict(entries)
    form = local(given.get(FORM, ""))
    if session is None:
        raise SignInNeeded(form)
    if not compare_digest(given.get(TOKEN, "").encode(), token_of(portal, session).encode()):
        raise NotFromHere
    sent = Sent(Visit(portal, request, session, moment), entries)
    if not session.lives_at(moment):
        if FORM in given:
            sent.keep()
        raise SignInNeeded(form, kept=FORM in given)
    request.state.visit = sent.visit
    return sent


Sending = Annotated[Sent, Depends(sent_of)]
