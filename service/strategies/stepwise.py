"""Retrieve for each reasoning step: plan, look up and conclude what can be looked up, then answer."""

from collections.abc import AsyncGenerator

from service.answers import PlannedStep
from service.budget import Budget
from service.events import Event, PlanEvent, StepEvent
from service.generators import Generator
from service.notices import PLAN_UNPARSED, QUERY_UNPARSED, STOPPED_EARLY
from service.parsing import parse_plan, parse_query
from service.prompts import PlanPrompt, QueryPrompt
from service.questions import Question
from service.retrieval import Retriever
from service.strategies.answering import Answering
from service.strategies.stepping import run_together


async def stepwise(
    question: Question, retriever: Retriever, generator: Generator, budget: Budget
) -> AsyncGenerator[Event, None]:
    """Steps that need no other run together; one that does gets its query written after their conclusions.

    The rest of the plan is left out once a step says that its conclusion answers the whole question.
    """
    answering = Answering("stepwise", question, retriever, generator, budget)
    plan = await _plan(answering)
    yield PlanEvent(steps=plan)
    pending = list(plan)
    while pending:
        done = {step.number for step in answering.steps}
        ready = [step for step in pending if done.issuperset(step.depends_on)]
        pending = [step for step in pending if step not in ready]
        answering.waiting = len(pending)
        queried = [await _with_query(answering, step) if step.depends_on else step for step in ready]
        async for step in run_together(answering, queried):
            yield StepEvent(step=step)
        if pending and any(step.sufficient for step in answering.steps):
            answering.note(STOPPED_EARLY, len(pending))
            break
    async for event in answering.conclude():
        yield event


async def _plan(answering: Answering) -> tuple[PlannedStep, ...]:
    """The model's plan; one step with the question itself where it cannot be read."""
    question, budget = answering.question, answering.budget
    prompt = PlanPrompt(question=question, max_steps=budget.max_steps)
    reply = await answering.ask_in_form(prompt, budget.step_tokens)
    plan = parse_plan(reply, budget.max_steps)
    if plan is None:
        answering.unparsed_reply("plan", reply, PLAN_UNPARSED)
        plan = (PlannedStep(number=1, sub_question=question.text, query=question.text),)
    return tuple(
        step.model_copy(
            update={
                "sub_question": answering.harmless(step.sub_question),
                "query": answering.harmless(step.query),
            }
        )
        for step in plan
    )


async def _with_query(answering: Answering, planned: PlannedStep) -> PlannedStep:
    """The step with its query written from the conclusions so far; as planned where the reply is no query."""
    prompt = QueryPrompt(question=answering.question, earlier=tuple(answering.steps), planned=planned)
    reply = await answering.ask_in_form(prompt, answering.budget.step_tokens)
    query = parse_query(reply)
    if query is None:
        answering.unparsed_reply("query", reply, QUERY_UNPARSED)
        return planned
    return planned.model_copy(update={"query": answering.harmless(query)})
