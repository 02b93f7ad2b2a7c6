"""What has happened in a case, and who recorded it, as far as a reader may see it?

One row per fact, because policies hide rows and not columns: what somebody may see of a case is a choice of facts. The
policy says what ``may_see`` in domain/basis.py says. What a fact holds of people stands here as it does in the log,
sealed, and is opened for whoever may see the fact. Who recorded a fact stands in a row of its own: for a case of its
own, the organisation that recorded it says which body the case is about.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact, Party, Role
from infra.eventstore import Recorded
from infra.vault import CaseKeys, Vault, opened_fact
from services.projections.replay import Entry, Recorder
from services.projections.rows import Rows
from services.projections.tables import Kept, Table, statement
from services.projections.views import View

VERSION = 2
"""1 told the owner who recorded a fact also where they may not see it."""

TIMELINE = Table(
    name="timeline",
    version=VERSION,
    columns="""
        position bigint primary key,
        stream text collate "C" not null,
        version integer not null,
        event_id uuid not null unique,
        topic text not null,
        at timestamptz not null,
        role text not null,
        audience text[] not null,
        fact jsonb not null,
        unique (stream, version)
    """,
    key=("position",),
    kept=Kept.ADDED,
    visible="""
        {is_auditor}
        or exists (
            select from views.access a
            where a.stream = {timeline}.stream and a.party = any ({timeline}.audience)
        )
    """,
)

RECORDERS = Table(
    name="recorders",
    version=VERSION,
    columns="""
        position bigint primary key,
        stream text collate "C" not null,
        audience text[] not null,
        person text not null,
        organisation text not null,
        on_behalf_of text,
        purpose text
    """,
    key=("position",),
    kept=Kept.ADDED,
    # Of a fact that they may see: in another role one's own organisation may know nothing of the case.
    visible=f"""
        {{is_auditor}}
        or exists (
            select from views.access a
            where a.stream = {{recorders}}.stream and a.party = any ({{recorders}}.audience)
            and (a.party = '{Party.OWNER.value}' or {{recorders}}.organisation = {{organisation}})
        )
    """,
)


def project(rows: Rows, recorded: Recorded) -> None:
    """Every fact is a row, with the parties that may see it; and so is who recorded it."""
    event, told = recorded.event, recorded.event.metadata
    audience = _array(event.fact.seen_by())
    rows.add(
        TIMELINE,
        {
            "position": recorded.position,
            "stream": event.originator_id,
            "version": event.originator_version,
            "event_id": event.event_id,
            "topic": event.fact.topic,
            "at": told.at,
            "role": told.role.value,
            "audience": audience,
            "fact": recorded.state.decode(),
        },
    )
    rows.add(
        RECORDERS,
        {
            "position": recorded.position,
            "stream": event.originator_id,
            "audience": audience,
            "person": told.actor,
            "organisation": told.organisation,
            "on_behalf_of": told.on_behalf_of,
            "purpose": told.purpose,
        },
    )


@cache
def _array(parties: frozenset[Party]) -> str:
    """Return *parties* as PostgreSQL writes them."""
    return f"{{{','.join(sorted(parties))}}}"


VIEW = View(name="timeline", version=VERSION, tables=(TIMELINE, RECORDERS), project=project)


# --- queries ----------------------------------------------------------------------------------------------------------

SHOWN = """
    select t.stream, t.version, t.event_id, t.topic, t.at, t.role, t.fact::text,
        r.person, r.organisation, r.on_behalf_of, r.purpose
    from {timeline} t left join {recorders} r using (position)
"""
OF_STREAM = statement(f"{SHOWN} where t.stream = %(stream)s order by t.version", TIMELINE, RECORDERS)
OF_STREAMS = statement(f"{SHOWN} where t.stream = any (%(streams)s) order by t.stream, t.version", TIMELINE, RECORDERS)
IN_BRIEF = statement(
    f"""
    {SHOWN} where t.position in (
        select a.position from {{timeline}} a where a.stream = any (%(streams)s) and a.topic = any (%(about)s)
        union all
        select last.position from unnest(%(streams)s::text[]) as of (stream) cross join lateral (
            select l.position from {{timeline}} l where l.stream = of.stream order by l.version desc limit 1
        ) last
    ) order by t.stream, t.version
    """,  # noqa: S608 - literals
    TIMELINE,
    RECORDERS,
)

VERSIONS = statement(
    "select stream, max(version) as version from {timeline} where stream = any (%(streams)s) group by stream", TIMELINE
)


def of_stream(
    cursor: DatabaseCursor[DictRow], stream: str, topics: Mapping[str, type[Fact]], vault: Vault
) -> list[Entry]:
    """Return what the reader may see of *stream*, in order; *topics* is the register of the facts we know."""
    return _opened(cursor.execute(OF_STREAM, {"stream": stream}).fetchall(), [stream], topics, vault)[stream]


def of_streams(
    cursor: DatabaseCursor[DictRow], streams: Sequence[str], topics: Mapping[str, type[Fact]], vault: Vault
) -> dict[str, list[Entry]]:
    """Return what the reader may see of each of *streams*, as ``of_stream`` does of one."""
    return _opened(cursor.execute(OF_STREAMS, {"streams": list(streams)}).fetchall(), streams, topics, vault)


def in_brief(
    cursor: DatabaseCursor[DictRow],
    streams: Sequence[str],
    topics: Mapping[str, type[Fact]],
    about: Collection[str],
    vault: Vault,
) -> dict[str, list[Entry]]:
    """Return of what ``of_streams`` returns only the facts whose topic is in *about*, and the last one of each.

    For lists, which tell nothing personal: that stays sealed.
    """
    rows = cursor.execute(IN_BRIEF, {"streams": list(streams), "about": list(about)})
    return _opened(rows.fetchall(), streams, topics, vault, personal=False)


def versions(cursor: DatabaseCursor[DictRow], streams: Sequence[str]) -> dict[str, int]:
    """Return the version of the last fact of each of *streams* that the reader may see."""
    return {row["stream"]: row["version"] for row in cursor.execute(VERSIONS, {"streams": list(streams)})}


def _opened(
    rows: Collection[DictRow],
    streams: Sequence[str],
    topics: Mapping[str, type[Fact]],
    vault: Vault,
    *,
    personal: bool = True,
) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {stream: [] for stream in streams}
    keys = vault.of({row["stream"] for row in rows})
    for row in rows:
        found[row["stream"]].append(_entry(row, topics, keys.get(row["stream"]), personal=personal))
    return found


def _entry(row: DictRow, topics: Mapping[str, type[Fact]], keys: CaseKeys | None, *, personal: bool) -> Entry:
    known = topics.get(row["topic"])
    fact = known.model_validate_json(row["fact"]) if known else None
    recorder = Recorder(row["person"], row["organisation"], row["on_behalf_of"], row["purpose"])
    return Entry(
        version=row["version"],
        event_id=row["event_id"],
        topic=row["topic"],
        at=row["at"],
        role=Role(row["role"]),
        recorder=recorder if row["person"] is not None else None,
        fact=opened_fact(fact, row["event_id"], row["stream"], keys, personal=personal) if fact else None,
    )
