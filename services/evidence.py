"""How does somebody who has no access show, and somebody else believe, what has happened in a case?

A bundle is a zip file: the facts of a case as they are stored, what opens those of their values that the receiver may
see, a proof for each that it is in the transparency log, and a checkpoint of that. To check it takes neither database
nor network (docs/transparency-log.md).
"""

import io
import zipfile
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError
from pydantic import BaseModel, Field, ValidationError

from domain.basis import Actor, Fact, Kind, StreamId
from domain.values import Erased, Marked, Model, Sealed, Sensitivity, with_marked
from infra.database import Database, DatabaseRole
from infra.events import Metadata
from infra.eventstore import CaseStore
from infra.leaves import StoredEvent, entry_of_hashes, leaves, stored
from infra.mapper import FactMapper
from infra.sealing import NotSealedHere, Place, from_plain, open_sealed
from infra.signednotes import (
    MalformedNote,
    Policy,
    Trusted,
    Untrusted,
    hash_lines,
    parse_hashes,
    parse_note,
    parse_policy,
)
from infra.tlog import InvalidProof, Nodes, check_inclusion, leaf_hash, nodes_of, prove_inclusion
from infra.vault import METADATA, CaseKeys
from services.projections import cases, timeline
from services.projections.replay import Entry, as_json, words
from services.transparency.folder import CHECKPOINT, LogError, current_log
from services.transparency.keys import Place as LogPlace

GUIDE, CHECKPOINT_FILE, POLICY_FILE, EVENTS, OPENINGS = (
    "README.txt",
    "checkpoint",
    "policy",
    "events.json",
    "openings.json",
)
FILES = (GUIDE, CHECKPOINT_FILE, POLICY_FILE, EVENTS, OPENINGS)
MOST_BYTES = 64 * 1024 * 1024
"""Of all files of a bundle together, unpacked."""
MADE = (1980, 1, 1, 0, 0, 0)
"""As far as the zip file knows: the same bundle has the same bytes."""
UNDISCLOSED = Erased("not disclosed")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

GUIDE_TEXT = """\
What this is
============

The facts of the case {number}, as they were recorded, and a proof that they were not changed since.

To check it, without any network:

    weerbaar check-bundle {number}.zip --policy FILE

FILE says whose signatures you trust. Get it from somebody whom you trust, and not from this bundle: `policy` in here is
only what was in force where the bundle was made.

What is in it
=============

events.json     The facts, byte for byte as they are stored, with what hides them in the log (the salt) and the proof
                that each is in it. Times are UTC. A fact that is not in here is one that you may not see.
openings.json   For each value that you may see: the key that opens it, and nothing else.
checkpoint      What the log said of itself: how many events it holds, the root over all of them, and who has signed.
policy          Whose signatures were asked for.

What it shows
=============

That these facts stood in the log when it was signed; the witnesses' signatures say when that was at the latest. It does
not show that what was recorded is true, nor that nothing was recorded in the case afterwards. Where a fact in between
is missing, the check says so.

How it is checked by other programs is described with the software, in docs/transparency-log.md.
"""


class BundleError(Exception):
    """The bundle cannot be made or does not hold; the message is one line."""


class NoSuchCase(BundleError):  # noqa: N818 - it says what there is not
    """There is no case with that number, or none that the reader may know of."""


class NotCoveredYet(BundleError):  # noqa: N818 - it says what the facts are
    """The log does not hold the last facts of the case yet; it will in some seconds."""


# --- what is in a bundle ----------------------------------------------------------------------------------------------

Base64 = Annotated[str, Field(max_length=16 * 1024 * 1024)]


class ProvedEvent(Model):
    """A fact as it is stored, and the proof that it is in the log."""

    position: Annotated[int, Field(ge=1, lt=2**62)]
    version: Annotated[int, Field(ge=1, lt=2**31)]
    event_id: UUID
    recorded_at: datetime
    salt: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    topic: Annotated[str, Field(max_length=200)]
    metadata: str | None = None
    """JSON, as it is stored; ``None`` where the receiver may not see who recorded it."""
    metadata_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    state: Base64
    """The fact."""
    proof: Annotated[tuple[str, ...], Field(max_length=63)]


class ProvedCase(Model):
    """The facts of a case that the receiver may see."""

    number: Annotated[str, Field(max_length=100)]
    stream: Annotated[str, Field(max_length=200)]
    events: tuple[ProvedEvent, ...]


class Opening(Model):
    """What opens one value of one fact, and nothing else."""

    event_id: UUID
    path: Annotated[str, Field(max_length=1000)]
    """A JSON Pointer without its first slash: in the fact, or (``metadata:organisation``) in what stands beside it."""
    key: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Openings(Model):
    """All of them."""

    openings: tuple[Opening, ...] = ()


# --- making one -------------------------------------------------------------------------------------------------------


def prove(  # noqa: PLR0913 - what a case, its reader and its log are
    database: Database, store: CaseStore, place: LogPlace, number: str, reader: Actor, *, disclose: bool = True
) -> bytes:
    """Return a bundle of the case *number*, with the facts that *reader* may see.

    Unless it is to *disclose* nothing, it opens in them what they may see. Raises BundleError and LogError.
    """
    topics = {fact.topic: fact for kind in store.kinds for fact in kind.facts}
    with database.reading(reader) as cursor:
        case = cases.by_number(cursor, number)
        if case is None:
            message = f"there is no case {number}"
            raise NoSuchCase(message)
        seen = {entry.event_id: entry for entry in timeline.of_stream(cursor, case.stream, topics, store.vault)}
    log = current_log(place.folder)
    note = log.note(CHECKPOINT)
    if note is None:
        message = f"{log.path.name}/{CHECKPOINT} is missing"
        raise LogError(message)
    checkpoint = _trusted(place.policy(), str(note).encode()).checkpoint
    nodes = nodes_of(checkpoint.size, log.read_tile)
    found = [row for row in _rows_of(database, case.stream) if UUID(bytes=row.event_id) in seen]
    late = sum(1 for row in found if int.from_bytes(row.position) > checkpoint.size)
    if late:
        message = f"the log does not cover the last {late} facts of {number} yet; try again in some seconds"
        raise NotCoveredYet(message)
    events = [_proved(row, seen[UUID(bytes=row.event_id)], nodes, checkpoint.size) for row in found]
    for event in events:
        _check_inclusion(event, case.stream, checkpoint.size, checkpoint.root)
    proved = ProvedCase(number=number, stream=case.stream, events=tuple(events))
    keys = store.vault.of([case.stream]).get(case.stream) if disclose else None
    openings = Openings(openings=tuple(_openings(proved, store.mapper, keys)))
    return _packed(
        {
            GUIDE: GUIDE_TEXT.format(number=number),
            CHECKPOINT_FILE: str(note),
            POLICY_FILE: place.policy_file.read_text("utf-8"),
            EVENTS: proved.model_dump_json(indent=2),
            OPENINGS: openings.model_dump_json(indent=2),
        }
    )


def _rows_of(database: Database, stream: str) -> Iterator[StoredEvent]:
    with closing(database.connect(DatabaseRole.AUDITOR, autocommit=True)) as connection:
        positions = connection.execute(
            "select position from store.events where stream = %s order by version", (stream,)
        ).fetchall()
        for (position,) in positions:
            for *_, row in leaves(connection, position - 1, position):
                yield stored(row)


def _proved(row: StoredEvent, entry: Entry, nodes: Nodes, size: int) -> ProvedEvent:
    position = int.from_bytes(row.position)
    return ProvedEvent(
        position=position,
        version=int.from_bytes(row.version),
        event_id=UUID(bytes=row.event_id),
        recorded_at=EPOCH + int.from_bytes(row.recorded_at, signed=True) * MICROSECOND,
        salt=row.salt.hex(),
        topic=row.topic.decode(),
        metadata=row.metadata.decode() if entry.recorder else None,
        metadata_sha256=sha256(row.metadata).hexdigest(),
        state=b64encode(row.state).decode(),
        proof=tuple(hash_lines(prove_inclusion(nodes, position - 1, size))),
    )


def _openings(case: ProvedCase, mapper: FactMapper, keys: CaseKeys | None) -> Iterator[Opening]:
    """Yield what opens the values of the facts, as far as there are keys."""
    if keys is None:
        return
    for event in case.events:
        for beside, model in _models(event, mapper):
            for marked in _sealed_in(model):
                owner = StreamId(case.stream) if marked.mark is Sensitivity.IDENTIFYING else marked.subject
                key = keys.key(owner) if owner is not None else None
                if key is not None:
                    path = beside + marked.path
                    value_key = Place(event.event_id, event.topic, path).key(key)
                    yield Opening(event_id=event.event_id, path=path, key=value_key.hex())


def _models(event: ProvedEvent, mapper: FactMapper) -> list[tuple[str, BaseModel]]:
    """Return what *event* says, sealed as it is: the fact and what stands beside it, as far as they are understood."""
    found: list[tuple[str, BaseModel]] = []
    with suppress(MapperDeserialisationError):
        found.append(("", mapper.to_fact(event.topic, b64decode(event.state), event.event_id)))
    with suppress(ValidationError):
        if event.metadata is not None:
            found.append((METADATA, Metadata.model_validate_json(event.metadata)))
    return found


def _sealed_in(model: BaseModel) -> list[Marked]:
    found: list[Marked] = []

    def note(marked: Marked) -> Any:  # noqa: ANN401 - whatever the field holds
        if isinstance(marked.value, Sealed):
            found.append(marked)
        return marked.value

    with_marked(model, note)
    return found


def _packed(files: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(zipfile.ZipInfo(name, MADE), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


# --- checking one -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A fact of a bundle, in words."""

    version: int
    at: datetime
    """By the clock of whoever recorded it, or else by that of the database."""
    words: str
    by: str | None
    """``None``: not disclosed."""


@dataclass(frozen=True)
class Checked:
    """What a bundle shows."""

    number: str
    trusted: Trusted
    history: tuple[Told, ...]
    missing: tuple[int, ...]
    """The versions of facts that are not in it, though later ones are."""
    state: Mapping[str, Any]
    """What the facts add up to."""


def check_bundle(content: bytes, kinds: Sequence[Kind[Any]], policy: Policy | None = None) -> Checked:
    """Return what the bundle *content* shows, to whoever trusts *policy*, or else its own. Raises BundleError."""
    files = _unpacked(content)
    try:
        case = ProvedCase.model_validate_json(files[EVENTS])
        openings = Openings.model_validate_json(files[OPENINGS])
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the file"
        message = f"the bundle cannot be read: {fault['type']} at {where}"
        raise BundleError(message) from None
    trusted = _trusted(policy or _own_policy(files[POLICY_FILE]), files[CHECKPOINT_FILE])
    kind = next((kind for kind in kinds if case.stream.startswith(f"{kind.name}:")), None)
    if kind is None or not case.events:
        message = "the bundle holds no facts of a kind of case that is known here"
        raise BundleError(message)
    for proved in case.events:
        _check_inclusion(proved, case.stream, trusted.checkpoint.size, trusted.checkpoint.root)
    versions = [proved.version for proved in case.events]
    positions = [proved.position for proved in case.events]
    if versions != sorted(set(versions)) or positions != sorted(set(positions)):
        message = "the facts in the bundle are not in their order"
        raise BundleError(message)
    keys = {(opening.event_id, opening.path): bytes.fromhex(opening.key) for opening in openings.openings}
    mapper = FactMapper([kind])
    opened = [(event, _opened(event, mapper, keys)) for event in case.events]
    state = as_json(kind.replay(fact for _, (fact, _) in opened if fact is not None))
    if state.get("number", case.number) not in {case.number, None}:
        message = f"the bundle calls itself one of {case.number}, and its facts are of {state['number']}"
        raise BundleError(message)
    return Checked(
        number=case.number,
        trusted=trusted,
        history=tuple(_told(event, *found) for event, found in opened),
        missing=tuple(sorted(set(range(1, versions[-1])) - set(versions))),
        state=state,
    )


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            there = packed.infolist()
            if sorted(info.filename for info in there) != sorted(FILES):
                message = f"a bundle holds {', '.join(FILES)}, and this file does not"
                raise BundleError(message)
            if sum(info.file_size for info in there) > MOST_BYTES:
                message = "the bundle is too large"
                raise BundleError(message)
            return {info.filename: packed.read(info) for info in there}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        message = f"this is no bundle ({type(error).__name__})"
        raise BundleError(message) from None


def _own_policy(content: bytes) -> Policy:
    try:
        return parse_policy(content)
    except MalformedNote as error:
        message = f"the policy in the bundle cannot be read: {error}"
        raise BundleError(message) from None


def _trusted(policy: Policy, checkpoint: bytes) -> Trusted:
    try:
        return policy.check(parse_note(checkpoint))
    except (Untrusted, MalformedNote) as error:
        raise BundleError(str(error)) from None


def _check_inclusion(proved: ProvedEvent, stream: str, size: int, root: bytes) -> None:
    """Check that the log holds *proved* at its position. Raises BundleError."""
    try:
        state = b64decode(proved.state, validate=True)
        since = (proved.recorded_at - EPOCH) // MICROSECOND
        entry = entry_of_hashes(
            StoredEvent(
                position=proved.position.to_bytes(8),
                version=proved.version.to_bytes(4),
                event_id=proved.event_id.bytes,
                recorded_at=since.to_bytes(8, signed=True),
                salt=bytes.fromhex(proved.salt),
                stream=stream.encode(),
                topic=proved.topic.encode(),
                metadata=bytes.fromhex(proved.metadata_sha256),
                state=sha256(state).digest(),
            )
        )
        told = proved.metadata is None or sha256(proved.metadata.encode()).hexdigest() == proved.metadata_sha256
        if not told:
            message = f"what is said of who recorded event {proved.event_id} is not what was recorded"
            raise BundleError(message)
        check_inclusion(leaf_hash(entry), proved.position - 1, size, parse_hashes(proved.proof), root)
    except (InvalidProof, MalformedNote, Base64Error, OverflowError, TypeError, UnicodeEncodeError):
        message = f"event {proved.event_id} at position {proved.position} is not what the log holds there"
        raise BundleError(message) from None


def _opened(
    event: ProvedEvent, mapper: FactMapper, keys: Mapping[tuple[UUID, str], bytes]
) -> tuple[Fact | None, Metadata | None]:
    """Return what *event* says, opened with *keys*; ``None`` for what this release does not understand."""
    fact: Fact | None = None
    metadata: Metadata | None = None
    for beside, model in _models(event, mapper):

        def opened(marked: Marked, beside: str = beside) -> Any:  # noqa: ANN401 - whatever the field holds
            if not isinstance(marked.value, Sealed):
                return marked.value
            key = keys.get((event.event_id, beside + marked.path))
            if key is None:
                return UNDISCLOSED
            try:
                return from_plain(type(marked.model), marked.name, open_sealed(key, marked.value))
            except (NotSealedHere, ValidationError):
                message = f"what should open {beside}{marked.path} of event {event.event_id} does not"
                raise BundleError(message) from None

        whole = with_marked(model, opened)
        if isinstance(whole, Fact):
            fact = whole
        elif isinstance(whole, Metadata):
            metadata = whole
    return fact, metadata


def _told(event: ProvedEvent, fact: Fact | None, metadata: Metadata | None) -> Told:
    return Told(
        version=event.version,
        at=metadata.at if metadata else event.recorded_at,
        words=words(type(fact)) if fact else "Something that this release does not know.",
        by=f"{metadata.actor} ({metadata.role.value}, {metadata.organisation})" if metadata else None,
    )
