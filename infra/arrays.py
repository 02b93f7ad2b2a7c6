"""How do columns of values get to PostgreSQL without taking longer than what is done with them there?

As arrays in PostgreSQL's binary format, put together here. The driver does the same for any list of anything, and
takes six times as long.
"""

from collections.abc import Iterable
from struct import Struct
from struct import error as StructError  # noqa: N812 - a class
from typing import ClassVar
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_LENGTH = Struct("!i")
_EMPTY = Struct("!iiI")
_DIMENSIONS = Struct("!iiIii")
_NULL = _LENGTH.pack(-1)


class Array(bytes):
    """A parameter that is an array, as it is sent."""

    element: ClassVar[int]
    """The object id of the type of its elements, which is the same on every server."""
    array: ClassVar[int]


class Texts(Array):
    """A parameter of the type ``text[]``."""

    element, array = 25, 1009


class Integers(Array):
    """A parameter of the type ``integer[]``."""

    element, array = 23, 1007


class Uuids(Array):
    """A parameter of the type ``uuid[]``."""

    element, array = 2950, 2951


class ByteStrings(Array):
    """A parameter of the type ``bytea[]``."""

    element, array = 17, 1001


def texts(values: Iterable[str | None]) -> Texts:
    """Return *values* as a parameter. Raises UnicodeEncodeError for half of a surrogate pair."""
    return Texts(_array(Texts.element, [None if value is None else value.encode() for value in values]))


def uuids(values: Iterable[UUID]) -> Uuids:
    """Return *values* as a parameter."""
    return Uuids(_array(Uuids.element, [value.bytes for value in values]))


def byte_strings(values: Iterable[bytes]) -> ByteStrings:
    """Return *values* as a parameter."""
    return ByteStrings(_array(ByteStrings.element, list(values)))


def integers(values: Iterable[int | None]) -> Integers:
    """Return *values* as a parameter. Raises DataError for one that has more than 32 bits."""
    try:
        return Integers(_array(Integers.element, [None if value is None else _LENGTH.pack(value) for value in values]))
    except StructError as error:
        raise psycopg.DataError(str(error)) from None


def _array(element: int, values: list[bytes | None]) -> bytes:
    if not values:
        return _EMPTY.pack(0, 0, element)
    parts = [_DIMENSIONS.pack(1, None in values, element, len(values), 1)]
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts.append(_LENGTH.pack(len(value)))
            parts.append(value)
    return b"".join(parts)


def _register(kind: type[Array]) -> None:
    class AsItIs(Dumper):
        format = Format.BINARY
        oid = kind.array

        def dump(self, obj: bytes) -> bytes:
            return obj

    psycopg.adapters.register_dumper(kind, AsItIs)


for _kind in (Texts, Integers, Uuids, ByteStrings):
    _register(_kind)
