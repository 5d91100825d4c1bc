"""A model's opinion of each citation, recorded beside the check in code and never instead of it.

Off unless a caller asks for it: one call to the model for each citation with a quotation. A claim's status
never rests on it.
"""

from collections.abc import Sequence

from pydantic import ValidationError

from corpora import Frozen
from service.answers import Claim, Evidence, SecondOpinion
from service.checking.opinion_prompt import Opinion, OpinionPrompt
from service.checking.spans import best_support
from service.generators import Generator, Limits
from service.markers import without_markers
from service.questions import Language

LIMITS = Limits(max_tokens=256)
"""A verdict is a few tokens; the rest is for models that think first."""


class _Reply(Frozen):
    verdict: Opinion


async def second_opinions(
    claims: Sequence[Claim],
    evidence: dict[str, Evidence],
    generator: Generator,
    *,
    language: Language,
    limits: Limits = LIMITS,
) -> tuple[SecondOpinion, ...]:
    """One opinion for each claim and evidence key that it cites with a quotation, in the order written.

    Args:
        evidence: By key; every key of the claims is in it.

    Raises:
        GenerationError: As the generator's; nothing is caught, since the caller asked for opinions.
    """
    opinions: list[SecondOpinion] = []
    for claim in claims:
        text = without_markers(claim.text)
        for key in claim.citations:
            shown = evidence[key]
            support = best_support(text, shown.text, (shown.title, *shown.headings))
            if not support:
                continue
            prompt = OpinionPrompt(
                language=language,
                claim=text,
                quote=shown.text[support.start : support.end],
                headings=shown.headings,
            )
            reply = await generator.generate(prompt, limits=limits)
            verdict = parse_opinion(reply.text)
            opinions.append(
                SecondOpinion(
                    claim_start=claim.start,
                    key=key,
                    verdict=verdict,
                    model=reply.model,
                    unparsed=None if verdict else reply.text,
                )
            )
    return tuple(opinions)


def parse_opinion(reply: str) -> Opinion | None:
    """The verdict, or ``None`` if the reply is anything but the JSON that was asked for."""
    try:
        return _Reply.model_validate_json(reply.strip()).verdict
    except ValidationError:
        return None
