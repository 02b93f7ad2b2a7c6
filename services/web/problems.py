"""How does the API say no (RFC 9457)?

Every error is ``application/problem+json``. It names the rule or the field at fault and never repeats what was sent.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError, MapperDeserialisationError, OperationalError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from domain.basis import Refusal, kebab
from infra.eventstore import IdempotencyKeyReused, QueueIsFull
from infra.identity import NotAuthenticated
from infra.keyring import KeyringError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:weerbaar:problem:"


class Answerable(Exception):  # noqa: N818 - its subclasses are reasons
    """An error that is an answer: the class name is the reason, the docstring the sentence."""

    status: ClassVar[HTTPStatus]
    headers: ClassVar[Mapping[str, str]] = {}


class NotFound(Answerable):
    """There is no such case, or none that you may know of."""

    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class Location(BaseModel):
    """Where a fault is: a JSON pointer into the body, or the name of a parameter."""

    pointer: str | None = None
    name: str | None = None


class Fault(BaseModel):
    """One thing that is wrong with the input (NLGov REST API Design Rules 2.2, invalid input)."""

    in_: str = Field(alias="in")
    location: Location
    code: str
    detail: str


class Problem(BaseModel):
    """Why a request was not carried out."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


DETAILS = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "json_invalid": "is not valid JSON",
    "enum": "is not one of the codes allowed here",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "has more than {max_length} characters",
    "string_pattern_mismatch": "does not have the form asked for",
    "too_short": "needs at least {min_length} items",
    "too_long": "has more than {max_length} items",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "date_from_datetime_parsing": "must be a day, YYYY-MM-DD",
    "date_parsing": "must be a day, YYYY-MM-DD",
    "datetime_parsing": "must be an instant with a time zone",
    "timezone_aware": "must have a time zone",
    "uuid_parsing": "must be a UUID",
}
"""What each kind of fault says. Only limits are filled in, which come from the schema and not from the sender."""


def answer(
    status: HTTPStatus,
    reason: str,
    detail: str,
    *,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the problem document for *reason* (kebab case)."""
    problem = Problem(
        type=f"{TYPE_PREFIX}{reason}",
        title=reason.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        errors=list(errors) or None,
    )
    body = problem.model_dump(by_alias=True, exclude_none=True)
    return JSONResponse(body, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def invalid(errors: Sequence[Fault]) -> JSONResponse:
    """Return the answer to invalid input: 400 with every fault."""
    return answer(
        HTTPStatus.BAD_REQUEST, "invalid-input", "The request has faults; none of it was done.", errors=errors
    )


def fault(error: Mapping[str, Any]) -> Fault:
    """Return what pydantic found wrong, without the value."""
    place, *path = error["loc"]
    code = str(error["type"])
    limits = {name: value for name, value in error.get("ctx", {}).items() if isinstance(value, int)}
    try:
        detail = DETAILS.get(code, "is not valid").format(**limits)
    except KeyError:
        detail = "is not valid"
    if place == "body":
        steps = [] if code == "json_invalid" else [str(step).replace("~", "~0").replace("/", "~1") for step in path]
        location = Location(pointer="#" + "".join(f"/{step}" for step in steps))
    else:
        location = Location(name=".".join(map(str, path)))
    return Fault(**{"in": str(place)}, location=location, code=code, detail=detail)


async def _invalid_input(_: Request, error: Any) -> JSONResponse:  # noqa: ANN401 - as Starlette types handlers
    return invalid([fault(found) for found in error.errors()])


async def _refused(_: Request, error: Any) -> JSONResponse:  # noqa: ANN401
    errors = []
    if error.field is not None:
        location = Location(pointer=f"#/{error.field}")
        errors = [Fault(**{"in": "body"}, location=location, code=error.name(), detail=error.sentence())]
    return answer(HTTPStatus.CONFLICT, error.name(), error.sentence(), errors=errors)


async def _answered(_: Request, error: Any) -> JSONResponse:  # noqa: ANN401
    sentence = " ".join((type(error).__doc__ or "").split())
    return answer(error.status, kebab(type(error).__name__), sentence, headers=error.headers)


async def _not_authenticated(_: Request, __: Exception) -> JSONResponse:
    detail = "A valid access token is needed: Authorization: Bearer <token>."
    headers = {"WWW-Authenticate": 'Bearer realm="weerbaar"'}
    return answer(HTTPStatus.UNAUTHORIZED, "not-authenticated", detail, headers=headers)


async def _key_reused(_: Request, __: Exception) -> JSONResponse:
    detail = "This Idempotency-Key was used before, for another command or another body."
    return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)


async def _unreachable(_: Request, error: Exception) -> JSONResponse:
    log.warning("database_unreachable", exc_info=error)
    detail = "The database does not answer; whether anything was recorded, a repeat with the same key tells."
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail, headers={"Retry-After": "5"})


async def _full(_: Request, __: Exception) -> JSONResponse:
    detail = "Too much is being recorded at this moment; nothing of this was. Try again."
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, "queue-is-full", detail, headers={"Retry-After": "1"})


async def _newer(_: Request, error: Exception) -> JSONResponse:
    # A newer release recorded a fact that this one cannot read: ask a replica of the newer one.
    log.warning("fact_not_understood", exc_info=error)
    detail = "This case holds something that a newer release recorded; ask again."
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail, headers={"Retry-After": "5"})


async def _keys_unusable(_: Request, error: Exception) -> JSONResponse:
    log.error("keys_unusable", reason=str(error))
    detail = "The keys of what is sealed cannot be used; nothing was recorded."
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail, headers={"Retry-After": "5"})


async def _not_built(_: Request, error: Exception) -> JSONResponse:
    log.warning("views_not_built", exc_info=error)
    # A new release's projector is started before its application, and makes the views.
    detail = "The views of this release have not been built yet."
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail, headers={"Retry-After": "5"})


async def _http_error(_: Request, error: Any) -> JSONResponse:  # noqa: ANN401
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:  # a body that cannot be read as JSON at all
        return invalid([fault({"loc": ("body",), "type": "json_invalid"})])
    reason = status.phrase.lower().replace(" ", "-")
    return answer(status, reason, f"{status.description or status.phrase}.", headers=error.headers)


async def _failed(_: Request, error: Exception) -> JSONResponse:
    log.error("failed", exc_info=error)
    detail = "Something went wrong on our side; whether anything was recorded, a repeat with the same key tells."
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-server-error", detail)


HANDLERS: dict[type[Exception], Callable[[Request, Any], Awaitable[JSONResponse]]] = {
    RequestValidationError: _invalid_input,
    Refusal: _refused,
    Answerable: _answered,
    NotAuthenticated: _not_authenticated,
    IdempotencyKeyReused: _key_reused,
    QueueIsFull: _full,
    OperationalError: _unreachable,
    InterfaceError: _unreachable,
    MapperDeserialisationError: _newer,
    KeyringError: _keys_unusable,
    psycopg.OperationalError: _unreachable,
    psycopg.errors.UndefinedTable: _not_built,
    HTTPException: _http_error,
    Exception: _failed,
}


def install(app: FastAPI) -> None:
    """Answer every error of *app* with a problem document."""
    for error, handler in HANDLERS.items():
        app.add_exception_handler(error, handler)
