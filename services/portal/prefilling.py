"""What does a form know already when somebody opens it?

By command: values under the names of its fields, from the state of the case. A draft that was kept goes first.
"""

from collections.abc import Callable, Mapping
from typing import Any

from domain.basis import Command

PREFILLED: Mapping[type[Command[Any]], Callable[[Any], Mapping[str, str]]] = {}


def prefilled(command: type[Command[Any]], state: object) -> dict[str, str]:
    """Return what is known beforehand in the form of *command*, on a case in this *state*."""
    known = PREFILLED.get(command)
    return dict(known(state)) if known and state is not None else {}
