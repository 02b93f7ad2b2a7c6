"""Do all pages go on, for everybody, after some people and some cases were forgotten?

One person and one whole case of each kind: everything about the first is gone and their case goes on, of the second
auditors see that there was one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from http import HTTPStatus

import pytest

from domain.basis import StreamId
from domain.kinds import KINDS
from domain.organisations import ErasureReason
from services.cli import OPERATOR
from services.demo.cast import CAST
from services.erasing import Erasing
from services.projections.rebuilding import rebuild
from services.projections.register import VIEWS
from tests.network import projector_store
from tests.pages import history
from tests.pages.served import Served
from tests.pages.visits import VISITS

PEOPLE = ("threat", "counter", "measured", "concluded", "answered")
"""Cases in which everybody was forgotten."""
WHOLE = ("danger", "counter police", "drafted", "opened", "heard")
"""Those that were forgotten altogether."""
KIND = {kind.collection: kind for kind in KINDS}
TYPED = re.compile(r'<textarea[^>]*>[^<]*\(gewist\)|<(?:input|option)[^>]*value="[^"]*\(gewist\)')
"""What a form would say again, as if somebody had written it."""


@dataclass(frozen=True)
class Page:
    """What somebody got to see."""

    who: str
    path: str
    status: int
    text: str
    before: int | None
    """How it was answered before anything was forgotten, where that was looked at."""


@pytest.fixture(scope="module")
def pages(served: Served) -> list[Page]:
    """Return every page of the portal as everybody of the cast sees it afterwards, and their dossiers as before."""
    dossiers = [f"/dossiers/{{{name}}}" for name in (*PEOPLE, *WHOLE)]
    before = {(who, path): look(served, who, path)[0] for path in dossiers for who in CAST}
    forget(served)
    paths = dict.fromkeys(visit.path for visit in VISITS if not visit.sends and "{style}" not in visit.path)
    paths |= dict.fromkeys(path for name in (*PEOPLE, *WHOLE) for path in of_case(served, name))
    known = [path for path in paths if set(re.findall(r"\{(.+?)\}", path)) <= served.cases.keys()]
    return [Page(who, path, *look(served, who, path), before.get((who, path))) for path in known for who in CAST]


def look(served: Served, who: str, path: str) -> tuple[int, str]:
    """Return what *who* is answered."""
    cookie = "; ".join(f"{name}={value}" for name, value in served.session(who).items())
    answer = served.network.client.get(served.path(path), headers={"Cookie": cookie})
    return answer.status_code, unescape(answer.text)


def stream(served: Served, name: str) -> StreamId:
    """Return the stream of the case *name*."""
    collection, _, key = served.cases[name].partition("/")
    return KIND[collection].stream(key)


def forget(served: Served) -> None:
    """Forget, as somebody does who operates the service."""
    store, database = served.network.service.store, served.network.service.database
    erasing = Erasing(store, OPERATOR, served.clock)
    for name in PEOPLE:
        case = stream(served, name)
        for owner in store.vault.of([case])[case].wrapped:
            if owner != case:
                erasing.person(case, owner, ErasureReason.REQUEST)  # type: ignore[arg-type]
    for name in WHOLE:
        erasing.case(stream(served, name), ErasureReason.RETENTION)
    for view in VIEWS:
        rebuild(database, projector_store(database), view)
    served.settle()


def of_case(served: Served, name: str) -> Iterator[str]:
    """Yield the pages of the case *name*: dossier, replay, and every form."""
    here = f"/dossiers/{{{name}}}"
    kind = KIND[served.cases[name].partition("/")[0]]
    yield from (here, f"{here}/verloop", f"{here}/verloop?versie=1", f"{here}/verloop?van=1&tot=3")
    yield from (f"{here}/{command.noun}" for command in kind.commands if not command.creates)
    if kind.collection == "threat-cases":
        yield f"{here}/aangifteblad"


def test_no_page_fails(pages: list[Page]) -> None:
    """Each is there, or says clearly why it is not, as it did before."""
    assert len(pages) > 1000
    assert [(page.who, page.path, page.status) for page in pages if page.status not in {200, 400, 403, 404}] == []


def test_a_case_in_which_somebody_was_forgotten_is_still_there_for_everybody(pages: list[Page], served: Served) -> None:
    """Who saw it before, sees it now, with what was erased in its place."""
    for page in pages:
        if page.before is not None and page.path in {f"/dossiers/{{{name}}}" for name in PEOPLE}:
            assert page.status == page.before, (page.who, page.path)
            # The steunpunt is asked about an inquiry without names.
            named = page.status == HTTPStatus.OK and (page.who, page.path) != ("steunpunt", "/dossiers/{concluded}")
            assert ("(gewist)" in page.text) == named, (page.who, page.path)
    assert {page.who for page in pages if page.status == 200 and page.path == "/dossiers/{threat}"} >= {"support-team"}
    assert served.cases.keys() > {*PEOPLE, *WHOLE}


def test_a_case_that_was_forgotten_is_there_for_auditors_only(pages: list[Page]) -> None:
    """They see what happened, and neither where nor to whom."""
    dossiers = [page for page in pages if page.path in {f"/dossiers/{{{name}}}" for name in WHOLE}]

    assert {page.status for page in dossiers if page.who == "auditor"} == {200}
    assert {page.status for page in dossiers if page.who != "auditor"} <= {403, 404}
    assert any(page.before == 200 for page in dossiers if page.who != "auditor")
    for page in dossiers:
        if page.who == "auditor":
            assert "(gewist)" in page.text
            assert "Tilburg" not in page.text, page.path


def test_lists_tell_of_it_too(pages: list[Page]) -> None:
    """To auditors: a row without body and office."""
    shown = {page.path for page in pages if page.who == "auditor" and page.status == 200 and "(gewist)" in page.text}

    assert {"/werklijst", "/zaken", "/adviezen?toon=alle"} <= shown


def test_no_form_says_again_what_was_erased(pages: list[Page]) -> None:
    """Neither in a field nor among what can be chosen."""
    assert [(page.who, page.path) for page in pages if TYPED.search(page.text)] == []
    assert any("<textarea" in page.text for page in pages if page.path.startswith("/dossiers/{threat}"))


def test_nobody_is_offered_to_call_what_was_erased(pages: list[Page]) -> None:
    """A link leads to a number, or there is none."""
    links = {link for page in pages for link in re.findall(r'href="((?:tel|mailto):[^"]*)"', page.text)}

    assert "tel:112" in links
    assert {link for link in links if not re.fullmatch(r"tel:\+?[0-9]+", link)} == set()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("threat", ("Jan-Willem", "0000 01 02", "00 00 01 03", history.LONG_NAME, "Belt liever niet thuis")),
        ("counter", ("Aan de balie",)),
        ("measured", ("Oldenbarneveldstraat", "00 00 01 04", history.LONG_NAME)),
        ("concluded", ("Fenna de Wit", history.LONG_NAME)),
        ("answered", ("00 00 04 01", history.STORY[:40])),
    ],
)
def test_nothing_of_whoever_was_forgotten_is_on_any_page_of_their_case(
    pages: list[Page], name: str, words: tuple[str, ...]
) -> None:
    """Dossier, replay, forms and the sheet for the police."""
    found = [page for page in pages if page.path.startswith(f"/dossiers/{{{name}}}") and page.status == 200]

    assert found
    assert [(page.who, page.path, word) for page in found for word in words if word in page.text] == []
