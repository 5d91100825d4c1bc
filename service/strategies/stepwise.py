"""Retrieve for each reasoning step: plan, look up and conclude step by step, then answer."""

from collections.abc import AsyncGenerator

from service.answers import PlannedStep, StepError
from service.budget import Budget
from service.errors import GenerationError, GenerationRefused, GenerationTruncated
from service.events import Event, PlanEvent, StepEvent
from service.generators import Generator, Limits
from service.notices import PLAN_UNPARSED
from service.parsing import parse_plan
from service.prompts import PlanPrompt, StepPrompt
from service.questions import Question
from service.retrieval import Retriever
from service.strategies.answering import Answering


async def stepwise(
    question: Question, retriever: Retriever, generator: Generator, budget: Budget
) -> AsyncGenerator[Event, None]:
    """Each step retrieves with its own query and sees the conclusions of the steps before it.

    A reply that was cut or refused spoils its step alone; the answer says so. A model that is down or
    out of time spoils the answer: asking it again for every further step would only wait longer.
    """
    answering = Answering("stepwise", question, retriever, generator, budget)
    plan = await _plan(answering)
    yield PlanEvent(steps=plan)
    for planned in plan:
        step = await answering.retrieve(planned)
        prompt = StepPrompt(question=question, earlier=tuple(answering.steps), step=step)
        failure: GenerationError | None = None
        try:
            completion = await generator.generate(prompt, limits=Limits(max_tokens=budget.step_tokens))
        except GenerationError as error:
            failure = error
            stopped = StepError(code=error.code, ja=error.ja, en=error.en)
            step = step.model_copy(update={"error": stopped})
        else:
            answering.account(completion)
            step = step.model_copy(update={"conclusion": answering.cited(completion.text)})
        answering.steps.append(step)
        yield StepEvent(step=step)
        if failure and not isinstance(failure, GenerationTruncated | GenerationRefused):
            raise failure
    async for event in answering.conclude():
        yield event


async def _plan(answering: Answering) -> tuple[PlannedStep, ...]:
    """The model's plan; one step with the question itself where it cannot be read."""
    question, budget = answering.question, answering.budget
    prompt = PlanPrompt(question=question, max_steps=budget.max_steps)
    completion = await answering.generator.generate(prompt, limits=Limits(max_tokens=budget.step_tokens))
    answering.account(completion)
    plan = parse_plan(completion.text, budget.max_steps)
    if plan is None:
        answering.unparsed_reply("plan", completion.text, PLAN_UNPARSED)
        plan = (PlannedStep(number=1, sub_question=question.text, query=question.text),)
    return plan
