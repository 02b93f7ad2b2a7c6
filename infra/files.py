"""How does a file come to be, so that there is an old one or a new one and never half of one, whatever breaks?"""

import os
import secrets
from pathlib import Path

FOR_US_ALONE = 0o600


def write_durably(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put *content* at *path*, in one step. Raises OSError."""
    # One name for all: what somebody who was killed left there, perhaps with another mode, or with keys that are to be
    # forgotten, is overwritten.
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    _write(draft, content, mode)
    draft.replace(path)
    sync_folder(path.parent)


def make_durably(path: Path, content: bytes) -> None:
    """Put *content* at *path*, for us alone, unless there is something. Raises FileExistsError, and other OSErrors."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    _write(draft, content, FOR_US_ALONE)
    try:
        os.link(draft, path)  # whoever comes second, also at the same moment, is told
    finally:
        draft.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring to the disk which files are in *folder*. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
