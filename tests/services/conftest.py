"""What do the tests of the services find there? Databases take longer than tests: where they can, they share one."""

from collections.abc import Callable, Iterator

import pytest

from infra.database import Database
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.network import Network, running
from tests.tampering import tampering


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


@pytest.fixture(scope="module")
def lasting(installation: Installation, new_name: Callable[[], str]) -> Iterator[Database]:
    """Yield a migrated database for all tests of a file."""
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
    ):
        yield database


@pytest.fixture
def emptied(lasting: Database) -> Database:
    """Return the database of the file, with nothing recorded in it."""
    with tampering(lasting) as connection:
        connection.execute("truncate store.events, store.idempotency, store.case_numbers")
    return lasting
