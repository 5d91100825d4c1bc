"""The service driven through the real vLLM: strategies in process, and the REST API over the wire."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from corpora import Document
from indexer import HybridIndex, build_index
from service.answers import Answer
from service.budget import Budget
from service.errors import GenerationTruncated, GeneratorUnavailable
from service.events import AnswerEvent, Event, PlanEvent, StepEvent
from service.generators import Limits
from service.generators.openai_compatible import OpenAIGenerator, OpenAISettings
from service.prompts import AnswerPrompt, JsonSchema
from service.questions import Choice, Question
from service.retrieval import IndexRetriever
from service.strategies import stepwise
from tests.vllm.vllm_server import VllmServer, free_port

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

# English and short: SmolLM2 knows little else. Many a question sends it round in circles until it is cut.
# Which ones depends on the processor's arithmetic: the first of several wordings that ends is looked at.
DOCUMENTS = {
    "hyperkalaemia": "Hyperkalaemia is a serum potassium above 5.5 mEq/L. Calcium gluconate protects the "
    "heart when the ECG is abnormal. Insulin with glucose moves potassium into cells.",
    "causes": "Common causes of hyperkalaemia are chronic kidney disease, ACE inhibitors and "
    "potassium-sparing diuretics.",
    "anaemia": "Renal anaemia is caused by a lack of erythropoietin. It is treated with iron and "
    "erythropoiesis-stimulating agents.",
    "dialysis": "Dialysis removes potassium when drugs fail or when the kidneys no longer make urine.",
}
QUESTION = Question(
    text="Which drug protects the heart in hyperkalaemia?",
    choices=(Choice(label="A", text="Calcium gluconate"), Choice(label="B", text="Iron")),
)
WORDINGS = (
    QUESTION.text,
    "What protects the heart in hyperkalaemia?",
    "Which drug is given in hyperkalaemia when the ECG is abnormal?",
)
PATIENCE_S = 200.0
"""On busy cores the first grammar alone takes a quarter of a minute to compile."""
BUDGET = Budget(max_steps=2, k=2, step_tokens=256, answer_tokens=256)


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("index")
    build_index([Document(doc_id=name, title=name, text=text) for name, text in DOCUMENTS.items()], out)
    return out


@asynccontextmanager
async def generator(server: VllmServer) -> AsyncIterator[OpenAIGenerator]:
    made = OpenAIGenerator(OpenAISettings(base_url=server.base_url, first_token_timeout_s=PATIENCE_S))
    try:
        yield made
    finally:
        await made.close()


class Aloud(AnswerPrompt):
    """A prompt whose schema makes any model think aloud: the server's grammar writes the tags."""

    def reply_schema(self) -> JsonSchema:  # type: ignore[override]
        return {"type": "string", "pattern": "^<think>[a-z]{3,9}( [a-z]{3,9}){2}</think>(Yes|No)$"}


def test_thinking_aloud_never_reaches_the_text(vllm_server: VllmServer) -> None:
    async def ask() -> tuple[list[str], str, str]:
        prompt = Aloud(question=Question(text="Is the kidney an organ?"), steps=(), grounded=False)
        async with generator(vllm_server) as made:
            deltas = [delta async for delta in made.stream(prompt, limits=Limits(max_tokens=60))]
            completion = deltas[-1].completion
            assert completion is not None
            whole = await made.generate(prompt, limits=Limits(max_tokens=60))
            assert (whole.text, whole.reasoning) == (completion.text, completion.reasoning)
            return [delta.text for delta in deltas], completion.text, completion.reasoning

    pieces, text, reasoning = asyncio.run(ask())
    assert "".join(pieces) == text
    assert text in {'"Yes"', '"No"'}
    assert len(reasoning.split()) == 3


def test_a_reply_cut_at_its_limit_is_an_error(vllm_server: VllmServer) -> None:
    async def ask() -> None:
        prompt = AnswerPrompt(question=QUESTION, steps=(), grounded=False)
        async with generator(vllm_server) as made:
            await made.generate(prompt, limits=Limits(max_tokens=2))

    with pytest.raises(GenerationTruncated):
        asyncio.run(ask())


Observed = tuple[list[tuple[Event, dict[str, float]]], Answer]


@pytest.fixture(scope="module")
def observed(vllm_server: VllmServer, index_dir: Path) -> Observed:
    """One stepwise answer; beside each event what the server's counters grew by since the one before.

    In process, because the strategy asks for nothing more until its next event is wanted: that is what
    lets a counter's growth be told apart step by step.
    """
    names = ("prefix_cache_queries", "prefix_cache_hits", "prompt_tokens", "generation_tokens")

    def counters() -> dict[str, float]:
        return {name: vllm_server.counter(f"vllm:{name}_total") for name in names}

    async def ask(text: str) -> list[tuple[Event, dict[str, float]]]:
        question = QUESTION.model_copy(update={"text": text})
        seen: list[tuple[Event, dict[str, float]]] = []
        before = counters()
        with HybridIndex.open(index_dir) as index:
            async with (
                generator(vllm_server) as made,
                aclosing(stepwise(question, IndexRetriever(index), made, BUDGET)) as events,
            ):
                async for event in events:
                    now = counters()
                    seen.append((event, {name: now[name] - before[name] for name in names}))
                    before = now
        return seen

    for text in WORDINGS:
        try:
            seen = asyncio.run(ask(text))
        except GenerationTruncated:
            continue
        last = seen[-1][0]
        if isinstance(last, AnswerEvent) and not last.answer.unparsed:
            return seen, last.answer
    pytest.fail(f"the model ended none of these: {WORDINGS}")


def test_the_plan_is_structured_output_that_parses(observed: Observed) -> None:
    seen, answer = observed
    first = seen[0][0]
    assert isinstance(first, PlanEvent)
    assert 1 <= len(first.steps) <= BUDGET.max_steps
    assert all(step.query and step.sub_question for step in first.steps)
    assert answer.unparsed == ()


def test_every_step_retrieves_with_its_own_query(observed: Observed) -> None:
    _, answer = observed
    assert answer.steps
    for step in answer.steps:
        assert step.query
        assert step.evidence
        assert {found.query for found in step.evidence} == {step.query}
        assert {found.passage_id for found in step.evidence} <= set(DOCUMENTS)
        assert step.conclusion, step.error


def test_the_answers_usage_is_what_the_server_counted(observed: Observed) -> None:
    seen, answer = observed
    prompt = sum(grown["prompt_tokens"] for _, grown in seen)
    written = sum(grown["generation_tokens"] for _, grown in seen)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (prompt, written)
    assert answer.usage.calls == len(answer.steps) + 3  # the plan, the answer, the choice
    assert prompt > 0
    assert written > 0


def test_the_answer_finds_the_evidence_of_the_steps_read_already(observed: Observed) -> None:
    """Computed is what the prompts before it did not hold; see test_prefix_sharing, too."""
    seen, _ = observed
    steps = [grown["prefix_cache_hits"] for event, grown in seen if isinstance(event, StepEvent)]
    assert seen[-1][1]["prefix_cache_hits"] >= sum(steps) + 128  # a block more at least


def test_a_multiple_choice_question_gets_a_label_or_null(observed: Observed) -> None:
    _, answer = observed
    assert answer.choice in {"A", "B", None}
    assert answer.abstained == (answer.choice is None)


@pytest.fixture(scope="module")
def service_url(vllm_server: VllmServer, index_dir: Path) -> Iterator[str]:
    """`jmedqa serve` as its own process, pointed at vLLM by the environment alone."""
    port = free_port()
    log = vllm_server.log.with_name("service.log")
    settings = {
        "JMEDQA_SERVER__PORT": str(port),
        "JMEDQA_INDEX__DIR": str(index_dir),
        "JMEDQA_STATE__DIR": str(index_dir.parent / "state"),
        "JMEDQA_GENERATOR__BASE_URL": vllm_server.base_url,
        "JMEDQA_LIMITS__K": "2",
        "JMEDQA_LIMITS__MAX_STEPS": "2",
        "JMEDQA_LIMITS__STEP_TOKENS": "256",
        "JMEDQA_LIMITS__ANSWER_TOKENS": "2048",  # the story must still be going on when it is cut off
        "JMEDQA_GENERATOR__FIRST_TOKEN_TIMEOUT_S": str(PATIENCE_S),
    }
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "jmedqa", "serve"],
            env=os.environ | settings,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            try:
                if httpx.get(f"{url}/readyz", timeout=10).status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                time.sleep(0.3)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def streamed(url: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of an answer as they arrive: name, data."""
    headers = {"Accept": "text/event-stream"}
    with httpx.stream("POST", f"{url}/api/v1/answers", json=body, headers=headers, timeout=300) as response:
        assert response.status_code == httpx.codes.OK, response.read()
        name = ""
        for line in response.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


def test_tokens_arrive_one_by_one_before_the_answer(service_url: str) -> None:
    choices = {choice.label: choice.text for choice in QUESTION.choices}
    for text in WORDINGS:
        events = list(streamed(service_url, {"question": text, "choices": choices}))
        if events[-1][0] == "answer":
            break
    names = [name for name, _ in events]
    assert names[0] == "plan"
    assert names[-1] == "answer"
    tokens = [data["text"] for name, data in events if name == "token"]
    answer = events[-1][1]
    assert "".join(tokens) == answer["text"]
    assert "<think" not in answer["text"]
    assert len(tokens) > 3
    assert names.count("step") == len(answer["steps"])
    for step in answer["steps"]:
        assert step["query"]
        assert step["evidence"]


def test_a_reader_that_leaves_stops_the_model(service_url: str, vllm_server: VllmServer) -> None:
    """It also shows that tokens are sent as they come: the first is here while the model still writes."""
    body = {"question": "Write a long story about a kidney.", "strategy": "closed_book"}
    events = streamed(service_url, body)
    assert next(events)[0] == "token"
    assert vllm_server.counter("vllm:num_requests_running") == 1
    events.close()
    deadline = time.monotonic() + 20
    while vllm_server.counter("vllm:num_requests_running"):
        assert time.monotonic() < deadline, "the model goes on writing for a reader that left"
        time.sleep(0.5)


def test_a_server_that_dies_mid_answer_leaves_an_error_and_no_answer(
    service_url: str, doomed_vllm_server: VllmServer
) -> None:
    """vLLM ends such a stream in good form: an error object, then [DONE]. It must not pass for an end."""
    body = {"question": "Write a long story about a kidney.", "strategy": "closed_book"}
    names = []
    for name, data in streamed(service_url, body):
        names.append(name)
        if len(names) == 5:
            os.kill(doomed_vllm_server.engine_pid(), signal.SIGKILL)
        if name == "error":
            assert data["status"] == httpx.codes.SERVICE_UNAVAILABLE
    assert names[-1] == "error"
    assert "answer" not in names

    doomed_vllm_server.kill()
    after = httpx.post(f"{service_url}/api/v1/answers", json=body, timeout=60)
    assert after.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "Retry-After" in after.headers

    async def ask() -> None:
        async with generator(doomed_vllm_server) as made:
            prompt = AnswerPrompt(question=QUESTION, steps=(), grounded=False)
            await made.generate(prompt, limits=Limits(max_tokens=16))

    with pytest.raises(GeneratorUnavailable):
        asyncio.run(ask())
