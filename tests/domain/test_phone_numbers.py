"""Which telephone numbers can be called, and how is each written in one way only?"""

import re

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.people import PersonDetails, PhoneNumber, Subject
from domain.rules.phone_numbers import SAID, in_full
from tests.domain.scenario import FIRST

NUMBER: TypeAdapter[str] = TypeAdapter(PhoneNumber)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("0612345678", "+31612345678"),
        ("06-12 34 56 78", "+31612345678"),
        ("+31 6 12345678", "+31612345678"),
        ("0031612345678", "+31612345678"),
        ("+31 (0)20 123 45 67", "+31201234567"),
        ("+31 0612345678", "+31612345678"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("(020) 123-4567", "+31201234567"),
        ("06-00 00 01 01", "+31600000101"),
        ("0164 123 456", "+31164123456"),
        ("088-1234567", "+31881234567"),
        ("+32 475 12 34 56", "+32475123456"),
        ("0032 475 12 34 56", "+32475123456"),
        ("+599 416 3311", "+5994163311"),
        ("14 0344", "140344"),
        ("14 013", "14013"),
        ("0900-8844", "09008844"),
        ("0800 1234567", "08001234567"),
    ],
)
def test_a_number_is_kept_in_one_way(said: str, kept: str) -> None:
    """However it is said; what is kept is kept as it is."""
    assert NUMBER.validate_python(said) == kept
    assert NUMBER.validate_python(kept) == kept


@pytest.mark.parametrize(
    "said",
    [
        "06-1234",
        "061234567",
        "06123456789",
        "123 45 67",
        "112",
        "00 00 00 00 00",
        "06-12345678 thuis",
        "+31 6 1234567",
        "+32 12",
        "+1234567890123456",
        "14 34",
        "0900 123",
    ],
)
def test_what_cannot_be_called_is_no_number(said: str) -> None:
    """Digits are missing, or there are too many."""
    with pytest.raises(ValidationError):
        NUMBER.validate_python(said)


@for_all(st.from_regex(SAID, fullmatch=True))
def test_whatever_may_be_said_is_kept_without_what_is_for_people(said: str) -> None:
    """With its country code, or as it is called at home; one of ours never with the nought of home besides."""
    assert re.fullmatch(r"\+(31[1-9]\d{8}|(?!31)[1-9]\d{5,14})|14\d{3,4}|0\d{7}|0\d{10}", in_full(said), re.ASCII)


def test_a_person_in_a_command_has_a_number_that_can_be_called_and_one_in_a_fact_any() -> None:
    """A fact of before holds what was said then."""
    assert PersonDetails(phone="020 123 45 67").phone == "+31201234567"
    assert Subject(subject=FIRST, phone="06-1234").phone == "06-1234"
    with pytest.raises(ValidationError):
        PersonDetails(phone="06-1234")
