"""How does somebody sign in to the pages, and out again?

In the demo by saying who they are: one card for each role, with the people in it. Anywhere else nobody can yet.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from domain.basis import Actor, Role
from services.portal.pages import HOME, Posted, Sending, Visiting, draw, go, local, portal_of
from services.web.problems import NotFound

WORK: Mapping[Role, str] = {
    Role.SUPPORT_TEAM: "Neemt meldingen aan, denkt mee en verwijst door.",
    Role.PUBLIC_BODY: "Legt eigen incidenten vast, neemt adviezen over en laat maatregelen aanbrengen.",
    Role.STEUNPUNT: "Adviseert over het verloop van een integriteitsonderzoek.",
    Role.BVA: "Stelt beveiligingsadviezen vast.",
    Role.CCV: "Bezoekt woningen en schrijft het conceptadvies.",
    Role.MINISTRY_ANALYST: "Volgt hoe ver maatregelen zijn, zonder zaken te zien.",
    Role.AUDITOR: "Leest elke geschiedenis na en verandert niets.",
    Role.ADMINISTRATOR: "Beheert organisaties, teams en aanstellingen.",
}
"""What somebody does in each role, for the cards of the demo."""


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/", name="home")
    def home(visit: Visiting) -> Response:
        """Go to the first page for their role."""
        return visit.go(HOME[visit.actor.role])

    @router.get("/aanmelden", name="sign_in")
    def sign_in(
        request: Request,
        onward: Annotated[str, Query(alias="verder", max_length=2000)] = "/",
        kept: Annotated[str, Query(alias="bewaard", max_length=1)] = "",
    ) -> Response:
        """Ask who they are."""
        portal = portal_of(request)
        people: dict[Role, dict[str, Actor]] = {}
        for name, actor in portal.cast.items():
            people.setdefault(actor.role, {})[name] = actor
        return draw(portal, request, "sign_in.html", onward=local(onward), kept=bool(kept), people=people, work=WORK)

    @router.post("/aanmelden", name="signed_in")
    def signed_in(request: Request, entries: Posted) -> Response:
        """Begin a session under a fresh name, so that nobody can have handed them the name of another."""
        portal = portal_of(request)
        given = dict(entries)
        actor = portal.cast.get(given.get("wie", ""))
        if actor is None:
            raise NotFound
        if earlier := request.cookies.get(portal.cookie):
            portal.sessions.end(earlier)
        session = portal.sessions.begin(actor, portal.clock())
        response = go(local(given.get("verder", "/")))
        response.set_cookie(portal.cookie, session.token, path="/", httponly=True, samesite="lax", secure=portal.secure)
        return response

    @router.post("/afmelden", name="sign_out")
    def sign_out(sent: Sending) -> Response:
        """End the session, here and on the server."""
        portal = sent.visit.portal
        portal.sessions.end(sent.visit.session.token)
        response = go("/aanmelden")
        response.delete_cookie(portal.cookie, path="/", httponly=True, samesite="lax", secure=portal.secure)
        return response

    @router.post("/concepten", name="keep_draft", status_code=HTTPStatus.NO_CONTENT)
    def keep_draft(sent: Sending) -> Response:
        """Keep what somebody has typed so far."""
        sent.keep()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.post("/concepten/weggooien", name="drop_draft")
    def drop_draft(sent: Sending) -> Response:
        """Forget what somebody has typed."""
        sent.drop()
        return sent.visit.go(sent.form)

    return router
