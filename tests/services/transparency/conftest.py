"""Which log do these tests cheat on?"""

from pathlib import Path

import pytest

from infra.database import Database
from tests.services.transparency.kept import Kept, place_in


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Kept:
    """Return a log without events."""
    return Kept(database, place_in(tmp_path))
