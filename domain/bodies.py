"""Which public bodies are there on a given day, and what became of the others?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from pydantic import Field

from domain.values import CodeList, Model, Slug

BodyId = Annotated[Slug, Field(json_schema_extra={"format": "public-body"})]
"""A body's id in our register: the CBS code in lower case (``gm0363``, ``pv27``) where there is one."""


class BodyKind(CodeList):
    """Which kind of public body it is."""

    MUNICIPALITY = "municipality", "gemeente"
    PROVINCE = "province", "provincie"
    WATER_BOARD = "water_board", "waterschap"
    SPECIAL_MUNICIPALITY = "special_municipality", "bijzondere gemeente"


class PublicBody(Model):
    """A municipality, province, water board or special municipality, from its first to its last day."""

    id: BodyId
    kind: BodyKind
    name: str
    cbs_code: str | None = None
    province: BodyId | None = None
    safety_region: str | None = None
    valid_from: date | None = None
    """The first day; ``None`` where it began before the register does."""
    valid_until: date | None = None
    """The first day on which it is no more (bodies merge on 1 January); ``None`` while it exists."""
    successors: tuple[BodyId, ...] = ()
    """Who took over its territory."""

    def exists_on(self, day: date) -> bool:
        """Tell whether the body exists on *day*."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True)
class Register:
    """The dated register of public bodies."""

    bodies: tuple[PublicBody, ...]
    _by_id: dict[str, PublicBody] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the bodies by id, which is unique."""
        object.__setattr__(self, "_by_id", {body.id: body for body in self.bodies})

    def __iter__(self) -> Iterator[PublicBody]:
        """Iterate over all bodies, past ones too."""
        return iter(self.bodies)

    def get(self, body: str) -> PublicBody | None:
        """Return the body with that id, whenever it existed."""
        return self._by_id.get(body)

    def on(self, day: date) -> Iterable[PublicBody]:
        """Return the bodies that exist on *day*."""
        return (body for body in self.bodies if body.exists_on(day))

    def knows(self, body: str, day: date) -> bool:
        """Tell whether *body* exists on *day*."""
        found = self._by_id.get(body)
        return found is not None and found.exists_on(day)
