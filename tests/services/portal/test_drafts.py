"""Is what somebody types kept for the form it was typed in, and for no other?"""

from collections.abc import Callable
from datetime import timedelta

from infra.database import DatabaseRole
from services.portal.pages import KEY
from tests.network import Network
from tests.services.portal.conftest import Browser, Hidden
from tests.services.portal.test_pages import FOUR, INTAKE

Browse = Callable[[str], Browser]
REQUEST = "/nieuw/security-advices"


def typed_in(browser: Browser, address: str, values: dict[str, str]) -> dict[str, str]:
    """Open the form at *address* and let what is typed be kept; return what the form would send."""
    form = Hidden(browser.get(address).text, address.partition("?")[0]).values | values
    browser.client.post("/concepten", data=form)
    return form


def reported(browser: Browser) -> tuple[str, str]:
    """Report a threat; return its case number and the address of its dossier."""
    page = browser.send(INTAKE, FOUR | {"victim.name": "Sanne Verbruggen"})
    number = page.text.split("<title>")[1].split(" ")[0]
    return number, page.url.path


def test_a_request_from_one_case_is_not_begun_with_the_words_of_another(browse: Browse) -> None:
    """The person of the one would come to stand in the other."""
    browser = browse("support-team")
    (first, _), (second, _) = reported(browser), reported(browser)
    typed_in(browser, f"{REQUEST}?threat_case={first}", {"address": "Wilgenhof 12"})

    assert "Wilgenhof" in browser.get(f"{REQUEST}?threat_case={first}").text
    assert "Wilgenhof" not in browser.get(f"{REQUEST}?threat_case={second}").text
    assert "Wilgenhof" not in browser.get(REQUEST).text


def test_a_request_begins_with_what_its_case_knows_and_the_address_says_only_the_number(browse: Browse) -> None:
    """An address goes where nobody watches it: into histories and logs."""
    browser = browse("support-team")
    number, dossier = reported(browser)
    page = browser.get(f"{REQUEST}?threat_case={number}").text

    assert f'href="{REQUEST}?threat_case={number}"' in browser.get(dossier).text
    assert 'value="Tilburg (gemeente)"' in page
    assert 'value="Sanne Verbruggen"' in page


def test_nobody_can_type_in_a_form_by_a_link(browse: Browse) -> None:
    """A link could plant a number to call back."""
    page = browse("support-team").get(f"{INTAKE}?call_back_number=06-66666666&victim.name=Jan").text

    assert "66666666" not in page
    assert 'value="Jan"' not in page


def test_two_windows_have_a_draft_each(browse: Browse) -> None:
    """Two calls at once: sending the one leaves the other, which the list still shows."""
    browser = browse("support-team")
    empty = [Hidden(browser.get(INTAKE).text, INTAKE).values for _ in range(2)]
    first, second = (form | FOUR | {"account": words} for form, words in zip(empty, ("eerste", "tweede"), strict=True))
    for form in (first, second):
        browser.client.post("/concepten", data=form)
    browser.client.post(INTAKE, data=first)

    assert first[KEY] != second[KEY]
    assert "tweede" in browser.get(INTAKE).text
    assert f"concept={second[KEY]}" in browser.get("/werklijst").text


def test_a_form_says_before_its_first_field_that_it_begins_with_a_draft(browse: Browse) -> None:
    """Whoever takes another call would else report the danger of the one before; the way out stands there too."""
    browser = browse("support-team")
    typed_in(browser, INTAKE, FOUR)

    page = browser.get(INTAKE).text
    told, way_out, form = (
        page.index(words) for words in ("Dit had u al getypt", "Concept weggooien en opnieuw", 'id="formulier"')
    )
    assert told < way_out < form


def test_what_can_no_longer_be_sent_can_still_be_read(browse: Browse) -> None:
    """A colleague closed the case while the note was being typed."""
    browser = browse("support-team")
    number, dossier = reported(browser)
    typed_in(browser, f"{dossier}/call-notes", {"note": "Belt morgen terug"})
    browser.send(f"{dossier}/closures", {"reason": "resolved", "explanation": "De dader is aangehouden."})
    page = browser.get(f"{dossier}/call-notes").text

    assert "Dit kan nu niet" in page
    assert "Belt morgen terug" in page
    assert f"Gesprek vastleggen, {number}" in browser.get("/werklijst").text


def test_a_form_about_what_has_changed_since_is_shown_again(browse: Browse) -> None:
    """With everything that was typed; once it has been seen, it can be sent."""
    browser = browse("support-team")
    _, dossier = reported(browser)
    path = f"{dossier}/assessments"
    stale = Hidden(browser.get(path).text, path).values | {"axes.severity": "serious"}
    browser.send(f"{dossier}/call-notes", {"note": "Iets nieuws"})
    refused = browser.client.post(path, data=stale)
    sent = browser.client.post(path, data=Hidden(refused.text, path).values | {"axes.severity": "serious"})

    assert refused.status_code == 412
    assert 'value="serious" checked' in refused.text
    assert "Vastgelegd:</strong> Dreiging beoordeeld." in sent.text


def test_the_same_sending_with_other_words_loses_none_of_them(browse: Browse) -> None:
    """Somebody went back in their browser and changed their mind."""
    browser = browse("support-team")
    form = Hidden(browser.get(INTAKE).text, INTAKE).values | FOUR
    browser.client.post(INTAKE, data=form)
    again = browser.client.post(INTAKE, data=form | {"account": "Nog iets"})

    assert again.status_code == 422
    assert "Nog iets" in again.text
    assert Hidden(again.text, INTAKE).values[KEY] != form[KEY]


def test_an_empty_form_is_no_draft(browse: Browse) -> None:
    """Nor is one that was emptied."""
    browser = browse("auditor"), browse("public-body-elsewhere")
    body = browser[1]
    typed_in(body, INTAKE, {"account": "iets"})
    typed_in(body, INTAKE, {"account": " "})

    assert "Nog niet verstuurd" not in body.get("/werklijst").text


def test_what_was_done_is_told_to_who_did_it_only(browse: Browse) -> None:
    """A link cannot make a page say that something was recorded."""
    browser = browse("support-team")
    _, dossier = reported(browser)

    assert "Vastgelegd:" not in browser.get(f"{dossier}?gedaan=closures").text


def test_signing_in_again_ends_the_session_before(browse: Browse) -> None:
    """The name that the browser had is worth nothing any more."""
    browser = browse("support-team")
    before = browser.client.cookies["weerbaar"]
    browser.client.post("/aanmelden", data={"wie": "auditor", "verder": "/"})
    browser.client.cookies.clear()

    assert browser.client.get("/werklijst", headers={"Cookie": f"weerbaar={before}"}).url.path == "/aanmelden"


def test_a_draft_is_forgotten_in_the_end(network: Network, browse: Browse) -> None:
    """Two weeks after it was last touched, whoever keeps the next one."""
    browser = browse("steunpunt")
    path = "/nieuw/consultations"
    typed_in(browser, path, {"call_back_number": "06-00 00 09 01"})
    with network.service.database.connect(DatabaseRole.APP) as connection:
        connection.execute("update pages.drafts set kept_at = kept_at - %s", (timedelta(days=15),))
    typed_in(browse("public-body"), INTAKE, {"account": "iets"})

    assert "06-00 00 09 01" not in browser.get(path).text
