"""Does a witness cosign what only grew, and nothing else; and is nothing published without it?

With real processes, over HTTP, as partners run them.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Barrier, Thread
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
import structlog

from infra.database import Database
from infra.signednotes import Algorithm, Checkpoint, Note, SignerKey, VerifierKey, parse_note
from infra.tlog import Edge, leaf_hash, nodes_of, prove_consistency
from services.transparency.cosigning import TIMEOUT, Submission
from services.transparency.folder import CHECKPOINT, LogError
from services.transparency.keys import signed
from services.transparency.witness import begin_witness, open_witness
from tests.services.transparency.kept import Kept, place_in
from tests.tampering import tampering

PROGRAM = [sys.executable, "-m", "services.cli", "witness"]
SECONDS = 30.0
LEAVES = [leaf_hash(str(n).encode()) for n in range(1000)]


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Running:
    """A witness in a process of its own."""

    folder: Path
    name: str
    port: int = field(default_factory=free_port)
    key: VerifierKey = field(init=False)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Make the witness."""
        self.key = begin_witness(self.folder, self.name).verifier

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command to its end."""
        return subprocess.run(
            [*PROGRAM, str(self.folder), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )

    @property
    def environment(self) -> dict[str, str]:
        """A partner's: nothing of ours is set."""
        return {name: value for name, value in os.environ.items() if not name.startswith("WEERBAAR_")}

    def knows(self, key: VerifierKey) -> None:
        """Tell it of a log."""
        with (self.folder / "logs").open("a", encoding="utf-8") as file:
            file.write(f"log {key}\n")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(
            [*PROGRAM, str(self.folder), "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                self.ask(b"")
            except URLError:
                assert time.monotonic() < deadline
                assert self.process.poll() is None
                time.sleep(0.05)
            else:
                return

    def stop(self, number: int = signal.SIGKILL) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def ask(self, content: bytes) -> tuple[int, str, str]:
        """Send *content*; return status, type and content of the answer."""
        request = Request(f"{self.url}/add-checkpoint", content)  # noqa: S310 - our own address
        try:
            with urlopen(request, timeout=SECONDS) as response:  # noqa: S310
                return response.status, response.headers["Content-Type"], response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read().decode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """Yield three witnesses for all tests of this file, each of which has a log of its own."""
    made = [Running(tmp_path_factory.mktemp(f"w{n}"), f"w{n}.example.org") for n in range(3)]
    for witness in made:
        witness.knows(SignerKey.new("example.org/another", Algorithm.ED25519).verifier)
    yield made
    for witness in made:
        witness.stop()


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Kept:
    """Return a log without events that nobody has seen yet."""
    return Kept(database, place_in(tmp_path), f"{secrets.token_hex(4)}.example.org/log")


def starting(witnesses: Sequence[Running], kept: Kept) -> None:
    """Let *witnesses* know the log, and run."""
    for witness in witnesses:
        witness.knows(kept.begun.verifier)
        if witness.process is None:
            witness.start()


@pytest.fixture
def witness(running: list[Running], kept: Kept) -> Running:
    """Return a witness that knows the log and runs."""
    starting(running[:1], kept)
    return running[0]


def tree(leaves: Sequence[bytes]) -> Edge:
    """Return the tree of *leaves*."""
    edge = Edge()
    list(edge.add(leaves))
    return edge


def submission(kept: Kept, old: int, leaves: Sequence[bytes], note: Note | None = None) -> bytes:
    """Return a submission of the tree of *leaves*, signed by the log, with a proof that it grew from *old*."""
    edge = tree(leaves)
    tiles = dict([*Edge().add(leaves), *edge.partial()])
    proof = prove_consistency(nodes_of(len(leaves), tiles.__getitem__), old, len(leaves))
    checkpoint = Checkpoint(kept.origin, len(leaves), edge.root())
    return Submission(old, proof, note or signed(checkpoint, kept.place.signers())).content


# --- what a witness answers -------------------------------------------------------------------------------------------


def test_what_grew_is_cosigned(witness: Running, kept: Kept) -> None:
    """From nothing, further, and the same once more; each time with the moment at which it was seen."""
    for old, new in ((0, 300), (300, 700), (700, 700)):
        content = submission(kept, old, LEAVES[:new])
        status, kind, line = witness.ask(content)
        note = parse_note(content.partition(b"\n\n")[2])

        assert (status, kind) == (HTTPStatus.OK, "text/plain; charset=utf-8")
        at = Note(note.text, (line,)).signed_by(witness.key)
        assert at is not None
        assert abs(at - time.time()) < SECONDS


def test_what_did_not_only_grow_is_not_cosigned(witness: Running, kept: Kept) -> None:
    """Another history, of more or of as many events; and what was seen stays what was seen."""
    assert witness.ask(submission(kept, 0, LEAVES[:300]))[0] == HTTPStatus.OK
    other = [*LEAVES[:100], bytes(32), *LEAVES[101:]]

    assert witness.ask(submission(kept, 300, other[:700]))[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert witness.ask(submission(kept, 300, other[:300])) == (HTTPStatus.CONFLICT, "text/x.tlog.size", "300\n")
    assert witness.ask(submission(kept, 0, other[:700])) == (HTTPStatus.CONFLICT, "text/x.tlog.size", "300\n")
    assert witness.ask(submission(kept, 200, LEAVES[:700])) == (HTTPStatus.CONFLICT, "text/x.tlog.size", "300\n")
    assert witness.ask(submission(kept, 300, LEAVES[:700]))[0] == HTTPStatus.OK


def test_what_is_smaller_is_not_cosigned(witness: Running, kept: Kept) -> None:
    """A log cannot have become smaller."""
    assert witness.ask(submission(kept, 0, LEAVES[:300]))[0] == HTTPStatus.OK
    content = submission(kept, 0, LEAVES[:200])

    assert witness.ask(content) == (HTTPStatus.CONFLICT, "text/x.tlog.size", "300\n")
    assert witness.ask(content.replace(b"old 0", b"old 300"))[0] == HTTPStatus.BAD_REQUEST


def test_an_unknown_log_and_an_unknown_key_are_refused(witness: Running, kept: Kept) -> None:
    """Each in the way that the protocol says."""
    unknown = signed_by_another("example.org/other")
    forged = signed_by_another(kept.origin)

    assert witness.ask(submission(kept, 0, LEAVES[:300], unknown))[0] == HTTPStatus.NOT_FOUND
    assert witness.ask(submission(kept, 0, LEAVES[:300], forged))[0] == HTTPStatus.FORBIDDEN


def signed_by_another(origin: str) -> Note:
    """Return a checkpoint that somebody else has signed as *origin*."""
    checkpoint = Checkpoint(origin, 300, tree(LEAVES[:300]).root())
    return signed(checkpoint, [SignerKey.new(origin, Algorithm.ED25519)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"old 0\n",
        b"old 0\n\n",
        b"old -1\n\nx\n1\nx\n\n",
        b"old 00\n\n",
        b"old 99999999999999999999\n\n",
        b"old 0\nAAAA\n\n",
        b"old 0\n" + b"A" * 43 + b"=\n" * 64 + b"\n",
        b"\xff\xfe",
        b"old 0\n\n" + b"x" * 60_000,
    ],
)
def test_nonsense_is_refused(witness: Running, content: bytes) -> None:
    """And the witness goes on."""
    assert witness.ask(content)[0] == HTTPStatus.BAD_REQUEST


def test_what_is_too_long_is_not_read(witness: Running) -> None:
    """Whoever sends too much is told to stop."""
    assert witness.ask(b"x" * 1_000_000)[0] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_what_was_seen_is_remembered_by_a_witness_that_was_killed(witness: Running, kept: Kept) -> None:
    """It is on the disk before anybody is answered."""
    assert witness.ask(submission(kept, 0, LEAVES[:300]))[0] == HTTPStatus.OK
    witness.stop()
    witness.start()

    assert witness.ask(submission(kept, 0, LEAVES[:700])) == (HTTPStatus.CONFLICT, "text/x.tlog.size", "300\n")
    assert witness.ask(submission(kept, 300, LEAVES[:700]))[0] == HTTPStatus.OK


def test_of_two_histories_at_the_same_moment_one_is_cosigned(witness: Running, kept: Kept) -> None:
    """To look and to remember is one step."""
    histories = [submission(kept, 0, [leaf_hash(f"{n}".encode()), *LEAVES[:99]]) for n in range(8)]
    together = Barrier(len(histories))
    statuses: list[int] = []

    def ask(content: bytes) -> None:
        together.wait()
        statuses.append(witness.ask(content)[0])

    threads = [Thread(target=ask, args=(content,)) for content in histories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [HTTPStatus.OK] + [HTTPStatus.CONFLICT] * 7


def test_a_witness_says_in_one_line_what_it_lacks(witness: Running, kept: Kept, tmp_path: Path) -> None:
    """It is made once, needs a log, its memory and a key of its own; and one at a time is at work."""
    assert witness.run().stderr == f"weerbaar: another witness is at work in {witness.folder}\n"
    folder = tmp_path / "other"
    begin_witness(folder, "other.example.org")
    with pytest.raises(LogError, match="there is a witness in"):
        begin_witness(folder, "other.example.org")
    assert open_witness(folder, time.time).logs() == ()
    (folder / "logs").write_text("log nonsense\n", "utf-8")
    with pytest.raises(LogError, match="line 1 of the policy"):
        open_witness(folder, time.time).logs()
    (folder / "seen").rename(folder / "forgotten")
    with pytest.raises(LogError, match="a witness that forgot what it saw is none"):
        open_witness(folder, time.time)
    (folder / "forgotten").rename(folder / "seen")
    (folder / "key").write_text(f"{kept.begun.secret}\n", "utf-8")
    with pytest.raises(LogError, match="is not that of a witness"):
        open_witness(folder, time.time)
    (folder / "key").unlink()
    with pytest.raises(LogError, match="its key is missing"):
        open_witness(folder, time.time)


def test_a_witness_is_made_by_one_command(tmp_path: Path) -> None:
    """It prints its line for a policy, and its key is for it alone."""
    folder = tmp_path / "other"
    made = subprocess.run(
        [*PROGRAM, str(folder), "--begin", "other.example.org"], capture_output=True, text=True, check=True
    )

    assert made.stdout.startswith("witness NAME other.example.org+")
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    assert (folder / "logs").read_text("utf-8").startswith("# ")


# --- a log and its witnesses ------------------------------------------------------------------------------------------


@pytest.fixture
def watched(running: list[Running], kept: Kept) -> list[Running]:
    """Let two of three witnesses be needed, and return them, running."""
    starting(running, kept)
    need(kept, running, 2)
    return running


def need(kept: Kept, witnesses: Sequence[Running], threshold: int) -> None:
    """Let the policy ask for *threshold* of *witnesses*."""
    lines = [f"log {kept.begun.verifier}"]
    lines += [f"witness W{n} {witness.key} {witness.url}" for n, witness in enumerate(witnesses)]
    members = " ".join(f"W{n}" for n in range(len(witnesses)))
    lines += [f"group enough {threshold} {members}", "quorum enough", ""]
    kept.place.policy_file.write_text("\n".join(lines), "utf-8")


def test_a_checkpoint_is_published_with_its_cosignatures(watched: list[Running], kept: Kept) -> None:
    """And verified by them."""
    kept.recorded(100, 300)
    report = kept.verify()

    assert len(watched) == 3
    assert report.faults == ()
    assert set(report.witnessed) == {"W0", "W1", "W2"}


def test_without_enough_cosignatures_nothing_is_published(watched: list[Running], kept: Kept) -> None:
    """It is signed, and published once they are there; what was published before stays."""
    kept.recorded(100)
    watched[0].stop()
    kept.recorded(200)
    assert set(kept.verify().witnessed) == {"W1", "W2"}
    watched[1].stop()
    kept.recorded(300)
    report = kept.verify()
    assert (report.size, report.not_covered, report.faults) == (200, 100, ())
    watched[0].start()
    kept.write()

    assert (kept.verify().size, set(kept.verify().witnessed)) == (300, {"W0", "W2"})


def test_a_witness_that_is_new_is_caught_up(witness: Running, kept: Kept) -> None:
    """The log asks what it has seen."""
    kept.recorded(100, 300)
    need(kept, [witness], 1)
    kept.recorded(700)

    assert set(kept.verify().witnessed) == {"W0"}


def test_a_stolen_key_does_not_help_against_witnesses(watched: list[Running], kept: Kept) -> None:
    """Event, tiles, checkpoint and history are replaced and signed; no witness cosigns them any more."""
    kept.recorded(100, 300)
    with tampering(kept.database) as connection:
        connection.execute("update store.events set state = 'other' where position = 223")
    kept.forge(lambda leaves: leaves.__setitem__(222, bytes(32)), checkpoint=True)
    kept.record(400)
    with structlog.testing.capture_logs() as told:
        kept.write()

    assert len(watched) == 3
    assert [one["reason"] for one in told if one["event"] == "witness_does_not_cosign"] == ["it answers with 422"] * 3
    assert any("lacks cosignatures" in fault.what for fault in kept.verify().faults)


def test_a_log_that_was_rolled_back_with_its_database_gets_no_cosignatures(watched: list[Running], kept: Kept) -> None:
    """Nothing on the server tells; the witnesses have seen more."""
    kept.recorded(100)
    before = kept.saved("before")
    kept.recorded(300)
    kept.put_back(before)
    with tampering(kept.database) as connection:
        connection.execute("delete from store.events where position > 100")
    kept.record(200)
    with structlog.testing.capture_logs() as told:
        kept.write()

    assert len(watched) == 3
    assert {one["reason"] for one in told if one["event"] == "witness_does_not_cosign"} == {
        "it has seen 300 events of this log, which has 200"
    }
    assert kept.checkpoint.size == 100


def test_two_histories_for_two_witnesses_are_never_both_published(running: list[Running], kept: Kept) -> None:
    """Each has seen one of them; where both are needed, the log stops for good."""
    witnesses = running[:2]
    starting(witnesses, kept)
    kept.recorded(100)
    other = submission(kept, 0, LEAVES[:100])
    assert witnesses[0].ask(other)[0] == HTTPStatus.OK
    need(kept, witnesses, 2)
    published = (kept.log.path / CHECKPOINT).read_bytes()
    kept.recorded(200)

    assert (kept.log.path / CHECKPOINT).read_bytes() == published
    assert kept.checkpoint.size == 100
    assert any("lacks cosignatures: the quorum is enough" in fault.what for fault in kept.verify().faults)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe",
        b"HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nshort",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_a_witness_that_answers_nonsense_is_one_that_does_not_cosign(
    kept: Kept, witness: Running, tmp_path: Path, answer: bytes
) -> None:
    """The log goes on without it, if the others are enough."""
    strange = Running(tmp_path / "strange", "strange.example.org")
    need(kept, [witness, strange], 1)
    with socket.create_server(("127.0.0.1", strange.port)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        kept.recorded(10)
        thread.join()

    assert set(kept.verify().witnessed) == {"W0"}


def test_a_witness_that_answers_byte_by_byte_does_not_hold_up_the_log(
    kept: Kept, witness: Running, tmp_path: Path
) -> None:
    """Two seconds are two seconds, however much comes meanwhile."""
    strange = Running(tmp_path / "strange", "strange.example.org")
    need(kept, [witness, strange], 1)
    with socket.create_server(("127.0.0.1", strange.port)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                for letter in b"HTTP/1.1 200 OK" + b" " * 1000:
                    connection.sendall(bytes([letter]))
                    time.sleep(0.05)

        thread = Thread(target=serve)
        thread.start()
        began = time.monotonic()
        kept.recorded(10)
        took = time.monotonic() - began
        thread.join()

    assert took < 2 * TIMEOUT
    assert set(kept.verify().witnessed) == {"W0"}
