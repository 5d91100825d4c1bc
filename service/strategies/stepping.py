"""Run steps that do not need each other: search together, conclude together, report in order."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from service.answers import PlannedStep, Step, StepError
from service.errors import GenerationError, GenerationRefused, GenerationTruncated
from service.notices import RELEVANCE_UNPARSED
from service.parsing import parse_relevant
from service.prompts import RelevancePrompt, StepPrompt
from service.strategies.answering import Answering
from service.wording import DONE, NOTHING_FOUND


async def run_together(answering: Answering, planned: Sequence[PlannedStep]) -> AsyncGenerator[Step, None]:
    """The finished steps, in order of their numbers; each is appended to ``answering.steps``, too.

    All see the steps that were finished before and the evidence of this round, and no conclusion of each
    other. A reply that was cut or refused spoils its step alone.

    Raises:
        GenerationError: Of a model that is down or out of time, after the steps before it were yielded:
            asking it again for every further step would only wait longer.
    """
    earlier = tuple(answering.steps)
    found = tuple(await answering.retrieve_all(planned))
    places = asyncio.Semaphore(answering.budget.parallel)
    if answering.budget.relevance == "model":
        found = tuple(await asyncio.gather(*(_gated(answering, earlier, step, places) for step in found)))
        answering.only(found)
    tasks = [asyncio.create_task(_concluded(answering, earlier, found, step, places)) for step in found]
    try:
        for task in tasks:
            step, failure = await task
            answering.steps.append(step)
            yield step
            if failure and not isinstance(failure, GenerationTruncated | GenerationRefused):
                raise failure
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _concluded(
    answering: Answering,
    earlier: tuple[Step, ...],
    together: tuple[Step, ...],
    step: Step,
    places: asyncio.Semaphore,
) -> tuple[Step, GenerationError | None]:
    if not step.evidence:
        return step.model_copy(update={"conclusion": NOTHING_FOUND[answering.question.language]}), None
    prompt = StepPrompt(question=answering.question, earlier=earlier, together=together, step=step)
    try:
        async with places:
            completion = await answering.ask(prompt, answering.budget.step_tokens)
    except GenerationError as error:
        stopped = StepError(code=error.code, ja=error.ja, en=error.en)
        return step.model_copy(update={"error": stopped}), error
    conclusion, done = _done(completion.text, answering)
    return step.model_copy(update={"conclusion": conclusion, "sufficient": done}), None


def _done(reply: str, answering: Answering) -> tuple[str, bool]:
    """The conclusion without its mark, and whether it says with a citation that nothing else is needed."""
    lines = reply.strip().splitlines()
    marks = set(DONE.values())
    done = bool(lines) and lines[-1].strip() in marks
    text = "\n".join(line for line in lines if line.strip() not in marks)
    cited = answering.cited(text)
    return cited, done and answering.cites(cited)


async def _gated(
    answering: Answering, earlier: tuple[Step, ...], step: Step, places: asyncio.Semaphore
) -> Step:
    """The step with the passages that the model calls relevant; with all where no judgement can be read."""
    if not step.evidence:
        return step
    prompt = RelevancePrompt(question=answering.question, earlier=earlier, step=step)
    try:
        async with places:
            completion = await answering.ask(prompt, answering.budget.step_tokens)
    except (GenerationTruncated, GenerationRefused):
        answering.note(RELEVANCE_UNPARSED, 1)
        return step
    keys = parse_relevant(completion.text, [found.key for found in step.evidence])
    if keys is None:
        answering.unparsed_reply("relevance", completion.text, RELEVANCE_UNPARSED)
        return step
    kept = tuple(found for found in step.evidence if found.key in keys)
    gated = tuple(found for found in step.evidence if found.key not in keys)
    return step.model_copy(update={"evidence": kept, "gated": (*step.gated, *gated)})
