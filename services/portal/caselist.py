"""Which cases are there that the visitor may know of, and where is the one whose number they have?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from domain.basis import Kind, Role
from domain.values import AMSTERDAM
from services.portal import labels
from services.portal.numbers import meant
from services.portal.pages import ADVISERS, CARE, Portal, Visit, Visiting, only
from services.portal.wording import capitalised
from services.projections import cases, timeline
from services.projections.cases import Case
from services.projections.replay import Entry
from services.projections.routes import KIND
from services.web.problems import NotFound

ROWS = 50
CONCERNS = frozenset({"office", "body", "body_kind"})
"""What the list tells of whom a case concerns, as facts and states call it."""


@dataclass(frozen=True)
class Row:
    """One case of the list, as far as the visitor may see it."""

    case: Case
    kind: Kind[Any]
    concerns: str
    """Whose office it is about, where, or at which kind of body; empty where that is not for them to see."""
    latest: Entry | None
    """The last of what they may see."""

    @property
    def path(self) -> str:
        """Return the address of its dossier."""
        return f"/dossiers/{self.kind.collection}/{self.case.id}"

    @property
    def happened(self) -> str:
        """Return what happened last, in words."""
        fact = self.latest.fact if self.latest else None
        return labels.FACTS[type(fact)] if fact else labels.UNKNOWN_FACT


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/zaken", name="cases", dependencies=[only(Role.AUDITOR, *CARE, *ADVISERS)])
    def show(
        visit: Visiting,
        of_kind: Annotated[str, Query(alias="soort", pattern=rf"^$|{KIND}")] = "",
        asked: Annotated[str, Query(alias="nummer", max_length=100)] = "",
        after: Annotated[str | None, Query(alias="vanaf", max_length=1000)] = None,
    ) -> Response:
        """Show the cases that the visitor may know of, newest first; a number leads to the case itself."""
        kinds = kinds_for(visit)
        if of_kind and of_kind not in kinds:
            raise NotFound
        purpose = f"cases page {of_kind}"
        place = visit.portal.reading.cursor(purpose, after)
        numbers = meant(asked, [kind.prefix or "" for kind in kinds.values()], visit.moment.astimezone(AMSTERDAM).year)
        with visit.portal.reading.of_cases(visit.actor) as cursor:
            if asked:
                items: Sequence[Case] = [case for number in numbers if (case := cases.by_number(cursor, number))]
                following = None
            else:
                page = cases.newest(cursor, kind=of_kind or None, numbered=True, after=place, limit=ROWS)
                items, following = page.items, page.after
            topics = {fact.topic: fact for kind in kinds.values() for fact in kind.facts}
            about = [topic for topic, fact in topics.items() if fact.model_fields.keys() & CONCERNS]
            seen = timeline.in_brief(cursor, [case.stream for case in items], topics, about, visit.portal.reading.vault)
        rows = [row(visit.portal, kinds[case.kind], case, seen[case.stream]) for case in items]
        if asked and len(rows) == 1:
            return visit.go(rows[0].path)
        return visit.page(
            "cases.html",
            rows=rows,
            kinds=kinds,
            of_kind=of_kind,
            begins=bool(of_kind) and visit.begins(of_kind),
            asked=asked,
            numbers=numbers,
            following=visit.portal.reading.opaque.seal(f"cursor {purpose}", following) if following else "",
        )

    return router


def kinds_for(visit: Visit) -> dict[str, Kind[Any]]:
    """Return by name the kinds of case that the visitor can have to do with: those that have numbers."""
    role = visit.actor.role
    return {
        kind.name: kind
        for kind in visit.portal.reading.kinds
        if kind.prefix and (role is Role.AUDITOR or any(role in command.roles for command in kind.commands))
    }


def row(portal: Portal, kind: Kind[Any], case: Case, entries: Sequence[Entry]) -> Row:
    """Return *case* as it stands in the list, with what *entries* of it tell the visitor.

    They need be no more than the facts that say whom it concerns, which depends on no others, and the last one.
    """
    state = kind.replay(entry.fact for entry in entries if entry.fact is not None)
    concerns = portal.office_at(getattr(state, "office", None), getattr(state, "body", None))
    # A question to the steunpunt names nobody: nothing is withheld there, but more is not known.
    at = getattr(state, "body_kind", None)
    return Row(
        case,
        kind,
        capitalised(concerns or (f"{at.label}, zonder namen" if at else "")),
        entries[-1] if entries else None,
    )
