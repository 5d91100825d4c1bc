"""Every error as RFC 9457 problem JSON: a request id, a Japanese and an English text, and no more."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException as FastAPIHTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from service.api.compatible.errors import ChatRefused, error_response, speaks_openai
from service.audit.notes import note_error
from service.errors import ServiceError

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One field that is wrong. What was sent is not repeated: it may hold half a character, or a name."""

    field: str = Field(examples=["question"])
    message: str


class Problem(BaseModel):
    """RFC 9457, with the texts in two languages."""

    type: str = Field(examples=["urn:jmedqa:problem:too-large"])
    title: str
    status: int
    detail: str = Field(description="Japanese and English, separated by “ / ”")
    ja: str
    en: str
    request_id: str
    errors: list[Fault] = []


class BadBody(FastAPIHTTPException):
    """A request body that is not what HTTP or JSON allow.

    An HTTPException, because FastAPI turns every other exception met while reading a body into its own.
    """

    def __init__(self, status: int, code: str, ja: str, en: str) -> None:
        self.code, self.ja, self.en = code, ja, en
        super().__init__(status_code=status, detail=code)


_HTTP_TEXTS: Mapping[int, tuple[str, str, str]] = {
    404: ("not-found", "このアドレスには何もありません。", "There is nothing at this address; see /docs."),
    405: (
        "method-not-allowed",
        "このアドレスではその方法は使えません。",
        "This address does not allow that method.",
    ),
}
_TOO_LARGE = "too_large"


def problem(
    request: Request,
    status: int,
    code: str,
    ja: str,
    en: str,
    *,
    errors: list[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response; under /v1 in OpenAI's shape."""
    note_error(code)
    if speaks_openai(request):
        param = errors[0].field.removeprefix("body.") if errors else None
        if errors:
            ja, en = f"{ja} ({errors[0].message})", f"{en} ({errors[0].message})"
        return error_response(request_id(request), status, code, ja, en, param=param, headers=headers)
    body = problem_body(request_id(request), status, code, ja, en, errors)
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def problem_body(
    request_id: str, status: int, code: str, ja: str, en: str, errors: list[Fault] | None = None
) -> dict[str, Any]:
    """The problem as JSON values; also the data of a stream's ``error`` event."""
    return Problem(
        type=f"urn:jmedqa:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=f"{ja} / {en}",
        ja=ja,
        en=en,
        request_id=request_id,
        errors=errors or [],
    ).model_dump()


def request_id(request: Request) -> str:
    """The id the middleware gave this request."""
    return str(request.scope.get("state", {}).get("request_id", "-"))


def install_problem_handlers(app: FastAPI) -> None:
    """Answer the expected exceptions with a problem; `service.api.middleware` does the rest."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(BadBody, _bad_body)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    log.warning("request refused", code=error.code, status=error.status)
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else None
    note_error(error.code)
    if isinstance(error, ChatRefused):
        return error_response(
            request_id(request), error.status, error.code, error.ja, error.en, param=error.param
        )
    return problem(request, error.status, error.code, error.ja, error.en, headers=headers)


async def _bad_body(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BadBody)
    # Part of the body may still be on its way: the connection cannot carry another request.
    headers = {"Connection": "close"}
    return problem(request, error.status_code, error.code, error.ja, error.en, headers=headers)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    faults = [Fault(field=field_name(fault["loc"]), message=_printable(fault["msg"])) for fault in found[:20]]
    if any(fault["type"] == _TOO_LARGE for fault in found):
        return problem(
            request, 413, "too-large", "質問が長すぎます。", "The question is too long.", errors=faults
        )
    return problem(
        request,
        422,
        "bad-request",
        "要求の内容に誤りがあります。",
        "The request is not valid; see “errors”.",
        errors=faults,
    )


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, ja, en = _HTTP_TEXTS.get(
        error.status_code, ("http-error", "要求を処理できません。", HTTPStatus(error.status_code).description)
    )
    return problem(request, error.status_code, code, ja, en, headers=error.headers)


def shutting_down(request: Request) -> JSONResponse:
    """What a request hears that the server has no time left to finish."""
    ja, en = (
        "サーバーを停止しています。少し待って再度お試しください。",
        "The server is shutting down; try again shortly.",
    )
    return problem(request, 503, "shutting-down", ja, en, headers={"Retry-After": "5"})


def bug(request: Request) -> JSONResponse:
    """What anyone but a developer sees of a bug."""
    body = bug_body(request)
    return problem(request, 500, "internal-error", body["ja"], body["en"])


def bug_body(request: Request) -> dict[str, Any]:
    """The same as the data of an ``error`` event."""
    return problem_body(
        request_id(request),
        500,
        "internal-error",
        "内部エラーが起きました。要求の番号を添えてお知らせください。",
        "Something is broken here. Please report it with the request id.",
    )


def field_name(location: Iterable[object]) -> str:
    """Where a fault is, without names that look like no field's: people put questions in odd places."""
    return ".".join(part if _PLAIN_NAME.fullmatch(part) else "(unknown name)" for part in map(str, location))


_PLAIN_NAME = re.compile(r"[A-Za-z0-9_\[\]-]{1,40}")


def _printable(text: str) -> str:
    """Messages can hold half a surrogate pair of what was sent."""
    return text.encode("utf-8", "replace").decode("utf-8")[:300]
