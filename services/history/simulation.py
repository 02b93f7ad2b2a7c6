"""How does simulated time pass, and how does what people ask for in it become events?

A *story* is a generator: it gives commands, and yields the moment at which it goes on. Many stories run beside each
other, always the one whose moment is next, so that the events come in the order of time. Commands are judged exactly as
the handling of a request judges them; only the clock, the identifiers and the states are the simulation's own. Who has
no story left is forgotten: memory holds the cases that somebody is still at work on.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from heapq import heapify, heappop, heappush
from itertools import count
from math import exp, log
from random import Random
from typing import Any, Generic, TypeVar
from uuid import UUID

from domain.basis import Act, Actor, Command, Kind, Refusal, StreamId, may_know_of
from domain.bodies import Register
from domain.rules.working_days import is_working_day
from domain.values import AMSTERDAM
from infra.events import Event, Metadata, Origin
from infra.eventstore import Loaded
from services.cases.handling import RelatedCaseUnknown, admit, events_of, judge

S = TypeVar("S")
T = TypeVar("T")

Story = Generator[datetime, None, None]
"""Yields the moments at which it goes on; one that has passed is now."""

ONE_DAY = timedelta(days=1)
OPENS, CLOSES = time(8, 30), time(17, 30)
"""The hours at which an office works, in the Netherlands."""


@dataclass(eq=False)
class Case(Generic[S]):
    """A stream that somebody is at work on."""

    kind: Kind[S]
    loaded: Loaded[S]
    number: str | None

    @property
    def stream(self) -> StreamId:
        """The stream itself."""
        return self.loaded.stream

    @property
    def state(self) -> S:
        """What has become of it so far."""
        return self.loaded.state

    def follow(self, event: Event) -> None:
        """Add *event* to what has become of it."""
        state = self.kind.evolve(self.loaded.state, event.fact)
        self.loaded = Loaded(self.loaded.stream, state, event.originator_version)


@dataclass(eq=False)
class Simulation:
    """Time, chance and everything that is recorded on the way."""

    bodies: Register
    chance: Random
    now: datetime
    """The present moment of the stories, aware and in UTC."""
    refused: int = field(default=0, init=False)
    """How often somebody asked for what the rules forbid."""
    numbers: dict[tuple[str, int], int] = field(default_factory=dict, init=False)
    """The last case number given out, by prefix and year."""
    _agenda: list[tuple[datetime, int, Story]] = field(default_factory=list, init=False)
    _turns: Iterator[int] = field(default_factory=count, init=False)
    _recorded: list[Event] = field(default_factory=list, init=False)

    # --- time ---------------------------------------------------------------------------------------------------------

    def start(self, story: Story, at: datetime | None = None) -> None:
        """Let *story* begin, now or at a later moment."""
        heappush(self._agenda, (self.now if at is None else at, next(self._turns), story))

    def run(self, until: datetime) -> Iterator[list[Event]]:
        """Let all stories go on until the moment *until*; yield the events of each step that records any."""
        while self._agenda and self._agenda[0][0] < until:
            at, _, story = heappop(self._agenda)
            self.now = max(self.now, at)
            goes_on = next(story, None)
            if goes_on is not None:
                self.start(story, goes_on)
            if self._recorded:
                yield self._recorded
                self._recorded = []

    @property
    def today(self) -> date:
        """The calendar day in the Netherlands."""
        return self.now.astimezone(AMSTERDAM).date()

    def after(self, days: float, *, spread: float = 0.6) -> datetime:
        """Return a moment some time from now: half of them lie within *days*, some much further off."""
        return self.now + timedelta(seconds=int(86400 * self.chance.lognormvariate(log(days), spread)))

    def at_work(self, days: float, *, spread: float = 0.6) -> datetime:
        """Return a moment ``after`` now at which offices work."""
        moment = self.after(days, spread=spread)
        local = moment.astimezone(AMSTERDAM)
        day = local.date()
        if works(day) and OPENS <= local.time() < CLOSES:
            return moment
        if local.time() >= CLOSES:
            day += ONE_DAY
        while not works(day):
            day += ONE_DAY
        return at_hour(day, self.chance.uniform(8.6, 11.5))

    # --- chance -------------------------------------------------------------------------------------------------------

    def happens(self, share: float) -> bool:
        """Tell whether what happens in this *share* of the cases happens in this one."""
        return self.chance.random() < share

    def one_of(self, weights: Mapping[T, float]) -> T:
        """Return one of the keys, by their weights."""
        return self.chance.choices(tuple(weights), tuple(weights.values()))[0]

    def perhaps(self, shares: Mapping[T, float]) -> T | None:
        """Return one of the keys, each in its share of the cases, or ``None``."""
        drawn = self.chance.random()
        for key, share in shares.items():
            drawn -= share
            if drawn < 0:
                return key
        return None

    def times(self, mean: float) -> int:
        """Return how often something happens that happens *mean* times on average, each time by itself (Poisson)."""
        often, product, limit = 0, self.chance.random(), exp(-mean)
        while product > limit:
            often += 1
            product *= self.chance.random()
        return often

    def random_id(self) -> UUID:
        """Return an identifier that tells nothing."""
        return UUID(int=self.chance.getrandbits(128), version=4)

    def timed_id(self) -> UUID:
        """Return an identifier of the present moment (UUIDv7), as those of cases and events are."""
        milliseconds = int(self.now.timestamp() * 1000)
        return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | self.chance.getrandbits(62))

    # --- commands -----------------------------------------------------------------------------------------------------

    def begin(self, kind: Kind[S], command: Command[S], actor: Actor, *, reads: Sequence[Case[Any]] = ()) -> Case[S]:
        """Begin a case; *reads* are the cases that the command reads. Raises what the rules forbid."""
        stream = kind.stream(command.key() or self.timed_id())
        case = Case(kind, Loaded(stream, kind.empty, 0), None)
        year = self.today.year
        last = self.numbers.get((kind.prefix, year), 0) if kind.prefix else 0
        case.number = f"{kind.prefix}-{year}-{last + 1:06d}" if kind.prefix else None
        self._decide(case, command, actor, reads)
        if kind.prefix:
            self.numbers[kind.prefix, year] = last + 1
        return case

    def give(self, case: Case[S], command: Command[S], actor: Actor) -> bool:
        """Give a command, and tell whether the rules allowed it."""
        try:
            self._decide(case, command, actor, ())
        except Refusal:
            self.refused += 1
            return False
        return True

    def _decide(self, case: Case[S], command: Command[S], actor: Actor, reads: Sequence[Case[Any]]) -> None:
        """Do what the handling of a request does between loading and recording."""
        admit(case.kind, command, case.loaded, actor)
        related = {other.stream: other for other in reads}
        if set(command.reads()) != related.keys():
            message = f"{type(command).__name__} reads other cases than it was given"
            raise ValueError(message)
        if not all(may_know_of(actor, other.kind.grants(other.state)) for other in reads):
            raise RelatedCaseUnknown
        act = Act(
            actor=actor,
            at=self.now,
            stream=case.stream,
            bodies=self.bodies,
            ids=tuple(self.random_id() for _ in range(command.new_ids)),
            number=(case.number or "") if command.creates else "",
            others={stream: other.state for stream, other in related.items()},
        )
        facts = judge(command, case.state, act)
        metadata = Metadata(
            at=self.now,
            actor=actor.person,
            organisation=actor.organisation,
            role=actor.role,
            correlation=self.random_id(),
            origin=Origin.GENERATED,
        )
        related[case.stream] = case
        versions = {stream: at_work_on.loaded.version for stream, at_work_on in related.items()}
        for event in events_of(facts, case.stream, versions, metadata, self.timed_id):
            related[StreamId(event.originator_id)].follow(event)
            self._recorded.append(event)


def beside_each_other(*tracks: Story) -> Story:
    """Tell several stories as one, which ends when all of them have."""
    agenda = [(moment, turn, track) for turn, track in enumerate(tracks) for moment in (next(track, None),) if moment]
    heapify(agenda)
    turns = count(len(tracks))
    while agenda:
        moment, _, track = heappop(agenda)
        yield moment
        goes_on = next(track, None)
        if goes_on is not None:
            heappush(agenda, (goes_on, next(turns), track))


@cache
def works(day: date) -> bool:
    """Tell whether offices work on *day*."""
    return is_working_day(day)


@cache
def midnight(day: date) -> datetime:
    """Return the moment at which *day* begins in the Netherlands."""
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


def at_hour(day: date, hour: float) -> datetime:
    """Return the moment of *day* at which clocks in the Netherlands show *hour*, with a fraction."""
    seconds = int(hour * 3600)
    clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    return datetime.combine(day, clock, AMSTERDAM).astimezone(UTC)
