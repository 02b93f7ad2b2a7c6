"""On which PostgreSQL do the tests run, and what does each of them find there?

On the server of ``WEERBAAR_TEST_DATABASE_URL``, whose login may make databases and roles, or else on an embedded one.
The session has roles and databases of its own; nothing of them is left behind.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest
import structlog
from psycopg import sql

from domain.kinds import KINDS
from infra import embedded
from infra.database import Database
from infra.eventstore import CaseStore
from infra.migrate import migrate
from tests.keyring import KEYRING

# As a rule structlog draws every local variable of a traceback: of a page that takes minutes.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what works with the server: all else comes out the same on every one (``-m server``)."""
    for item in items:
        if "server_url" in getattr(item, "fixturenames", ()):
            item.add_marker("server")


@dataclass(frozen=True)
class Installation:
    """The databases of one test session: a migrated one to copy, and its copies."""

    url: str
    """Of the server."""
    prefix: str
    """Of its roles and databases."""

    @property
    def template(self) -> str:
        """The name of the database that has been migrated and holds nothing else."""
        return f"{self.prefix}_template"

    def at(self, name: str) -> str:
        """Return the URL of the database *name*."""
        return urlsplit(self.url)._replace(path=f"/{quote(name)}").geturl()

    def execute(self, statement: str, *names: str) -> None:
        """Execute *statement* on the server, with *names* as identifiers."""
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def names(self, query: str) -> list[str]:
        """Return what of ours *query* finds on the server."""
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            return [str(name) for (name,) in connection.execute(query.encode(), (f"{self.prefix}\\_%",)).fetchall()]

    @contextmanager
    def database(self, name: str, *, template: str | None = None) -> Iterator[str]:
        """Make a database, yield its URL and drop it."""
        # A copy of files: of a small database that is faster than the default, a copy through the log.
        self.execute("create database {} template {} strategy file_copy", name, template or "template0")
        try:
            yield self.at(name)
        finally:
            self.execute("drop database if exists {} with (force)", name)

    def remove(self) -> None:
        """Drop every database and role of the session that is still there."""
        for name in self.names("select datname from pg_database where datname like %s"):
            self.execute("drop database if exists {} with (force)", name)
        if roles := self.names("select rolname from pg_roles where rolname like %s"):
            # At once: they may have been granted by one another.
            self.execute(f"drop role {', '.join('{}' for _ in roles)}", *roles)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Yield the URL of a server on which the login may do everything; *folder* is for one of our own."""
    given = os.environ.get("WEERBAAR_TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        with embedded.embedded_server(folder, durable=False) as url:
            yield url
    finally:
        embedded.forget(folder)


@contextmanager
def installed(server_url: str) -> Iterator[Installation]:
    """Yield an installation, migrated once; nothing of it is left behind."""
    installation = Installation(server_url, f"wb_{secrets.token_hex(4)}")
    try:
        installation.execute("create database {} template template0", installation.template)
        with Database(installation.at(installation.template), installation.prefix, keyring=KEYRING) as database:
            migrate(database)
        yield installation
    finally:
        installation.remove()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of the session's server."""
    with server(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(scope="session")
def installation(server_url: str) -> Iterator[Installation]:
    """Yield the session's installation."""
    with installed(server_url) as installation:
        yield installation


@pytest.fixture(scope="session")
def new_name(installation: Installation) -> Callable[[], str]:
    """Return a function that makes up names for databases of this session."""
    numbers = count(1)
    return lambda: f"{installation.prefix}_{next(numbers)}"


@pytest.fixture
def empty_url(installation: Installation, new_name: Callable[[], str]) -> Iterator[str]:
    """Yield the URL of a database that has not been migrated."""
    with installation.database(new_name()) as url:
        yield url


@pytest.fixture
def database(installation: Installation, new_name: Callable[[], str]) -> Iterator[Database]:
    """Yield a migrated database that holds nothing else and is this test's own."""
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
    ):
        yield database


@pytest.fixture
def store(database: Database) -> CaseStore:
    """Return the store of all kinds on this test's own database."""
    return CaseStore(database, KINDS)
