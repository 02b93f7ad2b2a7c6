"""Which forms do the values in commands and facts take, and which of them are sealed?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Annotated, Self, TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictBool,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
"""Where a calendar day begins: the day of an act is the day in the Netherlands."""

T = TypeVar("T")


class Model(BaseModel):
    """Immutable data that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CodeList(StrEnum):
    """A closed list of codes; each member carries the Dutch word that pages and ``GET /v1/code-lists`` show."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        """Make the member *code* (what is stored) that is shown as *label*."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


@dataclass(frozen=True)
class Spelled:
    """Refuses other spellings, which lax parsing would understand: it takes ``0`` and ``"0"`` for 1 January 1970."""

    name: str
    """What JSON Schema calls the form."""
    form: str
    """A regular expression."""
    example: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Look at Python's values here; JSON, from which whole histories are read, pydantic checks without Python."""
        value = handler(source)
        text = core_schema.str_schema(pattern=rf"^(?:{self.form})$", strict=True)
        return core_schema.json_or_python_schema(
            core_schema.chain_schema([text, value]),
            core_schema.no_info_before_validator_function(self._refuse_others, value),
        )

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the value, not the steps that lead to it."""
        return {"type": "string", "format": self.name}

    def _refuse_others(self, value: object) -> object:
        if isinstance(value, (int, float)) or (isinstance(value, str) and not re.fullmatch(self.form, value, re.ASCII)):
            message = f"must be text in the form {self.example}"
            raise ValueError(message)
        return value


_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
_ZONE = "[Zz]|[+-][0-9]{2}:[0-9]{2}"


def _only_number(value: object) -> object:
    """Refuse text and yes-or-no where a number belongs."""
    if isinstance(value, (str, bool)):
        raise PydanticCustomError("int_type", "must be a whole number")  # noqa: EM101 - a template, not an f-string
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        # What is stored is in UTC: of a history that is read this leaves every moment as it is.
        return value.astimezone(UTC) if value.utcoffset() else value
    except OverflowError as error:
        message = "must lie in the years 1 to 9999, in UTC too"
        raise ValueError(message) from error


_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_BREAK = r"\x00-\x1f\x7f-\x9f\u2028\u2029"

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=rf"^[^{_BREAK}]*[^\s{_BREAK}][^{_BREAK}]*$")]
"""One line of text, 1 to 200 characters, not only blanks."""
Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$")]
"""Running text, 1 to 4,000 characters, not only blanks. No control characters: PostgreSQL's JSON cannot hold NUL."""
SLUG = r"^[a-z0-9][a-z0-9-]{1,63}$"
Slug = Annotated[str, Field(pattern=SLUG)]
"""A name for machines that people can read: 2 to 64 lower-case letters, digits and dashes."""
Day = Annotated[date, Spelled("date", _DATE, "2026-03-18")]
"""A calendar day in the Netherlands."""
Instant = Annotated[
    AwareDatetime, Spelled("date-time", f"{_DATE}[Tt]{_TIME}({_ZONE})", "2026-03-18T23:00:00Z"), AfterValidator(_in_utc)
]
"""A moment, aware, in UTC."""
WHOLE = BeforeValidator(_only_number)
"""Makes an ``int`` a whole number as JSON has it: 43.0 is one too, "43" and true are not."""
Cents = Annotated[int, Field(ge=0, le=100_000_000, json_schema_extra={"format": "euro-cents"}), WHOLE]
"""Money in whole euro cents, including VAT; at most a million euro."""
Flag = StrictBool
"""Yes or no, and nothing that merely resembles it."""


class Sensitivity(Enum):
    """Under whose key a field is sealed (docs/decisions/0007)."""

    PERSONAL = "personal"
    """Under the key of the subject that stands beside it: names, addresses, telephone numbers, free text."""
    IDENTIFYING = "identifying"
    """Under the key of the case: body, office, place ("the mayor of X" is a person), and what tells them."""


Personal = Annotated[T, Sensitivity.PERSONAL]
"""Marks a personal field: ``name: Personal[Line | None] = None``. In a fact its model also has ``subject``."""
Identifying = Annotated[T, Sensitivity.IDENTIFYING]
"""Marks a field that points at a person through their office: ``body: Identifying[BodyId]``."""


def sensitive_fields(
    model: type[BaseModel], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Sensitivity]]:
    """Yield the path of every marked field of *model*, nested models included, with its sensitivity."""
    for name, info in model.model_fields.items():
        annotation = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        yield from _marks(annotation, (*path, name))


def _marks(annotation: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Sensitivity]]:
    mark = next((part for part in getattr(annotation, "__metadata__", ()) if isinstance(part, Sensitivity)), None)
    if mark is not None:
        yield path, mark
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from sensitive_fields(annotation, path)
    else:
        for part in get_args(annotation):
            yield from _marks(part, path)


M = TypeVar("M", bound=Model)


def merged(earlier: M, later: M) -> M:
    """Return *earlier* with what *later* says in its place; what *later* leaves open stays as it was."""
    return earlier.model_copy(update={name: value for name, value in later if value is not None})


def newest(later: T | None, earlier: T) -> T:
    """Return *later* unless it says nothing."""
    return earlier if later is None else later


def told(value: T | None) -> T:
    """Return what the first fact of every stream tells.

    It is missing only from a history of which facts are withheld, and on such a one nothing is decided.
    """
    if value is None:
        message = "decided on a history that is not whole"
        raise LookupError(message)
    return value
