"""Do people get where they must be, by clicking, by keys alone, without JavaScript, with a session that ends?"""

import re
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from services.portal.sessions import IDLE
from tests.pages.browser import PHONE, WIDE
from tests.pages.history import STORY
from tests.pages.person import Person, at_work
from tests.pages.served import Served

REPORT = {
    "Gemeente, provincie of waterschap": "Tilburg (gemeente)",
    "Wat is het ambt": "wethouder",
    "Op welk nummer": "06-00 00 01 01",
    "Is er nu gevaar?": "nee",
}


SCRIPTED = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])


@SCRIPTED
def test_a_reported_threat_leads_to_a_verified_measure(browser: Browser, served: Served, *, javascript: bool) -> None:
    """The support team reports and asks, the CCV drafts, the BVA decides, the body does it, a colleague checks it.

    An auditor finds it all back, and the figures count one measure more; the ministry sees figures and no case.
    """

    def at(who: str, **how: Any) -> AbstractContextManager[Person]:  # noqa: ANN401 - what a browser can be told
        return at_work(browser, served, who, javascript=javascript, **how)

    with at("auditor") as auditor:
        before = verified(auditor)
    with at("support-team", viewport=PHONE) as support_team:
        advice = requested(support_team)
    with at("ccv") as adviser:
        draft(adviser, advice)
    with at("bva") as authority:
        fix(authority, advice)
    with at("public-body") as public_body:
        carry_out(public_body, advice)
    with at("public-body-colleague") as colleague:
        colleague.find(advice)
        colleague.record("Controle vastleggen", {}, "Vastleggen")
        expect(colleague.page.get_by_role("row", name="1. elektronisch")).to_contain_text("gecontroleerd")
    with at("auditor") as auditor:
        assert verified(auditor) == before + 1
        auditor.find(advice)
        dossier = auditor.page.url
        look_back(auditor)
    with at("ministry-analyst") as analyst:
        expect(analyst.page.get_by_role("heading", level=1)).to_have_text("Voortgang maatregelen")
        analyst.page.goto(dossier)
        expect(analyst.page.get_by_role("heading", level=1)).to_have_text("Niet gevonden")


def requested(support_team: Person) -> str:
    """Report a threat, and request security advice for it; return the number of that request."""
    support_team.follow("Melding doen")
    support_team.fill(REPORT)
    support_team.press("Melding vastleggen")
    threat = support_team.number
    support_team.follow("Beveiligingsadvies aanvragen")
    support_team.fill({"Naam": "Sanne Verbruggen", "Wat is het adres van de woning?": "Wilgenhof 12, Tilburg"})
    support_team.press("Aanvragen")
    advice = support_team.number
    support_team.find(threat)
    expect(support_team.page.get_by_role("main")).to_contain_text(f"Advies aangevraagd: {advice}")
    return advice


def draft(adviser: Person, advice: str) -> None:
    """Visit the home, and draft an advice of two measures."""
    adviser.find(advice)
    adviser.record("Huisbezoek vastleggen", {"Wie": "veiligheidsadviseur van het CCV"}, "Vastleggen")
    adviser.follow("Conceptadvies opstellen")
    adviser.fill({"Om wat voor maatregel gaat het?": "elektronisch", "Wat kost de maatregel eenmalig?": "1.250"})
    adviser.press("Maatregel toevoegen")
    second = adviser.page.get_by_role("group", name="Maatregel 2")
    second.get_by_label("digitaal").check()
    second.get_by_label("Wat kost de maatregel eenmalig?").fill("0")
    adviser.press("Concept vastleggen")
    expect(adviser.page.get_by_role("main")).to_contain_text("1.250,00")


def fix(authority: Person, advice: str) -> None:
    """Fix the advice as it was drafted."""
    authority.find(advice)
    authority.follow("Beveiligingsadvies uitbrengen")
    expect(authority.page.get_by_label("Wat kost de maatregel eenmalig?").first).to_have_value("1.250,00")
    authority.press("Advies uitbrengen")
    expect(authority.page.get_by_role("status").first).to_contain_text("Vastgelegd")


def carry_out(public_body: Person, advice: str) -> None:
    """Adopt the advice and have its first measure installed; to verify that is for somebody else."""
    public_body.find(advice)
    public_body.record("Beveiligingsadvies overnemen", {}, "Advies overnemen")
    supplier = {"Bij wie is de maatregel besteld?": "Beveiliging Zuid"}
    public_body.record("Bestelling vastleggen", supplier, "Vastleggen")
    public_body.record("Aanbrengen vastleggen", {}, "Vastleggen")
    expect(public_body.page.get_by_role("link", name="Controle vastleggen")).to_have_count(0)


def look_back(auditor: Person) -> None:
    """Look at what was recorded last, and at what was before it."""
    auditor.follow("Verloop bekijken")
    expect(auditor.page.get_by_role("heading", level=2)).to_contain_text("Maatregel gecontroleerd")
    auditor.follow("Vorige")
    expect(auditor.page.get_by_role("heading", level=2)).to_contain_text("Maatregel aangebracht")


def verified(person: Person) -> int:
    """Return how many measures have been verified, as the figures say."""
    person.follow("Voortgang maatregelen")
    figure = person.page.get_by_role("listitem").filter(has_text="maatregel gecontroleerd").first
    return int(figure.locator("strong").inner_text().replace(".", ""))


# --- what is typed is not lost ----------------------------------------------------------------------------------------


@SCRIPTED
def test_an_intake_outlives_its_session(browser: Browser, served: Served, *, javascript: bool) -> None:
    """A call of forty minutes: what was typed is there after signing in again, and one more press sends it."""
    with at_work(browser, served, "support-team", javascript=javascript) as person:
        person.follow("Melding doen")
        person.fill(REPORT)
        served.clock.moment += IDLE
        person.press("Melding vastleggen")
        expect(person.page.get_by_role("main")).to_contain_text("wat u typte is bewaard")
        person.sign_in()
        expect(person.page.get_by_label("Op welk nummer")).to_have_value(REPORT["Op welk nummer"])
        person.press("Melding vastleggen")
        expect(person.page.get_by_role("heading", level=1)).to_contain_text("DR-")


def test_what_is_typed_is_kept_by_itself(browser: Browser, served: Served) -> None:
    """Also after the session has ended, when nothing was sent: whoever comes back finds it."""
    with at_work(browser, served, "support-team") as person:
        person.follow("Melding doen")
        person.fill(REPORT)
        expect(person.page.get_by_role("status")).to_contain_text("Concept bewaard om")
        served.clock.moment += IDLE
        person.page.get_by_text("Meer vastleggen").click()
        person.fill({"Wat is er gebeurd?": STORY})
        expect(person.page.get_by_role("status")).to_contain_text("Meld u opnieuw aan")

    with at_work(browser, served, "support-team") as person:
        person.follow("Dreiging melden")
        expect(person.page.get_by_label("Op welk nummer")).to_have_value(REPORT["Op welk nummer"])
        expect(person.page.get_by_label("Wat is er gebeurd?")).to_have_value(STORY)
        person.press("Concept weggooien en opnieuw beginnen")
        expect(person.page.get_by_label("Op welk nummer")).to_have_value("")


# --- replay -----------------------------------------------------------------------------------------------------------


def test_the_slider_of_the_replay_follows_the_keys(browser: Browser, served: Served) -> None:
    """The page shows each event as the arrows pass it; the address follows and the focus stays."""
    with at_work(browser, served, "auditor") as person:
        person.page.goto(served.url + served.path("/dossiers/{threat}/verloop"))
        events = int(person.page.get_by_role("slider").input_value())
        person.page.get_by_role("slider").focus()
        person.page.keyboard.press("ArrowLeft")
        expect(person.page.get_by_role("heading", level=2)).to_contain_text(f"{events - 1}.")
        person.page.keyboard.press("Home")
        expect(person.page.get_by_role("heading", level=2)).to_contain_text("1. Dreiging gemeld")

        expect(person.page).to_have_url(re.compile("versie=1$"))
        expect(person.page.get_by_role("slider")).to_be_focused()
        expect(person.page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile("^1. Dreiging"))


@SCRIPTED
def test_the_replay_goes_step_by_step_and_to_a_moment(browser: Browser, served: Served, *, javascript: bool) -> None:
    """Each way is a link or a form of its own."""
    with at_work(browser, served, "auditor", javascript=javascript) as person:
        person.page.goto(served.url + served.path("/dossiers/{threat}/verloop?versie=1"))
        person.follow("Volgende")
        expect(person.page.get_by_role("heading", level=2)).to_contain_text("2.")
        person.follow("Vorige")
        expect(person.page.get_by_role("heading", level=2)).to_contain_text("1.")
        reported = person.page.get_by_role("complementary").locator("time").get_attribute("datetime")
        person.page.get_by_text("Naar een moment").click()
        person.fill({"Datum en tijd": "2020-01-01T12:00"})
        person.page.get_by_role("button", name="Tonen").nth(1).click()
        expect(person.page.get_by_role("main")).to_contain_text("was er nog niets gebeurd")
        assert reported


# --- by keys alone ----------------------------------------------------------------------------------------------------

REACH = """
() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  element.dataset.reached ??= "";
  if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.right > 0) {
    element.dataset.reached = "visibly"; // in a field for a date the focus goes from part to part: once is enough
  }
  return element !== document.body;
}
"""
NOT_REACHED = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((element) => element.checkVisibility({visibilityProperty: true}) && element.type !== "hidden")
  .filter((element) => element.type !== "radio" || !document.querySelector(`[name="${element.name}"][data-reached]`))
  .filter((element) => element.dataset.reached !== "visibly")
  .map((element) => `${element.localName}.${element.className} ${element.textContent.trim().slice(0, 40)}`)
"""
MOST_STOPS = 200


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("support-team", "/werklijst"),
        ("support-team", "/nieuw/threat-cases"),
        ("support-team", "/dossiers/{threat}"),
        ("ccv", "/dossiers/{visited}/drafts"),
        ("public-body", "/dossiers/{measured}"),
        ("auditor", "/dossiers/{threat}/verloop"),
        ("auditor", "/zaken"),
    ],
)
def test_keys_alone_reach_everything(browser: Browser, served: Served, who: str, path: str) -> None:
    """The way to the content comes first, everything has its turn, and the eye can follow."""
    with at_work(browser, served, who) as person:
        person.page.goto(served.url + served.path(path))
        person.page.evaluate("document.activeElement.blur()")
        person.page.keyboard.press("Tab")
        expect(person.page.get_by_role("link", name="Naar de inhoud")).to_be_focused()
        expect(person.page.get_by_role("link", name="Naar de inhoud")).to_be_in_viewport()
        stops = 0
        while person.page.evaluate(REACH) and stops < MOST_STOPS:
            person.page.keyboard.press("Tab")
            stops += 1

        assert person.page.evaluate(NOT_REACHED) == []


def test_the_first_key_can_skip_to_the_content(browser: Browser, served: Served) -> None:
    """What comes next then is the first thing in it."""
    with at_work(browser, served, "support-team") as person:
        person.page.goto(f"{served.url}/werklijst")
        person.page.keyboard.press("Tab")
        person.page.keyboard.press("Enter")
        person.page.keyboard.press("Tab")
        expect(person.page.get_by_role("main").get_by_role("link").first).to_be_focused()


def test_what_is_wrong_is_where_the_focus_is(browser: Browser, served: Served) -> None:
    """The summary has it; each fault in it leads to its field."""
    with at_work(browser, served, "support-team") as person:
        person.follow("Melding doen")
        person.press("Melding vastleggen")
        summary = person.page.get_by_role("alert")
        expect(summary).to_be_focused()
        for fault in summary.get_by_role("link").all():
            expect(fault).to_be_visible()
            fault.focus()
            person.page.keyboard.press("Enter")
            target = (fault.get_attribute("href") or "")[1:]
            assert person.page.evaluate("document.activeElement.id") == target


# --- on paper, in the dark, without movement --------------------------------------------------------------------------


def test_a_dossier_on_paper_is_the_dossier_alone(browser: Browser, served: Served) -> None:
    """No way to go elsewhere, nothing to press, everything that is said."""
    with at_work(browser, served, "auditor") as person:
        person.page.goto(served.url + served.path("/dossiers/{threat}"))
        person.page.emulate_media(media="print")
        for gone in ("navigation", "button", "complementary"):
            expect(person.page.get_by_role(gone)).to_have_count(0)
        expect(person.page.get_by_role("heading", level=1)).to_be_visible()
        expect(person.page.get_by_text(STORY[:40]).first).to_be_visible()
        expect(person.page.get_by_text("Slachtoffer", exact=True).last).to_be_visible()
        expect(person.page.get_by_text("Verloop bekijken")).not_to_be_visible()

        assert person.page.pdf(format="A4").startswith(b"%PDF-")


MOVES = """
() => [...document.querySelectorAll("*")]
  .filter((element) => ["transitionDuration", "animationDuration"]
    .some((name) => getComputedStyle(element)[name].split(",").some((time) => parseFloat(time) > 0.001)))
  .map((element) => `${element.localName}.${element.className}`)
"""


def test_nothing_moves_for_whoever_does_not_want_it(browser: Browser, served: Served) -> None:
    """Neither by itself nor when it is pointed at."""
    with at_work(browser, served, "support-team", reduced_motion="reduce", viewport=WIDE) as person:
        for path in ("/werklijst", "/nieuw/threat-cases", "/dossiers/{threat}"):
            person.page.goto(served.url + served.path(path))

            assert person.page.evaluate(MOVES) == []


BACKGROUND = """
() => {
  const drawn = [document.body, document.documentElement].map((element) => getComputedStyle(element).backgroundColor);
  const [red, green, blue] = drawn.find((colour) => !colour.endsWith(", 0)")).match(/[\\d.]+/g).map(Number);
  return red + green + blue;
}
"""


def test_at_night_pages_are_dark(browser: Browser, served: Served) -> None:
    """By the setting of the machine; the contrasts are looked at with every page."""
    with at_work(browser, served, "support-team") as person:
        by_day = person.page.evaluate(BACKGROUND)
        person.page.emulate_media(color_scheme="dark")
        at_night = person.page.evaluate(BACKGROUND)

        assert by_day > 3 * 200
        assert at_night < 3 * 50
