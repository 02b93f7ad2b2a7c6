"""What do the tests of the services find there? One service for a whole file, where they ask for it."""

from collections.abc import Callable, Iterator

import pytest

from infra.database import Database
from tests.conftest import Installation
from tests.network import Network, running


@pytest.fixture(scope="module")
def network(
    installation: Installation, new_name: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    """Yield the service, running, for all tests of a file."""
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix) as database,
        running(database, tmp_path_factory.mktemp("data")) as network,
    ):
        yield network
