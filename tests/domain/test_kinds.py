"""What is true of every kind of stream, whatever it is about?"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import timedelta
from itertools import compress
from types import UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.basis import Command, Fact, Kind, OrganisationId, Party, Refusal, Role, may_see
from domain.consultation import ConsultationRequested
from domain.integrity_inquiry import SignalReceived
from domain.kinds import KINDS
from domain.people import Office
from domain.security_advice import (
    AdviceGiven,
    AdviceRequested,
    MeasureCancelled,
    MeasureDeclined,
    MeasureInstalled,
    MeasureOrdered,
    MeasureRemoved,
    MeasureVerified,
)
from domain.threat_case import THREAT_CASE, DangerPassed, ThreatReported, VptCodeAdded
from domain.values import CodeList, Model, Sensitivity, sensitive_fields
from tests.domain.scenario import EVERYONE, NOW, When, given
from tests.domain.shapes import OTHER_STREAM, admits, alternatives, annotation_of, bare, example, instances

FACTS = [fact for kind in KINDS for fact in kind.facts]
COMMANDS = [command for kind in KINDS for command in kind.commands]
REFUSALS = sorted(Refusal.__subclasses__(), key=lambda refusal: refusal.name())
DOMAIN_REFUSALS = [refusal for refusal in REFUSALS if refusal.__module__.startswith("domain.")]

by_name = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_fact = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.topic)
each_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
often = settings(max_examples=30, deadline=None)


# --- histories --------------------------------------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn, kind: Kind[Any]) -> list[Fact]:
    """Let random people give random commands to a stream of *kind* and keep what comes of it.

    A refused command gives way to one that is not, so that histories get somewhere.
    """
    begin, *changing = kind.commands
    history = _outcome(draw, [], draw(instances(begin))) or [example(kind.facts[0])]
    for command in draw(st.lists(st.sampled_from(changing).flatmap(instances), min_size=6, max_size=20)):
        place = changing.index(type(command))
        instead = (example(other) for other in (*changing[place:], *changing[:place]))
        history += next(filter(None, (_outcome(draw, history, attempt) for attempt in (command, *instead))), [])
    return history


def _outcome(draw: st.DrawFn, history: list[Fact], command: Command[Any]) -> list[Fact]:
    """Return what follows in the stream itself, nothing if the command is forbidden or refused."""
    attempt = (
        given(*history)
        .beside(THREAT_CASE, OTHER_STREAM, example(ThreatReported))
        .when(
            command,
            by=draw(st.sampled_from([somebody for somebody in EVERYONE if somebody.role in command.roles])),
            at=NOW + timedelta(hours=len(history)),
        )
    )
    try:
        outcome = attempt.outcome() if attempt.known and attempt.allowed else ()
    except Refusal:
        return []
    return [fact for fact in outcome if isinstance(fact, Fact)]


@by_name
@often
@for_all(data=st.data())
def test_any_part_of_a_history_adds_up(kind: Kind[Any], data: st.DataObject) -> None:
    """A partner replays only what it may see, and a tightened rule makes no old case unloadable."""
    history = data.draw(histories(kind))
    kept = data.draw(st.lists(st.booleans(), min_size=len(history), max_size=len(history)))

    kind.grants(kind.replay(compress(history, kept)))
    for party in Party:
        kind.grants(kind.replay(fact for fact in history if party in fact.seen_by()))


@by_name
@often
@for_all(data=st.data())
def test_facts_add_up_in_any_order(kind: Kind[Any], data: st.DataObject) -> None:
    """Evolving never judges: not even the order in which things happened."""
    facts = data.draw(st.lists(st.sampled_from(kind.facts).flatmap(instances), max_size=12))

    kind.grants(kind.replay(facts))


@by_name
@often
@for_all(data=st.data())
def test_a_history_read_back_adds_up_to_the_same(kind: Kind[Any], data: st.DataObject) -> None:
    """Replaying twice gives one state, also after the facts were stored as JSON."""
    history = data.draw(histories(kind))
    stored = [fact.model_dump_json(exclude_none=True) for fact in history]
    loaded = [type(fact).model_validate_json(text) for fact, text in zip(history, stored, strict=True)]

    assert loaded == history
    assert kind.replay(loaded) == kind.replay(history) == kind.replay(history)


@by_name
@often
@for_all(data=st.data())
def test_nothing_is_accepted_but_what_is_offered(kind: Kind[Any], data: st.DataObject) -> None:
    """A page shows a command while it is ready, with its choices alone: that leaves out nothing that could be done."""
    history = data.draw(histories(kind))
    for command in kind.commands:
        attempt = (
            given(*([] if command.creates else history))
            .beside(THREAT_CASE, OTHER_STREAM, example(ThreatReported))
            .when(
                data.draw(instances(command)),
                by=data.draw(st.sampled_from([somebody for somebody in EVERYONE if somebody.role in command.roles])),
                at=NOW + timedelta(hours=len(history)),
            )
        )
        needed = {name for name, info in command.model_fields.items() if info.is_required()}

        assert attempt.choices.keys() <= command.model_fields.keys()
        if attempt.ready:
            assert all(attempt.choices[name] for name in attempt.choices.keys() & needed), "nothing is left to choose"
        assert attempt.needed <= command.model_fields.keys() - needed
        if attempt.known and attempt.allowed and _is_accepted(attempt):
            for name, offered in attempt.choices.items():
                assert getattr(attempt.command, name) in {None, *offered}
            assert all(getattr(attempt.command, name) is not None for name in attempt.needed)


@by_name
@often
@for_all(data=st.data())
def test_whoever_gives_a_command_sees_what_it_records(kind: Kind[Any], data: st.DataObject) -> None:
    """Else the version that they are answered with is not that of what they see."""
    history = data.draw(histories(kind))
    for command in kind.commands:
        attempt = (
            given(*([] if command.creates else history))
            .beside(THREAT_CASE, OTHER_STREAM, example(ThreatReported))
            .when(
                example(command),
                by=data.draw(st.sampled_from([somebody for somebody in EVERYONE if somebody.role in command.roles])),
                at=NOW + timedelta(hours=len(history)),
            )
        )
        if attempt.known and attempt.allowed and _is_accepted(attempt):
            recorded = [fact for fact in attempt.outcome() if isinstance(fact, Fact)]
            grants = kind.grants(kind.replay([*attempt.facts, *recorded]))

            assert all(may_see(attempt.by, fact, grants) for fact in recorded)


def _is_accepted(attempt: When) -> bool:
    try:
        attempt.outcome()
    except Refusal:
        return False
    return True


def said(shown: Any, name: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """Yield every value in JSON that says something, with the name of its field."""
    match shown:
        case dict():
            for key, value in shown.items():
                yield from said(value, key)
        case list():
            for value in shown:
                yield from said(value, name)
        case None:
            pass
        case _:
            yield name, shown


def as_json(state: Any) -> Any:  # noqa: ANN401 - any state, and JSON
    """Return *state* as the API shows it."""
    return TypeAdapter(type(state)).dump_python(state, mode="json")


@by_name
def test_the_state_of_no_facts_says_nothing(kind: Kind[Any]) -> None:
    """Not that there is no danger, nor that something costs nothing."""
    assert list(said(as_json(kind.empty))) == []


BY_ITS_TYPE: dict[type[Fact], set[tuple[str, object]]] = {
    ThreatReported: {("party", "owner")},
    SignalReceived: {("party", "owner")},
    ConsultationRequested: {("party", "owner")},
    AdviceRequested: {
        ("party", "owner"),
        ("role", "public_body"),
        ("party", "requester"),
        ("party", "adviser"),
        ("role", "bva"),
        ("role", "ccv"),
    },
    VptCodeAdded: {("vpt_code", True)},
    DangerPassed: {("danger_now", False)},
    AdviceGiven: {("status", "advised")},
    MeasureOrdered: {("status", "ordered")},
    MeasureInstalled: {("status", "installed")},
    MeasureVerified: {("status", "verified")},
    MeasureDeclined: {("status", "declined")},
    MeasureCancelled: {("status", "cancelled")},
    MeasureRemoved: {("status", "removed")},
}
"""What a fact says by having happened, besides what stands in it."""


def sayings(facts: Iterable[Fact]) -> set[tuple[str | None, str]]:
    """Return all that *facts* say; numbers, yes and no with the name of their field, for they mean little without."""
    found = [pair for fact in facts for pair in (*said(fact.model_dump(mode="json")), *BY_ITS_TYPE.get(type(fact), ()))]
    return {_saying("number" if name == "measure" else name, value) for name, value in found}


def _saying(name: str, value: object) -> tuple[str | None, str]:
    return (name if isinstance(value, int) else None), repr(value)


@by_name
@often
@for_all(data=st.data())
def test_what_is_withheld_is_not_shown_as_something_else(kind: Kind[Any], data: st.DataObject) -> None:
    """The state of any part of a history says only what the facts in that part say."""
    history = data.draw(histories(kind))
    kept = data.draw(st.lists(st.booleans(), min_size=len(history), max_size=len(history)))

    for part in (
        history,
        list(compress(history, kept)),
        *([fact for fact in history if party in fact.seen_by()] for party in Party),
    ):
        shown = {_saying(name, value) for name, value in said(as_json(kind.replay(part)))}
        assert shown <= sayings(part)


@by_name
@often
@for_all(data=st.data())
def test_who_is_party_changes_only_with_the_facts_that_say_so(kind: Kind[Any], data: st.DataObject) -> None:
    """The views ask for the access list only when one of them comes in."""
    history = data.draw(histories(kind))
    parties = kind.grants(kind.empty)
    state = kind.empty
    for fact in history:
        state = kind.evolve(state, fact)
        before, parties = parties, kind.grants(state)

        assert parties == before or isinstance(fact, kind.granting), fact


@by_name
def test_the_facts_that_grant_are_the_kinds_own(kind: Kind[Any]) -> None:
    """And the one that begins a stream is among them: nobody is party before it."""
    assert set(kind.granting) <= set(kind.facts)
    assert kind.facts[0] in kind.granting


@by_name
def test_a_kind_has_one_command_that_begins_a_stream(kind: Kind[Any]) -> None:
    """And what it records comes first."""
    assert [command.creates for command in kind.commands].count(True) == 1
    assert kind.commands[0].creates


@by_name
def test_nobody_is_party_to_an_empty_stream(kind: Kind[Any]) -> None:
    """Access begins with the first fact."""
    assert kind.grants(kind.empty) == frozenset()


# --- names ------------------------------------------------------------------------------------------------------------


def test_kinds_have_names_and_prefixes_of_their_own() -> None:
    """In stream ids, URLs and case numbers."""
    for names in (
        [kind.name for kind in KINDS],
        [kind.collection for kind in KINDS],
        [kind.prefix for kind in KINDS if kind.prefix],
    ):
        assert len(set(names)) == len(names)


@by_name
def test_topics_are_stable_names_of_our_own(kind: Kind[Any]) -> None:
    """The kind, what happened, and the version of its shape."""
    for fact in kind.facts:
        assert re.fullmatch(rf"{kind.name}\.[a-z]+(_[a-z]+)*\.v[1-9][0-9]*", fact.topic), fact


def test_every_topic_belongs_to_one_fact() -> None:
    """Otherwise what was stored could not be loaded."""
    assert [topic for topic, times in Counter(fact.topic for fact in FACTS).items() if times > 1] == []


@by_name
def test_every_command_has_a_noun_of_its_own(kind: Kind[Any]) -> None:
    """It is the last part of its URL; a creating command has the collection itself."""
    nouns = [command.noun for command in kind.commands if not command.creates]

    assert len(set(nouns)) == len(nouns)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", noun) for noun in nouns)
    assert all(command.noun == "" for command in kind.commands if command.creates)


@each_command
def test_every_command_is_for_somebody(command: type[Command[Any]]) -> None:
    """And never for those who only read."""
    assert command.roles
    assert not command.roles & {Role.AUDITOR, Role.MINISTRY_ANALYST}


@pytest.mark.parametrize("refusal", DOMAIN_REFUSALS, ids=lambda refusal: refusal.name())
def test_every_refusal_has_a_sentence(refusal: type[Refusal]) -> None:
    """It is what the caller reads."""
    assert refusal.__doc__ is not Refusal.__doc__
    assert re.fullmatch(r"[A-Z].*\.", refusal.sentence())
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", refusal.name())


def test_every_refusal_has_a_name_of_its_own() -> None:
    """The name is the type of a problem."""
    names = [refusal.name() for refusal in REFUSALS]

    assert len(set(names)) == len(names)


@each_fact
def test_every_fact_says_in_words_what_happened(fact: type[Fact]) -> None:
    """The first line of its docstring stands in the timeline."""
    assert re.match(r"[A-Z][^\n]*\.(\n|$)", fact.__doc__ or "")
    assert fact.__doc__ != Fact.__doc__


# --- shapes -----------------------------------------------------------------------------------------------------------


def models(root: object) -> Iterator[type[BaseModel]]:
    """Yield every model that occurs in *root*: a model, a dataclass or a type form."""
    if isinstance(root, type) and issubclass(root, BaseModel):
        yield root
        for info in root.model_fields.values():
            yield from models(annotation_of(info))
    elif isinstance(root, type) and is_dataclass(root):
        for hint in get_type_hints(root, include_extras=True).values():
            yield from models(hint)
    else:
        for part in get_args(root):
            yield from models(part)


def written_fields(root: object) -> Iterator[tuple[str, object]]:
    """Yield the path ``Model.field`` and the annotation of every field in *root*, nested ones included."""
    if isinstance(root, type) and issubclass(root, BaseModel):
        hints = {name: annotation_of(info) for name, info in root.model_fields.items()}
    elif isinstance(root, type) and is_dataclass(root):
        hints = get_type_hints(root, include_extras=True)
        hints = {field.name: hints[field.name] for field in fields(root)}
    else:
        hints = {}
        for part in get_args(root):
            yield from written_fields(part)
    for name, hint in hints.items():
        yield f"{root.__name__}.{name}", hint  # type: ignore[attr-defined]
        yield from written_fields(hint)


def marks(annotation: object) -> set[Sensitivity]:
    """Return how the field is marked."""
    return {part for part in getattr(annotation, "__metadata__", ()) if isinstance(part, Sensitivity)}


ALL_MODELS = sorted(
    {model for root in [*FACTS, *COMMANDS, *(type(kind.empty) for kind in KINDS)] for model in models(root)},
    key=lambda model: model.__name__,
)


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_models_are_frozen_and_refuse_what_they_do_not_know(model: type[BaseModel]) -> None:
    """What has happened does not change, and a misspelt field is a fault."""
    assert issubclass(model, Model)
    made = example(model)
    for name in model.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(made, name, None)
    with pytest.raises(ValidationError, match="extra_forbidden"):
        model.model_validate({**made.model_dump(), "unheard_of": 1})


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_models_judge_nothing_that_their_schema_does_not_say(model: type[BaseModel]) -> None:
    """What goes beyond the form of a single value is a rule, and a rule is a refusal with a name."""
    decorators = model.__pydantic_decorators__

    assert not any([
        decorators.validators,
        decorators.field_validators,
        decorators.root_validators,
        decorators.model_validators,
    ])  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_states_are_frozen(kind: Kind[Any]) -> None:
    """Evolving makes a new one."""
    for field in fields(kind.empty):
        with pytest.raises(FrozenInstanceError):
            setattr(kind.empty, field.name, None)


@each_command
def test_every_field_of_a_command_says_what_it_is(command: type[Command[Any]]) -> None:
    """The description of the API is made of it; code lists and models speak for themselves."""
    silent = [
        f"{model.__name__}.{name}"
        for model in models(command)
        for name, info in model.model_fields.items()
        if not info.description and not _speaks(annotation_of(info))
    ]

    assert silent == []
    assert command.__doc__ != Command.__doc__


def _speaks(annotation: object) -> bool:
    inner = bare(alternatives(annotation)[0])
    return isinstance(inner, type) and issubclass(inner, (CodeList, BaseModel))


# --- what is sealed ---------------------------------------------------------------------------------------------------

OPEN_TEXT = {
    # case numbers
    "ThreatReported.number",
    "SecurityAdviceSought.number",
    "ThreatCase.number",
    "ThreatCase.security_advice",
    "AdviceRequested.number",
    "SecurityAdvice.number",
    "SignalReceived.number",
    "IntegrityInquiry.number",
    "ConsultationRequested.number",
    "Consultation.number",
    # organisations
    "OrganisationRegistered.name",
    "Organisation.name",
    "TeamFormed.name",
    # public knowledge
    "MilestoneRecorded.body",
    "MilestoneRecorded.detail",
    "MilestoneRecorded.source",
}
"""The fields that hold text and are not sealed: a new one is added here only with a reason."""

OPEN_BODIES = {
    "OrganisationRegistered.organisation",
    "OrganisationRegistered.body",
    "Organisation.organisation",
    "Organisation.body",
    "MilestoneRecorded.body",
    "Grant.organisation",
}
"""Which body an organisation is, or what is public of it, points at nobody; grants are worked out and never stored."""

RECORDED = [*FACTS, *(type(kind.empty) for kind in KINDS)]


def _is_text(annotation: object) -> bool:
    """Tell whether a field can hold words: not if it holds codes, slugs, pseudonyms or other models."""
    if isinstance(annotation, NewType):
        return False
    inner = bare(annotation)
    if get_origin(inner) in {Union, UnionType, tuple}:
        return any(_is_text(part) for part in get_args(inner) if part is not Ellipsis)
    return inner is str and admits(annotation, "A. de Vries")


@pytest.mark.parametrize("root", RECORDED, ids=lambda root: root.__name__)
def test_words_about_persons_are_marked_as_personal(root: type) -> None:
    """Names, addresses, telephone numbers, free text: whatever is text and not known to be harmless."""
    unmarked = {path for path, hint in written_fields(root) if _is_text(hint) and not marks(hint)}

    assert unmarked <= OPEN_TEXT


def test_the_list_of_open_text_is_not_longer_than_needed() -> None:
    """What is marked or gone is not on it."""
    found = {path for root in RECORDED for path, hint in written_fields(root) if _is_text(hint) and not marks(hint)}

    assert found == OPEN_TEXT


@pytest.mark.parametrize("root", RECORDED, ids=lambda root: root.__name__)
def test_body_and_office_are_marked_as_identifying(root: type) -> None:
    """The mayor of X is a person."""
    unmarked = {path for path, hint in written_fields(root) if _points_at_a_body(path, hint) and not marks(hint)}

    assert unmarked <= OPEN_BODIES


def _points_at_a_body(path: str, annotation: object) -> bool:
    parts = {get_args(part)[0] if get_origin(part) is Annotated else part for part in alternatives(annotation)}
    return path.endswith(".body") or not parts.isdisjoint({Office, OrganisationId})


@pytest.mark.parametrize("root", RECORDED, ids=lambda root: root.__name__)
def test_what_tells_the_place_is_marked_as_identifying(root: type) -> None:
    """The sender's own reference is a municipality's case number, a supplier may be the locksmith round the corner."""
    telling = [
        (path, hint) for path, hint in written_fields(root) if path.endswith((".external_reference", ".supplier"))
    ]

    assert [path for path, hint in telling if marks(hint) != {Sensitivity.IDENTIFYING}] == []


@each_fact
def test_what_is_personal_in_a_fact_stands_beside_its_subject(fact: type[Fact]) -> None:
    """It is sealed under the subject's key."""
    for model in models(fact):
        own = [path for path, mark in sensitive_fields(model) if mark is Sensitivity.PERSONAL and len(path) == 1]
        if own:
            assert "subject" in model.model_fields, model
