"""For which part of the country does a public body count?

A province is one area, with its municipalities. Water boards lie across provinces, and Bonaire, Sint Eustatius and Saba
in none: they count apart. So does a case of which nobody can tell any more where it played.
"""

from functools import cache
from typing import assert_never

from domain.bodies import BodyId, BodyKind, Register
from domain.values import Erased
from infra.registers import public_bodies

WATER_BOARDS = "waterschappen"
CARIBBEAN = "caribisch-nederland"
FORGOTTEN = "gewist"


def area_of(body: BodyId) -> str:
    """Return the code of the area of *body*, also of one that is no more. Raises LookupError for one that never was."""
    if isinstance(body, Erased):
        return FORGOTTEN
    found = _register().get(body)
    if found is None:
        message = "the register knows no such body"
        raise LookupError(message)
    match found.kind:
        case BodyKind.MUNICIPALITY:
            return str(found.province)
        case BodyKind.PROVINCE:
            return found.id
        case BodyKind.WATER_BOARD:
            return WATER_BOARDS
        case BodyKind.SPECIAL_MUNICIPALITY:
            return CARIBBEAN
        case _:
            assert_never(found.kind)


def areas() -> dict[str, str]:
    """Return the Dutch name of every area by its code; that of a province is its id in the register."""
    provinces = {body.id: body.name for body in _register() if body.kind is BodyKind.PROVINCE}
    return provinces | {WATER_BOARDS: "waterschappen", CARIBBEAN: "Caribisch Nederland", FORGOTTEN: "(gewist)"}


@cache
def _register() -> Register:
    return public_bodies()
