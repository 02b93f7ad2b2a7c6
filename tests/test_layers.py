"""Do the imports point one way, and would we hear of it if one did not?"""

import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import grimp
import pytest

from services.projections.register import VIEWS

ROOT = Path(__file__).parents[1]
PACKAGES = ("domain", "infra", "services")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS: dict[str, dict[str, Any]] = {
    contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
}

VIOLATIONS = {
    "layers": (
        ("domain/wrong.py", "import infra.database"),
        ("domain/wrong.py", "import services.cases.handling"),
        ("infra/wrong.py", "import services.web.problems"),
    ),
    "services": (
        ("services/cases/wrong.py", "import services.projections.worklist"),
        ("services/projections/wrong.py", "import services.cases.handling"),
        ("services/transparency/wrong.py", "import services.cases.handling"),
        ("services/transparency/wrong.py", "import services.projections.worklist"),
        ("services/projections/wrong.py", "import services.transparency.writer"),
        ("services/transparency/wrong.py", "import services.evidence"),
        ("services/evidence.py", "import services.app"),
        ("services/web/wrong.py", "import services.cases.handling"),
        ("services/web/wrong.py", "import services.projections.worklist"),
        ("services/cases/wrong.py", "import services.app"),
        ("services/operation.py", "import services.app"),
        ("services/app.py", "import services.demo.run"),
        ("services/app.py", "import services.history.recording"),
        ("services/history/wrong.py", "import services.demo.run"),
        ("services/demo/wrong.py", "import services.cli"),
        ("services/nowhere.py", "import domain.basis"),
    ),
    "pure-domain": (
        ("domain/wrong.py", "import fastapi"),
        ("domain/wrong.py", "from psycopg import sql"),
        ("domain/wrong.py", "def late():\n    import eventsourcing.persistence"),
        ("domain/rules/wrong.py", "import structlog"),
    ),
    "views": (
        ("services/projections/worklist.py", "import services.projections.timeline"),
        ("services/projections/cases.py", "from services.projections.access import ACCESS"),
    ),
}
"""By contract: a file, and a line in it that the contract does not allow."""


def lint_imports(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """Check the packages in *folder* against one contract."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--no-logo", "--contract", contract],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the code and of its contracts."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_code_keeps_its_contracts(contract: str) -> None:
    """The imports of the code as it stands point the way they should."""
    checked = lint_imports(ROOT, contract)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [(contract, *violation) for contract, violations in VIOLATIONS.items() for violation in violations],
)
def test_a_contract_bites(copied: Path, contract: str, file: str, line: str) -> None:
    """An import that points the wrong way is found, and breaks this contract."""
    place = copied / file
    before = place.read_text("utf-8") if place.exists() else None
    place.write_text(f"{before or ''}\n{line}\n", "utf-8")
    try:
        checked = lint_imports(copied, contract)
    finally:
        if before is None:
            place.unlink()
        else:
            place.write_text(before, "utf-8")

    assert checked.returncode == 1, checked.stderr
    assert "0 kept, 1 broken" in checked.stdout
    assert place.stem in checked.stdout


def test_every_contract_is_shown_to_bite() -> None:
    """A contract that nobody has seen fail may guard nothing."""
    assert VIOLATIONS.keys() == CONTRACTS.keys()


def test_the_domain_uses_pydantic_and_the_standard_library_only() -> None:
    """Also packages that nobody thought of forbidding are found."""
    graph = grimp.build_graph("domain", include_external_packages=True, cache_dir=None)
    used = {
        imported.partition(".")[0]
        for module in graph.modules
        if module.partition(".")[0] == "domain"
        for imported in graph.find_modules_directly_imported_by(module)
    }

    assert used - sys.stdlib_module_names - {"domain"} <= {"pydantic", "pydantic_core"}


def test_the_domain_is_kept_from_every_package_we_depend_on() -> None:
    """Whoever adds a dependency forbids it to the domain too."""
    needed = {
        requirement.partition(">")[0].partition("[")[0] for requirement in PYPROJECT["project"]["dependencies"]
    } - {"pydantic", "tzdata"}
    ours = {
        package
        for package, distributions in packages_distributions().items()
        if needed.intersection(distributions) and not package.startswith("_")
    }

    assert "psycopg" in ours
    assert ours - set(CONTRACTS["pure-domain"]["forbidden_modules"]) == set()


def test_every_view_is_kept_from_the_others() -> None:
    """Whoever adds a view adds it to the contract."""
    kept = {module.rpartition(".")[2] for module in CONTRACTS["views"]["modules"]}

    assert kept == {view.name for view in VIEWS}
