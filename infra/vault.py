"""How are facts sealed before they are recorded, and opened for whoever may read them?

What is personal is sealed under the key of its subject, what points at somebody through their office under the key of
the case. Keys are made before the events that need them and are on the disk first; to forget somebody is to destroy
their key, and then all that was said of them is closed for ever, wherever it stands.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
import structlog
from pydantic import BaseModel

from domain.basis import Fact, StreamId
from domain.values import ERASED, Marked, Sealed, Sensitivity, marks_in, with_marked
from infra.database import Connection, Database, DatabaseRole
from infra.events import Event
from infra.failures import translated
from infra.keyring import EpochGone, Keyring, KeyringError
from infra.sealing import Place, fresh_key, from_plain, open_sealed, seal, to_plain

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Fact)

Owner = StreamId | UUID
"""Whose a key is: a case's, or a subject's."""

OF_CASES: LiteralString = (
    "select stream, null::uuid, epoch, wrapped from vault.case_keys where stream = any (%(streams)s)"
)
OF_PEOPLE: LiteralString = (
    "select stream, subject, epoch, wrapped from vault.subject_keys where stream = any (%(streams)s)"
)

CLOSED_EPOCH = "WB011"
FORGOTTEN_CASE = "WB013"
ROTATING = (1464157522, 6)
"""The advisory lock of whoever rotates: of two who begin an epoch at once, one would lose the other's."""
METADATA = "metadata:"
"""Begins the path of what stands beside a fact."""
ATTEMPTS = 3
AT_ONCE = 1000
"""How many keys are kept anew in one transaction."""


class Forgotten(Exception):  # noqa: N818 - it says what they are
    """Somebody about whom something was to be recorded has been forgotten, or the whole case has."""


class NoKeyring(Exception):  # noqa: N818 - it says what is missing
    """This program was not given the key-encryption keys, and so can seal and open nothing."""


@dataclass
class CaseKeys:
    """The keys of a case and of the people in it, opened as they are needed."""

    vault: "Vault"
    stream: str
    wrapped: dict[Owner, tuple[int, bytes | None]] = field(default_factory=dict, repr=False)
    """As they are kept, with the epoch; ``None`` where one was destroyed."""
    _keys: dict[Owner, bytes | None] = field(default_factory=dict, repr=False)

    def __contains__(self, owner: Owner) -> bool:
        """Tell whether *owner* has a key, or had one."""
        return owner in self.wrapped or owner in self._keys

    def add(self, owner: Owner, key: bytes) -> None:
        """Take in a key that was just made."""
        self._keys[owner] = key

    def key(self, owner: Owner) -> bytes | None:
        """Return the key of *owner*, or ``None`` where there is none, or none any more. Raises KeyringError."""
        if owner not in self._keys:
            self._keys[owner] = self._opened(owner)
        return self._keys[owner]

    def _opened(self, owner: Owner) -> bytes | None:
        epoch, wrapped = self.wrapped.get(owner, (0, None))
        if wrapped is None:
            return None
        try:
            return self.vault.keyring.unwrap(str(owner), epoch, wrapped)
        except EpochGone as error:
            self.wrapped = self.vault.of([self.stream])[self.stream].wrapped
            if self.wrapped.get(owner, (epoch, None))[0] != epoch:
                # A rotation ended since it was looked up.
                return self._opened(owner)
            # As after a back-up from before a rotation was restored: what it holds is closed.
            log.warning("key_closed", reason=str(error))
            return None


@dataclass
class Vault:
    """The keys in *database*, as far as *role* may have them."""

    database: Database
    kinds: frozenset[str]
    """The kinds of stream in whose facts something is marked: those of others have no keys."""
    role: DatabaseRole = DatabaseRole.KEYS
    _proved: set[int] = field(default_factory=set, init=False, repr=False)

    @property
    def keyring(self) -> Keyring:
        """Return the key-encryption keys. Raises NoKeyring."""
        if self.database.keyring is None:
            raise NoKeyring
        return self.database.keyring

    # --- keys ---------------------------------------------------------------------------------------------------------

    def of(self, streams: Collection[str]) -> dict[str, CaseKeys]:
        """Return the keys of the cases among *streams*; a projector gets those of no person."""
        found: dict[str, CaseKeys] = {
            stream: CaseKeys(self, stream) for stream in streams if stream.partition(":")[0] in self.kinds
        }
        if found:
            for stream, subject, epoch, wrapped in self._rows(list(found)):
                found[stream].wrapped[subject or StreamId(stream)] = (epoch, wrapped)
        return found

    def _rows(self, streams: list[str]) -> list[tuple[str, UUID | None, int, bytes | None]]:
        query = f"{OF_CASES} union all {OF_PEOPLE}" if self.role is DatabaseRole.KEYS else OF_CASES
        with translated():
            try:
                with self.database.cursor(self.role) as cursor:
                    return cursor.execute(query, {"streams": streams}).fetchall()
            except psycopg.OperationalError:
                # The connection may have been lost long since. Whoever asks for keys is about to record something, and
                # that finds itself a new connection too.
                self.database.pool(self.role).check()
                with self.database.cursor(self.role) as cursor:
                    return cursor.execute(query, {"streams": streams}).fetchall()

    def _make(self, missing: Mapping[Owner, str], keys: Mapping[str, CaseKeys]) -> None:
        """Make the *missing* keys, each for an owner in a stream, unless others have: they are on the disk then."""
        made = {owner: fresh_key() for owner in missing}
        with translated():
            taken = self._kept(made, missing)
        for owner in taken:
            keys[missing[owner]].add(owner, made[owner])
        if there := {missing[owner] for owner in made.keys() - taken}:
            for stream, found in self.of(there).items():
                keys[stream].wrapped |= found.wrapped

    def _kept(self, made: Mapping[Owner, bytes], streams: Mapping[Owner, str]) -> set[Owner]:
        for _ in range(ATTEMPTS):
            try:
                with self.database.pool(self.role).connection() as connection, connection.transaction():
                    return self._keep(connection, made, streams)
            except psycopg.Error as error:
                if error.sqlstate == FORGOTTEN_CASE:
                    raise Forgotten from None
                if error.sqlstate != CLOSED_EPOCH:
                    raise
                self.keyring.read()  # somebody has begun a new epoch
                self._proved.clear()  # or ours was never recorded
        message = f"the key-encryption key of epoch {self.keyring.epoch()} is not used any more: this is an old file"
        raise KeyringError(message)

    def _keep(self, connection: Connection, made: Mapping[Owner, bytes], streams: Mapping[Owner, str]) -> set[Owner]:
        """Keep those of *made* whose owners have no key, and return whose they are."""
        self.prove(connection)
        rows = {owner: (streams[owner], *self.keyring.wrap(str(owner), key)) for owner, key in made.items()}
        # Each in one order: two who make the same ones do not wait for each other.
        cases = sorted(row for owner, row in rows.items() if not isinstance(owner, UUID))
        subjects = sorted((owner, *row) for owner, row in rows.items() if isinstance(owner, UUID))
        taken: set[Owner] = set()
        if cases:
            kept = connection.execute(
                "insert into vault.case_keys (stream, epoch, wrapped)"
                " select * from unnest(%s::text[], %s::integer[], %s::bytea[])"
                " on conflict do nothing returning stream",
                [list(column) for column in zip(*cases, strict=True)],
            )
            taken |= {StreamId(stream) for (stream,) in kept}
        if subjects:
            kept = connection.execute(
                "insert into vault.subject_keys (subject, stream, epoch, wrapped)"
                " select * from unnest(%s::uuid[], %s::text[], %s::integer[], %s::bytea[])"
                " on conflict do nothing returning subject",
                [list(column) for column in zip(*subjects, strict=True)],
            )
            taken |= {subject for (subject,) in kept}
        return taken

    def prove(self, connection: Connection) -> None:
        """See that our key-encryption keys are those that others have. Raises KeyringError."""
        epoch = self.keyring.epoch()
        if epoch in self._proved:
            return
        if epoch not in self._compared(connection):
            _, proof = self.keyring.wrap(_proof(epoch), b"")
            connection.execute(
                "insert into vault.epochs (epoch, proof) values (%s, %s) on conflict do nothing", (epoch, proof)
            )
            self._compared(connection)  # somebody may just have begun one with another key
        self._proved.add(epoch)

    def _compared(self, connection: Connection) -> set[int]:
        """Return which epochs there have been. Raises KeyringError unless our keys of these are the same ones."""
        proofs: dict[int, bytes] = dict(connection.execute("select epoch, proof from vault.epochs").fetchall())
        for epoch in proofs.keys() & set(self.keyring.epochs()):
            self.keyring.unwrap(_proof(epoch), epoch, proofs[epoch])
        return set(proofs)

    # --- destroying and rotating --------------------------------------------------------------------------------------

    def destroy(self, *, case: str | None = None, subjects: Collection[UUID] = ()) -> int:
        """Destroy the key of a *case*, with those of all people in it, or of *subjects*; return how many there were.

        From then on nobody opens what was sealed under them, except from a back-up that is older than this and holds
        keys under a key-encryption key that is still there: see ``rotate``.
        """
        gone = "set wrapped = null, destroyed_at = clock_timestamp() where wrapped is not null and"
        with translated(), self.database.pool(self.role).connection() as connection, connection.transaction():
            # The case first: from then on nobody in it gets a key, and whoever just got one is among the people.
            cases = connection.execute(f"update vault.case_keys {gone} stream = %s", (case,))
            people = connection.execute(
                f"update vault.subject_keys {gone} (subject = any (%s) or stream = %s)", (list(subjects), case)
            )
            return cases.rowcount + people.rowcount

    def rotate(self, on_progress: Callable[[int, int], None] = lambda _, __: None) -> int:
        """Begin a new epoch, keep all keys under its key-encryption key, forget those before; return the epoch.

        Events stay as they are. Whoever is interrupted does it again: then there has been one epoch more. What a
        back-up from before holds of keys opens nothing any more, as soon as no copy of the old file is left. Raises
        KeyringError, also while somebody else rotates.
        """
        with translated(), self._alone() as connection:
            self._compared(connection)  # the file of another installation has nothing to begin here
            epoch = self.keyring.begin_epoch()
            former = [known for known in self.keyring.epochs() if known < epoch]
            with connection.transaction():
                self.prove(connection)
                # This waits for whoever is just keeping a key under an old one.
                connection.execute(
                    "update vault.epochs set closed_at = clock_timestamp() where epoch < %s and closed_at is null",
                    (epoch,),
                )
            left = self._left(connection, former)
            done = 0
            for table, owner in (("case_keys", "stream"), ("subject_keys", "subject")):
                while kept := self._keep_anew(connection, table, owner, former):
                    done += kept
                    on_progress(done, left)
            if self._left(connection, former):  # then one would be lost, and its owner with it
                message = f"not all keys are kept under the key of epoch {epoch}: do it again"
                raise KeyringError(message)
            self.keyring.forget_before(epoch)
            with connection.transaction():
                connection.execute(
                    "update vault.epochs set retired_at = clock_timestamp() where epoch < %s and retired_at is null",
                    (epoch,),
                )
        return epoch

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """Yield a connection of the only one who rotates. Raises KeyringError."""
        with closing(self.database.connect(self.role, autocommit=True)) as connection:
            if connection.execute("select pg_try_advisory_lock(%s, %s)", ROTATING).fetchone() != (True,):
                message = "somebody else is rotating the keys"
                raise KeyringError(message)
            yield connection
            connection.execute("select pg_advisory_unlock(%s, %s)", ROTATING)

    @staticmethod
    def _left(connection: Connection, former: list[int]) -> int:
        """Return how many keys are kept under those of the *former* epochs.

        What is under the key of yet another epoch, as after an old back-up was restored, nobody opens or keeps anew.
        """
        found = connection.execute(
            "select (select count(*) from vault.case_keys where epoch = any (%(former)s) and wrapped is not null)"
            " + (select count(*) from vault.subject_keys where epoch = any (%(former)s) and wrapped is not null)",
            {"former": former},
        ).fetchone()
        return int(found[0]) if found else 0

    def _keep_anew(self, connection: Connection, table: LiteralString, owner: LiteralString, former: list[int]) -> int:
        """Keep some keys of *table* anew that are kept under those of *former* epochs, and return how many."""
        with connection.transaction():
            rows = connection.execute(
                f"select {owner}, epoch, wrapped from vault.{table} where epoch = any (%s)"  # noqa: S608
                " and wrapped is not null limit %s for update",
                (former, AT_ONCE),
            ).fetchall()
            kept = [
                (name, *self.keyring.wrap(str(name), self.keyring.unwrap(str(name), epoch, wrapped)))
                for name, epoch, wrapped in rows
            ]
            if kept:
                connection.execute(
                    f"update vault.{table} k set epoch = n.epoch, wrapped = n.wrapped"  # noqa: S608
                    f" from unnest(%s::{'uuid' if owner == 'subject' else 'text'}[], %s::integer[], %s::bytea[])"
                    f" n({owner}, epoch, wrapped) where k.{owner} = n.{owner}",
                    [list(column) for column in zip(*kept, strict=True)],
                )
        return len(kept)

    # --- sealing ------------------------------------------------------------------------------------------------------

    def seal(self, events: Sequence[Event], known: Mapping[str, CaseKeys] | None = None) -> list[Event]:
        """Return *events* with all that is marked in them sealed; what keys they need are on the disk then.

        *known* are keys that the caller has looked up, by stream. Raises Forgotten, and ValueError for a value that was
        sealed elsewhere: it would open nowhere any more.
        """
        keys = dict(known or {})
        if unknown := {event.originator_id for event in events} - keys.keys():
            keys |= self.of(unknown)
        missing: dict[Owner, str] = {}
        for event in events:
            if (stream := event.originator_id) in keys:
                owners: set[Owner] = {StreamId(stream), *subjects_in(event.fact)}
                missing |= {owner: stream for owner in owners if owner not in keys[stream]}
        if missing:
            self._make(missing, keys)
        return [self._sealed(event, keys.get(event.originator_id)) for event in events]

    def _sealed(self, event: Event, keys: CaseKeys | None) -> Event:
        if keys is None:
            return event
        topic = event.fact.topic

        def sealed(marked: Marked, beside: str = "") -> Sealed:
            if isinstance(marked.value, Sealed):
                message = f"{marked.path} of {topic} was sealed for another place"
                raise ValueError(message)  # noqa: TRY004 - it is the wrong one, not of a wrong type
            key = keys.key(_owner(marked, event.originator_id))
            if key is None:
                raise Forgotten
            return seal(Place(event.event_id, topic, beside + marked.path).key(key), to_plain(marked.value))

        return replace(
            event,
            fact=with_marked(event.fact, sealed),
            metadata=with_marked(event.metadata, lambda marked: sealed(marked, METADATA)),
        )


def _proof(epoch: int) -> str:
    """Return whose the proof of *epoch* is."""
    return f"epoch {epoch}"


# --- opening ----------------------------------------------------------------------------------------------------------


def opened(event: Event, keys: CaseKeys | None, *, personal: bool) -> Event:
    """Return *event* with what *keys* open in it; what they do not open any more is ERASED there."""
    return Event(
        originator_id=event.originator_id,
        originator_version=event.originator_version,
        event_id=event.event_id,
        fact=opened_fact(event.fact, event.event_id, event.originator_id, keys, personal=personal),
        metadata=_opened(
            event.metadata, _Opener(event.event_id, event.fact.topic, event.originator_id, keys, METADATA)
        ),
    )


def opened_fact(fact: F, event_id: UUID, stream: str, keys: CaseKeys | None, *, personal: bool) -> F:
    """Return the *fact* of an event with what *keys* open in it; what is personal stays sealed unless *personal*."""
    return _opened(fact, _Opener(event_id, fact.topic, stream, keys, personal=personal))


def _opened(model: M, opener: "_Opener") -> M:
    marks = marks_in(type(model))
    openable = marks if opener.personal else marks - {Sensitivity.PERSONAL}
    return with_marked(model, opener) if openable and opener.keys is not None else model


@dataclass(frozen=True, slots=True)
class _Opener:
    """Opens the marked values of one model."""

    event_id: UUID
    topic: str
    stream: str
    keys: CaseKeys | None
    beside: str = ""
    personal: bool = False

    def __call__(self, marked: Marked) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return what is to stand in the place of the value."""
        value = marked.value
        if not isinstance(value, Sealed) or (marked.mark is Sensitivity.PERSONAL and not self.personal):
            return value
        key = self.keys.key(_owner(marked, self.stream)) if self.keys else None
        if key is None:
            return ERASED
        place = Place(self.event_id, self.topic, self.beside + marked.path)
        return from_plain(type(marked.model), marked.name, open_sealed(place.key(key), value))


def _owner(marked: Marked, stream: str) -> Owner:
    """Return under whose key a value is."""
    return StreamId(stream) if marked.mark is Sensitivity.IDENTIFYING else _subject(marked)


def subjects_in(model: BaseModel) -> set[UUID]:
    """Return whose personal values stand in *model*."""
    found: set[UUID] = set()

    def note(marked: Marked) -> Any:  # noqa: ANN401 - whatever the field holds
        if marked.mark is Sensitivity.PERSONAL:
            found.add(_subject(marked))
        return marked.value

    with_marked(model, note)
    return found


def _subject(marked: Marked) -> UUID:
    if marked.subject is None:
        message = f"{type(marked.model).__name__} has something personal and nobody whose it is"
        raise TypeError(message)
    return marked.subject
