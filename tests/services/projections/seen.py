"""A view made for the tests: it only tells which facts it has seen, and would show it if it had seen one twice."""

from infra.eventstore import Recorded
from services.projections.rows import Rows
from services.projections.tables import Kept, Table
from services.projections.views import View

SEEN = Table(
    name="seen",
    version=1,
    columns="position bigint not null, stream text not null",
    key=("position",),
    kept=Kept.ADDED,
    visible="true",
)


def project(rows: Rows, recorded: Recorded) -> None:
    """Every fact is a row."""
    rows.add(SEEN, {"position": recorded.position, "stream": recorded.event.originator_id})


VIEW = View(name="seen", version=1, tables=(SEEN,), project=project)
