"""A run whose model answers in batches: `vllm run-batch`, or any server that takes OpenAI's batch files.

A strategy's next prompt often rests on the reply before, so a run comes to its end in waves. Each wave
finishes what the replies so far allow and writes the calls that are needed next; `run-batch` answers them;
the next wave takes the answers in. An item asked in one call is finished after one wave, one with steps
after several.
A line of a batch that failed or is lacking is never an answer.
"""

import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.errors import BadRequest
from benchmarks.runs.asker import ModelAsker
from benchmarks.runs.folder import AppendFile, read_rows
from benchmarks.runs.journal import Journal
from benchmarks.settings import ModelSettings
from corpora import Frozen
from service.errors import GeneratorUnavailable
from service.generators import Completion, Delta, Limits
from service.generators.openai_compatible import Binding, OpenAISettings, chat_body, whole_completion
from service.prompts import Prompt

REPLIES = "batch.jsonl"
ENDPOINT = "/v1/chat/completions"


class Pending(Exception):  # noqa: N818  (no error: the item waits for the next wave)
    """A call that no batch has answered yet."""


class BatchReply(Frozen):
    """One line of a batch's output, as the run keeps it.

    Attributes:
        body: The chat completion; ``None`` for a line that failed, then ``error`` says why.
    """

    custom_id: str
    body: dict[str, Any] | None = None
    error: str | None = None


class Batch:
    """The replies that a run has had so far, and the requests that it needs next.

    Attributes:
        wanted: Request lines by id, in the order they came up.
    """

    def __init__(self, replies: Iterable[BatchReply] = (), *, retry_failed: bool = False) -> None:
        """A later reply stands for an earlier one; ``retry_failed`` asks again for those that failed."""
        self._replies = {
            reply.custom_id: reply for reply in replies if reply.error is None or not retry_failed
        }
        self.wanted: dict[str, dict[str, Any]] = {}

    def completion(self, settings: OpenAISettings, body: dict[str, Any], repeat: int) -> Completion:
        """The reply to a request.

        Raises:
            Pending: If there is none yet; the request is noted.
            GenerationError: If it failed, was cut or refused.
        """
        whole = json.dumps([body, repeat], ensure_ascii=False, sort_keys=True)
        custom_id = sha256(whole.encode()).hexdigest()
        found = self._replies.get(custom_id)
        if found is None:
            self.wanted[custom_id] = {
                "custom_id": custom_id,
                "method": "POST",
                "url": ENDPOINT,
                "body": body,
            }
            raise Pending
        if found.body is None:
            reason = found.error or "no reply"
            raise GeneratorUnavailable(
                f"一括処理の行が失敗しました: {reason}", f"The batch's line failed: {reason}"
            )
        return whole_completion(settings, found.body)

    def asker(self, model: ModelSettings, repeats: int, journal: Journal, *, scored: bool) -> "BatchAsker":
        """The model as these replies know it.

        Raises:
            BadRequest: If the settings do not name the model: nobody can be asked for its name.
        """
        if model.model is None:
            raise BadRequest(f"model {model.name!r}: a batch needs model = the name it is served under")
        if scored:
            raise BadRequest('prompts: "scored" needs a server to ask: a batch has none')
        generators = {
            repeat: BatchGenerator(self, model.openai(repeat), model.model, repeat)
            for repeat in range(repeats)
        }
        return BatchAsker(model.model, generators, journal)


class BatchGenerator:
    """Answers from a batch. A batch cannot be asked how long its model's context is."""

    context_tokens: int | None = None

    def __init__(self, batch: Batch, settings: OpenAISettings, model: str, repeat: int) -> None:
        self._batch = batch
        self._settings = settings
        self._model = model
        self._repeat = repeat

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The reply, or `Pending`; a form is bound by its JSON schema."""
        binding: Binding = "none" if prompt.reply_schema() is None else "json_schema"
        body = chat_body(self._settings, prompt, limits, self._model, binding)
        return self._batch.completion(self._settings, body, self._repeat)

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The same in one piece."""
        completion = await self.generate(prompt, limits=limits)
        yield Delta(text=completion.text)
        yield Delta(completion=completion)

    async def problem(self) -> str | None:
        """There is no server to ask."""
        return None

    async def close(self) -> None:
        """Nothing to release."""


class BatchAsker(ModelAsker):
    """A model whose server is a batch."""

    def __init__(self, model_id: str, generators: Mapping[int, BatchGenerator], journal: Journal) -> None:
        super().__init__(model_id, dict(generators), journal, "")

    async def describe(self) -> dict[str, Any]:
        """Only its name: whoever ran the batch knows the rest."""
        return {"served": self.model_id, "kind": "batch"}


def kept_replies(folder: Path) -> list[BatchReply]:
    """What earlier waves took in."""
    return read_rows(folder / REPLIES, BatchReply, cut=True)[0]


async def take_in(folder: Path, files: Iterable[Path]) -> list[BatchReply]:
    """Read the outputs of batches and keep them in the run.

    Raises:
        BadRequest: If a line is no line of a batch's output; then nothing is kept.
    """
    replies = [reply for file in files for reply in read_output(file)]
    kept = AppendFile(folder / REPLIES)
    try:
        for reply in replies:
            await kept.add(reply)
    finally:
        kept.close()
    return replies


def read_output(file: Path) -> list[BatchReply]:
    """The lines that `vllm run-batch -o` (or OpenAI's batch API) wrote.

    Raises:
        BadRequest: Naming the line.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    return [_reply(file, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _reply(file: Path, number: int, line: str) -> BatchReply:
    try:
        told = json.loads(line)
        custom_id, response, error = told["custom_id"], told.get("response"), told.get("error")
        if not isinstance(custom_id, str):
            raise TypeError
        if error is not None or response is None:
            return BatchReply(custom_id=custom_id, error=_said(error) or "no response")
        status, body = response.get("status_code", 200), response["body"]
        if status != 200:
            return BatchReply(custom_id=custom_id, error=f"HTTP {status} {_said(body)}".strip())
        if not _is_completion(body):
            return BatchReply(custom_id=custom_id, error="no chat completion")
        return BatchReply(custom_id=custom_id, body=body)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadRequest(f"{file}: line {number} is no line of a batch's output") from None


def _is_completion(body: Any) -> bool:
    try:
        choice = body["choices"][0]
        return isinstance(choice["message"], dict) and "finish_reason" in choice and "model" in body
    except (KeyError, IndexError, TypeError):
        return False


def _said(error: object) -> str:
    if isinstance(error, dict):
        inner = error.get("error")
        return _said(inner) if isinstance(inner, dict) else str(error.get("message", ""))[:200]
    return "" if error is None else str(error)[:200]


def write_requests(file: Path, wanted: Mapping[str, dict[str, Any]]) -> None:
    """One request a line, whole or not at all."""
    temporary = file.with_name(f".{file.name}.new")
    with temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for line in wanted.values():
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    temporary.replace(file)
