"""From a question in a conversation to one that stands alone, by whatever writes the answers."""

from collections.abc import Sequence

from pydantic import ValidationError

from corpora import Frozen
from service.conversing.carry_over import carried_over
from service.conversing.rewrite_prompt import RewritePrompt, Turn
from service.errors import GenerationTimeout, GeneratorUnavailable
from service.generators import Generator, Limits
from service.parsing import parse_rewritten
from service.questions import Question
from service.settings import OnModelFailure

TURNS = 6
"""Earlier turns that are shown to the model, the latest ones."""

_TOKENS = 1_024
"""A question is short; the rest is for models that think first."""


class Understood(Frozen):
    """A question as it is answered.

    Attributes:
        rewritten: It stands in the asked question's place; ``None`` where that stands alone.
        unparsed: The reply that was no question, so that the rules were used in its place.
    """

    question: Question
    rewritten: str | None = None
    unparsed: str | None = None


async def stand_alone(
    question: Question,
    turns: Sequence[Turn],
    generator: Generator,
    *,
    on_model_failure: OnModelFailure = "error",
) -> Understood:
    """The question with what it means from the turns before it; choices stay as they are.

    A reply that is not what was asked for is never guessed at: the rules of `carry_over` take its place, as
    they do for a model that is down where evidence alone is to be shown.

    Raises:
        ServiceError: As the generator.
    """
    if not turns:
        return Understood(question=question)
    prompt = RewritePrompt(question=question, turns=tuple(turns[-TURNS:]))
    unparsed = None
    try:
        reply = (await generator.generate(prompt, limits=Limits(max_tokens=_TOKENS))).text
        text = parse_rewritten(reply)
        if text is None:
            unparsed = reply
    except (GeneratorUnavailable, GenerationTimeout):
        if on_model_failure == "error":
            raise
        text = None
    try:
        made = Question(text=text or carried_over(question, turns), choices=question.choices)
    except ValidationError:
        return Understood(question=question, unparsed=unparsed)
    rewritten = made.text if made.text != question.text else None
    return Understood(question=made, rewritten=rewritten, unparsed=unparsed)
