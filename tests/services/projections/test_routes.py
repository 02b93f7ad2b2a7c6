"""What do the routes of the views add to what the database shows?"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from infra.database import Database, DatabaseRole
from infra.identity import demo_issuer
from infra.settings import read_settings
from services.app import Service, create_app
from services.projections import access, cases, tracking
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.views import View
from tests.network import Network, projector_store

THREAT = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 01", "danger_now": False}
REQUEST = {
    "body": "gm0855",
    "office": "wethouder",
    "holder": {"name": "Sanne Verbruggen"},
    "address": "Wilgenhof 12, Tilburg",
}
MEASURES = {"measures": [{"kind": "physical", "one_off_cents": 185_000}]}
WAIT_SECONDS = 4.0

Project = Callable[..., None]


@pytest.fixture
def network(database: Database, tmp_path: Path) -> Iterator[Network]:
    """Yield the API; nobody projects unless asked."""
    settings = read_settings(data_dir=tmp_path, wait_seconds=WAIT_SECONDS)
    with TestClient(create_app(Service(settings, database))) as client:
        yield Network(Service(settings, database), client, demo_issuer(settings))


@pytest.fixture
def project(database: Database) -> Project:
    """Return what brings some views up to date, or all."""
    store = projector_store(database)

    def catch_up(*views: View) -> None:
        Runner(database, store, views or VIEWS).catch_up()

    return catch_up


def command(network: Network, who: str, path: str, body: object) -> str:
    """Give a command that must succeed, and let no GET wait for it; return the id of the case."""
    case = network.begin(who, path, body)
    network.position = None
    return case


# --- the version of what is shown -------------------------------------------------------------------------------------


def test_the_entity_tag_is_that_of_the_state_shown(network: Network, project: Project) -> None:
    """Where one view is ahead of another too: whoever decides on what they saw is told that the case has changed."""
    case = command(network, "support-team", "threat-cases", THREAT)
    project()
    first = network.get("support-team", f"threat-cases/{case}")
    command(network, "support-team", f"threat-cases/{case}/police-notifications", {})
    project(access.VIEW, cases.VIEW)
    behind = network.get("support-team", f"threat-cases/{case}")
    closing_it = {"reason": "resolved"}
    refused = network.post("support-team", f"threat-cases/{case}/closures", closing_it, If_Match=behind.headers["ETag"])
    project()
    network.position = None
    current = network.get("support-team", f"threat-cases/{case}")
    done = network.post("support-team", f"threat-cases/{case}/closures", closing_it, If_Match=current.headers["ETag"])

    assert behind.headers["ETag"] == first.headers["ETag"] != current.headers["ETag"]
    assert behind.json() == first.json() != current.json()
    assert (refused.status_code, done.status_code) == (412, 201)


def test_only_whoever_can_act_on_the_case_gets_an_entity_tag(network: Network, project: Project) -> None:
    """It would tell the others how often something happened that they may not see."""
    advice = command(network, "support-team", "security-advices", REQUEST)
    inquiry = {"body": "gm0855", "office": "raadslid", "nature": "gifts", "person": {"name": "Joris Maas"}}
    signal = command(network, "public-body", "integrity-inquiries", inquiry)
    command(network, "public-body", f"integrity-inquiries/{signal}/consultations", {"stage": "first_call"})
    project()

    def tagged(path: str) -> dict[str, bool]:
        actors = ("support-team", "public-body", "bva", "steunpunt", "auditor")
        answers = {who: network.get(who, path) for who in actors}
        return {who: "ETag" in answer.headers for who, answer in answers.items() if answer.status_code == 200}

    assert tagged(f"security-advices/{advice}") == {
        "support-team": False,
        "public-body": True,
        "bva": True,
        "auditor": False,
    }
    assert tagged(f"integrity-inquiries/{signal}") == {"public-body": True, "steunpunt": False, "auditor": False}


def test_what_is_withheld_is_no_change(network: Network, project: Project) -> None:
    """Who saw all that they may see decides on it, whatever was recorded for others; what they could see counts."""
    advice = command(network, "public-body", "security-advices", REQUEST)
    command(network, "bva", f"security-advices/{advice}/advices", MEASURES)
    project()
    stale = network.get("public-body", f"security-advices/{advice}").headers["ETag"]
    visit = {"visitor": "ccv", "report": "Een losse voordeur."}
    command(network, "ccv", f"security-advices/{advice}/home-visits", visit)
    project()
    seen = network.get("public-body", f"security-advices/{advice}").headers["ETag"]
    answers = [
        network.post("public-body", f"security-advices/{advice}/adoptions", {}, If_Match=tag).status_code
        for tag in (stale, seen)
    ]

    assert answers == [412, 201]


# --- the worklist -----------------------------------------------------------------------------------------------------


def test_the_worklist_says_what_comes_next(network: Network, project: Project) -> None:
    """With the Dutch words of each step among the code lists."""
    command(network, "support-team", "threat-cases", THREAT)
    project()
    (item,) = network.look("support-team", "worklist")["items"]
    (words,) = [found for found in network.look("support-team", "code-lists")["items"] if found["name"] == "FollowUp"]

    assert [step["step"] for step in item["next_steps"]] == ["assess", "decide_aangifte"]
    assert item["due_at"] == item["next_steps"][0]["due"]
    assert {step["step"] for step in item["next_steps"]} < {code["code"] for code in words["codes"]}


def test_the_worklist_is_narrowed_to_a_handler_or_to_none(network: Network, project: Project) -> None:
    """Page by page; the place in one list is not one in another."""
    handled = {command(network, "support-team", "threat-cases", THREAT) for _ in range(2)}
    handed_over = command(network, "support-team", "threat-cases", THREAT)
    command(network, "support-team", f"threat-cases/{handed_over}/hand-overs", {"note": "Belt morgen terug."})
    project()

    def listed(query: str) -> set[str]:
        return {item["id"] for item in network.look("support-team", f"worklist{query}")["items"]}

    first = network.get("support-team", "worklist?handler=p-team-1&limit=1")
    following = first.links["next"]["url"].removeprefix("/v1/")
    elsewhere = following.replace("handler=p-team-1", "unhandled=true")
    assert listed("?handler=p-team-1") == handled
    assert listed("?unhandled=true") == {handed_over}
    assert listed("") == {*handled, handed_over}
    assert {first.json()["items"][0]["id"]} | listed(following.removeprefix("worklist")) == handled
    assert network.get("support-team", elsewhere).status_code == 400
    assert network.get("support-team", "worklist?handler=tess@example.org").status_code == 400


# --- requests and figures ---------------------------------------------------------------------------------------------


def test_a_list_of_requests_is_paged(network: Network, project: Project) -> None:
    """A cursor goes on with the list that it is of, and with no other."""
    for _ in range(3):
        command(network, "support-team", "security-advices", REQUEST)
    project()
    first = network.get("bva", "security-advices?waitingFor=visit&limit=2")
    following = first.links["next"]["url"].removeprefix("/v1/")
    last = network.get("bva", following)
    other = network.get("bva", following.replace("visit", "draft"))

    assert len({item["id"] for item in (*first.json()["items"], *last.json()["items"])}) == 3
    assert "next" not in last.links
    assert other.status_code == 400


def test_the_figures_of_one_reader_agree(network: Network, project: Project) -> None:
    """The funnel, the months and the years say the same, each at an address of its own."""
    for _ in range(12):
        command(network, "public-body", "security-advices", REQUEST)
    project()

    def requested(who: str) -> tuple[list[int], list[int], list[int]]:
        """Return how many requests there are, by every figure that tells of any."""
        funnels, months, years = (
            network.look(who, f"measure-progress{view}")["items"] for view in ("", "/months", "/years")
        )
        return (
            [one["requests"][0]["reached"] for one in funnels if one["requests"][0]["reached"]],
            [one["steps"][0]["count"] for one in months if one["steps"][0]["count"]],
            [one["steps"][0]["count"] for one in years if one["steps"][0]["count"]],
        )

    assert requested("auditor") == ([12], [12], [12, 12])
    assert requested("ministry-analyst") == requested("bva") == requested("ccv") == ([10], [10], [10, 10])


# --- what is refused --------------------------------------------------------------------------------------------------


def test_the_progress_is_not_for_whoever_asked_for_the_advice(network: Network, project: Project) -> None:
    """They know of the case and may not see its measures; to others there is no case."""
    advice = command(network, "support-team", "security-advices", REQUEST)
    project()
    answers = {
        who: network.get(who, f"security-advices/{advice}/progress")
        for who in ("support-team", "public-body", "bva", "auditor", "public-body-elsewhere", "ministry-analyst")
    }

    assert {who: answer.status_code for who, answer in answers.items()} == {
        "support-team": 403,
        "public-body": 200,
        "bva": 200,
        "auditor": 200,
        "public-body-elsewhere": 404,
        "ministry-analyst": 404,
    }
    assert answers["support-team"].json()["type"] == "urn:weerbaar:problem:not-for-this-party"


def test_nothing_of_a_case_is_shown_when_the_access_list_goes_on_no_more(
    database: Database, network: Network, project: Project
) -> None:
    """Somebody may have lost sight of it since; what asks for attention is shown still."""
    case = command(network, "support-team", "threat-cases", THREAT)
    advice = command(network, "support-team", "security-advices", REQUEST)
    project()
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("update views.tracking set stopped_at = now() where view = 'access'")
    of_case = (f"threat-cases/{case}", f"threat-cases/{case}/timeline", f"threat-cases/{case}/replay")
    paths = (*of_case, "cases", "security-advices", f"security-advices/{advice}/progress")
    answers = [network.get("support-team", path) for path in paths]

    assert [answer.status_code for answer in answers] == [503] * len(paths)
    assert {answer.json()["type"] for answer in answers} == {"urn:weerbaar:problem:access-uncertain"}
    assert {answer.headers["Retry-After"] for answer in answers} == {"5"}
    assert network.get("support-team", "worklist").status_code == 200


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_those_who_wait_for_a_view_leave_room_for_commands(network: Network, project: Project) -> None:
    """As many as there are turns wait; the others are told at once to come back, and commands go on."""
    project()
    network.begin("support-team", "threat-cases", THREAT)
    many = 3 * tracking.MAX_WAITING

    def look(_: int) -> tuple[int, float]:
        begun = time.monotonic()
        answer = network.get("support-team", "worklist")
        assert answer.headers["Retry-After"]
        return answer.status_code, time.monotonic() - begun

    with ThreadPoolExecutor(many) as threads:
        begun = time.monotonic()
        waiting = threads.map(look, range(many))
        time.sleep(WAIT_SECONDS / 4)
        headers = network.headers("support-team")
        reported = network.client.post("/v1/threat-cases", json=THREAT, headers=headers)
        reported_after = time.monotonic() - begun
        found = list(waiting)

    assert reported.status_code == 201
    assert reported_after < WAIT_SECONDS
    assert {status for status, _ in found} == {503}
    assert len([seconds for _, seconds in found if seconds >= WAIT_SECONDS]) == tracking.MAX_WAITING


def test_a_turn_to_wait_is_given_back(network: Network, project: Project) -> None:
    """By whoever was answered, and by whoever was not."""
    project()
    for _ in range(2):
        network.begin("support-team", "threat-cases", THREAT)
        with ThreadPoolExecutor(tracking.MAX_WAITING) as threads:
            found = threads.map(lambda _: network.get("support-team", "worklist"), range(tracking.MAX_WAITING))
            time.sleep(WAIT_SECONDS / 4)
            project()
            assert [answer.status_code for answer in found] == [200] * tracking.MAX_WAITING
