"""A service with keys of every kind, asked in process: no socket, so that thousands of requests are cheap."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from fastapi import FastAPI

from jmedqa import main
from service.api.app import create_app
from service.security.keys import new_key
from service.settings import Settings
from service.state import Scope, Store

T = TypeVar("T")
Asking = Callable[[httpx.AsyncClient], Awaitable[T]]


def settings(index_dir: Path, state_dir: Path, **sections: dict[str, Any]) -> Settings:
    values: dict[str, Any] = {"index": {"dir": index_dir}, "state": {"dir": state_dir}, **sections}
    return Settings.model_validate(values)


def asked(app: FastAPI, work: Asking[T], **client: Any) -> T:
    """Run ``work`` with a client of the app, started and stopped as a server would."""

    async def run() -> T:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            address = client.pop("base_url", "http://127.0.0.1")
            async with httpx.AsyncClient(transport=transport, base_url=address, **client) as opened:
                return await work(opened)

    return asyncio.run(run())


@contextmanager
def store_at(folder: Path) -> Iterator[Store]:
    store = Store(Settings.model_validate({"state": {"dir": folder}}).state)
    store.open()
    yield store
    store.close()


def add_key(
    folder: Path, *scopes: Scope, rate: int | None = None, ago: bool = False, off: bool = False
) -> str:
    """A new key in the store of ``folder``; ``ago``: expired, ``off``: revoked."""
    with store_at(folder) as store:
        now: datetime = store.keys.clock()
        expires = now - timedelta(seconds=1) if ago else now + timedelta(days=1)
        key, row = new_key("端末", scopes, created_at=now, expires_at=expires, rate_per_minute=rate)
        store.keys.add(row)
        if off:
            store.keys.revoke(row.key_id)
    return key


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def jmedqa(state_dir: Path, *arguments: str, **variables: str) -> Done:
    """Run a command in this process: a new one would take two seconds for its imports alone."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"JMEDQA_STATE__DIR": str(state_dir), **variables}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr("sys.argv", ["jmedqa", *arguments])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def app(index_dir: Path, state_dir: Path) -> FastAPI:
    return create_app(settings(index_dir, state_dir))
