"""What one answer may cost."""

from typing import Literal

from pydantic import Field, model_validator

from corpora import Frozen

Relevance = Literal["none", "score", "model"]


class Budget(Frozen):
    """Limits of one answer.

    Attributes:
        max_steps: Steps a plan may have; further ones are dropped.
        k: Passages looked for by each query.
        evidence_chars: Characters of passages shown in one step. Whole passages only: the best one is
            always shown, a later one that does not fit is left out. Japanese costs about one token a
            character, so this also bounds the prompt.
        step_tokens: Longest conclusion of a step, in tokens.
        answer_tokens: Longest answer, in tokens; a model that reasons aloud spends them too.
        context_tokens: The model's context length, where the server does not tell it. Evidence, conclusions
            and the answer are kept within it.
        parallel: Steps that wait for the model at the same time.
        rounds, queries: Of the strategy ``iterative``: at most so many rounds of so many queries each.
        relevance: The gate before the model. ``score`` keeps out what scores below ``min_score``,
            ``model`` what the model itself calls irrelevant; both are shown as found and not used.
        min_score: For ``score``. `jmedqa gate` fits it to judged queries.
    """

    max_steps: int = Field(default=5, ge=1, le=10)
    k: int = Field(default=5, ge=1, le=50)
    evidence_chars: int = Field(default=4_000, ge=200, le=100_000)
    step_tokens: int = Field(default=1_024, ge=16, le=65_536)
    answer_tokens: int = Field(default=2_048, ge=16, le=65_536)
    context_tokens: int | None = Field(default=None, ge=512, le=10_000_000)
    parallel: int = Field(default=4, ge=1, le=32)
    rounds: int = Field(default=2, ge=1, le=10)
    queries: int = Field(default=3, ge=1, le=10)
    relevance: Relevance = "none"
    min_score: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _gates_by_something(self) -> "Budget":
        if self.relevance == "score" and self.min_score is None:
            raise ValueError('relevance = "score" needs min_score: `jmedqa gate` fits one to judged queries')
        return self
