"""What does one case look like to whoever may see it: what is so, what may be done, what has happened?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from domain.basis import Kind
from services.portal import labels
from services.portal.commands import Collection, Key, Subject, offers, subject_of
from services.portal.pages import Visit, Visiting
from services.portal.showing import Shown, shown
from services.projections import worklist
from services.projections.replay import Entry


@dataclass(frozen=True)
class Line:
    """One line of a timeline: what happened, and what it says."""

    number: int
    entry: Entry
    words: str
    says: tuple[Shown, ...]


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/dossiers/{collection}/{key}", name="dossier")
    def dossier(
        visit: Visiting,
        collection: Collection,
        key: Key,
        done: Annotated[str, Query(alias="gedaan", max_length=64)] = "",
    ) -> Response:
        """Show a case."""
        kind = visit.portal.kind(collection)
        subject = subject_of(visit, kind, key)
        offered = offers(visit, kind, subject)
        return visit.page(
            f"dossiers/{kind.name}.html",
            "dossiers/case.html",
            kind=kind,
            subject=subject,
            state=subject.state,
            says=shown(subject.state, visit.portal.body_name),
            offers=[offer for offer in offered if not offer.refusal],
            refused=[offer for offer in offered if offer.refusal],
            lines=list(reversed(lines(visit, subject.found.entries))),
            done=done_words(kind, done),
            **beside(visit, kind, subject),
        )

    return router


def lines(visit: Visit, entries: Sequence[Entry]) -> list[Line]:
    """Return *entries* as lines, in order."""
    return [
        Line(
            n,
            entry,
            labels.FACTS[type(entry.fact)] if entry.fact else labels.UNKNOWN_FACT,
            shown(entry.fact, visit.portal.body_name) if entry.fact else (),
        )
        for n, entry in enumerate(entries, start=1)
    ]


def done_words(kind: Kind[Any], noun: str) -> str:
    """Return what somebody has just done, which *noun* names."""
    for command in kind.commands:
        if noun == ("begonnen" if command.creates else command.noun):
            return labels.COMMANDS[command].title
    return ""


def beside(visit: Visit, kind: Kind[Any], subject: Subject) -> dict[str, Any]:
    """Return what a kind's page shows besides the state: for a threat case what is due next."""
    if kind.name != "threat_case":
        return {}
    with visit.portal.reading.database.reading(visit.actor) as cursor:
        return {"item": worklist.of_case(cursor, subject.found.case.stream)}
