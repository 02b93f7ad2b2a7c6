"""Which codes and which public bodies can commands name?"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query
from pydantic import BaseModel

from domain.basis import Kind
from domain.bodies import PublicBody, Register
from domain.values import AMSTERDAM, CodeList, Day, Model
from services.web.context import CallerDependency, Moment


class Code(Model):
    """One code of a list."""

    code: str
    label: str
    """The Dutch word for it."""


class Codes(Model):
    """A closed list of codes."""

    name: str
    description: str
    codes: tuple[Code, ...]


class CodeLists(Model):
    """All lists of codes that commands and views use."""

    items: tuple[Codes, ...]


class Bodies(Model):
    """The public bodies that exist on a day."""

    at: date
    items: tuple[PublicBody, ...]


def code_lists(kinds: Iterable[Kind[Any]]) -> list[type[CodeList]]:
    """Return every code list that the commands and facts of *kinds* use, by name."""
    models = [model for kind in kinds for model in (*kind.commands, *kind.facts)]
    found = {code_list for model in models for code_list in _used(model)}
    return sorted(found, key=lambda code_list: code_list.__name__)


def _used(annotation: object) -> Iterator[type[CodeList]]:
    if isinstance(annotation, type) and issubclass(annotation, CodeList):
        yield annotation
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for info in annotation.model_fields.values():
            yield from _used(info.annotation)
    else:
        for part in get_args(annotation):
            yield from _used(part)


def reference_routes(kinds: tuple[Kind[Any], ...], bodies: Register) -> APIRouter:
    """Return the routes of the reference data."""
    router = APIRouter(tags=["reference"])
    lists = CodeLists(
        items=tuple(
            Codes(
                name=found.__name__,
                description=(found.__doc__ or "").partition("\n")[0],
                codes=tuple(Code(code=member.value, label=member.label) for member in found),
            )
            for found in code_lists(kinds)
        )
    )

    @router.get("/code-lists", operation_id="codeLists")
    def read_code_lists(_: CallerDependency) -> CodeLists:
        """List all codes, each with its Dutch word."""
        return lists

    @router.get("/public-bodies", operation_id="publicBodies")
    def read_public_bodies(
        _: CallerDependency,
        moment: Moment,
        at: Annotated[Day | None, Query(description="The day, by default today.")] = None,
    ) -> Bodies:
        """List the public bodies that exist on a day."""
        day = at or moment.astimezone(AMSTERDAM).date()
        return Bodies(at=day, items=tuple(bodies.on(day)))

    return router
