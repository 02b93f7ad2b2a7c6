"""Does PostgreSQL itself refuse what a part of the service has no business doing?"""

from collections.abc import Iterator
from contextlib import closing
from typing import LiteralString

import psycopg
import pytest

from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import CaseStore
from tests.infra.notes import NOTE, noted
from tests.keyring import KEYRING
from tests.log_of import log_of

APPEND: LiteralString = (
    "select store.append(array['note:9'], array[1], array['note.noted.v1'], array[gen_random_uuid()], array['{}'],"
    " array['{}'::bytea], '{}', '{}', 'note:9', 1, null, null, null, null)"
)


@pytest.fixture(autouse=True)
def recorded(database: Database) -> None:
    """Record something that could be tampered with."""
    store = CaseStore(database, [NOTE])
    store.record_now([noted(NOTE.stream("1"), 1)], expected={})
    store.next_number(NOTE, 2026)


@pytest.fixture
def app(database: Database) -> Iterator[Connection]:
    """Yield a connection of the application."""
    with closing(database.connect(DatabaseRole.APP, autocommit=True)) as connection:
        yield connection


COLUMNS = {"events": "topic = ''", "idempotency": "key = ''", "case_numbers": "last = 0", "migrations": "name = ''"}
STATEMENTS = ["update store.{} set {}", "delete from store.{}", "truncate store.{}"]


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_application_cannot_change_or_remove_what_is_permanent(app: Connection, table: str, statement: str) -> None:
    """A correction is an event of its own; nothing is edited."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement.format(table, COLUMNS[table]).encode())


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_owner_cannot_either(database: Database, table: str, statement: str) -> None:
    """A mistake at a console is refused like one in a program, also where it concerns no row."""
    with (
        closing(database.owner(autocommit=True)) as owner,
        pytest.raises(psycopg.errors.RestrictViolation, match=r"permanent|only count up"),
    ):
        owner.execute(statement.format(table, COLUMNS[table]).encode())


def test_no_permanent_table_is_left_without_a_guard(database: Database) -> None:
    """Also those that later migrations add; what may be deleted stands in another schema."""
    with closing(database.owner()) as connection:
        unguarded = connection.execute(
            "select c.relname from pg_class c where c.relnamespace = 'store'::regnamespace and c.relkind = 'r'"
            " and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'permanent')"
        ).fetchall()

    assert unguarded == []


def test_case_numbers_count_up_and_nothing_else(database: Database) -> None:
    """Whoever sets one back gives a number out twice."""
    with closing(database.owner(autocommit=True)) as owner:
        owner.execute("update store.case_numbers set last = last + 1")
        for change in ("last = last - 1", "year = year + 1", "prefix = 'XX'"):
            with pytest.raises(psycopg.errors.RestrictViolation, match="only count up"):
                owner.execute(f"update store.case_numbers set {change}".encode())  # noqa: S608


def test_the_application_appends_through_the_function_only(app: Connection) -> None:
    """A row that did not pass the lock could stand before one that was already read."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(
            "insert into store.events (position, stream, version, topic, event_id, metadata, state)"
            " values (2, 'note:9', 1, 'note.noted.v1', gen_random_uuid(), '{}', '{}')"
        )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("insert into store.idempotency values ('a', 'b', '', 'note:9', 1, null, 1, 1)")

    app.execute(APPEND)


@pytest.mark.parametrize("role", [DatabaseRole.PROJECTOR, DatabaseRole.READER, DatabaseRole.AUDITOR])
def test_who_does_not_decide_does_not_append(database: Database, role: DatabaseRole) -> None:
    """Views are made from events, never the other way round."""
    with closing(database.connect(role, autocommit=True)) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(APPEND)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select store.next_number('NT', 2026)")


def test_the_projector_reads_the_log_and_nothing_else(database: Database) -> None:
    """What a sender was answered is no business of the views."""
    projecting = CaseStore(database, [NOTE], role=DatabaseRole.PROJECTOR)

    assert [recorded.position for recorded in log_of(projecting)] == [1]
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        for table in ("idempotency", "case_numbers", "migrations"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select from store.{table}".encode())


def test_the_projector_makes_tables_among_the_views_and_the_reader_does_not(database: Database) -> None:
    """The reader sees what it was granted there, and cannot look into the store at all."""
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as projector:
        projector.execute("create table views.shown_v1 as select 1 as a")
        projector.execute(f"grant select on views.shown_v1 to {database.role(DatabaseRole.READER)}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            projector.execute("create table store.mine ()")
    with closing(database.connect(DatabaseRole.READER, autocommit=True)) as reader:
        assert reader.execute("select a from views.shown_v1").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("create table views.mine ()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select from store.events")


def test_no_right_in_the_store_is_left_to_everybody_or_given_to_write(database: Database) -> None:
    """Also in tables and functions that later migrations add."""
    with closing(database.owner()) as connection:
        tables = connection.execute(
            "select c.relname, a.grantee::regrole::text, a.privilege_type from pg_class c,"
            " aclexplode(c.relacl) a where c.relnamespace = 'store'::regnamespace and a.grantee <> c.relowner"
        ).fetchall()
        functions = connection.execute(
            "select p.proname, a.grantee, p.prosecdef, p.proconfig from pg_proc p,"
            " aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
            " where p.pronamespace = 'store'::regnamespace and a.grantee <> p.proowner"
        ).fetchall()

    assert {privilege for _, _, privilege in tables} == {"SELECT"}
    assert {grantee for _, grantee, _ in tables} <= {database.role(role) for role in DatabaseRole}
    assert {name for name, *_ in functions} == {"append", "append_batch", "next_number"}
    for name, grantee, definer, settings in functions:
        assert grantee != 0, f"everybody may execute {name}"
        assert definer
        assert "search_path=store, pg_temp" in settings


def test_a_caller_cannot_slip_a_function_or_table_under_the_append(app: Connection, database: Database) -> None:
    """It would be executed with the rights of the owner, who may do everything."""
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as projector:
        # A better match than PostgreSQL's own, for whoever looks into this schema first.
        projector.execute(
            "create function views.cardinality(uuid[]) returns integer language plpgsql as"
            " $$ begin perform set_config('attack.as', current_user, false); return 1; end $$"
        )
    app.execute("create temporary table events (like store.events)")
    app.execute("create temporary table idempotency (like store.idempotency)")
    app.execute("set search_path = views, pg_temp, pg_catalog, store")
    app.execute(APPEND)

    assert app.execute("select current_setting('attack.as', true)").fetchone() == (None,)
    assert app.execute("select count(*) from pg_temp.events").fetchone() == (0,)
    assert app.execute("select stream from store.events order by position").fetchall() == [("note:1",), ("note:9",)]


def test_options_in_the_url_are_kept_beside_those_of_the_role(database: Database) -> None:
    """An operator may need a setting that we do not know."""
    given = Database(
        f"{database.url}{'&' if '?' in database.url else '?'}options=-c%20work_mem%3D7MB",
        database.prefix,
        keyring=KEYRING,
    )
    with closing(given.connect(DatabaseRole.APP)) as connection:
        settings = connection.execute(
            "select current_setting('work_mem'), current_user::text, current_setting('lock_timeout')"
        ).fetchone()

    assert settings == ("7MB", database.role(DatabaseRole.APP), "10s")
