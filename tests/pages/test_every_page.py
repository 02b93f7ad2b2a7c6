"""Can everybody use every page, on a wide screen and on a phone, by day and by night?"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from services.portal.app import create_portal
from tests.pages.browser import NARROWEST, PHONE, WIDE, Window, window
from tests.pages.served import Served
from tests.pages.visits import FILES, FORMS, PEOPLE, VISITS, FormVisit, Visit


@pytest.fixture(scope="module")
def screen(browser: Browser, served: Served) -> Iterator[Window]:
    """Yield one window for all visits: emptying it is quicker than opening another."""
    with window(browser, served.url) as found:
        yield found


@pytest.mark.parametrize("visit", VISITS, ids=str)
def test_a_page_is_without_faults(screen: Window, served: Served, visit: Visit) -> None:
    """On a phone, on the narrowest one, and on a wide screen; nothing in it moves, and nothing comes from elsewhere."""
    found = faults(screen, served, visit)

    assert not found, "\n".join(found)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_form_is_without_faults(screen: Window, served: Served, form: FormVisit) -> None:
    """For every role that may ever give the command, on a case on which it can be given."""
    found = faults(screen, served, form.found(served))

    assert not found, "\n".join(found)


def faults(screen: Window, served: Served, visit: Visit) -> list[str]:
    """Return all that is wrong with a page."""
    screen.empty(served.session(PEOPLE[visit.who]) if visit.who else None)
    for size in (PHONE, WIDE):
        status = screen.open(served.path(visit.path), size)
        if visit.sends:
            status = screen.send()
        if status != visit.status:
            screen.faults.append(f"answers {status} instead of {visit.status}: {served.failure}")
        screen.weigh()
        screen.inspect()
        if size is PHONE:
            screen.page.set_viewport_size(NARROWEST)
            screen.fit()
    screen.darken()
    return screen.faults


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
