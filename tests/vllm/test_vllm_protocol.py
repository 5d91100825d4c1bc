"""What the real vLLM says on the wire: the facts `service/generators` rests on (docs/vllm.md)."""

import json
import time

import httpx
import openai
import pytest
from vllm_server import SERVED_NAME, VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(600)]

PLAN = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {"query": {"type": "string", "minLength": 1, "maxLength": 30}},
                "required": ["query"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["steps"],
    "additionalProperties": False,
}


@pytest.fixture
def client(vllm_server: VllmServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=vllm_server.base_url, api_key="none", max_retries=0, timeout=120)


def ask(text: str) -> list[openai.types.chat.ChatCompletionUserMessageParam]:
    return [{"role": "user", "content": text}]


def test_the_converted_model_knows_the_capital_of_france(client: openai.OpenAI) -> None:
    plain = client.completions.create(
        model=SERVED_NAME, prompt="The capital of France is", max_tokens=4, temperature=0
    )
    assert "Paris" in plain.choices[0].text

    chat = client.chat.completions.create(
        model=SERVED_NAME, messages=ask("What is the capital of France?"), max_tokens=40, temperature=0
    )
    assert "Paris" in (chat.choices[0].message.content or "")
    assert chat.choices[0].finish_reason == "stop"  # the chat template's end token is the model's


def test_the_converted_model_can_copy_a_line(client: openai.OpenAI) -> None:
    """Attention to earlier places is what wrongly permuted weights lose first: they give 0.10.10.10."""
    line = "Copy: potassium 5.5 mEq/L, sodium 138 mEq/L, chloride 104 mEq/L."
    reply = client.completions.create(
        model=SERVED_NAME, prompt=f"{line}\nCopy: potassium 5.5", max_tokens=24, temperature=0
    )
    assert reply.choices[0].text.startswith(" mEq/L, sodium 138 mEq/L, chloride 104")


def test_a_schema_in_response_format_is_kept(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model=SERVED_NAME,
        messages=ask("CKD患者で高カリウム血症を認めたときの初期対応は？ Plan one search query as JSON."),
        max_tokens=300,
        temperature=0,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "plan", "schema": PLAN, "strict": True},
        },
    )
    steps = json.loads(reply.choices[0].message.content or "")["steps"]
    assert 1 <= len(steps) <= 2
    assert all(0 < len(step["query"]) <= 30 for step in steps)


def test_a_choice_is_kept_by_structured_outputs_and_the_old_name_is_ignored(client: openai.OpenAI) -> None:
    def reply(extra: dict[str, object]) -> str | None:
        asked = ask("Which organ filters blood to make urine? Explain your answer.")
        made = client.chat.completions.create(
            model=SERVED_NAME, messages=asked, max_tokens=8, temperature=0, extra_body=extra
        )
        return made.choices[0].message.content

    assert reply({"structured_outputs": {"choice": ["A", "B"]}}) in {"A", "B"}
    # No error and no effect: a client that still sends guided_choice gets free text and is not told.
    assert reply({"guided_choice": ["A", "B"]}) not in {"A", "B"}


def test_a_choice_or_null_is_kept_by_an_enum(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"choice": {"enum": ["A", "B", None]}},
        "required": ["choice"],
        "additionalProperties": False,
    }
    reply = client.chat.completions.create(
        model=SERVED_NAME,
        messages=ask("Which one? A or B?"),
        max_tokens=30,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"name": "choice", "schema": schema}},
    )
    assert json.loads(reply.choices[0].message.content or "")["choice"] in {"A", "B", None}


def test_a_stream_ends_with_a_finish_reason_then_the_usage_then_done(vllm_server: VllmServer) -> None:
    body = {
        "model": SERVED_NAME,
        "messages": ask("Say hello."),
        "max_tokens": 8,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    with httpx.stream("POST", f"{vllm_server.base_url}/chat/completions", json=body, timeout=120) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]

    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]]
    assert reasons[-1] == "length"
    assert set(reasons[:-1]) == {None}
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 8


def test_the_usage_of_a_reply_is_what_the_servers_own_counters_say(
    vllm_server: VllmServer, client: openai.OpenAI
) -> None:
    names = ("vllm:prompt_tokens_total", "vllm:generation_tokens_total")
    before = [vllm_server.counter(name) for name in names]
    reply = client.chat.completions.create(
        model=SERVED_NAME, messages=ask("Name one organ."), max_tokens=10, temperature=0
    )
    grown = [vllm_server.counter(name) - was for name, was in zip(names, before, strict=True)]
    assert reply.usage is not None
    assert grown == [reply.usage.prompt_tokens, reply.usage.completion_tokens]


def test_a_shared_beginning_is_read_once(vllm_server: VllmServer, client: openai.OpenAI) -> None:
    rules = "The evidence follows; cite it by its key. " * 60
    hits, cached = [], []
    for question in ("What is potassium?", "What is sodium?"):
        before = vllm_server.counter("vllm:prefix_cache_hits_total")
        reply = client.chat.completions.create(
            model=SERVED_NAME,
            messages=[{"role": "system", "content": rules}, *ask(question)],
            max_tokens=2,
            temperature=0,
        )
        hits.append(vllm_server.counter("vllm:prefix_cache_hits_total") - before)
        assert reply.usage is not None
        details = reply.usage.prompt_tokens_details
        cached.append((details.cached_tokens or 0) if details else 0)
    assert hits[0] == 0
    assert hits[1] >= 384  # whole blocks of 128 tokens only
    assert hits[1] % 128 == 0
    assert cached == hits


def test_reasoning_has_a_field_of_its_own_and_tags_stay_in_the_text_without_a_parser(
    client: openai.OpenAI,
) -> None:
    reply = client.chat.completions.create(
        model=SERVED_NAME,
        messages=ask("Think, then answer."),
        max_tokens=40,
        temperature=0,
        extra_body={"structured_outputs": {"regex": "<think>[a-z ]{3,12}</think>(Yes|No)"}},
    )
    message = reply.choices[0].message
    assert "reasoning" in (message.model_extra or {})  # not reasoning_content, its older name
    assert message.content is not None
    assert message.content.startswith("<think>")


@pytest.mark.parametrize(
    ("extra", "error", "says"),
    [
        ({"model": "nope"}, openai.NotFoundError, "does not exist"),
        ({"max_tokens": 9_000}, openai.BadRequestError, "max_model_len=8192"),
        ({"messages": ask("word " * 9_000)}, openai.BadRequestError, "maximum context length"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "wat"}},
                }
            },
            openai.BadRequestError,
            "rammar",
        ),
    ],
    ids=["unknown model", "too many tokens asked for", "prompt too long", "schema it cannot keep"],
)
def test_a_request_it_cannot_serve_is_refused_with_a_reason(
    client: openai.OpenAI, extra: dict[str, object], error: type[openai.APIStatusError], says: str
) -> None:
    request = {"model": SERVED_NAME, "messages": ask("x"), "max_tokens": 4} | extra
    with pytest.raises(error, match=says):
        client.chat.completions.create(**request)  # type: ignore[call-overload]


def test_a_client_that_hangs_up_stops_the_generation(vllm_server: VllmServer, client: openai.OpenAI) -> None:
    asked = ask("Count from one to five hundred in words.")
    stream = client.chat.completions.create(
        model=SERVED_NAME, messages=asked, max_tokens=2_000, temperature=0, stream=True
    )
    for _, _chunk in zip(range(5), stream, strict=False):
        pass
    stream.close()
    deadline = time.monotonic() + 20
    while vllm_server.counter("vllm:num_requests_running"):
        assert time.monotonic() < deadline, "the server went on generating for a client that left"
        time.sleep(0.5)
