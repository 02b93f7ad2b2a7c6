"""Of which parts is the portal made, and what does a page say when something is wrong?"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError, MapperDeserialisationError, OperationalError
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.basis import Refusal
from infra.eventstore import IdempotencyKeyReused, QueueIsFull
from infra.keyring import KeyringError
from services.portal import (
    advices,
    assets,
    caselist,
    commands,
    dossiers,
    handover,
    labels,
    organisations,
    progress,
    proof,
    replaying,
    sheets,
    signing_in,
    steunpunt,
    worklists,
)
from services.portal.compressing import Compression
from services.portal.forms import fields_of
from services.portal.pages import HEADERS, Portal, SignInNeeded, Visit, draw, go, portal_of, visit_of
from services.portal.wording import long_day
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
        handover.routes(),
        advices.routes(),
        caselist.routes(),
        replaying.routes(),
        steunpunt.routes(),
        organisations.routes(),
        progress.routes(),
        proof.routes(),
        sheets.routes(),  # before the forms, whose addresses look the same
        commands.routes(),
        dossiers.routes(),
    ):
        app.include_router(routes)
    for error, handler in HANDLERS.items():
        app.add_exception_handler(error, handler)
    app.add_middleware(Compression)
    return app


def warm(portal: Portal) -> None:
    """Make now what else the first visit to each page would wait for: templates, the fields of forms, Dutch words."""
    for name in portal.environment.list_templates():
        portal.environment.get_template(name)
    for command in (command for kind in portal.reading.kinds for command in kind.commands):
        fields_of(command)
    long_day(portal.clock().date())


def pages_door(portal: Portal) -> Door:
    """Return the door of the pages."""

    def refused(status: HTTPStatus) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            words = labels.PROBLEMS[status.name]
            await draw(portal, Request(scope), "problem.html", status=status, words=words)(scope, receive, send)

        return answer

    return Door(prefix="/", media_type="application/x-www-form-urlencoded", headers=HEADERS, refused=refused)


# --- what is wrong ----------------------------------------------------------------------------------------------------

UNREACHABLE = (
    OperationalError,
    InterfaceError,
    MapperDeserialisationError,
    KeyringError,
    psycopg.OperationalError,
    psycopg.errors.UndefinedTable,
    PoolTimeout,
)
"""What another try may find mended: the database is away, a newer release is on its way in, or the keys are others."""


async def _sign_in(_: Request, error: Any) -> Response:  # noqa: ANN401 - as Starlette types handlers
    return go("/aanmelden", verder=error.path, **({"bewaard": "1"} if error.kept else {}))


async def _say(request: Request, error: Exception) -> Response:
    """Draw the page that says in words what is wrong."""
    status, words, headers = told(error)
    response = draw(
        portal_of(request), request, "problem.html", status=status, visit=await _visit(request), words=words
    )
    response.headers.update(headers)
    return response


def told(error: Exception) -> tuple[HTTPStatus, labels.Problem, Mapping[str, str]]:  # noqa: PLR0911 - one flat match
    """Return the status, the words and further headers with which a page tells of *error*."""
    match error:
        case Answerable():
            return error.status, labels.PROBLEMS[type(error).__name__], error.headers
        case Refusal():
            status = HTTPStatus.CONFLICT
            return status, labels.PROBLEMS[status.name]._replace(sentence=labels.REFUSALS[type(error)]), {}
        case IdempotencyKeyReused():
            return HTTPStatus.UNPROCESSABLE_ENTITY, labels.PROBLEMS[type(error).__name__], {}
        case QueueIsFull():
            return HTTPStatus.SERVICE_UNAVAILABLE, labels.PROBLEMS[type(error).__name__], {"Retry-After": "1"}
        case RequestValidationError():
            # Nobody types an address: a part of one that makes no sense is an address that is not ours.
            return HTTPStatus.NOT_FOUND, labels.PROBLEMS["NotFound"], {}
        case HTTPException():
            status = HTTPStatus(error.status_code)
            return status, labels.PROBLEMS[status.name], error.headers or {}
        case _ if isinstance(error, UNREACHABLE):
            log.warning("database_unreachable", exc_info=error)
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return status, labels.PROBLEMS[status.name], {"Retry-After": "5"}
        case _:
            log.error("failed", exc_info=error)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            return status, labels.PROBLEMS[status.name], {}


async def _visit(request: Request) -> Visit | None:
    """Return whose request it is, also where the address led to no page that asked."""
    found: Visit | None = getattr(request.state, "visit", None)
    if found is None:
        with suppress(SignInNeeded, *UNREACHABLE):
            found = await run_in_threadpool(visit_of, request)
    return found


HANDLERS: Mapping[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
    SignInNeeded: _sign_in
} | dict.fromkeys(
    (Answerable, Refusal, IdempotencyKeyReused, RequestValidationError, HTTPException, *UNREACHABLE, Exception), _say
)
