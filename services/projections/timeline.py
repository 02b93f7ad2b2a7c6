"""What has happened in a case, as far as a reader may see it?

One row per fact, because policies hide rows and not columns: what somebody may see of a case is a choice of facts. The
policy says what ``may_see`` in domain/basis.py says.
"""

import json
from collections.abc import Mapping

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact
from infra.events import Metadata
from infra.eventstore import Recorded
from services.projections.replay import Entry
from services.projections.views import Change, Changes, Table, View, statement

TIMELINE = Table(
    name="timeline",
    version=1,
    columns="""
        position bigint primary key,
        stream text collate "C" not null,
        version integer not null,
        topic text not null,
        at timestamptz not null,
        recorded_at timestamptz not null,
        actor text not null,
        organisation text not null,
        role text not null,
        on_behalf_of text,
        purpose text,
        correlation uuid not null,
        causation uuid,
        origin text not null,
        event_id uuid not null unique,
        audience text[] not null,
        fact jsonb not null,
        unique (stream, version)
    """,
    visible="""
        {is_auditor}
        or exists (
            select from views.access a
            where a.stream = {timeline}.stream and a.party = any ({timeline}.audience)
        )
    """,
)

ADD = statement(
    """
    insert into {timeline}
        (position, stream, version, topic, at, recorded_at, actor, organisation, role, on_behalf_of, purpose,
         correlation, causation, origin, event_id, audience, fact)
    values
        (%(position)s, %(stream)s, %(version)s, %(topic)s, %(at)s, %(recorded_at)s, %(actor)s, %(organisation)s,
         %(role)s, %(on_behalf_of)s, %(purpose)s, %(correlation)s, %(causation)s, %(origin)s, %(event_id)s,
         %(audience)s, %(fact)s::jsonb)
    """,
    TIMELINE,
)

ENVELOPE = tuple(Metadata.model_fields)


def changes(recorded: Recorded) -> Changes:
    """Every fact is a row, with the parties that may see it."""
    event = recorded.event
    yield Change(
        ADD,
        {
            "position": recorded.position,
            "stream": event.originator_id,
            "version": event.originator_version,
            "topic": event.fact.topic,
            "recorded_at": recorded.recorded_at,
            "event_id": event.event_id,
            "audience": sorted(event.fact.audience),
            "fact": event.fact.model_dump_json(exclude_none=True),
            **dict(event.metadata),
        },
    )


VIEW = View(name="timeline", version=1, tables=(TIMELINE,), changes=changes)


# --- queries ----------------------------------------------------------------------------------------------------------

OF_STREAM = statement("select * from {timeline} where stream = %(stream)s order by version", TIMELINE)


def of_stream(cursor: DatabaseCursor[DictRow], stream: str, topics: Mapping[str, type[Fact]]) -> list[Entry]:
    """Return what the reader may see of *stream*, in order; *topics* is the register of the facts we know."""
    return [_entry(row, topics) for row in cursor.execute(OF_STREAM, {"stream": stream})]


def _entry(row: DictRow, topics: Mapping[str, type[Fact]]) -> Entry:
    known = topics.get(row["topic"])
    return Entry(
        position=row["position"],
        stream=row["stream"],
        event_id=row["event_id"],
        topic=row["topic"],
        recorded_at=row["recorded_at"],
        metadata=Metadata.model_validate({name: row[name] for name in ENVELOPE}),
        fact=known.model_validate_json(json.dumps(row["fact"])) if known else None,
    )
