"""Does everything that a page can show have Dutch words, is no word left over, and are they well formed?

Nothing is listed by hand: what there is follows from the kinds, from what their states hold, and from our errors.
"""

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import chain, product
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import domain
import infra
import services
from domain.basis import Refusal, SubjectId
from domain.bodies import BodyId
from domain.kinds import KINDS
from domain.organisations import Organisation, PersonKey
from domain.people import PersonDetails, Phone, Statement, Subject
from domain.security_advice import (
    GiveAdvice,
    Measure,
    MeasureKind,
    MeasureNumber,
    SecurityAdvice,
)
from domain.threat_case import Form, ReportThreat, ThreatCase
from domain.values import SLUG, Cents, Day, Flag, Instant, Line, Slug, Text
from services.portal import labels
from services.portal.forms import Input
from services.portal.labels import Label, choice, fault_sentence, field_label, state_label
from services.portal.wording import capitalised
from services.projections.measure_figures import EXITS
from services.projections.measure_progress import Step
from services.web.problems import DETAILS, Answerable

# --- what there is ----------------------------------------------------------------------------------------------------


def classes() -> set[type]:
    """Return every class of our code."""
    modules = [
        importlib.import_module(found.name)
        for package in (domain, infra, services)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return {found for module in modules for _, found in inspect.getmembers(module, inspect.isclass)}


def descendants(parent: type, among: Iterable[type]) -> set[type]:
    """Return what derives from *parent*."""
    return {found for found in among if issubclass(found, parent) and found is not parent}


def fields_in(root: Any) -> Iterator[tuple[type, str]]:  # noqa: ANN401 - a type form
    """Yield every field in *root*, a model, a dataclass or a type form, those of what it holds included."""
    if isinstance(root, type) and (issubclass(root, BaseModel) or is_dataclass(root)):
        names = root.model_fields if issubclass(root, BaseModel) else [field.name for field in fields(root)]
        hints = get_type_hints(root)
        for name in names:
            yield root, name
            yield from fields_in(hints[name])
    else:
        for part in get_args(root):
            yield from fields_in(part)


FACTS = {fact for kind in KINDS for fact in kind.facts}
COMMANDS = {command for kind in KINDS for command in kind.commands}
STATES = {type(kind.empty) for kind in KINDS}
SHOWN = set(chain.from_iterable(map(fields_in, (*FACTS, *COMMANDS, *STATES))))
"""Every field of everything that a page can show."""
OURS = classes()
REFUSALS = {
    refusal for refusal in descendants(Refusal, OURS) if refusal.__module__.startswith(("domain.", "services.cases."))
}


def names(things: Iterable[type]) -> set[str]:
    """Return the names of classes, which read better than the classes in a failure."""
    return {thing.__qualname__ for thing in things}


# --- nothing is missing, nothing left over ----------------------------------------------------------------------------


def test_every_kind_fact_command_and_refusal_has_words() -> None:
    """And there are no words for what is no more."""
    assert set(labels.KINDS) == {kind.name for kind in KINDS}
    assert names(labels.FACTS) == names(FACTS)
    assert names(labels.COMMANDS) == names(COMMANDS)
    assert names(labels.REFUSALS) == names(REFUSALS)


def found_by(model: type, name: str) -> tuple[type, str] | str | None:
    """Return under which key the words for a field stand, ``None`` where there are none."""
    own = next(((base, name) for base in model.__mro__ if (base, name) in labels.FIELDS), None)
    return own or (name if name in labels.DEFAULTS else None)


def test_every_field_has_words() -> None:
    """Of commands, facts, states and all that stands in them."""
    missing = {f"{model.__name__}.{name}" for model, name in SHOWN if found_by(model, name) is None}

    assert missing == set()


def test_no_words_are_left_over_for_a_field() -> None:
    """Neither for one class, nor by name."""
    used = {found_by(model, name) for model, name in SHOWN}

    assert {(model.__name__, name) for model, name in set(labels.FIELDS) - used} == set()
    assert set(labels.DEFAULTS) - used == set()


def test_words_for_one_class_differ_from_those_shared_by_name() -> None:
    """Otherwise they are not needed."""
    same = [
        f"{model.__name__}.{name}"
        for (model, name), label in labels.FIELDS.items()
        if label == labels.DEFAULTS.get(name)
    ]

    assert same == []


@pytest.mark.parametrize("said", ["kinds", "facts", "commands", "defaults", "fields", "refusals"])
def test_nothing_is_said_twice(said: str) -> None:
    """One file does not quietly replace what another says."""
    times = Counter(key for part in labels.VOCABULARIES for key in getattr(part, said))

    assert [key for key, count in times.items() if count > 1] == []


def test_every_error_that_is_an_answer_has_words() -> None:
    """And there are none for errors that are no more."""
    errors = names(descendants(Exception, OURS))
    statuses = {name for name in labels.PROBLEMS if name.isupper()}

    assert names(descendants(Answerable, OURS)) <= set(labels.PROBLEMS)
    assert set(labels.PROBLEMS) - statuses <= errors


def test_every_status_has_words() -> None:
    """Also those of errors that have words of their own: whoever adds one finds words at hand."""
    assert {error.status.name for error in descendants(Answerable, OURS)} <= set(labels.PROBLEMS)  # type: ignore[attr-defined]


def test_every_figure_has_a_definition() -> None:
    """And there are none for figures that are no more."""
    steps = {(figure, step) for figure in ("reached", "open") for step in Step}
    exits = set(chain.from_iterable(EXITS.values()))

    assert set(labels.DEFINITIONS) == steps | exits


# --- how they are written ---------------------------------------------------------------------------------------------

LABELS = {f"{model.__name__}.{name}": label for (model, name), label in labels.FIELDS.items()} | dict(labels.DEFAULTS)
SHORT = {
    **{name: label.label for name, label in LABELS.items()},
    **{fact.__name__: words for fact, words in labels.FACTS.items()},
    **{f"{command.__name__} title": words.title for command, words in labels.COMMANDS.items()},
    **{f"{command.__name__} submit": words.submit for command, words in labels.COMMANDS.items()},
    **{f"{name} new": words.new for name, words in labels.KINDS.items()},
    **{f"{name} title": words.title for name, words in labels.PROBLEMS.items()},
    "UNKNOWN_FACT": labels.UNKNOWN_FACT,
}
"""What stands in a line of its own."""
SENTENCES = {
    **{f"{name} hint": label.hint for name, label in LABELS.items() if label.hint},
    **{f"{command.__name__} help": words.help for command, words in labels.COMMANDS.items() if words.help},
    **{refusal.__name__: sentence for refusal, sentence in labels.REFUSALS.items()},
    **{name: words.sentence for name, words in labels.PROBLEMS.items()},
    **labels.FAULTS,
    **{" ".join(key): sentence for key, sentence in labels.DEFINITIONS.items()},
    **labels.NOTES,
}
SAME_IN_BOTH_LANGUAGES = {"aangifte", "team", "teams"}


def test_what_stands_on_a_line_of_its_own_has_no_full_stop() -> None:
    """It begins with a capital, and no blank is left at its ends."""
    assert {name: words for name, words in SHORT.items() if not re.fullmatch(r"[A-Z].*[a-z0-9]", words)} == {}


def test_a_sentence_has_a_full_stop() -> None:
    """It begins with a capital, or with a limit that is filled in."""
    assert {name: words for name, words in SENTENCES.items() if not re.fullmatch(r"[A-Z].*[^ ]\.", words)} == {}


def test_a_question_has_a_question_mark() -> None:
    """And begins with a capital."""
    questions = {name: label.question for name, label in LABELS.items() if label.question}

    assert {name: words for name, words in questions.items() if not re.fullmatch(r"[A-Z].*[^ ]\?", words)} == {}


def test_no_word_is_a_name_of_the_code() -> None:
    """An English name that slipped in is found, but for the few words that both languages have."""
    kinds = {name: words.singular for name, words in labels.KINDS.items()}
    english = {
        words for name, words in {**SHORT, **kinds}.items() if spaced(name.rpartition(".")[2]) == words.casefold()
    }

    assert english == {"Aangifte", "Team", "Teams"}


def spaced(name: str) -> str:
    """Return a name of the code as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name.partition(" ")[0]).casefold()


GLOSSARY = (
    (Path(__file__).parents[3] / "docs/glossary.md")
    .read_text("utf-8")
    .partition("## Kinds of case")[2]
    .partition("## Code lists")[0]
)
"""The kinds, the facts and the commands."""


def of_the_glossary(name: str) -> str:
    """Return the Dutch words that the glossary has for *name*, without what explains them; nothing if it has none."""
    found = re.search(rf"(?m)^\| ([^|(]+?) (?:\([^|]*\) )?\| `{name}` \|", GLOSSARY)
    return found[1] if found else ""


def test_pages_and_glossary_use_the_same_words() -> None:
    """For kinds, for what happened and for what can be done: people may look up what they read."""
    shown = {
        **{name: words.singular for name, words in labels.KINDS.items()},
        **{fact.__name__: words for fact, words in labels.FACTS.items()},
        **{command.__name__: words.title for command, words in labels.COMMANDS.items()},
    }

    assert {name: capitalised(of_the_glossary(name)) for name in shown} == {
        name: capitalised(words) for name, words in shown.items()
    }


# --- how they are found -----------------------------------------------------------------------------------------------


def test_what_a_class_derives_from_lends_it_its_words() -> None:
    """A subject is called as the person in the command was; its identifier by what is shared by name."""
    assert field_label(Subject, "phone") is labels.FIELDS[PersonDetails, "phone"]
    assert state_label(Subject, "subject") == labels.DEFAULTS["subject"].label


def test_a_field_without_words_is_a_fault_of_ours() -> None:
    """It is not shown under its English name."""
    with pytest.raises(KeyError):
        state_label(Subject, "unheard_of")


def test_a_form_asks_where_a_question_is_clearer() -> None:
    """And shows the label elsewhere."""
    assert field_label(ReportThreat, "danger_now").asked == "Is er nu gevaar?"
    assert Label("Naam").asked == "Naam"


def test_a_choice_is_shown_in_words() -> None:
    """A code by its label, a measure by its number, its kind and how its explanation begins, a team by its name."""
    explained = Statement(
        subject=SubjectId(UUID(int=1)), text="Alarm met doormelding\nnaar de meldkamer. " + "Lang. " * 20
    )
    advice = SecurityAdvice(
        measures=(
            Measure(number=1, kind=MeasureKind.ELECTRONIC, reason=explained),
            Measure(number=2, kind=MeasureKind.PHYSICAL),
        )
    )

    assert [choice(advice, number) for number in (1, 2, 3)] == [
        "1. elektronisch: Alarm met doormelding naar de meldkamer. Lang. Lang. Lang.…",
        "2. bouwkundig",
        "3",
    ]
    assert choice(ThreatCase(), Form.STALKING) == "belaging (stalking)"
    assert choice(Organisation(), "noord") == "noord"


# --- what is wrong with an answer -------------------------------------------------------------------------------------

TYPES: dict[Input, list[Any]] = {
    Input.LINE: [Line, Slug, PersonKey, MeasureNumber],
    Input.TEXT: [Text],
    Input.PHONE: [Phone],
    Input.DAY: [Day],
    Input.INSTANT: [Instant],
    Input.CHOICE: [MeasureKind],
    Input.FLAG: [Flag],
    Input.EUROS: [Cents],
    Input.BODY: [BodyId],
    Input.CASE: [UUID],
    Input.GROUP: [PersonDetails],
    Input.ROWS: [GiveAdvice],
}
"""What stands behind each kind of input."""
WRONG: list[Any] = [
    "",
    " ",
    "x",
    "x" * 5000,
    "\x00",
    "anne@example.org",
    "Drie Woorden Hier",
    "2026-02-30",
    "2026-02-30T23:00:00Z",
    "2026-03-18T23:00:00",
    "18 maart",
    -1,
    0,
    10**12,
    True,
    {},
    {"measures": []},
    {"measures": [{}] * 51},
    {"name": "", "phone": "?", "age": 3},
]
"""Answers of all sorts; each kind of input finds some of them wrong."""


def faults(behind: Any, value: object) -> list[Any]:  # noqa: ANN401 - a type form
    """Return what pydantic finds wrong with *value*."""
    try:
        TypeAdapter(behind).validate_python(value)
    except ValidationError as error:
        return error.errors()
    return []


@pytest.mark.parametrize("kind", Input, ids=lambda kind: kind.value)
def test_whatever_is_wrong_with_an_answer_is_said_in_a_sentence(kind: Input) -> None:
    """One that says what to fill in instead, with its limits, and never the one for what nobody thought of."""
    said = set()
    for behind, value in product(TYPES[kind], WRONG):
        said |= {fault_sentence(found["type"], found.get("ctx", {}), kind.value) for found in faults(behind, value)}

    assert said
    assert labels.problems.NOT_RIGHT not in said
    assert {sentence for sentence in said if not re.fullmatch(r"[A-Z][^{}]*\.", sentence)} == set()


def test_every_fault_that_the_api_explains_has_a_sentence() -> None:
    """In Dutch too."""
    assert set(DETAILS) <= set(labels.FAULTS)


def test_limits_are_written_as_people_do() -> None:
    """Numbers with a point, amounts in euro."""
    assert fault_sentence("string_too_long", {"max_length": 4000}, "text") == "Gebruik hoogstens 4.000 tekens."
    assert fault_sentence("less_than_equal", {"le": 100_000_000}, "euros") == (
        "Vul hoogstens €\N{NO-BREAK SPACE}1.000.000,00 in."
    )


def test_what_has_a_form_of_its_own_says_which() -> None:
    """Whatever was wrong with it; a text that machines use says which signs it can have."""
    assert fault_sentence("value_error", {}, "day") == "Vul een datum in, bijvoorbeeld 18-3-2026."
    assert fault_sentence("missing", {}, "day") == "Vul een datum in, bijvoorbeeld 18-3-2026."
    assert fault_sentence("string_pattern_mismatch", {"pattern": SLUG}, "line").startswith("Gebruik kleine letters")
    assert fault_sentence("missing", {}, "line") == "Vul dit in."


def test_a_fault_that_nobody_thought_of_has_a_sentence_too() -> None:
    """It says that something is wrong, and shows nothing of what was sent."""
    assert fault_sentence("unheard_of", {"input": "geheim"}, "") == "Dit klopt niet. Controleer uw antwoord."
