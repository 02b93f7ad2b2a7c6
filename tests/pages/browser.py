"""What does somebody get to see who opens a page in a browser, and what is wrong with it?

Everything that a browser notices by itself stands in one list of faults: what axe finds, what the console says, what
the Content-Security-Policy stopped, what came from elsewhere, what moved while it was read, what runs off the screen.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

CHROMIUM = "WEERBAAR_TEST_CHROMIUM"
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
)
"""Nothing of the browser's own leaves this machine, and letters look the same on every one."""

WIDE = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
NARROWEST = ViewportSize(width=320, height=640)
"""What WCAG 1.4.10 asks for: a page of 1280 pixels, enlarged four times."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MOST_BYTES = 150_000
"""What a first visit may cost, as it is sent."""
MOST_MILLISECONDS = 10_000
"""How long a test waits for what must come."""
MOST_SHIFT = 0.01
"""How far a page may move while it is read, as a cumulative layout shift."""

NOTICE = """
window.noticed = {shift: 0, moved: [], blocked: []};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.noticed.shift += entry.value;
    window.noticed.moved.push(...entry.sources.map(({node}) => node?.className || node?.nodeName || "?"));
  }
}).observe({type: "layout-shift", buffered: true});
document.addEventListener("securitypolicyviolation", (event) => {
  window.noticed.blocked.push(`${event.effectiveDirective} stopped ${event.blockedURI}`);
});
"""
"""Runs in every page before anything of ours does."""

SETTLED = """
async () => {
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}
"""

BEGIN_AXE = """
(rules) => {
  const options = {runOnly: rules, resultTypes: ["violations"], preload: false};
  const why = (node) => node.failureSummary.split("\\n").slice(1).join(" ");
  const told = ({id, nodes}) => nodes.map((node) => `axe: ${id}: ${node.target.join(" ")}: ${why(node)}`);
  window.axeFound = new Promise((done) => setTimeout(() => done(axe.run(document, options))))
    .then(({violations}) => violations.flatMap(told));
}
"""
"""Returns at once: meanwhile another window can be looked at."""

TOO_WIDE = """
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const cut = (element) => element && (getComputedStyle(element).overflowX !== "visible" || cut(element.parentElement));
  const sticksOut = (element) => element.getBoundingClientRect().right > width + 0.5 && !cut(element.parentElement);
  const found = [...document.body.querySelectorAll("*")].filter(sticksOut);
  return ["the page", ...found.map((element) => `${element.nodeName.toLowerCase()}.${element.className}`)];
}
"""


class NoBrowser(Exception):  # noqa: N818 - a state to deal with
    """There is no browser; the message says what to do about it."""


def chromium() -> Path:
    """Return where the browser is: named by the variable, or else the one on the path. Raises NoBrowser."""
    named = os.environ.get(CHROMIUM)
    found = shutil.which(named or "chromium")
    if found:
        return Path(found)
    if named:
        message = f"{CHROMIUM} names a browser that is not there"
        raise RuntimeError(message)
    message = f"there is no chromium on the path, and {CHROMIUM} names none"
    raise NoBrowser(message)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run the browser, without a window. Raises NoBrowser."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


# --- one window -------------------------------------------------------------------------------------------------------


@dataclass
class Window:
    """A window of a browser, and what was noticed in it since it was last emptied."""

    page: Page
    origin: str
    """The only place from which anything may come."""
    faults: list[str] = field(default_factory=list)
    bytes: int = 0
    """What was sent over the wire, headers and all."""

    def empty(self, session: Mapping[str, str] | None) -> None:
        """Begin anew, as somebody who has just signed in, or as nobody."""
        self.page.context.clear_cookies()
        self.admit(session or {})
        self.faults.clear()

    def admit(self, session: Mapping[str, str]) -> None:
        """Take the cookie of a session."""
        for name, value in session.items():
            self.page.context.add_cookies([{"name": name, "value": value, "url": self.origin}])

    def open(self, path: str) -> int:
        """Go to a page of ours; return its status."""
        self.bytes = 0
        response = self.page.goto(f"{self.origin}{path}")
        assert response is not None
        self.page.evaluate(SETTLED)
        return response.status

    def resize(self, size: ViewportSize) -> None:
        """Make the window wider or narrower, and wait until the page has been drawn in it."""
        self.page.set_viewport_size(size)
        self.page.evaluate(SETTLED)

    def send(self) -> int:
        """Send the form that the page is about; return the status of the page that follows."""
        self.bytes = 0
        with self.page.expect_navigation() as following:
            self.page.locator("#formulier button[type=submit]:not([name])").click()
        response = following.value
        assert response is not None
        self.page.evaluate(SETTLED)
        return response.status

    # --- what is wrong ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin to look for all that makes a page hard to use, as it stands there now; in a *judging* window."""
        self.page.evaluate(BEGIN_AXE, RULES)

    def end(self) -> None:
        """Take down what was found since ``begin``, and what was noticed before."""
        self.faults += self.page.evaluate("window.axeFound")
        noticed = self.page.evaluate("window.noticed")
        self.faults += noticed["blocked"]
        if noticed["shift"] > MOST_SHIFT:
            self.faults.append(f"moves by {noticed['shift']:.3f}: {', '.join(noticed['moved'])}")
        self.fit()

    def fit(self) -> None:
        """Look whether it has to be scrolled sideways."""
        width = self.page.evaluate("window.innerWidth")
        found = self.page.evaluate(TOO_WIDE)
        if found:  # or is the page of the window before still there?
            self.page.evaluate(SETTLED)
            found = self.page.evaluate(TOO_WIDE)
        self.faults += [f"wider than {width}: {element}" for element in found]

    def weigh(self) -> None:
        """Look at what was sent."""
        if self.bytes > MOST_BYTES:
            self.faults.append(f"{self.bytes} bytes were sent, more than {MOST_BYTES}")

    # --- what the browser tells ---------------------------------------------------------------------------------------

    def hear(self, message: ConsoleMessage) -> None:
        """Take down what the console says, except that the status of the page itself is one of an error."""
        meant = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in {"error", "warning"} and not meant:
            self.faults.append(f"console: {message.text}")

    def ask(self, request: Request) -> None:
        """Take down what is asked of anybody else."""
        asked = urlsplit(request.url)
        if f"{asked.scheme}://{asked.netloc}" != self.origin:
            self.faults.append(f"asks {asked.scheme}://{asked.netloc}")

    def receive(self, event: Mapping[str, Any]) -> None:
        """Count what was sent."""
        self.bytes += int(event["encodedDataLength"])


@contextmanager
def window(
    browser: Browser,
    origin: str,
    *,
    session: Mapping[str, str] | None = None,
    javascript: bool = True,
    judging: bool = False,
    **more: Any,  # noqa: ANN401 - what a browser can be told
) -> Iterator[Window]:
    """Open a window, as somebody who has signed in, or as nobody.

    One that is *judging* has axe in every page, and no cache: each visit weighs what a first one does.
    """
    context = browser.new_context(
        java_script_enabled=javascript, locale="nl-NL", timezone_id="Europe/Amsterdam", **{"viewport": WIDE, **more}
    )
    try:
        context.set_default_timeout(MOST_MILLISECONDS)
        context.add_init_script(NOTICE)
        if judging:
            # Once, and not sent anew to every page: it is half a megabyte.
            context.add_init_script(axe())
        page = context.new_page()
        window = Window(page, origin)
        window.admit(session or {})
        page.on("console", window.hear)
        page.on("pageerror", lambda error: window.faults.append(f"script: {error}"))
        page.on("request", window.ask)
        network = context.new_cdp_session(page)
        network.on("Network.loadingFinished", window.receive)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": judging})
        yield window
    finally:
        context.close()


@cache
def axe() -> str:
    """Return the script that looks for what is hard to use."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
