"""Can everybody use every page, on a wide screen and on a phone, by day and by night?"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from services.portal.app import create_portal
from tests.pages.browser import NARROWEST, PHONE, WIDE, Window, window
from tests.pages.served import Served
from tests.pages.visits import FILES, FORMS, PEOPLE, VISITS, FormVisit, Visit

Screens = tuple[Window, Window]


@pytest.fixture(scope="module")
def screens(browser: Browser, served: Served) -> Iterator[Screens]:
    """Yield a phone by day and a wide screen by night, for all visits: emptying them is quicker than opening others.

    The colours do not depend on the width, so each of them is looked at in both schemes.
    """
    with (
        window(browser, served.url, judging=True, viewport=PHONE) as phone,
        window(browser, served.url, judging=True, viewport=WIDE, color_scheme="dark") as wide,
    ):
        yield phone, wide


@pytest.mark.parametrize("visit", VISITS, ids=str)
def test_a_page_is_without_faults(screens: Screens, served: Served, visit: Visit) -> None:
    """On a phone, on the narrowest one, and on a wide screen; nothing in it moves, and nothing comes from elsewhere."""
    found = faults(screens, served, visit)

    assert not found, "\n".join(found)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_form_is_without_faults(screens: Screens, served: Served, form: FormVisit) -> None:
    """For every role that may ever give the command, on a case on which it can be given."""
    found = faults(screens, served, form.found(served))

    assert not found, "\n".join(found)


def faults(screens: Screens, served: Served, visit: Visit) -> list[str]:
    """Return all that is wrong with a page."""
    for screen in screens:
        screen.empty(served.session(PEOPLE[visit.who]) if visit.who else None)
        status = screen.open(served.path(visit.path))
        if visit.sends:
            status = screen.send()
        if status != visit.status:
            screen.faults.append(f"answers {status} instead of {visit.status}: {served.failure}")
        screen.weigh()
        screen.begin()
    for screen in screens:
        screen.end()
    phone, wide = screens
    phone.resize(NARROWEST)
    phone.fit()
    phone.resize(PHONE)  # drawn, before the next page comes: else that one would be drawn in both widths, and move
    return [f"phone: {fault}" for fault in phone.faults] + [f"wide: {fault}" for fault in wide.faults]


def test_what_is_no_page_is_there_too(served: Served) -> None:
    """Style, script, tables for a spreadsheet."""
    answers = {visit: served.status(PEOPLE.get(visit.who), visit.path) for visit in FILES}

    assert answers == {visit: visit.status for visit in FILES}


def test_every_route_is_visited(served: Served) -> None:
    """A page that nobody looks at here is one that nobody has looked at."""
    routes = [path for path, methods in create_portal(served.portal).openapi()["paths"].items() if "get" in methods]
    visits = (*VISITS, *FILES, *(form.found(served) for form in FORMS))

    assert set(routes) - {route_of(served.path(visit.path).partition("?")[0], routes) for visit in visits} == set()


def route_of(path: str, routes: list[str]) -> str | None:
    """Return the first of *routes* to which *path* leads, as the application finds it."""
    return next((route for route in routes if re.fullmatch(re.sub(r"{\w+}", "[^/]+", route), path)), None)
