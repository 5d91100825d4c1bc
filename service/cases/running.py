"""Answer a case stage by stage."""

from collections.abc import AsyncGenerator, Mapping

from service.budget import Budget
from service.cases.agents import Agent, CaseAnswer
from service.cases.arms import CasePlan, arm_retriever
from service.cases.cases import Case
from service.cases.forms import rendered
from service.cases.protocol import Protocol
from service.cases.queries import case_query
from service.cases.views import view_at
from service.generators import Generator
from service.retrieval import Retriever

NO_ORACLE = "no documents are listed for this case, so it has no oracle arm"


async def run_case(
    case: Case,
    protocol: Protocol,
    plan: CasePlan,
    retriever: Retriever,
    generator: Generator,
    budget: Budget,
    *,
    gold: Mapping[str, str] | None = None,
    oracle: tuple[str, ...] = (),
    done: Mapping[str, CaseAnswer] | None = None,
) -> AsyncGenerator[CaseAnswer, None]:
    """Every question's record, in the protocol's order, each as soon as it is there.

    Args:
        gold: Question id → the key's answer, for ``carry = gold_output``. Of it a question is given the
            earlier questions' answers only.
        oracle: Documents listed for the case.
        done: Records of an earlier run of this case and plan; they are not asked again nor yielded.

    Raises:
        ValueError: If ``carry`` is gold_output and there is no gold.
        KeyError: If the case lacks a stage of the protocol.
        ServiceError: If the index or the model fails; what was yielded stands.
    """
    if plan.carry == "gold_output" and gold is None:
        raise ValueError("carry = gold_output needs the key's answers")
    finished = dict(done or {})
    narrowed = arm_retriever(plan, retriever, oracle)
    first = protocol.stages[0]
    once = case_query(view_at(case, first.name), first.questions[0]) if plan.arm == "once" else None
    earlier: list[str] = []
    for stage in protocol.stages:
        view = view_at(case, stage.name)
        agent = Agent(protocol, stage, plan, narrowed, generator, budget)
        for question in stage.questions:
            name = question.question_id
            if name not in finished:
                skipped = view.now.absent or (NO_ORACLE if plan.arm == "oracle" and not oracle else None)
                if skipped:
                    record = CaseAnswer(
                        case_id=case.case_id, stage=stage.name, question_id=name, skipped=skipped
                    )
                else:
                    handed = _handed(plan, earlier, finished, gold or {})
                    record = await agent.answer(view, question, handed, once)
                finished[name] = record
                yield record
            earlier.append(name)


def _handed(
    plan: CasePlan, earlier: list[str], finished: Mapping[str, CaseAnswer], gold: Mapping[str, str]
) -> dict[str, str]:
    """What the next question is given of the earlier ones' answers."""
    if plan.carry == "gold_output":
        return {name: gold[name] for name in earlier if name in gold}
    if plan.carry == "own_output":
        texts = {name: _own(finished[name]) for name in earlier if name in finished}
        return {name: text for name, text in texts.items() if text}
    return {}


def _own(record: CaseAnswer) -> str:
    """The form where there is one: it says the same in fewer words."""
    if record.form is not None:
        return rendered(record.form)
    return record.answer.text if record.answer else ""
