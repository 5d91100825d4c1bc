"""OpenAIGenerator against a real HTTP server that misbehaves: each fault is the documented error."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from service.errors import (
    GenerationError,
    GenerationRefused,
    GenerationTimeout,
    GenerationTruncated,
    GeneratorUnavailable,
    PromptRejected,
)
from service.generators import Completion, Limits
from service.generators.openai_compatible import OpenAIGenerator, OpenAISettings
from service.prompts import AnswerPrompt, ChoicePrompt, Prompt
from service.questions import Choice, Question
from tests.service.model_server import MODEL, ModelServer
from tests.service.running import closed_port, served

QUESTION = Question(
    text="高カリウム血症の初期対応は？", choices=(Choice(label="A", text="甲"), Choice(label="B", text="乙"))
)
PROMPT = AnswerPrompt(question=QUESTION, steps=())
CHOICE = ChoicePrompt(question=QUESTION, steps=(), answer="甲である。")
LIMITS = Limits(max_tokens=100)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[ModelServer, str]]:
    server = ModelServer()
    with served(server.app()) as address:
        yield server, f"{address}/v1"


@pytest.fixture
def server(running: tuple[ModelServer, str]) -> ModelServer:
    fresh = ModelServer()
    vars(running[0]).update(vars(fresh))
    return running[0]


@pytest.fixture
def base_url(running: tuple[ModelServer, str]) -> str:
    return running[1]


def generated(base_url: str, prompt: Prompt = PROMPT, **settings: Any) -> Completion:
    async def run() -> Completion:
        generator = OpenAIGenerator(OpenAISettings(base_url=base_url, **settings))
        try:
            return await generator.generate(prompt, limits=LIMITS)
        finally:
            await generator.close()

    return asyncio.run(run())


def streamed(base_url: str, **settings: Any) -> tuple[list[str], Completion | GenerationError]:
    """The pieces shown, and how it ended."""

    async def run() -> tuple[list[str], Completion | GenerationError]:
        generator = OpenAIGenerator(OpenAISettings(base_url=base_url, **settings))
        pieces: list[str] = []
        end: Completion | GenerationError | None = None
        try:
            async for delta in generator.stream(PROMPT, limits=LIMITS):
                pieces.append(delta.text)
                end = delta.completion or end
        except GenerationError as error:
            end = error
        finally:
            await generator.close()
        assert end is not None
        return pieces, end

    return asyncio.run(run())


FAULTS = [
    ("500", GeneratorUnavailable, "500"),
    ("429", GeneratorUnavailable, "429"),
    ("503", GeneratorUnavailable, "503"),
    ("401", GeneratorUnavailable, "api_key"),
    ("400", PromptRejected, "evidence_chars"),
    ("html", GeneratorUnavailable, "/v1"),
    ("not_streamed", GeneratorUnavailable, "/v1"),
    ("malformed", GeneratorUnavailable, "/v1"),
    ("wrong_shape", GeneratorUnavailable, "/v1"),
    ("error_event", GeneratorUnavailable, ""),
    ("cut", GeneratorUnavailable, "cut off"),
    ("no_finish_reason", GeneratorUnavailable, "unfinished"),
    ("empty_choices", GeneratorUnavailable, "unfinished"),
    ("slow", GenerationTimeout, "first_token_timeout_s"),
    ("stalled", GenerationTimeout, "total_timeout_s"),
    ("length", GenerationTruncated, "answer_tokens"),
    ("unclosed_think", GenerationTruncated, "answer_tokens"),
    ("content_filter", GenerationRefused, ""),
    ("refusal", GenerationRefused, ""),
    ("empty", GenerationRefused, ""),
]


@pytest.mark.parametrize(("mode", "error", "cure"), FAULTS)
def test_each_fault_is_its_documented_error_with_the_cure(
    server: ModelServer, base_url: str, mode: str, error: type[GenerationError], cure: str
) -> None:
    server.mode = mode
    patience: dict[str, Any] = {"first_token_timeout_s": 0.5, "total_timeout_s": 1.0, "model": MODEL}
    with pytest.raises(error) as raised:
        generated(base_url, **patience)
    assert type(raised.value) is error
    assert cure in raised.value.en
    assert "secret" not in str(raised.value)
    _, end = streamed(base_url, **patience)
    assert type(end) is error


def test_a_server_that_is_down_is_unavailable() -> None:
    with pytest.raises(GeneratorUnavailable, match="base_url"):
        generated(f"http://127.0.0.1:{closed_port()}/v1", model=MODEL)


def test_a_wrong_model_names_the_setting(server: ModelServer, base_url: str) -> None:
    with pytest.raises(GeneratorUnavailable, match=r"generator\.model"):
        generated(base_url, model="another")


@pytest.mark.parametrize("mode", ["html", "no_models"])
def test_the_model_list_is_checked_too(server: ModelServer, base_url: str, mode: str) -> None:
    server.mode = mode
    with pytest.raises(GeneratorUnavailable, match="/v1"):
        generated(base_url)


def test_the_model_is_found_and_tokens_are_counted(server: ModelServer, base_url: str) -> None:
    done = generated(base_url)
    assert (done.text, done.model) == ("カルシウムを静注する。[E1]", MODEL)
    assert (done.prompt_tokens, done.completion_tokens) == (11, 7)


@pytest.mark.parametrize("mode", ["think", "reasoning", "reasoning_content"])
def test_reasoning_is_kept_apart(server: ModelServer, base_url: str, mode: str) -> None:
    server.mode = mode
    done = generated(base_url)
    assert (done.text, done.reasoning) == ("カルシウムを静注する。[E1]", "考え")
    pieces, end = streamed(base_url)
    assert end == done
    assert "".join(pieces) == done.text


def test_reasoning_opened_by_the_template(server: ModelServer, base_url: str) -> None:
    server.mode = "unopened_think"
    assert generated(base_url).text == "カルシウムを静注する。[E1]"
    assert "".join(streamed(base_url, thinking="opened")[0]) == "カルシウムを静注する。[E1]"
    leaked = streamed(base_url)[1]
    assert isinstance(leaked, GenerationTruncated)
    assert "generator.thinking" in leaked.en


def test_half_a_surrogate_pair_does_not_travel_on(server: ModelServer, base_url: str) -> None:
    server.mode = "surrogate"
    generated(base_url).text.encode("utf-8")


@pytest.mark.parametrize("mode", ["429", "503"])
def test_one_retry_where_a_moment_may_help(server: ModelServer, base_url: str, mode: str) -> None:
    server.mode, server.fail_first = mode, 1
    assert generated(base_url, model=MODEL).text
    assert len(server.requests) == 2


@pytest.mark.parametrize("mode", ["500", "400", "html", "cut", "slow", "length"])
def test_no_retry_where_it_cannot_help(server: ModelServer, base_url: str, mode: str) -> None:
    server.mode = mode
    with pytest.raises(GenerationError):
        generated(base_url, model=MODEL, first_token_timeout_s=0.5, total_timeout_s=1.0)
    assert len(server.requests) == 1


def test_an_outage_is_not_amplified(server: ModelServer, base_url: str) -> None:
    server.mode = "503"

    async def run() -> None:
        generator = OpenAIGenerator(OpenAISettings(base_url=base_url, model=MODEL))
        for _ in range(20):
            with pytest.raises(GeneratorUnavailable):
                await generator.generate(PROMPT, limits=LIMITS)
        await generator.close()

    asyncio.run(run())
    assert len(server.requests) <= 21  # one saved retry, then one call a question


def test_structured_output_is_asked_for_by_schema(server: ModelServer, base_url: str) -> None:
    server.reply = lambda body: '{"choice": "A"}'
    generated(base_url, CHOICE)
    asked = server.requests[0]["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["schema"]["properties"]["choice"]["enum"] == ["A", "B", None]


def test_a_server_without_schemas_is_given_a_list_of_replies(server: ModelServer, base_url: str) -> None:
    server.mode, server.reply = "no_schema", lambda body: '{"choice": "A"}'
    generated(base_url, CHOICE)
    first, second = server.requests
    assert "response_format" in first
    assert second["structured_outputs"] == {
        "choice": ['{"choice": "A"}', '{"choice": "B"}', '{"choice": null}']
    }


def test_a_server_without_either_is_asked_by_words_alone(server: ModelServer, base_url: str) -> None:
    server.mode, server.reply = "no_binding", lambda body: '{"choice": "A"}'

    async def run() -> None:
        generator = OpenAIGenerator(OpenAISettings(base_url=base_url))
        for _ in range(2):
            assert (await generator.generate(CHOICE, limits=LIMITS)).text == '{"choice": "A"}'
        await generator.close()

    asyncio.run(run())
    bound = [{"response_format", "structured_outputs"} & body.keys() for body in server.requests]
    assert bound == [{"response_format"}, {"structured_outputs"}, set(), set()]


def test_a_refusal_that_is_not_the_bindings_fault_loosens_nothing(server: ModelServer, base_url: str) -> None:
    server.mode, server.fail_first, server.reply = "400", 3, lambda body: '{"choice": "A"}'

    async def run() -> None:
        generator = OpenAIGenerator(OpenAISettings(base_url=base_url))
        with pytest.raises(GeneratorUnavailable):
            await generator.generate(CHOICE, limits=LIMITS)
        await generator.generate(CHOICE, limits=LIMITS)
        await generator.close()

    asyncio.run(run())
    assert "response_format" in server.requests[-1]


def test_the_context_length_is_learnt_from_the_servers_list(server: ModelServer, base_url: str) -> None:
    server.context = 4096

    async def run() -> int | None:
        generator = OpenAIGenerator(OpenAISettings(base_url=base_url))
        assert generator.context_tokens is None
        assert await generator.problem() is None
        await generator.close()
        return generator.context_tokens

    assert asyncio.run(run()) == 4096
