"""What do the pages look like?

``python -m tests.pages.screenshots`` takes the pictures of the README. With ``all`` it puts every page that the tests
visit into ``build/screenshots``, on a wide screen and on a phone; words after that choose among them by name.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import ViewportSize

from infra.database import Database
from services.demo.day import play
from services.demo.public_record import record_public_facts
from services.history import recording
from services.history.arrivals import Parameters
from tests.conftest import installed, server
from tests.keyring import KEYRING
from tests.pages.browser import PHONE, WIDE, running_browser, window
from tests.pages.history import record
from tests.pages.served import EVENING, Served, serving
from tests.pages.visits import FORMS, PEOPLE, VISITS, Visit

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/pictures"
TO_LOOK_AT = ROOT / "build/screenshots"
A_REGION = Parameters(years=3, scale=0.25, seed=7, until=EVENING.date())
"""Enough of the country for figures that are not withheld."""


LAPTOP = ViewportSize(width=1280, height=800)


class Picture(NamedTuple):
    """One picture of the README."""

    name: str
    who: str
    path: str
    size: ViewportSize = LAPTOP


OF_THE_README = (
    Picture("worklist", "support-team", "/werklijst"),
    Picture("intake", "support-team", "/nieuw/threat-cases", PHONE),
    Picture("dossier", "support-team", "/dossiers/{threat}"),
    Picture("advice", "public-body", "/dossiers/{advice}", ViewportSize(width=1280, height=1200)),
    Picture("progress", "ministry-analyst", "/voortgang"),
    Picture("replay", "auditor", "/dossiers/{threat}/verloop?versie=4"),
)


def main() -> None:
    """Take them."""
    match sys.argv[1:]:
        case []:
            take_pictures()
        case ["all", *only]:
            take_all(only)
        case _:
            sys.exit(__doc__)


def take_pictures() -> None:
    """Take those of the README: of a history that comes out the same each time, at a moment that does."""
    PICTURES.mkdir(exist_ok=True)
    with served_with(a_day_in_the_country) as served, running_browser() as browser:
        for picture in OF_THE_README:
            session = served.session(PEOPLE[picture.who])
            with window(browser, served.url, session=session, viewport=picture.size) as screen:
                screen.open(served.path(picture.path))
                screen.page.screenshot(path=PICTURES / f"{picture.name}.png")


def a_day_in_the_country(served: Served) -> None:
    """Record some years of a part of the country, and the day of the demo after them."""
    service = served.network.service
    record_public_facts(service.handling)
    recording.record(service.store, A_REGION, served.portal.bodies)
    for _ in play(served.url, served.network.issuer, served.clock):
        served.clock.forward(minutes=12)
    served.settle()
    (advice, *_) = served.network.look("auditor", "cases?kind=security_advice")["items"]
    (threat, *_) = served.network.look("support-team", "worklist")["items"]
    served.cases["advice"] = f"security-advices/{advice['id']}"
    served.cases["threat"] = f"threat-cases/{threat['id']}"
    call = {"body": "gm0758", "office": "burgemeester", "call_back_number": "06-00 00 05 01", "danger_now": True}
    served.begin("danger", "support-team", "threat-cases", call)


@contextmanager
def served_with(history: Callable[[Served], None]) -> Iterator[Served]:
    """Run a service of its own with a *history*; nothing of it is left behind."""
    with (
        TemporaryDirectory() as folder,
        server(Path(folder) / "postgresql") as server_url,
        installed(server_url) as installation,
        installation.database(f"{installation.prefix}_shown", template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
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
                screen.page.set_viewport_size(size)
                screen.open(served.path(visit.path))
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
