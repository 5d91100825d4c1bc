"""``/mcp`` and ``jmedqa mcp`` as the official SDK's client sees them."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from service.api.asking import AnswerView
from service.api.schemas import PassageView, SearchResponse
from tests.service.conftest import Start
from tests.service.model_server import ModelServer
from tests.service.running import served

T = TypeVar("T")
QUESTION = "CKD患者で高カリウム血症を認めたときの初期対応は？"
MODES = ["auto", "legacy"]
"""The newest protocol without a handshake, and the older ones that begin with one."""


def with_client(client: httpx.Client, use: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    async def run() -> T:
        async with Client(f"{client.base_url}/mcp", mode=mode) as connected:
            return await use(connected)

    return asyncio.run(run())


@pytest.mark.parametrize("mode", MODES)
def test_three_tools_that_only_read(client: httpx.Client, mode: str) -> None:
    tools = with_client(client, lambda connected: connected.list_tools(), mode).tools
    assert [tool.name for tool in tools] == ["search", "passage", "answer"]
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
    assert all(tool.input_schema["type"] == "object" and tool.output_schema for tool in tools)


@pytest.mark.parametrize("mode", MODES)
def test_search_then_read_then_ask(client: httpx.Client, mode: str) -> None:
    async def use(connected: Client) -> tuple[Any, Any, Any]:
        found = await connected.call_tool("search", {"q": "メトホルミンの禁忌", "k": 1})
        passage_id = found.structured_content["hits"][0]["passage"]["passage_id"]
        read = await connected.call_tool("passage", {"passage_id": passage_id})
        return found, read, await connected.call_tool("answer", {"question": QUESTION})

    found, read, answer = with_client(client, use, mode)
    assert SearchResponse.model_validate(found.structured_content).hits[0].passage.doc_id == "metformin"
    assert PassageView.model_validate(read.structured_content).text == read.content[0].text
    assert "\n\n根拠:\n[1] CKD患者の高カリウム血症" in answer.content[0].text
    assert AnswerView.model_validate_json(json.dumps(answer.structured_content)).claims


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("passage", {"passage_id": "none"}, "The live index holds no such passage"),
        ("passage", {}, "passage_id: Field required"),
        ("answer", {"question": " "}, "question: the question is empty"),
        ("answer", {"question": "x", "strateg": "single"}, "strateg: Extra inputs"),
        ("search", {"q": "x", "k": 1_000}, "k: Input should be less than"),
        ("delete", {}, "There is no such tool"),
    ],
)
def test_what_cannot_be_done_is_said_to_the_model(
    client: httpx.Client, tool: str, arguments: dict[str, Any], said: str
) -> None:
    result = with_client(client, lambda connected: connected.call_tool(tool, arguments))
    assert (result.is_error, said in result.content[0].text) == (True, True), result.content[0].text


def test_a_page_of_another_site_is_kept_out(client: httpx.Client) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    plain = {"Accept": "application/json, text/event-stream"}
    assert client.post("/mcp", json=body, headers=plain).status_code == 200
    for header in ({"Origin": "http://evil.example"}, {"Host": "evil.example:8000"}):
        assert client.post("/mcp", json=body, headers=plain | header).status_code in (403, 421)


def test_a_client_that_leaves_ends_the_model_call(start: Start) -> None:
    model = ModelServer(mode="slow", delay_s=30)
    with served(model.app()) as address:
        running = start(generator={"base_url": f"{address}/v1", "model": "test-model"})

        async def ask(connected: Client) -> None:
            calling = asyncio.ensure_future(connected.call_tool("answer", {"question": QUESTION}))
            await asyncio.to_thread(until, lambda: bool(model.requests))
            await asyncio.sleep(0.2)  # the reply has begun
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)

        with_client(running, ask)
        until(lambda: model.left == 1)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_over_standard_input_and_output(index_dir: Path, tmp_path: Path) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(f'[index]\ndir = "{index_dir}"\n', encoding="utf-8")
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "jmedqa", "mcp", "--config", str(config)]
    )

    async def run() -> Any:
        async with Client(server) as connected:
            return await connected.call_tool("search", {"q": "メトホルミン", "k": 1})

    assert asyncio.run(run()).structured_content["hits"][0]["passage"]["doc_id"] == "metformin"
