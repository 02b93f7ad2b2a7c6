"""Which offices does a kind of public body have (Gemeentewet, Provinciewet, Waterschapswet, WolBES)?"""

from collections.abc import Mapping
from typing import ClassVar

from domain.basis import Act, Refusal, Role, UnknownBody
from domain.bodies import BodyKind, PublicBody
from domain.people import Office

EVERYWHERE = frozenset({Office.CIVIL_SERVANT, Office.VISITOR, Office.FAMILY})
"""Whoever works for a body, comes to it, or is family of who holds an office there. The secretaris of a province, a
water board or a special municipality is a civil servant here."""

OFFICES: Mapping[BodyKind, frozenset[Office]] = {
    BodyKind.MUNICIPALITY: EVERYWHERE
    | {
        Office.BURGEMEESTER,
        Office.WETHOUDER,
        Office.RAADSLID,
        Office.COMMISSIELID,
        Office.GRIFFIER,
        Office.GEMEENTESECRETARIS,
    },
    BodyKind.PROVINCE: EVERYWHERE
    | {
        Office.COMMISSARIS,
        Office.GEDEPUTEERDE,
        Office.STATENLID,
        Office.COMMISSIELID,
        Office.GRIFFIER,
    },
    BodyKind.WATER_BOARD: EVERYWHERE | {Office.WATER_BOARD_CHAIR, Office.DB_MEMBER, Office.AB_MEMBER},
    BodyKind.SPECIAL_MUNICIPALITY: EVERYWHERE
    | {
        Office.GEZAGHEBBER,
        Office.EILANDGEDEPUTEERDE,
        Office.EILANDSRAADSLID,
        Office.COMMISSIELID,
        Office.GRIFFIER,
    },
}


class OfficeNotOfThisBody(Refusal):
    """A body of this kind has no such office: a province has no mayor, a municipality no King's commissioner."""

    about: ClassVar[tuple[str, ...]] = ("office",)


def offices_of(body: PublicBody) -> tuple[Office, ...]:
    """Return the offices that *body* has, in their order."""
    return tuple(office for office in Office if office in OFFICES[body.kind])


def offices_of_own(act: Act) -> Mapping[str, tuple[Office, ...]]:
    """Return which offices there are to choose from where somebody acts for a public body, and so for that one only.

    Whoever can choose the body too is left all of them: which there are follows from what they have yet to say.
    """
    own = act.bodies.get(act.actor.organisation) if act.actor.role is Role.PUBLIC_BODY else None
    return {"office": offices_of(own)} if own else {}


def must_have(body: PublicBody | None, office: Office | None) -> None:
    """Refuse an office that *body* does not have, and both where they are not known."""
    if body is None:
        raise UnknownBody
    if office not in offices_of(body):
        raise OfficeNotOfThisBody
