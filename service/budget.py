"""What one answer may cost."""

from pydantic import Field

from corpora import Frozen


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
    """

    max_steps: int = Field(default=5, ge=1, le=10)
    k: int = Field(default=5, ge=1, le=50)
    evidence_chars: int = Field(default=4_000, ge=200, le=100_000)
    step_tokens: int = Field(default=1_024, ge=16, le=65_536)
    answer_tokens: int = Field(default=2_048, ge=16, le=65_536)
