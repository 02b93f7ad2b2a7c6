"""Does whoever reads a page on a phone see that its menu goes on?"""

from playwright.sync_api import Browser

from tests.pages.browser import PHONE, WIDE, Window, window
from tests.pages.served import Served

ARROW = """
() => {
  const style = getComputedStyle(document.querySelector(".wb-nav"), "::after");
  return style.content === "none" ? "0" : style.opacity;
}
"""
DRAWN = "async () => { for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame); }"
SLIDE = "() => { document.querySelector('.wb-nav__list').scrollLeft = 10_000; }"
COVERED = """
() => {
  const links = document.querySelectorAll(".wb-nav__link");
  const fades = document.querySelector(".wb-nav__list").getBoundingClientRect().right - 56;
  return links[links.length - 1].getBoundingClientRect().right > fades;
}
"""


def arrow(screen: Window) -> str:
    """Return how much there is to see of the arrow: "1" or "0"."""
    screen.page.evaluate(DRAWN)
    return str(screen.page.evaluate(ARROW))


def test_a_menu_that_goes_on_shows_so_until_its_end(browser: Browser, served: Served) -> None:
    """The last link then lies free."""
    with window(browser, served.url, session=served.session("support-team"), viewport=PHONE) as screen:
        screen.open("/werklijst")

        assert (arrow(screen), screen.page.evaluate(COVERED)) == ("1", True)
        screen.page.evaluate(SLIDE)
        assert (arrow(screen), screen.page.evaluate(COVERED)) == ("0", False)


def test_on_the_last_page_of_a_menu_nothing_goes_on(browser: Browser, served: Served) -> None:
    """It lies free there from the beginning."""
    with window(browser, served.url, session=served.session("auditor"), viewport=PHONE) as screen:
        screen.open("/transparantielog")

        assert (arrow(screen), screen.page.evaluate(COVERED)) == ("0", False)


def test_a_menu_that_fits_shows_no_arrow(browser: Browser, served: Served) -> None:
    """On a phone with little in it, and on a wide screen."""
    for who, path, viewport in (("ministry-analyst", "/voortgang", PHONE), ("support-team", "/werklijst", WIDE)):
        with window(browser, served.url, session=served.session(who), viewport=viewport) as screen:
            screen.open(path)

            assert (arrow(screen), screen.page.evaluate(COVERED)) == ("0", False)
