"""What `jmedqa case check` finds, each fault planted alone in a case that is right."""

import pytest

from benchmarks.cases.checking import check
from benchmarks.cases.findings import Finding
from benchmarks.cases.keys import CaseKey
from service.cases import Case, Panel, Patient, Result, Status, load_protocol
from tests.benchmarks.cases.samples import BLOOD, HISTORY, KEY, TESTS, case, result, with_result

PROTOCOL = load_protocol()


def faults(spoilt: Case, key: CaseKey | None = KEY) -> list[Finding]:
    return [finding for finding in check(spoilt, key, PROTOCOL) if finding.fault]


def test_a_case_that_is_right_has_no_finding() -> None:
    assert list(check(case(), KEY, PROTOCOL)) == []


@pytest.mark.parametrize(
    ("spoilt", "stage", "said"),
    [
        (case(history=HISTORY + "IgA腎症を疑った。"), "history", "IgA腎症"),
        (case(history=HISTORY + "ＩｇＡ 腎症を疑った。"), "history", "IgA腎症"),
        (case(tests=TESTS + "Iga-Nephropathy が考えられる。"), "tests", "IgA nephropathy"),
        (case(tests=TESTS + "MMの所見はない。"), "tests", "MM"),
        (case(history=HISTORY + "尿に赤血球円柱があった。"), "history", "赤血球円柱"),
        (case(tests=TESTS + "扁桃摘出を行った。"), "tests", "扁桃摘出"),
        (case(history=HISTORY + "血清Crは0.88 mg/dLであった。"), "history", "0.88"),
        (
            case(history=HISTORY + "腎超音波で水腎症はなく、両腎の大きさは左右とも正常だった。",
                 tests=TESTS + "腎超音波で水腎症はなく、両腎の大きさは左右とも正常だった。"),
            "history",
            "両腎の大きさは",
        ),
    ],
)  # fmt: skip
def test_a_stage_that_tells_too_much_is_a_leak(spoilt: Case, stage: str, said: str) -> None:
    found = faults(spoilt)
    assert {finding.rule for finding in found} == {"leak"}
    assert {finding.stage for finding in found} == {stage}
    assert said in found[0].ja


@pytest.mark.parametrize(
    "innocent",
    [
        case(),  # the course names the diagnosis, and may
        case(tests=TESTS + "IgAの沈着を認める。"),
        case(history=HISTORY + "血圧は家庭で118/70 mmHg。"),  # mmHg is no MM
    ],
)
def test_what_only_looks_like_the_diagnosis_is_no_leak(innocent: Case) -> None:
    assert faults(innocent) == []


@pytest.mark.parametrize(
    ("spoilt", "rule", "said"),
    [
        (with_result(result("Cr", 88, "µmol/L")), "unit", "mg/dL"),
        (with_result(result("Cr", 0.88)), "unit", "mg/dL"),
        (with_result(result("pH", 7.4, "mEq/L")), "unit", "pH"),
        (with_result(result("K", 41, "mEq/L", "3.6–4.8")), "range", "1.2–12"),
        (with_result(result("K", "陰性", "mEq/L", "3.6–4.8")), "range", "陰性"),
        (with_result(result("Cr", 0.88, "mg/dL", "0.65–1.07")), "reference", "0.46–0.79"),
        (case(history=HISTORY.replace("36.9℃", "369℃")), "range", "369"),
        (case(history=HISTORY.replace("128/80", "80/128")), "range", "80/128"),
        (case(history=HISTORY.replace("0.70 mg/dL", "0.70 g/dL")), "unit", "g/dL"),
    ],
)
def test_units_and_values_must_be_possible(spoilt: Case, rule: str, said: str) -> None:
    found = faults(spoilt)
    assert [finding.rule for finding in found] == [rule]
    assert said in found[0].ja


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ((result("Cr", 0.88, "mg/dL"), result("eGFR", 85.8, "mL/分/1.73m²")), "63.36"),  # a man's
        (
            (
                result("Na", 140, "mEq/L"),
                result("Cl", 118, "mEq/L"),
                result("HCO3", 12, "mEq/L"),
                result("アニオンギャップ", 14, "mEq/L"),
            ),
            "10",
        ),
        ((result("Ca", 8.0, "mg/dL"), result("Alb", 2.0, "g/dL"), result("補正Ca", 8.0, "mg/dL")), "10.0"),
        ((result("pH", 7.40), result("PaCO2", 30, "Torr"), result("HCO3", 12, "mEq/L")), "7.21"),
        (
            (
                result("浸透圧", 254, "mOsm/kgH2O"),
                result("Na", 140, "mEq/L"),
                result("Glu", 90, "mg/dL"),
                result("BUN", 14, "mg/dL"),
            ),
            "-36",
        ),
        (
            (
                result("尿Na", 8, "mEq/L"),
                result("Na", 134, "mEq/L"),
                result("尿Cr", 142, "mg/dL"),
                result("Cr", 1.35, "mg/dL"),
                result("FENa", 0.6, "%"),
            ),
            "0.06",
        ),
        (
            (
                result("尿蛋白定量", 118, "mg/dL"),
                result("尿Cr", 124, "mg/dL"),
                result("尿蛋白/Cr比", 9.5, "g/gCr"),
            ),
            "0.95",
        ),
        ((result("Hb", 12.4, "g/dL"), result("Ht", 52, "%")), "Ht"),
        ((result("直接ビリルビン", 2.0, "mg/dL"), result("総ビリルビン", 1.0, "mg/dL")), "総ビリルビン"),
    ],
)  # fmt: skip
def test_derived_values_must_follow(results: tuple[Result, ...], said: str) -> None:
    found = faults(with_result(*results))
    assert [finding.rule for finding in found] == ["derived"]
    assert said in found[0].ja


def test_values_of_different_moments_are_not_mixed() -> None:
    later = Panel(name="血液", when="6か月後", results=(result("eGFR", 90.0, "mL/分/1.73m²", "≥60"),))
    assert faults(case(panels=(BLOOD, later))) == []


def test_no_estimate_is_expected_of_a_child() -> None:
    child = with_result(result("Cr", 0.88, "mg/dL"), result("eGFR", 120, "mL/分/1.73m²"))
    young = child.model_copy(update={"patient": Patient(age=16, sex="female")})
    assert "derived" not in {finding.rule for finding in check(young, KEY, PROTOCOL)}


def test_one_analyte_keeps_its_unit_through_the_stages() -> None:
    two = (
        Panel(name="血液", when="初診時", results=(result("乳酸", 2.0, "mmol/L"),)),
        Panel(name="血液", when="翌日", results=(result("乳酸", 18.0, "mg/dL"),)),
    )
    assert [finding.rule for finding in faults(case(panels=two))] == ["unit"]


def test_an_unknown_analyte_is_a_note_not_a_fault() -> None:
    findings = list(check(with_result(result("抗未知抗体", 3, "U/mL")), KEY, PROTOCOL))
    assert [(finding.rule, finding.fault) for finding in findings] == [("unknown_analyte", False)]


def test_the_status_must_say_that_nobody_reviewed_it() -> None:
    reviewed = case().model_copy(update={"status": Status(en="reviewed", ja="査読済み")})
    assert [finding.rule for finding in faults(reviewed)] == ["status"]


def test_the_key_must_cover_the_protocol() -> None:
    questions = {name: key for name, key in KEY.questions.items() if name != "Q7"}
    partial = KEY.model_copy(update={"questions": questions | {"Q12": KEY.questions["Q1"]}})
    said = " ".join(finding.en for finding in faults(case(), partial))
    assert "Q7" in said
    assert "Q12" in said


def test_age_and_sex_stand_in_the_history() -> None:
    assert [finding.rule for finding in faults(case(history=HISTORY.replace("28歳女性", "患者")))] == [
        "patient",
        "patient",
    ]
