"""How fast is a field sealed and opened, and what does it cost a command?

Fields in this process alone, without a database, beside the mere encryption of as many bytes. Commands beside the same
ones of a service that seals nothing, by one caller: who begins a case has two keys made and kept for it before its fact
is, and who notes a call in it needs those that are there.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.basis import Command
from domain.threat_case import THREAT_CASE, NoteCall, ReportThreat, ThreatReported
from infra.identity import Caller
from infra.sealing import NONCE, Place, fresh_key, from_plain, open_sealed, seal, to_plain
from infra.settings import read_settings
from services.app import Service
from services.cases.handling import Request
from services.demo.cast import CAST
from tests.bench.rounds import Result, beside, fresh, in_turns
from tests.conftest import Installation

ENCRYPTED = "as many bytes encrypted, and no more"
REFERENCE = "Zaaknummer 2026/0417-B van de meldkamer"
PLACE = Place(UUID(int=1), ThreatReported.topic, "external_reference")
COMMAND = ReportThreat.model_validate(
    {
        "body": "gm0855",
        "office": "wethouder",
        "call_back_number": "06-00 00 01 01",
        "danger_now": False,
        "reporter_name": "Klaartje Zwaluwstaart",
        "account": "Hij stond weer bij haar deur.",
        "external_reference": REFERENCE,
    }
)
NOTED = NoteCall(note="Zij vroeg of de politie al had teruggebeld.")


def sealing(installation: Installation, rounds: int, fields: int, commands: int) -> Iterable[Result]:
    """Measure *fields* sealed and opened, and *commands* with and without sealing."""
    owner, plain = fresh_key(), to_plain(REFERENCE)
    sealed = seal(PLACE.key(owner), plain)
    cipher = AESGCM(owner)
    yield from beside(
        in_turns(
            {
                (ENCRYPTED, 1): lambda: _rate(fields, lambda: cipher.encrypt(NONCE, plain, None)),
                ("fields sealed", 1): lambda: _rate(fields, lambda: seal(PLACE.key(owner), to_plain(REFERENCE))),
                ("fields opened", 1): lambda: _rate(
                    fields, lambda: from_plain(ThreatReported, PLACE.path, open_sealed(PLACE.key(owner), sealed))
                ),
            },
            rounds,
        ),
        (ENCRYPTED, 1),
    )
    with fresh(installation, "sealing") as database, tempfile.TemporaryDirectory() as folder:
        settings = read_settings(data_dir=Path(folder))
        sealing_one, plain_one = (Service(settings, database, cast=CAST) for _ in range(2))
        plain_one.store.vault = replace(plain_one.store.vault, kinds=frozenset())
        services = {"nothing sealed": plain_one, "sealed": sealing_one}
        contestants: dict[tuple[str, int], Callable[[], float]] = {}
        for how, service in services.items():
            cases = cycle([_give(service, COMMAND) for _ in range(commands)])
            contestants[f"a case begun, {how}", 1] = partial(_rate, commands, partial(_give, service, COMMAND))
            contestants[f"a call noted, {how}", 1] = partial(_rate, commands, partial(_note, service, cases))
        rates = in_turns(contestants, rounds)
        for service in services.values():
            service.close()
    for what in ("a case begun", "a call noted"):
        both = {who: rate for who, rate in rates.items() if who[0].startswith(what)}
        yield from beside(both, (f"{what}, nothing sealed", 1))


def _note(service: Service, cases: Iterator[str]) -> None:
    """Note a call in the next of *cases*."""
    _give(service, NOTED, next(cases))


def _give(service: Service, command: Command[Any], key: str | None = None) -> str:
    """Give *command*, and return the key of its case."""
    request = Request(command=command, caller=Caller(actor=CAST["support-team"]), key=key)
    return service.handling.handle_now(THREAT_CASE, request).stream.partition(":")[2]


def _rate(number: int, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(number):
        work()
    return number / (time.perf_counter() - begun)
