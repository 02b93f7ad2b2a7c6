"""How does a command become a form, and what somebody sends a command again?

The fields follow from the command: its JSON schema says which input suits and how long a text may be, its annotations
which code list or model stands behind it. Nothing here knows a command by name.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from domain.basis import Command
from domain.values import AMSTERDAM, CodeList
from services.portal.drafts import Entries
from services.portal.labels import fault_sentence, field_label

LONG = 200
"""A text that may be longer than this gets an area instead of a line."""
ROWS_AT_MOST = 100
YES, NO = "ja", "nee"
NOBODY = "?"
"""What a command is told instead of a name that no public body has, or more than one: no id looks like it."""


class Input(Enum):
    """Which kind of input a field has; there is one macro for each."""

    LINE = "line"
    TEXT = "text"
    PHONE = "phone"
    DAY = "day"
    INSTANT = "instant"
    CHOICE = "choice"
    FLAG = "flag"
    EUROS = "euros"
    BODY = "body"
    CASE = "case"
    GROUP = "group"
    """Fields about one thing, together."""
    ROWS = "rows"
    """The same group several times."""


FORMATS: Mapping[str, Input] = {
    "date": Input.DAY,
    "date-time": Input.INSTANT,
    "euro-cents": Input.EUROS,
    "public-body": Input.BODY,
    "telephone-number": Input.PHONE,
    "uuid": Input.CASE,
}
"""Which input suits which format of the JSON schema."""


@dataclass(frozen=True)
class Option:
    """One value to choose from."""

    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    """As it is sent: ``victim.phone``, ``measures.0.kind``."""
    input: Input
    label: str
    asked: str
    """What stands above it: the label, or a question."""
    hint: str
    required: bool
    maximum: int | None = None
    """In characters."""
    options: tuple[Option, ...] = ()
    whole: bool = False
    """Whether the options are whole numbers."""
    fields: tuple["Field", ...] = ()
    """Of a group, or of each row."""

    @property
    def id(self) -> str:
        """Return the id of its element."""
        return f"field-{self.name.replace('.', '-')}"

    def row(self, n: int) -> tuple["Field", ...]:
        """Return the fields of row *n*."""
        return tuple(_moved(inner, self.name, f"{self.name}.{n}") for inner in self.fields)

    def names(self) -> Iterator[str]:
        """Yield the names under which it sends something; of rows those of the first one."""
        if not self.fields:
            yield self.name
        for inner in self.row(0) if self.input is Input.ROWS else self.fields:
            yield from inner.names()


def _moved(inner: Field, before: str, after: str) -> Field:
    return replace(
        inner,
        name=after + inner.name.removeprefix(before),
        fields=tuple(_moved(deeper, before, after) for deeper in inner.fields),
    )


# --- from the command to the form -------------------------------------------------------------------------------------


@cache
def fields_of(command: type[Command[Any]]) -> tuple[Field, ...]:
    """Return the fields of *command*, in its order."""
    schema = command.model_json_schema()
    return tuple(_fields(command, schema, schema.get("$defs", {}), ""))


def _fields(model: type[BaseModel], schema: Mapping[str, Any], defs: Mapping[str, Any], prefix: str) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, found in schema.get("properties", {}).items():
        words = field_label(model, name)
        here = Field(
            name=f"{prefix}{name}",
            input=Input.LINE,
            label=words.label,
            asked=words.asked,
            hint=words.hint,
            required=name in required,
        )
        yield _completed(here, _one(model.model_fields[name].annotation), _said(found), defs)


def _completed(here: Field, behind: type | None, schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Field:
    """Return *here* with the input that suits the *schema*, and the class *behind* it."""
    if behind is not None and issubclass(behind, CodeList):
        return replace(here, input=Input.CHOICE, options=tuple(Option(member.value, member.label) for member in behind))
    if behind is not None and issubclass(behind, BaseModel):
        rows = schema.get("type") == "array"
        inner = tuple(_fields(behind, defs[behind.__name__], defs, f"{here.name}."))
        return replace(here, input=Input.ROWS if rows else Input.GROUP, fields=inner)
    maximum = schema.get("maxLength")
    if kind := FORMATS.get(schema.get("format", "")):
        return replace(here, input=kind, maximum=maximum)
    if schema.get("type") == "boolean":
        return replace(here, input=Input.FLAG, options=(Option(YES, "ja"), Option(NO, "nee")))
    return replace(here, input=Input.TEXT if (maximum or 0) > LONG else Input.LINE, maximum=maximum)


def _said(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema says besides that the value may be absent."""
    return next((part for part in schema.get("anyOf", ()) if part.get("type") != "null"), schema)


def _one(annotation: object) -> type | None:
    """Return the code list or the model in *annotation*, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, (CodeList, BaseModel)):
        return annotation
    return next((found for part in get_args(annotation) if (found := _one(part))), None)


def narrowed(
    fields: Iterable[Field], choices: Mapping[str, Sequence[Any]], say: Callable[[str, Any], str]
) -> tuple[Field, ...]:
    """Return *fields* with only those options that the state leaves; *say* puts a value of a field into words."""
    return tuple(
        replace(
            found,
            input=Input.CHOICE,
            options=tuple(Option(str(value), say(found.name, value)) for value in choices[found.name]),
            whole=all(isinstance(value, int) for value in choices[found.name]),
        )
        if found.name in choices
        else found
        for found in fields
    )


def needed(fields: Iterable[Field], names: Collection[str]) -> tuple[Field, ...]:
    """Return *fields*, of which those of these *names* cannot be left empty: the state asks for them."""
    return tuple(replace(found, required=found.required or found.name in names) for found in fields)


# --- the form as somebody sees it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """A form with what has been typed in it, and what is wrong with that."""

    fields: tuple[Field, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    """A sentence by the name of a field; one by ``""`` is about the whole."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Values that are not for this person to choose."""
    more: bool = False
    """Whether another row was asked for."""

    def value(self, name: str) -> str:
        """Return what stands in the field *name*."""
        return self.fixed.get(name, self.values.get(name, ""))

    def rows(self, rows: Field) -> list[tuple[Field, ...]]:
        """Return the rows to show: those that were filled in, one more where that was asked for, at least one."""
        count = min(max(_indices(self.values, rows.name), default=-1) + 1 + self.more, ROWS_AT_MOST)
        return [rows.row(n) for n in range(max(count, 1))]

    def opened(self, shown: Sequence[str]) -> bool:
        """Tell whether any field besides those *shown* says something, or is at fault: then it is not hidden."""
        return any(
            self.value(found.name) or found.name in self.faults for found in self.inputs() if found.name not in shown
        )

    def inputs(self) -> Iterator[Field]:
        """Yield every field that takes a value, in the order of the page."""
        yield from _inputs(self, self.fields)

    def summary(self) -> list[tuple[str, str, str]]:
        """Return what is wrong, in the order of the page: the id of the field, what it asks, the sentence."""
        whole = [("", "", self.faults[""])] if "" in self.faults else []
        return whole + [
            (found.id, found.asked, self.faults[found.name]) for found in self.inputs() if found.name in self.faults
        ]


def _inputs(form: Form, fields: Iterable[Field]) -> Iterator[Field]:
    for found in fields:
        if found.input is Input.GROUP:
            yield from _inputs(form, found.fields)
        elif found.input is Input.ROWS:
            for row in form.rows(found):
                yield from _inputs(form, row)
        else:
            yield found


def _indices(values: Iterable[str], name: str) -> set[int]:
    pattern = re.compile(rf"{re.escape(name)}\.(\d{{1,3}})\.")
    return {int(found[1]) for value in values if (found := pattern.match(value))}


# --- from what is sent to the command ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lookup:
    """How words that people use become what a command says."""

    body: Callable[[str], str | None]
    """The id of the public body of that name."""
    case: Callable[[str], str | None]
    """The id of the case with that number."""


def values_of(entries: Entries) -> dict[str, str]:
    """Return *entries* by name, the last of each, as they were typed."""
    return dict(entries)


def read(fields: Iterable[Field], values: Mapping[str, str], lookup: Lookup) -> dict[str, Any]:
    """Return what the *values* say, in the shape of the command; what was left empty is left out."""
    told = ((found.name.rpartition(".")[2], _read(found, values, lookup)) for found in fields)
    return {name: value for name, value in told if value is not None}


def _read(found: Field, values: Mapping[str, str], lookup: Lookup) -> Any:  # noqa: ANN401 - JSON
    if found.input is Input.GROUP:
        # One that must be there is, also when nothing in it need be said.
        return read(found.fields, values, lookup) or ({} if found.required else None)
    if found.input is Input.ROWS:
        # Numbered as they stand on the page, so that a fault is found again at its row.
        return [read(found.row(n), values, lookup) for n in sorted(_filled_rows(found, values))]
    text = values.get(found.name, "").strip()
    if found.whole and text.isdecimal() and text.isascii():
        return int(text)
    return _converted(found.input, text, lookup) if text else None


def _filled_rows(rows: Field, values: Mapping[str, str]) -> set[int]:
    """Return the rows in which something was filled in, and all before them."""
    filled = {
        n for n in _indices(values, rows.name) if any(values[name].strip() for name in values if _in(rows, n, name))
    }
    return set(range(max(filled) + 1)) if filled else set()


def _in(rows: Field, n: int, name: str) -> bool:
    return name.startswith(f"{rows.name}.{n}.")


def _converted(kind: Input, text: str, lookup: Lookup) -> Any:  # noqa: ANN401, PLR0911 - JSON; one flat match
    """Return *text* as the command says it, or as it is where it makes no sense: the command then finds the fault."""
    match kind:
        case Input.FLAG:
            return {YES: True, NO: False}.get(text, text)
        case Input.EUROS:
            return cents(text)
        case Input.DAY:
            return day(text)
        case Input.INSTANT:
            return instant(text)
        case Input.BODY:
            return lookup.body(text) or NOBODY
        case Input.CASE:
            return lookup.case(text) or text
        case _:
            return text.replace("\r\n", "\n")


_EUROS = re.compile(r"(?:€\s*)?(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,(\d\d?|-))?", re.ASCII)
_DUTCH_DAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", re.ASCII)


def cents(text: str) -> int | str:
    """Return an amount as people write it (``1.250``, ``€ 49,95``) in whole cents."""
    found = _EUROS.fullmatch(text)
    if not found:
        return text
    part = found[2] if found[2] and found[2] != "-" else "0"
    return int(found[1].replace(".", "")) * 100 + int(part.ljust(2, "0"))


def day(text: str) -> str:
    """Return a day as people write it (``18-3-2026``) in the form the command takes."""
    found = _DUTCH_DAY.fullmatch(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat() if found else text
    except ValueError:
        return text


def instant(text: str) -> str:
    """Return a moment on the clock in the Netherlands in the form the command takes.

    ``2026-03-18T23:00`` or ``18-3-2026 23:00``. In spring an hour is left out: a time in it is no moment, and stays.
    """
    on, _, at = text.replace("T", " ").rpartition(" ")
    try:
        found = datetime.fromisoformat(f"{day(on.strip())}T{at}")
    except ValueError:
        return text
    moment = found if found.tzinfo else found.replace(tzinfo=AMSTERDAM)
    exists = moment.astimezone(UTC).astimezone(moment.tzinfo).replace(fold=0) == moment
    return moment.isoformat() if exists else text


def without_row(entries: Entries, row: str) -> Entries:
    """Return *entries* without the *row* (``measures.2``), the rows after it one place up."""
    name, _, place = row.rpartition(".")
    if not name or not place.isdecimal():
        return entries
    gone = int(place)

    def moved(entry: str) -> str | None:
        found = re.match(rf"{re.escape(name)}\.(\d{{1,3}})\.", entry)
        if not found or int(found[1]) < gone:
            return entry
        return None if int(found[1]) == gone else f"{name}.{int(found[1]) - 1}.{entry[found.end() :]}"

    return tuple((kept, value) for entry, value in entries if (kept := moved(entry)) is not None)


def faults_of(error: ValidationError, fields: Iterable[Field]) -> dict[str, str]:
    """Return a sentence by the name of each field at fault; what has no field of its own is about the whole."""
    inputs = {name: found for found in _every(fields) for name in (found.name,)}
    faults: dict[str, str] = {}
    for found in error.errors(include_url=False, include_input=False):
        name = ".".join(map(str, found["loc"]))
        pattern = re.sub(r"\.\d+(?=\.)", "", name)
        at = inputs.get(name) or inputs.get(pattern)
        if at is not None and at.fields and at.input is Input.GROUP:
            # The group as a whole is missing: that is said at its first field.
            name, at = at.fields[0].name, at.fields[0]
        elif at is not None and at.input is Input.ROWS:
            name = next(iter(at.names()))
        sentence = fault_sentence(found["type"], found.get("ctx", {}), at.input.value if at else "")
        faults.setdefault(name if at is not None else "", sentence)
    return faults


def _every(fields: Iterable[Field]) -> Iterator[Field]:
    for found in fields:
        yield found
        yield from _every(found.fields)
