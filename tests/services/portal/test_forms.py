"""Does a form ask all that its command takes, and does it understand what people write?"""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from domain.basis import Command
from domain.consultation import RequestConsultation
from domain.integrity_inquiry import ConsultSteunpunt
from domain.kinds import KINDS
from domain.organisations import EndMembership, RecordMilestone, RegisterOrganisation
from domain.security_advice import GiveAdvice, OrderMeasure
from domain.threat_case import AssessThreat, ReportThreat
from services.portal.forms import (
    Field,
    Form,
    Input,
    Lookup,
    cents,
    day,
    faults_of,
    fields_of,
    instant,
    narrowed,
    read,
    without_row,
)
from tests.services.portal.conftest import Browser

LOOKUP = Lookup(body={"Tilburg (gemeente)": "gm0855"}.get, case={"DR-2026-000001": "the-case"}.get)
COMMANDS = [command for kind in KINDS for command in kind.commands]
FOUR = {"body": "Tilburg (gemeente)", "office": "wethouder", "call_back_number": "06 00 00 01 01", "danger_now": "ja"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_form_asks_every_field_of_its_command(command: type[Command[Any]]) -> None:
    """Once each, under a label, and as a question of its own."""
    fields = fields_of(command)

    assert [found.name for found in fields] == list(command.model_fields)
    assert all(found.label and found.asked for found in fields)


def test_a_public_body_chooses_among_the_offices_that_it_has(browse: Callable[[str], Browser]) -> None:
    """A municipality has no gedeputeerde; the support team has every body before it, and so every office."""
    own, every = (browse(who).get("/nieuw/threat-cases").text for who in ("public-body", "support-team"))
    signal = browse("public-body").get("/nieuw/integrity-inquiries").text

    assert ['value="wethouder"' in page for page in (own, every, signal)] == [True, True, True]
    assert ['value="gedeputeerde"' in page for page in (own, every, signal)] == [False, True, False]
    assert ['value="civil_servant"' in page for page in (own, every, signal)] == [True, True, False]


@pytest.mark.parametrize(
    ("command", "first"),
    [
        (ReportThreat, ["body", "office", "call_back_number", "danger_now", "account"]),
        (AssessThreat, ["axes.severity", "axes.form", "axes.channel", "axes.target"]),
        (RequestConsultation, ["caller", "body_kind", "call_back_number", "question"]),
        (RegisterOrganisation, ["kind", "name", "organisation"]),
        (RecordMilestone, ["milestone", "detail", "on", "body", "source"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_form_asks_first_what_people_know_first(command: type[Command[Any]], first: list[str]) -> None:
    """What decides what happens tonight, and what is told in one breath, before what only shows later."""
    names = [name for found in fields_of(command) for name in found.names()]

    assert names[: len(first)] == first


def test_four_answers_make_a_report() -> None:
    """What is left empty is left out, also of a group."""
    said = read(fields_of(ReportThreat), FOUR | {"victim.name": " ", "axes.form": ""}, LOOKUP)

    assert said == {"body": "gm0855", "office": "wethouder", "call_back_number": "06 00 00 01 01", "danger_now": True}
    assert ReportThreat.model_validate(said).danger_now is True


def test_rows_are_read_in_their_order() -> None:
    """An empty row after the last filled one is none; one between two others is one, and is found at fault."""
    typed = {
        "measures.0.kind": "physical",
        "measures.0.one_off_cents": "1.250,50",
        "measures.2.kind": "electronic",
        "measures.2.one_off_cents": "€ 600",
        "measures.2.recurring_cents_per_month": "49,95",
        "measures.3.kind": "",
    }
    said = read(fields_of(GiveAdvice), typed, LOOKUP)

    assert [row.get("one_off_cents") for row in said["measures"]] == [125_050, None, 60_000]
    assert said["measures"][2]["recurring_cents_per_month"] == 4_995


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1.250", 125_000),
        ("1250", 125_000),
        ("49,95", 4_995),
        ("€ 2.400,00", 240_000),
        ("600,-", 60_000),
        ("12,5", 1_250),
    ],
)
def test_amounts_are_understood_as_people_write_them(typed: str, meant: int) -> None:
    """With points, commas and the sign of the euro."""
    assert cents(typed) == meant


@pytest.mark.parametrize("typed", ["12.50", "1,505", "veel", "-3", "1.25.000"])
def test_an_amount_that_is_none_stays_as_it_is(typed: str) -> None:
    """The command finds the fault, and the page shows what was typed."""
    assert cents(typed) == typed


def test_days_and_moments_are_understood() -> None:
    """A moment is one on the clock in the Netherlands, in winter and in summer."""
    assert day("18-3-2026") == "2026-03-18"
    assert day("2026-03-18") == "2026-03-18"
    assert day("31-2-2026") == "31-2-2026"
    assert instant("2026-03-18T23:00") == "2026-03-18T23:00:00+01:00"
    assert instant("2026-07-18T23:00") == "2026-07-18T23:00:00+02:00"
    assert instant("18-3-2026 23:04") == "2026-03-18T23:04:00+01:00"


def test_a_time_that_no_clock_shows_is_none() -> None:
    """In the night in which summer time begins; the hour that comes twice is taken as the first one."""
    assert instant("2027-03-28T02:30") == "2027-03-28T02:30"
    assert instant("2026-10-25T02:30") == "2026-10-25T02:30:00+02:00"
    assert instant("zo meteen") == "zo meteen"


def test_every_fault_stands_at_its_field() -> None:
    """Also in a group, and in a row."""
    fields = fields_of(ReportThreat)
    typed = FOUR | {"victim.phone": "geen", "axes.form": "boos", "body": "Utrecht", "danger_now": ""}
    form = Form(fields, typed, faults(ReportThreat, typed))

    assert form.faults.keys() == {"body", "danger_now", "victim.phone", "axes.form"}
    assert form.faults["body"] == "Kies een gemeente, provincie of waterschap uit de lijst."
    assert [place for place, _, _ in form.summary()] == [
        "field-body",
        "field-danger_now",
        "field-victim-phone",
        "field-axes-form",
    ]


def test_a_fault_in_a_row_names_the_row() -> None:
    """So that somebody with ten measures finds it."""
    typed = {"measures.0.kind": "physical", "measures.0.one_off_cents": "600", "measures.1.kind": "electronic"}

    assert set(faults(GiveAdvice, typed)) == {"measures.1.one_off_cents"}


def test_an_empty_form_asks_for_what_is_needed() -> None:
    """At the first field of rows that are all missing."""
    assert set(faults(ReportThreat, {})) == {"body", "office", "call_back_number", "danger_now"}
    assert set(faults(GiveAdvice, {})) == {"measures.0.kind"}
    assert set(faults(ConsultSteunpunt, {})) == {"stage"}


def test_no_fault_repeats_what_was_typed() -> None:
    """It may be somebody's name."""
    typed = {"office": "Sanne Verbruggen", "danger_now": "Sanne Verbruggen", "victim.phone": "Sanne Verbruggen"}

    assert "Sanne" not in " ".join(faults(ReportThreat, typed).values())


def test_a_form_grows_by_the_row_that_was_asked_for() -> None:
    """Without a script, by sending the form."""
    rows = fields_of(GiveAdvice)[0]

    assert rows.input is Input.ROWS
    assert len(Form((rows,)).rows(rows)) == 1
    assert len(Form((rows,), {"measures.1.kind": "physical"}).rows(rows)) == 2
    assert len(Form((rows,), {"measures.1.kind": "physical"}, more=True).rows(rows)) == 3
    assert len(Form((rows,), {"measures.999.kind": "physical"}, more=True).rows(rows)) == 100


def test_a_row_is_taken_out_and_the_others_move_up() -> None:
    """Whatever else was typed stays."""
    typed = [("measures.0.kind", "a"), ("on", "2026-01-01"), ("measures.1.kind", "b"), ("measures.10.kind", "c")]

    assert without_row(typed, "measures.0") == (
        ("on", "2026-01-01"),
        ("measures.0.kind", "b"),
        ("measures.9.kind", "c"),
    )
    assert without_row(typed, "measures") == typed


def test_a_choice_is_the_kind_of_value_that_was_offered() -> None:
    """The number of a measure is a number; somebody's pseudonym may look like one and is none."""
    (measure,) = narrowed((fields_of(OrderMeasure)[0],), {"measure": (1, 2)}, lambda _, value: str(value))
    (person,) = narrowed((fields_of(EndMembership)[0],), {"person": ("12345",)}, lambda _, value: str(value))

    assert read((measure,), {"measure": "2"}, LOOKUP) == {"measure": 2}
    assert read((person,), {"person": "12345"}, LOOKUP) == {"person": "12345"}


def faults(command: type[Command[Any]], typed: dict[str, str]) -> dict[str, str]:
    """Return what is wrong with what was typed in the form of *command*."""
    fields: tuple[Field, ...] = fields_of(command)
    with pytest.raises(ValidationError) as error:
        command.model_validate(read(fields, typed, LOOKUP))
    return faults_of(error.value, fields)
