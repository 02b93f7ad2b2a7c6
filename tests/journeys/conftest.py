"""What do the journeys find there?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.database import Database
from tests.network import Network, running


@pytest.fixture
def network(database: Database, tmp_path: Path) -> Iterator[Network]:
    """Yield the service, running, with nothing recorded."""
    with running(database, tmp_path) as network:
        yield network
