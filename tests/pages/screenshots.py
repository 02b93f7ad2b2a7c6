"""What do the pages look like?

``python -m tests.pages.screenshots all`` puts every page that the tests visit into ``build/screenshots``, as it looks
on a wide screen and on a phone.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.database import Database
from tests.conftest import installed, server
from tests.pages.browser import PHONE, WIDE, running_browser, window
from tests.pages.history import record
from tests.pages.served import Served, serving
from tests.pages.visits import FORMS, PEOPLE, VISITS, Visit

ROOT = Path(__file__).parents[2]
TO_LOOK_AT = ROOT / "build/screenshots"


def main() -> None:
    """Take them."""
    take_all(sys.argv[2:])


@contextmanager
def served_with(history: Callable[[Served], None]) -> Iterator[Served]:
    """Run a service of its own with a *history*; nothing of it is left behind."""
    with (
        TemporaryDirectory() as folder,
        server(Path(folder) / "postgresql") as server_url,
        installed(server_url) as installation,
        installation.database(f"{installation.prefix}_shown", template=installation.template) as url,
        Database(url, installation.prefix) as database,
        serving(database, Path(folder), history) as served,
    ):
        yield served


def take_all(only: list[str]) -> None:
    """Take every page, or those whose names hold one of the words in *only*."""
    TO_LOOK_AT.mkdir(parents=True, exist_ok=True)
    with served_with(record) as served, running_browser() as browser, window(browser, served.url) as screen:
        for visit, name in names(served):
            if only and not any(word in name for word in only):
                continue
            screen.empty(served.session(PEOPLE[visit.who]) if visit.who else None)
            for size in (WIDE, PHONE):
                screen.open(served.path(visit.path), size)
                if visit.sends:
                    screen.send()
                screen.page.screenshot(path=TO_LOOK_AT / f"{name}.{size['width']}.png", full_page=True)


def names(served: Served) -> Iterator[tuple[Visit, str]]:
    """Yield every visit with a name for its picture."""
    for visit in VISITS:
        yield visit, re.sub(r"[^\w.=-]+", "-", str(visit)).strip("-")
    for form in FORMS:
        yield form.found(served), f"form-{form.command.__name__}-{form.role}"


if __name__ == "__main__":
    main()
