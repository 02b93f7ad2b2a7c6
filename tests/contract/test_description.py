"""Does the API do what its description says, whatever it is sent?"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from services.demo.cast import CAST
from tests.network import Network

# Refusals, versions and reused keys are answers to data that is valid in itself; what is not found or not allowed may
# be told before the data is looked at.
CONFIGURATION = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 412, 422]},
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 412, 413, 415, 422]},
    }
}


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_answers_as_described(
    network: Network, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    """All checks of schemathesis on valid and on invalid data: no 500, no undocumented answer."""
    config = SchemathesisConfig.from_dict(CONFIGURATION)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", network.client.app, config=config)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        with subtests.test(result.ok().label):
            check(result.ok(), network, mode)


def check(operation: APIOperation[Any, Any, Any, Any], network: Network, mode: GenerationMode) -> None:
    """Send *operation* what schemathesis makes up, as somebody of a role it is for."""
    roles = operation.definition.raw.get("x-roles", ["auditor"])
    headers = network.headers(next(actor for actor in CAST.values() if actor.role in roles))

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers(case: Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE:
            # Opaque: valid is only what the service gave out, which other tests hand back.
            case.headers.pop("Weerbaar-Position", None)
            case.query.pop("cursor", None)
        case.call_and_validate(headers=headers)

    answers()
