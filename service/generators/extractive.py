"""Answer without a model: copy the evidence sentences that answer best, each with its citation.

Sentences are copied whole, so a negation or a condition cannot get lost. Nothing is chosen by chance:
equal scores go to the earlier evidence, then to the earlier sentence.
"""

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from math import fsum, log
from typing import NamedTuple

from corpora import sentences
from service.answers import Evidence, Step
from service.checking.opinion_prompt import OpinionPrompt
from service.conversing.carry_over import carried_over
from service.conversing.rewrite_prompt import RewritePrompt
from service.generators import aspects
from service.generators.aspect_table import INITIAL_EN, INITIAL_JA, SECTIONS, Aspect
from service.generators.choosing import best_choice, one_line
from service.generators.protocol import Completion, Delta, Limits
from service.generators.surface import folded, heads, named, phrases, populations
from service.notices import EXTRACTIVE
from service.prompts import (
    AnswerPrompt,
    ChoicePrompt,
    FormPrompt,
    PlanPrompt,
    Prompt,
    QueriesPrompt,
    QueryPrompt,
    RelevancePrompt,
    StepPrompt,
)
from service.questions import Choice, Question
from service.wording import INSUFFICIENT, NOTHING_FOUND

Terms = Callable[[str], Sequence[str]]
"""Text to index terms: the live index's own analyzer."""

SENTENCES_PER_STEP = 6
HEADING_WEIGHT = 1.0
"""「## 治療」 makes its sentences about treatment as surely as a sentence that says so."""


class _Candidate(NamedTuple):
    section: int
    closeness: int
    score: float
    evidence_rank: int
    position: int
    key: str
    text: str


class ExtractiveGenerator:
    """Reads the typed prompts' fields; never their wording."""

    model_name = "extractive"
    context_tokens: int | None = None

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """Plan by rules, conclude by copying, choose by support; `INSUFFICIENT` where nothing fits."""
        match prompt:
            case PlanPrompt():
                text = self._plan(prompt)
            case QueryPrompt():
                text = json.dumps({"query": prompt.planned.query}, ensure_ascii=False)
            case QueriesPrompt():
                text = json.dumps({"queries": _queries(prompt)}, ensure_ascii=False)
            case RelevancePrompt():
                text = json.dumps({"relevant": [found.key for found in prompt.step.evidence]})
            case StepPrompt():
                text = self._conclusion(prompt.question, prompt.step)
            case AnswerPrompt():
                text = self._answer(prompt)
            case ChoicePrompt():
                best = best_choice(prompt.question, _evidence(prompt.steps), self._terms)
                text = json.dumps({"choice": best.label if best else None}, ensure_ascii=False)
            case RewritePrompt():
                text = json.dumps(
                    {"question": carried_over(prompt.question, prompt.turns)}, ensure_ascii=False
                )
            case OpinionPrompt():
                text = json.dumps({"verdict": "neither"})  # sentences are copied here, nothing is judged
            case FormPrompt():
                text = "null"  # sentences are copied here, never taken apart: the form stays empty
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
            empty = {nothing, NOTHING_FOUND[prompt.question.language]}
            lines = [line for line in conclusion.splitlines() if line not in empty and line not in said]
            said.update(lines)
            if lines:
                heading = [f"## {step.sub_question}"] if len(prompt.steps) > 1 else []
                parts.append("\n".join([*heading, *lines]))
        return "\n\n".join(parts) or nothing

    def _best(self, question: Question, step: Step) -> list[_Candidate]:
        """The step's best sentences, in reading order."""
        for choice in question.choices:
            if step.sub_question == _of_choice(choice):
                return self._about_choice(choice, step)
        asked = _asked(question, step)
        names, people = heads(asked.topic), populations(asked.topic)
        others = phrases(asked.topic)[:-1]
        wanted = dict.fromkeys(self._terms(step.query))
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
            path, below = folded(" / ".join((found.title, *found.headings))), _below(found)
            section = _section(asked.aspect, below)
            for position, span in enumerate(spans):
                text = found.text[slice(*span)]
                flat = folded(text)
                if people and not any(person in path + flat for person in people):
                    continue
                closeness = _closeness(names, folded(found.title), path, flat, asked.aspect)
                if closeness <= 2 and not all(other in path + flat for other in others):
                    continue
                if not closeness or not (section or _says(asked.aspect, flat)):
                    continue
                terms = spoken[found.key, span]
                matched = fsum(weight(term) for term in wanted if term in terms)
                above = fsum(
                    weight(term) for term in wanted if term in places[found.key] and term not in terms
                )
                if matched or above:
                    score = matched + HEADING_WEIGHT * above
                    item = _Candidate(section, closeness, score, rank, position, found.key, one_line(text))
                    candidates.append(item)
        return _chosen(candidates)

    def _about_choice(self, choice: Choice, step: Step) -> list[_Candidate]:
        """The first sentences that name the choice."""
        name = folded(choice.text)
        found = [
            _Candidate(0, 1, 0.0, rank, position, found.key, one_line(found.text[slice(*span)]))
            for rank, found in enumerate(step.evidence)
            for position, span in enumerate(sentences(found.text))
            if named(name, folded(found.text[slice(*span)]))
        ]
        return found[:SENTENCES_PER_STEP]


def _queries(prompt: QueriesPrompt) -> list[str]:
    """One round, of what the question asks: rules cannot tell what a conclusion still lacks."""
    if prompt.earlier:
        return []
    return [asked.query for asked in aspects.asked(prompt.question, prompt.max_queries)]


def _chosen(candidates: list[_Candidate]) -> list[_Candidate]:
    """Those of the aspect's own sections if there are any, of the nearest documents, each section in turn."""
    distinct: dict[str, _Candidate] = {}
    for item in sorted(candidates, key=lambda item: (-item.section, -item.closeness, -item.score, *item[3:])):
        distinct.setdefault(item.text, item)
    if not distinct:
        return []
    first = next(iter(distinct.values()))
    kept = [i for i in distinct.values() if (i.section, i.closeness) == (first.section, first.closeness)]
    if first.section:
        turns: dict[str, int] = {}
        order: list[tuple[int, int, _Candidate]] = []
        for item in sorted(kept, key=lambda item: item.position):  # a section opens with its main sentence
            turn = turns[item.key] = turns.get(item.key, -1) + 1
            order.append((turn, item.evidence_rank, item))
        kept = [item for *_, item in sorted(order, key=lambda entry: entry[:2])]
    else:
        kept = [item for item in kept if item.score >= first.score / 2]
    return sorted(kept[:SENTENCES_PER_STEP], key=lambda item: (item.evidence_rank, item.position))


def _asked(question: Question, step: Step) -> aspects.Asked:
    steps = aspects.asked(question, 10)
    return next((asked for asked in steps if asked.sub_question == step.sub_question), steps[0])


def _below(found: Evidence) -> str:
    """The headings below the title."""
    return folded(" / ".join(part for part in found.headings if part != found.title))


def _section(aspect: Aspect | None, below: str) -> int:
    """How surely the headings name the aspect; 0 where they do not."""
    tiers = SECTIONS[aspect.label_ja] if aspect else ()
    return next((len(tiers) - rank for rank, tier in enumerate(tiers) if re.search(tier, below)), 0)


def _says(aspect: Aspect | None, sentence: str) -> bool:
    """Whether the sentence speaks of the aspect; where none is asked for, any does."""
    if not aspect:
        return True
    patterns = [word for word in (aspect.ja, aspect.en) if word] or [*aspect.query_ja.split()]
    return re.search("|".join(patterns), sentence, re.I) is not None


def _closeness(names: Sequence[str], title: str, path: str, sentence: str, aspect: Aspect | None) -> int:
    """How surely the sentence is about what is named; 0 where it may be about something else.

    4: the title begins with it; 3: the title names it; 2: a heading does; 1: the sentence asks the aspect
    of it in so many words, 「浮腫の治療」. A name in a list (「白内障、緑内障に注意する」) is no topic.
    """
    for name in names:
        if title.startswith(name) and named(name, title[: len(name) + 1]):
            return 4
    if any(named(name, title) for name in names):
        return 3
    if any(named(name, path) for name in names):
        return 2
    word = f"(?:{aspect.ja or INITIAL_JA}|{aspect.en or INITIAL_EN})" if aspect else "(?:は|とは)"
    joint = "(?:の|に対する|における|への|とは)?" if aspect else ""
    for name in names:
        starts = rf"(?:^|[はがを、]){re.escape(name)}(?:患者)?{joint}{word}(?!薬|歴|中|後)"
        if re.search(starts, sentence, re.I):
            return 1
    return 0


def _of_choice(choice: Choice) -> str:
    return f"{choice.label}. {choice.text}"


def _evidence(steps: Iterable[Step]) -> list[Evidence]:
    """Every passage once, in key order of first appearance."""
    return list({found.key: found for step in steps for found in step.evidence}.values())


def _rarity(texts: Sequence[set[str]]) -> Callable[[str], float]:
    """A term's weight: the fewer of these texts hold it, the more it tells them apart; always positive."""

    def weight(term: str) -> float:
        holding = sum(term in terms for terms in texts)
        return log(1 + (len(texts) + 1) / (holding + 0.5))

    return weight
