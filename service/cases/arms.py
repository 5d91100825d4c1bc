"""Retrieval arms of a case run: what each question's search may find."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from corpora import Frozen
from indexer import Filters, StoredPassage
from service.retrieval import Found, Retriever
from service.strategies import StrategyName

RetrievalArm = Literal["none", "once", "per_question", "oracle", "filtered"]
"""No retrieval; one query from the first stage for all questions; a query for each question; the same within
the documents listed for the case; the same within a filter that the run names."""

Carry = Literal["raw", "own_output", "gold_output"]
"""What a question is given of the earlier questions' answers: none (findings alone), the run's own, or the
key's. The findings of all stages so far are always given, so own_output and gold_output differ in the answers
only; their difference in score is the error that earlier answers hand on."""


class CasePlan(Frozen):
    """How a run answers.

    Attributes:
        strategies: Question id → strategy; those not named use ``strategy``. Without retrieval all are
            ``closed_book``.
        filters: Of the arm ``filtered``.
        forms: Whether each answer is also asked for in its structured form.
    """

    arm: RetrievalArm = "per_question"
    carry: Carry = "raw"
    strategy: StrategyName = "single"
    strategies: dict[str, StrategyName] = Field(default_factory=dict)
    filters: Filters | None = None
    forms: bool = True

    def strategy_of(self, question_id: str) -> StrategyName:
        """The strategy of one question."""
        return "closed_book" if self.arm == "none" else self.strategies.get(question_id, self.strategy)


class FilteredRetriever:
    """Another retriever, within one filter that whoever searches cannot widen."""

    def __init__(self, inner: Retriever, filters: Filters) -> None:
        self._inner = inner
        self._filters = filters

    @property
    def generation(self) -> str | None:
        """The inner one's."""
        return self._inner.generation

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        """As the inner one, within the filter."""
        return self._inner.search(query, k, self._filters)

    def passage(self, passage_id: str) -> StoredPassage:
        """As the inner one: citations are checked against any passage."""
        return self._inner.passage(passage_id)


def arm_retriever(plan: CasePlan, retriever: Retriever, oracle: tuple[str, ...]) -> Retriever:
    """The retriever of a plan's arm; ``oracle`` are the documents listed for the case."""
    if plan.arm == "oracle":
        return FilteredRetriever(retriever, Filters(doc_ids=oracle))
    if plan.filters is not None:
        return FilteredRetriever(retriever, plan.filters)
    return retriever
