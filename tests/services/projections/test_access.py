from typing import Any
from uuid import UUID

import pytest

from domain.basis import Kind, StreamId
from domain.kinds import KINDS
from infra.database import Database
from infra.eventstore import CaseStore, Loaded
from services.projections import access, cases, projecting, timeline
from services.projections.rebuilding import rebuild
from services.projections.register import VIEWS
from services.projections.rows import Rows
from services.projections.runner import Runner
from tests.services.projections.network import BVA, TEAM, Network, rows
from tests.services.projections.tiny import (
    ADVISER,
    OWNER,
    REFERRAL,
    ReferralNoted,
    ReferralOffered,
    ReferralWithdrawn,
)

REQUESTER = ADVISER.model_copy(update={"organisation": "gm0363"})
FIRST, SECOND = (REFERRAL.stream(UUID(int=n)) for n in (1, 2))


@pytest.fixture
def store(database: Database) -> CaseStore:
    """Return a store that also knows referrals."""
    return CaseStore(database, (*KINDS, REFERRAL))


def test_a_change_of_the_access_list_is_the_difference() -> None:
    """What stays is not touched."""
    before = [access.line(FIRST, grant) for grant in (OWNER, ADVISER)]
    rows = Rows(access.VIEW.tables, {"access": before})

    access.regrant(rows, FIRST, frozenset({OWNER, REQUESTER}))

    assert rows.dropped_from(access.ACCESS) == [access.line(FIRST, ADVISER)]
    assert rows.put_in(access.ACCESS) == [access.line(FIRST, REQUESTER)]


@pytest.mark.parametrize("page", [1, 2, 500])
def test_a_fact_of_any_kind_can_give_access_and_take_it(
    database: Database, store: CaseStore, network: Network, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """The access list follows from the state after each fact, wherever a page of the log begins."""
    monkeypatch.setattr(projecting, "PAGE", page)
    runner = Runner(database, store, VIEWS)
    for stream in (FIRST, SECOND):
        network.record(TEAM, stream, ReferralOffered(), ReferralNoted(text="Gebeld"))
    runner.catch_up()
    with database.reading(BVA) as cursor:
        assert {case.stream for case in cases.newest(cursor).items} == {FIRST, SECOND}

    network.record(TEAM, FIRST, ReferralNoted(), ReferralWithdrawn(), ReferralNoted(), ReferralOffered())
    network.record(TEAM, SECOND, ReferralNoted(), ReferralWithdrawn())
    runner.catch_up()

    with database.reading(BVA) as cursor:
        assert {case.stream for case in cases.newest(cursor).items} == {FIRST}
        assert cases.by_stream(cursor, SECOND) is None
        assert timeline.of_stream(cursor, SECOND, {}, network.store.vault) == []
        assert len(timeline.of_stream(cursor, FIRST, {}, network.store.vault)) == 2
    live = rows(database, access.VIEW)
    rebuild(database, store, access.VIEW)
    assert rows(database, access.VIEW) == live


def test_only_facts_that_grant_anything_make_it_load_a_case(
    database: Database, store: CaseStore, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most facts leave the access list as it is; a page that holds only such facts costs nothing."""
    monkeypatch.setattr(projecting, "PAGE", 2)
    loaded: list[str] = []

    def load(kind: Kind[Any], stream: StreamId, version: int | None = None) -> Loaded[Any]:
        loaded.append(f"{stream} {version}")
        return CaseStore.load(store, kind, stream, version)

    monkeypatch.setattr(store, "load", load)
    network.record(TEAM, FIRST, ReferralOffered(), *(ReferralNoted() for _ in range(5)), ReferralWithdrawn())

    Runner(database, store, [access.VIEW]).catch_up()

    assert loaded == [f"{FIRST} 6"]
    assert rows(database, access.VIEW)["access"] == [(FIRST, "owner", "support_team", None)]
