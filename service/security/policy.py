"""Which scope each route needs: the whole table in one place.

A path that no entry matches needs `admin`: a route that someone forgot is closed, and a test names it.
Where several entries match, all their scopes are needed, so no order of entries can open a door.
"""

from collections.abc import Mapping
from functools import lru_cache

from starlette.routing import compile_path

from service.state import Scope

OPEN: tuple[Scope, ...] = ()
"""Needs no key: says nothing of questions, answers or documents."""

POLICY: Mapping[tuple[str, str], tuple[Scope, ...]] = {
    # Liveness and readiness are for load balancers, which hold no keys. /readyz tells details to keys only.
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    # Prometheus sends a key (`authorization.credentials_file`): numbers tell what a ward is busy with.
    ("GET", "/metrics"): ("read",),
    # The pages and the description of the interface are the same everywhere.
    ("GET", "/"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/docs/assets/{path:path}"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    # Pages. The first says nothing but how to sign in to who has no key.
    ("GET", "/signin"): OPEN,
    ("POST", "/signin"): OPEN,
    ("POST", "/csp-reports"): OPEN,
    ("GET", "/signin/start"): OPEN,
    ("GET", "/signin/callback"): OPEN,
    ("POST", "/signout"): OPEN,
    ("GET", "/preferences"): OPEN,
    ("GET", "/static/{path:path}"): OPEN,
    ("POST", "/ask"): ("ask",),
    ("GET", "/answers/{answer_id}"): ("ask",),
    ("POST", "/answers/{answer_id}/feedback"): ("ask",),
    ("GET", "/passages/{passage_id:path}"): ("read",),
    ("GET", "/documents"): ("read",),
    ("POST", "/documents"): ("admin",),
    ("GET", "/documents/{doc_id:path}"): ("read",),
    ("GET", "/files/{doc_id:path}"): ("read",),
    ("GET", "/viewer/{doc_id:path}"): ("read",),
    ("GET", "/search"): ("read",),
    ("GET", "/index"): ("read",),
    ("GET", "/index/jobs"): ("admin",),
    ("POST", "/index/rebuild"): ("admin",),
    ("POST", "/index/verify"): ("admin",),
    ("POST", "/index/rollback"): ("admin",),
    ("POST", "/index/jobs/{job_id}/cancel"): ("admin",),
    ("GET", "/status"): ("admin",),
    ("GET", "/audit"): ("admin",),
    ("POST", "/audit/verify"): ("admin",),
    ("GET", "/keys"): ("admin",),
    ("POST", "/keys"): ("admin",),
    ("POST", "/keys/{key_id}/revoke"): ("admin",),
    ("POST", "/api/v1/answers"): ("ask",),
    ("POST", "/api/v1/cases"): ("ask",),
    ("GET", "/api/v1/search"): ("read",),
    ("GET", "/api/v1/passages/{passage_id:path}"): ("read",),
    ("GET", "/api/v1/documents"): ("read",),
    ("GET", "/api/v1/documents/{doc_id:path}"): ("read",),
    # What the index is made of is for readers; changing it is not.
    ("GET", "/api/v1/index/generations"): ("read",),
    ("GET", "/api/v1/index/generations/diff"): ("read",),
    ("POST", "/api/v1/index/rollback"): ("admin",),
    ("POST", "/api/v1/index/rebuilds"): ("admin",),
    ("POST", "/api/v1/index/verifications"): ("admin",),
    ("GET", "/api/v1/jobs"): ("admin",),
    ("GET", "/api/v1/jobs/{job_id}"): ("admin",),
    ("DELETE", "/api/v1/jobs/{job_id}"): ("admin",),
    # Conversations and stored answers: each caller's own.
    ("POST", "/api/v1/conversations"): ("ask",),
    ("GET", "/api/v1/conversations"): ("ask",),
    ("GET", "/api/v1/conversations/{conversation_id}"): ("ask",),
    ("DELETE", "/api/v1/conversations/{conversation_id}"): ("ask",),
    ("POST", "/api/v1/conversations/{conversation_id}/answers"): ("ask",),
    ("GET", "/api/v1/answers/{answer_id}"): ("ask",),
    ("DELETE", "/api/v1/answers/{answer_id}"): ("ask",),
    ("GET", "/api/v1/answers/{answer_id}/events"): ("ask",),
    ("POST", "/api/v1/answers/{answer_id}/feedback"): ("ask",),
    ("POST", "/v1/chat/completions"): ("ask",),
    ("GET", "/v1/models"): ("read",),
    ("GET", "/v1/models/{model:path}"): ("read",),
    # One address for three tools, of which one answers questions.
    ("POST", "/mcp"): ("ask", "read"),
}

UNKNOWN: tuple[Scope, ...] = ("admin",)
"""What a path without an entry needs."""

_COMPILED = [(method, path, compile_path(path)[0], scopes) for (method, path), scopes in POLICY.items()]


def needed(method: str, path: str) -> tuple[Scope, ...]:
    """The scopes that a request needs, all of them.

    Args:
        path: Decoded, without the part below which the application is mounted.
    """
    matching = _matching(method, path)
    if not matching:
        return UNKNOWN
    if len(matching) == 1:
        return matching[0][1]
    return tuple(sorted({scope for _, scopes in matching for scope in scopes}))


def pattern(method: str, path: str) -> str:
    """The route a path is of, as the table says it: without what the caller wrote into it."""
    matching = _matching(method, path)
    return matching[0][0] if matching else "unknown"


@lru_cache(maxsize=1024)
def _matching(method: str, path: str) -> list[tuple[str, tuple[Scope, ...]]]:
    method = "GET" if method == "HEAD" else method
    return [
        (known, scopes) for entry, known, regex, scopes in _COMPILED if entry == method and regex.match(path)
    ]
