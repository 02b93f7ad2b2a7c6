"""Of what is the leaf of a stored event made?

``docs/transparency-log.md`` says it byte by byte, with examples: whoever changes anything here breaks every proof there
is. A leaf is made of what is stored, not of what it means: it stays as it is when a key is destroyed.
"""

from collections.abc import Iterator
from hashlib import sha256
from struct import Struct
from struct import error as StructError  # noqa: N812 - a class
from typing import LiteralString, NamedTuple
from uuid import UUID

from infra.database import Connection
from infra.tlog import HASH_BYTES

TAG = b"weerbaar event v1\n"
"""What is hashed first, so that nothing else that is ever hashed can be taken for an event."""

_LENGTH = Struct(">i")
_LENGTH_OF_HASH = _LENGTH.pack(HASH_BYTES)
_BEFORE = b"\x00" + TAG


class StoredEvent(NamedTuple):
    """A row of the events table, in the bytes that it is stored as."""

    position: bytes
    """8 bytes: a whole number, the first byte first."""
    version: bytes
    """4 bytes, likewise."""
    event_id: bytes
    """16 bytes."""
    recorded_at: bytes
    """8 bytes: microseconds since 2000-01-01T00:00:00Z, which may be negative."""
    salt: bytes
    stream: bytes
    """UTF-8, as the next."""
    topic: bytes
    metadata: bytes
    """JSON, as it was written."""
    state: bytes

    @property
    def id(self) -> str:
        """The event's identifier as it is written."""
        return str(UUID(bytes=self.event_id))


def entry(event: StoredEvent) -> bytes:
    """Return what the log holds of *event*; its leaf is the hash of it."""
    hashed = {"metadata": sha256(event.metadata).digest(), "state": sha256(event.state).digest()}
    return entry_of_hashes(event._replace(**hashed))


def entry_of_hashes(event: StoredEvent) -> bytes:
    """Return the same of an event with hashes in the place of its metadata and its state."""
    return TAG + b"".join(_LENGTH.pack(len(field)) + field for field in event)


# --- from the database ------------------------------------------------------------------------------------------------
#
# In the binary format of COPY, whose rows are the fields above, each after its length. That is where the form of an
# entry comes from: most of it is hashed as it arrives, and a core checks 200,000 events a second.

_FIELDS = len(StoredEvent._fields)
_HEADER_BYTES = 19
_TRAILER_BYTES = 2
_START = Struct(">6xq4xi52xi")  # number of fields; position; version; id, time, salt; length of the stream
_COPY: LiteralString = (
    "copy (select position, version, event_id, recorded_at, salt, stream, topic, metadata, state"
    " from store.events where position > {} and position <= {} order by position) to stdout (format binary)"
)


Leaf = tuple[int, int, bytes, bytes, bytes, bytes]
"""Position, version, stream, topic and hash of an event, and the row that it is: see ``stored``.

No class of its own: to make one takes as long as to find what is in it."""


def leaves(connection: Connection, after: int, until: int) -> Iterator[Leaf]:
    """Yield the leaves of the events from position *after* + 1 to *until* that are there, in the order of positions.

    A row that the table would not allow has a leaf like no event that could be recorded.
    """
    start_of, number = _START.unpack_from, int.from_bytes
    before_rows = _HEADER_BYTES
    with connection.cursor() as cursor, cursor.copy(_COPY.format(int(after), int(until))) as copy:
        for message in copy:
            row = bytes(message)
            if before_rows:
                row, before_rows = row[before_rows:], 0
            if len(row) <= _TRAILER_BYTES:
                continue
            try:
                position, version, length = start_of(row)
            except StructError:  # so much is missing that there is not even a beginning
                position, version, length = start_of(row.ljust(_START.size, b"\x00"))
            start, end = _START.size, _START.size + length
            stream = row[start:end]
            start, end = end + 4, end + 4 + number(row[end : end + 4])
            topic = row[start:end]
            start = end + 4
            after_it = start + number(row[end:start])
            hashed = sha256(
                _BEFORE
                + row[2:end]
                + _LENGTH_OF_HASH
                + sha256(row[start:after_it]).digest()
                + _LENGTH_OF_HASH
                + sha256(row[after_it + 4 :]).digest()
            ).digest()
            yield position, version, stream, topic, hashed, row


def stored(row: bytes) -> StoredEvent:
    """Return the event in *row*, with nothing in the place of what it lacks."""
    fields = []
    start = 2
    for _ in range(_FIELDS):
        (length,) = _LENGTH.unpack_from(row, start)
        start += 4
        fields.append(row[start : start + max(length, 0)])
        start += max(length, 0)
    return StoredEvent(*fields)
