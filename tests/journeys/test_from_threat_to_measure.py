"""Does a reported threat lead to an installed measure, and does everybody see what is theirs to see?"""

from typing import Any

from tests.network import Network

REPORT = {"body": "gm0855", "office": "wethouder", "call_back_number": "06-00 00 01 01", "danger_now": False}
MEASURES = {
    "measures": [
        {"kind": "physical", "one_off_cents": 185_000},
        {"kind": "electronic", "one_off_cents": 96_500, "recurring_cents_per_month": 5_000},
    ]
}


def request_advice(network: Network) -> tuple[str, str]:
    """Report a threat and request advice for it; return the ids of both cases."""
    threat = network.begin("support-team", "threat-cases", REPORT)
    request = {
        "body": "gm0855",
        "office": "wethouder",
        "holder": {"name": "Sanne Verbruggen"},
        "address": "Wilgenhof 12, Tilburg",
        "threat_case": threat,
    }
    return threat, network.begin("support-team", "security-advices", request)


def test_four_fields_put_a_threat_on_the_worklist(network: Network) -> None:
    """Intake at 23:00 needs body, office, call-back number and whether there is danger now."""
    threat = network.begin("support-team", "threat-cases", REPORT)

    (item,) = network.look("support-team", "worklist")["items"]
    assert item["id"] == threat
    assert item["number"].startswith("DR-")
    assert item["danger_now"] is False


def test_an_advised_measure_is_followed_to_its_verification(network: Network) -> None:
    """The funnel moves with every step, and shows what is still open; nobody but auditors sees numbers so small."""
    _, advice = request_advice(network)
    network.begin("ccv", f"security-advices/{advice}/home-visits", {"visitor": "ccv", "report": "Een losse voordeur."})
    network.begin("ccv", f"security-advices/{advice}/drafts", MEASURES)
    network.begin("bva", f"security-advices/{advice}/advices", MEASURES)
    network.begin("public-body", f"security-advices/{advice}/adoptions", {})
    before = measures(network, "auditor")
    for command in ("orders", "installations"):
        network.begin("public-body", f"security-advices/{advice}/{command}", {"measure": 1})
    refused = network.post("public-body", f"security-advices/{advice}/verifications", {"measure": 1})
    network.begin("public-body-colleague", f"security-advices/{advice}/verifications", {"measure": 1})

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:weerbaar:problem:installer-cannot-verify"
    assert before == {"advised": (2, 2), "ordered": (0, 0), "installed": (0, 0), "verified": (0, 0)}
    after = {"advised": (2, 1), "ordered": (1, 0), "installed": (1, 0), "verified": (1, 1)}
    assert measures(network, "auditor") == after
    for who in ("ministry-analyst", "bva", "ccv"):
        assert measures(network, who) == dict.fromkeys(after, (None, None))


def measures(network: Network, who: str) -> dict[str, tuple[int | None, int | None]]:
    """Return how many measures reached each step, and how many stand there, as *who* sees it."""
    *_, funnel = network.look(who, "measure-progress")["items"]
    return {step["step"]: (step["reached"], step["open"]) for step in funnel["measures"]}


def test_a_measure_that_is_not_installed_leaves_the_funnel_with_its_reason(network: Network) -> None:
    """Exits count too: without them nobody can say how often advice leads to a measure."""
    _, advice = request_advice(network)
    network.begin("bva", f"security-advices/{advice}/advices", MEASURES)
    network.begin("public-body", f"security-advices/{advice}/adoptions", {})
    network.begin("public-body", f"security-advices/{advice}/cancellations", {"measure": 2, "reason": "infeasible"})

    *_, funnel = network.look("auditor", "measure-progress")["items"]
    left = [one for step in funnel["measures"] for one in step["exits"] if one["count"]]
    assert left == [{"exit": "cancelled", "reason": "infeasible", "count": 1}]


def test_each_sees_what_is_expected_of_them(network: Network) -> None:
    """The queue of the CCV, of the BVA and of the public body, one after the other; the requester only follows."""
    _, advice = request_advice(network)

    def waits() -> dict[str, list[str]]:
        """Return for what the request waits, as everybody sees it."""
        whom = ("ccv", "bva", "public-body", "support-team")
        items = {who: network.look(who, "security-advices")["items"] for who in whom}
        return {
            who: [one["step"] for (item,) in [found] for one in item["waiting_for"]] for who, found in items.items()
        }

    steps: tuple[tuple[str, str, Any], ...] = (
        ("ccv", "home-visits", {"visitor": "ccv"}),
        ("ccv", "drafts", MEASURES),
        ("bva", "advices", MEASURES),
        ("public-body", "adoptions", {}),
    )
    found = [waits()]
    for who, noun, body in steps:
        network.begin(who, f"security-advices/{advice}/{noun}", body)
        found.append(waits())

    assert [one["ccv"] for one in found] == [["visit"], ["draft"], ["fix"], ["adopt"], ["order"]]
    assert [one["bva"] for one in found] == [one["ccv"] for one in found]
    assert [one["public-body"] for one in found] == [["visit"], ["advise"], ["advise"], ["adopt"], ["order"]]
    assert [one["support-team"] for one in found] == [[]] * 5
    (item,) = network.look("public-body", "security-advices?waitingFor=order")["items"]
    (wait,) = item["waiting_for"]
    assert (item["id"], wait) == (advice, {"step": "order", "measures": 2, "since": item["adopted_on"]})
    assert network.look("public-body", "security-advices?waitingFor=adopt")["items"] == []
    assert network.look("public-body-elsewhere", "security-advices")["items"] == []


def test_the_threat_case_knows_of_the_advice_and_the_body_does_not_know_of_the_threat(network: Network) -> None:
    """One command records in two streams; each shows only to those who are party to it."""
    threat, advice = request_advice(network)

    state = network.look("support-team", f"threat-cases/{threat}")["state"]
    assert state["security_advice"][0].startswith("BA-")
    assert network.get("public-body", f"threat-cases/{threat}").status_code == 404
    assert network.get("public-body", f"security-advices/{advice}").status_code == 200


def test_to_a_body_elsewhere_the_case_does_not_exist(network: Network) -> None:
    """Neither a look nor a command tells it from a case that was never there."""
    threat, advice = request_advice(network)
    paths = [f"threat-cases/{threat}", f"security-advices/{advice}"]
    looks = [f"{path}{view}" for path in paths for view in ("", "/timeline", "/replay")]

    assert {network.get("public-body-elsewhere", look).status_code for look in looks} == {404}
    assert network.get("public-body-elsewhere", f"security-advices/{advice}/progress").status_code == 404
    assert network.post("public-body-elsewhere", f"security-advices/{advice}/adoptions", {}).status_code == 404
    assert network.look("public-body-elsewhere", "cases")["items"] == []
    assert network.look("public-body-elsewhere", "worklist")["items"] == []


def test_whoever_requested_advice_sees_no_amounts(network: Network) -> None:
    """The support team follows the case it asked for; the advice with its costs is withheld without a trace."""
    _, advice = request_advice(network)
    network.begin("bva", f"security-advices/{advice}/advices", MEASURES)
    network.begin("public-body", f"security-advices/{advice}/adoptions", {})

    seen = network.look("support-team", f"security-advices/{advice}/timeline")["items"]
    assert [entry["topic"] for entry in seen] == ["security_advice.requested.v1", "security_advice.advice_adopted.v1"]
    assert [entry["version"] for entry in seen] == [1, 2]
    assert "cents" not in network.get("support-team", f"security-advices/{advice}").text


def test_an_auditor_replays_the_case_at_every_version(network: Network) -> None:
    """Each version is the case as it was, and the difference between two says what changed."""
    threat, _ = request_advice(network)
    network.begin("support-team", f"threat-cases/{threat}/assessments", {"axes": {"severity": "serious"}})

    first = network.look("auditor", f"threat-cases/{threat}/replay?version=1")
    last = network.look("auditor", f"threat-cases/{threat}/replay?sinceVersion=2")
    assert first["state"]["axes"]["severity"] is None
    assert [happening["words"] for happening in last["history"]] == [
        "A threat was reported.",
        "Security advice for the home was requested.",
        "The threat was assessed.",
    ]
    assert last["changes"] == [{"pointer": "/axes/severity", "before": None, "after": "serious"}]


def test_an_auditor_changes_nothing(network: Network) -> None:
    """Who may see everything may do nothing."""
    threat, _ = request_advice(network)

    response = network.post("auditor", f"threat-cases/{threat}/closures", {"reason": "resolved"})
    assert response.status_code == 403


def test_the_ministry_sees_figures_and_no_case(network: Network) -> None:
    """Not even that there is one."""
    threat, advice = request_advice(network)

    assert network.look("ministry-analyst", "cases")["items"] == []
    assert network.get("ministry-analyst", "worklist").status_code == 403
    assert network.get("ministry-analyst", f"threat-cases/{threat}").status_code == 404
    assert network.get("ministry-analyst", f"security-advices/{advice}").status_code == 404


def test_the_steunpunt_sees_its_register_and_no_names(network: Network) -> None:
    """Which kind of body and which kind of violation, but neither the body nor the person."""
    signal = {
        "body": "gm0758",
        "office": "raadslid",
        "nature": "conflict_of_interest",
        "person": {"name": "Joris Maas"},
        "reporter": {"name": "Fenna de Wit", "phone": "06-00 00 03 01"},
    }
    inquiry = network.begin("public-body-elsewhere", "integrity-inquiries", signal)
    unknown = network.get("steunpunt", f"integrity-inquiries/{inquiry}")
    network.begin("public-body-elsewhere", f"integrity-inquiries/{inquiry}/consultations", {"stage": "first_call"})

    network.begin("public-body-elsewhere", f"integrity-inquiries/{inquiry}/openings", {"commissioner": "mayor"})

    (entry,) = network.look("steunpunt", "steunpunt-register")["items"]
    assert unknown.status_code == 404
    assert (entry["body_kind"], entry["nature"]) == ("municipality", "conflict_of_interest")
    assert named(network, "steunpunt", inquiry) == set()
    assert named(network, "public-body-elsewhere", inquiry) == SECRETS
    assert "p-breda-1" in named(network, "auditor", inquiry)


SECRETS = {"gm0758", "raadslid", "Joris", "Fenna", "+31600", "p-breda-1"}


def named(network: Network, who: str, inquiry: str) -> set[str]:
    """Return which secrets are anywhere in what is behind the doors that *who* can open."""
    of_the_case = [f"integrity-inquiries/{inquiry}{view}" for view in ("", "/timeline", "/replay?sinceVersion=0")]
    answers = [network.get(who, path) for path in (*of_the_case, "cases", "steunpunt-register")]
    assert {answer.status_code for answer in answers} <= {200, 403}
    return {secret for answer in answers for secret in SECRETS if secret in answer.text + str(answer.headers)}
