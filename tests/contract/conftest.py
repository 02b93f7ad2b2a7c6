"""What do the contract tests find there? One service for a whole file: they ask much and change little."""

from collections.abc import Callable, Iterator

import pytest

from infra.database import Database
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.network import Network, running


@pytest.fixture(scope="module")
def network(
    installation: Installation, new_name: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    """Yield the service, running, for all tests of a file."""
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
        running(database, tmp_path_factory.mktemp("data")) as network,
    ):
        yield network
