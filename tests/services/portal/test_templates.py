"""Does the page of every command ask exactly what the command takes, whatever template draws it?"""

from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from starlette.requests import Request

from domain.basis import Command, Kind, kebab
from domain.kinds import KINDS
from infra.database import Database
from infra.settings import read_settings
from services import portal
from services.app import Service
from services.demo.cast import CAST
from services.portal.commands import Subject, page
from services.portal.forms import Form, fields_of
from services.portal.pages import FORM, KEY, TOKEN, Visit
from services.portal.sessions import Session
from services.projections.cases import Case
from services.projections.routes import Found
from tests.contract.examples import giver
from tests.domain.scenario import NOW
from tests.keyring import KEYRING

COMMANDS = [(kind, command) for kind in KINDS for command in kind.commands]


class Names(HTMLParser):
    """Collects what the forms of a page send."""

    def __init__(self, page: str) -> None:
        """Read *page*."""
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the names of inputs."""
        given = dict(attrs)
        if tag in {"input", "select", "textarea"} and (name := given.get("name")):
            self.found.append(name)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Return a service that is never asked for its database."""
    return Service(read_settings(data_dir=tmp_path_factory.mktemp("data")), Database("", keyring=KEYRING), cast=CAST)


@pytest.mark.parametrize(("kind", "command"), COMMANDS, ids=[command.__name__ for _, command in COMMANDS])
def test_the_page_of_a_command_covers_exactly_its_fields(
    service: Service, kind: Kind[object], command: type[Command[object]]
) -> None:
    """A template of its own can put them in another order and other words, and can neither forget nor add one."""
    path = f"/{kind.collection}/{command.noun}"
    request = Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []})
    actor = CAST[giver(command)]
    visit = Visit(service.portal, request, Session("token", actor, NOW, NOW), NOW)
    subject = None
    if not command.creates:
        case = Case(stream=f"{kind.name}:{UUID(int=1)}", kind=kind.name, number="XX-2026-000001")
        subject = Subject(Found(case, [], command.parties), kind.empty, str(UUID(int=1)))
    fields = fields_of(command)

    drawn = page(visit, kind, command, subject, Form(fields))

    sent = {name for name in Names(bytes(drawn.body).decode()).found if not name.startswith("_")}
    assert sent == {name for found in fields for name in found.names()}
    assert {TOKEN, FORM, KEY} <= set(Names(bytes(drawn.body).decode()).found)


def test_no_template_is_left_over() -> None:
    """Each template of a command belongs to one."""
    folder = Path(portal.__file__).with_name("templates") / "commands"
    templates = {path.stem for path in folder.glob("*.html")} - {"form"}

    assert templates <= {kebab(command.__name__) for _, command in COMMANDS}
