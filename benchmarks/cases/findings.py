"""What a check says about a case."""

from typing import Literal

from corpora import Frozen

Rule = Literal[
    "schema",
    "protocol",
    "key",
    "status",
    "patient",
    "leak",
    "unit",
    "range",
    "reference",
    "derived",
    "unknown_analyte",
    "absent_stage",
]


class Finding(Frozen):
    """One thing found.

    Attributes:
        fault: Whether the case must be changed; otherwise it is a note.
        stage: ``None`` where it concerns the whole case or its key.
    """

    case_id: str
    rule: Rule
    fault: bool
    stage: str | None
    ja: str
    en: str
