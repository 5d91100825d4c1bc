"""A reference work does not say what one patient has; research may ask."""

from pathlib import Path

import httpx
import pytest

from service.intended_use import asks_for_a_diagnosis
from service.questions import Choice, Question
from tests.service.conftest import Start

ONE_PATIENT = [
    "65歳の男性。昨夜から胸痛が続く。最も考えられる疾患は？",
    "72歳女性、発熱と意識障害で搬送。鑑別診断を挙げてください。",
    "３か月の乳児、嘔吐を繰り返す。何の病気ですか。",
    "この患者の診断は何ですか。CRP 12、WBC 15000。",
    "40代男性で黄疸と腹痛があり、何を疑うべきですか。",
    "本症例で疑われる病態は？",
    "28歳の妊婦が頭痛を訴えている。鑑別は？",
    "A 54-year-old man has chest pain. What is the most likely diagnosis?",
    "What is the differential for my patient with fever and rash?",
]
REFERENCE = [
    "高カリウム血症の鑑別診断は？",
    "急性心筋梗塞の診断基準を教えてください。",
    "65歳以上の市中肺炎の治療は？",
    "75歳の患者にメトホルミンを投与するときの注意は？",
    "この患者にメトホルミンは使えますか。eGFR 25です。",
    "ネフローゼ症候群で疑われる合併症は？",
    "18歳未満の患者への投与量は？",
    "小児の発熱で考えられる疾患は？",
    "Differential diagnosis of hyponatraemia?",
    "What is the dose in a 70-year-old patient?",
]


@pytest.mark.parametrize("text", ONE_PATIENT)
def test_what_one_patient_has_is_recognised(text: str) -> None:
    assert asks_for_a_diagnosis(Question(text=text))


@pytest.mark.parametrize("text", REFERENCE)
def test_a_question_about_a_disease_drug_or_finding_passes(text: str) -> None:
    assert not asks_for_a_diagnosis(Question(text=text))


def test_an_examination_question_passes() -> None:
    choices = (Choice(label="A", text="心筋梗塞"), Choice(label="B", text="気胸"))
    assert not asks_for_a_diagnosis(Question(text=ONE_PATIENT[0], choices=choices))


def test_every_interface_keeps_to_it_and_research_may_ask(start: Start, tmp_path: Path) -> None:
    body = {"question": ONE_PATIENT[0], "strategy": "closed_book"}
    chat = {"model": "closed_book", "messages": [{"role": "user", "content": ONE_PATIENT[0]}]}
    client = start()
    refused = client.post("/api/v1/answers", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:jmedqa:problem:outside-intended-use")
    assert "担当医" in refused.json()["ja"]
    model = client.get("/v1/models").json()["data"][0]["id"]
    assert client.post("/v1/chat/completions", json=chat | {"model": model}).status_code == 422
    assert client.post("/api/v1/answers", json={**body, "question": REFERENCE[0]}).status_code == 200
    research: httpx.Client = start(site={"intended_use": "research"})
    assert research.post("/api/v1/answers", json=body).status_code == 200
