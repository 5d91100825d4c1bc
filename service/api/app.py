"""The ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from indexer import Encoder
from service.api import answers, cases, conversations, docs_page, documents, generations, health, passages
from service.api import jobs as job_routes
from service.api.assembling import assembled
from service.api.compatible import routes as compatible
from service.api.mcp import PATH as MCP_PATH
from service.api.mcp import McpEndpoint
from service.api.middleware import RequestContext
from service.api.openapi import install_openapi
from service.api.problems import install_problem_handlers
from service.audit.log import AuditLog
from service.audit.recorder import Recorder, started, stopped
from service.generators import Generator
from service.pages import routes as pages
from service.pages.refusals import install_page_problems, refused
from service.pages.site import mount_static
from service.security.headers import SecurityHeaders
from service.security.install import install_security
from service.settings import Settings
from service.state.upkeep import keep_to_retention


def create_app(
    settings: Settings, *, generator: Generator | None = None, encoder: Encoder | None = None
) -> FastAPI:
    """One application; the index is opened when it starts, and the server starts also without one.

    Args:
        generator: In place of the configured one.
        encoder: In place of the one the index names.
    """
    state = assembled(settings, generator=generator, encoder=encoder)
    live, store, jobs = state.live, state.store, state.jobs
    recorder = Recorder(AuditLog(settings.audit, settings.state)) if settings.audit.enabled else None
    mcp = McpEndpoint(state)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Searches (asyncio.to_thread) run in this pool: bounded, and off the event loop.
        with ThreadPoolExecutor(settings.server.search_threads, thread_name_prefix="search") as pool:
            asyncio.get_running_loop().set_default_executor(pool)
            await asyncio.to_thread(store.open)
            keeping = await started(recorder)
            retaining = asyncio.create_task(keep_to_retention(store, recorder))
            await jobs.recover()
            await asyncio.to_thread(live.refresh)
            state.report_index()
            watching = asyncio.create_task(state.watch_index())
            try:
                async with mcp.running():
                    yield
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await state.running.stop()
                await jobs.stop()
                await state.generator.close()
                live.close()
                retaining.cancel()
                await asyncio.gather(retaining, return_exceptions=True)
                await stopped(recorder, keeping)
                await asyncio.to_thread(store.close)

    app = FastAPI(
        title="jmedqa",
        version=version("jmedqa"),
        description="日本語の医学質問に、手順ごとに検索した根拠を添えて答えます。 / "
        "Answers Japanese medical questions with evidence retrieved for each step. "
        "Not for diagnosis or treatment.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # FastAPI's own spans hold the query string, which is the question, and its log records hold bodies.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.settings = settings
    app.state.service = state
    app.state.recorder = recorder
    install_problem_handlers(app)
    app.include_router(answers.router)
    app.include_router(cases.router)
    app.include_router(conversations.router)
    app.include_router(passages.router)
    app.include_router(documents.router)
    app.include_router(generations.router)
    app.include_router(job_routes.router)
    app.include_router(compatible.router)
    app.include_router(health.router)
    app.include_router(docs_page.router)
    docs_page.mount_assets(app)
    app.include_router(pages.router)
    mount_static(app)
    install_page_problems(app)
    install_openapi(app)
    app.add_route(MCP_PATH, mcp, ["POST"], include_in_schema=False)  # type: ignore[arg-type]
    install_security(app, settings, store, recorder, refused)
    app.add_middleware(RequestContext, metrics=state.metrics)
    app.add_middleware(SecurityHeaders, settings=settings.security)
    return app
