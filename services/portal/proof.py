"""Is the history what it was, and can an auditor show that to somebody outside?

Of the whole log the page says how far it has come; of one case it makes the bundle that an outsider would get, checks
that as they would, and hands it over.
"""

from http import HTTPStatus

import structlog
from fastapi import APIRouter, Response

from domain.basis import Role
from services.evidence import BundleError, NotCoveredYet, check_bundle, prove
from services.portal.commands import Collection, Key, Subject, subject_of
from services.portal.pages import Visit, Visiting, only
from services.projections.cases import Case
from services.transparency.folder import LogError
from services.transparency.state import state_of
from services.web.problems import NotFound

log = structlog.get_logger(__name__)

WHO = (Role.AUDITOR,)
"""Who looks whether the history is what it was."""
NOT_YET = "Het transparantielog bevat deze zaak nog niet helemaal. Probeer het over tien seconden opnieuw."
NO_LOG = "Het transparantielog kan nu niet worden gelezen. Neem contact op met de beheerder."


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter(dependencies=[only(*WHO)])

    @router.get("/transparantielog", name="transparency_log")
    def show_log(visit: Visiting) -> Response:
        """Show how many events the log covers, who has witnessed it, and when all of it was verified last."""
        portal = visit.portal
        try:
            state = state_of(portal.reading.database, portal.log)
        except LogError:
            return visit.page("transparency_log.html", state=None, wrong=NO_LOG)
        return visit.page("transparency_log.html", state=state, wrong="")

    @router.get("/dossiers/{collection}/{key}/bewijs", name="proof")
    def show_proof(visit: Visiting, collection: Collection, key: Key) -> Response:
        """Verify a case: every fact of it against the log, and the log against its signatures."""
        kind = visit.portal.kind(collection)
        subject = subject_of(visit, kind, key)
        checked, wrong, changed = None, "", ""
        try:
            checked = check_bundle(_bundle(visit, subject), visit.portal.reading.kinds, visit.portal.log.policy())
        except NotCoveredYet:
            wrong = NOT_YET
        except LogError:
            wrong = NO_LOG
        except BundleError as error:
            log.critical("history_changed", number=subject.found.case.number, reason=str(error))
            changed = str(error)
        status = HTTPStatus.OK if checked else HTTPStatus.CONFLICT if changed else HTTPStatus.SERVICE_UNAVAILABLE
        return visit.page(
            "proof.html",
            status=status,
            kind=kind,
            subject=subject,
            path=f"/dossiers/{kind.collection}/{subject.key}",
            checked=checked,
            wrong=wrong,
            changed=changed,
        )

    @router.get("/dossiers/{collection}/{key}/bewijs.zip", name="bundle")
    def download(visit: Visiting, collection: Collection, key: Key) -> Response:
        """Hand over the bundle."""
        subject = subject_of(visit, visit.portal.kind(collection), key)
        try:
            content = _bundle(visit, subject)
        except (BundleError, LogError):
            return visit.go(f"/dossiers/{collection}/{key}/bewijs")
        headers = {"Content-Disposition": f'attachment; filename="{subject.found.case.number}.zip"'}
        return Response(content, media_type="application/zip", headers=headers)

    return router


def is_provable(visit: Visit, case: Case) -> bool:
    """Tell whether the visitor can prove *case*: a bundle goes by its number."""
    return visit.actor.role in WHO and case.number is not None


def _bundle(visit: Visit, subject: Subject) -> bytes:
    """Return the bundle of a case. Raises BundleError, LogError, and NotFound for a case that goes by no number."""
    number = subject.found.case.number
    if number is None:
        raise NotFound
    portal = visit.portal
    return prove(portal.reading.database, portal.store, portal.log, number, visit.actor)
