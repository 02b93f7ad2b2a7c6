from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from domain.basis import Actor, Grant, Kind, Role
from domain.kinds import KINDS
from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import CaseStore
from services.projections import access, timeline, worklist
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.tables import Table, statement
from services.projections.views import View, install
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.services.projections.network import (
    AMSTERDAM,
    BVA,
    CCV,
    TEAM,
    THE_HAGUE,
    Network,
    a_request,
    a_threat,
    rows,
)
from tests.services.projections.next_release import next_version, previous_version

UNGUARDED = """
select c.relname, case
    when c.relkind = 'm' then 'a materialised view knows no policies'
    when c.relkind = 'v' and not coalesce(c.reloptions @> '{security_invoker=true}', false)
        then 'a view without security_invoker shows what its owner sees'
    when c.relkind in ('r', 'p') and not c.relrowsecurity then 'row-level security is not enabled'
    when c.relkind in ('r', 'p') and not exists (select from pg_policy p where p.polrelid = c.oid)
        then 'there is no policy'
    when c.relkind not in ('r', 'p', 'v', 'm', 'S') then 'nobody has thought about this kind of relation'
    when c.relowner <> %(projector)s::regrole then 'it is not the projector''s'
    when exists (select from pg_policy p where p.polrelid = c.oid and p.polcmd <> 'r')
        then 'a policy is for more than select'
    when exists (
        select from aclexplode(c.relacl) a
        where a.grantee <> c.relowner and (a.grantee <> %(reader)s::regrole or a.privilege_type <> 'SELECT')
    ) then 'somebody may do more than read'
    end as why
from pg_class c
where c.relnamespace = 'views'::regnamespace and c.relkind not in ('i', 'I', 'c')
"""


GUARDED = "create table views.bad (n int); alter table views.bad enable row level security"


def unguarded(connection: Connection, database: Database) -> dict[str, str]:
    """Return the relations of the views that do not guard their rows, and why."""
    roles = {role.value: database.role(role) for role in DatabaseRole}
    found = connection.execute(UNGUARDED, roles).fetchall()
    assert found
    return {name: why for name, why in found if why}


@pytest.fixture(scope="module")
def views(installation: Installation, new_name: Callable[[], str]) -> Iterator[Database]:
    """Yield a database with the tables of all views, for tests that leave it as it is."""
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
    ):
        install(database, VIEWS)
        yield database


@pytest.fixture
def projector(views: Database) -> Iterator[Connection]:
    """Yield a connection of the projector, whose transaction is rolled back."""
    with closing(views.connect(DatabaseRole.PROJECTOR)) as connection:
        yield connection


def test_every_relation_of_the_views_guards_its_rows(projector: Connection, views: Database) -> None:
    """Tables have row-level security and a policy, views run as whoever asks, and readers can only read."""
    assert unguarded(projector, views) == {}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("create table views.bad (n int)", "row-level security is not enabled"),
        (GUARDED, "there is no policy"),
        ("create table views.bad (n int); create policy p on views.bad using (true)", "security is not enabled"),
        ("create materialized view views.bad as select 1", "a materialised view"),
        ("create view views.bad as select * from views.worklist_v2", "a view without security_invoker"),
        ("create view views.bad with (security_invoker = false) as select 1", "a view without security_invoker"),
        ("create sequence views.bad; grant usage on sequence views.bad to public", "somebody may do more than read"),
        (f"{GUARDED}; create policy p on views.bad using (true)", "a policy is for more than select"),
        (
            f"{GUARDED}; create policy p on views.bad for select using (true); grant insert on views.bad to public",
            "somebody may do more than read",
        ),
    ],
)
def test_the_catalogue_test_bites(projector: Connection, views: Database, bad: str, why: str) -> None:
    """Each way in which a relation can fail to guard its rows is found."""
    projector.execute(bad.encode())

    assert why in unguarded(projector, views)["bad"]


def test_stream_ids_have_one_collation(projector: Connection) -> None:
    """Else no index helps to compare those of two tables, and a policy reads the whole access list for every row."""
    found = projector.execute(
        "select c.table_name, c.collation_name from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = 'views' and c.column_name = 'stream' and t.table_type = 'BASE TABLE'"
    ).fetchall()

    assert len(found) > 5
    assert {collation for _, collation in found} == {"C"}


@pytest.mark.parametrize("role", [DatabaseRole.READER, DatabaseRole.APP])
@pytest.mark.parametrize(
    "forbidden", ["delete from {}", "truncate {}", "drop table {}", "alter table {} disable row level security"]
)
def test_nobody_but_the_projector_changes_a_view(views: Database, role: DatabaseRole, forbidden: str) -> None:
    """Readers and the write side have no right to change rows, tables or policies."""
    with closing(views.connect(role)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql.SQL(forbidden).format(sql.Identifier("views", "worklist_v2")))


def test_programs_that_start_at_once_make_the_tables_once(database: Database) -> None:
    """Whoever comes second finds the tables there."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: install(database, VIEWS), range(8)))

    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection:
        found = connection.execute("select view from views.tracking").fetchall()
    assert sorted(view for (view,) in found) == sorted(view.name for view in VIEWS)


def test_a_view_that_cannot_be_made_leaves_nothing_behind(database: Database) -> None:
    """Tables, policies, grants and tracking row come together or not at all."""
    bad = View("bad", 1, (Table("good_table", 1, "n int", "true"), Table("bad_table", 1, "n int", "no_such_column")))

    with pytest.raises(psycopg.errors.UndefinedColumn):
        install(database, [bad])

    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection:
        assert connection.execute("select to_regclass('views.good_table_v1')").fetchone() == (None,)


def test_statements_name_the_version_of_their_table() -> None:
    """The code of a release uses its own tables."""
    table = Table("worklist", 3, "", "true")

    assert statement("select 1 from {worklist}", table) == b"select 1 from views.worklist_v3"


# --- the next version of a view ---------------------------------------------------------------------------------------


def test_two_releases_have_tables_of_their_own(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """The next version of a view is built beside the one that readers use."""
    network.give(a_threat(), AMSTERDAM)
    runner.catch_up()
    newer = next_version(worklist.VIEW)

    install(database, [newer])

    assert rows(database, newer) == {"worklist": []}
    assert len(rows(database, worklist.VIEW)["worklist"]) == 1
    Runner(database, store, [newer]).catch_up()
    assert rows(database, newer) == rows(database, worklist.VIEW)


def test_policies_read_the_next_access_list_when_it_has_caught_up(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """Until then they read the one of before, so that nobody loses sight of their cases during an upgrade."""
    network.give(a_threat(), AMSTERDAM)
    runner.catch_up()
    newer = next_version(access.VIEW)
    install(database, [newer])
    assert sees(database, AMSTERDAM)

    Runner(database, store, [newer]).catch_up()
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute(b"delete from " + access.ACCESS.qualified.encode())

    assert sees(database, AMSTERDAM)
    assert not sees(database, THE_HAGUE)


def sees(database: Database, reader: Actor) -> bool:
    """Tell whether *reader* sees any fact."""
    with database.reading(reader) as cursor:
        return bool(cursor.execute(b"select from " + timeline.TIMELINE.qualified.encode()).fetchall())


def without_the_ccv(kind: Kind[Any]) -> Kind[Any]:
    """Return *kind* as it was before the CCV was party to anything."""

    def grants(state: Any) -> frozenset[Grant]:  # noqa: ANN401 - the state of any kind
        return frozenset(grant for grant in kind.grants(state) if grant.role is not Role.CCV)

    return replace(kind, grants=grants)


def test_who_becomes_party_by_a_new_release_sees_the_old_cases_once_its_access_list_has_caught_up(
    database: Database, network: Network
) -> None:
    """The release of before made an access list without them; the new one is made from the first fact on."""
    before = CaseStore(database, [without_the_ccv(kind) for kind in KINDS])
    network.give(a_request(), AMSTERDAM)
    others = [view for view in VIEWS if view is not access.VIEW]
    Runner(database, before, [previous_version(access.VIEW), *others]).catch_up()
    assert {sees(database, reader) for reader in (AMSTERDAM, BVA)} == {True}
    install(database, VIEWS)
    assert (sees(database, AMSTERDAM), sees(database, CCV)) == (True, False)

    Runner(database, CaseStore(database, KINDS), VIEWS).catch_up()

    assert {sees(database, reader) for reader in (AMSTERDAM, BVA, CCV)} == {True}
    assert not sees(database, THE_HAGUE)


def test_an_older_release_does_not_take_the_access_list_back(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """A program of the release of before may start again during an upgrade."""
    network.give(a_threat(), TEAM)
    Runner(database, store, [next_version(access.VIEW)]).catch_up()

    runner.catch_up()

    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection:
        (definition,) = connection.execute("select pg_get_viewdef('views.access'::regclass)").fetchone() or ("",)
        assert f"access_v{access.VERSION + 1}" in definition
