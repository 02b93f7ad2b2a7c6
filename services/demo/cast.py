"""Who plays in the demo? One made-up person per role, and more where one hands over to another or checks their work."""

from domain.basis import Actor, OrganisationId, PersonId, Role
from domain.organisations import NETWORK


def _actor(person: str, organisation: str, role: Role) -> Actor:
    return Actor(person=PersonId(person), organisation=OrganisationId(organisation), role=role)


CAST: dict[str, Actor] = {
    "administrator": _actor("p-beheer-1", NETWORK, Role.ADMINISTRATOR),
    "support-team": _actor("p-team-1", "ondersteuningsteam", Role.SUPPORT_TEAM),
    "support-team-colleague": _actor("p-team-2", "ondersteuningsteam", Role.SUPPORT_TEAM),
    "bva": _actor("p-bva-1", "bva", Role.BVA),
    "ccv": _actor("p-ccv-1", "ccv", Role.CCV),
    "public-body": _actor("p-tilburg-1", "gm0855", Role.PUBLIC_BODY),
    "public-body-colleague": _actor("p-tilburg-2", "gm0855", Role.PUBLIC_BODY),
    "public-body-elsewhere": _actor("p-breda-1", "gm0758", Role.PUBLIC_BODY),
    "steunpunt": _actor("p-steunpunt-1", "steunpunt", Role.STEUNPUNT),
    "ministry-analyst": _actor("p-bzk-1", "bzk", Role.MINISTRY_ANALYST),
    "auditor": _actor("p-auditor-1", "auditor", Role.AUDITOR),
}
"""By the name that ``weerbaar token --as`` takes."""
