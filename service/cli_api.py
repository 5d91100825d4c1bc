"""`jmedqa mcp`: the tools on standard input and output, for one agent on this machine; `jmedqa openapi`."""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from service.cli import ConfigOption, ModelOption, stop
from service.errors import ServiceError
from service.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def mcp(config: ConfigOption = None, model: ModelOption = None) -> None:
    """Serve search, passage and answer by the Model Context Protocol on standard input and output."""
    from service.logs import configure_logs

    try:
        settings = load_settings(config, model)
    except ServiceError as error:
        stop(error)
    configure_logs("warning")  # on stderr; stdout is the protocol's
    asyncio.run(_serve(settings))


@app.command()
def openapi(
    out: Annotated[Path | None, typer.Option("--out", help="A file, in place of standard output")] = None,
) -> None:
    """Print the description of the REST interface (OpenAPI, JSON)."""
    from service.api.app import create_app

    text = json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=1) + "\n"
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


async def _serve(settings: Settings) -> None:
    from service.api.assembling import assembled
    from service.api.mcp import serve_stdio

    state = assembled(settings)  # the store stays closed: nothing is kept here, and no job runs
    with ThreadPoolExecutor(settings.server.search_threads, thread_name_prefix="search") as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        await asyncio.to_thread(state.live.refresh)
        watching = asyncio.create_task(state.watch_index())
        try:
            await serve_stdio(state)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await state.generator.close()
            state.live.close()
