"""What has somebody typed and not sent yet?

A draft is kept on the server while it is typed, so that a call of forty minutes, a dead battery or a session that ends
costs nobody what they wrote. It belongs to one person in one role, and is sealed: it holds what only they know yet.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from domain.basis import Actor
from infra.database import Database, DatabaseRole
from infra.opaque import NotOurs, Opaque

Entries = Sequence[tuple[str, str]]
"""What a form sends: names and values, in order."""

KEPT = timedelta(days=14)
"""After this long a draft is forgotten."""
AT_MOST = 50
"""Drafts per person and role; the oldest makes room."""


@dataclass(frozen=True)
class Draft:
    """What somebody has typed in one form."""

    form: str
    """Which form: the address of its page, with what a link to it said."""
    key: str
    """Which sending of it: two may be typed in two windows."""
    about: str
    """The number of the case it is about, where there is one."""
    entries: tuple[tuple[str, str], ...]
    kept_at: datetime


@dataclass(frozen=True)
class Drafts:
    """The drafts of one installation."""

    database: Database
    opaque: Opaque

    def keep(  # noqa: PLR0913 - what a draft is
        self, actor: Actor, form: str, entries: Entries, moment: datetime, *, key: str = "", about: str = ""
    ) -> None:
        """Keep *entries* as the draft of one sending of *form*, in the place of an earlier one."""
        whose = self._whose(actor)
        content = self.opaque.seal(_purpose(whose), [form, key, about, list(entries)])
        with self._cursor() as cursor:
            cursor.execute("delete from pages.drafts where kept_at < %s", (moment - KEPT,))
            cursor.execute(
                "insert into pages.drafts (id, whose, content, kept_at) values (%s, %s, %s, %s)"
                " on conflict (id) do update set content = excluded.content, kept_at = excluded.kept_at",
                (self._id(actor, form, key), whose, content, moment),
            )
            cursor.execute(
                "delete from pages.drafts where id in"
                " (select id from pages.drafts where whose = %s order by kept_at desc offset %s)",
                (whose, AT_MOST),
            )

    def find(self, actor: Actor, form: str, key: str = "") -> Draft | None:
        """Return the draft of *form*: that of the sending *key*, or the newest."""
        return next(
            (draft for draft in self.of(actor) if draft.form == form and (not key or draft.key == key)),
            None,
        )

    def of(self, actor: Actor) -> list[Draft]:
        """Return all drafts of *actor*, the newest first."""
        with self._cursor() as cursor:
            rows = cursor.execute(
                "select whose, content, kept_at from pages.drafts where whose = %s order by kept_at desc",
                (self._whose(actor),),
            ).fetchall()
        return [draft for row in rows if (draft := self._draft(row))]

    def drop(self, actor: Actor, form: str, key: str = "") -> None:
        """Forget the draft of one sending of *form*: it has been sent, or thrown away."""
        with self._cursor() as cursor:
            cursor.execute("delete from pages.drafts where id = %s", (self._id(actor, form, key),))

    def _draft(self, row: dict[str, Any]) -> Draft | None:
        try:
            content: Any = self.opaque.open(_purpose(row["whose"]), row["content"])
        except NotOurs:  # sealed under a secret that has been replaced since
            return None
        form, key, about, entries = content
        return Draft(form, key, about, tuple((name, value) for name, value in entries), row["kept_at"])

    def _whose(self, actor: Actor) -> str:
        return self.opaque.tag("whose draft", actor.person, actor.organisation, actor.role)

    def _id(self, actor: Actor, form: str, key: str) -> str:
        return self.opaque.tag("draft", self._whose(actor), form, key)

    @contextmanager
    def _cursor(self) -> Iterator[Cursor[DictRow]]:
        with (
            self.database.pool(DatabaseRole.APP).connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            yield cursor


def _purpose(whose: str) -> str:
    """Return what the draft is sealed for: the content of one person's row opens in no other person's."""
    return f"draft {whose}"
