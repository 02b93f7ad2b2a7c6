"""Is a case number understood however somebody types it?"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.numbers import meant

PREFIXES = ("DR", "BA")


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("DR-2026-000123", ("DR-2026-000123",)),
        ("dr 2026 123", ("DR-2026-000123",)),
        (" dr2026000123 ", ("DR-2026-000123",)),
        ("DR2026-123", ("DR-2026-000123",)),
        ("dr.2025/7", ("DR-2025-000007",)),
        ("ba 12", ("BA-2026-000012",)),
        ("BA-2026-1234567", ("BA-2026-1234567",)),
        ("2025 12", ("DR-2025-000012", "BA-2025-000012")),
        ("12", ("DR-2026-000012", "BA-2026-000012")),
        ("dr 2026", ("DR-2026-002026",)),
        ("DR2026327", ("DR-2026-000327",)),
        ("dr20257", ("DR-2025-000007",)),
        ("dr2026 327", ("DR-2026-000327",)),
        ("202612", ("DR-2026-000012", "BA-2026-000012")),
        ("dr2026", ("DR-2026-002026",)),
        ("dr20271", ("DR-2026-020271",)),
        ("dr19991", ("DR-2026-019991",)),
        ("dr2027000012", ("DR-2027-000012",)),
    ],
)
def test_a_number_may_be_typed_loosely(typed: str, numbers: tuple[str, ...]) -> None:
    """What is left out is every kind of case, or this year."""
    assert meant(typed, PREFIXES, 2026) == numbers


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "DR", "Verbruggen", "IO 2026 1", "dr 26 123", "dr 2026 12 3", "2026 dr 12", "dr 2026 0123456789"],
)
def test_what_is_no_number_of_theirs_means_none(typed: str) -> None:
    """Words, another kind, too much or too little."""
    assert meant(typed, PREFIXES, 2026) == ()


@given(st.text(max_size=60))
def test_whatever_is_typed_leads_to_numbers_or_to_none(typed: str) -> None:
    """Never to an error, and only to numbers in their own form."""
    assert all(re.fullmatch(r"(DR|BA)-\d{4}-\d{6,9}", number) for number in meant(typed, PREFIXES, 2026))
