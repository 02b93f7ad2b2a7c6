"""A view made for the tests: it only tells which facts it has seen, and would show it if it had seen one twice."""

from infra.eventstore import Recorded
from services.projections.views import Change, Changes, Table, View, statement

SEEN = Table(name="seen", version=1, columns="position bigint not null, stream text not null", visible="true")

SEE = statement("insert into {seen} (position, stream) values (%(position)s, %(stream)s)", SEEN)


def changes(recorded: Recorded) -> Changes:
    """Every fact is a row."""
    yield Change(SEE, {"position": recorded.position, "stream": recorded.event.originator_id})


VIEW = View(name="seen", version=1, tables=(SEEN,), changes=changes)
