"""Does the next shift get every case with what it has to know, and does nobody lose what they wrote?"""

import re
from collections.abc import Callable
from datetime import timedelta

from domain.values import AMSTERDAM
from services.portal.handover import PATH
from services.portal.pages import KEY
from tests.network import Network
from tests.services.portal.conftest import Browser, Hidden
from tests.services.portal.test_pages import FOUR, INTAKE

Browse = Callable[[str], Browser]

NOTE = "Mevrouw Verbruggen wil morgen na tienen worden gebeld"
UNHANDLED = "/werklijst?toon=onbehandeld"


def reported(browser: Browser) -> str:
    """Report a threat; return the id of the case, which the reporter then handles."""
    return browser.send(INTAKE, FOUR).url.path.rpartition("/")[2]


def handled(page: str) -> set[str]:
    """Return the ids of the cases that stand on the *page* with fields of their own."""
    return set(re.findall(r'name="([0-9a-f-]{36})\.note"', page))


def colleague(network: Network, key: str) -> None:
    """Let somebody else take the case."""
    actor = network.service.portal.cast["support-team-colleague"]
    assert network.post(actor, f"threat-cases/{key}/handlers", {}).status_code == 201
    network.look(actor, f"threat-cases/{key}/timeline")


def test_every_case_that_somebody_handles_is_there_with_what_is_due(browse: Browse) -> None:
    """And no case that they do not handle."""
    team = browse("support-team")
    mine, handed = reported(team), reported(team)
    team.send(f"/dossiers/threat-cases/{handed}/hand-overs", {"note": NOTE})
    page = team.get(PATH).text

    assert mine in handled(page)
    assert handed not in handled(page)
    assert "Veiligheid nu: 112 en politie" in page


def test_cases_with_a_note_are_handed_over_and_others_stay(browse: Browse) -> None:
    """With the note above the dossier, and nobody who handles it."""
    team = browse("support-team")
    first, second, kept = (reported(team) for _ in range(3))
    page = team.send(PATH, {f"{first}.note": NOTE, f"{second}.note": "Aangifte volgt."})
    dossier = team.get(f"/dossiers/threat-cases/{first}").text

    assert page.status_code == 200
    assert "2 zaken overgedragen" in page.text
    assert kept in handled(page.text)
    assert handled(page.text).isdisjoint({first, second})
    assert NOTE in dossier
    assert "Overgedragen: lees dit eerst" in dossier
    assert f"/dossiers/threat-cases/{first}" in team.get(UNHANDLED).text
    assert "Nog niet verstuurd" not in team.get("/werklijst").text


def test_a_new_appointment_goes_with_it(network: Network, browse: Browse) -> None:
    """In the place of the old one."""
    team = browse("support-team")
    key = reported(team)
    at = (network.service.clock() + timedelta(days=1)).astimezone(AMSTERDAM).replace(hour=10, minute=5)
    team.send(PATH, {f"{key}.note": NOTE, f"{key}.call_back_at": f"{at:%Y-%m-%dT%H:%M}"})

    assert "10:05" in team.get(f"/dossiers/threat-cases/{key}").text


def test_what_fails_is_said_at_its_case_and_holds_up_no_other(network: Network, browse: Browse) -> None:
    """An appointment in the past, an appointment without a note, and what is no moment; all of it stays as typed."""
    team = browse("support-team")
    good, late, bare, odd = (reported(team) for _ in range(4))
    yesterday = f"{network.service.clock() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    typed = {
        f"{good}.note": NOTE,
        f"{late}.note": "Te laat",
        f"{late}.call_back_at": yesterday,
        f"{bare}.call_back_at": yesterday,
        f"{odd}.note": "Vreemd",
        f"{odd}.call_back_at": "morgen",
    }
    page = team.send(PATH, typed)

    assert page.status_code == 409
    assert "1 zaak overgedragen" in page.text
    assert good not in handled(page.text)
    for field, sentence in {
        f"{late}-call_back_at": "Dat moment is al voorbij.",
        f"{bare}-note": "Vul dit in.",
        f"{odd}-call_back_at": "Vul een datum en een tijd in",
    }.items():
        said = re.search(rf'id="field-{field}-fault".*?</span>(.*?)</div>', page.text)
        assert said, field
        assert said[1].startswith(sentence)
        assert re.search(rf'<li><a class="utrecht-link" href="#field-{field}">DR-\d{{4}}-\d{{6}}: \w+', page.text)
    assert {"Te laat", "Vreemd", "morgen", yesterday} <= set(re.findall(r'(?<=value=")[^"]+|Te laat|Vreemd', page.text))
    assert "Te laat" in team.get(PATH).text
    assert NOTE not in team.get(PATH).text


def test_only_what_is_wrong_with_what_was_typed_is_a_bad_request(browse: Browse) -> None:
    """Nothing stands in the way of the case itself."""
    team = browse("support-team")
    key = reported(team)

    assert team.send(PATH, {f"{key}.call_back_at": "morgen"}).status_code == 400


def test_sending_nothing_is_said(browse: Browse) -> None:
    """Nobody goes home who thinks that they handed over."""
    team = browse("support-team")
    reported(team)
    page = team.send(PATH)

    assert page.status_code == 400
    assert "U hebt nog niets geschreven." in page.text


def test_sending_it_twice_hands_over_once(browse: Browse) -> None:
    """As whoever presses the button twice does."""
    team = browse("support-team")
    key = reported(team)
    form = Hidden(team.get(PATH).text, PATH).values | {f"{key}.note": NOTE}
    first, second = (team.client.post(PATH, data=form) for _ in range(2))
    timeline = team.get(f"/dossiers/threat-cases/{key}").text

    assert first.url == second.url
    assert timeline.count("Zaak overgedragen") == timeline.count("de zaak na Zaak overgedragen") * 2 == 2


def test_the_same_form_with_other_words_is_told_to_have_been_sent(browse: Browse) -> None:
    """By going back in the browser, say: what was handed over first stands."""
    team = browse("support-team")
    key = reported(team)
    form = Hidden(team.get(PATH).text, PATH).values
    team.client.post(PATH, data=form | {f"{key}.note": NOTE})
    again = team.client.post(PATH, data=form | {f"{key}.note": "Iets anders"})

    assert again.status_code == 409
    assert "U hebt het eerder verstuurd" in again.text
    assert "Iets anders" in again.text


def test_nobody_hands_over_what_a_colleague_has_taken(network: Network, browse: Browse) -> None:
    """While they wrote. They read whose it is not any more, and their note is still there, now and later."""
    team = browse("support-team")
    key = reported(team)
    form = Hidden(team.get(PATH).text, PATH).values | {f"{key}.note": NOTE}
    colleague(network, key)
    page = team.client.post(PATH, data=form)
    later = team.send(PATH, {f"{key}.note": NOTE})

    assert page.status_code == later.status_code == 409
    for shown in (page, team.get(PATH), later):
        assert NOTE in shown.text
        assert "u niet meer" in shown.text or "wijzigde de zaak" in shown.text
    assert "Zaak overgedragen" not in team.get(f"/dossiers/threat-cases/{key}").text


def test_what_was_written_is_kept_until_it_is_thrown_away(browse: Browse) -> None:
    """As on every form; the worklist calls it by its name."""
    team = browse("support-team")
    key = reported(team)
    form = Hidden(team.get(PATH).text, PATH).values
    team.client.post("/concepten", data=form | {f"{key}.note": NOTE})
    kept, listed = team.get(PATH).text, team.get("/werklijst").text
    thrown = team.client.post("/concepten/weggooien", data=form)

    assert NOTE in kept
    assert f'href="{PATH}">Dienst overdragen</a> <span class="wb-muted">concept van' in listed
    assert thrown.url.path == PATH
    assert NOTE not in thrown.text


def test_a_made_up_case_is_not_handed_over(browse: Browse) -> None:
    """Nor anything that is no case at all."""
    team = browse("support-team")
    reported(team)
    form = Hidden(team.get(PATH).text, PATH).values
    page = team.client.post(PATH, data=form | {"elders.note": NOTE, "_seen.elders": '"abc"'})
    odd = team.client.post(PATH, data=form | {"\0.note": NOTE, "note": NOTE})

    assert page.status_code == 409
    assert NOTE not in page.text
    assert odd.status_code == 400


def test_whoever_handles_nothing_reads_so(network: Network, browse: Browse) -> None:
    """And there is nothing to send."""
    team = browse("support-team")
    for key in handled(team.get(PATH).text):
        colleague(network, key)
    page = team.get(PATH).text

    assert "U behandelt geen open zaken." in page
    assert KEY not in page


# --- taking over ------------------------------------------------------------------------------------------------------


def taking(browser: Browser, key: str) -> tuple[str, dict[str, str]]:
    """Return where the button behind the case *key* on the list leads, and what it sends."""
    path = f"/dossiers/threat-cases/{key}/handlers"
    return path, Hidden(browser.get(UNHANDLED).text, path).values


def test_a_case_is_taken_from_the_list_and_the_list_comes_back(browse: Browse) -> None:
    """Without opening it; it says which case that was."""
    team = browse("support-team")
    key, other = reported(team), reported(team)
    team.send(PATH, {f"{key}.note": NOTE, f"{other}.note": NOTE})
    path, form = taking(team, key)
    page = team.client.post(path, data=form)

    assert page.url.path == "/werklijst"
    assert page.url.params["toon"] == "onbehandeld"
    assert f'U behandelt nu <a class="utrecht-link wb-no-break" href="/dossiers/threat-cases/{key}">' in page.text
    assert "/handlers" in page.text
    assert taking(team, key)[1] == {}
    assert key in handled(team.get(PATH).text)


def test_nobody_takes_from_the_list_what_a_colleague_has_just_taken(network: Network, browse: Browse) -> None:
    """They are told, and can still take it over: then they know what they do."""
    team = browse("support-team")
    key = reported(team)
    team.send(PATH, {f"{key}.note": NOTE})
    path, form = taking(team, key)
    colleague(network, key)
    page = team.client.post(path, data=form)

    assert page.status_code == 412
    assert "Iemand anders wijzigde de zaak" in page.text
    assert key not in handled(team.get(PATH).text)
    assert team.send(path).status_code == 200
    assert key in handled(team.get(PATH).text)


def test_a_link_says_of_no_case_that_one_handles_it(browse: Browse) -> None:
    """Where one does not."""
    team = browse("support-team")
    key = reported(team)
    team.send(PATH, {f"{key}.note": NOTE})

    for case in (key, "elders"):
        assert "U behandelt nu" not in team.get(f"/werklijst?zaak={case}").text


def test_only_the_support_team_works_in_shifts(browse: Browse) -> None:
    """A public body takes its cases and hands none over; auditors take nothing."""
    body = browse("public-body")
    key = reported(body)
    page = body.get(UNHANDLED).text

    assert body.get(PATH).status_code == 403
    assert f"/dossiers/threat-cases/{key}/handlers" in page
    assert "/handlers" not in browse("auditor").get(UNHANDLED).text
