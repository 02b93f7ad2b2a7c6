"""Is the service alive, is it ready, and how is it doing?"""

from collections.abc import Callable
from http import HTTPStatus

import psycopg
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from psycopg_pool import PoolTimeout

from infra.database import Database
from infra.migrate import MigrationError, pending
from services.projections.tracking import ViewStatus, status
from services.projections.views import View
from services.web import problems
from services.web.edge import Metrics

WHEN_UNREACHABLE = (psycopg.Error, PoolTimeout, MigrationError)


def operation_routes(database: Database, views: tuple[View, ...], metrics: Metrics) -> APIRouter:
    """Return the routes for those who operate the service; a proxy keeps them inside."""
    router = APIRouter(include_in_schema=False)

    # Asynchronous: it needs no thread, and answers also while all of them wait for the database.
    @router.get("/health/live")
    async def live() -> dict[str, str]:
        """Tell that the process answers."""
        return {"status": "alive"}

    @router.get("/health/ready")
    def ready() -> JSONResponse:
        """Tell whether requests can be served: the database answers and is migrated, and every view goes on."""
        try:
            if pending(database):
                return not_ready("The database is not migrated to this release.")
            shown = status(database)
        except WHEN_UNREACHABLE:
            return not_ready("The database does not answer.")
        found = {(view.name, view.version): view for view in shown}
        ours = [(view.name, found.get((view.name, view.version))) for view in views]
        unbuilt = [name for name, view in ours if view is None]
        if unbuilt:
            return not_ready(f"The projector of this release has not built these views: {', '.join(unbuilt)}.")
        stopped = [name for name, view in ours if view and view.stopped_at]
        if stopped:
            return not_ready(f"These views have stopped: {', '.join(stopped)}.")
        return JSONResponse({"status": "ready"})

    @router.get("/metrics")
    def read_metrics() -> Response:
        """Give the metrics of this process and of the views, as Prometheus reads them."""
        try:
            shown = status(database)
        except WHEN_UNREACHABLE:
            shown = []  # the process's own metrics are wanted most when the database is away
        return Response(generate_latest(metrics.registry) + view_metrics(shown), media_type=CONTENT_TYPE_LATEST)

    return router


def not_ready(detail: str) -> JSONResponse:
    """Return the answer of a service that cannot serve yet."""
    return problems.answer(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail, headers={"Retry-After": "5"})


def view_metrics(views: list[ViewStatus]) -> bytes:
    """Return the metrics of the views: how far each is, how far behind, and whether it goes on.

    Idle and dead are told apart by whether a projector is at work, and by when a view moved last.
    """
    registry = CollectorRegistry()
    gauges: tuple[tuple[str, str, Callable[[ViewStatus], float]], ...] = (
        ("position", "Last event shown.", lambda view: view.position),
        ("lag", "Events not shown yet.", lambda view: view.lag),
        ("lag_seconds", "For how long the oldest of them has been waiting.", lambda view: view.behind.total_seconds()),
        (
            "last_activity_timestamp_seconds",
            "When the view moved last, in seconds since 1970.",
            lambda view: view.last_activity.timestamp(),
        ),
        ("running", "1 while a projector is at work on the view.", lambda view: view.running),
        ("stopped", "1 when the view has stopped.", lambda view: view.stopped_at is not None),
    )
    for name, meaning, value in gauges:
        gauge = Gauge(f"weerbaar_view_{name}", meaning, ["view", "version"], registry=registry)
        for view in views:
            gauge.labels(view.name, view.version).set(value(view))
    return generate_latest(registry)
