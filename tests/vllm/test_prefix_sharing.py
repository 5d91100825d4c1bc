"""What the order of a prompt is worth: prompt tokens that the server has to compute, by its own counters."""

import asyncio
from collections.abc import Callable, Sequence

import openai
import pytest

from service.answers import Evidence, Step
from service.prompts import AnswerPrompt, Message, PlanPrompt, StepPrompt
from service.questions import Question
from tests.service.samples import evidence
from tests.vllm.vllm_server import SERVED_NAME, VllmServer

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

QUESTION = Question(text="How is hyperkalaemia with ECG changes treated in chronic kidney disease?")
SUBJECTS = ("urgency", "protection of the heart", "shift of potassium", "removal of potassium")


def passage(number: int, subject: str) -> Evidence:
    text = " ".join(
        f"Passage {number}, sentence {line}, tells of {subject} in hyperkalaemia with its figures and limits."
        for line in range(12)
    )
    return evidence(f"E{number}", text, number=number)


STEPS = tuple(
    Step(
        number=number,
        sub_question=subject,
        query=subject,
        evidence=(passage(2 * number - 1, subject), passage(2 * number, subject)),
    )
    for number, subject in enumerate(SUBJECTS, start=1)
)
DONE = tuple(step.model_copy(update={"conclusion": f"It is told. [E{2 * step.number}]"}) for step in STEPS)


def ours() -> list[list[Message]]:
    """Four independent steps as the service asks for them, one round, then the answer."""
    return [
        PlanPrompt(question=QUESTION, max_steps=4).messages(),
        *(StepPrompt(question=QUESTION, earlier=(), together=STEPS, step=step).messages() for step in STEPS),
        AnswerPrompt(question=QUESTION, steps=DONE).messages(),
    ]


def chained() -> list[list[Message]]:
    """Four steps that need each other."""
    rounds = [step.model_copy(update={"round": step.number}) for step in STEPS]
    done = [step.model_copy(update={"round": step.number}) for step in DONE]
    return [
        PlanPrompt(question=QUESTION, max_steps=4).messages(),
        *(
            StepPrompt(
                question=QUESTION, earlier=tuple(done[: step.number - 1]), together=(step,), step=step
            ).messages()
            for step in rounds
        ),
        AnswerPrompt(question=QUESTION, steps=tuple(done)).messages(),
    ]


def newest_first(conversations: Sequence[list[Message]]) -> list[list[Message]]:
    """The same parts in the order many write them: the task and the newest evidence first, the rules last."""
    turned: list[list[Message]] = []
    for rules, asked in conversations:
        parts = asked["content"].split("\n\n")
        text = "\n\n".join([*reversed(parts), rules["content"]])
        turned.append([{"role": "user", "content": text}])
    return turned


def computed(server: VllmServer, conversations: Sequence[list[Message]], salt: str) -> float:
    """Prompt tokens that were not found in the cache; ``salt`` keeps orders from helping each other."""

    def uncached() -> float:
        queries, hits = (server.counter(f"vllm:prefix_cache_{name}_total") for name in ("queries", "hits"))
        return queries - hits

    async def ask() -> None:
        async with openai.AsyncOpenAI(base_url=server.base_url, api_key="none", timeout=300) as client:
            for messages in conversations:
                await client.chat.completions.create(
                    model=SERVED_NAME,
                    messages=messages,  # type: ignore[arg-type]
                    max_tokens=1,
                    temperature=0,
                    extra_body={"cache_salt": salt},
                )

    before = uncached()
    asyncio.run(ask())
    return uncached() - before


@pytest.mark.parametrize("order", [ours, chained], ids=["together", "chained"])
def test_a_four_step_answer_computes_half_the_prompt_tokens_at_most(
    vllm_server: VllmServer, order: Callable[[], list[list[Message]]]
) -> None:
    conversations = order()
    stable_first = computed(vllm_server, conversations, f"{order.__name__}-stable")
    naive = computed(vllm_server, newest_first(conversations), f"{order.__name__}-naive")
    print(f"{order.__name__}: {stable_first:.0f} of {naive:.0f} prompt tokens computed")
    assert stable_first <= 0.5 * naive
