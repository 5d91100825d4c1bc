"""Steps that wait for each other or run together, rounds of queries, the gate, the context, the record."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answers import Answer, PlannedStep
from service.budget import Budget
from service.events import PlanEvent, StepEvent
from service.generators import Completion, Delta, Limits
from service.generators.scripted import Reply, ScriptedGenerator
from service.parsing import parse_plan, parse_queries, parse_query, parse_relevant
from service.prompts import (
    AnswerPrompt,
    PlanPrompt,
    Prompt,
    QueriesPrompt,
    QueryPrompt,
    RelevancePrompt,
    StepPrompt,
)
from service.questions import Question
from service.recording import NotRecorded, recorded, replayed
from service.retrieval import IndexRetriever, NoRetrieval
from service.strategies import StrategyName
from service.tokens import TokenMeter
from service.wording import INSUFFICIENT, NOTHING_FOUND
from tests.service.test_strategies import answered, codes, events_of

QUESTION = Question(text="CKD患者で高カリウム血症を認めたときの初期対応は？")
P = TypeVar("P", bound=Prompt)


def plan(*steps: tuple[str, str, list[int]]) -> str:
    rows = [{"sub_question": sub, "query": query, "depends_on": needs} for sub, query, needs in steps]
    return json.dumps({"steps": rows}, ensure_ascii=False)


CHAIN = plan(("緊急度", "高カリウム血症 緊急度", []), ("治療", "治療", [1]))
PAIR = plan(("緊急度", "高カリウム血症 緊急度", []), ("原因", "高カリウム血症 原因", []))


def script(
    *,
    plan: str = PAIR,
    query: Reply = '{"query": "高カリウム血症 グルコン酸カルシウム"}',
    queries: Callable[[QueriesPrompt], Reply] = lambda _: '{"queries": []}',
    relevant: Callable[[RelevancePrompt], Reply] = lambda _: '{"relevant": []}',
    step: Callable[[StepPrompt], Reply] = lambda prompt: f"心電図で決める。[{prompt.step.evidence[0].key}]",
    context_tokens: int | None = None,
) -> ScriptedGenerator:
    def reply(prompt: Prompt) -> Reply:
        match prompt:
            case PlanPrompt():
                return plan
            case QueryPrompt():
                return query
            case QueriesPrompt():
                return queries(prompt)
            case RelevancePrompt():
                return relevant(prompt)
            case StepPrompt():
                return step(prompt)
            case _:
                return "心電図で緊急度を決める。[E1]"

    return ScriptedGenerator(reply, context_tokens=context_tokens)


def asked(generator: ScriptedGenerator, kind: type[P]) -> list[P]:
    return [prompt for prompt in generator.prompts if isinstance(prompt, kind)]


def test_a_dependent_step_is_searched_for_with_what_the_one_before_found(retriever: IndexRetriever) -> None:
    generator = script(plan=CHAIN)
    answer = answered(generator, retriever)
    (rewriting,) = asked(generator, QueryPrompt)
    assert [step.conclusion for step in rewriting.earlier] == ["心電図で決める。[E1]"]
    assert answer.steps[1].query == "高カリウム血症 グルコン酸カルシウム"
    assert answer.steps[1].depends_on == (1,)
    assert len(asked(generator, StepPrompt)[1].earlier) == 1


def test_a_query_that_cannot_be_read_leaves_the_planned_one(retriever: IndexRetriever) -> None:
    answer = answered(script(plan=CHAIN, query="高カリウム血症で調べます"), retriever)
    assert answer.steps[1].query == "治療"
    assert codes(answer)["query_unparsed"] == 1
    assert [reply.part for reply in answer.unparsed] == ["query"]


def test_independent_steps_are_shown_the_same_and_asked_for_their_own(retriever: IndexRetriever) -> None:
    generator = script()
    answered(generator, retriever)
    first, second = asked(generator, StepPrompt)
    assert first.together == second.together
    assert all(step.conclusion is None for step in first.together)
    texts = [prompt.messages()[1]["content"].partition("# 課題\n") for prompt in (first, second)]
    assert texts[0][0] == texts[1][0]
    assert texts[0][2].startswith("手順1で調べること(緊急度)")
    assert texts[1][2].startswith("手順2で調べること(原因)")


def test_a_later_step_that_needs_none_runs_in_the_first_round(retriever: IndexRetriever) -> None:
    mixed = plan(
        ("緊急度", "高カリウム血症 緊急度", []), ("治療", "治療", [1]), ("原因", "高カリウム血症 原因", [])
    )
    generator = script(plan=mixed)
    answer = answered(generator, retriever)
    assert [(step.number, step.round) for step in answer.steps] == [(1, 1), (2, 2), (3, 1)]
    shown = asked(generator, AnswerPrompt)[0].messages()[1]["content"]
    assert [shown.index(f"# 手順{number}\n") for number in (1, 3, 2)] == sorted(
        shown.index(f"# 手順{number}\n") for number in (1, 2, 3)
    )


class OutOfOrder:
    """The first step's reply arrives last."""

    context_tokens = None

    def __init__(self, inner: ScriptedGenerator) -> None:
        self._inner = inner
        self._second_done = asyncio.Event()
        self.finished: list[int] = []

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        if isinstance(prompt, StepPrompt):
            if prompt.step.number == 1:
                await self._second_done.wait()
            else:
                self._second_done.set()
            self.finished.append(prompt.step.number)
        return await self._inner.generate(prompt, limits=limits)

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        async for delta in self._inner.stream(prompt, limits=limits):
            yield delta

    async def problem(self) -> None: ...

    async def close(self) -> None: ...


def test_independent_steps_run_together_and_are_told_in_order(retriever: IndexRetriever) -> None:
    generator = OutOfOrder(script())
    events, error = events_of(generator, retriever)
    assert error is None
    assert generator.finished == [2, 1]
    assert [event.step.number for event in events if isinstance(event, StepEvent)] == [1, 2]


def test_keys_do_not_depend_on_who_is_faster(retriever: IndexRetriever) -> None:
    slow = events_of(OutOfOrder(script()), retriever)[0][-1]
    assert slow == events_of(script(), retriever)[0][-1]


def test_a_passage_of_two_steps_has_one_key_and_is_shown_once(retriever: IndexRetriever) -> None:
    both = plan(("緊急度", "高カリウム血症 緊急度", []), ("もう一度", "高カリウム血症 緊急度", [1]))
    generator = script(plan=both, query='{"query": "高カリウム血症 緊急度"}')
    answer = answered(generator, retriever)
    one, two = answer.steps
    assert [found.key for found in one.evidence] == [found.key for found in two.evidence]
    shown = asked(generator, AnswerPrompt)[0].messages()
    text = "".join(message["content"] for message in shown)
    assert all(text.count(found.text) == 1 for found in one.evidence)


@pytest.mark.parametrize("mark", ["【完了】", "[DONE]"])
def test_the_rest_of_the_plan_is_left_out_once_a_step_answers(retriever: IndexRetriever, mark: str) -> None:
    generator = script(plan=CHAIN, step=lambda _: f"静注する。[E1]\n{mark}")
    answer = answered(generator, retriever)
    assert [step.number for step in answer.steps] == [1]
    assert answer.steps[0].conclusion == "静注する。[E1]"
    assert codes(answer)["stopped_early"] == 1


def test_a_claim_to_be_done_without_a_citation_stops_nothing(retriever: IndexRetriever) -> None:
    answer = answered(script(plan=CHAIN, step=lambda _: "静注する。\n【完了】"), retriever)
    assert len(answer.steps) == 2


def test_a_step_that_finds_nothing_says_so_and_asks_no_model() -> None:
    generator = script()
    answer = answered(generator, NoRetrieval())
    assert [step.conclusion for step in answer.steps] == [NOTHING_FOUND["ja"]] * 2
    assert (answer.text, answer.abstained) == (INSUFFICIENT["ja"], True)
    assert [type(prompt) for prompt in generator.prompts] == [PlanPrompt]


def test_the_score_gate_shows_what_it_kept_out(retriever: IndexRetriever) -> None:
    free = answered(script(), retriever, name="single")
    scores = [found.score for found in free.steps[0].evidence]
    bound = (scores[1] + scores[2]) / 2
    answer = answered(script(), retriever, name="single", budget=Budget(relevance="score", min_score=bound))
    (step,) = answer.steps
    assert [found.score for found in step.evidence] == scores[:2]
    assert [found.score for found in step.gated] == scores[2:]
    assert {found.key for found in step.gated} == {""}


def test_the_model_gate_keeps_what_the_model_names_and_lets_nothing_else_be_cited(
    retriever: IndexRetriever,
) -> None:
    generator = script(relevant=lambda _: '{"relevant": ["E2"]}', step=lambda _: "決める。[E1][E2]")
    answer = answered(
        generator, retriever, budget=Budget(relevance="model", k=3), question=Question(text="緊急度は？")
    )
    first = answer.steps[0]
    assert [found.key for found in first.evidence] == ["E2"]
    assert [found.key for found in first.gated] == ["E1", "E3"]
    assert first.conclusion == "決める。[E2]"


def test_an_unreadable_judgement_gates_nothing(retriever: IndexRetriever) -> None:
    answer = answered(
        script(relevant=lambda _: "E1が関係します"), retriever, budget=Budget(relevance="model")
    )
    assert all(step.evidence and not step.gated for step in answer.steps)
    assert codes(answer)["relevance_unparsed"] == 1


def test_evidence_conclusions_and_reply_fit_the_context(retriever: IndexRetriever) -> None:
    budget = Budget(answer_tokens=300, step_tokens=300, k=9)
    generator = script(context_tokens=1_600)
    answer = answered(generator, retriever, budget=budget)
    assert codes(answer)["context_full"] > 0
    meter = TokenMeter()
    for prompt in asked(generator, AnswerPrompt):
        assert meter.of_messages(prompt.messages()) + 300 <= 1_600
    whole = answered(script(context_tokens=100_000), retriever, budget=budget)
    assert sum(len(s.evidence) for s in answer.steps) < sum(len(s.evidence) for s in whole.steps)


def test_passages_are_taken_best_first_and_whole(retriever: IndexRetriever) -> None:
    answer = answered(
        script(context_tokens=1_600), retriever, budget=Budget(answer_tokens=300, step_tokens=300, k=9)
    )
    for step in answer.steps:
        scores = [found.score for found in step.evidence]
        assert scores == sorted(scores, reverse=True)
        assert all(found.text == retriever.passage(found.passage_id).passage.text for found in step.evidence)


def rounds(*replies: list[str]) -> Callable[[QueriesPrompt], Reply]:
    queue = list(replies)
    return lambda _: json.dumps({"queries": queue.pop(0)}, ensure_ascii=False)


def test_iterative_asks_until_the_model_needs_nothing_more(retriever: IndexRetriever) -> None:
    generator = script(
        queries=rounds(["高カリウム血症 緊急度", "高カリウム血症 原因"], ["高カリウム血症 治療"], [])
    )
    events, _ = events_of(generator, retriever, name="iterative", budget=Budget(rounds=5))
    plans = [[step.number for step in event.steps] for event in events if isinstance(event, PlanEvent)]
    assert plans == [[1, 2], [3]]
    assert [len(prompt.earlier) for prompt in asked(generator, QueriesPrompt)] == [0, 2, 3]


def test_iterative_keeps_to_its_rounds_and_queries(retriever: IndexRetriever) -> None:
    many = rounds(*([f"高カリウム血症 {n}回 {i}" for i in range(9)] for n in range(9)))
    answer = answered(script(queries=many), retriever, name="iterative", budget=Budget(rounds=2, queries=3))
    assert len(answer.steps) == 6


def test_iterative_ends_when_a_query_comes_again(retriever: IndexRetriever) -> None:
    same = script(queries=lambda _: '{"queries": ["高カリウム血症 原因"]}')
    assert len(answered(same, retriever, name="iterative", budget=Budget(rounds=9)).steps) == 1


def test_iterative_without_a_readable_query_looks_up_the_question(retriever: IndexRetriever) -> None:
    answer = answered(script(queries=lambda _: "わかりません"), retriever, name="iterative")
    assert answer.steps[0].query == QUESTION.text
    assert codes(answer)["plan_unparsed"] == 1


STRATEGIES: tuple[StrategyName, ...] = ("closed_book", "single", "stepwise", "iterative")


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_answer_is_made_again_from_its_record(retriever: IndexRetriever, name: StrategyName) -> None:
    generator = script(plan=CHAIN, queries=rounds(["高カリウム血症 緊急度"], ["高カリウム血症 治療"]))
    record = asyncio.run(recorded(name, QUESTION, retriever, generator, Budget(relevance="model")))
    stored = type(record).model_validate_json(record.model_dump_json())
    again: Answer = asyncio.run(replayed(stored, retriever))
    assert again == record.answer


def test_a_record_is_not_replayed_over_other_evidence(retriever: IndexRetriever) -> None:
    record = asyncio.run(recorded("single", QUESTION, retriever, script(), Budget()))
    other = record.model_copy(update={"budget": Budget(k=1)})
    with pytest.raises(NotRecorded, match="index generation"):
        asyncio.run(replayed(other, retriever))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("a", []), ("b", [1])], [(), (1,)]),
        ([("a", [2]), ("b", [1])], [(), (1,)]),  # a step cannot wait for a later one
        ([("a", [1]), ("b", [7, 0, -1])], [(), ()]),
        ([("a", []), ("a", []), ("b", [2])], [(), (1,)]),  # the repetition stands for the first
        ([("", []), ("b", []), ("c", [2])], None),
    ],
)
def test_dependencies_point_back(
    steps: Sequence[tuple[str, list[int]]], expected: list[tuple[int, ...]] | None
) -> None:
    read = parse_plan(plan(*((text, text, needs) for text, needs in steps)), 5)
    assert (read and [step.depends_on for step in read]) == expected


@given(st.lists(st.lists(st.integers(-3, 12), max_size=4), min_size=1, max_size=8), st.integers(1, 6))
def test_no_plan_waits_for_itself(needs: list[list[int]], most: int) -> None:
    read = parse_plan(plan(*((f"s{i}", f"q{i}", row) for i, row in enumerate(needs))), most)
    assert read is not None
    for step in read:
        assert all(0 < number < step.number for number in step.depends_on)


@pytest.mark.parametrize(
    ("reply", "query"),
    [
        ('{"query": " 腎 "}', "腎"),
        ('```json\n{"query": "腎"}\n```', "腎"),
        ('{"query": ""}', None),
        ('{"query": "腎", "why": "x"}', None),
        ("腎", None),
        ('{"query": "腎"} です', None),
    ],
)
def test_a_query_is_read_strictly(reply: str, query: str | None) -> None:
    assert parse_query(reply) == query


def test_queries_are_distinct_and_bounded() -> None:
    assert parse_queries('{"queries": ["a", " a ", "", "b", "c"]}', 2) == ("a", "b")
    assert parse_queries('{"queries": []}', 2) == ()
    assert parse_queries('["a"]', 2) is None


def test_a_judgement_that_names_an_unknown_key_is_unreadable() -> None:
    assert parse_relevant('{"relevant": ["E3", "E1"]}', ["E1", "E2", "E3"]) == ("E1", "E3")
    assert parse_relevant('{"relevant": ["E9"]}', ["E1"]) is None


def test_estimates_follow_what_the_server_counts() -> None:
    meter = TokenMeter()
    prompt = AnswerPrompt(question=QUESTION, steps=()).messages()
    before = meter.of_messages(prompt)
    meter.learn(prompt, 3 * before)
    assert meter.of_messages(prompt) >= 2.5 * before
    meter.learn(prompt, before // 2)  # a cheaper prompt afterwards makes nobody careless
    assert meter.of_messages(prompt) >= 2.5 * before
    meter.learn(prompt, None)
    assert meter.of_messages(prompt) >= 2.5 * before


def test_a_gate_by_score_needs_its_threshold() -> None:
    with pytest.raises(ValueError, match="min_score"):
        Budget(relevance="score")


def test_a_step_that_waits_for_none_is_planned_without_a_number() -> None:
    assert PlannedStep(number=1, sub_question="s", query="q").depends_on == ()
