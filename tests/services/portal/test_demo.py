"""Does the day of the demo leave everybody something to do on the page with which they begin?"""

import re
from collections.abc import Callable

import pytest

from domain.basis import Role
from services.demo.cast import CAST
from services.demo.day import play
from services.projections.measure_progress import QueueStep
from tests.network import Network
from tests.pages.served import answering
from tests.services.portal.conftest import Browser

Browse = Callable[[str], Browser]

AT_WORK = {Role.SUPPORT_TEAM, Role.PUBLIC_BODY, Role.STEUNPUNT, Role.BVA, Role.CCV, Role.AUDITOR, Role.ADMINISTRATOR}
"""Who begins with a list; the ministry sees figures."""


@pytest.fixture(scope="module", autouse=True)
def day(network: Network) -> None:
    """Let the day have been played."""
    begin = {"organisation": "ondersteuningsteam", "name": "Ondersteuningsteam", "kind": "support_team"}
    tilburg = {"organisation": "gm0855", "name": "Gemeente Tilburg", "kind": "public_body"}
    for body in (begin, tilburg):
        network.begin("administrator", "organisations", body)
    appointment = {"person": "p-tilburg-2", "role": "public_body"}
    network.begin("administrator", "organisations/gm0855/appointments", appointment)
    with answering(network.client.app) as url:
        for _ in play(url, network.issuer, network.service.clock):
            pass
    network.settle()


@pytest.mark.parametrize("who", [who for who, actor in CAST.items() if actor.role in AT_WORK])
def test_everybody_begins_with_work(browse: Browse, who: str) -> None:
    """There is a row in the list that their role begins with."""
    assert re.findall(r'<th scope="row"><a class="utrecht-link', browse(who).get("/").text)


@pytest.mark.parametrize(
    ("who", "step"),
    [
        ("ccv", QueueStep.VISIT),
        ("ccv", QueueStep.DRAFT),
        ("bva", QueueStep.FIX),
        ("public-body-colleague", QueueStep.VERIFY),
    ],
)
def test_each_adviser_has_advice_that_waits(browse: Browse, who: str, step: QueueStep) -> None:
    """For a visit, for a draft, to be fixed; and a colleague has a measure to verify."""
    assert "/dossiers/security-advices/" in browse(who).get(f"/adviezen?toon={step.value}").text
