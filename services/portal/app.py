"""Of which parts is the portal made, and what does a page say when something is wrong?"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError, MapperDeserialisationError, OperationalError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.basis import Refusal
from infra.eventstore import IdempotencyKeyReused
from services.portal import assets, commands, dossiers, labels, signing_in, worklists
from services.portal.pages import HEADERS, Portal, SignInNeeded, draw, go, portal_of
from services.web.edge import Door
from services.web.problems import Answerable

log = structlog.get_logger()


def create_portal(portal: Portal) -> FastAPI:
    """Return the pages, which are mounted at the root."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.portal = portal
    for routes in (
        assets.routes(portal.assets),
        signing_in.routes(),
        worklists.routes(),
        commands.routes(),
        dossiers.routes(),
    ):
        app.include_router(routes)
    for error, handler in HANDLERS.items():
        app.add_exception_handler(error, handler)
    return app


def pages_door(portal: Portal) -> Door:
    """Return the door of the pages."""

    def refused(status: HTTPStatus) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope)
            await _problem(portal, request, status, status.name)(scope, receive, send)

        return answer

    return Door(prefix="/", media_type="application/x-www-form-urlencoded", headers=HEADERS, refused=refused)


# --- what is wrong ----------------------------------------------------------------------------------------------------


def _problem(portal: Portal, request: Request, status: HTTPStatus, reason: str) -> Response:
    """Draw the page that says in words what is wrong; *reason* is a key of ``labels.PROBLEMS``."""
    words = labels.PROBLEMS.get(reason) or labels.PROBLEMS[status.name]
    visit = getattr(request.state, "visit", None)
    return draw(portal, request, "problem.html", status=status, visit=visit, words=words, status_code=int(status))


async def _sign_in(_: Request, error: Any) -> Response:  # noqa: ANN401 - as Starlette types handlers
    return go("/aanmelden", verder=error.path, **({"bewaard": "1"} if error.kept else {}))


async def _answered(request: Request, error: Any) -> Response:  # noqa: ANN401
    found = _problem(portal_of(request), request, error.status, type(error).__name__)
    found.headers.update(error.headers)
    return found


async def _refused(request: Request, error: Any) -> Response:  # noqa: ANN401
    words = labels.Problem(title="Dat kan nu niet", sentence=labels.REFUSALS[type(error)])
    portal = portal_of(request)
    visit = getattr(request.state, "visit", None)
    return draw(portal, request, "problem.html", status=HTTPStatus.CONFLICT, visit=visit, words=words, status_code=409)


async def _key_reused(request: Request, _: Exception) -> Response:
    return _problem(portal_of(request), request, HTTPStatus.UNPROCESSABLE_ENTITY, "IdempotencyKeyReused")


async def _invalid(request: Request, _: Exception) -> Response:
    # A page's address holds nothing that people type: a part of it that makes no sense is an address that is not ours.
    return _problem(portal_of(request), request, HTTPStatus.NOT_FOUND, "NotFound")


async def _unreachable(request: Request, error: Exception) -> Response:
    log.warning("database_unreachable", exc_info=error)
    found = _problem(portal_of(request), request, HTTPStatus.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")
    found.headers["Retry-After"] = "5"
    return found


async def _http_error(request: Request, error: Any) -> Response:  # noqa: ANN401
    status = HTTPStatus(error.status_code)
    found = _problem(portal_of(request), request, status, "NotFound" if status is HTTPStatus.NOT_FOUND else status.name)
    found.headers.update(error.headers or {})
    return found


async def _failed(request: Request, error: Exception) -> Response:
    log.error("failed", exc_info=error)
    return _problem(portal_of(request), request, HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR")


HANDLERS: Mapping[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
    SignInNeeded: _sign_in,
    Answerable: _answered,
    Refusal: _refused,
    IdempotencyKeyReused: _key_reused,
    RequestValidationError: _invalid,
    OperationalError: _unreachable,
    InterfaceError: _unreachable,
    MapperDeserialisationError: _unreachable,
    psycopg.OperationalError: _unreachable,
    psycopg.errors.UndefinedTable: _unreachable,
    HTTPException: _http_error,
    Exception: _failed,
}
