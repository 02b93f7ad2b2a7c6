"""Which organisations are there, who works where on a day, and what has the network done that everybody may know?"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from domain.basis import Role
from domain.organisations import NETWORK, ORGANISATION, Organisation, TeamFormed
from domain.values import AMSTERDAM
from services.portal.commands import Key, done_words, offers, subject_of
from services.portal.forms import day as read_day
from services.portal.pages import Visit, Visiting, only
from services.projections import memberships

ROWS = 50
NOT_A_DAY = "Vul een datum in, bijvoorbeeld 18-3-2026."

Done = Annotated[str, Query(alias="gedaan", max_length=1000)]


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter(dependencies=[only(Role.ADMINISTRATOR, Role.AUDITOR)])

    @router.get("/organisaties", name="organisations")
    def show_all(
        visit: Visiting,
        named: Annotated[str, Query(alias="naam", max_length=100)] = "",
        after: Annotated[str | None, Query(alias="vanaf", max_length=1000)] = None,
    ) -> Response:
        """List the organisations that the visitor may see to, with how many people work there today."""
        reading = visit.portal.reading
        place = reading.cursor("organisations page", after)
        with reading.of_cases(visit.actor) as cursor:
            page = memberships.organisations(cursor, named=named.strip() or None, after=place, limit=ROWS)
            counts = memberships.counts(cursor, [entry.organisation for entry in page.items], today(visit))
        return visit.page(
            "organisations.html",
            items=page.items,
            counts=counts,
            named=named,
            registers=visit.actor.role is Role.ADMINISTRATOR and visit.actor.organisation == NETWORK,
            following=reading.opaque.seal("cursor organisations page", page.after) if page.after else "",
        )

    @router.get("/organisaties/{key}", name="organisation")
    def show_one(
        visit: Visiting, key: Key, asked: Annotated[str, Query(alias="dag", max_length=40)] = "", done: Done = ""
    ) -> Response:
        """Show one organisation: its people on a day, its teams and its milestones."""
        subject = subject_of(visit, ORGANISATION, key)
        organisation: Organisation = subject.state
        day = day_of(asked)
        offered = {offer.command.noun: offer for offer in offers(visit, ORGANISATION, subject) if not offer.refusal}
        return visit.page(
            "organisation.html",
            subject=subject,
            organisation=organisation,
            team_names={
                entry.fact.team: entry.fact.name
                for entry in subject.found.entries
                if isinstance(entry.fact, TeamFormed)
            },
            members=[member for member in organisation.members if member.runs_on(day or today(visit))],
            milestones=sorted(organisation.milestones, key=lambda milestone: milestone.on, reverse=True),
            day=day or today(visit),
            fault=NOT_A_DAY if asked and day is None else "",
            offered=offered,
            done=done_words(visit, ORGANISATION, done),
        )

    return router


def today(visit: Visit) -> date:
    """Return the day of the visit in the Netherlands."""
    return visit.moment.astimezone(AMSTERDAM).date()


def day_of(text: str) -> date | None:
    """Return the day that *text* names, as people or browsers write it; ``None`` where it names none."""
    try:
        return date.fromisoformat(read_day(text))
    except ValueError:
        return None
