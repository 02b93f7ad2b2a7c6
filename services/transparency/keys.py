"""With which keys does a log sign, and whose word is taken for it?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.files import sync_folder, write_durably
from infra.identity import refuse_in_production
from infra.settings import Mode, Settings
from infra.signednotes import (
    Algorithm,
    Checkpoint,
    MalformedNote,
    Note,
    Policy,
    SignerKey,
    parse_policy,
    parse_signer_key,
)
from infra.tlog import EMPTY_ROOT
from services.transparency.folder import CHECKPOINT, POLICY, SIGNED, LogError, LogFolder, all_logs, only_one

DEMO_ORIGIN = "demo.weerbaar.invalid/log"
SECRET_MODE = 0o600
PATIENCE, PAUSE = 5.0, 0.05
"""Seconds to wait for somebody else who is just beginning the log of a demo, and between two looks."""
PUBLIC_BITS = 0o077


@dataclass(frozen=True)
class Place:
    """Where the files of the log are."""

    folder: Path
    key_file: Path
    policy_file: Path

    def signers(self) -> list[SignerKey]:
        """Return the keys in the file, of this log and of former ones. Raises LogError."""
        try:
            if self.key_file.stat().st_mode & PUBLIC_BITS:
                message = f"others may read the key of the log: chmod 600 {self.key_file}"
                raise LogError(message)
            lines = self.key_file.read_text("utf-8").splitlines()
            return [parse_signer_key(line) for line in lines if line.strip()]
        except FileNotFoundError:
            message = f"there is no key of the log in {self.key_file}: make one with weerbaar log begin"
            raise LogError(message) from None
        except (OSError, UnicodeDecodeError, MalformedNote) as error:
            message = f"the key of the log in {self.key_file} cannot be used ({type(error).__name__})"
            raise LogError(message) from None

    def policy(self) -> Policy:
        """Return whose word is taken. Raises LogError."""
        return read_policy(self.policy_file)


def place_of(settings: Settings) -> Place:
    """Return where the files of the log are; production says so itself. Raises SettingsError."""
    if settings.tlog_dir is None:
        refuse_in_production(settings, "TLOG_DIR")
    folder = settings.tlog_dir or settings.data_dir / "transparency-log"
    return Place(
        folder=folder,
        key_file=settings.tlog_key_file or settings.data_dir / "transparency-log-key",
        policy_file=settings.tlog_policy_file or folder / POLICY,
    )


def signing_place_of(settings: Settings) -> Place:
    """Do as ``place_of`` does, for whoever needs the keys too."""
    if settings.tlog_key_file is None:
        refuse_in_production(settings, "TLOG_KEY_FILE")
    return place_of(settings)


def read_policy(path: Path) -> Policy:
    """Return the policy in the file *path*. Raises LogError."""
    try:
        return parse_policy(path.read_bytes())
    except OSError as error:
        message = f"the policy of the log in {path} cannot be read ({type(error).__name__})"
        raise LogError(message) from None
    except MalformedNote as error:
        message = f"{path}: {error}"
        raise LogError(message) from None


def signed(checkpoint: Checkpoint, keys: Sequence[SignerKey]) -> Note:
    """Return *checkpoint* as a note, signed with each of *keys* that has the name of its log. Raises LogError."""
    lines = tuple(key.signature(checkpoint.text) for key in keys if key.name == checkpoint.origin)
    if not lines:
        message = f"the key file has no key of the log {checkpoint.origin}"
        raise LogError(message)
    return Note(checkpoint.text, lines)


def begin(place: Place, origin: str) -> SignerKey:
    """Begin the first log, called *origin*, with a key of its own and a policy that takes its word.

    Raises LogError where there is one; what was left of an attempt that was killed is used.
    """
    if (place.folder / "1").exists():
        message = f"there is a transparency log in {place.folder} already"
        raise LogError(message)
    try:
        key = add_key(place, origin) if not place.key_file.exists() else _key_of(place, origin)
        place.folder.mkdir(parents=True, exist_ok=True)
        trust(place, key)
        begin_log(place.folder / "1", signed(Checkpoint(origin, 0, EMPTY_ROOT), [key]))
    except OSError as error:
        message = f"no log can be begun in {place.folder} ({type(error).__name__})"
        raise LogError(message) from None
    return key


def begin_log(folder: Path, first: Note, files: Sequence[tuple[str, bytes]] = ()) -> None:
    """Make the log *folder*, whole or not at all, with its *first* checkpoint and other *files*."""
    draft = folder.with_name(f"{folder.name}.new")
    draft.mkdir(exist_ok=True)
    log = LogFolder(draft)
    for name, content in files:
        write_durably(draft / name, content)
    log.remember(first)
    for name in (SIGNED, CHECKPOINT):
        log.write_note(name, first)
    draft.replace(folder)
    sync_folder(folder.parent)


def add_key(place: Place, name: str) -> SignerKey:
    """Make another key of the log *name*: from now on it signs too. Raises LogError."""
    try:
        key = SignerKey.new(name, Algorithm.ED25519)
    except MalformedNote as error:
        raise LogError(str(error)) from None
    there = place.signers() if place.key_file.exists() else []
    content = "".join(f"{one.secret}\n" for one in [*there, key])
    try:
        place.key_file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(place.key_file, content.encode(), mode=SECRET_MODE)
    except OSError as error:
        message = f"the key of the log cannot be kept in {place.key_file} ({type(error).__name__})"
        raise LogError(message) from None
    return key


def trust(place: Place, key: SignerKey) -> None:
    """Let the policy in the folder of the log take the word of *key*; other policies are for people to change."""
    path = place.folder / POLICY
    line = f"log {key.verifier}\n"
    content = path.read_text("utf-8") if path.exists() else "quorum none\n"
    if line not in content:
        write_durably(path, f"{line}{content}".encode())


def rotate(place: Place) -> SignerKey:
    """Make another key for the log that is written. Raises LogError."""
    log = all_logs(place.folder)[-1]
    last = log.note(SIGNED)
    if last is None:
        message = f"{log.path.name}/{SIGNED} is missing"
        raise LogError(message)
    key = add_key(place, last.text.partition("\n")[0])
    trust(place, key)
    return key


def _key_of(place: Place, origin: str) -> SignerKey:
    there = place.signers()
    for key in there:
        if key.name == origin:
            return key
    names = ", ".join(key.name for key in there)
    message = f"the key in {place.key_file} is of another log: {names or 'none'}"
    raise LogError(message)


def ensure_begun(place: Place, mode: Mode) -> None:
    """Begin a log where there is none, which production leaves to people. Raises LogError without a log or a key."""
    if mode is Mode.DEMO:
        try:
            place.folder.mkdir(parents=True, exist_ok=True)
            # Of two who start at the same moment one begins it. Whoever holds the lock later on found it begun.
            with only_one(place.folder / "lock") as alone:
                if alone and not (place.folder / "1").exists():
                    begin(place, DEMO_ORIGIN)
        except OSError as error:
            message = f"no log can be begun in {place.folder} ({type(error).__name__})"
            raise LogError(message) from None
        _wait_until_begun(place)
    all_logs(place.folder)
    place.signers()


def _wait_until_begun(place: Place) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (place.folder / "1").exists() and time.monotonic() < deadline:
        time.sleep(PAUSE)
