"""How does a log ask its witnesses for cosignatures, and what do they answer?

The protocol is ``add-checkpoint`` of C2SP tlog-witness: a witness gets the checkpoint with a proof that the log was
only added to since the last one that it saw, and answers with its cosignature.
"""

import re
import socket
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from urllib.parse import urlsplit

import structlog

from infra.signednotes import (
    NOTE_BYTES,
    MalformedNote,
    Note,
    Policy,
    VerifierKey,
    Witness,
    hash_lines,
    parse_checkpoint,
    parse_hashes,
    parse_note,
    parse_signatures,
)
from infra.tlog import Nodes, prove_consistency

MOST_PROOF_LINES = 63
REQUEST_BYTES = NOTE_BYTES + 64 * 64
TIMEOUT = 2.0
"""Seconds that a witness has to answer: all are asked at once, and the whole must be done within ten."""
SIZE_TYPE = "text/x.tlog.size"

log = structlog.get_logger(__name__)


class Unwilling(Exception):  # noqa: N818 - it says what the witness is
    """The witness does not cosign; the message is one line."""


# --- what is asked ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Submission:
    """What a witness is asked: to cosign *note*, which is consistent with what it saw at the size *old*."""

    old: int
    proof: Sequence[bytes]
    note: Note

    @property
    def content(self) -> bytes:
        """What is sent."""
        lines = "".join(f"{line}\n" for line in hash_lines(self.proof))
        return f"old {self.old}\n{lines}\n{self.note}".encode()


def parse_submission(content: bytes) -> Submission:
    """Return what is asked in *content*. Raises MalformedNote."""
    head, separator, note = content.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    old = re.fullmatch("old (0|[1-9][0-9]{0,18})", lines[0])
    if not separator or not old or len(lines) > 1 + MOST_PROOF_LINES:
        message = "a submission is an old size, a proof and a checkpoint"
        raise MalformedNote(message)
    return Submission(int(old[1]), parse_hashes(lines[1:]), parse_note(note))


# --- asking -----------------------------------------------------------------------------------------------------------


@dataclass
class Cosigning:
    """Asks the witnesses of a policy, and remembers what each saw last."""

    policy: Policy
    _seen: dict[str, int] = field(default_factory=dict, init=False)

    def cosigned(self, note: Note, nodes: Nodes) -> Note:
        """Return *note* with the cosignatures that could be had; *nodes* are those of its tree."""
        witnesses = [witness for witness in self.policy.witnesses if witness.url]
        if not witnesses:
            return note
        # At once: one that does not answer costs as long as all of them.
        with ThreadPoolExecutor(len(witnesses)) as pool:
            lines = pool.map(lambda witness: self._asked(witness, note, nodes), witnesses)
        return Note(note.text, (*note.signatures, *(line for line in lines if line)))

    def _asked(self, witness: Witness, note: Note, nodes: Nodes) -> str | None:
        try:
            return self._ask(witness, note, nodes)
        except (Unwilling, MalformedNote, HTTPException, OSError) as error:
            # What a witness says may be anything: of others' errors only the kind is told.
            reason = str(error) if isinstance(error, Unwilling) else type(error).__name__
            log.warning("witness_does_not_cosign", witness=witness.name, reason=reason)
            return None

    def _ask(self, witness: Witness, note: Note, nodes: Nodes) -> str:
        size = parse_checkpoint(note.text).size
        old = self._seen.get(witness.name, 0)
        status, content = _post(witness, Submission(old, prove_consistency(nodes, old, size), note))
        if status == HTTPStatus.CONFLICT:
            seen = _size_in(content)
            if seen > size:
                message = f"it has seen {seen} events of this log, which has {size}"
                raise Unwilling(message)
            status, content = _post(witness, Submission(seen, prove_consistency(nodes, seen, size), note))
        if status != HTTPStatus.OK:
            message = f"it answers with {status}"
            raise Unwilling(message)
        line = _cosignature(content, note, witness.key)
        self._seen[witness.name] = size
        return line


def _post(witness: Witness, submission: Submission) -> tuple[int, bytes]:
    """Send *submission*, and return status and content of the answer, all of it in time."""
    parts = urlsplit(f"{witness.url}/add-checkpoint")
    made = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = made(parts.hostname or "", parts.port, timeout=TIMEOUT)
    deadline = time.monotonic() + TIMEOUT
    with closing(connection):
        connection.connect()
        # A time-out of a socket is one for each piece that comes; who sends a byte a second would never run into it.
        end = Timer(max(0.0, deadline - time.monotonic()), _cut, (connection.sock,))
        end.start()
        try:
            connection.request("POST", parts.path, submission.content, {"Content-Type": "text/plain"})
            answer = connection.getresponse()
            return answer.status, answer.read(NOTE_BYTES)
        finally:
            end.cancel()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _size_in(content: bytes) -> int:
    found = re.fullmatch(rb"(0|[1-9][0-9]{0,18})\n?", content)
    if not found:
        message = "it answers with a conflict and no size"
        raise Unwilling(message)
    return int(found[1])


def _cosignature(content: bytes, note: Note, key: VerifierKey) -> str:
    """Return the line in *content* with which *key* cosigned *note*."""
    for line in _lines(content):
        if Note(note.text, (line,)).signed_by(key) is not None:
            return line
    message = "its answer has no cosignature of the key in the policy"
    raise Unwilling(message)


def _lines(content: bytes) -> Iterable[str]:
    try:
        return parse_signatures(content.decode())
    except UnicodeDecodeError:
        message = "its answer is not UTF-8"
        raise Unwilling(message) from None
