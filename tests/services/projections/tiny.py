"""A kind of stream made for the tests: a referral that can be withdrawn, so that somebody loses access."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from domain.basis import Fact, Grant, Kind, Party, Role

OWNER = Grant(party=Party.OWNER, role=Role.SUPPORT_TEAM)
ADVISER = Grant(party=Party.ADVISER, role=Role.BVA)


class ReferralOffered(Fact):
    """A referral was offered."""

    topic: ClassVar[str] = "referral.offered.v1"
    audience: ClassVar[frozenset[Party]] = frozenset({Party.OWNER, Party.ADVISER})

    number: str | None = None


class ReferralNoted(Fact):
    """A note was made."""

    topic: ClassVar[str] = "referral.noted.v1"

    text: str = ""


class ReferralWithdrawn(Fact):
    """The referral was withdrawn."""

    topic: ClassVar[str] = "referral.withdrawn.v1"


@dataclass(frozen=True)
class Referral:
    """What the facts add up to."""

    offered: bool = False
    notes: tuple[str, ...] = ()


def evolve(referral: Referral, fact: Fact) -> Referral:
    """Return the referral after *fact*."""
    match fact:
        case ReferralOffered():
            return replace(referral, offered=True)
        case ReferralWithdrawn():
            return replace(referral, offered=False)
        case ReferralNoted():
            return replace(referral, notes=(*referral.notes, fact.text))
        case _:
            return referral


REFERRAL: Kind[Any] = Kind(
    name="referral",
    collection="referrals",
    empty=Referral(),
    evolve=evolve,
    facts=(ReferralOffered, ReferralNoted, ReferralWithdrawn),
    commands=(),
    grants=lambda referral: frozenset({OWNER, ADVISER} if referral.offered else {OWNER}),
    granting=(ReferralOffered, ReferralWithdrawn),
)
