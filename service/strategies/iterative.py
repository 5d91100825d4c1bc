"""Ask what is still missing, look it up, and ask again: i-MedRAG's protocol, with a budget.

Xiong et al., Improving Retrieval-Augmented Generation in Medicine with Iterative Follow-up Questions
(PSB 2025, arXiv:2408.00727): so many rounds of so many queries, each query answered from what it finds.
"""

from collections.abc import AsyncGenerator

from service.answers import PlannedStep
from service.budget import Budget
from service.events import Event, PlanEvent, StepEvent
from service.generators import Generator
from service.notices import PLAN_UNPARSED, QUERIES_UNPARSED
from service.parsing import parse_queries
from service.prompts import QueriesPrompt
from service.questions import Question
from service.retrieval import Retriever
from service.strategies.answering import Answering
from service.strategies.stepping import run_together


async def iterative(
    question: Question, retriever: Retriever, generator: Generator, budget: Budget
) -> AsyncGenerator[Event, None]:
    """Rounds of queries until the model asks for none, repeats itself, or the budget's rounds are over.

    Each query is a step of its own. A first round without a readable query looks up the question itself.
    """
    answering = Answering("iterative", question, retriever, generator, budget)
    for number in range(budget.rounds):
        answering.waiting = (budget.rounds - number - 1) * budget.queries
        planned = await _round(answering, first=number == 0)
        if not planned:
            break
        yield PlanEvent(steps=planned)
        async for step in run_together(answering, planned):
            yield StepEvent(step=step)
        if any(step.sufficient for step in answering.steps):
            break
    async for event in answering.conclude():
        yield event


async def _round(answering: Answering, *, first: bool) -> tuple[PlannedStep, ...]:
    question, budget = answering.question, answering.budget
    prompt = QueriesPrompt(question=question, earlier=tuple(answering.steps), max_queries=budget.queries)
    reply = await answering.ask_in_form(prompt, budget.step_tokens)
    queries = parse_queries(reply, budget.queries)
    if queries is None:
        notice = PLAN_UNPARSED if first else QUERIES_UNPARSED
        answering.unparsed_reply("queries", reply, notice)
    asked = {step.query for step in answering.steps}
    fresh = [query for query in map(answering.harmless, queries or ()) if query not in asked]
    if first and not fresh:
        fresh = [question.text]
    return tuple(
        PlannedStep(number=number, sub_question=query, query=query)
        for number, query in enumerate(fresh, start=len(answering.steps) + 1)
    )
