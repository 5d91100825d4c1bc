"""The service against a real vLLM on a GPU.

``JMEDQA_GPU_VLLM`` names the environment with vLLM's CUDA build (requirements/gpu.txt; default: the folder
of a ``vllm`` on the PATH), ``JMEDQA_GPU_MODEL`` a model directory or hub name (default: the small model of
the ``vllm`` mark, made by ``make vllm-setup``).
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.budget import Budget
from service.events import AnswerEvent, TokenEvent
from service.generators.openai_compatible import OpenAIGenerator, OpenAISettings
from service.questions import Choice, Question
from service.retrieval import NoRetrieval
from service.strategies import closed_book
from tests.requirements import REPOSITORY, missing
from tests.vllm.vllm_server import ServerFailed, VllmServer

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(1_200)]

FLAGS = ("--max-model-len", "8192", "--enable-prefix-caching", "--gpu-memory-utilization", "0.6")


@pytest.fixture(scope="module")
def gpu_server(cuda: str) -> Iterator[VllmServer]:
    on_path = shutil.which("vllm")
    venv = os.environ.get("JMEDQA_GPU_VLLM") or (str(Path(on_path).parents[1]) if on_path else "")
    if not venv:
        missing(
            "gpu", "no vllm command: install requirements/gpu.txt, set JMEDQA_GPU_VLLM to its environment"
        )
    model = os.environ.get("JMEDQA_GPU_MODEL") or str(REPOSITORY / ".cache" / "smollm2-hf")
    log = REPOSITORY / "artifacts" / "vllm" / "gpu-server.log"
    try:
        server = VllmServer.start(Path(venv), model, log, flags=FLAGS, environment={"DO_NOT_TRACK": "1"})
    except (ServerFailed, OSError) as failure:
        pytest.fail(f"a GPU is here ({cuda}) and vLLM does not start on it: {failure}")
    try:
        yield server
    finally:
        server.stop()


def test_a_multiple_choice_question_is_answered_on_the_gpu(gpu_server: VllmServer) -> None:
    question = Question(
        text="What is the capital of France?",  # a model of 135M parameters ends its answer to this one
        choices=(Choice(label="A", text="Paris"), Choice(label="B", text="London")),
    )

    async def ask() -> list[object]:
        made = OpenAIGenerator(OpenAISettings(base_url=gpu_server.base_url))
        try:
            budget = Budget(answer_tokens=4_096)
            return [event async for event in closed_book(question, NoRetrieval(), made, budget)]
        finally:
            await made.close()

    events = asyncio.run(ask())
    last = events[-1]
    assert isinstance(last, AnswerEvent)
    assert "".join(event.text for event in events if isinstance(event, TokenEvent)) == last.answer.text
    assert last.answer.choice in {"A", "B", None}
    assert last.answer.unparsed == ()
    used = last.answer.usage
    assert used.completion_tokens == gpu_server.counter("vllm:generation_tokens_total")
    assert used.prompt_tokens == gpu_server.counter("vllm:prompt_tokens_total")
