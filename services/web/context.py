"""What do routes find at hand: the parts of the service, the caller, the address they are reached at?

The dependencies are asynchronous because they wait for nothing: others FastAPI calls in a thread each.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.basis import Kind
from infra.identity import Caller, NotAuthenticated, Verifier

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="accessToken",
    bearerFormat="JWT",
    description="A signed access token that names person, organisation and role.",
)


async def moment_of(request: Request) -> datetime:
    """Return the moment of the request, by the service's clock."""
    moment: datetime = request.app.state.clock()
    return moment


Moment = Annotated[datetime, Depends(moment_of)]


async def caller_of(
    request: Request, moment: Moment, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> Caller:
    """Return who is asking, or refuse with 401."""
    if credentials is None:
        raise NotAuthenticated
    verifier: Verifier = request.app.state.verifier
    return verifier.caller(credentials.credentials, moment)


CallerDependency = Annotated[Caller, Depends(caller_of)]


def key_type(kind: Kind[Any]) -> Any:  # noqa: ANN401 - an annotation
    """Return the type of the last part of a case's address."""
    description = f"The id of the {kind.name.replace('_', ' ')}."
    if kind.slug is not None:
        return Annotated[kind.slug, Path(alias="id", description=description)]
    return Annotated[UUID, Path(alias="id", description=description)]


def correlation_of(request: Request) -> UUID:
    """Return the id of the request."""
    found: UUID = request.state.correlation
    return found


async def known_parameters_only(request: Request) -> None:
    """Refuse a query parameter that the operation does not know: a mistyped filter must not show everything."""
    known = {
        parameter.alias for dependant in _flat(request.scope["route"].dependant) for parameter in dependant.query_params
    }
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        faults = [{"loc": ("query", name), "type": "extra_forbidden", "msg": "", "input": None} for name in unknown]
        raise RequestValidationError(faults)


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for needed in dependant.dependencies:
        yield from _flat(needed)
