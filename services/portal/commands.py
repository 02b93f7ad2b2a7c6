"""How does somebody give a command from a page?

One page per command, the same for all: its form, what is wrong with what was sent, and after that the dossier. What may
be asked at all the command says itself; a command whose form needs more has a template of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Path, Response
from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import ValidationError

from domain.basis import Act, Command, Kind, Refusal, Role, kebab
from domain.consultation import CloseConsultation
from domain.security_advice import SECURITY_ADVICE
from domain.threat_case import THREAT_CASE, CloseThreatCase, ThreatCase
from infra.eventstore import IdempotencyKeyReused, Receipt
from infra.opaque import NotOurs
from services.cases.handling import NotAllowed, Request, VersionChanged
from services.portal import labels
from services.portal.drafts import Draft
from services.portal.forms import (
    Form,
    Input,
    Lookup,
    faults_of,
    fields_of,
    narrowed,
    needed,
    read,
    values_of,
    without_row,
)
from services.portal.labels import Words
from services.portal.numbers import meant
from services.portal.pages import (
    BACK,
    KEY,
    LESS,
    MORE,
    MOST_KEY,
    SEEN,
    NotFromHere,
    Sending,
    Sent,
    Visit,
    Visiting,
    local,
)
from services.portal.prefilling import known as not_erased
from services.portal.prefilling import prefilled, said
from services.portal.still_open import StillOpen, in_consultation, in_threat_case
from services.portal.wording import listed
from services.projections import cases, timeline, tracking, worklist
from services.projections.routes import Found
from services.web.context import correlation_of
from services.web.problems import NotFound

LINKED = ("measure", "person", "role", "threat_case")
"""What a link to a form may say beforehand; anything else in an address is nobody's word for what they typed."""
DONE = "done"

Collection = Annotated[str, Path(pattern=r"^[a-z-]{1,64}$")]
Key = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$")]
Noun = Annotated[str, Path(pattern=r"^[a-z-]{1,64}$")]


@dataclass(frozen=True)
class Subject:
    """The case that a command is asked of, as the visitor sees it."""

    found: Found
    state: Any
    key: str


@dataclass(frozen=True)
class Offer:
    """A command that somebody may give on a case, or why not now."""

    command: type[Command[Any]]
    words: Words
    path: str
    refusal: type[Refusal] | None
    """What stands in its way at this moment, whatever they would ask."""

    @property
    def why_not(self) -> str:
        """Return what stands in its way, in a sentence."""
        return labels.REFUSALS[self.refusal] if self.refusal else ""


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/nieuw/{collection}", name="begin")
    def begin(visit: Visiting, collection: Collection) -> Response:
        """Show the form that begins a case."""
        kind, command = creating(visit, collection)
        return show(visit, kind, command, None)

    @router.post("/nieuw/{collection}", name="begun")
    def begun(sent: Sending, collection: Collection) -> Response:
        """Begin a case."""
        kind, command = creating(sent.visit, collection)
        return give(sent, kind, command, None)

    @router.get("/dossiers/{collection}/{key}/{noun}", name="act")
    def act(visit: Visiting, collection: Collection, key: Key, noun: Noun) -> Response:
        """Show the form of a command on a case."""
        kind, command, subject = asked(visit, collection, key, noun)
        return show(visit, kind, command, subject)

    @router.post("/dossiers/{collection}/{key}/{noun}", name="acted")
    def acted(sent: Sending, collection: Collection, key: Key, noun: Noun) -> Response:
        """Give a command on a case."""
        kind, command, subject = asked(sent.visit, collection, key, noun)
        return give(sent, kind, command, subject)

    return router


# --- which command ----------------------------------------------------------------------------------------------------


def creating(visit: Visit, collection: str) -> tuple[Kind[Any], type[Command[Any]]]:
    """Return the command that begins a case in *collection*, which is for the visitor to give."""
    kind = visit.portal.kind(collection)
    command = next((command for command in kind.commands if command.creates), None)
    if command is None:
        raise NotFound
    if visit.actor.role not in command.roles:
        raise NotAllowed
    return kind, command


def asked(visit: Visit, collection: str, key: str, noun: str) -> tuple[Kind[Any], type[Command[Any]], Subject]:
    """Return the command that *noun* names, which is for the visitor to give on this case."""
    kind = visit.portal.kind(collection)
    command = next((command for command in kind.commands if command.noun == noun and not command.creates), None)
    if command is None:
        raise NotFound
    subject = subject_of(visit, kind, key)
    if visit.actor.role not in command.roles or subject.found.parties.isdisjoint(command.parties):
        raise NotAllowed
    return kind, command, subject


def subject_of(visit: Visit, kind: Kind[Any], key: str) -> Subject:
    """Return the case *key* as the visitor sees it, or raise NotFound."""
    found = visit.portal.reading.entries(kind, key, visit.actor)
    state = kind.replay(entry.fact for entry in found.entries if entry.fact is not None)
    return Subject(found, state, key)


def offers(visit: Visit, kind: Kind[Any], subject: Subject) -> list[Offer]:
    """Return every command that the visitor can ever give on this case, with what stands in its way now."""
    if visit.actor.role is Role.AUDITOR:
        return []
    return [
        Offer(
            command,
            labels.COMMANDS[command],
            f"/dossiers/{kind.collection}/{subject.key}/{command.noun}",
            refusal(command, subject.state, circumstances(visit, subject.found.case.stream)),
        )
        for command in kind.commands
        if not command.creates
        and visit.actor.role in command.roles
        and not subject.found.parties.isdisjoint(command.parties)
    ]


def refusal(command: type[Command[Any]], state: object, act: Act) -> type[Refusal] | None:
    """Return what stands in the way of *command*, whatever would be asked."""
    try:
        command.ready(state, act)
    except Refusal as found:
        return type(found)
    return None


def circumstances(visit: Visit, stream: str) -> Act:
    """Return the circumstances in which the visitor would act now; identifiers are for when they do."""
    return Act(actor=visit.actor, at=visit.moment, stream=stream, bodies=visit.portal.bodies)  # type: ignore[arg-type]


# --- its form ---------------------------------------------------------------------------------------------------------


def form_of(visit: Visit, kind: Kind[Any], command: type[Command[Any]], subject: Subject | None) -> Form:
    """Return the form of *command* as it begins, for this visitor and on this case."""
    fields = fields_of(command)
    fixed: dict[str, str] = {}
    if visit.actor.role is Role.PUBLIC_BODY:
        # Their own body and no other: where it must be said it is, elsewhere it is not asked.
        fixed = {field.name: visit.actor.organisation for field in fields if field.input is Input.BODY}
        fields = tuple(field for field in fields if field.input is not Input.BODY or field.required)
    state, stream = (subject.state, subject.found.case.stream) if subject else (kind.empty, "")
    act = circumstances(visit, stream)
    fields = narrowed(fields, command.choices(state, act), lambda _, value: labels.choice(state, value))
    return Form(fields=needed(fields, command.needed(state, act)), fixed=fixed)


def show(visit: Visit, kind: Kind[Any], command: type[Command[Any]], subject: Subject | None) -> Response:
    """Show the form, with a draft that was kept, or with what is known already."""
    form = form_of(visit, kind, command, subject)
    linked = {name: value for name in LINKED if (value := visit.request.query_params.get(name))}
    address = f"{visit.request.url.path}?{urlencode(linked)}" if linked else visit.request.url.path
    draft = visit.portal.drafts.find(visit.actor, address, visit.request.query_params.get("concept", ""))
    known = prefilled(command, subject.state if subject else None) | _from_threat_case(visit, linked) | linked
    values = values_of(draft.entries) if draft else known
    why_not = ""
    if subject and (found := refusal(command, subject.state, circumstances(visit, subject.found.case.stream))):
        why_not = labels.REFUSALS[found]
    return page(
        visit,
        kind,
        command,
        subject,
        _with(form, values),
        address=address,
        draft=draft,
        why_not=why_not,
        still_open=left_open(visit, command, subject) if subject and not why_not else (),
    )


def _from_threat_case(visit: Visit, linked: Mapping[str, str]) -> dict[str, str]:
    """Return what the threat case that a request arises from knows already; an address says its number and no more."""
    key = lookup(visit).case(linked["threat_case"]) if "threat_case" in linked else None
    if key is None:
        return {}
    case: ThreatCase = subject_of(visit, THREAT_CASE, key).state
    known = {"body": case.body, "office": case.office, "holder.name": case.victim and case.victim.name}
    return {name: str(value) for name, value in known.items() if value and not_erased(value)}


def page(  # noqa: PLR0913 - what a page shows
    visit: Visit,
    kind: Kind[Any],
    command: type[Command[Any]],
    subject: Subject | None,
    form: Form,
    *,
    address: str = "",
    draft: Draft | None = None,
    key: str = "",
    why_not: str = "",
    still_open: Iterable[StillOpen] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Draw the page of a command: with a template of its own, or the one for all."""
    return visit.page(
        f"commands/{kebab(command.__name__)}.html",
        "commands/form.html",
        status=status,
        kind=kind,
        command=command,
        words=labels.COMMANDS[command],
        subject=subject,
        form=form,
        draft=draft,
        key=key or (draft.key if draft else "") or str(uuid4()),
        path=visit.request.url.path,
        address=address or visit.request.url.path,
        seen=_seen(visit, subject) if subject else "",
        why_not=why_not,
        still_open=list(still_open),
    )


def left_open(visit: Visit, command: type[Command[Any]], subject: Subject) -> Iterable[StillOpen]:
    """Return what is left open by whoever gives *command*, where that closes the case."""
    if command is CloseConsultation:
        return in_consultation(subject.state)
    if command is not CloseThreatCase:
        return ()
    with visit.portal.reading.database.reading(visit.actor) as cursor:
        item = worklist.of_case(cursor, subject.found.case.stream)
    keys = map(lookup(visit).case, subject.state.security_advice)
    advices = [subject_of(visit, SECURITY_ADVICE, key).state for key in keys if key]
    return in_threat_case(subject.state, item.next_steps if item else (), advices)


def _seen(visit: Visit, subject: Subject) -> str:
    """Return what the visitor sees of the case: what they send is about that, and not about what came since."""
    found = subject.found
    return visit.portal.handling.etag(found.case.stream, found.entries[-1].version) if found.entries else ""


def _with(
    form: Form, values: Mapping[str, str], faults: Mapping[str, str] | None = None, *, more: bool = False
) -> Form:
    return Form(fields=form.fields, values=values, faults=faults or {}, fixed=form.fixed, more=more)


# --- giving it --------------------------------------------------------------------------------------------------------


def give(  # noqa: PLR0911 - one flat list of what can come of it
    sent: Sent, kind: Kind[Any], command_type: type[Command[Any]], subject: Subject | None
) -> Response:
    """Give the command, or show the form again with everything that was typed and what is wrong with it."""
    visit = sent.visit
    path = visit.request.url.path
    form = form_of(visit, kind, command_type, subject)
    values = values_of(sent.fields)

    def again(status: HTTPStatus, faults: Mapping[str, str], key: str = "", *, more: bool = False) -> Response:
        shown = _with(form, values, faults, more=more)
        again = subject_of(visit, kind, subject.key) if subject else None
        return page(
            visit,
            kind,
            command_type,
            again,
            shown,
            address=sent.form,
            key=key or sent.get(KEY),
            still_open=left_open(visit, command_type, again) if again else (),
            status=status,
        )

    if sent.form.partition("?")[0] != path:
        raise NotFromHere
    if row := sent.get(LESS):
        values = values_of(without_row(sent.fields, row))
        return again(HTTPStatus.OK, {})
    sent.keep()  # before anything can go wrong
    if sent.get(MORE):
        return again(HTTPStatus.OK, {}, more=True)
    try:
        command = command_type.model_validate(
            read(form.fields, {**said(command_type, subject and subject.state, values), **form.fixed}, lookup(visit))
        )
    except ValidationError as error:
        return again(HTTPStatus.BAD_REQUEST, faults_of(error, form.fields))
    try:
        receipt = visit.portal.handling.handle_now(
            kind,
            Request(
                command=command,
                caller=visit.caller,
                key=subject.key if subject else None,
                if_match=sent.get(SEEN) or None,
                idempotency_key=f"page {key}" if (key := sent.get(KEY)[:MOST_KEY]) else None,
                correlation=correlation_of(visit.request),
            ),
        )
    except Refusal as refused:
        at = refused.field if refused.field in answered(form) else None
        return again(HTTPStatus.CONFLICT, {at or "": labels.REFUSALS[type(refused)]})
    except VersionChanged as changed:
        return again(changed.status, {"": labels.PROBLEMS[type(changed).__name__].sentence})
    except IdempotencyKeyReused as reused:
        sentence = labels.PROBLEMS[type(reused).__name__].sentence
        return again(HTTPStatus.UNPROCESSABLE_ENTITY, {"": sentence}, key=str(uuid4()))
    sent.drop()
    wait_until_shown(visit, kind, receipt)
    case = receipt.stream.partition(":")[2]
    if back := sent.get(BACK):
        return visit.go(local(back), zaak=case)
    done = visit.portal.opaque.seal(DONE, receipt.topics)
    return visit.go(f"/dossiers/{kind.collection}/{case}", gedaan=done)


def answered(form: Form) -> set[str]:
    """Return the fields of *form* that somebody fills in, and so can answer otherwise."""
    return {found.name for found in form.inputs()} - form.fixed.keys()


def done_words(visit: Visit, kind: Kind[Any], token: str) -> str:
    """Return what the visitor has just recorded, which *token* seals; nothing for whatever else stands there."""
    try:
        topics: Any = visit.portal.opaque.open(DONE, token) if token else ()
    except NotOurs:
        return ""
    return listed([labels.FACTS[fact] for fact in kind.facts if fact.topic in topics])


def lookup(visit: Visit) -> Lookup:
    """Return how the visitor's words are looked up: bodies for everybody, cases among those they may know of."""

    def case(text: str) -> str | None:
        reading = visit.portal.reading
        numbers = meant(text, [kind.prefix for kind in reading.kinds if kind.prefix], visit.today.year)
        with reading.of_cases(visit.actor) as cursor:
            found = [case for number in numbers if (case := cases.by_number(cursor, number))]
        return found[0].id if len(found) == 1 else None

    return Lookup(body=visit.portal.body_named, case=case)


def seen(visit: Visit, cursor: Cursor[DictRow], streams: Sequence[str]) -> dict[str, str]:
    """Return what the visitor sees of each of *streams*, as a form says it.

    A command that is given from a list is about the case as it stands there, not as a colleague has changed it since.
    """
    versions = timeline.versions(cursor, streams)
    return {stream: visit.portal.handling.etag(stream, version) for stream, version in versions.items()}


def wait_until_shown(visit: Visit, kind: Kind[Any], receipt: Receipt) -> None:
    """Wait until the pages show what was recorded, so that nobody thinks it was lost; but not for ever."""
    reading = visit.portal.reading
    views = [view for view in reading.views if view.kinds is None or kind.name in view.kinds]
    try:
        reading.watch.wait(views, receipt.position, reading.wait_seconds)
    except tracking.NotYetVisible:
        return
