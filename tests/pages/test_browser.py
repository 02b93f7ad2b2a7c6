"""Would we notice it? Each kind of fault is made once, in a page that has no other."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.pages.browser import MOST_BYTES, NARROWEST, PHONE, Window, window
from tests.pages.served import answering

PAGE = """
<!doctype html>
<html lang="nl">
<head><meta name="viewport" content="width=device-width"><title>Een bladzijde</title>
<link rel="icon" href="/icon"><link rel="stylesheet" href="/style"></head>
<body><main><h1>Een bladzijde</h1><p>Meer staat er niet.</p>{}</main></body>
</html>
"""
STYLE = """
.wide { width: 350px; }
@media (prefers-color-scheme: dark) { .faint { background: #000; color: #333; } }
"""
SCRIPTS = {
    "speaks": "console.error('Wat nu?')",
    "fails": "nergens()",
    "moves": "onload = () => setTimeout(() => document.querySelector('main').style.marginTop = '200px', 50)",
}
MADE = {
    "nothing": "",
    "axe: image-alt": '<img src="/icon">',
    "axe: color-contrast": '<p class="faint">Dit leest niemand.</p>',
    "wider than 320": '<p class="wide">Dit past niet.</p>',
    "style-src-attr stopped": '<p style="color: black">Dit mag niet.</p>',
    "script-src-elem stopped": "<script>let nothing;</script>",
    "asks http://elsewhere.example": '<img alt="" src="http://elsewhere.example/">',
    "console: Failed to load resource": '<img alt="" src="/nowhere">',
    "console: Wat nu?": '<script src="/script?that=speaks"></script>',
    "script: nergens": '<script src="/script?that=fails"></script>',
    "moves by": '<script src="/script?that=moves"></script>',
    f"bytes were sent, more than {MOST_BYTES}": f"<p hidden>{'x' * MOST_BYTES}</p>",
}
"""What makes which fault."""


def page(request: Request) -> Response:
    """Answer with the page in which the fault is made that the address names."""
    policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' http:"
    made = MADE[request.query_params["made"]]
    return HTMLResponse(PAGE.format(made), headers={"Content-Security-Policy": policy})


def script(request: Request) -> Response:
    """Answer with the script that the address names."""
    return Response(SCRIPTS[request.query_params["that"]], media_type="text/javascript")


@pytest.fixture(scope="module")
def screen(browser: Browser) -> Iterator[Window]:
    """Yield a window on a site of which every page has one fault."""
    routes = [
        Route("/", page),
        Route("/icon", lambda _: Response('<svg xmlns="http://www.w3.org/2000/svg"/>', media_type="image/svg+xml")),
        Route("/script", script),
        Route("/style", lambda _: Response(STYLE, media_type="text/css")),
    ]
    with (
        answering(Starlette(routes=routes)) as origin,
        window(browser, origin, judging=True, viewport=PHONE, color_scheme="dark") as found,
    ):
        yield found


@pytest.mark.parametrize("made", MADE)
def test_a_fault_is_noticed(screen: Window, made: str) -> None:
    """And what is without faults is left in peace."""
    screen.empty(None)
    screen.open(f"/?made={made}")
    screen.page.wait_for_timeout(100)
    screen.weigh()
    screen.begin()
    screen.end()
    screen.resize(NARROWEST)
    screen.fit()
    screen.resize(PHONE)

    if made == "nothing":
        assert screen.faults == []
    else:
        assert [fault for fault in screen.faults if made in fault]
