"""Strategies on a real index with a scripted model: steps, keys, citations, failures."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing

import pytest

from indexer import Filters, StoredPassage
from service.answer_flow import answer_events
from service.answers import Answer
from service.budget import Budget
from service.errors import (
    GenerationRefused,
    GenerationTimeout,
    GenerationTruncated,
    GeneratorUnavailable,
    ServiceError,
)
from service.events import AnswerEvent, Event, StepEvent, TokenEvent
from service.generators import Generator
from service.generators.scripted import Reply, ScriptedGenerator
from service.prompts import AnswerPrompt, ChoicePrompt, PlanPrompt, Prompt, StepPrompt
from service.questions import Choice, Question
from service.retrieval import Found, IndexRetriever, NoRetrieval, Retriever
from service.settings import OnModelFailure
from service.strategies import StrategyName
from service.wording import INSUFFICIENT

QUESTION = Question(text="CKD患者で高カリウム血症を認めたときの初期対応は？")
CHOICES = Question(
    text="高カリウム血症の心電図はどれか。",
    choices=(Choice(label="A", text="テント状T波"), Choice(label="B", text="デルタ波")),
)
PLAN = json.dumps(
    {
        "steps": [
            {"sub_question": "緊急度は何で決めるか", "query": "高カリウム血症 緊急度"},
            {"sub_question": "最初の治療は何か", "query": "高カリウム血症 緊急度 治療"},
        ]
    },
    ensure_ascii=False,
)


def by_kind(
    *,
    plan: Reply = PLAN,
    step: Reply | Callable[[StepPrompt], Reply] = "心電図で決める。[E1]",
    answer: Reply = "心電図で緊急度を決める。[E1]",
    choice: Reply = '{"choice": "A"}',
) -> ScriptedGenerator:
    def reply(prompt: Prompt) -> Reply:
        match prompt:
            case PlanPrompt():
                return plan
            case StepPrompt():
                return step(prompt) if callable(step) else step
            case AnswerPrompt():
                return answer
            case ChoicePrompt():
                return choice

    return ScriptedGenerator(reply)


def events_of(
    generator: Generator,
    retriever: Retriever,
    *,
    question: Question = QUESTION,
    name: StrategyName = "stepwise",
    on_model_failure: OnModelFailure = "error",
    budget: Budget | None = None,
) -> tuple[list[Event], ServiceError | None]:
    async def run() -> tuple[list[Event], ServiceError | None]:
        events: list[Event] = []
        stream = answer_events(
            name, question, retriever, generator, budget or Budget(), on_model_failure=on_model_failure
        )
        try:
            async with aclosing(stream):
                async for event in stream:
                    events.append(event)
        except ServiceError as error:
            return events, error
        return events, None

    return asyncio.run(run())


def answered(generator: Generator, retriever: Retriever, **options: object) -> Answer:
    events, error = events_of(generator, retriever, **options)  # type: ignore[arg-type]
    assert error is None
    assert isinstance(events[-1], AnswerEvent)
    return events[-1].answer


def codes(answer: Answer) -> dict[str, int]:
    return {notice.code: notice.count for notice in answer.notices}


def test_stepwise_retrieves_for_each_step(retriever: IndexRetriever) -> None:
    generator = by_kind()
    answer = answered(generator, retriever)
    assert [step.query for step in answer.steps] == ["高カリウム血症 緊急度", "高カリウム血症 緊急度 治療"]
    assert all(step.evidence and step.conclusion == "心電図で決める。[E1]" for step in answer.steps)
    assert answer.provenance.generation == retriever.generation


def test_events_come_in_order_and_tokens_are_the_text(retriever: IndexRetriever) -> None:
    events, _ = events_of(by_kind(answer="静注する。[E1][E77] 次に[E2]。"), retriever)
    kinds = [event.name for event in events]
    assert kinds[:3] == ["plan", "step", "step"]
    assert set(kinds[3:-1]) == {"token"}
    last = events[-1]
    assert isinstance(last, AnswerEvent)
    assert "".join(event.text for event in events if isinstance(event, TokenEvent)) == last.answer.text
    assert last.answer.text == "静注する。[E1] 次に[E2]。"


def test_a_passage_keeps_one_key_in_all_steps(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(), retriever)
    keys: dict[str, set[str]] = {}
    for step in answer.steps:
        for found in step.evidence:
            keys.setdefault(found.passage_id, set()).add(found.key)
    assert all(len(of_passage) == 1 for of_passage in keys.values())
    assert len({next(iter(of_passage)) for of_passage in keys.values()}) == len(keys)
    shared = {e.key for e in answer.steps[0].evidence} & {e.key for e in answer.steps[1].evidence}
    assert shared, "the two queries are near enough to find a passage in common"
    assert {e.step for e in answer.steps[1].evidence} == {2}


def test_keys_that_were_not_retrieved_never_reach_the_user(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(step="決める。[E1][E88]", answer="静注する。[E99]"), retriever)
    assert "E88" not in answer.model_dump_json()
    assert "E99" not in answer.model_dump_json()
    assert codes(answer)["unknown_citations"] == 3  # both steps and the answer


def test_citations_of_steps_and_answer_all_open(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(step="決める。[E1]", answer="静注する。[E2]"), retriever)
    assert {citation.key for citation in answer.citations} == {"E1", "E2"}
    for citation in answer.citations:
        assert retriever.passage(citation.passage_id).passage.doc_id == citation.doc_id


def test_unreviewed_material_is_said(retriever: IndexRetriever) -> None:
    notice = next(n for n in answered(by_kind(), retriever).notices if n.code == "unreviewed")
    assert notice.ja == "臨床的な査読を受けていない資料です"


@pytest.mark.parametrize("plan", ["手順1: 調べる", '{"steps": []}', '{"plan": 1}'])
def test_an_unreadable_plan_becomes_one_step_and_is_counted(retriever: IndexRetriever, plan: str) -> None:
    answer = answered(by_kind(plan=plan), retriever)
    assert [step.query for step in answer.steps] == [QUESTION.text]
    assert codes(answer)["plan_unparsed"] == 1
    assert [(item.part, item.text) for item in answer.unparsed] == [("plan", plan)]


def test_a_choice_is_strict(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(), retriever, question=CHOICES)
    assert (answer.choice, answer.abstained, answer.reason) == ("A", False, None)


@pytest.mark.parametrize("reply", ["A", "答えはAです。", '{"choice": "C"}', '{"choice": ["A", "B"]}'])
def test_an_unreadable_choice_is_no_answer_and_no_guess(retriever: IndexRetriever, reply: str) -> None:
    answer = answered(by_kind(choice=reply), retriever, question=CHOICES)
    assert (answer.choice, answer.abstained) == (None, True)
    assert answer.reason is not None
    assert answer.reason.code == "choice_unparsed"
    assert codes(answer)["choice_unparsed"] == 1


def test_a_model_that_names_no_choice_abstains(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(choice='{"choice": null}'), retriever, question=CHOICES)
    assert answer.reason is not None
    assert (answer.choice, answer.reason.code) == (None, "no_choice")


def test_insufficient_evidence_is_an_abstention(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(answer=INSUFFICIENT["ja"]), retriever, question=CHOICES)
    assert answer.reason is not None
    assert (answer.choice, answer.reason.code, answer.claims) == (None, "insufficient_evidence", ())


TRUNCATED = GenerationTruncated("切れた", "cut")


def test_a_plan_that_is_cut_off_is_used_no_more_than_one_that_cannot_be_read(
    retriever: IndexRetriever,
) -> None:
    answer = answered(by_kind(plan=TRUNCATED), retriever)
    assert [step.query for step in answer.steps] == [QUESTION.text]
    assert [(item.part, item.text) for item in answer.unparsed] == [("plan", "")]
    assert (codes(answer)["plan_unparsed"], codes(answer)["reply_cut"]) == (1, 1)


def test_a_choice_that_is_cut_off_is_none(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(choice=TRUNCATED), retriever, question=CHOICES)
    assert answer.reason is not None
    assert (answer.choice, answer.reason.code) == (None, "choice_unparsed")
    assert answer.text
    assert codes(answer)["reply_cut"] == 1


def test_a_step_that_fails_is_recorded_and_said(retriever: IndexRetriever) -> None:
    def step(prompt: StepPrompt) -> Reply:
        return TRUNCATED if prompt.step.number == 1 else "決める。[E1]"

    answer = answered(by_kind(step=step), retriever)
    first, second = answer.steps
    assert first.error is not None
    assert (first.error.code, first.conclusion) == ("generation-truncated", None)
    assert second.conclusion == "決める。[E1]"
    assert codes(answer)["step_failed"] == 1


@pytest.mark.parametrize(
    "error", [GeneratorUnavailable("無", "down"), GenerationTimeout("遅", "slow")], ids=["down", "slow"]
)
def test_a_model_that_is_down_ends_the_answer_at_once(retriever: IndexRetriever, error: Exception) -> None:
    generator = by_kind(step=error)
    events, raised = events_of(generator, retriever)
    assert raised is error
    last = events[-1]
    assert isinstance(last, StepEvent)
    assert last.step.error is not None
    assert len(generator.prompts) <= 3  # the plan and the steps under way; no answer is asked for


@pytest.mark.parametrize(
    "error", [TRUNCATED, GenerationRefused("否", "no"), GeneratorUnavailable("無", "down")]
)
def test_an_answer_that_fails_is_an_error_never_an_answer(
    retriever: IndexRetriever, error: Exception
) -> None:
    events, raised = events_of(by_kind(answer=error), retriever)
    assert raised is error
    assert not any(isinstance(event, AnswerEvent) for event in events)


@pytest.mark.parametrize("stage", ["plan", "step", "answer"])
def test_evidence_only_shows_what_was_found_and_says_it_is_no_answer(
    retriever: IndexRetriever, stage: str
) -> None:
    generator = by_kind(**{stage: GeneratorUnavailable("無", "down")})
    answer = answered(generator, retriever, on_model_failure="evidence_only")
    assert (answer.text, answer.abstained, answer.claims) == ("", True, ())
    assert answer.reason is not None
    assert answer.reason.code == "evidence_only"
    assert len(answer.steps) == (1 if stage == "plan" else 2)
    assert all(step.evidence for step in answer.steps)
    passages = [found.passage_id for step in answer.steps for found in step.evidence]
    keys = [found.key for step in answer.steps for found in step.evidence]
    assert len(set(zip(passages, keys, strict=True))) == len(set(passages)) == len(set(keys))


def test_single_retrieves_once_with_the_question(retriever: IndexRetriever) -> None:
    generator = by_kind()
    answer = answered(generator, retriever, name="single")
    assert [step.query for step in answer.steps] == [QUESTION.text]
    assert [type(prompt) for prompt in generator.prompts] == [AnswerPrompt]


def test_closed_book_never_asks_the_index(retriever: IndexRetriever) -> None:
    generator = by_kind(answer="静注する。[E1]")
    answer = answered(generator, NoRetrieval(), name="closed_book")
    assert (answer.steps, answer.citations, answer.provenance.generation) == ((), (), None)
    assert answer.text == "静注する。"
    prompt = generator.prompts[0]
    assert isinstance(prompt, AnswerPrompt)
    assert not prompt.grounded


def test_evidence_is_cut_to_whole_passages_within_the_budget(retriever: IndexRetriever) -> None:
    wide = answered(by_kind(), retriever, budget=Budget(k=9))
    narrow = answered(by_kind(), retriever, budget=Budget(k=9, evidence_chars=200))
    for step in narrow.steps:
        assert sum(len(found.text) for found in step.evidence) <= 200
        assert all(retriever.passage(found.passage_id).passage.text == found.text for found in step.evidence)
    assert len(narrow.steps[0].evidence) < len(wide.steps[0].evidence)


def test_tokens_are_summed_over_the_calls(retriever: IndexRetriever) -> None:
    answer = answered(by_kind(), retriever)
    assert answer.usage.calls == 4
    assert answer.usage.completion_tokens == sum(
        map(len, [PLAN, "心電図で決める。[E1]", "心電図で決める。[E1]", "心電図で緊急度を決める。[E1]"])
    )


class _Counting:
    """Counts the searches."""

    def __init__(self, inner: Retriever) -> None:
        self.inner = inner
        self.generation = inner.generation
        self.calls = 0

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        self.calls += 1
        return self.inner.search(query, k, filters)

    def passage(self, passage_id: str) -> StoredPassage:
        return self.inner.passage(passage_id)


def test_each_step_searches_once(retriever: IndexRetriever) -> None:
    counting = _Counting(retriever)
    answered(by_kind(), counting)
    assert counting.calls == 2
