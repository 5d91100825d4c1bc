"""Answer without a model: copy the evidence sentences that answer best, each with its citation.

Sentences are copied whole, so a negation or a condition cannot get lost. Nothing is chosen by chance:
equal scores go to the earlier evidence, then to the earlier sentence.
"""

import json
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from math import fsum, log
from typing import NamedTuple

from corpora import sentences
from service.answers import Evidence, Step
from service.generators import aspects
from service.generators.choosing import best_choice, one_line
from service.generators.protocol import Completion, Delta, Limits
from service.notices import EXTRACTIVE
from service.prompts import AnswerPrompt, ChoicePrompt, PlanPrompt, Prompt, StepPrompt
from service.questions import Choice, Question
from service.wording import INSUFFICIENT

Terms = Callable[[str], Sequence[str]]
"""Text to index terms: the live index's own analyzer."""

SENTENCES_PER_STEP = 4
HEADING_WEIGHT = 0.5
"""A word in the headings counts half: 「## 治療」 makes its sentences about treatment, but less surely
than a sentence that says so."""
LEAST_COVERAGE = 0.4
"""Share of the topic's weight a passage must speak of. Below it the passage is about something else."""


class _Candidate(NamedTuple):
    score: float
    evidence_rank: int
    position: int
    key: str
    text: str


class ExtractiveGenerator:
    """Reads the typed prompts' fields; never their wording."""

    model_name = "extractive"

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """Plan by rules, conclude by copying, choose by support; `INSUFFICIENT` where nothing fits."""
        match prompt:
            case PlanPrompt():
                text = self._plan(prompt)
            case StepPrompt():
                text = self._conclusion(prompt.question, prompt.step)
            case AnswerPrompt():
                text = self._answer(prompt)
            case ChoicePrompt():
                best = best_choice(prompt.question, _evidence(prompt.steps), self._terms)
                text = json.dumps({"choice": best.label if best else None}, ensure_ascii=False)
        return Completion(text=text, model=self.model_name, notices=(EXTRACTIVE,))

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta, None]:
        """The same, a line at a time."""
        completion = await self.generate(prompt, limits=limits)
        for line in completion.text.splitlines(keepends=True):
            yield Delta(text=line)
        yield Delta(completion=completion)

    async def problem(self) -> None:
        """It always works."""

    async def close(self) -> None:
        """Nothing to release."""

    def _plan(self, prompt: PlanPrompt) -> str:
        question = prompt.question
        steps = [(step.sub_question, step.query) for step in aspects.asked(question, prompt.max_steps)]
        if question.choices and len(question.choices) <= prompt.max_steps:
            topic = aspects.asked(question, 1)[0].topic
            steps = [(_of_choice(choice), f"{topic} {choice.text}") for choice in question.choices]
        return json.dumps(
            {"steps": [{"sub_question": sub, "query": query} for sub, query in steps]}, ensure_ascii=False
        )

    def _conclusion(self, question: Question, step: Step) -> str:
        best = self._best(question, step)
        lines = [f"- {sentence.text}[{sentence.key}]" for sentence in best]
        return "\n".join(lines) or INSUFFICIENT[question.language]

    def _answer(self, prompt: AnswerPrompt) -> str:
        nothing = INSUFFICIENT[prompt.question.language]
        parts: list[str] = []
        said: set[str] = set()
        if prompt.question.choices:
            best = best_choice(prompt.question, _evidence(prompt.steps), self._terms)
            return f"- {best.sentence}[{best.key}]" if best else nothing
        for step in prompt.steps:
            conclusion = step.conclusion or self._conclusion(prompt.question, step)
            lines = [line for line in conclusion.splitlines() if line != nothing and line not in said]
            said.update(lines)
            if lines:
                heading = [f"## {step.sub_question}"] if len(prompt.steps) > 1 else []
                parts.append("\n".join([*heading, *lines]))
        return "\n\n".join(parts) or nothing

    def _best(self, question: Question, step: Step) -> list[_Candidate]:
        """The step's best sentences, in reading order."""
        wanted = dict.fromkeys(self._terms(step.query))
        topic = dict.fromkeys(self._terms(_topic(question, step)))
        passages = [(found, sentences(found.text)) for found in step.evidence]
        places = {found.key: set(self._terms(" ".join(found.headings))) for found in step.evidence}
        spoken = {
            (found.key, span): set(self._terms(found.text[slice(*span)]))
            for found, spans in passages
            for span in spans
        }
        weight = _rarity([terms | places[key] for (key, _), terms in spoken.items()])
        candidates: list[_Candidate] = []
        for rank, (found, spans) in enumerate(passages):
            about = set(self._terms(found.text)) | places[found.key]
            if _share(topic, about, weight) < LEAST_COVERAGE:
                continue
            for position, span in enumerate(spans):
                terms = spoken[found.key, span]
                matched = fsum(weight(term) for term in wanted if term in terms)
                above = fsum(
                    weight(term) for term in wanted if term in places[found.key] and term not in terms
                )
                if matched or above:
                    score = matched + HEADING_WEIGHT * above
                    text = one_line(found.text[slice(*span)])
                    candidates.append(_Candidate(score, rank, position, found.key, text))
        candidates.sort(key=lambda item: (-item.score, item.evidence_rank, item.position))
        distinct = {item.text: item for item in reversed(candidates)}
        best = [item for item in candidates if distinct[item.text] is item][:SENTENCES_PER_STEP]
        if best:
            best = [item for item in best if item.score >= best[0].score / 2]
        return sorted(best, key=lambda item: (item.evidence_rank, item.position))


def _topic(question: Question, step: Step) -> str:
    """What a passage must speak of to serve this step: the choice it looks into, else its topic."""
    for choice in question.choices:
        if step.sub_question == _of_choice(choice):
            return choice.text
    steps = aspects.asked(question, 10)
    return next((asked.topic for asked in steps if asked.sub_question == step.sub_question), steps[0].topic)


def _of_choice(choice: Choice) -> str:
    return f"{choice.label}. {choice.text}"


def _evidence(steps: Iterable[Step]) -> list[Evidence]:
    """Every passage once, in key order of first appearance."""
    return list({found.key: found for step in steps for found in step.evidence}.values())


def _share(wanted: Iterable[str], have: set[str], weight: Callable[[str], float]) -> float:
    total = fsum(weight(term) for term in wanted)
    return fsum(weight(term) for term in wanted if term in have) / total if total else 0.0


def _rarity(texts: Sequence[set[str]]) -> Callable[[str], float]:
    """A term's weight: the fewer of these texts hold it, the more it tells them apart; always positive."""

    def weight(term: str) -> float:
        holding = sum(term in terms for terms in texts)
        return log(1 + (len(texts) + 1) / (holding + 0.5))

    return weight
