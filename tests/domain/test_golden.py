"""Can everything that was ever stored still be read?

``tests/golden/<topic>.json`` is a fact of each topic as the store holds it. What a file says is never changed: a fact
that takes another shape takes another topic. Only a field that may be absent is added, to the fact and to its file.
Make the missing ones, and only those, with ``python -m tests.domain.test_golden``.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.basis import Fact, Kind
from domain.kinds import KINDS
from tests.domain.shapes import example

GOLDEN = Path(__file__).parents[1] / "golden"
STORED = sorted(GOLDEN.glob("*.json"))
TOPICS: dict[str, tuple[Kind[Any], type[Fact]]] = {fact.topic: (kind, fact) for kind in KINDS for fact in kind.facts}


def test_every_topic_has_a_stored_example() -> None:
    """And every example a topic: what was stored once can be loaded for ever."""
    assert {path.stem for path in STORED} == set(TOPICS)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_fact_is_read_as_it_was_written(path: Path) -> None:
    """Nothing is lost, nothing is added, and it adds up."""
    kind, fact = TOPICS[path.stem]
    text = path.read_text(encoding="utf-8")
    loaded = fact.model_validate_json(text)

    assert json.loads(loaded.model_dump_json(exclude_none=True)) == json.loads(text)
    assert kind.replay([loaded]) == kind.replay([loaded])


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_fact_has_every_field_filled(path: Path) -> None:
    """Otherwise a field could change its form unnoticed."""
    stored = json.loads(path.read_text(encoding="utf-8"))

    assert set(stored) == set(TOPICS[path.stem][1].model_fields)


def write_missing() -> None:
    """Write an example for every topic that has none."""
    for topic, (_, fact) in TOPICS.items():
        path = GOLDEN / f"{topic}.json"
        if not path.exists():
            stored = json.loads(example(fact).model_dump_json(exclude_none=True))
            path.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_missing()
