"""What can be sent as a command? Made from its fields, so that no command and no field can be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from domain.basis import Command
from domain.values import CodeList
from services.demo.cast import CAST

DAY = "2026-03-02"
MOMENT = "2099-03-02T09:00:00Z"
"""Far ahead: what is planned lies in the future, whenever the tests run."""
BODY = "gm0855"
STORY: dict[str, dict[str, Any]] = {
    "ReportThreat": {"body": BODY},
    "AssessThreat": {"axes": {"severity": "serious"}},
    "CorrectReport": {"body": BODY, "danger_now": True},
    "CorrectConsultation": {"question": "other"},
    "RequestAdvice": {"body": BODY},
    "ReceiveSignal": {"body": BODY, "office": "raadslid"},
    "RegisterOrganisation": {"organisation": "een-organisatie", "kind": "support_team"},
    "AppointMember": {"until": None},
}
"""What makes the commands of a kind, given in the order in which they stand there, a life of a case."""


@dataclass(frozen=True)
class Words:
    """What somebody types: a line of text, a telephone number, a name for machines."""

    text: str = "Een zin"
    phone: str = "06-00 00 02 01"
    slug: str = "een-naam"


def body(command: type[Command[Any]], words: Words | None = None) -> dict[str, Any]:
    """Return a body for *command* that fills in every field, with *words* wherever somebody can type."""
    return _object(command, words or Words()) | STORY.get(command.__name__, {})


def giver(command: type[Command[Any]]) -> str:
    """Return who of the cast gives *command*."""
    return next(who for who, actor in CAST.items() if actor.role in command.roles)


def _object(model: type[BaseModel], words: Words) -> dict[str, Any]:
    return {name: _value(annotation(info), words) for name, info in model.model_fields.items()}


def annotation(info: FieldInfo) -> Any:  # noqa: ANN401 - a type
    """Return the whole type of a field, with what narrows it."""
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def _value(wanted: Any, words: Words) -> Any:  # noqa: ANN401
    for part in parts(wanted):
        if isinstance(part, type) and issubclass(part, CodeList):
            return next(iter(part)).value
        if isinstance(part, type) and issubclass(part, BaseModel):
            return _object(part, words)
        if getattr(part, "__origin__", None) is tuple:
            return [_value(get_args(part)[0], words)]
    adapter = TypeAdapter(wanted)
    for candidate in (words.text, words.phone, words.slug, DAY, MOMENT, False, 1, None):
        try:
            adapter.validate_python(candidate)
        except ValidationError:
            continue
        return candidate
    message = f"nothing to fill in {wanted}"
    raise AssertionError(message)


def parts(wanted: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield *wanted* and, of an optional or annotated type, what is inside."""
    yield wanted
    if getattr(wanted, "__origin__", None) is not tuple:
        for part in get_args(wanted):
            yield from parts(part)
