"""Who is looking at the pages, and how long does that last?

A session lives on the server; the browser holds a random name for it and nothing else. One that has ended of itself is
remembered for a while: what somebody sends after it can still be kept for them.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from domain.basis import Actor, OrganisationId, PersonId, Role
from infra.database import Database, DatabaseRole

IDLE = timedelta(minutes=30)
"""After this long without a request a session ends; drafts survive it."""
LASTS = timedelta(hours=12)
"""The longest that a session lasts, whatever happens: a shift, and the hand-over after it."""
REMEMBERED = timedelta(days=2)
"""How long an ended session is remembered, to keep what is sent after its end for whoever sends it."""
TOKEN_BYTES = 32
SEEN_AGAIN = timedelta(seconds=30)
"""A request is not worth a write; one in half a minute is."""


@dataclass(frozen=True)
class Session:
    """Somebody who has signed in."""

    token: str
    """The name by which their browser knows it: a secret between the two of us."""
    actor: Actor
    began_at: datetime
    seen_at: datetime

    def lives_at(self, moment: datetime) -> bool:
        """Tell whether it still lasts at *moment*."""
        return moment - self.seen_at < IDLE and moment - self.began_at < LASTS


@dataclass(frozen=True)
class Sessions:
    """The sessions of one installation."""

    database: Database

    def begin(self, actor: Actor, moment: datetime) -> Session:
        """Begin a session of *actor*, and forget those that ended long ago."""
        session = Session(secrets.token_urlsafe(TOKEN_BYTES), actor, moment, moment)
        with self._cursor() as cursor:
            cursor.execute("delete from pages.sessions where seen_at < %s", (moment - REMEMBERED,))
            cursor.execute(
                "insert into pages.sessions (id, person, organisation, role, began_at, seen_at)"
                " values (%s, %s, %s, %s, %s, %s)",
                (_hashed(session.token), actor.person, actor.organisation, actor.role, moment, moment),
            )
        return session

    def find(self, token: str, moment: datetime) -> Session | None:
        """Return the session that *token* names, also one that has ended of itself; a living one goes on."""
        with self._cursor() as cursor:
            row = cursor.execute(
                "select person, organisation, role, began_at, seen_at from pages.sessions where id = %s",
                (_hashed(token),),
            ).fetchone()
            if row is None:
                return None
            session = Session(token, _actor(row), row["began_at"], row["seen_at"])
            if session.lives_at(moment) and moment - session.seen_at > SEEN_AGAIN:
                cursor.execute("update pages.sessions set seen_at = %s where id = %s", (moment, _hashed(token)))
            return session

    def end(self, token: str) -> None:
        """End a session because somebody signs out: nothing of it is remembered."""
        with self._cursor() as cursor:
            cursor.execute("delete from pages.sessions where id = %s", (_hashed(token),))

    @contextmanager
    def _cursor(self) -> Iterator[Cursor[DictRow]]:
        with (
            self.database.pool(DatabaseRole.APP).connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            yield cursor


def _actor(row: dict[str, Any]) -> Actor:
    return Actor(
        person=PersonId(row["person"]), organisation=OrganisationId(row["organisation"]), role=Role(row["role"])
    )


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
