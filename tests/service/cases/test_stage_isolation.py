"""No prompt and no query of a stage holds anything of a later stage, in any arm and hand-over."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from indexer import Filters
from service.budget import Budget
from service.cases import SYNTHETIC, Case, Panel, Result, Stage, load_protocol
from service.cases.agents import Agent, CaseAnswer
from service.cases.arms import Carry, CasePlan, RetrievalArm
from service.cases.forms import FORMS
from service.cases.running import run_case
from service.cases.views import view_at
from service.generators.scripted import ScriptedGenerator
from service.prompts import FormPrompt, PlanPrompt, Prompt
from service.retrieval import Found, IndexRetriever

PROTOCOL = load_protocol()
STAGES = [stage.name for stage in PROTOCOL.stages]
STAGE_OF = {question.question_id: stage.name for stage in PROTOCOL.stages for question in stage.questions}
GOLD = {question: f"GOLD-{question}-CANARY" for question in STAGE_OF}


def canaries(stage: str) -> tuple[str, str, str]:
    return (f"TEXT-{stage}-CANARY", f"PANEL-{stage}-CANARY", f"VALUE-{stage}-CANARY")


def planted() -> Case:
    stages = []
    for name in STAGES:
        text, panel, value = canaries(name)
        results = (Result(analyte="K", value=6.9, unit="mEq/L", reference="3.6–4.8"),
                   Result(analyte="所見", value=value))  # fmt: skip
        stages.append(
            Stage(
                name=name,
                text=f"【主訴】高カリウム血症 {text}",
                panels=(Panel(name=panel, when="日", results=results),),
            )
        )
    return Case(case_id="canary-01", specialty="nephrology", status=SYNTHETIC, stages=tuple(stages))


class Watching:
    """The real index; keeps every query."""

    def __init__(self, inner: IndexRetriever) -> None:
        self.inner = inner
        self.queries: list[str] = []
        self.generation = inner.generation

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        self.queries.append(query)
        return self.inner.search(query, k, filters)

    def passage(self, passage_id: str):  # type: ignore[no-untyped-def]
        return self.inner.passage(passage_id)


def reply(prompt: Prompt) -> str:
    if isinstance(prompt, PlanPrompt):
        return json.dumps({"steps": [{"sub_question": "調べる", "query": prompt.question.text[:500]}]})
    if isinstance(prompt, FormPrompt):
        form = next(form for form in FORMS.values() if form.ja == prompt.form)
        row = {field.name: "記入" for field in form.fields}
        return json.dumps({"rows": [row] * form.least})
    return "回答。[E1]"


async def run(
    plan: CasePlan, watching: Watching, writer: ScriptedGenerator
) -> list[tuple[str, str, CaseAnswer]]:
    """Each record with everything that was asked and searched for it."""
    found, asked, searched = [], 0, 0
    documents = ("hyperkalaemia",)
    async for record in run_case(
        planted(), PROTOCOL, plan, watching, writer, Budget(), gold=GOLD, oracle=documents
    ):
        prompts = json.dumps([p.messages() for p in writer.prompts[asked:]], ensure_ascii=False)
        queries = "\n".join(watching.queries[searched:])
        asked, searched = len(writer.prompts), len(watching.queries)
        found.append((prompts, queries, record))
    return found


@pytest.mark.parametrize("carry", ["raw", "own_output", "gold_output"])
@pytest.mark.parametrize("arm", ["none", "once", "per_question", "oracle", "filtered"])
@pytest.mark.parametrize("strategy", ["single", "stepwise"])
def test_later_stages_never_reach_a_stage(
    retriever: IndexRetriever, arm: RetrievalArm, carry: Carry, strategy: str
) -> None:
    filters = Filters(doc_ids=("hyperkalaemia",)) if arm == "filtered" else None
    plan = CasePlan.model_validate({"arm": arm, "carry": carry, "strategy": strategy, "filters": filters})
    found = asyncio.run(run(plan, Watching(retriever), ScriptedGenerator(reply)))
    assert [record.question_id for *_, record in found] == list(PROTOCOL.question_ids)
    for position, (prompts, queries, record) in enumerate(found):
        now = STAGES.index(STAGE_OF[record.question_id])
        assert record.answer is not None
        assert canaries(STAGES[now])[0] in prompts, "the stage itself is asked about"
        for later in STAGES[now + 1 :]:
            for canary in canaries(later):
                assert canary not in prompts + queries
        handed = [question for question in GOLD if GOLD[question] in prompts]
        earlier = list(PROTOCOL.question_ids[:position])
        assert handed == (earlier if carry == "gold_output" else [])
        assert bool(queries) == (arm != "none")


def test_an_agent_refuses_another_stages_view(retriever: IndexRetriever) -> None:
    first, second = PROTOCOL.stages[0], PROTOCOL.stages[1]
    agent = Agent(PROTOCOL, first, CasePlan(), retriever, ScriptedGenerator(reply), Budget())
    with pytest.raises(ValueError, match="was given"):
        asyncio.run(agent.answer(view_at(planted(), second.name), first.questions[0], {}))


def test_a_view_holds_no_later_stage() -> None:
    for position, name in enumerate(STAGES):
        held = view_at(planted(), name).model_dump_json()
        assert all(canary not in held for later in STAGES[position + 1 :] for canary in canaries(later))


def test_an_absent_stage_is_skipped_with_its_reason(retriever: IndexRetriever) -> None:
    whole = planted()
    case = whole.model_copy(update={"stages": (*whole.stages[:2], Stage(name="course", absent="無い"))})

    async def records() -> list[CaseAnswer]:
        writer = ScriptedGenerator(reply)
        return [r async for r in run_case(case, PROTOCOL, CasePlan(), retriever, writer, Budget())]

    found = asyncio.run(records())
    assert [record.skipped for record in found[-2:]] == ["無い", "無い"]
    assert all(record.answer for record in found[:-2])
