"""Which tables did former releases leave behind, and may they go?

A release makes tables of its own beside those of the one before, whose programs still use them. Nothing drops those by
itself: who operates the service says when no program of that release will run any more.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from infra.database import Database, DatabaseRole
from services.projections.rebuilding import BESIDE
from services.projections.tracking import ViewStatus, claim, status
from services.projections.views import View, discard, note_tables


@dataclass(frozen=True)
class Former:
    """A version of a view that this release does not use, or what was begun and never took the place of one."""

    view: str
    version: int
    kept: str | None
    """Why it cannot go yet; ``None``: it can."""


def former(database: Database, views: Iterable[View]) -> list[Former]:
    """Return what is left of former versions of *views*. What a newer release has made is none of our business."""
    found = status(database)
    ours = {view.name: view.version for view in views}
    published = {view.name for view in found if view.published and view.version == ours.get(view.name)}
    beside = {f"{name}_{what}": version for name, version in ours.items() for what in BESIDE}
    return [
        Former(view.name, view.version, _kept(view, published))
        for view in found
        if view.version < ours.get(view.name, 0) or view.version <= beside.get(view.name, 0)
    ]


def _kept(view: ViewStatus, published: set[str]) -> str | None:
    if view.running:
        return "somebody is at work on it"
    return (
        None
        if view.name in published or view.name.endswith(BESIDE)
        else "the version of this release has not caught up yet"
    )


def drop(database: Database, views: Iterable[View], found: Iterable[Former]) -> list[Former]:
    """Drop those of *found* that can go and on which nobody has begun to work since; return them."""
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        note_tables(connection, views)
    dropped = []
    for one in found:
        # A connection for each: with it ends the claim.
        with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
            if one.kept is None and claim(connection, one.view, one.version):
                discard(connection, one.view, one.version)
                dropped.append(one)
    return dropped
