"""Under which key-encryption keys are the keys of persons and cases kept?

They stand in a file outside the database, by epoch. ``weerbaar keys rotate`` begins a new epoch, keeps every key anew
under its key, and forgets the one before: from then on an old back-up of the database opens nothing that it holds.
A key service takes the place of the file by offering the same functions.
"""

import json
import os
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.identity import kept, refuse_in_production
from infra.settings import Settings, SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyringError(Exception):
    """The key-encryption keys cannot be used; the message is one line without secrets."""


class EpochGone(KeyringError):  # noqa: N818 - it says what the key is
    """The key-encryption key of an epoch is not there any more."""


class Keyring(Protocol):
    """Keeps keys: what a file does, or a key service."""

    def epoch(self) -> int:
        """Return the epoch under whose key new keys are kept."""

    def read(self) -> None:
        """See whether others have begun a new epoch."""

    def wrap(self, owner: str, key: bytes) -> tuple[int, bytes]:
        """Return the epoch and *key* as it may be kept: only for *owner* does it come out again."""

    def unwrap(self, owner: str, epoch: int, wrapped: bytes) -> bytes:
        """Return the key. Raises EpochGone, and KeyringError where the key is another owner's."""


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

    def wrap(self, owner: str, key: bytes) -> tuple[int, bytes]:
        """Return the last epoch, and *key* encrypted under its key."""
        epoch, nonce = self.epoch(), secrets.token_bytes(NONCE_BYTES)
        return epoch, nonce + AESGCM(self._keys[epoch]).encrypt(nonce, key, owner.encode())

    def unwrap(self, owner: str, epoch: int, wrapped: bytes) -> bytes:
        """Return the key. Raises KeyringError."""
        if epoch not in self._keys:
            self.read()
        try:
            return AESGCM(self._keys[epoch]).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner.encode())
        except KeyError:
            message = f"there is no key-encryption key of epoch {epoch}"
            raise EpochGone(message) from None
        except (InvalidTag, ValueError):
            message = f"a key of epoch {epoch} does not open"
            raise KeyringError(message) from None

    def begin_epoch(self) -> int:
        """Add a fresh key, and return its epoch. Raises KeyringError."""
        self.read()
        epoch = max(self._keys) + 1
        self._write({**self._keys, epoch: secrets.token_bytes(KEY_BYTES)})
        return epoch

    def forget_before(self, epoch: int) -> list[int]:
        """Forget the keys of the epochs before *epoch*, and return which they were. Raises KeyringError."""
        self.read()
        gone = [known for known in self._keys if known < epoch]
        self._write({known: key for known, key in self._keys.items() if known >= epoch})
        return gone

    def _write(self, keys: dict[int, bytes]) -> None:
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            draft.touch(mode=0o600)
            with draft.open("wb") as file:
                file.write(as_file(keys))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
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
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(fresh_file())
            file.flush()
            os.fsync(file.fileno())
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
