"""What might another release make of a view: the next one, or the one before?"""

from dataclasses import replace

from services.projections.views import View


def next_version(view: View) -> View:
    """Return *view* with tables of the next version."""
    return _version(view, view.version + 1)


def previous_version(view: View) -> View:
    """Return *view* with tables of the version before."""
    return _version(view, view.version - 1)


def _version(view: View, version: int) -> View:
    return replace(view, version=version, tables=tuple(replace(table, version=version) for table in view.tables))
