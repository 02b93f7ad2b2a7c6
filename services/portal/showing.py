"""How does a state or a fact read, word by word?

Whatever a case says is walked through its own fields: labels come from the register of words, values are written as
people write them. Nothing here knows a kind of case by name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from domain.basis import Role
from domain.values import CodeList
from services.portal import wording
from services.portal.labels import state_label

SHORT = 80
"""In characters; what is longer stands on lines of its own."""
JOINT = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
"""Between the whole and its part."""
Called = Callable[[str, Role | None], str]
"""What people call an organisation, by its id and the role in which somebody acts for it, where that is known."""
ORGANISATIONS = {"body", "owner", "organisation", "requester"}
"""Fields that name an organisation, where they are text."""
UNSAID = {"subject", "party", "owner_role", "organisation_role"}
"""Fields that tell people nothing: random identifiers, and what another field says already."""


@dataclass(frozen=True)
class Shown:
    """One thing that is said, or some under one heading."""

    pointer: str
    """Where in the state, as a JSON Pointer (RFC 6901)."""
    label: str
    text: str = ""
    parts: tuple["Shown", ...] = ()

    @property
    def short(self) -> bool:
        """Tell whether the text fits on a line with others."""
        return len(self.text) <= SHORT and "\n" not in self.text


def shown(thing: object, called: Called, pointer: str = "") -> tuple[Shown, ...]:
    """Return what *thing* (a state, a fact, or a part of one) says; what it leaves open is left out."""
    return tuple(_parts(thing, called, pointer))


def _parts(thing: object, called: Called, pointer: str) -> Iterator[Shown]:
    members = _members(thing)
    for name, value in members.items():
        here = f"{pointer}/{name}"
        # An identifier of another case is for links.
        if name in UNSAID or value in (None, (), "") or isinstance(value, UUID):
            continue
        label = state_label(type(thing), name)
        role = members.get("role") or members.get(f"{name}_role")
        named = name in ORGANISATIONS and isinstance(value, str)
        found = Shown(here, label, called(value, role)) if named else _shown(name, value, label, here, called)
        if found is not None:
            yield found


def _members(thing: object) -> Mapping[str, Any]:
    if is_dataclass(thing):
        return {each.name: getattr(thing, each.name) for each in fields(thing)}
    if isinstance(thing, BaseModel):
        return {name: getattr(thing, name) for name in type(thing).model_fields}
    return {}


def _shown(name: str, value: object, label: str, here: str, called: Called) -> Shown | None:
    if isinstance(value, (tuple, list)):
        items = tuple(
            found
            for n, item in enumerate(value)
            if (found := _shown(name, item, str(n + 1), f"{here}/{n}", called)) is not None
        )
        return Shown(here, label, parts=items) if items else None
    if _members(value):
        parts = shown(value, called, here)
        if len(parts) == 1 and not parts[0].parts:  # a statement, say: its one text needs no label of its own
            return Shown(parts[0].pointer, label, parts[0].text)
        return Shown(here, label, parts=parts) if parts else None
    return Shown(here, label, said(name, value))


def said(name: str, value: object) -> str:  # noqa: PLR0911 - one flat match
    """Return the *value* of the field *name* as people write it."""
    match value:
        case CodeList():
            return value.label
        case bool():
            return "ja" if value else "nee"
        case datetime():
            return wording.short_moment(value)
        case date():
            return wording.plain_day(value)
        case int() if name.endswith("_cents") or "_cents_" in name:
            return wording.euro(value)
        case str() if name == "phone":
            return wording.phone_number(value)
        case _:
            return str(value)


def grouped(parts: Sequence[Shown], path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[Shown]]]:
    """Yield what is said in *parts* as lists without lists in them, each with what stands above it.

    First what they say themselves, then each of the others, called from the whole to the part: on a phone there is no
    room for one list within another.
    """
    own = [part for part in parts if not part.parts]
    if own:
        yield JOINT.join(path), own
    for part in parts:
        yield from grouped(part.parts, (*path, part.label)) if part.parts else ()
