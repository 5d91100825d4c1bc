"""The rules' planner: one step for each aspect a question asks about."""

import pytest

from service.generators.aspects import asked
from service.questions import Question

QUESTIONS = [
    # 初期対応 is two things: how urgent it is, and what to do at once.
    ("CKD患者で高カリウム血症を認めたときの初期対応は？", ["緊急度の評価", "初期治療"]),
    ("てんかん重積の初期対応は？", ["緊急度の評価", "初期治療"]),
    ("アナフィラキシーの初期対応と予防", ["緊急度の評価", "初期治療", "予防"]),
    # One aspect, one step.
    ("ネフローゼ症候群の原因は？", ["原因"]),
    ("敗血症の初期治療は？", ["初期治療"]),
    ("急性腎障害の鑑別診断の進め方は？", ["鑑別"]),
    ("CKDのステージ分類は？", ["重症度・病期"]),
    ("くも膜下出血の合併症は？", ["合併症"]),
    ("腎性貧血の治療目標はどの程度ですか", ["治療"]),
    ("ワルファリンの相互作用", ["相互作用"]),
    ("低ナトリウム血症はどう治療しますか", ["治療"]),
    ("どのように敗血症を診断しますか？", ["診断"]),
    ("高カルシウム血症の症状は？", ["症状"]),
    ("透析患者の食事療法は？", ["食事療法"]),
    ("ANCA関連血管炎の予後を教えてください。", ["予後"]),
    # Words of the story are no aspects.
    ("治療抵抗性高血圧の原因は何ですか？", ["原因"]),
    ("2型糖尿病と診断された患者の治療目標は？", ["治療"]),
    ("胸痛を訴える患者の鑑別は？", ["鑑別"]),
    ("原因不明の発熱の検査は？", ["検査"]),
    ("治療を受けている患者のモニタリングは？", ["モニタリング"]),
    # Lists.
    ("ネフローゼ症候群の原因、症状と治療を教えてください。", ["原因", "症状", "治療"]),
    ("IgA腎症の診断と予後について", ["診断", "予後"]),
    ("メトホルミンの禁忌と副作用は？", ["禁忌", "副作用"]),
    ("バンコマイシンの用量とモニタリングは？", ["用量", "モニタリング"]),
    ("肺炎の症状・検査・治療", ["症状", "検査", "治療"]),
    ("造影剤腎症の危険因子および予防法", ["危険因子", "予防"]),
    ("SGLT2阻害薬の適応と注意点は？", ["適応", "注意点"]),
    # Comparisons: one step a side.
    ("1型糖尿病と2型糖尿病の違いは？", ["1型糖尿病の特徴", "2型糖尿病の特徴"]),
    ("心不全と腎不全の治療の違いを説明してください", ["心不全の治療", "腎不全の治療"]),
    # Nothing asked that the rules know: the question itself.
    ("ロキソプロフェンはCKD患者に使えますか？", ["ロキソプロフェンはCKD患者に使えますか？"]),
    ("IgA腎症とは何ですか？", ["IgA腎症とは何ですか？"]),
    ("高カリウム血症", ["高カリウム血症"]),
    # English.
    ("What are the causes and symptoms of nephrotic syndrome?", ["Causes", "Symptoms"]),
    ("How is hyperkalemia treated in CKD?", ["Treatment"]),
    ("What is the initial management of hyperkalemia?", ["Assessment of urgency", "Immediate treatment"]),
    ("contraindications of metformin", ["Contraindications"]),
    ("What is the difference between IgA nephropathy and Alport syndrome?", ["IgA nephropathy", "Alport"]),
    ("What is IgA nephropathy?", ["What is IgA nephropathy?"]),
]


@pytest.mark.parametrize(("question", "steps"), QUESTIONS)
def test_one_step_for_each_aspect_asked(question: str, steps: list[str]) -> None:
    found = [step.sub_question for step in asked(Question(text=question), 5)]
    assert len(found) == len(steps), found
    for sub_question, expected in zip(found, steps, strict=True):
        assert expected in sub_question


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("CKD患者で高カリウム血症を認めたときの初期対応は？", "CKD患者の高カリウム血症"),
        ("ネフローゼ症候群の原因、症状と治療を教えてください。", "ネフローゼ症候群"),
        ("治療抵抗性高血圧の原因は何ですか？", "治療抵抗性高血圧"),
        ("低ナトリウム血症はどう治療しますか", "低ナトリウム血症"),
        ("How is hyperkalemia treated in CKD?", "hyperkalemia in CKD"),
    ],
)
def test_every_query_names_the_topic_and_its_own_aspect(question: str, topic: str) -> None:
    queries = [step.query for step in asked(Question(text=question), 5)]
    assert all(query.startswith(f"{topic} ") for query in queries)
    assert len(set(queries)) == len(queries)


def test_steps_beyond_the_limit_are_dropped() -> None:
    question = Question(text="肺炎の原因、症状、検査、診断、治療、予後は？")
    assert [step.sub_question for step in asked(question, 2)] == ["肺炎の原因", "肺炎の症状"]
