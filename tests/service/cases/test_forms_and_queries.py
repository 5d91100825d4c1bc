"""Structured forms are read strictly and shown as Japanese; a case's query holds what is remarkable in it."""

import json

import pytest

from service.cases import SYNTHETIC, Case, Panel, Result, Stage, load_protocol
from service.cases.forms import FORMS, MAX_FIELD_CHARS, parse_form, rendered, rows_schema
from service.cases.queries import case_query, deviation, first_line, positives
from service.cases.views import view_at

DIAGNOSIS = {"diagnosis": "IgA腎症", "rationale": "血尿と蛋白尿", "certainty": None}
PROTOCOL = load_protocol()
QUESTIONS = {question.question_id: question for stage in PROTOCOL.stages for question in stage.questions}


def reply(*rows: object) -> str:
    return json.dumps({"rows": rows}, ensure_ascii=False)


def test_a_form_is_read_and_reads_as_japanese() -> None:
    filled = parse_form("diagnosis", "```json\n" + reply(DIAGNOSIS) + "\n```")
    assert filled is not None
    assert rendered(filled) == "【診断】\n1. IgA腎症\n   根拠：血尿と蛋白尿"
    assert rendered(filled, "en") == "Diagnosis\n1. IgA腎症\n   rationale: 血尿と蛋白尿"


@pytest.mark.parametrize(
    "text",
    [
        "IgA腎症です。",
        "null",
        reply(),
        reply("IgA腎症"),
        reply({**DIAGNOSIS, "diagnosis": " "}),
        reply({**DIAGNOSIS, "diagnosis": 1}),
        reply({**DIAGNOSIS, "extra": "余分"}),
        reply({**DIAGNOSIS, "rationale": "長" * (MAX_FIELD_CHARS + 1)}),
        reply(*[DIAGNOSIS] * 4),
        json.dumps({"rows": [DIAGNOSIS], "more": 1}),
        "[" * 100_000,
    ],
)
def test_what_does_not_keep_to_the_form_is_no_form(text: str) -> None:
    assert parse_form("diagnosis", text) is None


def test_a_differential_ranks_three_to_ten() -> None:
    row = {"diagnosis": "膜性腎症", "findings_for": "蛋白尿", "findings_against": None}
    read = [parse_form("differential", reply(*[row] * count)) is not None for count in (2, 3, 10, 11)]
    assert read == [False, True, True, False]


def test_the_schema_allows_what_is_read() -> None:
    for form in FORMS.values():
        rows = rows_schema(form)["properties"]["rows"]
        assert (rows["minItems"], rows["maxItems"]) == (form.least, form.most)
        assert rows["items"]["required"] == [field.name for field in form.fields]
        assert rows["items"]["additionalProperties"] is False


def test_every_question_of_the_protocol_has_its_form() -> None:
    assert [question.form for question in QUESTIONS.values()] == list(FORMS)


@pytest.mark.parametrize(
    ("value", "reference", "side"),
    [
        (6.9, "3.6–4.8", 1),
        (2.1, "3.6-4.8", -1),
        (4.0, "3.6–4.8", 0),
        ("1,200", "≤18.4", 1),
        ("<0.5", "≤1.0", 0),
        (7, "≥8.5", -1),
        ("陰性", "陰性", 0),
        (4.0, None, 0),
    ],
)
def test_a_result_is_outside_its_range_or_not(value: float | str, reference: str | None, side: int) -> None:
    found = deviation(Result(analyte="X", value=value, reference=reference))
    assert (found > 0) - (found < 0) == side


def test_denied_findings_are_not_searched_for() -> None:
    text = "【主訴】動悸\n両下腿に著明な浮腫を認める。胸痛、吐血、下血はない。体温は正常。"
    found = positives(Stage(name="history", text=text))
    assert found == "両下腿に著明な浮腫を認める"


def test_a_query_names_complaint_results_diagnosis_and_what_is_asked() -> None:
    potassium = Result(analyte="K", value=6.9, unit="mEq/L", reference="3.6–4.8")
    sodium = Result(analyte="Na", value=140, unit="mEq/L", reference="138–145")
    stages = (
        Stage(name="history", text="【主訴】動悸\n前日から動悸が続く。"),
        Stage(name="tests", panels=(Panel(name="血液", when="来院時", results=(potassium, sodium)),)),
        Stage(name="course", text="改善した。"),
    )
    case = Case(case_id="query-01", specialty="nephrology", status=SYNTHETIC, stages=stages)
    query = case_query(view_at(case, "tests"), QUESTIONS["Q7"], "# 診断\n1. 高カリウム血症性不整脈 [E1]")
    assert query.split() == [
        "動悸", "高カリウム血症", "高カリウム血症性不整脈", *QUESTIONS["Q7"].search_words.split()
    ]  # fmt: skip


def test_a_diagnosis_is_its_first_line_without_marks() -> None:
    assert first_line("【診断】\n1. IgA腎症[E1]\n   根拠：血尿") == "IgA腎症"
