"""Do pages open to whom they should, take what is theirs, and lose nothing that was typed?"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.basis import Actor, OrganisationId, PersonId, Role
from infra.database import DatabaseRole
from services.demo.cast import CAST
from services.portal.pages import HOME, TOKEN
from services.portal.sessions import IDLE, LASTS
from tests.network import Network
from tests.services.portal.conftest import Browser, Hidden

Browse = Callable[[str | Actor], Browser]

INTAKE = "/nieuw/threat-cases"
FOUR = {
    "body": "Tilburg (gemeente)",
    "office": "wethouder",
    "call_back_number": "06-00 00 01 01",
    "danger_now": "ja",
}
SAID = "Er staat iemand voor de deur van Sanne Verbruggen"


@pytest.mark.parametrize("who", CAST)
def test_everybody_comes_to_a_page_for_their_role(browse: Browse, who: str) -> None:
    """After signing in, and as long as they are."""
    page = browse(who).get("/")

    assert page.status_code == 200
    assert page.url.path == HOME[CAST[who].role]


def test_whoever_signs_in_chooses_a_role_and_in_it_a_person(network: Network) -> None:
    """Each role is explained once, and the support team has somebody to hand over to."""
    page = network.client.get("/aanmelden").text
    cards = page.split('<h2 class="wb-card__title">')[1:]
    people = {card.partition("<")[0]: re.findall(r'name="wie" value="([^"]+)"', card) for card in cards}

    assert [who for card in people.values() for who in card] == sorted(CAST, key=lambda who: order(CAST[who].role))
    assert people["Ondersteuningsteam"] == ["support-team", "support-team-colleague"]
    assert len(cards) == len(Role)


def order(role: Role) -> int:
    """Return at which place of the page the card of *role* stands: by the first of its people."""
    return [actor.role for actor in CAST.values()].index(role)


def test_four_answers_make_a_case_that_is_shown_at_once(browse: Browse) -> None:
    """Who took the call handles it."""
    dossier = browse("support-team").send(INTAKE, FOUR)

    assert dossier.status_code == 200
    assert "DR-" in dossier.text
    assert "gevaar nu" in dossier.text
    assert "behandelaar: u" in dossier.text


def test_what_is_wrong_stands_at_the_field_and_in_a_summary_and_nothing_is_lost(browse: Browse) -> None:
    """The body is ambiguous, the number is missing: both are said, and the rest stands as it was typed."""
    typed = FOUR | {"body": "Utrecht", "call_back_number": "", "account": SAID}
    page = browse("support-team").send(INTAKE, typed)

    assert page.status_code == 400
    assert 'href="#field-call_back_number"' in page.text
    assert 'id="field-call_back_number-fault"' in page.text
    assert 'href="#field-body"' in page.text
    assert SAID in page.text
    assert "<title>Fout: " in page.text


def test_a_number_that_nobody_can_call_is_wrong_at_its_field_and_another_is_kept_in_one_way(browse: Browse) -> None:
    """However it is said, a page shows it as people say it, and calls it in full."""
    team = browse("support-team")
    refused = team.send(INTAKE, FOUR | {"call_back_number": "06-1234"})
    dossier = team.send(INTAKE, FOUR | {"call_back_number": "+31 (0)6-00000101"}).text

    assert refused.status_code == 400
    assert re.search(r'id="field-call_back_number-fault">.*Vul een volledig telefoonnummer in', refused.text)
    assert 'href="tel:+31600000101">06 00 00 01 01</a>' in dossier
    assert dossier.count("06 00 00 01 01") == 2  # in the summary, and in the timeline


def test_a_rule_that_is_about_one_answer_is_said_at_its_field(browse: Browse) -> None:
    """A water board has no mayor."""
    page = browse("support-team").send(
        INTAKE, FOUR | {"body": "Brabantse Delta (waterschap)", "office": "burgemeester"}
    )

    assert page.status_code == 409
    assert re.search(r'id="field-office-fault">.*Dit ambt bestaat daar niet', page.text)
    assert 'href="#field-office"' in page.text


def test_a_rule_about_what_is_not_theirs_to_answer_is_said_above_the_form(browse: Browse) -> None:
    """A municipality that was not there yet on the day of a signal is asked for the day, and not for the body."""
    young = Actor(person=PersonId("p-voorne-1"), organisation=OrganisationId("gm1992"), role=Role.PUBLIC_BODY)
    signal = {"office": "raadslid", "nature": "gifts", "person.name": "R. Jansen", "received_on": "2022-12-31"}
    page = browse(young).send("/nieuw/integrity-inquiries", signal)

    assert page.status_code == 409
    assert "<li>Op die dag staat dit openbaar bestuur niet in het register." in page.text
    assert "field-body" not in page.text


def test_what_was_done_long_before_the_report_asks_since_when_it_has_been_going_on(browse: Browse) -> None:
    """At the day; once the report says that it began earlier, it can be recorded."""
    team = browse("support-team")
    path = team.send(INTAKE, FOUR).url.path
    police = {"on": "2020-02-03"}
    refused = team.send(f"{path}/police-notifications", police)
    team.send(f"{path}/corrections", {"reason": "Het speelt al langer.", "began_on": "2020-02-01"})
    done = team.send(f"{path}/police-notifications", police)

    assert refused.status_code == 409
    assert re.search(r'id="field-on-fault">.*Voor zover bekend was de dreiging er toen nog niet', refused.text)
    assert done.status_code == 200
    assert "Politie ingelicht op 3 februari 2020" in done.text
    assert "1 februari 2020" in done.text.partition('id="tijdlijn"')[0]


def test_a_public_body_reports_for_itself(browse: Browse) -> None:
    """It is not asked which body it is, and what it sends about that is not listened to."""
    browser = browse("public-body")
    asked = browser.get(INTAKE)
    dossier = browser.send(INTAKE, FOUR | {"body": "Breda (gemeente)"})

    assert 'name="body"' not in asked.text
    assert "Tilburg" in asked.text
    assert dossier.status_code == 200
    assert "Tilburg (gemeente)" in dossier.text


def test_a_form_sent_twice_is_one_case(browse: Browse) -> None:
    """The second sending leads to the case of the first."""
    browser = browse("support-team")
    form = Hidden(browser.get(INTAKE).text, INTAKE).values | FOUR
    first = browser.client.post(INTAKE, data=form)
    second = browser.client.post(INTAKE, data=form)

    assert first.url.path == second.url.path


def test_what_comes_from_elsewhere_does_nothing(browse: Browse) -> None:
    """Without the token of this session, with another session's, and from another site."""
    browser = browse("support-team")
    ours = Hidden(browser.get(INTAKE).text, INTAKE).values
    theirs = Hidden(browse("support-team").get(INTAKE).text, INTAKE).values

    assert browser.client.post(INTAKE, data=FOUR).status_code == 403
    assert browser.client.post(INTAKE, data=ours | FOUR | {TOKEN: "gemaakt, ongeldig: ë"}).status_code == 403
    assert browser.client.post(INTAKE, data=theirs | FOUR).status_code == 403
    cross = browser.client.post(INTAKE, data=ours | FOUR, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    assert "niets vastgelegd" in cross.text


def test_nobody_sees_pages_without_signing_in(network: Network) -> None:
    """They are asked who they are, and led on to where they wanted to go."""
    asked = network.client.get("/werklijst?toon=mijn", follow_redirects=False)

    assert asked.status_code == 303
    assert asked.headers["location"] == "/aanmelden?verder=%2Fwerklijst%3Ftoon%3Dmijn"


@pytest.mark.parametrize("onward", ["//elders.example", "https://elders.example", "/\\elders.example", "elders"])
def test_nobody_is_led_elsewhere(network: Network, onward: str) -> None:
    """Whatever the link says by which they came."""
    went = network.client.post("/aanmelden", data={"wie": "auditor", "verder": onward}, follow_redirects=False)

    assert went.headers["location"] == "/"


def test_another_role_is_told_so(browse: Browse) -> None:
    """In words, with the status that machines understand."""
    page = browse("steunpunt").get("/werklijst")

    assert page.status_code == 403
    assert "Niet voor uw rol" in page.text


def test_a_case_of_others_does_not_exist(browse: Browse) -> None:
    """Nor does a made-up one; the two pages are alike but for the address and the request's own number."""
    there = browse("support-team").send(INTAKE, FOUR).url.path
    made_up = f"{there[:-12]}000000000000"
    stranger = browse("public-body-elsewhere")
    answers = {path: stranger.get(path) for path in (there, made_up)}

    def said(path: str) -> str:
        number = answers[path].headers["Weerbaar-Request"]
        return answers[path].text.replace(path, "").replace(number, "")

    assert [answer.status_code for answer in answers.values()] == [404, 404]
    assert said(there) == said(made_up)
    assert "bestaat niet" in said(there)


def test_what_is_typed_is_kept_and_only_for_who_typed_it(browse: Browse) -> None:
    """Until it is sent, or thrown away."""
    browser = browse("support-team")
    browser.client.post("/concepten", data=Hidden(browser.get(INTAKE).text, INTAKE).values | FOUR | {"account": SAID})

    assert SAID in browser.get(INTAKE).text
    assert SAID not in browse("public-body").get(INTAKE).text
    browser.send(INTAKE, FOUR | {"account": SAID})
    assert SAID not in browser.get(INTAKE).text


def test_a_draft_can_be_thrown_away(browse: Browse) -> None:
    """And the form is empty again."""
    browser = browse("support-team")
    form = Hidden(browser.get(INTAKE).text, INTAKE).values
    browser.client.post("/concepten", data=form | {"account": SAID})
    browser.client.post("/concepten/weggooien", data=form)

    assert SAID not in browser.get(INTAKE).text


@pytest.mark.parametrize("pause", [IDLE, LASTS])
def test_what_is_sent_after_the_end_of_a_session_is_kept(network: Network, browse: Browse, pause: timedelta) -> None:
    """The call took longer than the session: signing in again shows the form as it was."""
    browser = browse("support-team")
    form = Hidden(browser.get(INTAKE).text, INTAKE).values
    grow_older(network, pause)
    ended = browser.client.post(INTAKE, data=form | FOUR | {"account": SAID})
    again = browser.client.post("/aanmelden", data={"wie": "support-team", "verder": INTAKE})

    assert ended.url.path == "/aanmelden"
    assert "is bewaard" in ended.text
    assert SAID in again.text


def test_signing_out_ends_the_session_on_the_server(browse: Browse) -> None:
    """Whoever kept the cookie has nothing."""
    browser = browse("support-team")
    kept = dict(browser.client.cookies)
    browser.client.post("/afmelden", data=Hidden(browser.get("/werklijst").text, "/afmelden").values)
    browser.client.cookies.update(kept)

    assert browser.get("/werklijst").url.path == "/aanmelden"


def test_a_draft_and_a_session_are_closed_to_whoever_reads_the_database(network: Network, browse: Browse) -> None:
    """Neither what was typed, nor the name of the session, stands there in clear."""
    browser = browse("support-team")
    browser.client.post("/concepten", data=Hidden(browser.get(INTAKE).text, INTAKE).values | {"account": SAID})
    with network.service.database.connect(DatabaseRole.APP) as connection:
        everything = str(connection.execute("select d.* from pages.drafts d").fetchall())
        everything += str(connection.execute("select encode(s.id, 'escape') from pages.sessions s").fetchall())

    assert "Sanne" not in everything
    assert "threat-cases" not in everything
    assert browser.client.cookies["weerbaar"] not in everything


def test_a_page_has_its_headers_and_no_inline_style_or_script(browse: Browse) -> None:
    """The policy would block them, and nothing would look right."""
    page = browse("support-team").get(INTAKE)

    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert " onclick=" not in page.text


def grow_older(network: Network, pause: timedelta) -> None:
    """Let every session have begun, and been seen, *pause* earlier."""
    with network.service.database.connect(DatabaseRole.APP) as connection:
        connection.execute("update pages.sessions set seen_at = seen_at - %s, began_at = began_at - %s", (pause, pause))
