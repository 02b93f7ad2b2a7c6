"""Does the kind in ``docs/how-to/add-an-event.md`` work, exactly as it stands there?"""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from domain.basis import Kind
from infra.database import Database
from tests.network import Network, running

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/how-to/add-an-event.md").read_text("utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the code of the guide, of which there is one block."""
    (block,) = re.findall(r"(?ms)^```python\n(.*?)^```$", GUIDE)
    file = tmp_path_factory.mktemp("guide") / "key.py"
    file.write_text(block, "utf-8")
    return file


@pytest.fixture
def kind(written: Path) -> Iterator[Kind[Any]]:
    """Yield the guide's kind, from its code run as a module."""
    spec = spec_from_file_location("key", written)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where pydantic looks its annotations up
    try:
        spec.loader.exec_module(module)
        yield module.KEY
    finally:
        del sys.modules[spec.name]


@pytest.fixture
def network(database: Database, kind: Kind[Any], tmp_path: Path) -> Iterator[Network]:
    """Yield the real application with no other kind than the guide's."""
    with running(database, tmp_path, kinds=(kind,)) as network:
        yield network


def test_the_code_passes_the_checks_of_ours(written: Path) -> None:
    """It is formatted, clean and typed as everything in ``domain`` is."""
    tools = Path(sys.executable).parent
    for command in (
        (tools / "ruff", "format", "--check", "--config", ROOT / "pyproject.toml", written),
        (tools / "ruff", "check", "--config", ROOT / "pyproject.toml", "--ignore=ARG002,ARG003,INP001,RUF009", written),
        (sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--no-incremental", written),
    ):
        checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_is_recorded_is_in_the_timeline(network: Network) -> None:
    """A command is a POST, answered with 201; its fact is told in the words of its docstring."""
    lent = network.post("public-body", "keys", {"door": "Archief, kelder"})
    key = lent.json()["id"]

    assert lent.status_code == 201
    assert lent.json()["number"].startswith("SL-")
    assert lent.json()["facts"] == ["key.lent.v1"]
    assert lent.headers["Location"] == f"/v1/keys/{key}"
    history = network.look("public-body", f"keys/{key}/timeline")["items"]
    assert [entry["words"] for entry in history] == ["A key was lent."]


def test_the_state_is_replayed(network: Network) -> None:
    """As it is, and as it was."""
    key = network.begin("public-body", "keys", {"door": "Archief, kelder"})
    network.post("public-body", f"keys/{key}/returns", {"on": "2026-01-02"})
    now = network.look("public-body", f"keys/{key}/replay")
    then = network.look("public-body", f"keys/{key}/replay?version=1")

    assert (now["version"], now["state"]["returned"]) == (2, "2026-01-02")
    assert (then["version"], then["state"]["returned"]) == (1, None)
    assert now["state"]["door"] == "Archief, kelder"


def test_a_refusal_is_a_problem_with_its_name(network: Network) -> None:
    """409, with the reason of the guide and its sentence."""
    key = network.begin("public-body", "keys", {"door": "Archief, kelder"})
    network.post("public-body", f"keys/{key}/returns", {})
    refused = network.post("public-body", f"keys/{key}/returns", {})

    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:weerbaar:problem:key-is-back"
    assert refused.json()["detail"] == "The key has been returned already."


def test_permissions_follow_from_the_classes(network: Network) -> None:
    """Whoever has another role may not lend; a body elsewhere finds no key."""
    key = network.begin("public-body", "keys", {"door": "Archief, kelder"})

    assert network.post("support-team", "keys", {"door": "Archief, kelder"}).status_code == 403
    assert network.get("public-body-elsewhere", f"keys/{key}").status_code == 404
    assert network.get("auditor", f"keys/{key}").status_code == 200


def test_the_operations_describe_themselves(network: Network) -> None:
    """From the docstrings, in the description of the API."""
    described = network.client.get("/v1/openapi.json").json()["paths"]

    assert described["/keys"]["post"]["summary"] == "Record that a key was lent"
    assert described["/keys/{id}/returns"]["post"]["x-roles"] == ["public_body"]
