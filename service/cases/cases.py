"""A staged clinical case, as answers may see it: findings by stage, and nothing of what is right.

The gold diagnosis, key points and dangerous answers are a `CaseKey` of ``benchmarks``. No field here
can hold them, so nothing that answers a case can read them.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from corpora import Frozen

Sex = Literal["female", "male"]

SEX_WORDS: dict[Sex, tuple[str, ...]] = {
    "female": ("女性", "女児", "女子"),
    "male": ("男性", "男児", "男子"),
}
"""How a Japanese history names the patient; the first is used where this project writes it."""

ID_PATTERN = r"^[a-z][a-z0-9-]{1,39}$"


class Status(Frozen):
    """How far a case can be trusted, in both languages; shown wherever the case is."""

    en: str = Field(min_length=1)
    ja: str = Field(min_length=1)


SYNTHETIC = Status(en="synthetic, not clinically reviewed", ja="合成症例。臨床的な査読を受けていない")


class Patient(Frozen):
    """Age in years and sex, for derived values; ``None`` where the source does not state them."""

    age: int | None = Field(default=None, ge=0, le=120)
    sex: Sex | None = None


class Result(Frozen):
    """One measured value.

    Attributes:
        analyte: Its name as the laboratory prints it: ``Cr``, ``尿蛋白``.
        value: A number, or what stands in its place: ``陰性``, ``3+``, ``<0.5``.
        unit: ``None`` for values without one (pH, ratios, qualitative results).
        reference: The reference range as printed, ``0.46–0.79`` or ``≤18.4``; ``None`` where there is none.
    """

    analyte: str = Field(min_length=1)
    value: int | float | str
    unit: str | None = None
    reference: str | None = None

    def rendered(self) -> str:
        """``Cr 1.32 mg/dL(基準 0.46–0.79)``."""
        value = self.value if isinstance(self.value, str) else f"{self.value:,}"
        unit = f" {self.unit}" if self.unit else ""
        reference = f"(基準 {self.reference})" if self.reference else ""
        return f"{self.analyte} {value}{unit}{reference}"


class Panel(Frozen):
    """Results of one moment. Panels of one stage with the same ``when`` are one sampling."""

    name: str = Field(min_length=1)
    when: str = Field(min_length=1)
    results: tuple[Result, ...] = Field(min_length=1)

    def rendered(self) -> str:
        """A heading line, then the results on one line."""
        return f"【{self.name}({self.when})】\n" + "、".join(result.rendered() for result in self.results)


class Stage(Frozen):
    """What becomes known at one point: a narrative, and the values measured.

    Attributes:
        name: The protocol's name of the stage: ``history``, ``tests``, ``course``.
        text: Findings in words. Never a later stage's, and never the diagnosis.
        absent: Why the source has no such stage; then there is no text and no panel.
    """

    name: str = Field(pattern=ID_PATTERN)
    text: str = ""
    panels: tuple[Panel, ...] = ()
    absent: str | None = None

    @model_validator(mode="after")
    def _either_findings_or_a_reason(self) -> Self:
        if bool(self.text.strip() or self.panels) == (self.absent is not None):
            raise ValueError(f"stage {self.name}: give its findings, or say in absent why there are none")
        return self

    def rendered(self) -> str:
        """The findings as readable Japanese; empty for an absent stage."""
        return "\n\n".join(part for part in (self.text.strip(), *(p.rendered() for p in self.panels)) if part)


class Case(Frozen):
    """One case without its answer.

    Attributes:
        case_id: Names no disease: it is printed in records that answers are made from.
        specialty: For tables of results; not shown to whoever answers.
        language: Of the text.
        status: Says that the case is synthetic (or where it comes from) and not clinically reviewed.
        source: Where a converted case comes from; ``None`` for one written for this project.
        stages: In the order they become known.
    """

    case_id: str = Field(pattern=ID_PATTERN)
    specialty: str = Field(min_length=1)
    language: Literal["ja", "en"] = "ja"
    status: Status
    source: str | None = None
    patient: Patient = Patient()
    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _stages_are_distinct(self) -> Self:
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError("two stages have the same name")
        return self

    def stage(self, name: str) -> Stage:
        """The stage of that name.

        Raises:
            KeyError: If the case has none.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)
