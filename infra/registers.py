"""Which reference data does the service bring along?"""

import csv
from collections.abc import Iterator
from importlib.resources import files

from domain.bodies import PublicBody, Register


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of the data file *name*, without the fields that are empty."""
    text = files("infra").joinpath("data", name).read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield {field: value for field, value in row.items() if value}


def public_bodies() -> Register:
    """Read the dated register of public bodies."""
    return Register(
        tuple(
            PublicBody.model_validate({**row, "successors": tuple(row.get("successors", "").split())})
            for row in rows("public_bodies.csv")
        )
    )
