"""Which views does the API show?

Need-to-know is the database's: each query runs as the caller, and what they may not see is not there. The role gates
here only turn an empty answer into a clear one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, NoReturn, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow
from pydantic import create_model

from domain.basis import Actor, Kind, Party, Role
from domain.bodies import BodyId
from domain.organisations import PersonKey
from domain.values import AMSTERDAM, Day, Instant, Model, Slug
from infra.database import Database
from infra.opaque import NotOurs, Opaque
from infra.vault import Vault
from services.projections import (
    access,
    cases,
    consultations,
    measure_figures,
    measure_progress,
    memberships,
    steunpunt_register,
    timeline,
    tracking,
    worklist,
)
from services.projections.measure_progress import QueueStep
from services.projections.replay import Difference, Entry, Happening, Replay, as_json, differences, replay
from services.projections.views import Cursor, Page, View
from services.web.context import CallerDependency, Moment, key_type
from services.web.problems import Answerable, NotFound

T = TypeVar("T")

KIND = r"^[a-z_]{1,64}$"
NUMBER = r"^[A-Z]{2}-[0-9]{4}-[0-9]{6,9}$"

Limit = Annotated[int, Query(ge=1, le=200, description="How many items at the most.")]
After = Annotated[
    str | None,
    Query(alias="cursor", max_length=1000, description="Where to go on: from the Link header with rel=next."),
]
Position = Annotated[
    str | None,
    Header(
        alias="Weerbaar-Position",
        max_length=200,
        description="From the answer to a command: the view shows at least what that command recorded.",
    ),
]


class NotForThisRole(Answerable):
    """This view is not for your role."""

    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


class NotForThisParty(Answerable):
    """This view tells more of the case than your organisation may see of it."""

    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


class AccessUncertain(Answerable):
    """Who may see what is not being kept up to date at the moment, so nothing of any case is shown; ask again."""

    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class NotVisibleYet(Answerable):
    """The view has not reached the position you named; ask again."""

    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class TimelineEntry(Happening):
    """One fact of a case."""

    fact: dict[str, Any] | None
    """What it says; ``null`` where a newer release recorded it."""


class CaseList(Model):
    """Some cases; the Link header leads to the next ones."""

    items: tuple[cases.Case, ...]


class Worklist(Model):
    """Some threat cases; the Link header leads to the next ones."""

    items: tuple[worklist.WorklistItem, ...]


class SteunpuntRegister(Model):
    """Some matters; the Link header leads to the next ones."""

    items: tuple[steunpunt_register.RegisterEntry, ...]


class ConsultationList(Model):
    """Some consultations of the steunpunt; the Link header leads to the next ones."""

    items: tuple[consultations.ConsultationItem, ...]


class OrganisationList(Model):
    """Some organisations; the Link header leads to the next ones."""

    items: tuple[memberships.OrganisationEntry, ...]


class MemberList(Model):
    """Who has which role in an organisation on a day."""

    items: tuple[memberships.Member, ...]


class MeasureFunnels(Model):
    """A funnel per set of rules."""

    items: tuple[measure_figures.Funnel, ...]


class MeasureMonths(Model):
    """Figures of each month under each set of rules."""

    items: tuple[measure_figures.MonthFigures, ...]


class MeasureYears(Model):
    """Figures of each year under each set of rules, for the country and each area."""

    items: tuple[measure_figures.YearFigures, ...]


class AdviceList(Model):
    """Some requests for security advice; the Link header leads to the next ones."""

    items: tuple[measure_progress.AdviceItem, ...]


class Timeline(Model):
    """What happened in a case, in order."""

    items: tuple[TimelineEntry, ...]


class Progress(Model):
    """How far a request and its measures have come."""

    request: measure_progress.RequestProgress
    measures: tuple[measure_progress.MeasureProgress, ...]


class Comparison(Replay):
    """A case as it was, and what had changed since an earlier moment."""

    changes: tuple[Difference, ...]


@dataclass(frozen=True)
class Reading:
    """Everything that the read side needs."""

    database: Database
    kinds: tuple[Kind[Any], ...]
    views: tuple[View, ...]
    opaque: Opaque
    etag: Callable[[str, int], str]
    wait_seconds: float
    watch: tracking.Watch
    vault: Vault

    @contextmanager
    def of_cases(self, actor: Actor) -> Iterator[DatabaseCursor[DictRow]]:
        """Read as *actor* what the access list guards, unless that goes on no more."""
        with self.database.reading(actor) as cursor:
            if tracking.has_stopped(cursor, access.VIEW):
                raise AccessUncertain
            yield cursor

    def entries(self, kind: Kind[Any], key: object, actor: Actor) -> "Found":
        """Return a case and the facts of it that *actor* may see."""
        stream = kind.stream(str(key))
        topics = {fact.topic: fact for fact in kind.facts}
        with self.of_cases(actor) as cursor:
            case = cases.by_stream(cursor, stream)
            if case is None:
                raise NotFound
            return Found(case, timeline.of_stream(cursor, stream, topics, self.vault), access.parties(cursor, stream))

    def entity_tag(self, kind: Kind[Any], found: "Found", role: Role) -> dict[str, str]:
        """Return the header with the version of what is shown, for whoever can act on the case.

        To anybody else it would tell of facts that they may not see, each time it changed.
        """
        acts = any(
            role in command.roles and not found.parties.isdisjoint(command.parties)
            for command in kind.commands
            if not command.creates
        )
        if not acts or not found.entries:
            return {}
        return {"ETag": self.etag(found.case.stream, found.entries[-1].version)}

    def cursor(self, purpose: str, token: str | None) -> Cursor | None:
        """Return the place that *token* names."""
        if token is None:
            return None
        try:
            place = self.opaque.open(f"cursor {purpose}", token)
        except NotOurs:
            refuse("query", "cursor")
        return tuple(place) if isinstance(place, list) else None

    def paged(self, request: Request, response: Response, purpose: str, page: Page[T]) -> tuple[T, ...]:
        """Return the items of the page, and set a Link to the next one (RFC 8288)."""
        if page.after is not None:
            token = self.opaque.seal(f"cursor {purpose}", page.after)
            following = request.url.include_query_params(cursor=token)
            response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        return page.items


@dataclass(frozen=True)
class Found:
    """What a reader finds of one case."""

    case: cases.Case
    entries: list[Entry]
    parties: frozenset[Party]
    """What they are to it."""


def refuse(place: str, name: str) -> NoReturn:
    """Refuse an opaque parameter that we did not give out."""
    fault = {"loc": (place, name), "type": "not_ours", "msg": "", "input": None}
    raise RequestValidationError([fault]) from None


def showing(reading: Reading, *names: str) -> Any:  # noqa: ANN401 - a dependency
    """Return what makes the views with those *names* show at least the position that came along."""
    views = [view for view in reading.views if view.name in names]

    def wait(position: Position = None) -> None:
        if position is None:
            return
        try:
            asked = reading.opaque.open("position", position)
        except NotOurs:
            refuse("header", "Weerbaar-Position")
        try:
            reading.watch.wait(views, int(str(asked)), reading.wait_seconds)
        except tracking.NotYetVisible:
            raise NotVisibleYet from None

    return Depends(wait)


def for_roles(reading: Reading, views: tuple[str, ...], *roles: Role) -> dict[str, Any]:
    """Return how the route of *views* that are for *roles* only differs from another."""

    def gate(caller: CallerDependency) -> None:
        if caller.actor.role not in roles:
            raise NotForThisRole

    return {
        "dependencies": [Depends(gate), showing(reading, *views)],
        "openapi_extra": {"x-roles": sorted(roles)},
        "tags": ["views"],
    }


def read_routes(reading: Reading) -> APIRouter:
    """Return the routes of the views."""
    router = APIRouter()
    _add_lists(router, reading)
    _add_organisations(router, reading)
    _add_figures(router, reading)
    _add_progress(router, reading)
    for kind in reading.kinds:
        _add_case_routes(router, reading, kind)
    return router


def _add_lists(router: APIRouter, reading: Reading) -> None:
    """Add the lists over many cases."""

    @router.get("/cases", operation_id="cases", tags=["views"], dependencies=[showing(reading, "access", "cases")])
    def read_cases(  # noqa: PLR0913, PLR0917 - one parameter per part of the request
        request: Request,
        response: Response,
        caller: CallerDependency,
        kind: Annotated[str | None, Query(pattern=KIND, description="Only of this kind: threat_case.")] = None,
        number: Annotated[str | None, Query(pattern=NUMBER, description="Only the one with this number.")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> CaseList:
        """List the cases that you may know of, newest first."""
        place = reading.cursor("cases", after)
        with reading.of_cases(caller.actor) as cursor:
            if number is not None:
                found = cases.by_number(cursor, number)
                return CaseList(items=(found,) if found and kind in {None, found.kind} else ())
            page = cases.newest(cursor, kind=kind, after=place, limit=limit)
        return CaseList(items=reading.paged(request, response, "cases", page))

    @router.get(
        "/worklist",
        operation_id="worklist",
        **for_roles(reading, ("worklist",), Role.SUPPORT_TEAM, Role.PUBLIC_BODY, Role.AUDITOR),
    )
    def read_worklist(  # noqa: PLR0913, PLR0917
        request: Request,
        response: Response,
        caller: CallerDependency,
        closed: Annotated[bool, Query(description="The closed cases instead of the open ones.")] = False,  # noqa: FBT002
        handler: Annotated[PersonKey | None, Query(description="Only those that this person handles.")] = None,
        unhandled: Annotated[bool, Query(description="Only those that nobody handles.")] = False,  # noqa: FBT002
        limit: Limit = 50,
        after: After = None,
    ) -> Worklist:
        """List the threat cases of your organisation: danger first, then what is due soonest."""
        purpose = f"worklist {closed} {unhandled} {handler}"
        place = reading.cursor(purpose, after)
        with reading.database.reading(caller.actor) as cursor:
            page = worklist.cases(cursor, closed=closed, handler=handler, unhandled=unhandled, after=place, limit=limit)
        return Worklist(items=reading.paged(request, response, purpose, page))

    @router.get(
        "/steunpunt-register",
        operation_id="steunpuntRegister",
        **for_roles(reading, ("steunpunt_register",), Role.STEUNPUNT, Role.AUDITOR),
    )
    def read_register(
        request: Request, response: Response, caller: CallerDependency, limit: Limit = 50, after: After = None
    ) -> SteunpuntRegister:
        """List the matters on which the steunpunt was consulted, anonymised, the newest month first."""
        place = reading.cursor("register", after)
        with reading.database.reading(caller.actor) as cursor:
            page = steunpunt_register.newest(cursor, after=place, limit=limit)
        return SteunpuntRegister(items=reading.paged(request, response, "register", page))

    @router.get(
        "/consultations",
        operation_id="consultations",
        **for_roles(reading, ("consultations",), Role.STEUNPUNT, Role.AUDITOR),
    )
    def read_consultations(  # noqa: PLR0913, PLR0917
        request: Request,
        response: Response,
        caller: CallerDependency,
        closed: Annotated[bool, Query(description="The closed ones instead of the open ones.")] = False,  # noqa: FBT002
        limit: Limit = 50,
        after: After = None,
    ) -> ConsultationList:
        """List the questions to the steunpunt: first intakes by the day they are due, then the oldest first."""
        purpose = f"consultations {closed}"
        query = consultations.closed if closed else consultations.waiting
        place = reading.cursor(purpose, after)
        with reading.database.reading(caller.actor) as cursor:
            page = query(cursor, after=place, limit=limit)
        return ConsultationList(items=reading.paged(request, response, purpose, page))

    @router.get(
        "/security-advices",
        operation_id="securityAdvices",
        **for_roles(
            reading,
            ("access", "measure_progress"),
            Role.PUBLIC_BODY,
            Role.SUPPORT_TEAM,
            Role.BVA,
            Role.CCV,
            Role.AUDITOR,
        ),
    )
    def read_advices(  # noqa: PLR0913, PLR0917
        request: Request,
        response: Response,
        caller: CallerDependency,
        waiting_for: Annotated[
            QueueStep | None,
            Query(alias="waitingFor", description="Only those that wait for this, the longest wait first."),
        ] = None,
        body: Annotated[BodyId | None, Query(description="Only those of this public body.")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> AdviceList:
        """List the requests for security advice that you may know of and what they wait for, the newest first."""
        if body is None and caller.actor.role is Role.PUBLIC_BODY:
            body = caller.actor.organisation  # it may know of no others: so they need not be looked through
        purpose = f"security advices {waiting_for} {body}"
        place = reading.cursor(purpose, after)
        with reading.of_cases(caller.actor) as cursor:
            if waiting_for is None:
                page = measure_progress.newest(cursor, body=body, after=place, limit=limit)
            else:
                page = measure_progress.queue(cursor, waiting_for, body=body, after=place, limit=limit)
        return AdviceList(items=reading.paged(request, response, purpose, page))


def _add_organisations(router: APIRouter, reading: Reading) -> None:
    """Add who works where."""

    @router.get(
        "/organisations",
        operation_id="organisations",
        **for_roles(reading, ("access", "memberships"), Role.ADMINISTRATOR, Role.AUDITOR),
    )
    def read_organisations(
        request: Request, response: Response, caller: CallerDependency, limit: Limit = 50, after: After = None
    ) -> OrganisationList:
        """List the organisations of the network."""
        place = reading.cursor("organisations", after)
        with reading.of_cases(caller.actor) as cursor:
            page = memberships.organisations(cursor, after=place, limit=limit)
        return OrganisationList(items=reading.paged(request, response, "organisations", page))

    @router.get(
        "/organisations/{id}/members",
        operation_id="members",
        **for_roles(reading, ("access", "memberships"), Role.ADMINISTRATOR, Role.AUDITOR),
    )
    def read_members(
        caller: CallerDependency,
        moment: Moment,
        key: Annotated[Slug, Path(alias="id")],
        at: Annotated[Day | None, Query(description="The day, by default today.")] = None,
    ) -> MemberList:
        """List who has which role in an organisation on a day."""
        day = at or moment.astimezone(AMSTERDAM).date()
        with reading.of_cases(caller.actor) as cursor:
            found = memberships.members(cursor, f"organisation:{key}", day)
        if found is None:
            raise NotFound
        return MemberList(items=tuple(found))


def _add_figures(router: APIRouter, reading: Reading) -> None:
    """Add the figures about measures."""

    def figures(caller: CallerDependency, moment: Moment) -> measure_figures.Figures:
        with reading.database.reading(caller.actor) as cursor:
            return measure_figures.figures(cursor, caller.actor.role, moment.astimezone(AMSTERDAM).date())

    found = Annotated[measure_figures.Figures, Depends(figures)]
    for_readers = for_roles(reading, ("measure_progress",), *measure_figures.READERS)

    @router.get("/measure-progress", operation_id="measureProgress", **for_readers)
    def read_funnel(figures: found) -> MeasureFunnels:
        """Show how far requests and measures have come, per set of rules: a funnel with exits and open steps."""
        return MeasureFunnels(items=figures.funnels)

    @router.get("/measure-progress/months", operation_id="measureProgressMonths", **for_readers)
    def read_months(figures: found) -> MeasureMonths:
        """Show what happened to requests and measures in each month, per set of rules, in the whole country."""
        return MeasureMonths(items=figures.months)

    @router.get("/measure-progress/years", operation_id="measureProgressYears", **for_readers)
    def read_years(figures: found) -> MeasureYears:
        """Show what happened to requests and measures in each year, per set of rules, in the country and each area."""
        return MeasureYears(items=figures.years)


def _add_progress(router: APIRouter, reading: Reading) -> None:
    """Add how far one request has come."""

    @router.get(
        "/security-advices/{id}/progress",
        operation_id="securityAdviceProgress",
        tags=["security-advices"],
        dependencies=[showing(reading, "access", "measure_progress")],
    )
    def read_progress(caller: CallerDependency, key: Annotated[UUID, Path(alias="id")]) -> Progress:
        """Show how far one request and its measures have come."""
        stream = f"security_advice:{key}"
        with reading.of_cases(caller.actor) as cursor:
            parties = access.parties(cursor, stream)
            if parties and parties.isdisjoint(measure_progress.MAY_SEE):
                raise NotForThisParty
            request = measure_progress.request(cursor, stream)
            if request is None:
                raise NotFound
            return Progress(request=request, measures=tuple(measure_progress.measures(cursor, stream)))


def _add_case_routes(router: APIRouter, reading: Reading, kind: Kind[Any]) -> None:
    """Add what can be read of one case of *kind*."""
    name = kind.name.title().replace("_", "")
    needs = showing(reading, "access", "cases", "timeline")
    state = type(kind.empty)
    dossier_type = create_model(
        f"{name}Dossier",
        __base__=cases.Case,
        __doc__=f"A {kind.name.replace('_', ' ')} as far as you may see it.",
        state=(state, ...),
    )

    def read_dossier(caller: CallerDependency, key: Any) -> Response:  # noqa: ANN401 - annotated below
        found = reading.entries(kind, key, caller.actor)
        told = replay(kind, found.entries)
        headers = reading.entity_tag(kind, found, caller.actor.role)
        return JSONResponse(found.case.model_dump(mode="json") | {"state": told.state}, headers=headers)

    def read_timeline(caller: CallerDependency, key: Any) -> Timeline:  # noqa: ANN401
        entries = reading.entries(kind, key, caller.actor).entries
        history = replay(kind, entries).history
        return Timeline(
            items=tuple(
                TimelineEntry(**dict(happening), fact=as_json(entry.fact) if entry.fact else None)
                for happening, entry in zip(history, entries, strict=True)
            )
        )

    def read_replay(  # noqa: PLR0913, PLR0917
        caller: CallerDependency,
        key: Any,  # noqa: ANN401
        version: Annotated[int | None, Query(ge=1, le=1_000_000, description="After this many visible facts.")] = None,
        at: Annotated[Instant | None, Query(description="As of this moment.")] = None,
        since_version: Annotated[int | None, Query(alias="sinceVersion", ge=0, le=1_000_000)] = None,
        since_at: Annotated[Instant | None, Query(alias="sinceAt")] = None,
    ) -> Comparison:
        entries = reading.entries(kind, key, caller.actor).entries
        after = replay(kind, entries, version=version, at=at)
        compare = since_version is not None or since_at is not None
        before = replay(kind, entries, version=since_version, at=since_at)
        return Comparison(**dict(after), changes=differences(before, after) if compare else ())

    routes: tuple[tuple[str, Callable[..., Any], str, str, Any], ...] = (
        ("", read_dossier, "Dossier", "Show the case as it is now, as far as you may see it.", dossier_type),
        ("/timeline", read_timeline, "Timeline", "List what has happened, as far as you may see it.", None),
        ("/replay", read_replay, "Replay", "Show the case at a version or a moment, and what changed since.", None),
    )
    for path, endpoint, suffix, description, model in routes:
        endpoint.__annotations__["key"] = key_type(kind)
        router.add_api_route(
            f"/{kind.collection}/{{id}}{path}",
            endpoint,
            methods=["GET"],
            operation_id=f"{name[0].lower()}{name[1:]}{suffix}",
            summary=description.rstrip("."),
            response_model=model or endpoint.__annotations__["return"],
            tags=[kind.collection],
            dependencies=[needs],
        )
