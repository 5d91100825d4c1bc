"""The description of the interface, complete: what FastAPI cannot know is added to what it does.

Every status of every route: those of the gate (`service.security`), of bodies that are no JSON, of bugs;
errors under their own media type; the headers that requests may carry. `docs/openapi.json` is this document.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.api.compatible.errors import CompatibleError
from service.api.problems import MEDIA_TYPE, Problem
from service.security.policy import needed

_METHODS = ("get", "post", "put", "patch", "delete")

_EVERYWHERE = {
    421: "The request names a host that this server does not answer for",
    500: "A bug; report it with the request id",
}
_GUARDED = {
    401: "No API key or token, or none that is good",
    403: "The key lacks the scope that is needed here",
    429: "The key has used up its rate, or too many questions are being answered; see Retry-After",
    503: "The sign-in server, the index, the kept state or the model server cannot be used now",
}
_WITH_BODY = {
    400: "The body is not JSON",
    408: "The body did not arrive in time",
    409: "The first request with this Idempotency-Key is not finished, or the thing is busy",
    413: "The body is too large",
    415: "The body is of another type",
    422: "The request is not valid, or its Idempotency-Key came with another one",
}
_DESCRIPTION = """
日本語の医学質問に、手順ごとに検索した根拠を添えて答えます。診断・治療のためのものではありません。

Answers Japanese medical questions with evidence retrieved for each step. Not for diagnosis or treatment.

- Errors are RFC 9457 problems in Japanese and English with a `request_id`; under `/v1` in OpenAI's shape.
- Every reply carries `X-Request-ID`; a plain one that is sent is kept.
- Lists are read on with `next_cursor`. What one index generation holds carries an `ETag`.
- `POST` takes JSON only, and an `Idempotency-Key`.
- The same search, passages and answers are served by the Model Context Protocol at `/mcp`.
""".strip()


def install_openapi(app: FastAPI) -> None:
    """Have the application describe itself in full."""

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _completed(
                get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (Problem, CompatibleError):
        whole = model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, schema in whole.pop("$defs", {}).items():
            schemas.setdefault(name, schema)
        schemas[model.__name__] = whole
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own; never sent
        schemas.pop(name, None)
    components["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`jmedqa key create`), or a token of the sign-in server. None is "
            "asked for on 127.0.0.1 as long as there is no key.",
        }
    }
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete(path, method, operations[method])
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    scopes = needed(method.upper(), path)
    wanted = dict(_EVERYWHERE)
    if scopes:
        wanted |= _GUARDED
        operation["security"] = [{"key": []}]
        operation["description"] = (
            f"{operation.get('description', '')}\n\nScope: {', '.join(f'`{scope}`' for scope in scopes)}"
        ).strip()
    if "requestBody" in operation:
        wanted |= _WITH_BODY
        _add_header(operation, "Idempotency-Key", "The same request with the same key is done once")
    if "304" in responses:
        _add_header(operation, "If-None-Match", "The ETag of what the client holds")
    for status, description in wanted.items():
        responses.setdefault(str(status), {"description": description})
    for code, response in responses.items():
        if int(code) >= 400 and not (path == "/readyz" and code == "503"):
            response["content"] = _error_content(path)
    operation["responses"] = dict(sorted(responses.items()))


def _error_content(path: str) -> dict[str, Any]:
    if path.startswith("/v1/"):
        return {"application/json": {"schema": {"$ref": "#/components/schemas/CompatibleError"}}}
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _add_header(operation: dict[str, Any], name: str, description: str) -> None:
    header = {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }
    operation.setdefault("parameters", []).append(header)
