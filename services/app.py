"""Of which parts is the web application made?"""

import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from domain.basis import Actor, Kind
from domain.bodies import Register
from domain.kinds import KINDS
from infra.database import Database
from infra.eventstore import CaseStore
from infra.identity import Verifier, secret, verifier
from infra.opaque import Opaque
from infra.registers import public_bodies
from infra.settings import Mode, Settings
from services.cases.handling import Handling
from services.cases.routes import command_routes
from services.operation import operation_routes
from services.portal.app import create_portal, pages_door
from services.portal.assets import Assets
from services.portal.drafts import Drafts
from services.portal.pages import Portal
from services.portal.sessions import Sessions
from services.projections.register import VIEWS
from services.projections.routes import Reading, read_routes
from services.projections.tracking import Watch
from services.projections.views import View
from services.transparency.keys import place_of
from services.web import problems
from services.web.context import known_parameters_only
from services.web.describe import publish
from services.web.edge import Edge, Metrics, api_door
from services.web.reference import reference_routes

VERSION = version("weerbaar")


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Service:
    """The parts of the service, composed once; kinds, views and clock can be replaced by whoever composes it."""

    settings: Settings
    database: Database
    kinds: tuple[Kind[Any], ...] = KINDS
    views: tuple[View, ...] = VIEWS
    clock: Callable[[], datetime] = now
    bodies: Register = field(default_factory=public_bodies)
    cast: Mapping[str, Actor] = field(default_factory=dict)
    """Who can sign in to the pages without proof: the cast of the demo, and nobody else ever."""
    store: CaseStore = field(init=False)
    opaque: Opaque = field(init=False)
    verifier: Verifier = field(init=False)
    handling: Handling = field(init=False)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        """Make the parts that follow from the others."""
        made: dict[str, Any] = {
            "store": CaseStore(self.database, self.kinds),
            "opaque": Opaque(secret(self.settings)),
            "verifier": verifier(self.settings),
            "watch": Watch(self.database),
        }
        made["handling"] = Handling(
            store=made["store"], kinds=self.kinds, bodies=self.bodies, opaque=made["opaque"], clock=self.clock
        )
        for name, part in made.items():
            object.__setattr__(self, name, part)

    @property
    def reading(self) -> Reading:
        """Return what the read side needs."""
        return Reading(
            database=self.database,
            kinds=self.kinds,
            views=self.views,
            opaque=self.opaque,
            etag=self.handling.etag,
            wait_seconds=self.settings.wait_seconds,
            watch=self.watch,
            vault=self.store.vault,
        )

    @property
    def portal(self) -> Portal:
        """Return what the pages need. Raises FrontEndMissing."""
        return Portal(
            reading=self.reading,
            handling=self.handling,
            bodies=self.bodies,
            opaque=self.opaque,
            sessions=Sessions(self.database),
            drafts=Drafts(self.database, self.opaque),
            assets=Assets(),
            clock=self.clock,
            cast=self.cast if self.settings.mode is Mode.DEMO else {},
            phones=self.settings.duty_phones,
            store=self.store,
            log=place_of(self.settings),
            secure=self.settings.public_url.startswith("https:"),
        )

    def close(self) -> None:
        """End what goes on beside the requests, and let what is still being recorded be recorded."""
        self.watch.close()
        self.store.close()


def create_api(service: Service) -> FastAPI:
    """Return the API, which is mounted at ``/v1``."""
    api = FastAPI(
        title="Weerbaar",
        summary="Case management for the Netwerk Weerbaar Bestuur.",
        description=(
            "Threat cases, security advice and integrity inquiries as histories of facts. Commands are POSTs; each adds"
            " facts to a history, and nothing is ever edited. Views are GETs, and show what the caller may see."
        ),
        version=VERSION,
        contact={"name": "Weerbaar", "url": "https://www.weerbaarbestuur.nl", "email": service.settings.contact_email},
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        servers=[{"url": f"{service.settings.public_url}/v1"}],
        root_path_in_servers=False,
        redirect_slashes=False,
        dependencies=[Depends(known_parameters_only)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # published below
    )
    reads = read_routes(service.reading)
    sent = [model for kind in service.kinds for model in (*kind.commands, *kind.facts)]
    shown = [route.response_model for route in reads.routes if isinstance(route, APIRoute)]
    api.include_router(command_routes(service.kinds, service.handling))
    api.include_router(reads)
    api.include_router(reference_routes([*sent, *shown], service.bodies))
    api.state.verifier = service.verifier
    api.state.clock = service.clock
    problems.install(api)
    publish(api)
    return api


def _nothing() -> None:
    """Say in the words of the API, and not on a page, that there is nothing at its bare address."""
    raise HTTPException(HTTPStatus.NOT_FOUND)


def settle() -> None:
    """Tell the garbage collector that all there is now stays until the end of the process.

    Otherwise it looks through it again and again, and each time somebody waits.
    """
    gc.collect()
    gc.freeze()


def create_app(service: Service) -> FastAPI:
    """Return the web application: the pages, the API, and health and metrics beside them. Raises FrontEndMissing."""
    metrics = Metrics()
    portal = service.portal

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(service.close)

    outer = FastAPI(openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    outer.state.portal = portal
    outer.include_router(operation_routes(service.database, service.views, metrics))
    problems.install(outer)
    outer.mount("/v1", create_api(service))
    outer.add_api_route("/v1", _nothing, include_in_schema=False)
    outer.mount("/", create_portal(portal))
    outer.add_middleware(
        Edge,  # a dataclass is a class with an __init__ too
        doors=(*(api_door(prefix, VERSION) for prefix in ("/v1", "/health", "/metrics")), pages_door(portal)),
        metrics=metrics,
        max_body_bytes=service.settings.max_body_bytes,
    )
    return outer
