# ruff: noqa: N818  (the names say what happened)
"""Errors as OpenAI's clients expect them: ``{"error": {"message", "type", "param", "code"}}``.

https://platform.openai.com/docs/guides/error-codes names the types. The official clients try again on 408,
409, 429 and every 5xx unless ``x-should-retry`` says otherwise; it is ``false`` here wherever trying again
cannot help, so that a failing model server is not asked three times for one question.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from service.errors import ServiceError

PREFIX = "/v1/"

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}


class ChatRefused(ServiceError):
    """A request in OpenAI's form that asks for something this server does not do.

    Attributes:
        param: The field at fault, ``messages[0].content``; ``None`` where it is no single one.
    """

    code = "unsupported-parameter"
    status = 400
    exit_code = 2

    def __init__(self, ja: str, en: str, *, param: str | None) -> None:
        super().__init__(ja, en)
        self.param = param


class UnknownModel(ChatRefused):
    """No model of that name is served."""

    code = "model-not-found"
    status = 404


class ErrorDetail(BaseModel):
    """What is wrong. ``message`` is Japanese and English, separated by “ / ”."""

    message: str
    type: str = Field(examples=["invalid_request_error"])
    param: str | None
    code: str = Field(examples=["model-not-found"])
    request_id: str


class CompatibleError(BaseModel):
    """The body of every error under /v1, and the last event of a stream that failed."""

    error: ErrorDetail


def speaks_openai(request: Request) -> bool:
    """Whether errors of this request are in OpenAI's shape."""
    return request.url.path.startswith(PREFIX)


def error_body(
    request_id: str, status: int, code: str, ja: str, en: str, *, param: str | None = None
) -> dict[str, Any]:
    """The body as JSON values."""
    kind = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    return CompatibleError(
        error=ErrorDetail(message=f"{ja} / {en}", type=kind, param=param, code=code, request_id=request_id)
    ).model_dump()


def error_response(
    request_id: str,
    status: int,
    code: str,
    ja: str,
    en: str,
    *,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response. A request that cannot be read is 400 here, as OpenAI has it, not 422."""
    status = 400 if status == 422 and code == "bad-request" else status
    retry = any(name.lower() == "retry-after" for name in headers or ())
    return JSONResponse(
        error_body(request_id, status, code, ja, en, param=param),
        status_code=status,
        headers={**(headers or {}), "x-should-retry": "true" if retry else "false"},
    )
