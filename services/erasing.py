"""How is somebody forgotten, or a whole case?

Their key is destroyed, and that it was is recorded without saying whose. What is personal stands nowhere but sealed, so
that is all for a person. Which body and office a case is about, views tell too: they are made anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from domain.basis import Actor
from domain.organisations import NETWORK, ORGANISATION, DataErased, ErasureReason, ErasureScope
from infra.events import Event, Metadata, Origin
from infra.eventstore import CaseStore


class NothingToErase(Exception):  # noqa: N818 - it says what there is
    """There is no such person in the case, or they have been forgotten already."""


@dataclass(frozen=True)
class Erasing:
    """What erasing needs."""

    store: CaseStore
    by: Actor
    clock: Callable[[], datetime]

    def person(self, stream: str, subject: UUID, reason: ErasureReason) -> None:
        """Forget *subject*, who is somebody in the case *stream*. Raises NothingToErase."""
        self._erase(stream, ErasureScope.PERSON, reason, [owner for owner in self._kept(stream) if owner == subject])

    def case(self, stream: str, reason: ErasureReason) -> None:
        """Forget the case *stream*: everybody in it, and where it played. Raises NothingToErase.

        What views tell of body and office, they tell until they are made anew.
        """
        self._erase(stream, ErasureScope.CASE, reason, self._kept(stream))

    def _kept(self, stream: str) -> list[object]:
        """Return whose keys of the case are still there."""
        keys = self.store.vault.of([stream])
        return [owner for case in keys.values() for owner, (_, kept) in case.wrapped.items() if kept is not None]

    def _erase(self, stream: str, scope: ErasureScope, reason: ErasureReason, owners: list[object]) -> None:
        if not owners:
            message = "there is nobody to forget: no such person in the case, or they were forgotten before"
            raise NothingToErase(message)
        # Recorded first: whoever is interrupted does it again, and nothing is forgotten of which nobody heard.
        self._record(DataErased(scope=scope, reason=reason, keys=len(owners)))
        subjects = [owner for owner in owners if isinstance(owner, UUID)]
        self.store.vault.destroy(subjects=subjects, case=stream if scope is ErasureScope.CASE else None)

    def _record(self, fact: DataErased) -> None:
        stream = ORGANISATION.stream(NETWORK)
        version = self.store.load(ORGANISATION, stream).version
        metadata = Metadata(
            at=self.clock(),
            actor=self.by.person,
            organisation=self.by.organisation,
            role=self.by.role,
            correlation=uuid4(),
            origin=Origin.OPERATION,
        )
        self.store.record_now([Event(stream, version + 1, uuid4(), metadata, fact)], expected={stream: version})
