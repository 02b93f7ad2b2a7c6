"""Who may do and see what? The whole matrix, derived from the description, and what else is derived with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from domain.basis import Actor, Command, Kind, OrganisationId, Role, may_know_of
from domain.kinds import KINDS
from domain.values import CodeList
from services.demo.cast import CAST
from tests.contract.examples import body, giver
from tests.network import Network

COMMANDS = {command.__name__: (kind, command) for kind in KINDS for command in kind.commands}
FOR_EVERYBODY = {"cases", "codeLists", "publicBodies"}
"""What shows to each caller what is theirs, or the same to all."""
ACTORS = {actor.role: actor for actor in reversed(CAST.values())}
"""Somebody of each role."""


@dataclass(frozen=True)
class Operation:
    """One operation of the description."""

    name: str
    method: str
    path: str
    described: Mapping[str, Any]

    @property
    def roles(self) -> list[str] | None:
        """The roles it is for; ``None`` where its answer depends on the case."""
        found: list[str] | None = self.described.get("x-roles")
        return found

    @property
    def of_a_case(self) -> bool:
        """Whether it is about one case."""
        return "{id}" in self.path

    @property
    def collection(self) -> str:
        """The first part of its path."""
        return self.path.split("/")[1]

    @property
    def command(self) -> type[Command[Any]]:
        """The command that it takes."""
        return COMMANDS[self.name[0].upper() + self.name[1:]][1]


@dataclass(frozen=True)
class Api:
    """The API with one case of each kind in it."""

    network: Network
    cases: Mapping[str, str]
    """The id of a case, by collection."""

    @cached_property
    def description(self) -> dict[str, Any]:
        """Return the description, as everybody can get it."""
        found: dict[str, Any] = self.network.client.get("/v1/openapi.json").json()
        return found

    @cached_property
    def operations(self) -> list[Operation]:
        """Return every operation of the description."""
        return [
            Operation(described["operationId"], method.upper(), path, described)
            for path, methods in self.description["paths"].items()
            for method, described in methods.items()
        ]

    def keys(self, operation: Operation) -> dict[str, str]:
        """Return the id of a case that exists and of one that does not, or nothing where there is no id."""
        if not operation.of_a_case:
            return {"": ""}
        missing = "nobody-knows-it" if operation.collection == "organisations" else str(UUID(int=1))
        return {"existing": self.cases[operation.collection], "missing": missing}

    def ask(self, actor: Actor, operation: Operation, key: str) -> Response:
        """Give the command or look at the view, as *actor*."""
        path = operation.path.lstrip("/").replace("{id}", key)
        if operation.method == "GET":
            return self.network.get(actor, path)
        return self.network.post(actor, path, body(operation.command))


@pytest.fixture(scope="module")
def api(network: Network) -> Api:
    """Return the API with one case of each kind in it."""
    creating = {kind.collection: command for kind in KINDS for command in kind.commands if command.creates}
    return Api(
        network,
        {
            collection: network.begin(giver(command), collection, body(command))
            for collection, command in creating.items()
        },
    )


def told(response: Response) -> tuple[int, str, dict[str, str]]:
    """Return all that an answer tells, but for the id of the request."""
    headers = {name: value for name, value in response.headers.items() if name != "weerbaar-request"}
    return response.status_code, response.text, headers


def reason(response: Response) -> str:
    """Return why it was refused."""
    return str(response.json()["type"]).removeprefix("urn:weerbaar:problem:")


# --- the matrix -------------------------------------------------------------------------------------------------------


def test_every_operation_says_whom_it_is_for(api: Api) -> None:
    """Commands by role, views by role or by case: what is neither is named here."""
    unclear = {operation.name for operation in api.operations if operation.roles is None and not operation.of_a_case}

    assert unclear == FOR_EVERYBODY
    assert all(operation.roles for operation in api.operations if operation.method == "POST")
    assert {operation.method for operation in api.operations} == {"GET", "POST"}


def test_nobody_gets_anything_without_a_token(api: Api) -> None:
    """Not even whether it exists; only the description is everybody's."""
    for operation in api.operations:
        answers = [
            told(
                api.network.client.request(
                    operation.method,
                    f"/v1{operation.path.replace('{id}', key)}",
                    json=body(operation.command) if operation.method == "POST" else None,
                )
            )
            for key in api.keys(operation).values()
        ]

        assert {status for status, *_ in answers} == {401}, operation.name
        assert all(answer == answers[0] for answer in answers), operation.name


def test_a_command_is_refused_to_every_other_role(api: Api) -> None:
    """With the same 403 whether or not the case exists."""
    for operation, role in product(api.operations, Role):
        if operation.method == "POST" and role not in operation.command.roles:
            answers = [told(api.ask(ACTORS[role], operation, key)) for key in api.keys(operation).values()]

            assert answers[0][0] == 403, (operation.name, role)
            assert all(answer == answers[0] for answer in answers), (operation.name, role)


def test_a_command_is_open_to_each_of_its_roles(api: Api) -> None:
    """What stands in the way then is another thing: that there is no such case."""
    for operation, role in product(api.operations, Role):
        if operation.method == "POST" and operation.of_a_case and role in operation.command.roles:
            response = api.ask(ACTORS[role], operation, api.keys(operation)["missing"])

            assert (response.status_code, reason(response)) == (404, "not-found"), (operation.name, role)


def test_a_view_for_some_roles_is_refused_to_every_other(api: Api) -> None:
    """And open to each of its own."""
    for operation, role in product(api.operations, Role):
        if operation.method == "GET" and operation.roles:
            keys = api.keys(operation)
            answers = {which: told(api.ask(ACTORS[role], operation, key)) for which, key in keys.items()}

            if role in operation.roles:
                expected = {which: 404 if which == "missing" else 200 for which in keys}
                assert {which: status for which, (status, *_) in answers.items()} == expected, (operation.name, role)
            else:
                first, *others = answers.values()
                assert first[0] == 403, (operation.name, role)
                assert all(answer == first for answer in others), (operation.name, role)


def everybody() -> list[Actor]:
    """Return the cast, and of each role somebody in an organisation that has nothing to do with anything."""
    elsewhere = OrganisationId("elders")
    return [*CAST.values(), *(actor.model_copy(update={"organisation": elsewhere}) for actor in ACTORS.values())]


def knows(api: Api, actor: Actor, collection: str) -> bool:
    """Tell whether *actor* may know of the case in *collection*, as the domain says it."""
    kind: Kind[Any] = next(kind for kind in KINDS if kind.collection == collection)
    state = api.network.service.store.load(kind, kind.stream(api.cases[collection])).state
    return may_know_of(actor, kind.grants(state))


def test_a_case_that_one_may_not_know_of_does_not_exist(api: Api) -> None:
    """Its answers say, in body and headers, what those about a case that never was say.

    Whoever may know of it sees it, though not necessarily the progress of its measures: then they are told so.
    """
    seen: set[bool] = set()
    for operation, actor in product(api.operations, everybody()):
        if operation.method == "GET" and operation.of_a_case and operation.roles is None:
            keys = api.keys(operation)
            existing, missing = (told(api.ask(actor, operation, keys[key])) for key in ("existing", "missing"))
            known = knows(api, actor, operation.collection)
            seen.add(known)

            assert missing[0] == 404, (operation.name, actor)
            if known:
                assert existing[0] in ({200, 403} if operation.name.endswith("Progress") else {200})
                assert existing[0] == 200 or reason(api.ask(actor, operation, keys["existing"])) == "not-for-this-party"
            else:
                assert existing == missing, (operation.name, actor)
    assert seen == {True, False}


def test_a_command_on_a_case_that_one_may_not_know_of_finds_none(api: Api) -> None:
    """Whatever the role allows elsewhere; with If-Match and without, and with a key or without."""
    refused = set()
    for operation, actor in product(api.operations, everybody()):
        if operation.method == "POST" and operation.of_a_case and actor.role in operation.command.roles:
            if knows(api, actor, operation.collection):
                continue
            answers = [
                told(
                    api.network.post(
                        actor, operation.path.lstrip("/").replace("{id}", key), body(operation.command), **headers
                    )
                )
                for key in api.keys(operation).values()
                for headers in ({}, {"If_Match": '"a"'}, {"Idempotency_Key": "a"})
            ]
            refused.add(operation.collection)

            assert answers[0][0] == 404, (operation.name, actor)
            assert all(answer == answers[0] for answer in answers), (operation.name, actor)
    assert refused == {kind.collection for kind in KINDS}


def test_lists_hold_nothing_that_one_may_not_know_of(api: Api) -> None:
    """What is in them can be opened by whoever sees it there, and everything that can be opened is in them."""
    for actor in everybody():
        listed = {item["id"] for item in api.network.look(actor, "cases?limit=200")["items"]}
        known = {key for collection, key in api.cases.items() if knows(api, actor, collection)}

        assert listed & set(api.cases.values()) == known, actor


# --- what is derived with it ------------------------------------------------------------------------------------------


def test_every_command_has_one_operation_and_every_operation_one_command(api: Api) -> None:
    """At the address that its noun makes, for the roles it names."""
    described = {
        (operation.name, operation.path, tuple(operation.roles or ()))
        for operation in api.operations
        if operation.method == "POST"
    }
    expected = {
        (
            f"{name[0].lower()}{name[1:]}",
            f"/{kind.collection}" if command.creates else f"/{kind.collection}/{{id}}/{command.noun}",
            tuple(sorted(command.roles)),
        )
        for name, (kind, command) in COMMANDS.items()
    }

    assert described == expected
    assert len(COMMANDS) == sum(len(kind.commands) for kind in KINDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_body_has_exactly_the_fields_of_its_command(api: Api, name: str) -> None:
    """The same are required, and others are refused."""
    _, command = COMMANDS[name]
    operation = next(
        operation for operation in api.operations if operation.method == "POST" and operation.command is command
    )
    (reference,) = operation.described["requestBody"]["content"]["application/json"]["schema"].values()
    schema = api.description["components"]["schemas"][str(reference).rpartition("/")[2]]

    assert schema["properties"].keys() == command.model_fields.keys()
    assert set(schema.get("required", ())) == {
        field for field, info in command.model_fields.items() if info.is_required()
    }
    assert schema["additionalProperties"] is False


def code_lists() -> dict[str, type[CodeList]]:
    """Return every code list of the program."""
    return {
        found.__name__: found
        for found in CodeList.__subclasses__()
        if found.__module__.startswith(("domain.", "services."))
    }


def test_every_code_has_a_dutch_word(api: Api) -> None:
    """All lists that the description names are there, also those that only views use."""
    shown = {found["name"]: found for found in api.network.look("auditor", "code-lists")["items"]}
    described = {
        name: schema["enum"] for name, schema in api.description["components"]["schemas"].items() if "enum" in schema
    }
    codes = {name: [code["code"] for code in found["codes"]] for name, found in shown.items()}

    assert codes == codes | described
    assert len(described) >= 30
    for name, found in shown.items():
        assert found["description"].endswith("."), name
        assert [code["label"] for code in found["codes"]] == [member.label for member in code_lists()[name]]
        assert all(code["label"].strip() for code in found["codes"]), name
        assert len({code["label"] for code in found["codes"]}) == len(found["codes"]), name


def bodies_on(api: Api, day: str) -> set[str]:
    """Return the ids of the bodies that the API knows on *day*."""
    shown = api.network.look("public-body", f"public-bodies?at={day}")
    assert shown["at"] == day
    return {found["id"] for found in shown["items"]}


def test_the_public_bodies_are_those_of_the_day(api: Api) -> None:
    """Weesp became Amsterdam on 24 March 2022, Beemster Purmerend on New Year's Day."""
    assert {"gm0457", "gm0363"} <= bodies_on(api, "2022-03-23")
    assert "gm0457" not in bodies_on(api, "2022-03-24")
    assert bodies_on(api, "2022-03-23") - bodies_on(api, "2022-03-24") == {"gm0457"}
    assert "gm0370" in bodies_on(api, "2021-12-31")
    assert "gm0370" not in bodies_on(api, "2022-01-01")
    assert len(bodies_on(api, "2026-01-01")) == 342 + 12 + 21 + 3


def test_the_public_bodies_are_by_default_those_of_today(api: Api) -> None:
    """In the Netherlands."""
    shown = api.network.look("public-body", "public-bodies")

    assert abs((date.fromisoformat(shown["at"]) - date.today()).days) <= 1  # noqa: DTZ011 - wherever the test runs
    assert {found["id"] for found in shown["items"]} == bodies_on(api, shown["at"])


@pytest.mark.parametrize("day", ["", "today", "2022-02-30", "20220324", "2022-03-24T00:00:00Z", "0"])
def test_a_day_that_is_none_is_refused(api: Api, day: str) -> None:
    """With the name of the parameter."""
    response = api.network.get("public-body", f"public-bodies?at={day}")

    assert response.status_code == 400
    assert response.json()["errors"][0]["location"] == {"name": "at"}


def test_the_description_is_for_everybody_and_every_site(api: Api) -> None:
    """Without a token, and for web pages elsewhere too (NLGov REST API Design Rules, publish-openapi)."""
    response = api.network.client.get("/v1/openapi.json")

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["content-type"] == "application/json"
    assert response.json()["info"]["version"] == response.headers["API-Version"]


def test_nothing_else_is_for_every_site(api: Api) -> None:
    """Cases are not for web pages elsewhere, errors neither."""
    answers = [
        api.network.get("support-team", "worklist"),
        api.network.get("support-team", "code-lists"),
        api.network.client.get("/v1/worklist"),
        api.network.client.get("/v1/openapi.json?x=1"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 401, 400]
    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)
