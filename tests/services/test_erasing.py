"""Is what was forgotten forgotten on every door, and does everything else go on?"""

from uuid import UUID

import pytest

from domain.organisations import ErasureReason
from services.app import now
from services.cli import OPERATOR
from services.erasing import Erasing, NothingToErase
from services.projections.rebuilding import rebuild
from services.projections.register import VIEWS
from services.projections.runner import Runner
from tests.network import Network, projector_store

NAME, PHONE, WORDS = "Klaartje Zwaluwstaart", "06 27182818", "Hij stond weer bij haar deur aan de Merelhof."
READS = ("", "/timeline", "/replay")


@pytest.fixture
def case(network: Network) -> str:
    """Return the id of a case about somebody, who was called once."""
    told = {
        "body": "gm0363",
        "office": "wethouder",
        "call_back_number": PHONE,
        "reporter_name": NAME,
        "account": WORDS,
        "danger_now": True,
    }
    found = str(network.post("support-team", "threat-cases", told).json()["id"])
    assert network.post("support-team", f"threat-cases/{found}/call-notes", {"note": WORDS}).status_code == 201
    return found


@pytest.fixture
def erasing(network: Network) -> Erasing:
    """Return what erases."""
    return Erasing(network.service.store, OPERATOR, now)


def test_of_somebody_forgotten_nothing_can_be_read_and_nothing_more_recorded(
    network: Network, case: str, erasing: Erasing
) -> None:
    """At once, by whoever could read it before; the case itself goes on, and says where it plays."""
    before = network.get("support-team", f"threat-cases/{case}").json()
    subject = before["state"]["reporter"]["subject"]
    erasing.person(f"threat_case:{case}", UUID(subject), ErasureReason.REQUEST)

    for who in ("support-team", "auditor"):
        read = "".join(network.get(who, f"threat-cases/{case}{path}").text for path in READS)
        assert not [told for told in (NAME, PHONE, WORDS) if told in read]
        assert "(gewist)" in read
        assert "gm0363" in read
    refused = network.post("support-team", f"threat-cases/{case}/call-notes", {"note": WORDS})
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("nothing-more-to-record")
    assert network.post("support-team", f"threat-cases/{case}/police-notifications", {}).status_code == 201
    with pytest.raises(NothingToErase):
        erasing.person(f"threat_case:{case}", UUID(subject), ErasureReason.REQUEST)


def test_a_case_forgotten_is_seen_by_auditors_only_and_tells_no_body(
    network: Network, case: str, erasing: Erasing
) -> None:
    """Once the views are made anew, no row of them tells where it played."""
    erasing.case(f"threat_case:{case}", ErasureReason.RETENTION)
    database = network.service.database
    for view in VIEWS:
        rebuild(database, projector_store(database), view)

    for path in READS:
        assert network.get("support-team", f"threat-cases/{case}{path}").status_code == 404
        read = network.get("auditor", f"threat-cases/{case}{path}")
        assert read.status_code == 200
        assert not [told for told in (NAME, PHONE, WORDS, "gm0363", "wethouder") if told in read.text]
    mine = [item for item in network.get("auditor", "worklist").json()["items"] if item["id"] == case]
    assert [(item["body"], item["office"]) for item in mine] == [("(gewist)", "(gewist)")]


def test_that_something_was_forgotten_is_recorded_and_not_whose(network: Network, case: str, erasing: Erasing) -> None:
    """On the network itself: why, how much and how many keys."""
    erasing.case(f"threat_case:{case}", ErasureReason.MISTAKE)
    database = network.service.database
    Runner(database, projector_store(database), VIEWS).catch_up()
    last = network.get("auditor", "organisations/netwerk/timeline").json()["items"][-1]

    assert last["topic"] == "organisation.data_erased.v1"
    assert last["fact"] == {"scope": "case", "reason": "mistake", "keys": 2}
    assert case not in str(last)
