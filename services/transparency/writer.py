"""How do events get into the transparency log, at most ten seconds after they were recorded?

The writer reads the events table and nothing else. At each step files come first and what speaks of them second: tiles,
then the checkpoint that we signed, then its cosignatures, then the published checkpoint. So a writer that is killed
anywhere goes on where it was.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import psycopg
import structlog

from infra.database import Connection, Database, DatabaseRole
from infra.leaves import leaves
from infra.signednotes import Checkpoint, MalformedNote, Note, Untrusted, parse_checkpoint
from infra.tlog import TILE_WIDTH, Edge, InvalidProof, Tile, check_consistency, nodes_of, prove_consistency
from services.transparency.cosigning import Cosigning
from services.transparency.folder import CHECKPOINT, SIGNED, LogError, LogFolder, current_log, only_one
from services.transparency.keys import Place, signed

WINDOW = 10.0
"""Seconds within which a recorded event is in a published checkpoint, as long as the witnesses answer."""
INTERVAL = 5.0
"""Seconds between two looks at the log; half the window is left for writing, signing and the witnesses."""
RETRY = 5.0
PAUSE = 0.2
BATCH = 64 * TILE_WIDTH
"""Events after which tiles are written, on the way to a checkpoint that is far away."""
LOCK = (1464157522, 5)
"""The advisory lock of whoever writes the log; the first number is the service's."""

log = structlog.get_logger(__name__)


class LogRefused(Exception):  # noqa: N818 - it says what happened
    """What the database holds now is not what was signed with more; the message is one line."""


def at_work(database: Database, place: Place, stack: ExitStack) -> Connection | None:
    """Return a connection for as long as *stack* lasts, as the only one who writes; ``None`` while there is another."""
    current_log(place.folder)  # where there is none, that is what to say
    with ExitStack() as ours:
        connection = ours.enter_context(closing(database.connect(DatabaseRole.AUDITOR, autocommit=True)))
        if connection.execute("select pg_try_advisory_lock(%s, %s)", LOCK).fetchone() != (True,):
            return None
        # The lock of the database ends with its connection, and then another writer may be told that it is alone.
        if not ours.enter_context(only_one(place.folder / "lock")):
            return None
        # The first reading of a long log takes longer than a statement may.
        connection.execute("set statement_timeout = 0")
        stack.enter_context(ours.pop_all())
        return connection


def surely_at_work(database: Database, place: Place, stack: ExitStack, patience: float = 0.0) -> Connection:
    """Do as ``at_work`` does, after waiting for the other one for *patience* seconds. Raises LogError."""
    deadline = time.monotonic() + patience
    while (connection := at_work(database, place, stack)) is None:
        if time.monotonic() >= deadline:
            message = "somebody else is at work on the transparency log"
            raise LogError(message)
        time.sleep(PAUSE)
    return connection


@dataclass
class Writer:
    """Writes the log at *place* from the events in *database*. One is at work at a time, others stand by."""

    database: Database
    place: Place
    interval: float = INTERVAL
    _log: LogFolder | None = field(default=None, init=False)
    _edge: Edge = field(default_factory=Edge, init=False)
    _cosigning: Cosigning | None = field(default=None, init=False)

    def run(self, stop: Event) -> None:
        """Write until *stop* is set. What is wrong with the files or the database is told, and tried again."""
        while not stop.is_set():
            try:
                with ExitStack() as stack:
                    if connection := at_work(self.database, self.place, stack):
                        self._log = None
                        log.info("log_writer_at_work")
                        while not stop.is_set():
                            self.advance(connection)
                            stop.wait(self.interval)
            except (LogError, LogRefused, MalformedNote, Untrusted) as error:
                log.error("log_stopped", reason=str(error))  # noqa: TRY400 - a line that says it all
            except OSError as error:
                log.error("log_cannot_be_written", error=type(error).__name__)  # noqa: TRY400
            except psycopg.Error as error:
                log.warning("log_writer_lost_database", error=type(error).__name__)
            stop.wait(RETRY)

    def catch_up(self) -> None:
        """Write all there is. Raises LogError, also where somebody else is at work, and LogRefused."""
        with ExitStack() as stack:
            self.advance(surely_at_work(self.database, self.place, stack))

    def advance(self, connection: Connection) -> None:
        """Write what was recorded since the last time, and publish it. Raises LogError and LogRefused."""
        folder = self._opened()
        last = last_signed(folder)
        head = _head(connection)
        if head < last.size:
            message = (
                f"the database has {head} events and the log has signed {last.size};"
                " if it was restored and lost some: weerbaar log restart"
            )
            raise LogRefused(message)
        if head > last.size:
            filled = self._write_tiles(connection, folder, head)
            self._sign(folder, last)
            folder.drop_partial(filled)
        self._publish(folder)

    def _opened(self) -> LogFolder:
        """Return the log, with its edge in hand. Another one than before is there after a restart."""
        folder = current_log(self.place.folder)
        if folder != self._log:
            last = last_signed(folder)
            edge = Edge.of(last.size, folder.read_tile)
            if edge.root() != last.root:
                message = f"the tiles of the log do not add up to what was signed of {last.size} events"
                raise LogError(message)
            self._edge, self._log = edge, folder
            self._cosigning = Cosigning(self.place.policy())
        return folder

    def _write_tiles(self, connection: Connection, folder: LogFolder, head: int) -> list[Tile]:
        """Write the tiles up to *head*; return those that filled up. If this fails, the next time begins afresh."""
        self._log = None
        filled: list[Tile] = []
        for batch in _batches(connection, self._edge.size, head):
            for tile, content in self._edge.add(batch):
                folder.write_tile(tile, content)
                filled.append(tile)
        for tile, content in self._edge.partial():
            folder.write_tile(tile, content)
        self._log = folder
        return filled

    def _sign(self, folder: LogFolder, last: Checkpoint) -> None:
        """Sign what the tiles say, if they say that the log was only added to since the *last* one."""
        checkpoint = Checkpoint(last.origin, self._edge.size, self._edge.root())
        nodes = nodes_of(checkpoint.size, folder.read_tile)
        sign(folder, self.place, checkpoint, prove_consistency(nodes, last.size, checkpoint.size))

    def _publish(self, folder: LogFolder) -> None:
        """Publish what we signed last, once it has the cosignatures that the policy asks for."""
        note, published = folder.note(SIGNED), folder.note(CHECKPOINT)
        if note is None or self._cosigning is None or (published and published.text == note.text):
            return
        size = parse_checkpoint(note.text).size
        cosigned = self._cosigning.cosigned(note, nodes_of(size, folder.read_tile))
        try:
            self._cosigning.policy.check(cosigned)
        except Untrusted as error:
            log.warning("log_awaits_cosignatures", reason=str(error))
            return
        folder.remember(cosigned)
        folder.write_note(CHECKPOINT, cosigned)
        log.info("log_published", size=size)


@contextmanager
def writing(writer: Writer, stop: Event) -> Iterator[None]:
    """Let *writer* write in a thread of its own until *stop* is set; if it fails, all stops, and that is raised."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            writer.run(stop)
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that is waited for
            failures.append(error)
            stop.set()

    thread = Thread(target=run, name="transparency-log")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]


def sign(folder: LogFolder, place: Place, checkpoint: Checkpoint, proof: list[bytes]) -> Note:
    """Sign *checkpoint* if *proof* shows that it is consistent with the last one that was signed, and keep it.

    Raises LogRefused. Whoever signs asks the file and not the program what was signed before.
    """
    last = last_signed(folder)
    if checkpoint.origin != last.origin:
        message = f"the log {last.origin} does not sign for {checkpoint.origin}"
        raise LogRefused(message)
    try:
        check_consistency(last.size, last.root, checkpoint.size, checkpoint.root, proof)
    except InvalidProof:
        message = f"a checkpoint of {checkpoint.size} events is not consistent with what was signed of {last.size}"
        raise LogRefused(message) from None
    note = signed(checkpoint, place.signers())
    folder.write_note(SIGNED, note)
    return note


def last_signed(folder: LogFolder) -> Checkpoint:
    """Return the checkpoint that was signed last. Raises LogError."""
    note = folder.note(SIGNED)
    if note is None:
        message = f"{folder.path.name}/{SIGNED} is missing: what was signed last is not known"
        raise LogError(message)
    return parse_checkpoint(note.text)


def _head(connection: Connection) -> int:
    found = connection.execute("select max(position) from store.events").fetchone()
    return (found and found[0]) or 0


def _batches(connection: Connection, after: int, until: int) -> Iterable[list[bytes]]:
    batch: list[bytes] = []
    position = after
    for expected, (position, *_, hashed, _) in enumerate(leaves(connection, after, until), start=after + 1):
        if position != expected:
            message = f"the event at position {expected} is missing"
            raise LogRefused(message)
        batch.append(hashed)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if position != until:
        message = f"the event at position {position + 1} is missing"
        raise LogRefused(message)
    yield batch
