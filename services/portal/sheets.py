"""What does somebody take along on paper?"""

from fastapi import APIRouter, Response

from domain.threat_case import THREAT_CASE
from services.portal.commands import Key, subject_of
from services.portal.pages import CARE, Visiting, only


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/dossiers/threat-cases/{key}/aangifteblad", name="aangifte_sheet", dependencies=[only(*CARE)])
    def show(visit: Visiting, key: Key) -> Response:
        """Show what the police need to take down an aangifte, to print and take along."""
        subject = subject_of(visit, THREAT_CASE, key)
        reported = subject.found.entries[0].at if subject.found.entries else visit.moment
        return visit.page("aangifte_sheet.html", subject=subject, state=subject.state, reported=reported)

    return router
