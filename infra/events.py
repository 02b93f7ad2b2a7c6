"""What is recorded with a fact?"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.basis import Actor, Fact, OrganisationId, PersonId, Role
from domain.values import Identifying, Instant, Model, Slug


class Origin(StrEnum):
    """Through which door a fact came in."""

    API = "api"
    PUBLIC_RECORD = "public_record"
    GENERATED = "generated"
    OPERATION = "operation"


class Metadata(Model):
    """Who recorded a fact, in which capacity, when and why. Persons are pseudonyms here."""

    at: Instant
    """The edge's clock at recording; when something really happened is a field of the fact."""
    actor: PersonId
    organisation: Identifying[OrganisationId]
    role: Role
    on_behalf_of: PersonId | None = None
    purpose: Slug | None = None
    """For what (*doelbinding*), as a code and never in words."""
    correlation: UUID
    """The request that led to it; a caller's own trace can be joined on it."""
    causation: UUID | None = None
    """The event that led to it, where a policy and not a person asked."""
    origin: Origin

    @property
    def by(self) -> Actor:
        """Return who recorded it."""
        return Actor(person=self.actor, organisation=self.organisation, role=self.role)


@dataclass(frozen=True)
class Event:
    """One recorded fact; an eventsourcing ``DomainEventProtocol[str]``."""

    originator_id: str
    """The stream."""
    originator_version: int
    """From 1, without gaps."""
    event_id: UUID
    metadata: Metadata
    fact: Fact
