"""Whoever is forgotten, and whenever: does everything go on for everybody, and is nothing of them left?

Each seed is another history, in which people of the network give commands at random, persons and whole cases are
forgotten in between, and more is recorded afterwards.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain.basis import Actor, Command, Kind, Refusal, StreamId
from domain.kinds import KINDS
from domain.organisations import ErasureReason, OrganisationKind, RegisterOrganisation
from domain.values import ERASED, Marked, Sensitivity, with_marked
from infra.database import Database
from infra.identity import Caller
from services.app import create_api
from services.cases.handling import Request
from services.cli import OPERATOR
from services.erasing import Erasing
from services.projections.rebuilding import differences, rebuild
from services.projections.register import VIEWS
from services.web.problems import Answerable
from tests.dumped import dumped
from tests.log_of import whole_log_of
from tests.network import Network, projector_store, running
from tests.services.projections.network import ADMINISTRATOR, AUDITOR, COMMANDS, EVERYONE, NOW

SEEDS = int(os.environ.get("WEERBAAR_TEST_SEEDS", "2"))
CANARY, PHONE = "kwikstaart", "0699"


@dataclass
class Clock:
    """A clock that goes on by a minute whenever somebody looks at it."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        """Return the present moment."""
        self.moment += timedelta(minutes=1)
        return self.moment


@dataclass
class History:
    """What people do at random, and what is forgotten of it."""

    network: Network
    random: Random
    streams: list[StreamId] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Of each command: what became of it."""
    forgotten: dict[StreamId, set[str]] = field(default_factory=dict)
    """By case, the words that nobody may come across any more."""
    cases: set[StreamId] = field(default_factory=set)
    """Those that were forgotten as a whole."""
    said: int = 0

    def go_on(self, commands: int) -> None:
        """Give so many commands, each by somebody who may ever give it, on any stream of its kind."""
        for _ in range(commands):
            command = self.random.choice(COMMANDS)(self.random, self.streams)
            kind = next(kind for kind in KINDS if type(command) in kind.commands)
            streams = [stream for stream in self.streams if stream.startswith(f"{kind.name}:")]
            if command.creates or streams:
                by = self.random.choice([actor for actor in EVERYONE if actor.role in command.roles])
                often = [stream for stream in streams if stream in self.forgotten] if self.random.random() < 0.5 else []
                self.give(kind, command, by, None if command.creates else self.random.choice(often or streams))

    def give(self, kind: Kind[Any], command: Command[Any], by: Actor, stream: StreamId | None) -> None:
        """Give a command in which every word about a person is said only once. It is done, or refused, or not known."""
        key = stream and stream.partition(":")[2]
        request = Request(command=with_marked(command, self._said_once), caller=Caller(actor=by), key=key)
        try:
            done = self.network.service.handling.handle_now(kind, request)
        except (Refusal, Answerable) as error:
            self.answers.append(type(error).__name__)
            return
        self.answers.append("done")
        if done.stream not in self.streams:
            self.streams.append(StreamId(done.stream))

    def _said_once(self, marked: Marked) -> Any:  # noqa: ANN401 - whatever the field holds
        if marked.mark is not Sensitivity.PERSONAL:
            return marked.value
        self.said += 1
        return (
            f"{PHONE}{self.said:06}" if "phone" in marked.name or "number" in marked.name else f"{CANARY}{self.said:06}"
        )

    def forget(self) -> None:
        """Forget somebody, or a whole case, that was not forgotten before."""
        store = self.network.service.store
        stream = self.random.choice([one for one in self.streams if store.vault.of([one]) and one not in self.cases])
        facts = [event.fact for event in whole_log_of(store) if event.originator_id == stream]
        told: dict[UUID, set[str]] = {}

        def note(marked: Marked) -> Any:  # noqa: ANN401
            if marked.mark is Sensitivity.PERSONAL and marked.subject and marked.value != ERASED:
                told.setdefault(marked.subject, set()).add(str(marked.value))
            return marked.value

        for fact in facts:
            with_marked(fact, note)
        erasing = Erasing(store, OPERATOR, self.network.service.clock)
        if told and self.random.random() < 0.5:
            subject = self.random.choice(list(told))
            erasing.person(stream, subject, ErasureReason.REQUEST)
            self.forgotten.setdefault(stream, set()).update(told[subject])
            return
        erasing.case(stream, ErasureReason.RETENTION)
        self.forgotten.setdefault(stream, set()).update(*told.values())
        self.cases.add(stream)
        for view in VIEWS:
            rebuild(self.network.service.database, projector_store(self.network.service.database), view)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_everything_goes_on_and_of_whoever_was_forgotten_nothing_is_left(
    database: Database, tmp_path: Path, seed: int
) -> None:
    """For every reader, on every door, in every view, and in a dump of everything."""
    with running(database, tmp_path, clock=Clock()) as network:
        history = History(network, Random(seed))  # noqa: S311 - the same history in every run
        body = RegisterOrganisation(organisation="gm0363", name="Amsterdam", kind=OrganisationKind.PUBLIC_BODY)
        netwerk = RegisterOrganisation(organisation="netwerk", name="Netwerk", kind=OrganisationKind.NETWORK)
        for command in (body, netwerk):
            history.give(KINDS[-1], command, ADMINISTRATOR, None)
        history.go_on(100)
        for _ in range(4):
            history.forget()
            history.go_on(25)
        network.settle()

        described = create_api(network.service).openapi()["paths"]
        paths = [path for path, methods in described.items() if "get" in methods]
        seen = {actor.person: looked_at(history, actor, paths) for actor in EVERYONE}
        found = [difference for view in VIEWS for difference in differences(database, projector_store(database), view)]

    words = set[str]().union(*history.forgotten.values())
    assert words
    assert history.cases
    assert {"done", "NotFound"} < set(history.answers), "all sorts of things happened"
    for person, pages in seen.items():
        assert [word for word in words if word in pages] == [], person
    assert CANARY in seen[AUDITOR.person]
    assert str(ERASED) in seen[AUDITOR.person]
    assert found == []
    dump = dumped(database.url)
    assert "threat_case.reported.v1" in dump
    assert CANARY not in dump
    assert PHONE not in dump


def looked_at(history: History, actor: Actor, paths: list[str]) -> str:
    """Return what *actor* sees on every door: lists, and all there is to see of what was forgotten, and some more."""
    network = history.network
    collections = {kind.name: kind.collection for kind in KINDS}
    seen = []
    for path in paths:
        collection = path.split("/")[1]
        of_it = [stream for stream in history.streams if collections[stream.partition(":")[0]] == collection]
        some = [stream for stream in of_it if stream in history.forgotten] + of_it[:2]
        for stream in some if "{" in path else [None]:
            key = stream.partition(":")[2] if stream else ""
            answer = network.get(actor, path.removeprefix("/").replace("{id}", key))
            hidden = stream in history.cases and actor.role is not AUDITOR.role
            assert answer.status_code in ({403, 404} if hidden else {200, 403, 404}), path
            seen.append(answer.text)
    return "".join(seen)
