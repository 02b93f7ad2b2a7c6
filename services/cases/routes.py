"""Which commands does the API take?

One operation per command, derived from the command class: its noun makes the URL, its fields the body, its docstring
the description, its roles who may.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from domain.basis import Command, Kind
from domain.values import Model
from infra.eventstore import Receipt
from services.cases import handling
from services.cases.handling import Handling
from services.web.context import CallerDependency, correlation_of, key_type

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="Repeat a command with the same key and body, and it is answered again without being done again.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="The ETag of the version you decided on; if the case has changed since, nothing is done (412).",
    ),
]


class Answer(Model):
    """What was recorded."""

    id: str
    """The case's id, the last part of its address."""
    number: str | None
    """The case's number, given out when it begins."""
    facts: tuple[str, ...]
    """The topics of the facts that were recorded."""
    events: tuple[UUID, ...]
    """Their event ids."""


def command_routes(kinds: tuple[Kind[Any], ...], handler: Handling) -> APIRouter:
    """Return the routes of every command of *kinds*."""
    router = APIRouter()
    for kind in kinds:
        for command in kind.commands:
            path = f"/{kind.collection}" if command.creates else f"/{kind.collection}/{{id}}/{command.noun}"
            router.add_api_route(
                path,
                _endpoint(kind, command, handler),
                methods=["POST"],
                status_code=HTTPStatus.CREATED,
                operation_id=command.__name__[0].lower() + command.__name__[1:],
                summary=(command.__doc__ or "").partition("\n")[0].rstrip("."),
                description=_description(command),
                tags=[kind.collection],
                openapi_extra={"x-roles": sorted(command.roles)},
            )
    return router


def _description(command: type[Command[Any]]) -> str:
    lines = (command.__doc__ or "").partition("\n")[2].strip().splitlines()
    roles = ", ".join(sorted(command.roles))
    return "\n".join([*(line.strip() for line in lines), "", f"For the roles: {roles}."]).strip()


def _endpoint(kind: Kind[Any], command_type: type[Command[Any]], handler: Handling) -> Callable[..., Awaitable[Answer]]:
    """Return the endpoint of one command; FastAPI reads its parameters from the annotations set below."""

    async def respond(request: Request, response: Response, made: handling.Request) -> Answer:
        receipt = await handler.handle(kind, made)
        return _answer(kind, handler, receipt, request, response)

    if command_type.creates:

        async def create(
            *,
            request: Request,
            response: Response,
            caller: CallerDependency,
            command: Command[Any],
            idempotency_key: IdempotencyKey = None,
        ) -> Answer:
            made = handling.Request(
                command=command,
                caller=caller,
                idempotency_key=idempotency_key,
                correlation=correlation_of(request),
            )
            return await respond(request, response, made)

        create.__annotations__["command"] = command_type
        return create

    async def change(  # noqa: PLR0913 - one parameter per part of the request
        *,
        request: Request,
        response: Response,
        caller: CallerDependency,
        key: Any,  # noqa: ANN401 - set below
        command: Command[Any],
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Answer:
        made = handling.Request(
            command=command,
            caller=caller,
            key=str(key),
            if_match=if_match,
            idempotency_key=idempotency_key,
            correlation=correlation_of(request),
        )
        return await respond(request, response, made)

    change.__annotations__ |= {"command": command_type, "key": key_type(kind)}
    return change


def _answer(kind: Kind[Any], handler: Handling, receipt: Receipt, request: Request, response: Response) -> Answer:
    key = receipt.stream.partition(":")[2]
    response.headers["Location"] = f"{request.scope['root_path']}/{kind.collection}/{key}"
    response.headers["ETag"] = handler.etag(receipt.stream, receipt.version)
    response.headers["Weerbaar-Position"] = handler.opaque.seal("position", receipt.position)
    return Answer(id=key, number=receipt.number, facts=receipt.topics, events=receipt.event_ids)
