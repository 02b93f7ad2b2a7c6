"""Which forms do the values in commands and facts take, and which of them are sealed?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, NamedTuple, Self, TypeVar, get_args
from uuid import UUID
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
    SerializerFunctionWrapHandler,
    StrictBool,
    ValidatorFunctionWrapHandler,
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


class Sealed(str):
    """What stands in the place of a marked value that has not been opened: its ciphertext, which says nothing.

    It is a text so that whatever carries values along carries it too. Rules look at no marked value, so none meets it.
    """

    __slots__ = ()


class Erased(str):
    """What stands in the place of a value that nobody can open any more."""

    __slots__ = ()

    @property
    def label(self) -> str:
        """Return what pages show, also where a code is expected."""
        return str(self)


ERASED = Erased("(gewist)")
"""What all erased values are alike, in whatever is shown. No organisation, body or person can be called that."""


class Sensitivity(Enum):
    """Under whose key a field is sealed (docs/decisions/0007)."""

    PERSONAL = "personal"
    """Under the key of the subject that stands beside it: names, addresses, telephone numbers, free text."""
    IDENTIFYING = "identifying"
    """Under the key of the case: body, office, place ("the mayor of X" is a person), and what tells them."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take what is sealed in the place of the value: from JSON, which is how it is stored, and never from a caller.

        What callers send has been parsed before it comes here, and there a sealed value is one of ours already.
        """
        plain = handler(source)
        text = core_schema.typed_dict_schema({"sealed": core_schema.typed_dict_field(core_schema.str_schema())})
        sealed = core_schema.no_info_after_validator_function(_unsealed_json, text)
        return core_schema.json_or_python_schema(
            core_schema.union_schema([sealed, plain], mode="left_to_right"),
            core_schema.no_info_wrap_validator_function(_sealed_or_plain, plain),
            serialization=core_schema.wrap_serializer_function_ser_schema(
                _sealed_as_json, schema=plain, when_used="json"
            ),
            metadata={"pydantic_js_functions": [lambda _, describe: _described(plain, describe)]},
        )


def _unsealed_json(value: dict[str, str]) -> Sealed:
    return Sealed(value["sealed"])


def _sealed_or_plain(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    return value if isinstance(value, (Sealed, Erased)) else validate(value)


def _sealed_as_json(value: object, serialize: SerializerFunctionWrapHandler) -> object:
    if isinstance(value, Sealed):
        return {"sealed": str(value)}
    return str(value) if isinstance(value, Erased) else serialize(value)


def _described(plain: CoreSchema, describe: GetJsonSchemaHandler) -> JsonSchemaValue:
    """Describe the value; in answers it can have been erased."""
    found = describe(plain)
    return found if describe.mode == "validation" else {"anyOf": [found, {"const": str(ERASED)}]}


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


M = TypeVar("M", bound=BaseModel)


class Marked(NamedTuple):
    """A marked value that is there, and where."""

    model: BaseModel
    name: str
    """Of the field."""
    mark: Sensitivity
    path: str
    """From the outermost model, as a JSON Pointer (RFC 6901) without the first slash: ``notes/0/text``."""

    @property
    def value(self) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return the value itself."""
        return getattr(self.model, self.name)

    @property
    def subject(self) -> UUID | None:
        """Return whose it is, where it is personal."""
        found: UUID | None = getattr(self.model, "subject", None)
        return found


def with_marked(model: M, change: Callable[[Marked], Any], path: str = "") -> M:
    """Return *model* with what *change* makes of each marked value in it."""
    changes: dict[str, Any] = {}
    for name, mark in marked_fields(type(model)):
        value = getattr(model, name)
        if value is None:
            continue
        place = f"{path}{name}"
        changed = change(Marked(model, name, mark, place)) if mark else _with_marked_inside(value, change, place)
        if changed is not value:
            changes[name] = changed
    return model.model_copy(update=changes) if changes else model


def _with_marked_inside(value: Any, change: Callable[[Marked], Any], place: str) -> Any:  # noqa: ANN401
    if isinstance(value, BaseModel):
        return with_marked(value, change, f"{place}/")
    if isinstance(value, tuple):
        changed = tuple(_with_marked_inside(part, change, f"{place}/{n}") for n, part in enumerate(value))
        return changed if any(new is not old for new, old in zip(changed, value, strict=True)) else value
    return value


@cache
def marks_in(model: type[BaseModel]) -> frozenset[Sensitivity]:
    """Return which marks there are in *model*, at any depth."""
    return frozenset(mark for _, mark in sensitive_fields(model))


@cache
def marked_fields(model: type[BaseModel]) -> tuple[tuple[str, Sensitivity | None], ...]:
    """Return the fields of *model* that are marked, and (without a mark of their own) those that hold marked ones."""
    found: dict[str, Sensitivity | None] = {}
    for way, mark in sensitive_fields(model):
        found[way[0]] = mark if len(way) == 1 else None
    return tuple(found.items())


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
