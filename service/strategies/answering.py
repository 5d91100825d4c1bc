"""What all strategies share: evidence keys, accounting, and the way from evidence to a checked answer."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from service.answers import (
    Answer,
    Citation,
    Evidence,
    PlannedStep,
    Provenance,
    ReplyPart,
    Step,
    Unparsed,
    Usage,
)
from service.budget import Budget
from service.claims import all_citations, check, verified_share
from service.errors import GenerationTruncated, GeneratorUnavailable
from service.events import AnswerEvent, Event, TokenEvent
from service.generators import Completion, Generator, Limits
from service.markers import MarkerFilter, filtered, keys_in
from service.notices import (
    CHOICE_UNPARSED,
    CONTEXT_FULL,
    EVIDENCE_ONLY,
    INSUFFICIENT_EVIDENCE,
    NO_CHOICE,
    PROMPT_LEAK,
    REPLY_CUT,
    STEP_FAILED,
    UNKNOWN_CITATIONS,
    UNREVIEWED,
    Notice,
    cautions,
    counted,
    emergencies,
    superseded,
)
from service.parsing import parse_choice
from service.prompts import PROMPT_VERSION, AnswerPrompt, ChoicePrompt, Prompt
from service.questions import Question
from service.retrieval import Found, Retriever
from service.sanitising import Sanitiser
from service.tokens import TokenMeter
from service.wording import INSUFFICIENT

_CONCLUSION_TOKENS = 200
"""Kept free for what a step concludes: one to three sentences."""

_FENCE_TOKENS = 48
"""What stands around a passage: its key, its place, its edition."""

_LEAST_TOKENS = 16

_CHOICE_TOKENS = 256
"""A label is a few tokens; the rest is for models that think first and cannot be told not to."""


class Answering:
    """One answer in the making.

    Attributes:
        steps: Finished ones, in the order they ran, which is that of their rounds.
        waiting: Steps that are still to come after those being run; they get their share of the context.
    """

    def __init__(
        self,
        strategy: str,
        question: Question,
        retriever: Retriever,
        generator: Generator,
        budget: Budget,
        *,
        grounded: bool = True,
    ) -> None:
        self.question = question
        self.generator = generator
        self.budget = budget
        self.steps: list[Step] = []
        self.waiting = 0
        self._meter = TokenMeter()
        self._strategy = strategy
        self._retriever = retriever
        self._grounded = grounded
        self._evidence: dict[str, Evidence] = {}
        self._keys: dict[str, str] = {}
        self._unknown_citations = 0
        self._notices: dict[str, Notice] = {}
        self._unparsed: list[Unparsed] = []
        self._completions: list[Completion] = []

    async def retrieve(self, planned: PlannedStep) -> Step:
        """Search for one step."""
        return (await self.retrieve_all((planned,)))[0]

    async def retrieve_all(self, planned: Sequence[PlannedStep]) -> list[Step]:
        """Search for several steps at once.

        A passage that an earlier step found keeps its key. Passages are taken best first and whole, while
        they fit the step's share of the context and its characters; what the gate keeps out is kept apart.
        """
        found = await asyncio.gather(
            *(asyncio.to_thread(self._retriever.search, step.query, self.budget.k) for step in planned)
        )
        tokens = self._step_room(len(planned))
        return [self._shown(step, hits, tokens) for step, hits in zip(planned, found, strict=True)]

    def _shown(self, planned: PlannedStep, hits: Sequence[Found], tokens: int | None) -> Step:
        characters = self.budget.evidence_chars
        evidence: list[Evidence] = []
        gated: list[Evidence] = []
        for hit in hits:
            passage = hit.passage.passage
            if self.budget.relevance == "score" and hit.score < (self.budget.min_score or 0.0):
                gated.append(self._evidence_of(hit, planned, key=""))
                continue
            if evidence and len(passage.text) > characters:
                continue
            cost = self._meter.of(passage.text) + _FENCE_TOKENS
            if tokens is not None and passage.passage_id not in self._keys:
                if cost > tokens:
                    self.note(CONTEXT_FULL, 1)
                    continue
                tokens -= cost
            characters -= len(passage.text)
            key = self._keys.setdefault(passage.passage_id, f"E{len(self._keys) + 1}")
            shown = self._evidence_of(hit, planned, key=key)
            self._evidence.setdefault(key, shown)
            evidence.append(shown)
        return Step(
            number=planned.number,
            sub_question=planned.sub_question,
            query=planned.query,
            depends_on=planned.depends_on,
            round=self.steps[-1].round + 1 if self.steps else 1,
            searched_also=hits[0].searched_also if hits else (),
            evidence=tuple(evidence),
            gated=tuple(gated),
        )

    def _evidence_of(self, hit: Found, planned: PlannedStep, *, key: str) -> Evidence:
        return Evidence.of(
            hit.passage,
            key=key,
            query=planned.query,
            step=planned.number,
            score=hit.score,
            generation=self._retriever.generation,
        )

    def _step_room(self, together: int) -> int | None:
        """Tokens for the new passages of each of the steps that run now; ``None`` without a known context."""
        context = self.budget.context_tokens or self.generator.context_tokens
        if context is None:
            return None
        used = AnswerPrompt(question=self.question, steps=tuple(self.steps), grounded=True).messages()
        left = context - self.budget.answer_tokens - self._meter.of_messages(used)
        return max(0, left // (together + self.waiting) - _CONCLUSION_TOKENS)

    async def ask(self, prompt: Prompt, max_tokens: int) -> Completion:
        """One reply, its tokens counted."""
        completion = await self.generator.generate(
            prompt, limits=Limits(max_tokens=self._fitting(prompt, max_tokens))
        )
        self.account(completion)
        self._meter.learn(prompt.messages(), completion.prompt_tokens)
        return completion

    async def ask_in_form(self, prompt: Prompt, max_tokens: int) -> str:
        """The reply to a prompt that sets its form; where it was cut, nothing, which no parser reads."""
        try:
            return (await self.ask(prompt, max_tokens)).text
        except GenerationTruncated:
            self.note(REPLY_CUT, 1)
            return ""

    def _fitting(self, prompt: Prompt, max_tokens: int) -> int:
        """As many tokens as the context leaves for the reply."""
        context = self.budget.context_tokens or self.generator.context_tokens
        if context is None:
            return max_tokens
        left = context - self._meter.of_messages(prompt.messages())
        return max(_LEAST_TOKENS, min(max_tokens, left))

    def adopt(self, steps: Iterable[Step]) -> None:
        """Go on from finished steps, keeping their keys."""
        for step in steps:
            self.steps.append(step)
            for found in step.evidence:
                self._keys.setdefault(found.passage_id, found.key)
                self._evidence.setdefault(found.key, found)

    def account(self, completion: Completion) -> None:
        """Count a reply's tokens and keep what must be said about it."""
        self._completions.append(completion)
        for notice in completion.notices:
            self._notices.setdefault(notice.code, notice)

    def only(self, together: Iterable[Step]) -> None:
        """Let nothing be cited but what finished steps and these show."""
        shown = {found.key for step in (*self.steps, *together) for found in step.evidence}
        self._evidence = {key: found for key, found in self._evidence.items() if key in shown}

    def note(self, notice: Notice, count: int) -> None:
        """Say something beside the answer; counts of one notice add up."""
        before = self._notices.get(notice.code)
        total = count + (before.count if before else 0)
        self._notices[notice.code] = notice.model_copy(update={"count": total})

    def cites(self, text: str) -> bool:
        """Whether it cites evidence that was retrieved."""
        return any(key in self._evidence for key in keys_in(text))

    def cited(self, text: str) -> str:
        """The text with citations of retrieved evidence only."""
        cleaned, removed = filtered(self.harmless(text), self._evidence)
        self._unknown_citations += removed
        return cleaned

    def harmless(self, text: str) -> str:
        """A model's text without markup, addresses and our own prompt."""
        sanitiser = Sanitiser()
        cleaned = sanitiser.feed(text) + sanitiser.finish()
        if sanitiser.leaks:
            self.note(PROMPT_LEAK, sanitiser.leaks)
        return cleaned

    def unparsed_reply(self, part: ReplyPart, text: str, notice: Notice) -> None:
        """Keep a reply that could not be read, and say so."""
        self._unparsed.append(Unparsed(part=part, text=self.harmless(text)))
        self._notices.setdefault(notice.code, notice)

    async def conclude(self) -> AsyncGenerator[Event, None]:
        """Stream the answer's text, settle the choice, check the claims."""
        if self._grounded and not any(step.evidence for step in self.steps):
            text = INSUFFICIENT[self.question.language]
            yield TokenEvent(text=text)
            yield AnswerEvent(answer=self._answer(text, None))
            return
        prompt = AnswerPrompt(question=self.question, steps=tuple(self.steps), grounded=self._grounded)
        markers = MarkerFilter(self._evidence)
        sanitiser = Sanitiser()
        pieces: list[str] = []
        completion: Completion | None = None
        limits = Limits(max_tokens=self._fitting(prompt, self.budget.answer_tokens))
        async with aclosing(self.generator.stream(prompt, limits=limits)) as deltas:
            async for delta in deltas:
                completion = delta.completion or completion
                piece = markers.feed(sanitiser.feed(delta.text))
                if piece:
                    pieces.append(piece)
                    yield TokenEvent(text=piece)
        if completion is None:
            raise GeneratorUnavailable(
                "言語モデルの応答が途中で終わりました。", "The model's reply ended unfinished."
            )
        rest = markers.feed(sanitiser.finish()) + markers.finish()
        if sanitiser.leaks:
            self.note(PROMPT_LEAK, sanitiser.leaks)
        if rest:
            pieces.append(rest)
            yield TokenEvent(text=rest)
        self.account(completion)
        self._unknown_citations += markers.removed
        text = "".join(pieces)
        choice = await self._choose(text) if self.question.choices else None
        yield AnswerEvent(answer=self._answer(text, choice))

    async def _choose(self, text: str) -> str | None:
        if text.strip() in INSUFFICIENT.values():
            return None
        prompt = ChoicePrompt(
            question=self.question, steps=tuple(self.steps), answer=text, grounded=self._grounded
        )
        limit = max(_CHOICE_TOKENS, self.budget.step_tokens)
        reply = await self.ask_in_form(prompt, limit)
        chosen = parse_choice(reply, self.question.labels)
        if chosen is None:
            self.unparsed_reply("choice", reply, CHOICE_UNPARSED)
            return None
        return chosen.label

    def evidence_only(self) -> Answer:
        """No answer: what was retrieved and concluded until the model failed."""
        self._notices.setdefault(EVIDENCE_ONLY.code, EVIDENCE_ONLY)
        return self._assembled("", None, EVIDENCE_ONLY)

    def _answer(self, text: str, choice: str | None) -> Answer:
        reason: Notice | None = None
        if text.strip() in INSUFFICIENT.values():
            reason = INSUFFICIENT_EVIDENCE
        elif self.question.choices and choice is None:
            reason = self._notices.get(CHOICE_UNPARSED.code, NO_CHOICE)
        return self._assembled(text, choice, reason)

    def _assembled(self, text: str, choice: str | None, reason: Notice | None) -> Answer:
        claims, cited = ((), ()) if reason is INSUFFICIENT_EVIDENCE else check(text, self._evidence)
        citations = all_citations(cited, self.steps, self._evidence)
        return Answer(
            text=text,
            choice=choice,
            abstained=reason is not None,
            reason=reason,
            steps=tuple(sorted(self.steps, key=lambda step: step.number)),
            claims=claims,
            citations=citations,
            verified_share=verified_share(claims),
            notices=self._all_notices(text, citations),
            unparsed=tuple(self._unparsed),
            usage=_usage(self._completions),
            provenance=Provenance(
                strategy=self._strategy,
                generation=self._retriever.generation,
                model=self._completions[-1].model if self._completions else "none",
                prompt_version=PROMPT_VERSION,
            ),
        )

    def _all_notices(self, text: str, citations: tuple[Citation, ...]) -> tuple[Notice, ...]:
        question = self.question
        used = {citation.key for citation in citations} or self._evidence.keys()
        published = [self._evidence[key].published for key in used]
        today = datetime.now(UTC).date()
        evidence = self._evidence.values()
        unreviewed = (UNREVIEWED,) if any(found.unreviewed for found in evidence) else ()
        newer = [doc_id for found in evidence for doc_id in found.superseded_by]
        failed = sum(step.error is not None for step in self.steps)
        return (
            *emergencies(question.text, exam=bool(question.choices)),
            *cautions(question.text, text, published, today),
            *unreviewed,
            *((superseded(newer),) if newer else ()),
            *self._notices.values(),
            *counted(STEP_FAILED, failed),
            *counted(UNKNOWN_CITATIONS, self._unknown_citations),
        )


def _usage(completions: list[Completion]) -> Usage:
    prompt = [reply.prompt_tokens for reply in completions if reply.prompt_tokens is not None]
    written = [reply.completion_tokens for reply in completions if reply.completion_tokens is not None]
    return Usage(
        calls=len(completions),
        prompt_tokens=sum(prompt) if prompt else None,
        completion_tokens=sum(written) if written else None,
    )
