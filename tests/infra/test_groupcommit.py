"""Does everybody in the queue get an answer, their own one, and does nobody wait for nothing?

The queue itself, with something in the place of the log that the test holds in its hand.
"""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import DataError, IntegrityError, OperationalError
from hypothesis import given
from hypothesis import strategies as st

from infra import groupcommit
from infra.groupcommit import GroupCommit, QueueIsClosed, QueueIsFull, together


@dataclass(frozen=True)
class Asked:
    """A request: what it writes and reads, one letter each."""

    writes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    size: int = 1
    name: str = ""


def asked(writes: str, reads: str = "", size: int = 1) -> Asked:
    """Return a request."""
    return Asked(frozenset(writes), frozenset(reads), size, writes)


# --- which requests go together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requests", "going"),
    [
        ([], []),
        ([asked("a"), asked("b"), asked("c")], [True, True, True]),
        ([asked("a"), asked("a"), asked("b")], [True, False, True]),  # both write it
        ([asked("a"), asked("b", reads="a")], [True, False]),  # decided on what the first one changes
        ([asked("a", reads="x"), asked("x")], [True, False]),  # changes what the first one was decided on
        ([asked("a", reads="x"), asked("b", reads="x")], [True, True]),  # neither changes it
        ([asked("a", reads="a"), asked("b", reads="b")], [True, True]),  # a stream that one writes it has read
        ([asked("a", reads="b"), asked("b", reads="a")], [True, False]),  # each the premise of the other
        ([asked("a"), asked("ab"), asked("b")], [True, False, True]),  # who stays holds nobody up
    ],
)
def test_requests_go_together_that_do_not_touch_each_other(requests: list[Asked], going: list[bool]) -> None:
    """So it makes no difference in which order they are recorded."""
    assert together(requests) == going


def test_a_batch_has_a_size_and_nobody_overtakes_who_is_too_large_for_it() -> None:
    """They are the first of the next, and the first always goes."""
    requests = [asked("a", size=60), asked("b", size=50), asked("c", size=10), asked("d", size=500)]

    assert together(requests, 100) == [True, False, False, False]
    assert together(requests[3:], 100) == [True]


letters = st.frozensets(st.sampled_from("abcdef"), max_size=3)


@given(st.lists(st.builds(Asked, letters, letters, st.integers(1, 50)), max_size=12))
def test_whoever_waits_gets_their_turn_and_no_batch_touches_itself(requests: list[Asked]) -> None:
    """Whatever they ask, and in whichever order they came."""
    left, rounds = requests, 0
    while left:
        going = together(left, 100)
        batch = [request for request, goes in zip(left, going, strict=True) if goes]
        assert going[0]
        assert sum(request.size for request in batch) <= 100
        for n, one in enumerate(batch):
            for other in batch[n + 1 :]:
                assert not one.writes & (other.writes | other.reads)
                assert not other.writes & one.reads
        left = [request for request, goes in zip(left, going, strict=True) if not goes]
        rounds += 1

    assert rounds <= len(requests)


# --- the queue --------------------------------------------------------------------------------------------------------


@dataclass
class Log:
    """What batches are sent to: it takes them one at a time, when the test says so."""

    batches: list[list[str]] = field(default_factory=list)
    agains: list[bool] = field(default_factory=list)
    open: Event = field(default_factory=Event)
    busy: Event = field(default_factory=Event)
    fail: Callable[[list[str]], Exception | None] = lambda _: None
    connections: int = 0

    def connect(self) -> Any:  # noqa: ANN401 - stands in for a connection
        """Return a connection, with what the queue asks of one."""
        self.connections += 1
        return Connected()

    def send(self, connection: Any, requests: Sequence[Asked], again: bool) -> list[str | Exception]:  # noqa: ANN401, FBT001
        """Answer each request with its name in capitals, and those that begin with a bang with an exception."""
        self.busy.set()
        assert self.open.wait(10)
        names = [request.name for request in requests]
        self.batches.append(names)
        self.agains.append(again)
        if error := self.fail(names):
            connection.closed = isinstance(error, psycopg.errors.AdminShutdown)
            raise error
        return [IntegrityError(name) if name.startswith("!") else name.upper() for name in names]


@dataclass
class Connected:
    """Stands in for a connection."""

    closed: bool = False

    def close(self) -> None:
        """Close it."""
        self.closed = True


@pytest.fixture
def log() -> Log:
    """Return a log that takes batches at once."""
    log = Log()
    log.open.set()
    return log


def queue(log: Log, size: int = 100) -> GroupCommit[Asked, str]:
    """Return a queue before *log*."""
    return GroupCommit(log.connect, log.send, size)


def waits(call: Callable[[], str]) -> "Future[str]":
    """Call it in a thread of its own."""
    answer: Future[str] = Future()

    def wait() -> None:
        try:
            answer.set_result(call())
        except Exception as error:  # noqa: BLE001 - it is the answer
            answer.set_exception(error)

    Thread(target=wait, daemon=True).start()
    return answer


def gathered(commits: GroupCommit[Asked, str], log: Log, names: str) -> list["Future[str]"]:
    """Let a first request be on its way, and one for each of *names* wait behind it, in that order."""
    log.open.clear()
    log.busy.clear()
    first = waits(lambda: commits.ask(asked("0")))
    assert log.busy.wait(10)
    answers = [first]
    for n, name in enumerate(names, start=2):
        answers.append(waits(lambda name=name: commits.ask(asked(name))))  # type: ignore[misc]
        while commits._unanswered < n:  # noqa: SLF001 - until it has arrived
            sleep(0.001)
    return answers


def test_whoever_is_alone_is_sent_at_once(log: Log) -> None:
    """There is no timer that waits for others."""
    with closing(queue(log)) as commits:
        begun = monotonic()
        answers = [commits.ask(asked(name)) for name in "abcdefghij"]

    assert answers == list("ABCDEFGHIJ")
    assert monotonic() - begun < 0.5
    assert log.batches == [[name] for name in "abcdefghij"]
    assert log.connections == 1


def test_whoever_comes_meanwhile_shares_the_next_batch(log: Log) -> None:
    """And each gets the answer to what they asked."""
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "abc")
        log.open.set()

        assert [answer.result(10) for answer in answers] == ["0", "A", "B", "C"]
    assert log.batches == [["0"], ["a", "b", "c"]]


def test_whoever_touches_another_comes_in_the_batch_after(log: Log) -> None:
    """Those who do not overtake them."""
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "aab")
        log.open.set()

        assert [answer.result(10) for answer in answers] == ["0", "A", "A", "B"]
    assert log.batches == [["0"], ["a", "b"], ["a"]]


def test_an_answer_may_be_an_exception_and_is_raised_for_its_caller_alone(log: Log) -> None:
    """The neighbours have nothing to do with it."""
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "a!b")
        log.open.set()

        assert [answer.result(10) for answer in (answers[1], answers[3])] == ["A", "B"]
        with pytest.raises(IntegrityError, match="!"):
            answers[2].result(10)


def test_a_request_that_spoils_its_batch_fails_alone(log: Log) -> None:
    """The others are sent one by one."""
    log.fail = lambda names: psycopg.DataError("no such character") if "b" in names else None
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "abc")
        log.open.set()

        assert [answers[1].result(10), answers[3].result(10)] == ["A", "C"]
        with pytest.raises(DataError, match="no such character"):
            answers[2].result(10)
    assert log.batches == [["0"], ["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert log.connections == 1


def test_what_is_nobodys_fault_is_not_tried_one_by_one(log: Log) -> None:
    """Each of them would wait for the same lock as long again."""
    log.fail = lambda names: psycopg.errors.LockNotAvailable("lock timeout") if "a" in names else None
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "ab")
        log.open.set()
        for answer in answers[1:]:
            with pytest.raises(OperationalError, match="lock timeout"):
                answer.result(10)

        assert commits.ask(asked("c")) == "C"
    assert log.batches == [["0"], ["a", "b"], ["c"]]


def test_a_batch_whose_connection_broke_is_sent_again_as_such(log: Log) -> None:
    """On another connection; the callers do not notice."""
    broken = [psycopg.errors.AdminShutdown("shutting down")] * 2
    log.fail = lambda names: broken.pop() if "a" in names and broken else None
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "ab")
        log.open.set()

        assert [answer.result(10) for answer in answers] == ["0", "A", "B"]
    assert list(zip(log.batches, log.agains, strict=True)) == [
        (["0"], False),
        (["a", "b"], False),
        (["a", "b"], True),
        (["a", "b"], True),
    ]
    assert log.connections == 3


def test_in_the_end_callers_hear_whether_it_is_known_what_was_recorded(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who waited behind are told at once: they would wait as long again."""
    monkeypatch.setattr(groupcommit, "RECONNECT_SECONDS", 0.2)
    log.fail = lambda names: psycopg.errors.AdminShutdown("shutting down") if "0" in names else None
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "ab")
        log.open.set()

        with pytest.raises(OperationalError, match="lost: whether this was recorded is not known"):
            answers[0].result(10)
        for answer in answers[1:]:
            with pytest.raises(OperationalError, match="lost: nothing of this was recorded"):
                answer.result(10)
        assert commits.ask(asked("c")) == "C"


def test_what_a_second_attempt_says_of_itself_tells_nothing_of_the_first(log: Log) -> None:
    """The first may have been recorded, whatever lock the second one does not get."""
    errors = [psycopg.errors.LockNotAvailable("lock timeout"), psycopg.errors.AdminShutdown("shutting down")]
    log.fail = lambda _: errors.pop() if errors else None
    with (
        closing(queue(log)) as commits,
        pytest.raises(OperationalError, match="lost: whether this was recorded is not known"),
    ):
        commits.ask(asked("a"))


def test_a_batch_that_was_on_its_way_for_long_is_sent_again_all_the_same(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have waited for a lock longer than anybody waits for a server."""
    monkeypatch.setattr(groupcommit, "RECONNECT_SECONDS", 0.1)
    broken = [psycopg.errors.AdminShutdown("shutting down")]

    def fail(_: list[str]) -> Exception | None:
        if not broken:
            return None
        sleep(0.3)
        return broken.pop()

    log.fail = fail
    with closing(queue(log)) as commits:
        assert commits.ask(asked("a")) == "A"
    assert log.agains == [False, True]


def test_whoever_was_answered_keeps_the_answer_when_the_server_goes_away(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a batch whose requests were sent one by one; the others hear what is known of theirs."""
    monkeypatch.setattr(groupcommit, "RECONNECT_SECONDS", 0.2)

    def fail(names: list[str]) -> Exception | None:
        if len(names) > 1:
            return psycopg.DataError("no such character")
        if names != ["b"]:
            return None
        monkeypatch.setattr(commits, "_connect", refuse)
        return psycopg.errors.AdminShutdown("shutting down")

    def refuse() -> Any:  # noqa: ANN401 - never returns
        message = "connection refused"
        raise psycopg.OperationalError(message)

    log.fail = fail
    with closing(queue(log)) as commits:
        answers = gathered(commits, log, "abc")
        log.open.set()

        assert answers[1].result(10) == "A"
        with pytest.raises(OperationalError, match="is not known"):
            answers[2].result(10)
        with pytest.raises(OperationalError, match="nothing of this was recorded"):
            answers[3].result(10)


def test_a_turn_with_nothing_to_send_asks_for_no_connection(log: Log) -> None:
    """Somebody else has sent what was there, and the store may have been closed since."""
    with closing(queue(log)) as commits, commits._turn:  # noqa: SLF001 - as whoever came just too late
        commits._send_some()  # noqa: SLF001

    assert log.connections == 0


def test_who_cannot_connect_hears_that_nothing_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Since nothing was sent."""
    monkeypatch.setattr(groupcommit, "RECONNECT_SECONDS", 0.2)

    def connect() -> Any:  # noqa: ANN401 - never returns
        message = "connection refused"
        raise psycopg.OperationalError(message)

    with closing(GroupCommit(connect, Log().send)) as commits, pytest.raises(OperationalError, match="nothing of this"):
        commits.ask(asked("a"))


def test_the_queue_has_an_end(log: Log) -> None:
    """Whoever comes then hears so at once, and may come again when somebody was answered."""
    with closing(queue(log, size=3)) as commits:
        answers = gathered(commits, log, "ab")
        with pytest.raises(QueueIsFull):
            commits.ask(asked("c"))
        log.open.set()

        assert [answer.result(10) for answer in answers] == ["0", "A", "B"]
        assert commits.ask(asked("c")) == "C"


def test_closing_answers_who_waits_and_takes_nobody_new(log: Log) -> None:
    """It returns when all are answered."""
    commits = queue(log)
    answers = gathered(commits, log, "aab")
    closed: Future[None] = Future()
    Thread(target=lambda: closed.set_result(commits.close())).start()  # type: ignore[func-returns-value]
    while not commits._closed:  # noqa: SLF001 - until it is closing
        sleep(0.001)
    with pytest.raises(QueueIsClosed):
        commits.ask(asked("c"))
    assert not closed.done()
    log.open.set()
    closed.result(10)

    assert [answer.result(10) for answer in answers] == ["0", "A", "A", "B"]
    commits.close()


def test_a_queue_that_was_not_used_has_neither_thread_nor_connection(log: Log) -> None:
    """Whoever only reads pays for none."""
    commits = queue(log)
    commits.close()

    assert log.connections == 0
    with pytest.raises(QueueIsClosed):
        commits.ask(asked("a"))


# --- tasks of an event loop -------------------------------------------------------------------------------------------


def test_tasks_wait_without_holding_up_their_loop_and_are_woken_together(log: Log) -> None:
    """Once per batch, however many they are."""

    async def ask_all() -> tuple[list[str | BaseException], int]:
        loop = asyncio.get_running_loop()
        calls = 0
        call_soon = loop.call_soon_threadsafe

        def counted(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - as it is
            nonlocal calls
            calls += 1
            return call_soon(*given, **more)

        log.open.clear()
        first = asyncio.ensure_future(commits.ask_async(asked("0")))
        await asyncio.sleep(0)
        await asyncio.to_thread(log.busy.wait, 10)
        loop.call_soon_threadsafe = counted  # type: ignore[assignment, method-assign]
        others = [asyncio.ensure_future(commits.ask_async(asked(name))) for name in "abc!d"]
        await asyncio.sleep(0)
        log.open.set()
        return await asyncio.gather(first, *others, return_exceptions=True), calls

    with closing(queue(log)) as commits:
        answers, calls = asyncio.run(ask_all())

    assert answers[:4] == ["0", "A", "B", "C"]
    assert isinstance(answers[4], IntegrityError)
    assert answers[5] == "D"
    assert calls == len(log.batches) == 2


def test_a_task_that_was_cancelled_is_not_missed(log: Log) -> None:
    """Its request goes its way, and the others get their answers."""

    async def cancel_one() -> list[str | BaseException]:
        log.open.clear()
        tasks = [asyncio.ensure_future(commits.ask_async(asked(name))) for name in "abc"]
        await asyncio.sleep(0.05)
        tasks[1].cancel()
        await asyncio.sleep(0)
        log.open.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    with closing(queue(log)) as commits:
        answers = asyncio.run(cancel_one())

    assert [answers[0], answers[2]] == ["A", "C"]
    assert isinstance(answers[1], asyncio.CancelledError)


def test_threads_and_tasks_of_several_loops_share_a_batch(log: Log) -> None:
    """There is one queue, whichever door one comes by."""

    def in_a_loop(name: str) -> str:
        return asyncio.run(commits.ask_async(asked(name)))

    with closing(queue(log)) as commits, ThreadPoolExecutor(3) as threads:
        gathered(commits, log, "a")
        loops = [threads.submit(in_a_loop, name) for name in "bcd"]
        while commits._unanswered < 5:  # noqa: SLF001 - until they have arrived
            sleep(0.001)
        log.open.set()

        assert [loop.result(10) for loop in loops] == ["B", "C", "D"]
    assert sorted(log.batches[1]) == list("abcd")


def test_a_loop_that_has_ended_misses_its_answers_and_nobody_else_does(log: Log) -> None:
    """It ended while its task waited."""

    async def leave() -> None:
        task = asyncio.ensure_future(commits.ask_async(asked("a")))
        await asyncio.to_thread(log.busy.wait, 10)
        task.cancel()

    with closing(queue(log)) as commits:
        log.open.clear()
        asyncio.run(leave())
        log.open.set()

        assert commits.ask(asked("b")) == "B"


# --- processes --------------------------------------------------------------------------------------------------------


def test_after_a_fork_the_child_is_told_to_open_a_store_of_its_own(log: Log) -> None:
    """The thread and the connection are the parent's; to wait for them would be for ever."""

    def child(commits: GroupCommit[Asked, str], said: Any) -> None:  # noqa: ANN401 - a connection of multiprocessing
        try:
            commits.ask(asked("b"))
        except QueueIsClosed as error:
            said.send(str(error))
        commits.close()

    with closing(queue(log)) as commits:
        commits.ask(asked("a"))
        context = multiprocessing.get_context("fork")
        heard, said = context.Pipe(duplex=False)
        process = context.Process(target=child, args=(commits, said))
        process.start()

        assert heard.poll(10)
        assert "open one in each process" in heard.recv()
        process.join(10)
        assert process.exitcode == 0
        assert commits.ask(asked("c")) == "C"
