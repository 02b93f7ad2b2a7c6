"""Does a dossier show each reader what is theirs, offer what can be done now, and nothing else?"""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest

from domain.basis import Actor, PersonId, Role
from domain.kinds import KINDS
from services.demo.cast import CAST
from services.portal import labels
from tests.network import Network
from tests.pages.served import Served
from tests.services.portal.conftest import Browser

Browse = Callable[[str | Actor], Browser]

COMMANDS = {(kind.collection, labels.COMMANDS[command].title): command for kind in KINDS for command in kind.commands}
REPORT = "Gisteravond stond er een man op de stoep"
"""How the report of every home visit begins, in the history of the tests."""


@pytest.fixture(scope="module")
def network(served: Served) -> Network:
    """Return the network that the browsers reach."""
    return served.network


def main(page: str) -> str:
    """Return the main matter of a page."""
    return page.partition("<main")[2].partition("</main>")[0]


def offered(page: str, path: str) -> list[str]:
    """Return where the page of the case at *path* leads for the commands that it offers."""
    nouns = {command.noun for (collection, _), command in COMMANDS.items() if collection == path.split("/")[2]}
    links = [unescape(link) for link in re.findall(rf'href="({path}/[^"]+)"', main(page))]
    return [link for link in links if link.removeprefix(f"{path}/").partition("?")[0] in nouns]


def refused(page: str) -> list[tuple[str, str]]:
    """Return the commands that a page says are not possible now: title and reason."""
    found = re.findall(r'<dt>([^<]+)</dt><dd class="wb-muted">([^<]+)</dd>', main(page))
    return [(unescape(title), unescape(sentence)) for title, sentence in found]


# --- what can be done ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", CAST)
def test_what_is_offered_can_be_done_and_what_is_not_says_why(browse: Browse, served: Served, who: str) -> None:
    """On every case that somebody may know of, whatever has become of it."""
    browser, offers = browse(who), 0
    for path in (f"/dossiers/{case}" for case in served.cases.values()):
        page = browser.get(path)
        if page.status_code in {403, 404}:  # organisations have pages for some roles only
            continue
        for link in offered(page.text, path):
            form = browser.get(link)
            offers += 1
            assert form.status_code == 200, link
            assert "Dit kan nu niet" not in form.text, link
            assert 'id="formulier"' in form.text, link
        for title, sentence in refused(page.text):
            form = browser.get(f"{path}/{COMMANDS[path.split('/')[2], title].noun}")
            assert "Dit kan nu niet" in form.text, title
            assert sentence in unescape(form.text)
            assert 'id="formulier"' not in form.text

    assert bool(offers) is (CAST[who].role not in {Role.AUDITOR, Role.MINISTRY_ANALYST})


# --- who sees what -------------------------------------------------------------------------------------------------

MEASURES = ("€\xa01.850,00", "Inbraakwerende beglazing")
ADDRESS = "Burgemeester van Oldenbarneveldstraat 128-bis"


@pytest.mark.parametrize(
    ("who", "shown", "withheld"),
    [
        (
            "support-team",
            (ADDRESS, "Maatregel 1"),
            (*MEASURES, REPORT, "Concept", "Beveiliging Zuid", "Woning bezocht"),
        ),
        ("public-body", (ADDRESS, *MEASURES, "Beveiliging Zuid", "Woning bezocht"), (REPORT, "Concept")),
        ("ccv", (ADDRESS, *MEASURES, REPORT, "Concept opgesteld"), ("p-tilburg-2 van",)),
        ("bva", (ADDRESS, *MEASURES, REPORT, "Concept opgesteld"), ("p-tilburg-2 van",)),
        ("auditor", (ADDRESS, *MEASURES, REPORT, "Concept opgesteld", "p-tilburg-2 van"), ()),
    ],
)
def test_a_request_for_advice_shows_each_party_its_own_part(
    browse: Browse, served: Served, who: str, shown: tuple[str, ...], withheld: tuple[str, ...]
) -> None:
    """The requester sees neither amounts nor the advice; the public body no report and no draft."""
    page = main(browse(who).get(f"/dossiers/{served.cases['measured']}").text)

    assert [words for words in shown if words not in page] == []
    assert [words for words in withheld if words in page] == []


def test_organisations_are_called_by_name_and_not_by_their_ids(browse: Browse, served: Served) -> None:
    """A public body as the register has it, one of ours by what it is: in the timeline, the replay and the state."""
    auditor = browse("auditor")
    path = f"/dossiers/{served.cases['measured']}"
    timeline, replayed, question = (
        re.sub(r"\s+", " ", main(auditor.get(page).text))
        for page in (path, f"{path}/verloop", f"/dossiers/{served.cases['asked']}/verloop")
    )
    organisations = re.findall(r"p-[a-z0-9-]+ van ([^<]+)</p>", timeline)

    assert {"Tilburg (gemeente)", "ondersteuningsteam", "beveiligingsautoriteit"} <= set(organisations)
    assert "Centrum voor Criminaliteitspreventie en Veiligheid" in organisations
    assert re.search(r"<dt>Organisatie</dt><dd>(ondersteuningsteam|Tilburg \(gemeente\))</dd>", replayed)
    assert '<span class="wb-prose">steunpunt integriteitsonderzoek</span>' in question
    assert [
        key for page in (timeline, replayed, question) for key in ("gm0855", ">bva<", ">steunpunt<") if key in page
    ] == []


def test_only_who_knows_the_advice_is_told_of_how_many_measures(browse: Browse, served: Served) -> None:
    """Of six two have ended and two are in place: the requester cannot know that two are still to come."""
    path = f"/dossiers/{served.cases['measured']}"
    body, team = (re.sub(r"\s+", " ", browse(who).get(path).text) for who in ("public-body", "support-team"))

    assert '<span>Maatregelen aangebracht</span> <span class="wb-muted">2 van 4</span>' in body
    assert '<span>Maatregelen aangebracht</span> <span class="wb-muted">2</span>' in team


def test_totals_leave_out_what_fell_away(browse: Browse, served: Served) -> None:
    """Neither the measure that was cancelled nor the one that was declined is to be paid."""
    foot = browse("public-body").get(f"/dossiers/{served.cases['measured']}").text.partition("<tfoot>")[2]

    assert "€\xa02.940,00" in foot
    assert "€\xa050,00" in foot


def test_under_the_old_rules_no_advice_is_waited_for(browse: Browse, served: Served) -> None:
    """Costs are reimbursed: no visit is still to come, and none is offered."""
    old = {"requested_on": "2023-05-01"}
    request = {"body": "gm0855", "office": "wethouder", "holder": {"name": "W. de Vries"}, "address": "Lindelaan 3"}
    key = served.network.begin("public-body", "security-advices", request | old)
    served.network.settle()
    page = main(browse("bva").get(f"/dossiers/security-advices/{key}").text)

    assert "Er komt geen huisbezoek en geen advies." in page
    assert "nog niet" not in page.partition("Nu niet mogelijk")[0]
    assert offered(page, f"/dossiers/security-advices/{key}") == []


def test_a_public_body_sees_the_steps_of_its_inquiry(browse: Browse, served: Served) -> None:
    """With who reported it and who commissioned it; auditors see the same."""
    path = f"/dossiers/{served.cases['concluded']}"

    for who in ("public-body", "auditor"):
        page = main(browse(who).get(path).text)
        assert page.count('class="wb-step wb-step--done"') == 4  # there was no second conversation
        assert "Fenna de Wit" in page
        assert "opdrachtgever: burgemeester" in page
        assert "afgesloten: geen schending" in page


def test_a_threat_case_tells_its_sides_and_what_is_missing(browse: Browse, served: Served) -> None:
    """A VPT code that the police did not register is a warning, until it is added."""
    page = main(browse("support-team").get(f"/dossiers/{served.cases['threat']}").text)

    assert re.search(r"Gedaan op \d+ november 2026 door ", page)
    assert "VPT-code is niet bekend" in page or "VPT-code is niet geregistreerd" in page
    assert "Aangeboden: " in page
    assert 'href="tel:+31600000102"' in page


def test_what_is_to_be_done_at_once_is_never_called_late(browse: Browse, served: Served) -> None:
    """Danger of which the police do not know is for now, also a day later; a call that was promised can be late."""
    four = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 09", "danger_now": True}
    key = served.network.begin("support-team", "threat-cases", four)
    before = served.clock.moment
    at = {"at": (before + timedelta(hours=1)).isoformat()}
    assert served.network.post("support-team", f"threat-cases/{key}/call-backs", at).status_code == 201
    served.network.settle()
    try:
        served.clock.moment = before + timedelta(hours=3)
        page = re.sub(r"\s+", " ", main(browse("support-team").get(f"/dossiers/threat-cases/{key}").text))
    finally:
        served.clock.moment = before

    assert re.search(r'112 en politie</a> <span class="wb-due wb-due--late">nu</span>', page)
    assert re.search(r'Terugbellen</a> <span class="wb-due wb-due--late">2 uur te laat</span>', page)


@pytest.mark.parametrize(
    ("who", "going_on", "closed"),
    [
        ("support-team", "danger", "closed"),
        ("public-body", "signal", "not pursued"),
        ("steunpunt", "heard", "ended"),
    ],
)
def test_nothing_is_still_to_be_done_in_a_closed_case(
    browse: Browse, served: Served, who: str, going_on: str, closed: str
) -> None:
    """What was not done before stays undone, and nobody is told that it is yet to come."""
    if closed not in served.cases:
        signal = {"body": "gm0855", "office": "raadslid", "nature": "gifts", "person": {"name": "R. Jansen"}}
        served.begin(closed, who, "integrity-inquiries", signal)
        served.give(closed, who, "closures", {"disposition": "not_pursued"})
        served.settle()
    browser = browse(who)
    before, after = (
        main(browser.get(f"/dossiers/{served.cases[name]}").text).partition('id="tijdlijn"')[0]
        for name in (going_on, closed)
    )

    assert re.search(r"[Nn]og niet", before)
    assert not re.search(r"[Nn]og niet", after)


def test_a_new_advice_can_be_asked_for_from_a_threat_case(browse: Browse, served: Served) -> None:
    """The form knows the case, the office and the body already."""
    team = browse("support-team")
    dossier = team.get(f"/dossiers/{served.cases['elsewhere']}")
    assert dossier.status_code == 404
    page = team.get(f"/dossiers/{served.cases['another']}").text
    link = re.search(r'href="(/nieuw/security-advices[^"]+)"', page)
    number = re.search(r"DR-2026-\d{6}", page)
    assert link
    assert number
    form = team.get(unescape(link[1])).text

    assert f'value="{number[0]}"' in form
    assert 'value="Breda (gemeente)"' in form


# --- what a form knows beforehand ----------------------------------------------------------------------------------


def test_the_bva_begins_with_the_draft_beside_the_visit_report(browse: Browse, served: Served) -> None:
    """Six measures, as the CCV drafted them, to fix or to change."""
    form = main(browse("bva").get(f"/dossiers/{served.cases['drafted']}/advices").text)

    assert REPORT in form
    assert re.search(r"Het formulier begint met het concept van \d+ november 2026\.", form)
    assert len(re.findall(r"data-repeat-row", form)) == 6
    assert 'name="measures.1.recurring_cents_per_month" autocomplete="off" value="50,00"' in form
    assert "Brandvertragende brievenbus." in form


def test_a_new_draft_begins_with_the_one_before(browse: Browse, served: Served) -> None:
    """And where there is none with an empty row."""
    ccv = browse("ccv")
    again, first = (ccv.get(f"/dossiers/{served.cases[case]}/drafts").text for case in ("drafted", "visited"))

    assert 'value="1.850,00"' in again
    assert len(re.findall(r"data-repeat-row", first)) == 1
    assert 'value="1.850,00"' not in first


def test_what_somebody_typed_goes_before_the_draft_of_the_advice(browse: Browse, served: Served) -> None:
    """A form that was left half changed opens as it was left."""
    bva = browse(CAST["bva"].model_copy(update={"person": PersonId("p-bva-2")}))
    path = f"/dossiers/{served.cases['drafted']}/advices"
    sent = bva.send(path, {"measures.0.kind": "physical", "measures.0.one_off_cents": "te veel"})
    form = bva.get(path).text

    assert sent.status_code == 400
    assert 'value="te veel"' in form
    assert "Brandvertragende" not in main(form).partition("<form")[2]


def test_a_measure_is_chosen_where_somebody_came_from(browse: Browse, served: Served) -> None:
    """By its number, among those that can be ordered."""
    form = browse("public-body").get(f"/dossiers/{served.cases['adopted']}/orders?measure=2").text

    assert re.search(r'value="2"( checked| selected)', form)


# --- on paper ------------------------------------------------------------------------------------------------------


def test_the_sheet_for_the_police_says_what_is_known_and_leaves_room_for_the_rest(
    browse: Browse, served: Served
) -> None:
    """What to ask for, who it is about, what happened; the number of the aangifte is for the police to give."""
    page = main(browse("support-team").get(f"/dossiers/{served.cases['threat']}/aangifteblad").text)

    for known in ("VPT-code", "onder nummer", "art. 66 Sr", "Jan-Willem", "06 00 00 01 03", REPORT, "Gedeputeerde"):
        assert known in page
    assert re.search(r"(vrijdag 20|zaterdag 21) november 2026 om \d\d:\d\d uur", page)
    assert re.search(r'Nummer van de aangifte</dt><dd [^>]*><span class="wb-prose"></span>', page)


def test_a_reporter_who_is_the_victim_stands_on_the_sheet(browse: Browse, served: Served) -> None:
    """And whoever reports for somebody else does not."""
    team = browse("support-team")
    four = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 09", "danger_now": False}
    pages = {}
    for capacity in ("victim", "colleague"):
        told = four | {"reporter_name": "Sanne Verbruggen", "capacity": capacity}
        key = served.network.begin("support-team", "threat-cases", told)
        served.network.settle()
        pages[capacity] = main(team.get(f"/dossiers/threat-cases/{key}/aangifteblad").text)

    assert "Sanne Verbruggen" in pages["victim"]
    assert "Sanne Verbruggen" not in pages["colleague"]
    assert "06 00 00 01 09" in pages["colleague"]


def test_the_sheet_is_for_who_handles_the_case(browse: Browse, served: Served) -> None:
    """It is linked until an aangifte was filed."""
    path = f"/dossiers/{served.cases['counter']}"

    assert f'href="{path}/aangifteblad"' in browse("public-body").get(path).text
    assert browse("public-body").get(f"{path}/aangifteblad").status_code == 200
    assert browse("public-body-elsewhere").get(f"{path}/aangifteblad").status_code == 404
    assert browse("auditor").get(f"{path}/aangifteblad").status_code == 403
    assert "aangifteblad" not in browse("support-team").get(f"/dossiers/{served.cases['threat']}").text
