"""Breaches of the content policy, as browsers report them (CSP Level 3, section 5.5): counted and logged.

A breach means that something got into a page that does not belong there. Of a report only the directive, the
kind or host of what was blocked and the page's path are kept: addresses can hold what someone asked.
"""

import json
from time import monotonic
from typing import Annotated, Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.api.state import ServiceState, service_state
from service.errors import BadRequest
from service.security.policy import pattern

log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False)

State = Annotated[ServiceState, Depends(service_state)]

_MOST_BYTES = 16_384
_EVERY_S = 1.0
"""Between two lines of the log: anyone can send reports."""

_SOURCES = ["default", "script", "style", "img", "font", "connect", "manifest", "frame", "object", "worker"]
_DIRECTIVES = frozenset(f"{name}-src{part}" for name in _SOURCES for part in ("", "-elem", "-attr")) | {
    "base-uri",
    "form-action",
    "frame-ancestors",
}

_last_logged = -_EVERY_S


@router.post("/csp-reports")
async def csp_report(request: Request, state: State) -> Response:
    """Take one report; nothing is told to whoever sends it."""
    global _last_logged
    directive, blocked, path = _read(await _body(request))
    state.metrics.policy_breach(directive)
    if monotonic() - _last_logged >= _EVERY_S:
        _last_logged = monotonic()
        log.warning("content policy", directive=directive, blocked=blocked, page=pattern("GET", path))
    return Response(status_code=204)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise BadRequest("報告が長すぎます。", "The report is too long.")
    return body


def _read(body: bytes) -> tuple[str, str, str]:
    """Directive, what was blocked, the page's path."""
    try:
        report: Any = json.loads(body)["csp-report"]
        directive = str(report.get("effective-directive") or report.get("violated-directive", "")).split(" ")[
            0
        ]
        blocked, page = str(report.get("blocked-uri", "")), str(report.get("document-uri", ""))
        parts = urlsplit(blocked)
        kept = parts.hostname or (blocked if blocked in ("inline", "eval", "data", "blob") else parts.scheme)
        path = urlsplit(page).path
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise BadRequest("報告の形式ではありません。", "This is no report of a content policy.") from None
    return directive if directive in _DIRECTIVES else "other", kept[:100], path
