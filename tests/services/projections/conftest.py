"""What do the tests of the views start from?"""

import pytest

from infra.database import Database
from infra.eventstore import CaseStore
from services.projections.register import VIEWS
from services.projections.runner import Runner
from tests.services.projections.network import Network


@pytest.fixture
def network(store: CaseStore) -> Network:
    """Return the people of the network, who have done nothing yet."""
    return Network(store)


@pytest.fixture
def runner(database: Database, store: CaseStore) -> Runner:
    """Return a projector of all views."""
    return Runner(database, store, VIEWS)
