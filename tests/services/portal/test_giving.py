"""Can everything that can be asked for be asked for from a page, and is it asked of the right case?"""

from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from domain.basis import Command, Kind, Role
from domain.kinds import KINDS
from domain.values import AMSTERDAM
from services.demo.cast import CAST
from services.portal.forms import Field, Input, fields_of
from services.portal.pages import LESS, MORE
from tests.contract.examples import STORY
from tests.network import Network
from tests.pages.served import Served
from tests.services.portal.conftest import Browser, Hidden

Browse = Callable[[str], Browser]

GIVEN = [(kind, command, role) for kind in KINDS for command in kind.commands for role in sorted(command.roles)]


@pytest.fixture(scope="module")
def network(served: Served) -> Network:
    """Return the network that the browsers reach."""
    return served.network


@pytest.mark.parametrize(
    ("kind", "command", "role"), GIVEN, ids=[f"{role} {command.__name__}" for _, command, role in GIVEN]
)
def test_every_command_can_be_given_from_its_page(
    browse: Browse, served: Served, kind: Kind[Any], command: type[Command[Any]], role: Role
) -> None:
    """By every role that may, with every field filled in as somebody fills in a form."""
    who, path = ready(served, kind, command, role)
    before = 0 if command.creates else recorded(served, kind, path.split("/")[3])
    browser = browse(who)
    asked = Asked(browser.get(path).text)
    story = {name: value for name, value in STORY.get(command.__name__, {}).items() if isinstance(value, str)}
    done = browser.send(path, typed(asked, fields_of(command), served.clock()) | story)

    assert done.status_code == 200, done.text
    assert "<strong>Vastgelegd:</strong>" in done.text
    assert recorded(served, kind, done.url.path.split("/")[-1]) > before


def recorded(served: Served, kind: Kind[Any], key: str) -> int:
    """Return how many facts a case has."""
    return len(served.portal.reading.entries(kind, key, CAST["auditor"]).entries)


def ready(served: Served, kind: Kind[Any], command: type[Command[Any]], role: Role) -> tuple[str, str]:
    """Return who of the *role*, and the path of the form of *command* on a case on which they can give it."""
    for who, actor in CAST.items():
        if actor.role is role and command.creates:
            return who, f"/nieuw/{kind.collection}"
        for case in served.cases.values() if actor.role is role else ():
            collection, _, key = case.partition("/")
            if collection == kind.collection and served.offers(actor, kind, key, command):
                return who, f"/dossiers/{case}/{command.noun}"
    message = f"there is no case on which {role} can give {command.__name__}"
    raise AssertionError(message)


class Asked(HTMLParser):
    """Collects what a page asks: the names of its fields, and of choices the values that it offers."""

    def __init__(self, page: str) -> None:
        """Read *page*."""
        super().__init__()
        self.choices: dict[str, list[str]] = {}
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take names and values."""
        given = {name: value or "" for name, value in attrs}
        if tag in {"input", "select", "textarea"} and "name" in given:
            self.select = given["name"] if tag == "select" else ""
            self.choices.setdefault(given["name"], [])
        name = self.select if tag == "option" else given.get("name", "") if given.get("type") == "radio" else ""
        if name and given["value"]:
            self.choices[name].append(given["value"])


def typed(asked: Asked, fields: tuple[Field, ...], moment: datetime) -> dict[str, str]:
    """Return something for each of the *fields* that a form asks: the first choice, the present day, no other case."""
    tomorrow = (moment + timedelta(days=1)).astimezone(AMSTERDAM)
    written = {
        Input.DAY: "",
        Input.CASE: "",
        Input.INSTANT: f"{tomorrow:%Y-%m-%dT%H:%M}",
        Input.EUROS: "1.250,00",
        Input.BODY: "Tilburg (gemeente)",
        Input.PHONE: "06-00 00 02 01",
    }
    answers: dict[str, str] = {}
    for found in fields:
        if found.fields:
            answers |= typed(asked, found.row(0) if found.input is Input.ROWS else found.fields, moment)
        elif found.name in asked.choices:
            first = next(iter(asked.choices[found.name]), "een-naam")
            answers[found.name] = written.get(found.input, first)
    return answers


# --- rows -----------------------------------------------------------------------------------------------------------


def test_rows_are_added_and_taken_out_without_losing_what_was_typed(browse: Browse, served: Served) -> None:
    """By buttons that send the form: nothing is recorded, and nothing is said to be wrong."""
    bva = browse("bva")
    request = {"body": "gm0855", "office": "wethouder", "holder": {"name": "W. de Vries"}, "address": "Lindelaan 3"}
    served.begin("to be advised", "support-team", "security-advices", request)
    served.network.settle()
    path = f"/dossiers/{served.cases['to be advised']}/advices"
    typed_in = Hidden(bva.get(path).text, path).values | {"measures.0.kind": "physical", "measures.0.reason": "Glas"}
    more = bva.client.post(path, data=typed_in | {MORE: "measures"})
    both = typed_in | {"measures.1.reason": "Camera"}
    less = bva.client.post(path, data=both | {LESS: "measures.0"})

    assert more.status_code == less.status_code == 200
    assert more.text.count("data-repeat-row") == 2
    assert less.text.count("data-repeat-row") == 1
    assert "Glas" in more.text
    assert "Camera" in less.text
    assert "Glas" not in less.text
    assert "Er ging iets mis" not in more.text + less.text


def test_a_form_of_another_page_is_not_taken(browse: Browse, served: Served) -> None:
    """What was typed for one case is never recorded on another."""
    team = browse("support-team")
    there, here = (f"/dossiers/{served.cases[case]}/call-notes" for case in ("another", "threat"))
    form = Hidden(team.get(there).text, there).values | {"note": "Over een ander"}
    page = team.client.post(here, data=form)

    assert page.status_code == 403
    assert "Over een ander" not in team.get(f"/dossiers/{served.cases['threat']}").text


def test_nobody_is_told_of_something_done_by_a_made_up_link(browse: Browse, served: Served) -> None:
    """Only we say what was recorded."""
    page = browse("support-team").get(f"/dossiers/{served.cases['threat']}?gedaan=closures")

    assert page.status_code == 200
    assert "Vastgelegd:" not in page.text


def test_a_form_sent_by_nobody_leads_to_signing_in_and_back(browse: Browse, served: Served) -> None:
    """There is nobody to keep it for."""
    team = browse("support-team")
    path = f"/dossiers/{served.cases['another']}/call-notes"
    form = Hidden(team.get(path).text, path).values | {"note": "Verloren"}
    team.client.cookies.clear()
    asked = team.client.post(path, data=form)

    assert asked.url.path == "/aanmelden"
    assert f'name="verder" value="{path}"' in asked.text
    assert "is bewaard" not in asked.text
