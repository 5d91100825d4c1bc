"""Run the application: uvicorn, with our time-outs and our end."""

import socket
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from service.api.state import ServiceState
from service.overload.draining import DrainingServer
from service.overload.protocol import timed_protocol


def server_of(app: FastAPI) -> DrainingServer:
    """The server of an application made by `create_app`, by its own settings."""
    state = app.state.service
    assert isinstance(state, ServiceState)
    settings = state.settings
    connections = settings.connections
    config = uvicorn.Config(
        app,
        host=settings.server.host,
        port=settings.server.port,
        http=timed_protocol(connections, settings.server.body_timeout_s, state.drain, state.connections),
        ws="none",
        lifespan="on",
        workers=1,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(connections.drain_timeout_s)),
    )
    return DrainingServer(config, state.drain, connections.drain_grace_s)


def run(app: FastAPI, sockets: Sequence[socket.socket] = ()) -> None:
    """Serve until a signal ends it, on these sockets where some are given."""
    server_of(app).run(sockets=list(sockets) or None)
