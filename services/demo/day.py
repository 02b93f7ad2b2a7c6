"""What happens on a day in the network? A file of commands, given through the API as the people who would give them.

``day.json`` is a list of steps: ``as`` (whom of the cast), ``post`` (the path below ``/v1``), ``body``, ``name`` (under
which later steps refer to the case as ``{name}``), ``refused`` (the reason that is expected, where a rule is shown to
forbid it) and ``note`` (what is going on).
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from domain.values import Model
from infra.identity import DemoIssuer
from services.demo.cast import CAST
from services.web.problems import TYPE_PREFIX

TIMEOUT_SECONDS = 30


class DayError(Exception):
    """A step did not go as the script says; the message is one line."""


class Step(Model):
    """One line of the script."""

    who: str
    post: str
    body: dict[str, Any]
    name: str | None = None
    refused: str | None = None
    note: str


def steps() -> list[Step]:
    """Read the script."""
    text = files("services.demo").joinpath("day.json").read_text(encoding="utf-8")
    return [Step.model_validate(step) for step in json.loads(text)]


def play(url: str, issuer: DemoIssuer, now: Callable[[], datetime]) -> Iterator[Step]:
    """Give every command of the day to the API at *url*; yield each step once it is done.

    Each step has an idempotency key of its own, so that a day that was interrupted can be played again from the start.
    """
    names: dict[str, str] = {}
    for number, step in enumerate(steps(), start=1):
        body = json.loads(_filled(json.dumps(step.body), names))
        path = f"{url}/v1/{_filled(step.post, names)}"
        status, answer = _post(path, body, issuer.token(CAST[step.who], now()), f"day-{number}")
        reason = str(answer.get("type", "")).removeprefix(TYPE_PREFIX) or None
        if reason != step.refused:
            message = f"step {number} of the day ({step.note}): {status} {reason or 'was not refused'}"
            raise DayError(message)
        if step.name:
            names[step.name] = str(answer["id"])
        yield step


def _filled(text: str, names: dict[str, str]) -> str:
    for name, key in names.items():
        text = text.replace("{" + name + "}", key)
    return text


def _post(url: str, body: object, token: str, key: str) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
    request = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - our own address
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
