"""What holds for every request and every answer, whatever the route?

A body is read whole before anything else happens, so that one that is too large or of the wrong type is refused in one
place; every answer carries the security headers of the door it leaves by, the API's or the pages'; every request leaves
one log line and its metrics, by route and never by address, since addresses may hold what somebody typed.
"""

import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPMethod, HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web import problems

log = structlog.get_logger()

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""The headers that the NLGov REST API Design Rules and the OWASP REST sheet ask of an API."""
TRACEPARENT_PARTS = 4


@dataclass
class Metrics:
    """What is counted: requests by method, route and status, and how long they took in seconds."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        """Register the metrics; one registry per application keeps tests apart."""
        self.requests = Counter(
            "weerbaar_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "weerbaar_http_request_seconds", "Time to answer, in seconds.", ["method", "route"], registry=self.registry
        )


def correlation(traceparent: str | None) -> UUID:
    """Return the trace id of a W3C ``traceparent`` as the request's id, or a fresh one."""
    parts = (traceparent or "").split("-")
    try:
        return UUID(hex=parts[1]) if len(parts) == TRACEPARENT_PARTS and int(parts[1], 16) else uuid4()
    except ValueError:
        return uuid4()


@dataclass(frozen=True)
class Door:
    """A part of the service with manners of its own: the API, or the pages."""

    prefix: str
    """Of the paths that lead through it."""
    media_type: str
    """Of the bodies that it takes."""
    headers: Mapping[str, str]
    """On every answer."""
    refused: Callable[[HTTPStatus], ASGIApp]
    """How it says that a body is too large (413) or of another type (415)."""


@dataclass
class Edge:
    """The ASGI middleware around the whole application."""

    app: ASGIApp
    doors: tuple[Door, ...]
    """Tried in order; the last one takes every path."""
    metrics: Metrics
    max_body_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, and its answer out."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        door = next(door for door in self.doors if scope["path"].startswith(door.prefix))
        request_id = correlation(headers.get("traceparent"))
        scope.setdefault("state", {})["correlation"] = request_id
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                add_headers(message, door, request_id)
            await send(message)

        structlog.contextvars.bind_contextvars(request=str(request_id))
        try:
            body = await read_body(receive, headers, self.max_body_bytes)
            refusal = refuse(door, scope, headers, body)
            if refusal is not None:
                await refusal(scope, receive, send_on)
            else:
                await self.app(scope, replayed(body or b"", receive), send_on)
        finally:
            seconds = time.perf_counter() - started
            self._count(scope, status, seconds)
            structlog.contextvars.unbind_contextvars("request")

    def _count(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        # What HTTP does not know is the sender's own word.
        method = scope["method"] if scope["method"] in HTTPMethod.__members__ else "unknown"
        self.metrics.requests.labels(method, route, status).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        log.info("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))


def add_headers(message: Message, door: Door, request_id: UUID) -> None:
    """Add the headers of *door* to the beginning of an answer that does not have them."""
    headers = MutableHeaders(scope=message)
    headers["Weerbaar-Request"] = str(request_id)
    for name, value in door.headers.items():
        headers.setdefault(name, value)


async def read_body(receive: Receive, headers: Headers, limit: int) -> bytes | None:
    """Return the whole body, or ``None`` as soon as it is larger than *limit* bytes."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        return None
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":  # the client has gone; the application finds out by itself
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def refuse(door: Door, scope: Scope, headers: Headers, body: bytes | None) -> ASGIApp | None:
    """Return the answer to a body that is too large or of a type that *door* does not take, or ``None``."""
    if body is None:
        return door.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if scope["method"] == "POST" and body and media_type != door.media_type:
        return door.refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return None


def api_door(prefix: str, version: str) -> Door:
    """Return the door of the API, or of whatever else speaks JSON."""
    return Door(
        prefix=prefix,
        media_type="application/json",
        headers={"API-Version": version} | SECURITY_HEADERS,
        refused=_unacceptable,
    )


def _unacceptable(status: HTTPStatus) -> ASGIApp:
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problems.answer(status, "body-too-large", "The body is larger than this service accepts.")
    return problems.answer(status, "unsupported-media-type", "Send the body as application/json.")


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a *receive* that first gives *body*, which has been read already."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
