"""Does any page show a name of the code where people expect a word?"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

import domain
import services.projections
from domain.kinds import KINDS
from domain.values import CodeList
from services.demo.cast import CAST
from tests.network import Network
from tests.pages.served import Served
from tests.pages.visits import VISITS, Visit
from tests.services.portal.conftest import Browser

MODULES = [
    importlib.import_module(found.name)
    for package in (domain, services.projections)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
ALSO_DUTCH = {"open"}
CODES = {
    member.value
    for module in MODULES
    for _, found in inspect.getmembers(module, inspect.isclass)
    if issubclass(found, CodeList)
    for member in found
    if member.value != member.label
} - ALSO_DUTCH | {kind.name for kind in KINDS}
NAME = re.compile(r"[a-z]+(_[a-z]+)+")


class Words(HTMLParser):
    """Collects what stands on a page to be read; what people write in a form, and pseudonyms, are theirs."""

    def __init__(self, page: str) -> None:
        """Read *page*."""
        super().__init__()
        self.found: list[str] = []
        self.silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what is read aloud, and note what is not for people."""
        given = dict(attrs)
        self.found += [given[name] or "" for name in ("aria-label", "title", "data-label") if name in given]
        self.silent = tag in {"script", "style", "textarea"} or "wb-code" in (given.get("class") or "")

    def handle_endtag(self, _: str) -> None:
        """What comes after is for people again."""
        self.silent = False

    def handle_data(self, data: str) -> None:
        """Take the words."""
        if not self.silent:
            self.found.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def network(served: Served) -> Network:
    """Return the network that the browsers reach."""
    return served.network


def test_what_a_code_is_called_is_in_dutch() -> None:
    """Each has a word of its own, or is one in Dutch too."""
    assert {code for code in CODES if NAME.fullmatch(code)} > {"very_serious", "threat_case", "advice_given"}


def test_no_page_shows_a_code(browse: Callable[[str], Browser], served: Served) -> None:
    """Whatever somebody opens: lists, figures, forms, and every case with its replay."""
    cases = (Visit("auditor", f"/dossiers/{case}{page}") for case in served.cases.values() for page in ("", "/verloop"))
    visits = [visit for visit in VISITS if visit.who in CAST and not visit.sends]
    browsers = {who: browse(who) for who in CAST}
    shown = {
        str(visit): Words(browsers[visit.who].get(served.path(visit.path)).text).found for visit in (*visits, *cases)
    }

    found = {(page, word) for page, words in shown.items() for word in words if word in CODES or NAME.search(word)}
    assert found == set()
