"""What does somebody do with the pages: sign in, follow a link, fill in a form, find a case?

By the words that stand there, as people do; so that words which no longer say what they did fail a test.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, expect

from services.demo.cast import CAST
from tests.pages.browser import Window, window
from tests.pages.served import Served

CASE = re.compile(r"[A-Z]{2}-\d{4}-\d{6}")


@dataclass
class Person:
    """Somebody of the cast, at their own machine."""

    name: str
    """In the cast."""
    window: Window

    @property
    def page(self) -> Page:
        """Return what they have before them."""
        return self.window.page

    @property
    def number(self) -> str:
        """Return the number of the case before them."""
        found = CASE.search(self.page.get_by_role("heading", level=1).inner_text())
        assert found
        return found[0]

    def sign_in(self) -> None:
        """Choose who they are, on the page that asks for it; where they wanted to go follows."""
        actor = CAST[self.name]
        self.page.get_by_role("button", name=f"Aanmelden als {actor.role.label}, {actor.person}", exact=True).click()
        expect(self.page.get_by_role("button", name="Afmelden")).to_be_visible()

    def follow(self, words: str) -> None:
        """Follow a link."""
        self.page.get_by_role("link", name=words).first.click()

    def find(self, number: str) -> None:
        """Find a case by its number, as somebody types it."""
        self.follow("Alle zaken")
        self.page.get_by_label("Zaaknummer").fill(number.replace("-", " ").lower())
        self.press("Zoeken")
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(number)

    def fill(self, answers: Mapping[str, str]) -> None:
        """Answer questions of a form: by typing, by choosing from a list, or by choosing one of a few."""
        for question, answer in answers.items():
            group = self.page.get_by_role("group", name=question)
            if group.count():
                group.first.get_by_label(answer, exact=True).check()
                continue
            field = self.page.get_by_label(question).first
            if field.evaluate("(element) => element.localName") == "select":
                field.select_option(label=answer)
            else:
                field.fill(answer)

    def press(self, words: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=words, exact=True).click()

    def record(self, action: str, answers: Mapping[str, str], button: str) -> None:
        """Record something on the case before them."""
        self.follow(action)
        self.fill(answers)
        self.press(button)
        expect(self.page.get_by_role("status").first).to_contain_text("Vastgelegd")


@contextmanager
def at_work(browser: Browser, served: Served, name: str, **how: Any) -> Iterator[Person]:  # noqa: ANN401
    """Let somebody of the cast sign in at a machine of their own."""
    with window(browser, served.url, **how) as opened:
        person = Person(name, opened)
        opened.page.goto(served.url)
        person.sign_in()
        yield person
    assert not opened.faults, opened.faults
