"""Who answers: the service's own strategy functions in this process, or a running service over REST."""

import json
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import httpx
from pydantic import ValidationError

from benchmarks.runs.asking import question_of
from benchmarks.runs.concurrency import AdaptiveLimit, GatedGenerator
from benchmarks.runs.journal import Journal, JournalledGenerator
from benchmarks.runs.planning import Job
from benchmarks.runs.scored import ScoredGenerator
from service.answer_flow import answer
from service.answers import Answer
from service.errors import GenerationError, GenerationTimeout, GeneratorUnavailable
from service.generators import Generator
from service.generators.extractive import ExtractiveGenerator
from service.generators.openai_compatible import OpenAIGenerator


class Asker(Protocol):
    """Answers jobs.

    Attributes:
        model_id: The model's name where it is served; part of every request's hash.
    """

    model_id: str

    async def ask(self, job: Job, request: str) -> Answer:
        """The answer. ``request`` is the job's hash.

        Raises:
            ServiceError: As `service.answer_flow.answer`.
        """

    async def describe(self) -> dict[str, Any]:
        """What the manifest says of the model and its server."""

    async def close(self) -> None:
        """Release connections."""


class ModelAsker:
    """A model server, through the strategy functions; repeats have generators of their own seed.

    Attributes:
        probabilities: Of the labels, by request, of answers whose label was scored; whoever records them
            takes them out.
    """

    def __init__(
        self,
        model_id: str,
        generators: Mapping[int, Generator],
        journal: Journal,
        base_url: str,
        scorers: Mapping[int, Generator] | None = None,
    ) -> None:
        self.model_id = model_id
        self.probabilities: dict[str, dict[str, float]] = {}
        self._scorers = scorers or {}
        self._generators = generators
        self._journal = journal
        self._base_url = base_url

    async def ask(self, job: Job, request: str) -> Answer:
        """As `service.answer_flow.answer`."""
        generator: Generator = JournalledGenerator(self._generators[job.repeat], self._journal, request)
        scored: ScoredGenerator | None = None
        if job.arm.prompt == "scored":
            scorer = JournalledGenerator(self._scorers[job.repeat], self._journal, request)
            generator = scored = ScoredGenerator(generator, scorer)
        made = await answer(
            job.arm.strategy,
            question_of(job.item, job.arm.prompt),
            job.planned.retriever(job.arm),
            generator,
            job.settings.budget(job.model),
        )
        self._journal.forget(request)
        if scored is not None and scored.probabilities is not None:
            self.probabilities[request] = scored.probabilities
        return made

    async def describe(self) -> dict[str, Any]:
        """The served name, the context length, and a vLLM server's version."""
        found: dict[str, Any] = {"served": self.model_id, "kind": "openai"}
        found["context_tokens"] = self._generators[0].context_tokens
        return found | await _server_version(self._base_url)

    async def close(self) -> None:
        """Close every generator."""
        for generator in (*self._generators.values(), *self._scorers.values()):
            await generator.close()


class ExtractiveAsker:
    """No model: the answer is copied from the evidence."""

    model_id = "extractive"

    async def ask(self, job: Job, request: str) -> Answer:
        """As `service.answer_flow.answer`."""
        del request
        index = job.planned.index
        terms: Callable[[str], Any] = index.analyzer.terms if index is not None else str.split
        return await answer(
            job.arm.strategy,
            question_of(job.item, job.arm.prompt),
            job.planned.retriever(job.arm),
            ExtractiveGenerator(terms),
            job.settings.budget(job.model),
        )

    async def describe(self) -> dict[str, Any]:
        """Only what it is."""
        return {"served": self.model_id, "kind": "extractive"}

    async def close(self) -> None:
        """Nothing to release."""


class RestAsker:
    """A running service; its model, index and limits are its own, but for steps and passages."""

    def __init__(self, url: str, ready: dict[str, Any], limit: AdaptiveLimit, *, timeout_s: float) -> None:
        self.model_id = f"{url} {ready.get('generator')} {ready.get('generation')}"
        self._ready = ready
        self._limit = limit
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout_s)

    async def ask(self, job: Job, request: str) -> Answer:
        """POST the question.

        Raises:
            GenerationError: With the problem's code as the service gives it.
        """
        del request
        question = question_of(job.item, job.arm.prompt)
        budget = job.settings.budget(job.model)
        body: dict[str, Any] = {
            "question": question.text,
            "choices": [choice.model_dump() for choice in question.choices],
            "strategy": job.arm.strategy,
            "k": min(budget.k, 20),
            "max_steps": budget.max_steps,
        }
        began = monotonic()
        try:
            reply = await self._client.post("/api/v1/answers", json=body)
        except httpx.TimeoutException:
            self._limit.overloaded(began)
            raise GenerationTimeout(
                "サービスが時間内に応答しませんでした。", "The service did not answer in time."
            ) from None
        except httpx.HTTPError as error:
            self._limit.overloaded(began)
            raise ServiceGone() from error
        if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self._limit.overloaded(began)
            raise ServiceGone()
        if reply.status_code != httpx.codes.OK:
            raise _problem(reply)
        self._limit.succeeded(monotonic() - began, 1)
        try:
            told = reply.json()
            # The service puts more around an answer (its id, links); that is no part of it.
            kept = {name: value for name, value in told.items() if name in Answer.model_fields}
            return Answer.model_validate_json(json.dumps(kept))
        except (ValidationError, ValueError, AttributeError):
            raise GeneratorUnavailable(
                "応答がこの版の回答の形式ではありません。", "The reply is no answer of this version's form."
            ) from None

    async def describe(self) -> dict[str, Any]:
        """What the service says of itself."""
        return {"served": self.model_id, "kind": "service", **self._ready}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class ServiceGone(GeneratorUnavailable):
    """The service cannot be reached, or has no place free."""

    def __init__(self) -> None:
        super().__init__(
            "サービスに接続できないか、混み合っています。", "The service cannot be reached, or is full."
        )


class RemoteProblem(GenerationError):  # noqa: N818  (as the service calls it)
    """A problem that the service reported; ``code`` is the problem's own."""

    def __init__(self, code: str, ja: str, en: str) -> None:
        self.code = code  # type: ignore[misc]  # of the instance: there is one class for all remote codes
        super().__init__(ja, en)


def _problem(reply: httpx.Response) -> GenerationError:
    try:
        body = reply.json()
        code = str(body["type"]).rsplit(":", 1)[-1]
        return RemoteProblem(code, str(body["ja"]), str(body["en"]))
    except (ValueError, KeyError, TypeError):
        return RemoteProblem("http-error", f"HTTP {reply.status_code}", f"HTTP {reply.status_code}")


async def _server_version(base_url: str) -> dict[str, Any]:
    parts = urlsplit(base_url)
    address = urlunsplit((parts.scheme, parts.netloc, "/version", "", ""))
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            reply = await client.get(address)
            version = reply.json().get("version") if reply.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError, AttributeError):
        return {}
    return {"server": f"vLLM {version}"} if isinstance(version, str) else {}


async def model_asker(
    generators: dict[int, OpenAIGenerator],
    gated: dict[int, GatedGenerator],
    journal: Journal,
    base_url: str,
    scorers: Mapping[int, Generator] | None = None,
) -> ModelAsker:
    """Ask the server for its model's name and context length.

    Raises:
        GenerationError: If it cannot be reached.
    """
    first = generators[0]
    await first.served(30.0)
    for generator in generators.values():
        await generator.model()
    return ModelAsker(await first.model(), gated, journal, base_url, scorers)
