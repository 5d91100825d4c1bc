"""AgentClinic's OSCE records become cases: nothing lost, nothing given away."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cases.agentclinic import convert_file
from benchmarks.cases.checking import check_file
from service.cases import BadCase, load_protocol

RECORD: dict[str, Any] = {
    "OSCE_Examination": {
        "Objective_for_Doctor": "Find out why the hands tremble.",
        "Patient_Actor": {
            "Demographics": "41-year-old woman",
            "History": "Six weeks of trembling hands and weight loss.",
            "Symptoms": {"Primary_Symptom": "Tremor", "Secondary_Symptoms": ["Heat", "Palpitations"]},
            "Past_Medical_History": "",
        },
        "Physical_Examination_Findings": {"Vital_Signs": {"Heart_Rate": "118 bpm"}, "Neck": "Diffuse goitre"},
        "Test_Results": {"Blood": {"TSH": "undetectable", "Free_T4": 5.1}, "ECG": ["sinus", "no block"]},
        "Correct_Diagnosis": "Graves disease (GD)",
    }
}


def spoilt(**changes: Any) -> dict[str, Any]:
    osce = {**RECORD["OSCE_Examination"], **changes}
    return {"OSCE_Examination": {name: value for name, value in osce.items() if value is not None}}


def written(folder: Path, *records: Any) -> Path:
    file = folder / "osce.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def test_each_part_comes_to_its_stage(tmp_path: Path) -> None:
    case, key = convert_file(written(tmp_path, RECORD))[0]
    assert case.stage("history").text == (
        "Demographics: 41-year-old woman\n"
        "History: Six weeks of trembling hands and weight loss.\n"
        "Symptoms:\n  Primary Symptom: Tremor\n  Secondary Symptoms: Heat; Palpitations"
    )
    assert case.stage("tests").text == (
        "Physical Examination:\n  Vital Signs:\n    Heart Rate: 118 bpm\n  Neck: Diffuse goitre\n"
        "Test Results:\n  Blood:\n    TSH: undetectable\n    Free T4: 5.1\n  ECG: sinus; no block"
    )
    assert case.stage("course").absent
    assert (case.patient.age, case.patient.sex) == (41, "female")
    assert (key.gold_diagnosis, key.synonyms) == ("Graves disease", ("GD",))
    assert "Graves" not in case.model_dump_json()


def test_an_array_and_lines_give_the_same_cases(tmp_path: Path) -> None:
    array = tmp_path / "array.json"
    array.write_text(json.dumps([RECORD, RECORD]), encoding="utf-8")
    assert convert_file(array) == convert_file(written(tmp_path, RECORD, RECORD))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"question": "…"}, "record 2"),
        ("text", "record 2"),
        (spoilt(Correct_Diagnosis=None), "Correct_Diagnosis"),
        (spoilt(Patient_Actor={}), "history"),
        (spoilt(Physical_Examination_Findings=None, Test_Results={}), "test results"),
    ],
)
def test_a_record_that_is_none_is_named(tmp_path: Path, record: Any, reason: str) -> None:
    with pytest.raises(BadCase, match=reason):
        convert_file(written(tmp_path, RECORD, record))


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, RECORD, RECORD)
    file.write_text(file.read_text(encoding="utf-8") + "{", encoding="utf-8")
    with pytest.raises(BadCase, match="line 3"):
        convert_file(file)


def test_a_converted_case_passes_the_check_with_notes_only(tmp_path: Path) -> None:
    case, key = convert_file(written(tmp_path, RECORD))[0]
    for kind, model in (("stages", case), ("keys", key)):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / f"{case.case_id}.json").write_text(model.model_dump_json(), encoding="utf-8")
    findings = check_file(tmp_path / "stages" / f"{case.case_id}.json", tmp_path / "keys", load_protocol())
    assert {finding.rule for finding in findings} == {"absent_stage", "key"}
    assert not any(finding.fault for finding in findings)


def test_a_diagnosis_in_the_results_is_found(tmp_path: Path) -> None:
    case, key = convert_file(written(tmp_path, spoilt(Test_Results={"Scan": "Suggests Graves disease"})))[0]
    (tmp_path / "keys").mkdir()
    (tmp_path / f"{case.case_id}.json").write_text(case.model_dump_json(), encoding="utf-8")
    (tmp_path / "keys" / f"{case.case_id}.json").write_text(key.model_dump_json(), encoding="utf-8")
    findings = check_file(tmp_path / f"{case.case_id}.json", tmp_path / "keys", load_protocol())
    assert [(finding.rule, finding.stage) for finding in findings if finding.fault] == [("leak", "tests")]
