"""Can an auditor see that the history is what it was, and hand that to somebody else?"""

from collections.abc import Callable
from contextlib import closing

import pytest

from domain.kinds import KINDS
from services.evidence import check_bundle
from services.transparency.keys import begin
from services.transparency.writer import Writer
from tests.network import Network
from tests.services.portal.conftest import Browser
from tests.services.transparency.kept import ORIGIN

Browse = Callable[[str], Browser]
PAGE = "/transparantielog"


@pytest.fixture
def case(network: Network) -> str:
    """Return the path of the dossier of a case with two facts."""
    told = {"body": "gm0363", "office": "wethouder", "call_back_number": "06 27182818", "danger_now": False}
    key = str(network.post("support-team", "threat-cases", told).json()["id"])
    assert network.post("support-team", f"threat-cases/{key}/call-notes", {"note": "Zij belde."}).status_code == 201
    network.look("auditor", f"threat-cases/{key}")
    return f"/dossiers/threat-cases/{key}"


def written(network: Network) -> None:
    """Let the log cover all there is."""
    place = network.service.portal.log
    if not place.folder.exists():
        begin(place, ORIGIN)
    Writer(network.service.database, place).catch_up()


def test_without_a_log_the_pages_say_so(browse: Browse, case: str) -> None:
    """Nothing is proved, and nobody is told that it is."""
    auditor = browse("auditor")

    assert "Er is nog geen log" in auditor.get(PAGE).text
    refused = auditor.get(f"{case}/bewijs")
    assert refused.status_code == 503
    assert "Ongewijzigd" not in refused.text


def test_the_page_tells_how_far_the_log_has_come(network: Network, browse: Browse, case: str) -> None:
    """And what it does not cover yet."""
    written(network)
    head = network.service.store.head()
    network.post("support-team", f"threat-cases/{case.rpartition('/')[2]}/call-notes", {"note": "Zij belde weer."})
    page = browse("auditor").get(PAGE).text

    assert ORIGIN in page
    assert f"{head} van {head + 1}" in page
    assert "(1 nog niet)" in page


def test_a_case_is_proved_with_a_click_and_its_bundle_holds_elsewhere(
    network: Network, browse: Browse, case: str
) -> None:
    """The bundle is the one that an outsider checks."""
    written(network)
    auditor = browse("auditor")
    page = auditor.get(f"{case}/bewijs").text
    bundle = auditor.get(f"{case}/bewijs.zip")

    assert f'href="{case}/bewijs"' in auditor.get(case).text
    assert "2 feiten" in page
    assert "Ongewijzigd" in page
    assert bundle.headers["content-type"] == "application/zip"
    assert len(check_bundle(bundle.content, KINDS).history) == 2


def test_a_case_that_was_changed_in_the_database_is_not_proved(network: Network, browse: Browse, case: str) -> None:
    """Whoever may switch off what protects the table is still found out."""
    written(network)
    with closing(network.service.database.owner(autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "update store.events set recorded_at = recorded_at - interval '1 day' where stream = %s and version = 2",
            (f"threat_case:{case.rpartition('/')[2]}",),
        )
    page = browse("auditor").get(f"{case}/bewijs")

    assert page.status_code == 409
    assert "Ongewijzigd" not in page.text
    assert "Deze zaak is veranderd" in page.text


def test_nobody_but_auditors_sees_any_of_it(browse: Browse, case: str) -> None:
    """Also not whoever handles the case."""
    for path in (PAGE, f"{case}/bewijs", f"{case}/bewijs.zip"):
        assert browse("support-team").get(path).status_code == 403
    assert "bewijs" not in browse("support-team").get(case).text
