"""Run an ASGI app on a real uvicorn server, on a port of its own, in a thread."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI

from service.overload.serving import server_of


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """Yield the server's address; it is stopped when the block ends."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        if isinstance(app, FastAPI) and hasattr(app.state, "service"):
            server: uvicorn.Server = server_of(app)
            server.config.timeout_graceful_shutdown = 1
        else:
            server = uvicorn.Server(
                uvicorn.Config(
                    app, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="on"
                )
            )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
