"""How does a test do to the permanent tables what they refuse even to their owner?

As a superuser can: without their triggers. That leaves no trace in the database, which is why there is a log beside it.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from infra.database import Connection, Database


@contextmanager
def tampering(database: Database) -> Iterator[Connection]:
    """Yield a connection to which the permanent tables are tables like any other."""
    with closing(database.owner(autocommit=True)) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection
