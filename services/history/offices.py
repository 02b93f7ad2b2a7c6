"""Who holds which office, from which day until which?

Nobody in particular: holders have no name until somebody reports about them. There are as many of them as there are in
the country, elections and appointments replace them, and with a body its offices end.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from zlib import crc32

from domain.bodies import BodyId, BodyKind, PublicBody, Register
from domain.people import Office
from services.history.rates import COUNCIL_ELECTIONS, PROVINCIAL_ELECTIONS

# --- how many seats ---------------------------------------------------------------------------------------------------

NATIONAL: Mapping[BodyKind, Mapping[Office, int]] = {
    BodyKind.MUNICIPALITY: {Office.BURGEMEESTER: 342, Office.WETHOUDER: 1449, Office.RAADSLID: 8931},
    BodyKind.PROVINCE: {Office.COMMISSARIS: 12, Office.GEDEPUTEERDE: 60, Office.STATENLID: 570},
    BodyKind.WATER_BOARD: {Office.WATER_BOARD_CHAIR: 21, Office.DB_MEMBER: 98, Office.AB_MEMBER: 622},
    BodyKind.SPECIAL_MUNICIPALITY: {
        Office.GEZAGHEBBER: 3,
        Office.EILANDGEDEPUTEERDE: 7,
        Office.EILANDSRAADSLID: 19,
    },
}
"""How many hold each office in the whole country, with the 342 municipalities and 21 water boards of 2026."""

COUNCILS: Mapping[BodyId, int] = {
    **dict.fromkeys(
        ("gm0363", "gm0599", "gm0518", "gm0344", "gm0772", "gm0014", "gm0855", "gm0034"),
        45,  # more than 200,000 inhabitants (Gemeentewet art. 8)
    ),
    **dict.fromkeys(
        (
            *("gm0758", "gm0268", "gm0200", "gm0202", "gm0392", "gm0394", "gm0153", "gm0307", "gm0479", "gm0796"),
            *("gm0193", "gm0546", "gm0080", "gm0505", "gm0484", "gm0935", "gm0228", "gm1783", "gm0361", "gm0114"),
            *("gm0503", "gm0983", "gm0637", "gm0150"),
        ),
        39,  # more than 100,000
    ),
    **dict.fromkeys(("gm0060", "gm0088", "gm0096", "gm0277"), 9),  # fewer than 3,001, or nearly
    **dict.fromkeys(("pv25", "pv27", "pv28", "pv30"), 55),
    **dict.fromkeys(("pv23", "pv31"), 47),
    **dict.fromkeys(("pv20", "pv21"), 43),
    **dict.fromkeys(("pv22", "pv24"), 41),
    "pv26": 49,
    "pv29": 39,
    "bes-bonaire": 9,
    "bes-sint-eustatius": 5,
    "bes-saba": 5,
}
"""The seats of the councils and States that everybody knows; of the others only the sum is known here."""


def seats(register: Register, day: date) -> dict[BodyId, dict[Office, int]]:
    """Return how many seats of each office each body has, also those that do not exist on *day*.

    What the bodies of *day* have adds up to the national numbers. The size of a council that is not known is made up
    from the body's id, and is the same in every history.
    """
    sizes = {body.id: COUNCILS.get(body.id) or 13 + 2 * _drawn(body, 12) for body in register}
    found: dict[BodyId, dict[Office, int]] = {}
    for kind, national in NATIONAL.items():
        chair, executive, council = national
        ours = [body for body in register if body.kind is kind]
        today = [body.id for body in sorted(ours, key=_drawn) if body.exists_on(day)]
        if kind is BodyKind.WATER_BOARD:
            sizes |= {body.id: 30 for body in ours}
        sizes |= _adjusted(sizes, [body for body in today if body not in COUNCILS], national[council], today, step=2)
        executives = {body.id: max(2, 1 + round(sizes[body.id] / 8)) for body in ours}
        executives |= _adjusted(executives, today, national[executive], today, step=1)
        for body in ours:
            found[body.id] = {chair: 1, executive: executives[body.id], council: sizes[body.id]}
    return found


def _adjusted(
    sizes: Mapping[BodyId, int], which: list[BodyId], total: int, of: Iterable[BodyId], *, step: int
) -> dict[BodyId, int]:
    """Return the sizes of *which*, made larger or smaller by turns until those of *of* add up to *total*."""
    adjusted = {body: sizes[body] for body in which}
    missing = total - sum(sizes[body] for body in of)
    while missing and adjusted:
        for body in adjusted:
            change = max(-step, min(step, missing))
            adjusted[body] += change
            missing -= change
    return adjusted


def _drawn(body: PublicBody, below: int = 2**32) -> int:
    """Return a number that looks drawn, and is always the same for one body."""
    return crc32(body.id.encode()) % below


# --- which bodies take part -------------------------------------------------------------------------------------------

FIRST: tuple[BodyId, ...] = ("gm0855", "gm0758", "pv30", "ws-brabantse-delta", "bes-bonaire")
"""The bodies in which a history on a small scale plays first, so that some have as many cases as in reality."""


@dataclass(frozen=True)
class Part:
    """The bodies in which a history on some scale plays."""

    bodies: frozenset[BodyId]
    seats: Mapping[BodyId, Mapping[Office, int]]
    rates: Mapping[Office, float]
    """Which share of what happens to the holders of an office there the history holds: with the choice of bodies it
    comes to the scale."""


def part(register: Register, day: date, scale: float) -> Part:
    """Choose bodies that have at least the share *scale* of all offices, with those that they came from."""
    numbers = seats(register, day)
    chosen: set[BodyId] = set()
    rates: dict[Office, float] = {}
    for kind, national in NATIONAL.items():
        there = [body for body in register.on(day) if body.kind is kind]
        there.sort(key=lambda body: (FIRST.index(body.id) if body.id in FIRST else len(FIRST), _drawn(body)))
        taken = dict.fromkeys(national, 0)
        for body in there:
            if sum(taken.values()) >= scale * sum(national.values()):
                break
            chosen.add(body.id)
            taken = {office: number + numbers[body.id][office] for office, number in taken.items()}
        rates |= {office: scale * national[office] / number for office, number in taken.items()}
    while more := {body.id for body in register if chosen.intersection(body.successors)} - chosen:
        chosen |= more
    return Part(frozenset(chosen), numbers, rates)


YEAR = timedelta(days=365)
ATTEMPTS = 30
"""How many holders are looked at before somebody is hit twice in a year."""

# --- holders ----------------------------------------------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Holder:
    """Somebody in an office."""

    body: PublicBody
    office: Office
    since: date
    left: date | None = None
    """The first day on which they no longer have it."""
    hit_on: date | None = None
    """The day of the last incident that was reported."""
    name: str | None = None
    phone: str = ""
    address: str = ""


@dataclass(frozen=True)
class Term:
    """What an election changes: offices that are given anew some time after it."""

    elections: tuple[date, ...]
    days: int
    """From the election to the first meeting of who is new."""
    turnover: float
    """The share that is new."""
    a_year: float
    """The share that leaves in between."""

    @property
    def beginnings(self) -> tuple[date, ...]:
        """The days of the first meetings."""
        return tuple(election + timedelta(days=self.days) for election in self.elections)


ELECTED: Mapping[Office, Term] = {
    Office.RAADSLID: Term(COUNCIL_ELECTIONS, 14, 0.55, 0.04),
    Office.WETHOUDER: Term(COUNCIL_ELECTIONS, 75, 0.5, 0.08),
    Office.STATENLID: Term(PROVINCIAL_ELECTIONS, 14, 0.6, 0.04),
    Office.GEDEPUTEERDE: Term(PROVINCIAL_ELECTIONS, 90, 0.55, 0.06),
    Office.AB_MEMBER: Term(PROVINCIAL_ELECTIONS, 14, 0.55, 0.03),
    Office.DB_MEMBER: Term(PROVINCIAL_ELECTIONS, 75, 0.5, 0.04),
    Office.EILANDSRAADSLID: Term(PROVINCIAL_ELECTIONS, 14, 0.5, 0.04),
    Office.EILANDGEDEPUTEERDE: Term(PROVINCIAL_ELECTIONS, 45, 0.6, 0.1),
    **dict.fromkeys(
        (Office.BURGEMEESTER, Office.COMMISSARIS, Office.WATER_BOARD_CHAIR, Office.GEZAGHEBBER),
        Term(elections=(), days=0, turnover=0.0, a_year=0.13),
    ),
}
"""When the holders of an office change; chairs are appointed, and stay for seven or eight years on average."""


@dataclass
class Offices:
    """The holders of all offices, day after day."""

    register: Register
    part: Part
    chance: Random
    holders: dict[Office, list[Holder]] = field(default_factory=lambda: defaultdict(list), init=False)
    bodies: dict[BodyId, PublicBody] = field(default_factory=dict, init=False)
    """Those that exist today."""
    _changes: frozenset[date | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Know the days on which bodies begin and end."""
        self._changes = frozenset(day for body in self.register for day in (body.valid_from, body.valid_until))

    def turn_to(self, today: date) -> Iterator[PublicBody]:
        """Let bodies begin and end, and holders come and go; yield the bodies that are new."""
        if today in self._changes or not self.bodies:
            yield from self._new_bodies(today)
        for office, term in ELECTED.items():
            if today in term.beginnings:
                self._replace(office, term.turnover, today)
            elif today.day == 1:
                self._replace(office, term.a_year / 12, today)

    def _new_bodies(self, today: date) -> list[PublicBody]:
        """Let bodies end and begin, with their offices; return the new ones."""
        there = {body.id: body for body in self.register.on(today) if body.id in self.part.bodies}
        if gone := self.bodies.keys() - there.keys():
            for office, holders in self.holders.items():
                for holder in holders:
                    if holder.body.id in gone:
                        holder.left = today
                self.holders[office] = [holder for holder in holders if holder.left is None]
        new = [body for body in there.values() if body.id not in self.bodies]
        self.bodies = there
        for body in new:
            for office, number in self.part.seats[body.id].items():
                self.holders[office].extend(Holder(body, office, today) for _ in range(number))
        return new

    def _replace(self, office: Office, share: float, today: date) -> None:
        """Let others have the seats of a *share* of the holders from *today* on."""
        holders = self.holders[office]
        for seat, holder in enumerate(holders):
            if self.chance.random() < share:
                holder.left = today
                holders[seat] = Holder(holder.body, office, today)

    def hit(self, office: Office, today: date) -> Holder:
        """Return a holder of *office*, where there is one who was not hit in the twelve months before."""
        holders = self.holders[office]
        found = self.chance.choice(holders)
        for _ in range(ATTEMPTS):
            if found.hit_on is None or today - found.hit_on >= YEAR:
                break
            found = self.chance.choice(holders)
        found.hit_on = today
        return found
