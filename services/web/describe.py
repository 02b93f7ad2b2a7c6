"""How does the API describe itself (OpenAPI)?

FastAPI derives the operations; what holds for every one of them (problems, headers, version) is added here, once.
"""

from collections.abc import Iterable
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from services.web.problems import MEDIA_TYPE, Problem

EVERY = {
    "400": "The input has faults; `errors` lists them all.",
    "401": "There is no valid access token.",
    "403": "You may not do this.",
    "500": "Something went wrong on our side.",
    "503": "Busy, or not ready yet; try again.",
}
WITH_ID = {"404": "There is no such case, or none that you may know of."}
COMMANDS = {
    "409": "A rule of the domain refuses it; `type` names the rule.",
    "412": "The case has changed since the version named in If-Match.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "422": "This Idempotency-Key was used before, with another body.",
}
HEADERS = {
    "API-Version": {"description": "Full version of the API.", "schema": {"type": "string"}},
    "Weerbaar-Request": {"description": "Id of this request, for questions about it.", "schema": {"type": "string"}},
}
COMMAND_HEADERS = {
    "Location": {"description": "Address of the case.", "schema": {"type": "string"}},
    "ETag": {"description": "Version of the case, for If-Match.", "schema": {"type": "string"}},
    "Weerbaar-Position": {
        "description": "Send it along with a GET to see this command's effect in the answer.",
        "schema": {"type": "string"},
    },
}


def publish(app: FastAPI) -> None:
    """Show the description of *app* to everybody, web pages elsewhere included (NLGov: /core/publish-openapi)."""
    # Made once: it takes a quarter of a second, and anybody can ask for it.
    described = cache(partial(describe, app))
    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend it

    @app.get("/openapi.json", include_in_schema=False)
    def read_description() -> JSONResponse:
        """Return the description."""
        return JSONResponse(described(), headers={"Access-Control-Allow-Origin": "*"})


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description of *app*."""
    description = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        servers=app.servers,
        tags=app.openapi_tags,
        contact=app.contact,
        license_info=app.license_info,
    )
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own answers, which we do not give
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=True)
    schemas |= problem.pop("$defs")
    schemas["Problem"] = problem
    description["components"] |= {
        "headers": HEADERS | COMMAND_HEADERS,
        "responses": {_name(status): _problem(text) for status, text in (EVERY | WITH_ID | COMMANDS).items()},
    }
    for operations in description["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
    return description


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add the headers and the problems that an operation shares with all others of its sort."""
    for parameter in operation.get("parameters", []):
        _without_null(parameter["schema"])
    responses = operation["responses"]
    responses.pop("422", None)
    public = not operation.get("security")
    errors = {status: text for status, text in EVERY.items() if not (public and status in {"401", "403"})}
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        errors |= WITH_ID
    if method == "post":
        errors |= COMMANDS
    headers = [*HEADERS, *(COMMAND_HEADERS if method == "post" else ())]
    for response in responses.values():
        response["headers"] = response.get("headers", {}) | _references(headers)
    responses |= {status: {"$ref": f"#/components/responses/{_name(status)}"} for status in errors}


def _without_null(schema: dict[str, Any]) -> None:
    """Leave out that an optional parameter may be null: in a query or a header it is there, or it is not."""
    choices = [choice for choice in schema.pop("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema |= choices[0]
    elif choices:
        schema["anyOf"] = choices


def _name(status: str) -> str:
    return HTTPStatus(int(status)).phrase.title().replace(" ", "")


def _problem(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "headers": _references(HEADERS),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _references(headers: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
