"""How does somebody at the end of a shift hand over every case they handle?

On one page: of each case what is due, and room for what whoever takes it has to know. Each case is handed over by
itself, so that what stands in the way of one does not hold up the others.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Response
from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import ValidationError

from domain.basis import Refusal, Role
from domain.threat_case import THREAT_CASE, CallBackInThePast, HandOverCase
from infra.eventstore import IdempotencyKeyReused, Receipt
from services.cases.handling import Request
from services.portal import labels
from services.portal.commands import lookup, seen, wait_until_shown
from services.portal.drafts import Entries
from services.portal.forms import Field, Form, faults_of, fields_of, read, values_of
from services.portal.pages import MOST_KEY, ONCE, SEEN, Sending, Sent, Visit, Visiting, only
from services.projections import worklist
from services.projections.worklist import WorklistItem
from services.web.context import correlation_of
from services.web.problems import Answerable

PATH = "/dienst-overdragen"
MOST = 100
"""Cases on the page: more than anybody handles."""
KEY_FORM = re.compile(r"[a-z0-9-]{1,64}")
"""What the id of a case looks like."""

NOTHING_WRITTEN = "U hebt nog niets geschreven. Schrijf bij ten minste één zaak wat uw collega moet weten."
NOT_YOURS = (
    "Deze zaak behandelt u niet meer. Geef wat u schreef door aan wie de zaak nu heeft, en maak het antwoord leeg."
)


@dataclass(frozen=True)
class Case:
    """One case on the page."""

    item: WorklistItem
    fields: tuple[Field, ...]
    """Those of the command, under the id of the case."""
    seen: str
    """What the visitor sees of it, as a form says it; empty where they do not handle it any more."""


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get(PATH, name="hand_over", dependencies=[only(Role.SUPPORT_TEAM)])
    def show(visit: Visiting, handed: Annotated[int, Query(alias="overgedragen", ge=0, le=MOST)] = 0) -> Response:
        """Show the open cases that the visitor handles, with what they have written so far."""
        draft = visit.portal.drafts.find(visit.actor, PATH)
        return page(visit, draft.entries if draft else (), handed=handed)

    @router.post(PATH, name="handed_over", dependencies=[only(Role.SUPPORT_TEAM)])
    def hand_over(sent: Sending) -> Response:
        """Hand over every case for which something was written; what fails stays as it was typed."""
        visit = sent.visit
        sent.keep()  # before anything can go wrong
        tried = {key: _handed_over(sent, key, dict(entries)) for key, entries in _written(sent.fields)}
        receipts = [found for found in tried.values() if isinstance(found, Receipt)]
        faults = [found for found in tried.values() if isinstance(found, Faults)]
        rest = tuple((name, value) for name, value in sent.entries if not isinstance(tried.get(_key(name)), Receipt))
        left = replace(sent, entries=rest)
        left.keep()
        if receipts:
            wait_until_shown(visit, THREAT_CASE, max(receipts, key=lambda receipt: receipt.position))
        if faults or not receipts:
            return page(visit, left.fields, handed=len(receipts), faults=faults or [Faults({"": NOTHING_WRITTEN})])
        return visit.go(PATH, overgedragen=str(len(receipts)))

    return router


# --- handing over -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Faults:
    """Why a case was not handed over: sentences by the names of fields."""

    sentences: Mapping[str, str]
    status: HTTPStatus = HTTPStatus.BAD_REQUEST


def _handed_over(sent: Sent, key: str, values: Mapping[str, str]) -> Receipt | Faults:
    """Hand over the case *key* with what was written in its fields, or return what stands in the way."""
    visit, fields = sent.visit, _fields(key)
    try:
        command = HandOverCase.model_validate(read(fields, values, lookup(visit)))
    except ValidationError as error:
        found = faults_of(error, fields_of(HandOverCase))
        return Faults({f"{key}.{name}": sentence for name, sentence in found.items()})
    as_seen = sent.get(f"{SEEN}.{key}")
    if not as_seen:
        return Faults({fields[0].name: NOT_YOURS}, HTTPStatus.CONFLICT)
    try:
        return visit.portal.handling.handle_now(
            THREAT_CASE,
            Request(
                command=command,
                caller=visit.caller,
                key=key,
                if_match=as_seen,
                idempotency_key=f"page {sent.get(ONCE)[:MOST_KEY]} {key}",
                correlation=correlation_of(visit.request),
            ),
        )
    except Refusal as refused:
        at = fields[-1] if isinstance(refused, CallBackInThePast) else fields[0]
        return Faults({at.name: labels.REFUSALS[type(refused)]}, HTTPStatus.CONFLICT)
    except (Answerable, IdempotencyKeyReused) as problem:
        return Faults({fields[0].name: labels.PROBLEMS[type(problem).__name__].sentence}, HTTPStatus.CONFLICT)


def _key(name: str) -> str:
    """Return of which case the field *name* is."""
    return name.partition(".")[0]


def _written(entries: Entries) -> Iterator[tuple[str, Entries]]:
    """Yield by case what was written, where anything was."""
    for key, found in groupby(sorted(entries), lambda entry: _key(entry[0])):
        of_case = tuple(found)
        if KEY_FORM.fullmatch(key) and any(value.strip() for _, value in of_case):
            yield key, of_case


# --- the page ---------------------------------------------------------------------------------------------------------


def page(visit: Visit, entries: Entries, *, handed: int = 0, faults: Sequence[Faults] = ()) -> Response:
    """Draw the page with what was typed, how many cases were handed over, and what stood in the way of others."""
    with visit.portal.reading.database.reading(visit.actor) as cursor:
        cases = [*_mine(visit, cursor), *_no_longer_mine(visit, cursor, entries)]
    not_mine = {case.fields[0].name: NOT_YOURS for case in cases if not case.seen}
    sentences = {name: sentence for each in faults for name, sentence in each.sentences.items()}
    form = Form(
        fields=tuple(field for case in cases for field in case.fields),
        values=values_of(entries),
        faults=not_mine | sentences,
    )
    return visit.page(
        "handover.html",
        cases=cases,
        form=form,
        # Above the page a fault has to say of which case it is.
        named=replace(form, fields=tuple(replace(field, asked=field.label) for field in form.fields)),
        handed=handed,
        typed=bool(entries),
        path=PATH,
        status=max((each.status for each in faults), default=HTTPStatus.OK),
    )


def _mine(visit: Visit, cursor: Cursor[DictRow]) -> list[Case]:
    items = worklist.cases(cursor, handler=visit.actor.person, limit=MOST).items
    tags = seen(visit, cursor, [item.stream for item in items])
    return [Case(item, _fields(item.id, item.number), tags[item.stream]) for item in items if item.stream in tags]


def _no_longer_mine(visit: Visit, cursor: Cursor[DictRow], entries: Entries) -> Iterator[Case]:
    """Yield the cases for which something was written, and which somebody else has taken in the meantime."""
    for key, _ in _written(entries):
        item = worklist.of_case(cursor, THREAT_CASE.stream(key))
        if item and (item.handler != visit.actor.person or item.closed):
            yield Case(item, _fields(item.id, item.number), "")


def _fields(key: object, number: str = "") -> tuple[Field, ...]:
    """Return the fields of the command for the case *key*; in a list of faults they say its *number*."""
    return tuple(
        replace(
            found,
            name=f"{key}.{found.name}",
            label=f"{number}: {found.label.lower()}",
            asked=found.label,
            hint="",
        )
        for found in fields_of(HandOverCase)
    )
