"""Under which key-encryption keys are the keys of persons and cases kept?

They stand in a file outside the database, by epoch. ``weerbaar keys rotate`` begins a new epoch, keeps every key anew
under its key, and forgets the one before: from then on an old back-up of the database opens nothing that it holds.
A key service takes the place of the file by offering the same functions.
"""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.files import FOR_US_ALONE, make_durably, write_durably
from infra.identity import kept, refuse_in_production
from infra.settings import Settings, SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyringError(Exception):
    """The key-encryption keys cannot be used; the message is one line without secrets."""


class EpochGone(KeyringError):  # noqa: N818 - it says what the key is
    """The key-encryption key of an epoch has been forgotten."""


class Keyring(Protocol):
    """Keeps keys: what a file does, or a key service."""

    def epoch(self) -> int:
        """Return the epoch under whose key new keys are kept: the last one."""

    def epochs(self) -> list[int]:
        """Return the epochs of which there is a key."""

    def read(self) -> None:
        """See whether others have begun a new epoch. Raises KeyringError."""

    def wrap(self, owner: str, key: bytes) -> tuple[int, bytes]:
        """Return the epoch and *key* as it may be kept: only for *owner* does it come out again."""

    def unwrap(self, owner: str, epoch: int, wrapped: bytes) -> bytes:
        """Return the key. Raises EpochGone, and KeyringError where the key is another owner's."""

    def begin_epoch(self) -> int:
        """Make a fresh key-encryption key, and return its epoch: one at a time. Raises KeyringError."""

    def forget_before(self, epoch: int) -> None:
        """Forget the keys of the epochs before *epoch*. Raises KeyringError."""


@dataclass
class FileKeyring:
    """Key-encryption keys in a file that only the service can read: ``{"1": "<base64>", "2": …}``, by epoch.

    Another process may change the file: an epoch that is not known is looked for there once more.
    """

    path: Path
    _keys: dict[int, bytes] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the file. Raises KeyringError."""
        self.read()

    def read(self) -> None:
        """Read the file anew. Raises KeyringError."""
        try:
            found = {
                int(epoch): b64decode(key, validate=True) for epoch, key in json.loads(self.path.read_bytes()).items()
            }
        except (OSError, ValueError, TypeError, AttributeError) as error:
            message = f"the file with the key-encryption keys cannot be read ({type(error).__name__})"
            raise KeyringError(message) from None
        if not found or any(len(key) != KEY_BYTES for key in found.values()):
            message = f"the file with the key-encryption keys holds none, or one that is not {KEY_BYTES} bytes long"
            raise KeyringError(message)
        self._keys = found

    def epoch(self) -> int:
        """Return the last epoch."""
        return max(self._keys)

    def epochs(self) -> list[int]:
        """Return the epochs in the file."""
        return sorted(self._keys)

    def wrap(self, owner: str, key: bytes) -> tuple[int, bytes]:
        """Return the last epoch, and *key* encrypted under its key."""
        epoch, nonce = self.epoch(), secrets.token_bytes(NONCE_BYTES)
        return epoch, nonce + AESGCM(self._keys[epoch]).encrypt(nonce, key, owner.encode())

    def unwrap(self, owner: str, epoch: int, wrapped: bytes) -> bytes:
        """Return the key. Raises EpochGone for an epoch before those in the file, else KeyringError."""
        if epoch not in self._keys:
            self.read()
        key = self._keys.get(epoch)
        if key is None:
            message = f"there is no key-encryption key of epoch {epoch}"
            # One that is still to come is no reason to believe that something was erased: this is an old file.
            raise (EpochGone if epoch < self.epoch() else KeyringError)(message)
        try:
            return AESGCM(key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError):
            message = f"a key of epoch {epoch} does not open"
            raise KeyringError(message) from None

    def begin_epoch(self) -> int:
        """Add a fresh key to the file, and return its epoch. Raises KeyringError."""
        self.read()
        epoch = max(self._keys) + 1
        self._write({**self._keys, epoch: secrets.token_bytes(KEY_BYTES)})
        return epoch

    def forget_before(self, epoch: int) -> None:
        """Forget the keys of the epochs before *epoch*. Raises KeyringError."""
        self.read()
        self._write({known: key for known, key in self._keys.items() if known >= epoch})

    def _write(self, keys: dict[int, bytes]) -> None:
        try:
            write_durably(self.path, as_file(keys), mode=FOR_US_ALONE)
        except OSError as error:
            message = f"the file with the key-encryption keys cannot be written ({type(error).__name__})"
            raise KeyringError(message) from None
        self._keys = keys


def as_file(keys: dict[int, bytes]) -> bytes:
    """Return what stands in a file with *keys*."""
    return json.dumps({str(epoch): b64encode(key).decode() for epoch, key in keys.items()}, indent=1).encode() + b"\n"


def new_file(path: Path) -> None:
    """Write *path*, with a first key, for us alone. Raises KeyringError, also where there is such a file already."""
    try:
        make_durably(path, fresh_file())
    except OSError as error:
        message = f"the file with the key-encryption keys cannot be made ({type(error).__name__})"
        raise KeyringError(message) from None


def fresh_file() -> bytes:
    """Return what stands in the file of a new installation."""
    return as_file({1: secrets.token_bytes(KEY_BYTES)})


def keyring(settings: Settings) -> FileKeyring:
    """Return the configured keys; demo mode makes its own at first use. Raises SettingsError."""
    path = settings.keys_file
    if path is None:
        refuse_in_production(settings, "KEYS_FILE")
        path = settings.data_dir / "keys"
        kept(path, fresh_file())
    try:
        return FileKeyring(path)
    except KeyringError as error:
        message = f"malformed setting: WEERBAAR_KEYS_FILE ({error})"
        raise SettingsError(message) from None
