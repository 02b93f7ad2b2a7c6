"""Which codes and which public bodies can commands name?"""

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from datetime import date
from typing import Annotated, get_args, get_type_hints

from fastapi import APIRouter, Query
from pydantic import BaseModel

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


def code_lists(models: Iterable[object]) -> list[type[CodeList]]:
    """Return every code list that *models* use anywhere inside, by name."""
    found = {code_list for model in models for code_list in _used(model)}
    return sorted(found, key=lambda code_list: code_list.__name__)


def _used(annotation: object) -> Iterator[type[CodeList]]:
    if isinstance(annotation, type) and issubclass(annotation, CodeList):
        yield annotation
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for info in annotation.model_fields.values():
            yield from _used(info.annotation)
        for computed in annotation.model_computed_fields.values():
            yield from _used(computed.return_type)
    elif isinstance(annotation, type) and is_dataclass(annotation):
        for hint in get_type_hints(annotation).values():
            yield from _used(hint)
    else:
        for part in get_args(annotation):
            yield from _used(part)


def reference_routes(models: Iterable[object], bodies: Register) -> APIRouter:
    """Return the routes of the reference data: the codes in *models*, which clients send and get, and the *bodies*."""
    router = APIRouter(tags=["reference"])
    lists = CodeLists(
        items=tuple(
            Codes(
                name=found.__name__,
                description=(found.__doc__ or "").partition("\n")[0],
                codes=tuple(Code(code=member.value, label=member.label) for member in found),
            )
            for found in code_lists(models)
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
