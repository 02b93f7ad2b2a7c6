"""What asks for attention now, and of whom?"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from domain.basis import Role
from domain.threat_case import THREAT_CASE, TakeCase
from domain.values import CodeList
from services.portal.commands import seen
from services.portal.pages import CARE, Visiting, only
from services.projections import worklist

ROWS = 50


class Which(CodeList):
    """Which cases of the worklist."""

    ALL = "alle", "Alle open zaken"
    MINE = "mijn", "Mijn zaken"
    UNHANDLED = "onbehandeld", "Zonder behandelaar"
    CLOSED = "gesloten", "Gesloten"


EMPTY: Mapping[Which, str] = {
    Which.ALL: "Er staan geen zaken open.",
    Which.MINE: "U hebt geen zaken in behandeling.",
    Which.UNHANDLED: "Elke open zaak heeft een behandelaar.",
    Which.CLOSED: "Er zijn nog geen gesloten zaken.",
}


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/werklijst", name="worklist", dependencies=[only(*CARE, Role.AUDITOR)])
    def show(
        visit: Visiting,
        which: Annotated[Which, Query(alias="toon")] = Which.ALL,
        after: Annotated[str | None, Query(alias="vanaf", max_length=1000)] = None,
        taken: Annotated[str, Query(alias="zaak", pattern=r"^[a-z0-9-]{0,64}$")] = "",
    ) -> Response:
        """Show the threat cases that the visitor's organisation handles: danger first, then what is due soonest."""
        reading = visit.portal.reading
        purpose = f"worklist page {which}"
        place = reading.cursor(purpose, after)
        with reading.database.reading(visit.actor) as cursor:
            found = worklist.cases(
                cursor,
                closed=which is Which.CLOSED,
                handler=visit.actor.person if which is Which.MINE else None,
                unhandled=which is Which.UNHANDLED,
                after=place,
                limit=ROWS,
            )
            counts = worklist.counts(cursor, visit.moment)
            # Nobody takes from a list what a colleague has just taken from it.
            takes = which is Which.UNHANDLED and visit.actor.role in TakeCase.roles
            tags = seen(visit, cursor, [item.stream for item in found.items]) if takes else {}
            of_taken = worklist.of_case(cursor, THREAT_CASE.stream(taken)) if taken else None
        following = reading.opaque.seal(f"cursor {purpose}", found.after) if found.after else ""
        return visit.page(
            "worklist.html",
            items=found.items,
            counts=counts,
            which=which,
            choices=Which,
            empty=EMPTY[which],
            following=following,
            drafts=visit.portal.drafts.of(visit.actor),
            tags=tags,
            taken=of_taken if of_taken and of_taken.handler == visit.actor.person else None,
        )

    return router
