"""Which Dutch words stand on pages for what the domain names in English, and for what can go wrong?

Codes carry their own words (``CodeList.label``); all others are here, as data: a file per file of the domain, put
together in one register. ``tests/services/portal/test_labels.py`` sees to it that none is missing and none left over.
"""

from collections.abc import Mapping
from textwrap import shorten
from typing import Any

from domain.basis import Command, Fact, Refusal
from domain.security_advice import Measure, SecurityAdvice
from domain.values import CodeList
from services.portal.labels import (
    common,
    consultation,
    integrity_inquiry,
    organisations,
    security_advice,
    threat_case,
)
from services.portal.labels.figures import DEFINITIONS, NOTES
from services.portal.labels.problems import FAULTS, PROBLEMS, fault_sentence
from services.portal.labels.words import KindWords, Label, Problem, Vocabulary, Words

__all__ = [
    "COMMANDS",
    "DEFAULTS",
    "DEFINITIONS",
    "FACTS",
    "FAULTS",
    "FIELDS",
    "KINDS",
    "NOTES",
    "PROBLEMS",
    "REFUSALS",
    "UNKNOWN_FACT",
    "VOCABULARIES",
    "KindWords",
    "Label",
    "Problem",
    "Vocabulary",
    "Words",
    "choice",
    "fault_sentence",
    "field_label",
    "state_label",
]

VOCABULARIES = (
    common.WORDS,
    threat_case.WORDS,
    security_advice.WORDS,
    integrity_inquiry.WORDS,
    consultation.WORDS,
    organisations.WORDS,
)

KINDS: Mapping[str, KindWords] = {name: words for part in VOCABULARIES for name, words in part.kinds.items()}
"""By the name of the kind."""
FACTS: Mapping[type[Fact], str] = {fact: words for part in VOCABULARIES for fact, words in part.facts.items()}
"""What happened, in the past tense."""
COMMANDS: Mapping[type[Command[Any]], Words] = {
    command: words for part in VOCABULARIES for command, words in part.commands.items()
}
DEFAULTS: Mapping[str, Label] = {name: label for part in VOCABULARIES for name, label in part.defaults.items()}
"""By name, for fields that mean the same wherever they stand."""
FIELDS: Mapping[tuple[type, str], Label] = {
    (model, name): label
    for part in VOCABULARIES
    for model, labels in part.fields.items()
    for name, label in labels.items()
}
"""For the others, by class and name."""
REFUSALS: Mapping[type[Refusal], str] = {
    refusal: sentence for part in VOCABULARIES for refusal, sentence in part.refusals.items()
}
"""What is wrong, and what to do."""

EXPLAINED = 60
"""As many characters of its explanation tell one measure from another."""
UNKNOWN_FACT = "Iets wat deze versie nog niet kent"
"""What happened, where a newer release recorded it."""


def field_label(model: type, name: str) -> Label:
    """Return the words for a field of *model*: a command, a fact, a state, or what stands in one of them."""
    for base in model.__mro__:
        if found := FIELDS.get((base, name)):
            return found
    return DEFAULTS[name]


def state_label(model: type, name: str) -> str:
    """Return what a field of a state or a fact is called in a dossier."""
    return field_label(model, name).label


def choice(state: object, value: object) -> str:
    """Return the words for a value that a field can have in this *state*: a code, a team, the number of a measure."""
    if isinstance(value, CodeList):
        return value.label
    measures = state.measures if isinstance(state, SecurityAdvice) else ()
    return next((_measure(measure) for measure in measures if measure.number == value), str(value))


def _measure(measure: Measure) -> str:
    kind = measure.kind.label if measure.kind else ""
    explained = f": {shorten(measure.reason.text, EXPLAINED, placeholder='…')}" if measure.reason else ""
    return f"{measure.number}. {kind}{explained}"
