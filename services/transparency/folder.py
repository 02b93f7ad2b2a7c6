"""What does the transparency log look like as files, and how do they survive whatever breaks?

A folder holds a folder for each log: ``1`` for the first, another one after each restart. What others may see of a log
are its tiles and its ``checkpoint``, as C2SP tlog-tiles lays them out. Every file is written beside its place, brought
to the disk and then renamed, so that there is an old one or a new one and never half of one.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from infra.files import sync_folder, write_durably
from infra.signednotes import NOTE_BYTES, MalformedNote, Note, parse_note
from infra.tlog import HASH_BYTES, Tile

POLICY = "policy"
CHECKPOINT = "checkpoint"
"""The last one that is published: with all the cosignatures that the policy asks for."""
SIGNED = "signed"
"""The last one that we signed: what the next one must be consistent with."""
HISTORY = "checkpoints"
"""Every one that was published, a line of JSON for each."""
RESTART = "restart"
"""Why there is another log after the one before, and what was the last that one said."""


class LogError(Exception):
    """Something is wrong with the files of the log; the message is one line."""


@contextmanager
def only_one(path: Path) -> Iterator[bool]:
    """Yield whether we are the only one who holds *path*, for as long as this lasts or the process lives."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


# --- a log ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LogFolder:
    """The files of one log."""

    path: Path

    def read_tile(self, tile: Tile) -> bytes:
        """Return the hashes of *tile*; of a partial one that was dropped, from the full one. Raises LogError."""
        full = Tile(tile.level, tile.number)
        for there in dict.fromkeys((tile, full)):
            try:
                content = (self.path / there.path).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                message = f"{there.path} cannot be read ({type(error).__name__})"
                raise LogError(message) from None
            if len(content) != there.width * HASH_BYTES:
                message = f"{there.path} does not have the length of {there.width} hashes"
                raise LogError(message)
            return content[: tile.width * HASH_BYTES]
        message = f"{tile.path} is missing"
        raise LogError(message)

    def has_full(self, tile: Tile) -> bool:
        """Tell whether *tile* is full by now, so that nobody needs it as it was before."""
        return (self.path / Tile(tile.level, tile.number).path).exists()

    def write_tile(self, tile: Tile, content: bytes) -> None:
        """Keep *tile*."""
        path = self.path / tile.path
        if not path.parent.exists():
            self._make_folder(path.parent)
        write_durably(path, content)

    def drop_partial(self, tiles: Iterable[Tile]) -> None:
        """Remove what there was of *tiles*, which are full now, while they were not."""
        for tile in tiles:
            shutil.rmtree(self.path / f"{Tile(tile.level, tile.number).path}.p", ignore_errors=True)

    def note(self, name: str) -> Note | None:
        """Return the signed note *name*, or ``None`` where there is none. Raises LogError."""
        try:
            return parse_note((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, MalformedNote) as error:
            reason = error if isinstance(error, MalformedNote) else type(error).__name__
            message = f"{self.path.name}/{name} cannot be read: {reason}"
            raise LogError(message) from None

    def write_note(self, name: str, note: Note) -> None:
        """Keep *note* as *name*."""
        write_durably(self.path / name, str(note).encode())

    def history(self) -> Iterator[tuple[int, Note | None]]:
        """Yield each line of the history with its number, and ``None`` for one that is no signed note.

        One that was only written in part, since whoever wrote it was killed, does not count.
        """
        try:
            with (self.path / HISTORY).open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.endswith(b"\n"):
                        yield number, _note_in(line)
        except FileNotFoundError:
            return

    def history_length(self) -> int:
        """Return how many lines the history has."""
        try:
            with (self.path / HISTORY).open("rb") as file:
                return sum(line.endswith(b"\n") for line in file)
        except FileNotFoundError:
            return 0

    def remember(self, note: Note) -> None:
        """Add *note* to the history, unless it is the last one there."""
        line = json.dumps(str(note), ensure_ascii=False).encode() + b"\n"
        with (self.path / HISTORY).open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 4 * NOTE_BYTES))
            *whole, torn = file.read().split(b"\n")
            last = _note_in(whole[-1]) if whole else None
            if torn:
                file.truncate(end - len(torn))
            if last is None or last.text != note.text:
                file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def restart(self) -> "Restart | None":
        """Return why this log took the place of another, or ``None`` for the first. Raises LogError."""
        try:
            return parse_restart((self.path / RESTART).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, MalformedNote):
            message = f"{self.path.name}/{RESTART} says nothing that can be understood"
            raise LogError(message) from None

    def _make_folder(self, folder: Path) -> None:
        if not folder.parent.exists():
            self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _note_in(line: bytes) -> Note | None:
    try:
        content = json.loads(line)
        return parse_note(content.encode()) if isinstance(content, str) else None
    except (ValueError, MalformedNote):  # half of a surrogate pair, too
        return None


# --- all logs ---------------------------------------------------------------------------------------------------------


def all_logs(folder: Path) -> list[LogFolder]:
    """Return the logs in *folder*, the first one first; the last is the one that is written. Raises LogError."""
    try:
        numbers = sorted(int(entry.name) for entry in folder.iterdir() if re.fullmatch("[1-9][0-9]{0,3}", entry.name))
    except OSError:
        numbers = []
    if not numbers:
        message = f"there is no transparency log in {folder}: begin one with weerbaar log begin"
        raise LogError(message)
    if numbers != list(range(1, len(numbers) + 1)):
        message = f"of the transparency logs in {folder} not all are there: {', '.join(map(str, numbers))}"
        raise LogError(message)
    return [LogFolder(folder / str(number)) for number in numbers]


def current_log(folder: Path) -> LogFolder:
    """Return the log that is written. Raises LogError."""
    return all_logs(folder)[-1]


# --- restarts ---------------------------------------------------------------------------------------------------------

_RESTART = re.compile(
    r"weerbaar log restart v1\ntime (?P<time>[0-9]{1,12})\nkept (?P<kept>[0-9]{1,19})\nreason (?P<reason>[^\n]+)\n\n"
    r"(?P<note>.+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Restart:
    """Why a log ended and another one began: after a restore that lost events."""

    time: int
    """In seconds since 1970."""
    kept: int
    """How many events of the old log are the first ones of the new log."""
    reason: str
    note: Note
    """The last checkpoint that the old log signed."""

    @property
    def content(self) -> bytes:
        """What stands in the file."""
        head = f"weerbaar log restart v1\ntime {self.time}\nkept {self.kept}\nreason {self.reason}\n"
        return f"{head}\n{self.note}".encode()

    def origin(self, old: str) -> str:
        """Return what the new log is called, after the *old* one: whoever knows its name knows all of this."""
        first = re.sub(r"/[0-9a-f]{32}$", "", old)
        return f"{first}/{sha256(self.content).hexdigest()[:32]}"


def parse_restart(content: bytes) -> Restart:
    """Return the restart that *content* tells of. Raises MalformedNote."""
    try:
        found = _RESTART.fullmatch(content.decode())
    except UnicodeDecodeError:
        found = None
    if not found:
        message = "this is no restart of a log"
        raise MalformedNote(message)
    return Restart(int(found["time"]), int(found["kept"]), found["reason"], parse_note(found["note"].encode()))
