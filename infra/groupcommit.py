"""How do many callers share one commit?

They queue, and one of them at a time sends whatever waits as one batch, in one transaction. While that is on its way
the next batch gathers by itself: nobody waits for a timer, and whoever is alone is sent at once.
"""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress
from threading import Event, Lock, Thread, current_thread
from typing import Any, Generic, Protocol, TypeVar

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError

from infra.database import Connection
from infra.failures import translation

log = structlog.get_logger()

QUEUE_SIZE = 1000
"""How many requests may be unanswered at a time. More than that are answered within a second by no server that this
was measured on, and each holds its events in memory."""
BATCH_BYTES = 1024 * 1024
"""How much is sent at a time: more does not make a commit cheaper, and whoever comes next waits longer."""
RECONNECT_SECONDS = 5.0
"""For how long a batch is tried again on new connections: a server that crashed is back by then, as a rule."""
SENDINGS = 3
"""How often that time begins anew, with servers that take a batch and are lost again."""
BACK_OFF_SECONDS = 0.05
"""Between two attempts to connect, and twice as long each time, up to half a second."""
LONGEST_BACK_OFF_SECONDS = 0.5


# --- what can be in the way -------------------------------------------------------------------------------------------


class QueueIsFull(OperationalError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """Too many requests wait to be recorded; nothing of this one was."""


class QueueIsClosed(InterfaceError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """This process is about to end and records nothing more."""


class _Unreachable(Exception):  # noqa: N818
    """No connection could be had in time; *sent* tells whether the batch may have been recorded all the same."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__()
        self.sent = sent


# --- which requests go together ---------------------------------------------------------------------------------------


class Request(Protocol):
    """What a batch is made of."""

    @property
    def writes(self) -> Collection[Hashable]:
        """What it changes."""

    @property
    def reads(self) -> Collection[Hashable]:
        """What it rests on without changing it."""

    @property
    def size(self) -> int:
        """How many bytes it takes."""


def together(requests: Sequence[Request], limit: int = BATCH_BYTES) -> list[bool]:
    """Tell of each of *requests*, in their order, whether it goes with the next batch.

    Those in a batch do not touch each other: none reads or writes what another one writes. So their order within it
    makes no difference, and each can be judged by what was there before. The first one always goes.
    """
    going: list[bool] = []
    written: set[Hashable] = set()
    read: set[Hashable] = set()
    room = limit
    for request in requests:
        if going and request.size > room:
            break  # nobody overtakes who is too large, or they might wait for ever
        apart = (
            written.isdisjoint(request.writes) and written.isdisjoint(request.reads) and read.isdisjoint(request.writes)
        )
        going.append(apart)
        if apart:
            written.update(request.writes)
            read.update(request.reads)
            room -= request.size
    return going + [False] * (len(requests) - len(going))


# --- the queue --------------------------------------------------------------------------------------------------------

R = TypeVar("R", bound=Request)
A = TypeVar("A")


@dataclass(frozen=True)
class _Waiting(Generic[R, A]):
    """A request and who waits for its answer: a thread, or a task of an event loop."""

    request: R
    answer: "Future[A] | asyncio.Future[A]"
    loop: asyncio.AbstractEventLoop | None


class GroupCommit(Generic[R, A]):
    """A queue of requests and one connection on which they are sent; both doors, for threads and tasks, lead to it.

    Whoever has the turn sends: a thread that asks while nobody else does, since to wake another one would take it as
    long as the commit; or else a thread of the queue's own.

    ``send(connection, requests, again)`` records *requests* in one transaction and returns an answer or an exception
    for each. It raises what keeps all of them from being recorded. When *again*, an earlier attempt may have been
    recorded although its connection broke: what it finds recorded of these very requests it answers as such.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        send: Callable[[Connection, Sequence[R], bool], Sequence[A | Exception]],
        size: int = QUEUE_SIZE,
    ) -> None:
        """Send on a connection that *connect* returns, once there is something to send."""
        self._connect = connect
        self._send = send
        self._size = size
        self._process = os.getpid()
        self._lock = Lock()
        """Of what the queue holds, and never held for long."""
        self._waiting: list[_Waiting[R, A]] = []
        self._unanswered = 0
        self._closed = False
        self._thread: Thread | None = None
        self._wake = Event()
        self._turn = Lock()
        """Of the connection: held as long as a batch is on its way."""
        self._connection: Connection | None = None

    def ask(self, request: R) -> A:
        """Wait for the answer to *request*. Raises QueueIsFull, QueueIsClosed, and what *send* says or raises."""
        answer: Future[A] = Future()
        self._put(_Waiting(request, answer, None))
        if self._turn.acquire(blocking=False):
            self._take_turn()
        return answer.result()

    async def ask_async(self, request: R) -> A:
        """Wait for the answer to *request*, as ``ask`` does. Whoever is cancelled may be recorded all the same."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._put(_Waiting(request, answer, loop))
        if not self._turn.locked():  # else whoever has the turn wakes the next
            self._wake.set()
        return await answer

    def close(self) -> None:
        """Take no more requests, answer those that wait, and let the connection go. A second time does nothing."""
        if self._process != os.getpid():  # after a fork thread and connection are the parent's
            return
        with self._lock:
            self._closed = True
            thread = self._thread
        self._wake.set()
        if thread is current_thread():  # which dropped the last reference to a store, and ends by itself
            return
        if thread is not None:
            thread.join()
        self._finish()

    def _put(self, waiting: _Waiting[R, A]) -> None:
        if self._process != os.getpid():
            # Checked before the lock, which might never be free here.
            message = "this store was opened before the process forked: open one in each process"
            raise QueueIsClosed(message)
        with self._lock:
            if self._closed:
                message = "the store has been closed"
                raise QueueIsClosed(message)
            if self._unanswered >= self._size:
                message = f"{self._unanswered} requests wait to be recorded"
                raise QueueIsFull(message)
            self._unanswered += 1
            self._waiting.append(waiting)
            if self._thread is None:
                # A daemon: a program that ends without closing its stores ends all the same.
                self._thread = Thread(target=self._work, name="group commit", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()  # before looking: whoever comes after that wakes again
            while self._waiting and self._turn.acquire(blocking=False):
                self._take_turn()
        self._finish()

    def _finish(self) -> None:
        with self._turn:
            while self._waiting:
                self._send_some()
            self._disconnect()

    def _take_turn(self) -> None:
        """Send one batch, and see to it that somebody sends the next. For whoever has acquired the turn."""
        try:
            self._send_some()
        finally:
            self._turn.release()
            # Whoever came while the turn was taken relies on this. The thread itself looks without being woken.
            if self._waiting and current_thread() is not self._thread:
                self._wake.set()

    # What only whoever has the turn does.

    def _send_some(self) -> None:
        """Send a batch of those who wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if not waiting:  # somebody else has sent them, and perhaps closed the store
            return
        going = together([one.request for one in waiting])
        batch = list(compress(waiting, going))
        left = [one for one, goes in zip(waiting, going, strict=True) if not goes]
        if left:
            with self._lock:
                self._waiting = left + self._waiting
        answers: Sequence[A | Exception] = [_unreachable(sent=True) for _ in batch]  # unless we hear otherwise
        try:
            answers = self._answers([one.request for one in batch])
        except _Unreachable as unreachable:
            answers = [_unreachable(sent=unreachable.sent) for _ in batch]
            # The others could not be served either, and would wait as long again to hear so.
            with self._lock:
                left, self._waiting = self._waiting, []
            self._settle(left, [_unreachable(sent=False) for _ in left])
        finally:  # also when the thread that sends is interrupted
            self._settle(batch, answers)

    def _answers(self, requests: Sequence[R], *, again: bool = False) -> Sequence[A | Exception]:
        """Send *requests* together, or each alone if one of them keeps the others from being recorded."""
        answers, again = self._certainly(requests, again=again)
        if not isinstance(answers, Exception):
            return answers
        if again and not isinstance(answers, psycopg.DataError | psycopg.IntegrityError):
            # Not about the events: what became of the attempt before, it does not tell.
            return [_unreachable(sent=True) for _ in requests]
        if len(requests) == 1 or _everybodys(answers):
            return [translation(answers) for _ in requests]
        return self._each_alone(requests, again=again)

    def _each_alone(self, requests: Sequence[R], *, again: bool) -> Sequence[A | Exception]:
        """Send each of *requests* alone. Where the server goes away, those who were answered keep their answers."""
        found: list[A | Exception] = []
        for request in requests:
            try:
                found += self._answers([request], again=again)
            except _Unreachable as unreachable:
                found.append(_unreachable(sent=unreachable.sent))
                # The others would wait as long again to hear the same.
                return [*found, *(_unreachable(sent=again) for _ in requests[len(found) :])]
        return found

    def _certainly(self, requests: Sequence[R], *, again: bool) -> tuple[Sequence[A | Exception] | Exception, bool]:
        """Send *requests* until the server has said what became of them, and return that: answers, or one error.

        And whether there were attempts of which that is not known. Raises _Unreachable.
        """
        give_up = None
        sendings = 0
        pause = BACK_OFF_SECONDS
        while True:
            sent = False
            try:
                connection = self._connected()
                sent = True
                return self._send(connection, requests, again), again
            except psycopg.Error as error:
                known = sent and not connection.closed and not _of_the_connection(error)
                if not isinstance(error, psycopg.DataError | psycopg.IntegrityError):
                    self._disconnect()  # the next connection may be to a server that fares better
                if known:
                    return error, again
                lost = error
            except Exception as error:  # noqa: BLE001 - raised where the request came from
                return error, again
            log.warning("append_interrupted", sent=sent, requests=len(requests), reason=str(lost).partition("\n")[0])
            again = again or sent
            sendings += sent
            # From when it was lost, which may be long after it was sent; and anew where a server was there once more.
            if give_up is None or (sent and sendings < SENDINGS):
                give_up = time.monotonic() + RECONNECT_SECONDS
            if time.monotonic() > give_up:
                raise _Unreachable(sent=again)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_BACK_OFF_SECONDS)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _settle(self, batch: Sequence[_Waiting[R, A]], answers: Sequence[A | Exception]) -> None:
        """Hand out the answers: to each thread its own, to each event loop all of its tasks' at once."""
        with self._lock:
            self._unanswered -= len(batch)
        of_loops: dict[asyncio.AbstractEventLoop, list[tuple[Any, A | Exception]]] = defaultdict(list)
        for one, answer in zip(batch, answers, strict=True):
            if one.loop is None:
                _resolve(one.answer, answer)
            else:
                of_loops[one.loop].append((one.answer, answer))
        for loop, answered in of_loops.items():
            with suppress(RuntimeError):  # the loop has ended, and nobody in it waits any more
                loop.call_soon_threadsafe(_resolve_all, answered)


def _resolve(future: Any, answer: object) -> None:  # noqa: ANN401 - a Future of either kind
    if future.done():  # cancelled
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _resolve_all(answered: Sequence[tuple[Any, object]]) -> None:
    for future, answer in answered:
        _resolve(future, answer)


def _of_the_connection(error: psycopg.Error) -> bool:
    """Tell whether *error* is what the driver says of the connection, and not what the server has answered.

    The driver may say so before it holds the connection to be broken: when it could not send, for one.
    """
    return error.sqlstate is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def _everybodys(error: Exception) -> bool:
    """Tell whether *error* has nothing to do with what was asked: a time-out, a full disk, a shutdown."""
    too_much = psycopg.errors.ProgramLimitExceeded, psycopg.errors.StatementTooComplex
    return isinstance(error, psycopg.OperationalError) and not isinstance(error, too_much)


def _unreachable(*, sent: bool) -> OperationalError:
    known = "whether this was recorded is not known" if sent else "nothing of this was recorded"
    return OperationalError(f"the connection to the database was lost: {known}")
