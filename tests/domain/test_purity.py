"""Does the domain keep its hands off the world?

It imports the standard library's plain words, pydantic and itself; it reads no clock, file, environment or network and
draws no random number. Time, actor, identifiers and reference data come in with the act.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import domain

SOURCES = sorted(Path(domain.__file__).parent.rglob("*.py"))

PACKAGES = {
    "abc",
    "collections",
    "dataclasses",
    "datetime",
    "domain",
    "enum",
    "functools",
    "pydantic",
    "pydantic_core",
    "re",
    "typing",
    "uuid",
    "zoneinfo",
}
"""What may be imported; of the standard library only what cannot reach outside."""

IMPURE = {"now", "today", "utcnow", "fromtimestamp", "uuid1", "uuid3", "uuid4", "uuid5", "uuid6", "uuid7", "uuid8"}
"""What reads a clock or makes an identifier, in modules that may be imported."""

BUILTINS = {"open", "input", "print", "exec", "eval", "compile", "__import__", "globals", "breakpoint"}


def impurities(source: str) -> Iterator[str]:
    """Yield what in *source* reaches outside."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.split(".")[0] not in PACKAGES)
            case ast.ImportFrom(module=module, level=level, names=names):
                if level or (module or "").split(".")[0] not in PACKAGES:
                    yield f"{'.' * level}{module}"
                yield from (alias.name for alias in names if alias.name in IMPURE)
            case ast.Attribute(attr=name) if name in IMPURE:
                yield name
            case ast.Name(id=name) if name in BUILTINS:
                yield name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(SOURCES[0].parent)))
def test_the_domain_reaches_nothing_outside(path: Path) -> None:
    """Not one module of it."""
    assert list(impurities(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import random as dice",
        "import pathlib",
        "from infra.settings import Settings",
        "from services import cases",
        "from . import basis",
        "from uuid import uuid4",
        "import uuid\nuuid.uuid4()",
        "from datetime import datetime\ndatetime.now()",
        "from datetime import date\ndate.today()",
        "def f():\n    import time",
        "open('x')",
    ],
)
def test_reaching_outside_is_noticed(source: str) -> None:
    """A guard that guards nothing would pass as well."""
    assert list(impurities(source)) != []
