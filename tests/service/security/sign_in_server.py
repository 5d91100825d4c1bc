"""A sign-in server that checks what a real one checks of the code flow (RFC 6749, RFC 7636)."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


@dataclass
class SignInServer:
    """Lets everybody in, once per code.

    Attributes:
        token: Makes the access token.
        mode: ``good``, ``refused`` (the reader said no), ``down`` or ``garbled`` (the token's address).
        asked: The questions that readers were sent with.
    """

    token: Callable[[], str]
    mode: str = "good"
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/authorize", self._authorize), Route("/token", self._token, methods=["POST"])]
        )

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        back: dict[str, str] = {"state": asked["state"]}
        if self.mode == "refused":
            back["error"] = "access_denied"
        else:
            back["code"] = f"code-{len(self.asked)}"
            self.codes[back["code"]] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        if self.mode == "down":
            return Response("out of order", 500, media_type="text/html")
        if self.mode == "garbled":
            return JSONResponse({"token": 1})
        form = await request.form()
        asked = self.codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge_method"] != "S256"
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": self.token(), "token_type": "Bearer", "expires_in": 300})
