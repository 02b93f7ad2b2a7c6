"""How does a fact become bytes, and how do the bytes of any release become a fact again?"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent
from pydantic import ValidationError

from domain.basis import Fact, Kind
from domain.values import M
from infra.appending import StoredFact
from infra.events import Event, Metadata

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the stored form of one version of a topic into that of the next."""

UPCASTS: Mapping[str, Upcast] = {}
"""By older topic, ``threat_case.reported.v1``; what it returns has the shape of the topic's next version."""


class UnknownTopic(MapperDeserialisationError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """No kind of this release has a fact of that topic."""


class FactMapper(Mapper[str]):
    """Finds a fact's class by its topic, our own stable name, and lets pydantic read and write its state."""

    def __init__(self, kinds: Iterable[Kind[Any]], upcasts: Mapping[str, Upcast] = UPCASTS) -> None:
        """Know the facts of *kinds*. Raises ValueError for a topic of two classes and an upcast that leads nowhere."""
        # The library wants a transcoder for its own way of mapping, which is not used.
        super().__init__(JSONTranscoder())
        self._classes: dict[str, type[Fact]] = {}
        for fact in (fact for kind in kinds for fact in kind.facts):
            if self._classes.setdefault(fact.topic, fact) is not fact:
                message = f"{fact.topic} is the topic of two classes"
                raise ValueError(message)
        self._upcasts = upcasts
        for topic in upcasts:
            if topic in self._classes or self._newest(topic) not in self._classes:
                message = f"the upcast of {topic} does not lead to a fact"
                raise ValueError(message)

    @property
    def topics(self) -> frozenset[str]:
        """The topics that can be loaded, older ones with them."""
        return frozenset({*self._classes, *self._upcasts})

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredFact:
        """Return the row to store. Raises UnknownTopic for a fact that could not be loaded again."""
        if not isinstance(domain_event, Event):
            message = f"a {type(domain_event).__name__} is not an Event"
            raise TypeError(message)
        fact = domain_event.fact
        if self._classes.get(fact.topic) is not type(fact):
            raise UnknownTopic(fact.topic)
        return StoredFact(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=fact.topic,
            state=fact.model_dump_json(exclude_none=True).encode(),
            event_id=domain_event.event_id,
            metadata=domain_event.metadata.model_dump_json(exclude_none=True),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """Return the event. Raises UnknownTopic and, for a state of another shape, MapperDeserialisationError."""
        if not isinstance(stored_event, StoredFact):
            message = f"a {type(stored_event).__name__} is not a StoredFact"
            raise TypeError(message)
        topic, event_id = stored_event.topic, stored_event.event_id
        fact = self.to_fact(topic, stored_event.state, event_id)
        return Event(
            originator_id=str(stored_event.originator_id),
            originator_version=stored_event.originator_version,
            event_id=event_id,
            metadata=_read(Metadata, stored_event.metadata, topic, event_id),
            fact=fact,
        )

    def to_fact(self, topic: str, state: bytes, which: object) -> Fact:
        """Return the fact alone; *which* event it is of, errors say. Raises as ``to_domain_event`` does."""
        now, state = self.newest(topic, state)
        fact = self._classes.get(now)
        if fact is None:
            message = f"{topic} of event {which}"
            raise UnknownTopic(message)
        return _read(fact, state, topic, which)

    def newest(self, topic: str, state: bytes) -> tuple[str, bytes]:
        """Return the newest version of *topic*, and *state* in its shape."""
        if topic not in self._upcasts:
            return topic, state
        shape = json.loads(state)
        while topic in self._upcasts:
            shape = self._upcasts[topic](shape)
            topic = _next(topic)
        return topic, json.dumps(shape).encode()

    def _newest(self, topic: str) -> str:
        while topic in self._upcasts:
            topic = _next(topic)
        return topic


def _read(model: type[M], text: str | bytes, topic: str, which: object) -> M:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        # Where and what is wrong, without the value: it may be somebody's name.
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['type']}"
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        )
        message = f"event {which} is no {topic}: {faults}"
        raise MapperDeserialisationError(message) from None


def _next(topic: str) -> str:
    """Return the topic's next version: ``….v2`` after ``….v1``."""
    return re.sub(r"\d+$", lambda version: str(int(version[0]) + 1), topic)
