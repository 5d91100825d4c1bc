"""An answer whose evidence or verification is too thin is withheld; what was found stays to be read."""

from typing import NamedTuple

from pydantic import Field

from corpora import Frozen
from indexer.bigrams import bigrams
from service.answers import Answer
from service.notices import Notice
from service.questions import Language, Question

WITHHELD: dict[Language, str] = {
    "ja": "根拠が不十分なため回答できません。",
    "en": "The evidence is too thin for an answer.",
}

THIN_EVIDENCE = Notice(
    code="thin_evidence",
    ja="根拠と引用の一致が基準に満たないため、回答を控えました。見つかった資料は手順に示しています",
    en="Too little evidence or agreement of the citations, so no answer is given; what was found is shown",
)
CONTRADICTED_ANSWER = Notice(
    code="contradicted_answer",
    ja="資料と食い違う文が多いため、回答を控えました。見つかった資料は手順に示しています",
    en="Too many sentences differ from what they cite, so no answer is given; what was found is shown",
)


class AbstentionSettings(Frozen):
    """When an answer is withheld.

    Attributes:
        min_confidence: Below this confidence (`signals`), 0 to 1; ``None``: never for that reason.
        max_contradicted: Above this share of contradicted claims, whatever the confidence.
    """

    min_confidence: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    max_contradicted: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)


class Signals(NamedTuple):
    """What an answer rests on.

    Attributes:
        score: The best fused score of its evidence; 0 without any.
        covered: Share of the question's character bigrams that one passage, headings included, holds; of
            the passage that holds most.
        verified, contradicted: Shares of the claims; 0 without any.
    """

    score: float
    covered: float
    verified: float
    contradicted: float

    @property
    def confidence(self) -> float:
        """``covered`` times ``verified``: low where either is."""
        return self.covered * self.verified


def signals(question: Question, answer: Answer) -> Signals:
    """Of an answer that rests on steps."""
    found = [evidence for step in answer.steps for evidence in step.evidence]
    asked = set(bigrams(question.text))
    shares = [
        len(asked.intersection(bigrams("\n".join((one.title, *one.headings, one.text))))) / len(asked)
        for one in found
        if asked
    ]
    claims = answer.claims
    contradicted = sum(claim.status == "contradicted" for claim in claims)
    return Signals(
        score=max((one.score for one in found), default=0.0),
        covered=max(shares, default=0.0),
        verified=answer.verified_share or 0.0,
        contradicted=contradicted / len(claims) if claims else 0.0,
    )


def withheld(question: Question, answer: Answer, settings: AbstentionSettings) -> Answer:
    """The answer, or in its place that there is none; steps, evidence and their citations stay.

    An answer without retrieval, and one that abstains already, comes back as it is.
    """
    if answer.abstained or answer.provenance.strategy == "closed_book":
        return answer
    found = signals(question, answer)
    if found.contradicted > settings.max_contradicted:
        reason = CONTRADICTED_ANSWER
    elif settings.min_confidence is not None and found.confidence < settings.min_confidence:
        reason = THIN_EVIDENCE
    else:
        return answer
    return answer.model_copy(
        update={
            "text": WITHHELD[question.language],
            "choice": None,
            "abstained": True,
            "reason": reason,
            "claims": (),
            "verified_share": None,
            "opinions": (),
            "citations": tuple(cited for cited in answer.citations if cited.steps),
        }
    )
