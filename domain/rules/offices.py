"""Which offices does a kind of public body have (Gemeentewet, Provinciewet, Waterschapswet, WolBES)?"""

from collections.abc import Mapping

from domain.basis import Refusal, UnknownBody
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


def must_have(body: PublicBody | None, office: Office | None) -> None:
    """Refuse an office that *body* does not have, and both where they are not known."""
    if body is None:
        raise UnknownBody
    if office not in OFFICES[body.kind]:
        raise OfficeNotOfThisBody
