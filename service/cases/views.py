"""What one stage's agent may know of a case: its own stage and the earlier ones, and nothing else.

A `StageView` holds copies of those stages only. Agents take a view and never a `Case`, so a later stage
is not merely hidden from them: it is not in anything they can reach.
"""

from corpora import Frozen
from service.cases.cases import Case, Stage, Status
from service.questions import Language


class StageView(Frozen):
    """The stages known at one point, in order; the last is the stage that is answered now."""

    case_id: str
    language: Language
    status: Status
    stages: tuple[Stage, ...]

    @property
    def now(self) -> Stage:
        """The stage that is answered now."""
        return self.stages[-1]


def view_at(case: Case, stage: str) -> StageView:
    """The case up to and with that stage.

    Raises:
        KeyError: If the case has no such stage.
    """
    names = [known.name for known in case.stages]
    if stage not in names:
        raise KeyError(stage)
    known = case.stages[: names.index(stage) + 1]
    return StageView(case_id=case.case_id, language=case.language, status=case.status, stages=known)
