"""The Model Context Protocol: search, read and ask, for agents; nothing here changes anything.

Streamable HTTP at ``/mcp`` (https://modelcontextprotocol.io/specification, "Transports"), without sessions,
so by POST alone; and standard input and output by ``jmedqa mcp``. The SDK's low-level server is used, so
that errors and log lines are ours, and never hold what was asked.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import Receive, Scope, Send

from service.api.asking import AnswerView, Asked, finished
from service.api.compatible.text import Renderer
from service.api.passages import read_passage, searched
from service.api.problems import field_name
from service.api.schemas import PassageView, QuestionRequest, SearchParameters, SearchResponse
from service.api.state import ServiceState
from service.errors import ServiceError
from service.release import release

log = structlog.get_logger(__name__)

PATH = "/mcp"

INSTRUCTIONS = (
    "Answers Japanese and English medical questions from an indexed collection, with citations that are "
    "compared with their passages in code. Cite passages by their href. Not for diagnosis or treatment: show "
    "the notices of an answer with it, and do not fill in where it abstains."
)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class PassageArguments(BaseModel):
    """Which passage."""

    model_config = ConfigDict(extra="forbid")

    passage_id: str = Field(max_length=2_000, description="As a search or a citation names it")


@dataclass(frozen=True)
class _Tool:
    """One tool: what it takes, what it gives, and how."""

    title: str
    description: str
    arguments: type[BaseModel]
    result: type[BaseModel]
    call: Callable[[ServiceState, Any, str], Awaitable[tuple[str, BaseModel]]]


async def _search(state: ServiceState, asked: SearchParameters, base_url: str) -> tuple[str, BaseModel]:
    found = await asyncio.to_thread(searched, state.live, asked)
    return found.model_dump_json(), found


async def _passage(state: ServiceState, asked: PassageArguments, base_url: str) -> tuple[str, BaseModel]:
    found = await asyncio.to_thread(read_passage, state.live, asked.passage_id)
    return found.text, found


async def _answer(state: ServiceState, asked: QuestionRequest, base_url: str) -> tuple[str, BaseModel]:
    answer = await finished(Asked(request=asked, kept=False), state)
    return Renderer(asked.to_question(), base_url).whole(answer), answer


_TOOLS = {
    "search": _Tool(
        "医学資料を検索 / Search",
        "Search the collection; the passages found, best first, with their ids, sources and notices.",
        SearchParameters,
        SearchResponse,
        _search,
    ),
    "passage": _Tool(
        "資料の一節を読む / Read a passage",
        "Read one passage by its id, with its source, edition and whether it is superseded.",
        PassageArguments,
        PassageView,
        _passage,
    ),
    "answer": _Tool(
        "根拠付きで回答 / Answer with evidence",
        "Answer a medical question step by step from the collection. The text cites evidence as [1] …; "
        "claims, citations and how far they agree are in the structured content.",
        QuestionRequest,
        AnswerView,
        _answer,
    ),
}


def mcp_server(state: ServiceState, base_url: str) -> Server[Any]:
    """The tools on one service.

    Args:
        base_url: What addresses of passages are relative to.
    """

    async def list_tools(context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[_described(name, tool) for name, tool in _TOOLS.items()])

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        tool = _TOOLS.get(params.name)
        if tool is None:
            return _failed(
                f"この道具はありません。{' / '.join(_TOOLS)} のいずれかです。",
                f"There is no such tool: use one of {', '.join(_TOOLS)}.",
            )
        try:
            arguments = tool.arguments.model_validate(params.arguments or {})
            text, result = await tool.call(state, arguments, base_url)
        except ValidationError as error:  # its values are the caller's, and are not repeated
            faults = "; ".join(
                f"{field_name(fault['loc']) or 'arguments'}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_context=False)[:20]
            )
            return _failed(f"引数に誤りがあります({faults})。", f"The arguments are not valid ({faults}).")
        except ServiceError as error:
            return _failed(error.ja, error.en)
        except Exception as error:
            log.error("bug", exc_type=type(error).__qualname__)
            return _failed("内部エラーが起きました。", "Something is broken here.")
        return CallToolResult(
            content=[TextContent(type="text", text=text)],
            structured_content=json.loads(result.model_dump_json()),
        )

    return Server(
        "jmedqa",
        version=release(),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _described(name: str, tool: _Tool) -> Tool:
    return Tool(
        name=name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )


def _failed(ja: str, en: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=f"{ja} / {en}")], is_error=True)


class McpEndpoint:
    """An ASGI application for one path. `running` must hold while it is called."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take requests until the block ends."""
        server = self._state.settings.server
        # A page of another site could reach a server on loopback by a name that it lets point there; anywhere
        # else a key is asked for, which no such page has.
        guarded = server.host in _LOOPBACK
        hosts = ["127.0.0.1", "localhost", "[::1]"]
        manager = StreamableHTTPSessionManager(
            mcp_server(self._state, f"http://{server.host}:{server.port}/"),
            stateless=True,
            security_settings=TransportSecuritySettings(
                enable_dns_rebinding_protection=guarded,
                allowed_hosts=[*hosts, *(f"{host}:*" for host in hosts)],
                allowed_origins=[f"http://{host}{port}" for host in hosts for port in ("", ":*")],
            ),
            max_request_body_size=server.max_body_bytes,
        )
        async with manager.run():
            self._manager = manager
            try:
                yield
            finally:
                self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        assert self._manager is not None, "called outside of its `running` block"
        await self._manager.handle_request(scope, receive, send)


async def serve_stdio(state: ServiceState) -> None:
    """Serve one client on standard input and output, until it closes its end."""
    server = mcp_server(state, "")
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
