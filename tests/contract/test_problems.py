"""Is every error a problem document that says what is wrong and nothing about anybody?"""

from typing import Any

import pytest
from httpx2 import Response

from services.web.edge import SECURITY_HEADERS
from tests.network import Network

REPORT = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 01", "danger_now": False}
SECRET = "Sanne Verbruggen"  # noqa: S105 - a made-up person


def problem(response: Response) -> dict[str, Any]:
    """Return the problem document that *response* must be."""
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == response.status_code
    assert {"type", "title", "detail"} <= document.keys()
    return document


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nowhere", "/v1/worklist/"])
def test_an_address_that_does_not_exist_is_a_problem(network: Network, path: str) -> None:
    """On the API, where a trailing slash is another address; elsewhere it is a page that says so."""
    response = network.client.get(path, follow_redirects=False)

    assert response.status_code == 404
    problem(response)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_does_not_fit_is_a_problem(network: Network, method: str) -> None:
    """With the methods that do."""
    response = network.client.request(method, "/v1/worklist", headers=network.headers("support-team"))

    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
    problem(response)


def test_every_fault_is_listed_with_a_pointer_to_its_field(network: Network) -> None:
    """Also unknown fields, and none of the values sent is repeated."""
    body = {"office": SECRET, "danger_now": "yes", "axes": {"form": SECRET, "shade": 1}, "victim": {"phone": SECRET}}
    response = network.post("support-team", "threat-cases", body)

    assert response.status_code == 400
    found = {fault["location"]["pointer"]: fault["code"] for fault in problem(response)["errors"]}
    assert found == {
        "#/body": "missing",
        "#/office": "enum",
        "#/call_back_number": "missing",
        "#/danger_now": "bool_type",
        "#/axes/form": "enum",
        "#/axes/shade": "extra_forbidden",
        "#/victim/phone": "string_pattern_mismatch",
    }
    assert SECRET not in response.text


def test_a_parameter_at_fault_is_named(network: Network) -> None:
    """In the query and in the headers."""
    query = problem(network.get("support-team", "worklist?limit=1000&cursor=made-up"))
    header = problem(network.get("support-team", "cases", Weerbaar_Position="made-up"))

    assert query["errors"] == [
        {"in": "query", "location": {"name": "limit"}, "code": "less_than_equal", "detail": "must be at most 200"}
    ]
    assert header["errors"][0]["in"] == "header"
    assert header["errors"][0]["location"] == {"name": "Weerbaar-Position"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"{" * 10_000, b"1" * 10_000])
def test_a_body_that_is_no_json_object_is_a_problem(network: Network, body: bytes) -> None:
    """Whatever it is instead."""
    headers = network.headers("support-team") | {"Content-Type": "application/json"}
    response = network.client.post("/v1/threat-cases", content=body, headers=headers)

    assert response.status_code == 400
    assert problem(response)["errors"]


def test_a_body_that_is_too_large_is_refused_unread(network: Network) -> None:
    """By its announced length, and by counting when none is announced."""
    headers = network.headers("support-team") | {"Content-Type": "application/json"}
    large = b" " * (network.service.settings.max_body_bytes + 1)
    announced = network.client.post("/v1/threat-cases", content=large, headers=headers)
    counted = network.client.post("/v1/threat-cases", content=iter([large[:1000], large[1000:]]), headers=headers)

    assert (announced.status_code, counted.status_code) == (413, 413)
    problem(announced)
    problem(counted)


def test_another_media_type_is_refused(network: Network) -> None:
    """A form is no command."""
    headers = network.headers("support-team") | {"Content-Type": "application/x-www-form-urlencoded"}
    response = network.client.post("/v1/threat-cases", content=b"a=b", headers=headers)

    assert response.status_code == 415
    problem(response)


def test_a_refusal_is_named_and_explained(network: Network) -> None:
    """The rule's name in the type, its sentence in the detail."""
    response = network.post("support-team", "threat-cases", REPORT | {"body": "gm9999"})

    assert response.status_code == 409
    document = problem(response)
    assert document["type"] == "urn:weerbaar:problem:unknown-body"
    assert document["detail"] == "The register knows no public body with this id on this day."


def test_a_refusal_points_at_the_field_that_it_is_about(network: Network) -> None:
    """As a fault in the input does; what the state forbids points nowhere."""
    response = network.post("support-team", "threat-cases", REPORT | {"office": "statenlid"})
    case = network.begin("support-team", "threat-cases", REPORT)
    of_the_state = problem(network.post("support-team", f"threat-cases/{case}/danger-endings", {}))

    assert response.status_code == 409
    (fault,) = problem(response)["errors"]
    assert (fault["in"], fault["location"], fault["code"]) == (
        "body",
        {"pointer": "#/office"},
        "office-not-of-this-body",
    )
    assert "errors" not in of_the_state


def test_what_a_role_may_not_do_is_403(network: Network) -> None:
    """One may know that it can be done, and not be the one to do it."""
    response = network.post("ministry-analyst", "threat-cases", REPORT)

    assert response.status_code == 403
    problem(response)


def test_every_answer_carries_the_version_and_the_security_headers(network: Network) -> None:
    """Errors too, wherever they come from."""
    answers = [
        network.client.get("/v1/nowhere"),
        network.client.get("/v1/worklist"),
        network.get("support-team", "worklist"),
        network.client.get("/health/live"),
        network.client.post("/v1/threat-cases", content=b"x", headers={"Content-Type": "text/plain"}),
    ]
    for answer in answers:
        assert {"API-Version", "Weerbaar-Request", *SECURITY_HEADERS} <= {*map(_title, answer.headers)}


def _title(name: str) -> str:
    names = {known.lower(): known for known in ("API-Version", "Weerbaar-Request", *SECURITY_HEADERS)}
    return names.get(name.lower(), name)


def test_a_failure_of_ours_tells_nothing(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the answer nor the log quotes what was being handled."""

    def fail(*_: object, **__: object) -> None:
        message = f"cannot handle {SECRET}"
        raise RuntimeError(message)

    monkeypatch.setattr(type(network.service.store), "record", fail)
    network.client._transport.raise_server_exceptions = False  # type: ignore[attr-defined] # noqa: SLF001
    response = network.post("support-team", "threat-cases", REPORT)
    network.client._transport.raise_server_exceptions = True  # type: ignore[attr-defined] # noqa: SLF001

    assert response.status_code == 500
    problem(response)
    assert SECRET not in response.text
    assert "Traceback" not in response.text
