"""How does somebody else see to it that a log is only added to?

A witness remembers the last checkpoint that it saw of each log, cosigns what is consistent with it, and nothing else:
C2SP tlog-witness, ``add-checkpoint``. It needs no database and knows nothing of what the log is about.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from threading import Lock

import structlog
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from infra.files import write_durably
from infra.signednotes import (
    Algorithm,
    Checkpoint,
    MalformedNote,
    Note,
    SignerKey,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    parse_policy,
    parse_signer_key,
)
from infra.tlog import EMPTY_ROOT, InvalidProof, check_consistency
from services.transparency.cosigning import REQUEST_BYTES, SIZE_TYPE, Submission, parse_submission
from services.transparency.folder import LogError

KEY = "key"
LOGS = "logs"
SEEN = "seen"
KEY_MODE = 0o600
LOGS_HEAD = b"# The logs whose checkpoints this witness cosigns: for each the line that weerbaar log begin printed.\n"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a submission is answered with."""

    status: HTTPStatus
    content: str = ""
    kind: str = "text/plain; charset=utf-8"


@dataclass
class WitnessState:
    """The key of a witness, and in its *folder* the logs that it knows and what it saw of them."""

    folder: Path
    key: SignerKey
    clock: Callable[[], float]
    _lock: Lock = field(default_factory=Lock, init=False)

    def answer(self, content: bytes) -> Answer:
        """Return the cosignature that is asked for in *content*, or why there is none."""
        try:
            submission = parse_submission(content)
            checkpoint = parse_checkpoint(submission.note.text)
        except MalformedNote:
            return Answer(HTTPStatus.BAD_REQUEST, "this is no submission\n")
        try:
            return self._answer(submission, checkpoint)
        except (LogError, OSError) as error:
            log.error("witness_cannot_remember", error=type(error).__name__)  # noqa: TRY400
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "what was seen cannot be read or kept\n")

    def _answer(self, submission: Submission, checkpoint: Checkpoint) -> Answer:
        keys = [key for key in self.logs() if key.name == checkpoint.origin]
        if not keys:
            return Answer(HTTPStatus.NOT_FOUND, "this log is not known here\n")
        try:
            signed = any(submission.note.signed_by(key) is not None for key in keys)
        except MalformedNote:
            signed = False
        if not signed:
            return Answer(HTTPStatus.FORBIDDEN, "no key of this log has signed\n")
        if submission.old > checkpoint.size:
            return Answer(HTTPStatus.BAD_REQUEST, "the old size is larger than the new one\n")
        # To look what was seen last and to keep the next one is one step: of two at once, one comes second.
        with self._lock:
            return self._cosigned(submission, checkpoint)

    def _cosigned(self, submission: Submission, checkpoint: Checkpoint) -> Answer:
        last = self.seen(checkpoint.origin)
        if submission.old != last.size:
            return Answer(HTTPStatus.CONFLICT, f"{last.size}\n", SIZE_TYPE)
        if last.size == checkpoint.size and last.root != checkpoint.root:
            log.error("witness_saw_a_fork", origin=checkpoint.origin, size=checkpoint.size)
            return Answer(HTTPStatus.CONFLICT, f"{last.size}\n", SIZE_TYPE)
        try:
            check_consistency(last.size, last.root, checkpoint.size, checkpoint.root, submission.proof)
        except InvalidProof:
            log.error("witness_saw_no_growth", origin=checkpoint.origin, old=last.size, size=checkpoint.size)  # noqa: TRY400
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "the proof does not hold\n")
        line = self.key.signature(checkpoint.text, int(self.clock()))
        note = Note(checkpoint.text, (*submission.note.signatures, line))
        write_durably(self._path(checkpoint.origin), str(note).encode())
        log.info("witness_cosigned", origin=checkpoint.origin, size=checkpoint.size)
        return Answer(HTTPStatus.OK, line)

    def logs(self) -> tuple[VerifierKey, ...]:
        """Return the logs that it knows: one that is added while it runs, too. Raises LogError."""
        try:
            return parse_policy((self.folder / LOGS).read_bytes() + b"\nquorum none\n").logs
        except OSError as error:
            message = f"{self.folder / LOGS} cannot be read ({type(error).__name__})"
            raise LogError(message) from None
        except MalformedNote as error:
            message = f"{self.folder / LOGS}: {error}"
            raise LogError(message) from None

    def seen(self, origin: str) -> Checkpoint:
        """Return the last checkpoint of the log *origin* that was cosigned. Raises LogError if it cannot be read."""
        try:
            found = parse_checkpoint(parse_note(self._path(origin).read_bytes()).text)
        except FileNotFoundError:
            return Checkpoint(origin, 0, EMPTY_ROOT)
        except (OSError, MalformedNote) as error:
            message = f"what was seen of {origin} cannot be read ({type(error).__name__})"
            raise LogError(message) from None
        return found

    def _path(self, origin: str) -> Path:
        # An origin may hold anything that a file name may not.
        return self.folder / SEEN / sha256(origin.encode()).hexdigest()


def begin_witness(folder: Path, name: str) -> SignerKey:
    """Make a witness *name* in *folder*. Raises LogError."""
    if (folder / KEY).exists():
        message = f"there is a witness in {folder} already"
        raise LogError(message)
    try:
        key = SignerKey.new(name, Algorithm.COSIGNATURE)
        (folder / SEEN).mkdir(parents=True, exist_ok=True)
        if not (folder / LOGS).exists():
            write_durably(folder / LOGS, LOGS_HEAD)
        write_durably(folder / KEY, f"{key.secret}\n".encode(), mode=KEY_MODE)
    except MalformedNote as error:
        raise LogError(str(error)) from None
    except OSError as error:
        message = f"no witness can be made in {folder} ({type(error).__name__})"
        raise LogError(message) from None
    return key


def open_witness(folder: Path, clock: Callable[[], float]) -> WitnessState:
    """Return the witness in *folder*. Raises LogError."""
    try:
        key = parse_signer_key((folder / KEY).read_text("utf-8"))
        if not (folder / SEEN).is_dir():
            message = f"{folder / SEEN} is missing: a witness that forgot what it saw is none"
            raise LogError(message)
    except FileNotFoundError:
        message = f"there is no witness in {folder}: its key is missing (--begin makes one)"
        raise LogError(message) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"the witness in {folder} cannot be read ({type(error).__name__})"
        raise LogError(message) from None
    except MalformedNote as error:
        message = f"the witness in {folder} cannot be used: {error}"
        raise LogError(message) from None
    if key.algorithm is not Algorithm.COSIGNATURE:
        message = f"the key in {folder} is not that of a witness"
        raise LogError(message)
    return WitnessState(folder, key, clock)


def create_witness(state: WitnessState) -> FastAPI:
    """Return the web application of a witness."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        """Cosign a checkpoint."""
        content = b""
        async for chunk in request.stream():
            content += chunk
            if len(content) > REQUEST_BYTES:
                return Response("this is too long\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        answer = await run_in_threadpool(state.answer, content)
        # As a header: a media type of text would get a character set, which the protocol does not have there.
        return Response(answer.content, answer.status, {"Content-Type": answer.kind})

    return app
