"""What might another release make of a view: the next one, or the one before?"""

from collections.abc import Callable
from dataclasses import replace

from services.projections.views import Changes, View


def next_version(view: View) -> View:
    """Return *view* with tables of the next version."""
    return _version(view, view.version + 1)


def previous_version(view: View) -> View:
    """Return *view* with tables of the version before."""
    return _version(view, view.version - 1)


def _version(view: View, version: int) -> View:
    tables = tuple(replace(table, version=version) for table in view.tables)

    def with_tables(query: bytes) -> bytes:
        for old, new in zip(view.tables, tables, strict=True):
            query = query.replace(old.qualified.encode(), new.qualified.encode())
        return query

    def anew(changes: Callable[..., Changes]) -> Callable[..., Changes]:
        return lambda *facts: (change._replace(statement=with_tables(change.statement)) for change in changes(*facts))

    return replace(
        view,
        version=version,
        tables=tables,
        changes=anew(view.changes),
        regrants=anew(view.regrants) if view.regrants else None,
    )
