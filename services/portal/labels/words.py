"""In which forms do words for pages come?

Titles, labels and what happened begin with a capital and end without a full stop; hints and sentences end with one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.basis import Command, Fact, Refusal


class Words(NamedTuple):
    """What a command is called."""

    title: str
    """Above its form, and in the list of what can be done."""
    submit: str
    """On the button."""
    help: str = ""
    """A sentence for whoever fills in the form."""


class Label(NamedTuple):
    """What a field is called."""

    label: str
    """In a dossier, in a list of faults, and in a form."""
    hint: str = ""
    """Below it, in a form."""
    question: str = ""
    """What a form can ask in the place of the label."""

    @property
    def asked(self) -> str:
        """Return what stands above the field in a form: the question, where there is one."""
        return self.question or self.label


class KindWords(NamedTuple):
    """What the cases of a kind are called; singular and plural as they stand within a sentence."""

    singular: str
    plural: str
    new: str
    """On the button that begins one."""


class Problem(NamedTuple):
    """What a page says in the place of what was asked for."""

    title: str
    sentence: str
    """What is the matter, and what to do."""


@dataclass(frozen=True)
class Vocabulary:
    """The Dutch words for one file of the domain."""

    kinds: Mapping[str, KindWords] = field(default_factory=dict)
    facts: Mapping[type[Fact], str] = field(default_factory=dict)
    commands: Mapping[type[Command[Any]], Words] = field(default_factory=dict)
    defaults: Mapping[str, Label] = field(default_factory=dict)
    """By name, for fields that mean the same wherever they stand: in a command, a fact or a state."""
    fields: Mapping[type, Mapping[str, Label]] = field(default_factory=dict)
    """By class and name, for the others; of a class also for what derives from it."""
    refusals: Mapping[type[Refusal], str] = field(default_factory=dict)
