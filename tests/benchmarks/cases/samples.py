"""A small case that is right, to be spoilt in one place by each test."""

from benchmarks.cases.keys import CaseKey, KeyPoint, QuestionKey
from service.cases import SYNTHETIC, Case, Panel, Patient, Result, Stage, load_protocol

HISTORY = (
    "28歳女性。咽頭痛の翌日に尿がコーラ色になった。3か月前の血清Crは0.70 mg/dL。"
    "体温 36.9℃、血圧 128/80 mmHg、脈拍 76/分。"
)
TESTS = "尿沈渣で赤血球円柱を認める。腎超音波で水腎症はない。"
COURSE = "扁桃摘出とステロイドパルス療法を行い、IgA腎症の活動性は下がった。"


def result(analyte: str, value: float | str, unit: str | None = None, reference: str | None = None) -> Result:
    return Result(analyte=analyte, value=value, unit=unit, reference=reference)


BLOOD = Panel(
    name="血液",
    when="初診時",
    results=(
        result("Cr", 0.88, "mg/dL", "0.46–0.79"),
        result("eGFR", 63.4, "mL/分/1.73m²", "≥60"),
        result("MPO-ANCA", "<0.5", "U/mL", "<3.5"),
    ),
)
URINE = Panel(name="尿", when="初診時", results=(result("尿蛋白", "2+", None, "陰性"),))


def case(
    *,
    history: str = HISTORY,
    tests: str = TESTS,
    course: str = COURSE,
    panels: tuple[Panel, ...] = (BLOOD, URINE),
) -> Case:
    return Case(
        case_id="sample-01",
        specialty="nephrology",
        status=SYNTHETIC,
        patient=Patient(age=28, sex="female"),
        stages=(
            Stage(name="history", text=history),
            Stage(name="tests", text=tests, panels=panels),
            Stage(name="course", text=course),
        ),
    )


def with_result(*results: Result, when: str = "初診時") -> Case:
    return case(panels=(Panel(name="血液", when=when, results=results),))


KEY = CaseKey(
    case_id="sample-01",
    status=SYNTHETIC,
    gold_diagnosis="IgA腎症",
    synonyms=("IgA nephropathy", "MM", "Berger病"),
    later_terms={"tests": ("赤血球円柱",), "course": ("扁桃摘出",)},
    questions={
        question: QuestionKey(key_points=(KeyPoint(text="要点", weight=2),), dangerous=("危険",))
        for question in load_protocol().question_ids
    },
)
