"""Is a fact of any release readable in this one, and does an error tell nobody's name?"""

from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from domain.basis import Fact, StreamId
from domain.values import Flag, Line
from infra.appending import StoredFact
from infra.mapper import FactMapper, UnknownTopic
from tests.infra.notes import METADATA, NOTE, Noted, noted

STREAM = NOTE.stream("1")
MAPPER = FactMapper([NOTE])


class NotedInFull(Fact):
    """Something was noted, and whether it is urgent."""

    topic: ClassVar[str] = "note.noted.v3"

    words: Line
    urgent: Flag


NOTE_IN_FULL = replace(NOTE, facts=(NotedInFull,))


def test_what_is_stored_is_loaded_as_it_was() -> None:
    """Fact, identifier, version and metadata."""
    event = noted(STREAM, 3, "één ⚠")

    assert MAPPER.to_domain_event(MAPPER.to_stored_event(event)) == event


def test_the_stored_form_is_json_under_our_own_topic_without_what_was_left_open() -> None:
    """No Python path, and no field that says nothing."""
    stored = MAPPER.to_stored_event(noted(STREAM, 1, "one"))

    assert stored.topic == "note.noted.v1"
    assert stored.state == b'{"text":"one"}'
    assert stored.metadata == (
        '{"at":"2026-03-01T12:00:00Z","actor":"p-1","organisation":"ondersteuningsteam","role":"support_team",'
        '"correlation":"00000000-0000-0000-0000-000000000001","origin":"api"}'
    )


def test_an_older_shape_is_brought_up_to_date_version_by_version() -> None:
    """v1 had a text; v2 called it words; v3 says whether it is urgent."""

    def to_v2(shape: dict[str, Any]) -> dict[str, Any]:
        return {"words": shape["text"]}

    def to_v3(shape: dict[str, Any]) -> dict[str, Any]:
        return {**shape, "urgent": shape["words"].endswith("!")}

    mapper = FactMapper([NOTE_IN_FULL], {"note.noted.v1": to_v2, "note.noted.v2": to_v3})
    stored = MAPPER.to_stored_event(noted(STREAM, 1, "help!"))

    assert mapper.to_domain_event(stored).fact == NotedInFull(words="help!", urgent=True)


def test_an_upcast_leads_to_a_fact() -> None:
    """One that ends at a version nobody knows, or starts at the present one, is a mistake found at the start."""
    for topic in ("note.noted.v1", "note.noted.v3", "note.forgotten.v1"):
        with pytest.raises(ValueError, match=f"the upcast of {topic} does not lead to a fact"):
            FactMapper([NOTE_IN_FULL], {topic: dict})


def test_a_topic_belongs_to_one_class() -> None:
    """Two classes with one topic could not be told apart in the log."""

    class NotedToo(Fact):
        topic: ClassVar[str] = Noted.topic

    with pytest.raises(ValueError, match=r"note\.noted\.v1 is the topic of two classes"):
        FactMapper([NOTE, replace(NOTE, facts=(NotedToo,))])


def test_an_unknown_topic_is_named() -> None:
    """Whoever stops at it can see what a newer release recorded."""
    stored = replace(MAPPER.to_stored_event(noted(STREAM, 1)), topic="note.erased.v1")

    with pytest.raises(UnknownTopic, match=f"note.erased.v1 of event {stored.event_id}"):
        MAPPER.to_domain_event(stored)


def test_a_fact_that_could_not_be_loaded_again_is_not_stored() -> None:
    """A kind that is not registered has no place in the log."""
    event = replace(noted(STREAM, 1), fact=NotedInFull(words="one", urgent=False))

    with pytest.raises(UnknownTopic):
        MAPPER.to_stored_event(event)


def test_an_error_says_what_is_wrong_where_and_not_whose() -> None:
    """Errors are logged; states hold names."""
    stored = replace(MAPPER.to_stored_event(noted(STREAM, 1)), state=b'{"text":7,"by":"Jansen","phone":"06-1"}')

    with pytest.raises(MapperDeserialisationError) as caught:
        MAPPER.to_domain_event(stored)
    assert str(caught.value) == (
        f"event {stored.event_id} is no note.noted.v1: text: string_type; phone: extra_forbidden"
    )
    assert caught.value.__suppress_context__


def test_only_our_own_events_are_mapped() -> None:
    """The library's own aggregates have no facts, no identifiers and no metadata."""

    class Foreign:
        originator_id = StreamId("note:1")
        originator_version = 1

        def __init__(self, *_: object, **__: object) -> None:
            """Take what the protocol asks to be taken."""

    with pytest.raises(TypeError, match="a Foreign is not an Event"):
        MAPPER.to_stored_event(Foreign())
    with pytest.raises(TypeError, match="a StoredEvent is not a StoredFact"):
        MAPPER.to_domain_event(StoredEvent("note:1", 1, "note.noted.v1", b"{}"))


def test_metadata_of_another_shape_is_an_error_too() -> None:
    """An event without its circumstances is not shown as if it had none."""
    stored = StoredFact("note:1", 1, "note.noted.v1", b'{"text":"one"}', event_id=uuid4())

    with pytest.raises(MapperDeserialisationError, match="at: missing"):
        MAPPER.to_domain_event(stored)
    assert MAPPER.to_domain_event(replace(stored, metadata=METADATA.model_dump_json())).metadata == METADATA
