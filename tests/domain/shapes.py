"""Which values can a field hold? An example of each model, and strategies for Hypothesis, from the types alone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin
from uuid import UUID
from zlib import crc32

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from domain.basis import Role
from domain.people import Office
from domain.rules.home_security import Regime
from tests.domain.scenario import NOW, TODAY, TOMORROW, YESTERDAY

M = TypeVar("M", bound=BaseModel)

OTHER_STREAM = UUID(int=200)
"""The one stream beside its own that a random command may refer to."""

NEXT_MONTH = datetime(2026, 4, 18, 9, 0, tzinfo=UTC)

POOLS: dict[type, tuple[object, ...]] = {
    bool: (True, False),
    int: (1, 2, 3, 45_000, 0),
    date: (TODAY, YESTERDAY, date(2025, 1, 31), date(2021, 6, 1), TOMORROW),
    AwareDatetime: (NOW, NEXT_MONTH),
    UUID: (OTHER_STREAM,),
    str: ("gm0363", "gm0457", "+31 20 123 45 67", "Een regel tekst, met 'aanhalingstekens' en één é.", "Twee\nregels."),
}
"""Values to choose from, by type; of each pool a field holds those that its type admits."""

EXAMPLES: dict[str, object] = {
    "account": "Er stond iemand voor de deur.\nDe buren zagen het ook.",
    "address": "Keizersgracht 1, 1015 CJ Amsterdam",
    "at": NEXT_MONTH,
    "call_back_at": NEXT_MONTH,
    "detail": "Pilot integrale beveiligingsplannen",
    "external_reference": "Z-2026-17",
    "handler": "tess",
    "installer": "anne",
    "name": "A. de Vries",
    "note": "Belt morgen terug, na de zitting.",
    "number": "DR-2026-000001",
    "office": Office.BURGEMEESTER,
    "owner_role": Role.PUBLIC_BODY,
    "person": "tess",
    "regime": Regime.PROVISION_2024,
    "requester": "ondersteuningsteam",
    "requester_role": Role.SUPPORT_TEAM,
    "role": Role.ADMINISTRATOR,
    "source": "https://www.weerbaarbestuur.nl",
    "supplier": "Slotenmaker BV",
    "team": "noord",
    "text": "Gehoord van de portier.",
    "until": TOMORROW,
}
"""What an example says in fields of these names, where their type admits it."""


def annotation_of(info: FieldInfo) -> Any:  # noqa: ANN401 - a type form
    """Return the annotation of a field as it was written, its metadata included."""
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def is_optional(annotation: object) -> bool:
    """Tell whether *annotation* admits ``None``."""
    return NoneType in get_args(bare(annotation))


def bare(annotation: object) -> Any:  # noqa: ANN401 - a type form
    """Return *annotation* without its metadata; of a ``NewType`` what it is made of."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        else:
            return annotation


def alternatives(annotation: object) -> list[Any]:
    """Return what *annotation* admits besides ``None``."""
    inner = bare(annotation)
    if get_origin(inner) in {Union, UnionType}:
        return [part for part in get_args(inner) if part is not NoneType]
    return [annotation]


def admits(annotation: Any, value: object) -> bool:  # noqa: ANN401 - a type form
    """Tell whether *value* is valid for *annotation*."""
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def leaves(annotation: object) -> Sequence[object]:
    """Return the values to choose from for something that is neither a model nor a list."""
    inner = bare(annotation)
    if isinstance(inner, type) and issubclass(inner, Enum):
        return list(inner)
    return [value for value in POOLS[inner] if admits(annotation, value)]


# --- examples ---------------------------------------------------------------------------------------------------------


@cache
def example(model: type[M]) -> M:
    """Return one *model* with every field filled, always the same."""
    return _filled(model, ())


def _filled(model: type[M], path: tuple[str, ...]) -> M:
    return model.model_validate(
        {name: _example((*path, name), annotation_of(info)) for name, info in model.model_fields.items()}
    )


def _example(path: tuple[str, ...], annotation: object) -> object:
    name = path[-1]
    if name == "subject":
        return UUID(int=crc32("/".join(path).encode()))  # another person in another place
    if name in EXAMPLES and admits(annotation, EXAMPLES[name]):
        return EXAMPLES[name]
    alternative = alternatives(annotation)[0]
    inner = bare(alternative)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return _filled(inner, path)
    if get_origin(inner) is tuple:
        return (_example(path, get_args(inner)[0]),)
    return leaves(alternative)[0]


# --- strategies -------------------------------------------------------------------------------------------------------


@cache
def instances(model: type[M]) -> st.SearchStrategy[M]:
    """Return a strategy for *model*."""
    fields = {name: _values(annotation_of(info)) for name, info in model.model_fields.items()}
    return st.builds(model, **fields)


def _values(annotation: object) -> st.SearchStrategy[Any]:
    strategies = [_some(alternative) for alternative in alternatives(annotation)]
    return st.one_of(st.none(), *strategies) if is_optional(annotation) else st.one_of(*strategies)


def _some(annotation: object) -> st.SearchStrategy[Any]:
    inner = bare(annotation)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return instances(inner)
    if get_origin(inner) is tuple:
        return st.lists(_some(get_args(inner)[0]), min_size=1, max_size=3).map(tuple)
    return st.sampled_from(leaves(annotation))
