"""What does the steunpunt see: its own questions by the working-day clock, and the register without names?"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from domain.basis import Role
from domain.values import AMSTERDAM, CodeList
from services.portal.pages import Visiting, only
from services.projections import consultations, steunpunt_register

ROWS = 50


class Which(CodeList):
    """Which questions."""

    OPEN = "open", "Open"
    CLOSED = "gesloten", "Afgesloten"


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/raadplegingen", name="consultations", dependencies=[only(Role.STEUNPUNT, Role.AUDITOR)])
    def show_consultations(
        visit: Visiting,
        which: Annotated[Which, Query(alias="toon")] = Which.OPEN,
        after: Annotated[str | None, Query(alias="vanaf", max_length=1000)] = None,
    ) -> Response:
        """Show the open questions, first intakes by the day they are due, or the closed ones."""
        reading = visit.portal.reading
        purpose = f"consultations page {which}"
        place = reading.cursor(purpose, after)
        listed = consultations.closed if which is Which.CLOSED else consultations.waiting
        with reading.database.reading(visit.actor) as cursor:
            found = listed(cursor, after=place, limit=ROWS)
        return visit.page(
            "consultations.html",
            items=found.items,
            which=which,
            choices=Which,
            today=visit.moment.astimezone(AMSTERDAM).date(),
            following=reading.opaque.seal(f"cursor {purpose}", found.after) if found.after else "",
            drafts=visit.portal.drafts.of(visit.actor),
        )

    @router.get("/register", name="register", dependencies=[only(Role.STEUNPUNT, Role.AUDITOR)])
    def show_register(
        visit: Visiting, after: Annotated[str | None, Query(alias="vanaf", max_length=1000)] = None
    ) -> Response:
        """Show the matters on which bodies consulted the steunpunt, anonymised."""
        reading = visit.portal.reading
        place = reading.cursor("register page", after)
        with reading.database.reading(visit.actor) as cursor:
            found = steunpunt_register.newest(cursor, after=place, limit=ROWS)
        return visit.page(
            "register.html",
            items=found.items,
            following=reading.opaque.seal("cursor register page", found.after) if found.after else "",
        )

    return router
