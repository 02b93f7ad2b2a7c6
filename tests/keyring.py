"""Under which key do the tests keep the keys of persons and cases? The same in all of them, and in no file."""

from dataclasses import dataclass
from pathlib import Path

from infra.keyring import FileKeyring, as_file

KEYS = {1: b"k" * 32}


@dataclass
class FixedKeyring(FileKeyring):
    """A file that is not there."""

    path: Path = Path("/nonexistent/keys")

    def read(self) -> None:
        """Find the same keys each time."""
        self._keys = KEYS


KEYRING = FixedKeyring()


def keys_file(folder: Path) -> Path:
    """Write the keys to a file in *folder*, for another process."""
    path = folder / "keys"
    path.write_bytes(as_file(KEYS))
    return path
