"""Do retries, versions and positions keep their promises?"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.network import Network

REPORT = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 01", "danger_now": False}


def test_the_same_key_and_body_get_the_same_answer(network: Network) -> None:
    """And only one case."""
    first = network.post("support-team", "threat-cases", REPORT, Idempotency_Key="once")
    again = network.post("support-team", "threat-cases", REPORT, Idempotency_Key="once")

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["ETag"] == again.headers["ETag"]
    assert first.headers["Location"] == again.headers["Location"]


def test_a_key_outlives_a_change_of_the_case(network: Network) -> None:
    """A retry of a command that would now be refused is answered as it was."""
    case = network.begin("support-team", "threat-cases", REPORT)
    path = f"threat-cases/{case}/closures"
    first = network.post("support-team", path, {"reason": "resolved"}, Idempotency_Key="close")
    again = network.post("support-team", path, {"reason": "resolved"}, Idempotency_Key="close")
    refused = network.post("support-team", path, {"reason": "resolved"}, Idempotency_Key="close-2")

    assert first.json() == again.json()
    assert refused.status_code == 409


def test_the_same_request_at_the_same_moment_is_done_once(network: Network) -> None:
    """Whichever of six comes first, all get its answer, and none is refused for what another one of them did."""
    headers = network.headers("support-team")
    for round_ in range(5):
        case = network.begin("support-team", "threat-cases", REPORT)
        path, key = f"/v1/threat-cases/{case}/closures", {"Idempotency-Key": f"at-once-{round_}"}

        def close(_: int, path: str = path, key: dict[str, str] = key) -> tuple[int, str]:
            response = network.client.post(path, json={"reason": "resolved"}, headers=headers | key)
            return response.status_code, response.text

        with ThreadPoolExecutor(6) as pool:
            answers = set(pool.map(close, range(6)))

        assert [status for status, _ in answers] == [201]


def test_a_refused_command_uses_no_number(network: Network) -> None:
    """Numbers are given out to cases, not to attempts."""
    first = network.post("support-team", "threat-cases", REPORT).json()["number"]
    for _ in range(3):
        network.post("support-team", "threat-cases", REPORT | {"body": "gm9999"})
        network.post("ministry-analyst", "threat-cases", REPORT)
    second = network.post("support-team", "threat-cases", REPORT).json()["number"]

    assert int(second[-6:]) == int(first[-6:]) + 1


def test_another_body_under_the_same_key_is_an_error(network: Network) -> None:
    """A key names one command."""
    network.post("support-team", "threat-cases", REPORT, Idempotency_Key="mine")
    response = network.post("support-team", "threat-cases", REPORT | {"danger_now": True}, Idempotency_Key="mine")

    assert response.status_code == 422
    assert response.json()["type"] == "urn:weerbaar:problem:idempotency-key-reused"


def test_two_callers_may_use_the_same_key(network: Network) -> None:
    """Keys belong to who made them up."""
    mine = network.post("support-team", "threat-cases", REPORT, Idempotency_Key="shared")
    theirs = network.post("public-body", "threat-cases", REPORT, Idempotency_Key="shared")

    assert mine.status_code == theirs.status_code == 201
    assert mine.json()["id"] != theirs.json()["id"]


def test_a_command_on_the_version_seen_is_done(network: Network) -> None:
    """The dossier's ETag is the command's If-Match."""
    case = network.begin("support-team", "threat-cases", REPORT)
    seen = network.get("support-team", f"threat-cases/{case}").headers["ETag"]
    response = network.post("support-team", f"threat-cases/{case}/aftercare-offers", {"care": "family"}, If_Match=seen)
    after = network.get("support-team", f"threat-cases/{case}").headers["ETag"]

    assert response.status_code == 201
    assert response.headers["ETag"] == after != seen


@pytest.mark.parametrize("tag", ['"made-up"', "nonsense", ""])
def test_a_command_on_another_version_is_not_done(network: Network, tag: str) -> None:
    """If-Match protects what somebody decided on an older dossier."""
    case = network.begin("support-team", "threat-cases", REPORT)
    stale = tag or network.get("support-team", f"threat-cases/{case}").headers["ETag"]
    network.begin("support-team", f"threat-cases/{case}/aftercare-offers", {"care": "family"})
    response = network.post("support-team", f"threat-cases/{case}/closures", {"reason": "resolved"}, If_Match=stale)

    assert response.status_code == 412
    assert network.look("support-team", f"threat-cases/{case}")["state"]["closed"] is None


def test_any_version_will_do_for_a_star(network: Network) -> None:
    """RFC 9110: the case exists, and that is all that is asked."""
    case = network.begin("support-team", "threat-cases", REPORT)
    response = network.post("support-team", f"threat-cases/{case}/closures", {"reason": "resolved"}, If_Match="*")

    assert response.status_code == 201


def test_commands_at_the_same_moment_are_decided_one_after_the_other(network: Network) -> None:
    """Of eight who close a case at once, one does, and seven learn that it is closed."""
    case = network.begin("support-team", "threat-cases", REPORT)

    def close(_: int) -> int:
        path = f"/v1/threat-cases/{case}/closures"
        return network.client.post(
            path, json={"reason": "resolved"}, headers=network.headers("support-team")
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(close, range(8)))

    assert statuses[0] == 201
    assert set(statuses[1:]) <= {409, 503}


def test_a_list_goes_on_page_by_page(network: Network) -> None:
    """Every case once, none left out, and the last page has no next."""
    made = {network.begin("public-body", "threat-cases", REPORT) for _ in range(5)}
    path, seen, pages = "worklist?limit=2", [], 0
    while path:
        response = network.get("public-body", path)
        seen += [item["id"] for item in response.json()["items"]]
        path = response.links.get("next", {}).get("url", "").removeprefix("/v1/")
        pages += 1

    assert made <= set(seen)
    assert len(seen) == len(set(seen))
    assert pages == -(-len(seen) // 2)


def test_positions_and_cursors_say_nothing(network: Network) -> None:
    """Two answers at the same position do not look alike, and no number shows."""
    first = network.post("support-team", "threat-cases", REPORT, Idempotency_Key="position")
    again = network.post("support-team", "threat-cases", REPORT, Idempotency_Key="position")

    assert first.headers["Weerbaar-Position"] != again.headers["Weerbaar-Position"]
