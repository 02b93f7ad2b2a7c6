"""Does what somebody takes along on paper fit on it?"""

import re

from playwright.sync_api import Browser

from tests.pages.browser import window
from tests.pages.served import Served

A_PAGE = re.compile(rb"/Type\s*/Page\b")


def test_the_sheet_for_the_police_is_one_side_of_a4(browser: Browser, served: Served) -> None:
    """With everything that is told of a threat as a rule, and room to write below it."""
    session = served.session("support-team")
    with window(browser, served.url, session=session) as screen:
        screen.open(served.path("/dossiers/{threat}/aangifteblad"))
        paper = screen.page.pdf(format="A4", prefer_css_page_size=True)

    assert len(A_PAGE.findall(paper)) == 1
