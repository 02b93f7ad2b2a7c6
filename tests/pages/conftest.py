"""What do the tests of the pages find there? One service with one history, and one browser, for all of them."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from infra.database import Database
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.pages.browser import NoBrowser, running_browser
from tests.pages.history import record
from tests.pages.served import Served, serving


# Of the package and not of the session: while it runs, playwright has an event loop of its own, and others want theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Yield the browser; without one, what needs it is not run, and the end of the session says so."""
    try:
        with running_browser() as browser:
            yield browser
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="package")
def served(
    installation: Installation, new_name: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Yield the service with its history. What a test changes, it changes in cases of its own."""
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
        serving(database, tmp_path_factory.mktemp("data"), record) as served,
    ):
        yield served


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the very end what was not run; the reports tell it, since tests run in processes of their own."""
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if report.nodeid.startswith("tests/pages/")
    ]
    for reason in sorted({report.longrepr[2].removeprefix("Skipped: ") for report in skipped}):
        terminalreporter.section("not run", red=True, bold=True)
        terminalreporter.line(f"The tests of the pages in a browser: {reason}.", red=True)
