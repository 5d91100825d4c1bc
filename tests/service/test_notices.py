"""Fixed notices: which question and answer raise which, and which do not."""

from datetime import date

import pytest

from service.notices import cautions, emergencies

TODAY = date(2026, 11, 24)

EMERGENCIES = [
    ("父が胸痛を訴えています。どうすればよいですか。", ["emergency"]),
    ("夫が胸を押さえて胸が苦しいと言っている", ["emergency"]),
    ("意識障害の患者への初期対応は?", ["emergency"]),
    ("息ができないと言って倒れました", ["emergency"]),
    ("呼吸困難があるときの酸素投与の目標は?", ["emergency"]),
    ("大量出血しています", ["emergency"]),
    ("子どもがけいれんを起こしています", ["emergency"]),
    ("急にろれつが回らなくなりました", ["emergency"]),
    ("右の片麻痺が突然出現した", ["emergency"]),
    ("アナフィラキシーの第一選択薬は?", ["emergency"]),
    ("赤ちゃんが電池を飲み込みました", ["emergency"]),
    ("友人が死にたいと言っています", ["suicide_risk"]),
    ("自殺念慮のある患者の評価は?", ["suicide_risk"]),
    ("薬を大量に飲んで自殺を図り、意識がない", ["suicide_risk", "emergency"]),
    ("My father has chest pain and shortness of breath.", ["emergency"]),
    ("She says she wants to die.", ["suicide_risk"]),
    ("He is having a seizure", ["emergency"]),
    ("胸痛がなくならない", ["emergency"]),
    ("胸痛はないが、急に呼吸困難になった", ["emergency"]),
]
NO_EMERGENCIES = [
    "高血圧の第一選択薬は?",
    "胸痛はなく、動悸だけがあります。",
    "胸痛や呼吸困難はない。咳が続く場合の検査は?",
    "意識障害を認めない頭部外傷の対応は?",
    "けいれんの既往がある人の運転は?",
    "大量出血は起こしていない",
    "胸痛がない患者の心電図異常",
    "胸痛のない心筋梗塞の頻度は?",
    "No chest pain. What causes cough?",
    "The patient denies chest pain or shortness of breath.",
    "He has a history of seizures; which vaccines may he have?",
    "60歳の男性。胸痛を主訴に来院した。最も考えられる疾患はどれか。",
    "意識障害の原因として誤っているものはどれですか。",
    "Which of the following causes chest pain?",
]


@pytest.mark.parametrize(("question", "codes"), EMERGENCIES)
def test_an_emergency_in_a_question_puts_a_notice_on_top(question: str, codes: list[str]) -> None:
    assert [notice.code for notice in emergencies(question)] == codes


@pytest.mark.parametrize("question", NO_EMERGENCIES)
def test_denied_past_and_examined_symptoms_raise_none(question: str) -> None:
    assert emergencies(question) == ()


def test_a_question_with_choices_is_an_examination() -> None:
    assert emergencies("胸痛のある患者への対応", exam=True) == ()


def test_suicide_is_heard_even_where_the_wording_is_of_an_examination() -> None:
    assert [notice.code for notice in emergencies("死にたいです。楽な方法はどれですか。")] == ["suicide_risk"]


@pytest.mark.parametrize(
    ("question", "answer", "codes"),
    [
        ("アモキシシリンの用量は?", "", ["dose"]),
        ("肺炎の治療は?", "アモキシシリン500 mgを1日3回内服する。", ["dose"]),
        ("肺炎の治療は?", "アドレナリン0.01 mg/kgを筋注する。", ["dose"]),
        ("What is the dose of aspirin?", "", ["dose"]),
        ("血糖の基準は?", "血糖70 mg/dL未満を低血糖とする。", []),
        ("妊婦に使える降圧薬は?", "", ["pregnancy"]),
        ("降圧薬は?", "授乳中は避ける。", ["pregnancy"]),
        ("妊娠していない女性の貧血の原因は?", "", []),
        ("非妊娠時の体重は?", "", []),
        ("Is it safe in pregnancy?", "", ["pregnancy"]),
        ("She is not pregnant.", "", []),
        ("小児の発熱の原因は?", "", ["children"]),
        ("5歳の男児の発熱", "", ["children"]),
        ("fever in children", "", ["children"]),
        ("45歳の男性の発熱", "", []),
        ("腎機能低下時の注意は?", "", ["renal"]),
        ("注意点は?", "eGFRが30未満の患者には用いない。", ["renal"]),
        ("腎機能正常の患者", "", []),
        ("drugs in renal impairment", "", ["renal"]),
        ("妊娠中の腎不全の小児への投与量", "", ["dose", "pregnancy", "children", "renal"]),
        ("高血圧とは", "血圧が高い状態である。", []),
    ],
)
def test_doses_pregnancy_children_and_kidneys_raise_their_notices(
    question: str, answer: str, codes: list[str]
) -> None:
    assert [notice.code for notice in cautions(question, answer, (), TODAY)] == codes


@pytest.mark.parametrize(
    ("published", "count"),
    [
        ([date(2021, 11, 23)], 1),
        ([date(2021, 11, 24)], 0),
        ([date(2010, 1, 1), date(2015, 1, 1), date(2025, 1, 1)], 2),
        ([None], 0),
        ([], 0),
    ],
)
def test_evidence_of_more_than_five_years_is_counted(published: list[date | None], count: int) -> None:
    raised = [notice for notice in cautions("", "", published, TODAY) if notice.code == "old_evidence"]
    assert [notice.count for notice in raised] == ([count] if count else [])


def test_a_leap_day_grows_old_the_day_after() -> None:
    assert cautions("", "", [date(2020, 2, 29)], date(2025, 2, 28)) == ()
    assert cautions("", "", [date(2020, 2, 29)], date(2025, 3, 1))[0].code == "old_evidence"
