"""What does a form know already when somebody opens it?

By command: values under the names of its fields, from the state of the case. A draft that was kept goes first.
"""

from collections.abc import Callable, Mapping
from typing import Any

from domain.basis import Command
from domain.consultation import Consultation, CorrectConsultation
from domain.security_advice import DraftAdvice, GiveAdvice, SecurityAdvice
from domain.values import Erased
from services.portal.wording import amount, phone_number


def known(value: str) -> str:
    """Return *value*, or nothing where it was erased: a form would say it again as if somebody had written it."""
    return "" if isinstance(value, Erased) else value


def measures_of_the_draft(advice: SecurityAdvice) -> dict[str, str]:
    """Return the rows of the newest draft, to be fixed or drafted anew."""
    return {
        f"measures.{n}.{name}": value
        for n, measure in enumerate(advice.draft)
        for name, value in {
            "kind": measure.kind.value,
            "one_off_cents": amount(measure.one_off_cents),
            "recurring_cents_per_month": amount(measure.recurring_cents_per_month),
            "reason": known(measure.reason.text) if measure.reason else "",
        }.items()
    }


def as_noted(consultation: Consultation) -> dict[str, str]:
    """Return what was noted of a consultation, to be changed where it is wrong."""
    noted = {
        "caller": consultation.caller,
        "body_kind": consultation.body_kind,
        "call_back_number": consultation.call_back and phone_number(consultation.call_back.phone),
        "question": consultation.question,
        "nature": consultation.nature,
        "first_summary": consultation.first_summary and consultation.first_summary.text,
        "second_summary": consultation.second_summary and consultation.second_summary.text,
        "advice": consultation.advice and consultation.advice.text,
    }
    return {name: str(value) for name, value in noted.items() if value and known(value)}


PREFILLED: Mapping[type[Command[Any]], Callable[[Any], Mapping[str, str]]] = {
    DraftAdvice: measures_of_the_draft,
    GiveAdvice: measures_of_the_draft,
    CorrectConsultation: as_noted,
}


CORRECTIONS: frozenset[type[Command[Any]]] = frozenset({CorrectConsultation})
"""These say what is wrong and nothing else."""


def said(command: type[Command[Any]], state: object, values: Mapping[str, str]) -> Mapping[str, str]:
    """Return what of *values* is said: in a correction not what stands in the form as it stood in the case.

    Whoever decides cannot tell, since what is personal is sealed there.
    """
    known = prefilled(command, state) if command in CORRECTIONS else {}
    return {name: value for name, value in values.items() if _as_typed(value) != known.get(name)}


def _as_typed(value: str) -> str:
    return value.replace("\r\n", "\n").strip()


def prefilled(command: type[Command[Any]], state: object) -> dict[str, str]:
    """Return what is known beforehand in the form of *command*, on a case in this *state*."""
    known = PREFILLED.get(command)
    return dict(known(state)) if known and state is not None else {}
