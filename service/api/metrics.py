"""What Prometheus reads. No label ever holds text of a question."""

from collections.abc import AsyncGenerator, Sequence
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from indexer import Filters, StoredPassage
from service.answers import Answer
from service.api.operation_metrics import OperationMetrics
from service.generators import Completion, Delta, Generator, Limits
from service.prompts import Prompt
from service.retrieval import Found, Retriever

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})


class Metrics(OperationMetrics):
    """One app's registry."""

    def __init__(self) -> None:
        # A second line for every count, which nothing here reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        super().__init__(self.registry)
        self._requests = Counter(
            "jmedqa_requests", "HTTP requests", ["method", "route", "status"], registry=self.registry
        )
        self._request_seconds = Histogram(
            "jmedqa_request_seconds", "HTTP request time", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self._answers = Counter(
            "jmedqa_answers", "Questions, by how they ended", ["strategy", "outcome"], registry=self.registry
        )
        self._steps = Counter("jmedqa_steps", "Reasoning steps of finished answers", registry=self.registry)
        self._answer_steps = Histogram(
            "jmedqa_answer_steps",
            "Reasoning steps of one answer",
            buckets=(0, 1, 2, 3, 4, 5, 8, 12),
            registry=self.registry,
        )
        self._abstentions = Counter(
            "jmedqa_abstentions", "Answers withheld, by reason", ["reason"], registry=self.registry
        )
        self._claims = Counter(
            "jmedqa_claims", "Sentences of answers, by how they compare", ["status"], registry=self.registry
        )
        self._verified_share = Histogram(
            "jmedqa_verified_share",
            "Share of an answer's sentences that agree with their citations",
            buckets=(0, 0.25, 0.5, 0.75, 0.9, 0.999, 1),
            registry=self.registry,
        )
        self._breaches = Counter(
            "jmedqa_policy_breaches",
            "Breaches of the content policy that browsers reported",
            ["directive"],
            registry=self.registry,
        )
        self._notices = Counter("jmedqa_notices", "Notices on answers", ["code"], registry=self.registry)
        self._retrieval = Histogram(
            "jmedqa_retrieval_seconds", "Search time", buckets=_SECONDS, registry=self.registry
        )
        self._generation = Histogram(
            "jmedqa_generation_seconds",
            "Time of one call to the generator",
            ["prompt"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._tokens = Counter("jmedqa_tokens", "Tokens", ["kind"], registry=self.registry)
        self._generation_live = Gauge(
            "jmedqa_index_generation_info",
            "1 for the live generation",
            ["generation"],
            registry=self.registry,
        )
        self._degraded = Gauge(
            "jmedqa_index_degraded", "1 while an older generation serves", registry=self.registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one HTTP request."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def policy_breach(self, directive: str) -> None:
        """A browser blocked something on a page of ours."""
        self._breaches.labels(directive).inc()

    def answered(self, strategy: str, answer: Answer) -> None:
        """Count a finished answer."""
        self._answers.labels(strategy, "abstained" if answer.abstained else "answered").inc()
        self._steps.inc(len(answer.steps))
        self._answer_steps.observe(len(answer.steps))
        if answer.reason is not None:
            self._abstentions.labels(answer.reason.code).inc()
        for claim in answer.claims:
            self._claims.labels(claim.status).inc()
        if answer.verified_share is not None:
            self._verified_share.observe(answer.verified_share)
        for notice in answer.notices:
            self._notices.labels(notice.code).inc(notice.count)

    def failed(self, strategy: str, code: str) -> None:
        """Count a question that ended in an error."""
        self._answers.labels(strategy, code).inc()

    def searched(self, seconds: float) -> None:
        """Observe one search."""
        self._retrieval.observe(seconds)

    def generated(self, prompt: Prompt, seconds: float, completion: Completion | None) -> None:
        """Observe one call; ``completion`` is None where it failed."""
        self._generation.labels(type(prompt).__name__.removesuffix("Prompt").lower()).observe(seconds)
        if completion is not None:
            self._tokens.labels("prompt").inc(completion.prompt_tokens or 0)
            self._tokens.labels("completion").inc(completion.completion_tokens or 0)

    def index(self, generation: str | None, degraded: bool) -> None:
        """Say which generation serves."""
        self._generation_live.clear()
        if generation is not None:
            self._generation_live.labels(generation).set(1)
        self._degraded.set(degraded)

    def page(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)


class MeteredRetriever:
    """A retriever whose searches are timed."""

    def __init__(self, retriever: Retriever, metrics: Metrics) -> None:
        self._retriever = retriever
        self._metrics = metrics

    @property
    def generation(self) -> str | None:
        """The generation's name."""
        return self._retriever.generation

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        """As the retriever."""
        started = perf_counter()
        found = self._retriever.search(query, k, filters)
        self._metrics.searched(perf_counter() - started)
        return found

    def passage(self, passage_id: str) -> StoredPassage:
        """As the retriever."""
        return self._retriever.passage(passage_id)


class MeteredGenerator:
    """A generator whose calls are timed and counted."""

    def __init__(self, generator: Generator, metrics: Metrics) -> None:
        self._generator = generator
        self._metrics = metrics

    @property
    def context_tokens(self) -> int | None:
        """As the generator."""
        return self._generator.context_tokens

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """As the generator."""
        started = perf_counter()
        completion: Completion | None = None
        try:
            completion = await self._generator.generate(prompt, limits=limits)
            return completion
        finally:
            self._metrics.generated(prompt, perf_counter() - started, completion)

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta, None]:
        """As the generator."""
        started = perf_counter()
        completion: Completion | None = None
        deltas = self._generator.stream(prompt, limits=limits)
        try:
            async for delta in deltas:
                completion = delta.completion or completion
                yield delta
        finally:
            await deltas.aclose()
            self._metrics.generated(prompt, perf_counter() - started, completion)

    async def problem(self) -> str | None:
        """As the generator."""
        return await self._generator.problem()

    async def close(self) -> None:
        """As the generator."""
        await self._generator.close()
