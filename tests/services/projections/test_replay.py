"""What does a case look like at a version or a moment, to those who see all and to those who see some of it?"""

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.basis import Fact, StreamId
from domain.threat_case import (
    THREAT_CASE,
    Aftercare,
    AftercareOffered,
    AssessThreat,
    Axes,
    Form,
    NotifyPolice,
    PoliceNotified,
    ThreatAssessed,
)
from infra.database import Database
from infra.eventstore import CaseStore
from services.projections import timeline
from services.projections.replay import Entry, Recorder, Replay, as_json, differences, replay, words
from services.projections.runner import Runner
from tests.domain.scenario import NOW, TODAY
from tests.log_of import whole_log_of
from tests.services.projections.network import AUDITOR, BVA, TEAM, Network, a_threat

HISTORY: tuple[Fact, ...] = (
    ThreatAssessed(axes=Axes(form=Form.THREAT)),
    PoliceNotified(on=TODAY),
    AftercareOffered(care=Aftercare.DEBRIEFING),
    ThreatAssessed(axes=Axes(form=Form.STALKING)),
)


def entries(*facts: Fact | None, at: tuple[datetime, ...] = ()) -> list[Entry]:
    """Return *facts* as they stand in the timeline, a minute apart if not *at* given moments."""
    return [
        Entry(
            version=7 * n,
            event_id=UUID(int=n),
            topic=fact.topic if fact else "threat_case.newer.v1",
            at=at[n] if at else NOW + timedelta(minutes=n),
            role=TEAM.role,
            recorder=Recorder(TEAM.person, TEAM.organisation),
            fact=fact,
        )
        for n, fact in enumerate(facts)
    ]


def test_a_replay_tells_what_happened_in_words() -> None:
    """Who, when, and the sentence of the fact."""
    history = replay(THREAT_CASE, entries(*HISTORY)).history

    assert [happening.version for happening in history] == [1, 2, 3, 4]
    assert history[1].model_dump() == {
        "version": 2,
        "event_id": UUID(int=1),
        "topic": "threat_case.police_notified.v1",
        "words": "The police were notified.",
        "at": NOW + timedelta(minutes=1),
        "recorded_by": "tess",
        "organisation": "ondersteuningsteam",
        "role": "support_team",
    }


def test_what_is_withheld_is_absent() -> None:
    """Not even as nothing: who recorded it, for whom and for what."""
    (entry, *_) = entries(*HISTORY)
    told = replay(THREAT_CASE, [dataclasses.replace(entry, recorder=None)])

    assert json.loads(told.model_dump_json())["history"][0].keys() == {
        "version",
        "event_id",
        "topic",
        "words",
        "at",
        "role",
    }


def test_the_state_is_what_the_facts_add_up_to() -> None:
    """In the types of JSON."""
    told = replay(THREAT_CASE, entries(*HISTORY))

    assert (told.version, told.at) == (4, NOW + timedelta(minutes=3))
    assert told.state["axes"]["form"] == "stalking"
    assert told.state["police_notified"] == "2026-03-18"
    assert told.state["aftercare"] == ["debriefing"]


@pytest.mark.parametrize(
    ("version", "form"), [(0, None), (1, "threat"), (3, "threat"), (4, "stalking"), (9, "stalking")]
)
def test_a_version_counts_the_visible_facts(version: int, form: str | None) -> None:
    """Before the first there is the empty state, beyond the last the last."""
    told = replay(THREAT_CASE, entries(*HISTORY), version=version)

    assert told.version == min(version, 4)
    assert told.state["axes"]["form"] == form
    assert (told.at is None) is (version == 0)


@pytest.mark.parametrize(("minutes", "version"), [(-1, 0), (0, 1), (0.5, 1), (2, 3), (60, 4)])
def test_a_moment_means_the_last_entry_recorded_by_then(minutes: float, version: int) -> None:
    """To the microsecond, the moment itself included."""
    assert replay(THREAT_CASE, entries(*HISTORY), at=NOW + timedelta(minutes=minutes)).version == version


def test_a_moment_is_found_in_the_order_of_the_stream() -> None:
    """Clocks differ: what stands before the last entry by then belongs to it, whatever its own clock said."""
    late = NOW + timedelta(hours=1)
    told = replay(THREAT_CASE, entries(*HISTORY, at=(NOW, late, NOW, late)), at=NOW)

    assert told.version == 3


def test_of_a_version_and_a_moment_the_earlier_counts() -> None:
    """Both are limits."""
    history = entries(*HISTORY)

    assert replay(THREAT_CASE, history, version=2, at=NOW + timedelta(hours=1)).version == 2
    assert replay(THREAT_CASE, history, version=4, at=NOW).version == 1


def test_what_this_release_does_not_know_is_named_and_changes_nothing() -> None:
    """A newer release may have recorded it; a page still shows the rest."""
    told = replay(THREAT_CASE, entries(HISTORY[0], None, HISTORY[1]))

    assert told.history[1].topic == "threat_case.newer.v1"
    assert told.history[1].words == "Something that this release does not know."
    assert told.state == replay(THREAT_CASE, entries(*HISTORY[:2])).state


def test_differences_are_places_in_the_state() -> None:
    """What was added to a list, and what changed deep down."""
    history = entries(*HISTORY)
    before, after = (replay(THREAT_CASE, history, version=version) for version in (1, 4))

    assert [tuple(dict(one).values()) for one in differences(before, after)] == [
        ("/axes/form", "threat", "stalking"),
        ("/police_notified", None, "2026-03-18"),
        ("/aftercare/0", None, "debriefing"),
    ]
    assert differences(after, after) == ()


def of_state(state: dict[str, Any]) -> Replay:
    """Return a replay with that state."""
    return Replay(version=1, at=NOW, history=(), state=state)


def test_pointers_escape_what_json_pointers_must() -> None:
    """A slash and a tilde in a name; what is gone altogether; a list that became shorter."""
    before = of_state({"a/b": {"~": 1}, "gone": {"x": 1}, "list": [1, {"n": 2}], "same": [1]})
    after = of_state({"a/b": {"~": 2}, "list": [1], "same": [1], "new": {"y": 1}})

    assert {one.pointer: (one.before, one.after) for one in differences(before, after)} == {
        "/a~1b/~0": (1, 2),
        "/gone": ({"x": 1}, None),
        "/list/1": ({"n": 2}, None),
        "/new": (None, {"y": 1}),
    }


def test_a_fact_without_a_sentence_goes_by_its_topic() -> None:
    """Rather than by nothing."""

    class Nameless(Fact):
        topic = "tiny.nameless.v1"

    Nameless.__doc__ = None

    assert words(Nameless) == "tiny.nameless.v1"


def test_any_dataclass_can_be_told_as_json() -> None:
    """A state of a kind that somebody made in a test, for instance."""

    @dataclass(frozen=True)
    class Tiny:
        axes: Axes
        ids: tuple[UUID, ...] = (UUID(int=1),)

    shown = as_json(Tiny(axes=Axes(form=Form.DOXING)))

    assert shown["ids"] == ["00000000-0000-0000-0000-000000000001"]
    assert shown["axes"]["form"] == "doxing"


# --- from the timeline ------------------------------------------------------------------------------------------------

TOPICS = {fact.topic: fact for fact in THREAT_CASE.facts}


def test_the_timeline_gives_back_the_facts_that_were_recorded(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """Entry by entry what the log says; and the same replay."""
    stream = network.give(a_threat(account="Hij belde weer", danger_now=True), TEAM)
    network.give(AssessThreat(axes=Axes(form=Form.STALKING)), TEAM, stream)
    network.give(NotifyPolice(vpt_code=True), TEAM, stream)
    runner.catch_up()

    with database.reading(AUDITOR) as cursor:
        found = timeline.of_stream(cursor, stream, TOPICS, store.vault)

    logged = whole_log_of(store)
    assert found == [Entry.of(event) for event in logged]
    assert replay(THREAT_CASE, found).state == as_json(THREAT_CASE.replay(event.fact for event in logged))


def test_the_timelines_of_some_cases_are_those_of_each(database: Database, network: Network, runner: Runner) -> None:
    """Those that one may not see are empty, as that of a case that does not exist."""
    streams = [network.give(a_threat(), TEAM), network.give(a_threat(), TEAM), StreamId("threat_case:unknown")]
    network.give(NotifyPolice(), TEAM, streams[1])
    runner.catch_up()

    for reader, facts in ((TEAM, [1, 2, 0]), (BVA, [0, 0, 0])):
        with database.reading(reader) as cursor:
            found = timeline.of_streams(cursor, streams, TOPICS, network.store.vault)
            each = {stream: timeline.of_stream(cursor, stream, TOPICS, network.store.vault) for stream in streams}

        assert found == each
        assert [len(found[stream]) for stream in streams] == facts


def test_the_timeline_shows_a_topic_it_does_not_know(database: Database, network: Network, runner: Runner) -> None:
    """As an entry without a fact, so that a page of an older release does not break."""
    stream = network.give(a_threat(), TEAM)
    runner.catch_up()

    with database.reading(TEAM) as cursor:
        (entry,) = timeline.of_stream(cursor, stream, {}, network.store.vault)

    assert (entry.topic, entry.fact) == ("threat_case.reported.v1", None)


def test_the_timeline_of_a_case_one_may_not_see_is_empty(database: Database, network: Network, runner: Runner) -> None:
    """It is the same as that of a case that does not exist."""
    stream = network.give(a_threat(), TEAM)
    runner.catch_up()

    with database.reading(BVA) as cursor:
        assert timeline.of_stream(cursor, stream, TOPICS, network.store.vault) == []
        assert timeline.of_stream(cursor, "threat_case:unknown", TOPICS, network.store.vault) == []
