"""What did a case look like after each of its facts, what did that fact change, and who recorded it?

Facts are counted as the visitor sees them, from 1: what is withheld from them leaves no gap that would tell of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from domain.basis import Kind
from domain.values import AMSTERDAM
from services.portal.commands import Collection, Key, subject_of
from services.portal.dossiers import Line, lines
from services.portal.pages import Visit, Visiting
from services.portal.showing import Shown, shown
from services.projections.replay import Entry, replay

MINUTE = len("2026-03-18T23:00")
"""A moment of this length names a minute, and means its end: what was recorded within it has happened by then."""
WHOLE_MINUTE = timedelta(minutes=1, microseconds=-1)
NOT_A_MOMENT = "Vul een datum en een tijd in, bijvoorbeeld 18-3-2026 23:04."

Version = Annotated[int | None, Query(ge=0, le=1_000_000)]


@dataclass(frozen=True)
class Changed:
    """One thing that a case says otherwise than before."""

    pointer: str
    """Where in the state, as a JSON Pointer (RFC 6901)."""
    labels: tuple[str, ...]
    """What that place is called, from the whole to the part."""
    before: str
    """Empty: nothing was said."""
    after: str
    """Empty: nothing is said any more."""


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/dossiers/{collection}/{key}/verloop", name="replay")
    def show(  # noqa: PLR0913, PLR0917 - one parameter per part of the request
        visit: Visiting,
        collection: Collection,
        key: Key,
        version: Annotated[Version, Query(alias="versie")] = None,
        moment: Annotated[str, Query(alias="moment", max_length=40)] = "",
        since: Annotated[Version, Query(alias="van")] = None,
        until: Annotated[Version, Query(alias="tot")] = None,
    ) -> Response:
        """Show a case as it was after a fact or at a moment, and what had changed since an earlier one."""
        kind = visit.portal.kind(collection)
        subject = subject_of(visit, kind, key)
        entries = subject.found.entries
        at = moment_of(moment)
        asked = until if until is not None else version
        after = replay(kind, entries, version=asked, at=at).version
        before = min(max(after - 1, 0) if since is None else since, len(entries))
        before, after = sorted((before, after))
        return visit.page(
            "replay.html",
            status=HTTPStatus.BAD_REQUEST if moment and at is None else HTTPStatus.OK,
            kind=kind,
            subject=subject,
            path=f"/dossiers/{kind.collection}/{subject.key}",
            lines=lines(visit, entries),
            before=before,
            after=after,
            last=len(entries),
            compared=since is not None,
            moment=moment,
            fault=NOT_A_MOMENT if moment and at is None else "",
            **seen(visit, kind, entries, before, after),
        )

    return router


def moment_of(text: str) -> datetime | None:
    """Return the moment that *text* names on the clock in the Netherlands; ``None`` where it names none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=AMSTERDAM)
    return found + WHOLE_MINUTE if len(text) == MINUTE else found


def seen(visit: Visit, kind: Kind[Any], entries: Sequence[Entry], before: int, after: int) -> dict[str, Any]:
    """Return the case after *after* of the *entries*, and what is otherwise than after *before* of them."""
    earlier, later = (
        shown(kind.replay(entry.fact for entry in entries[:version] if entry.fact), visit.portal.organisation_name)
        for version in (before, after)
    )
    found = tuple(changes(earlier, later))
    events: list[Line] = lines(visit, entries)[before:after]
    return {"says": later, "changes": found, "changed": {one.pointer for one in found}, "events": events}


def changes(before: Sequence[Shown], after: Sequence[Shown]) -> Iterator[Changed]:
    """Yield where *after* says something else than *before*, in the order of the page; what is gone comes last."""
    earlier, later = ({leaf.pointer: (path, leaf.text) for path, leaf in leaves(parts)} for parts in (before, after))
    for pointer, (path, _) in {**later, **earlier, **later}.items():
        was, came = (said.get(pointer, ((), ""))[1] for said in (earlier, later))
        if was != came:
            yield Changed(pointer, path, was, came)


def leaves(parts: Sequence[Shown], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Shown]]:
    """Yield everything that is said in *parts*, with what it is called from the whole to the part."""
    for part in parts:
        here = (*path, part.label)
        if part.parts:
            yield from leaves(part.parts, here)
        else:
            yield here, part
