"""What might the next release make of a view?"""

from collections.abc import Callable
from dataclasses import replace

from services.projections.views import Changes, View


def next_version(view: View) -> View:
    """Return *view* with tables of the next version."""
    tables = tuple(replace(table, version=view.version + 1) for table in view.tables)

    def with_tables(query: bytes) -> bytes:
        for old, new in zip(view.tables, tables, strict=True):
            query = query.replace(old.qualified.encode(), new.qualified.encode())
        return query

    def anew(changes: Callable[..., Changes]) -> Callable[..., Changes]:
        return lambda *facts: (change._replace(statement=with_tables(change.statement)) for change in changes(*facts))

    return replace(
        view,
        version=view.version + 1,
        tables=tables,
        changes=anew(view.changes),
        regrants=anew(view.regrants) if view.regrants else None,
    )
