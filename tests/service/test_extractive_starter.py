"""On the starter corpus: what it covers is answered from the right document, the rest is not."""

import asyncio
from collections.abc import Iterator

import pytest

from corpora import STARTER, read_corpus
from indexer import HybridIndex, IndexSettings, MeCabAnalyzer, build_index
from service.answers import Answer
from service.budget import Budget
from service.events import AnswerEvent
from service.generators.extractive import ExtractiveGenerator
from service.questions import Choice, Question
from service.retrieval import IndexRetriever
from service.strategies import stepwise

TERMS = MeCabAnalyzer().terms


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexRetriever]:
    folder = tmp_path_factory.mktemp("starter")
    build_index(read_corpus([STARTER]), folder, IndexSettings(vectors=(STARTER / "vectors.npz",)))
    with HybridIndex.open(folder) as index:
        yield IndexRetriever(index)


def answered(retriever: IndexRetriever, text: str, choices: tuple[str, ...] = ()) -> Answer:
    labelled = tuple(Choice(label=label, text=c) for label, c in zip("ABCDE", choices, strict=False))
    question = Question(text=text, choices=labelled)

    async def run() -> Answer:
        generator = ExtractiveGenerator(TERMS)
        events = [event async for event in stepwise(question, retriever, generator, Budget())]
        assert isinstance(events[-1], AnswerEvent)
        return events[-1].answer

    return asyncio.run(run())


OFF_CORPUS = [
    "白内障の手術適応は？",
    "多発性硬化症の治療は？",
    "網膜剥離の治療は？",
    "変形性膝関節症の手術適応は？",
    "小児の白血病の治療は？",
    "緑内障の治療は？",
    "前立腺癌の症状は？",
    "前立腺癌の治療は？",
    "うつ病の治療は？",
    "うつ病の症状は？",
    "HIVの治療は？",
    "HIV感染症の原因は？",
    "中耳炎の治療は？",
    "帯状疱疹の治療は？",
    "膵癌の症状は？",
    "膵癌の治療は？",
    "大腸癌の原因は？",
    "大腸癌の治療は？",
    "食物アレルギーの原因は？",
    "食物アレルギーの治療は？",
    "リウマチ性多発筋痛症の治療は？",
    "関節リウマチの治療は？",
    "統合失調症の治療は？",
    "椎間板ヘルニアの手術適応は？",
    "アトピー性皮膚炎の治療は？",
    "乳癌の治療は？",
    "子宮内膜症の症状は？",
    "尿路結石の治療は？",
    "重症筋無力症の症状は？",
    "突発性難聴の治療は？",
    "円形脱毛症の原因は？",
    "虫垂炎の診断は？",
    "潰瘍性大腸炎の治療は？",
    "クローン病の症状は？",
    "再生不良性貧血の治療は？",
    "片頭痛の予防は？",
    "マラリアの治療は？",
    "梅毒の治療は？",
    "小児の市中肺炎の治療は？",
]


@pytest.mark.parametrize("text", OFF_CORPUS)
def test_what_the_corpus_lacks_is_not_answered(starter: IndexRetriever, text: str) -> None:
    answer = answered(starter, text)
    assert (answer.abstained, answer.citations) == (True, ()), answer.text


COVERED = [
    ("高カリウム血症の治療は？", "hyperkalemia", "グルコン酸カルシウム"),
    ("高カルシウム血症の治療は？", "hypercalcemia", "生理食塩液"),
    ("低カリウム血症の治療は？", "hypokalemia", "塩化カリウム"),
    ("IgA腎症の治療は？", "iga-nephropathy", "扁桃摘出"),
    ("IgA腎症の診断は？", "iga-nephropathy", "腎生検"),
    ("アナフィラキシーの治療は？", "anaphylaxis", "アドレナリン"),
    ("アナフィラキシーの原因は？", "anaphylaxis", "ハチ毒"),
    ("CKD患者で高カリウム血症を認めたときの初期対応は？", "hyperkalemia-in-ckd", "グルコン酸カルシウム"),
    ("CKD患者の高カリウム血症の食事療法は？", "hyperkalemia-in-ckd", "カリウム"),
    ("トルバプタンの副作用は？", "tolvaptan", "口渇"),
    ("メトホルミンの禁忌は？", "metformin", "eGFR"),
    ("ワルファリンの相互作用は？", "warfarin", "ワルファリン"),
    ("てんかん重積の初期対応は？", "status-epilepticus", "ベンゾジアゼピン"),
    ("敗血症の初期治療は？", "sepsis", "晶質液"),
    ("認知症の治療は？", "dementia", "ドネペジル"),
    ("CKDのステージ分類は？", "ckd-definition-staging", "GFR区分"),
    ("くも膜下出血の合併症は？", "subarachnoid-hemorrhage", "水頭症"),
    ("川崎病の治療は？", "kawasaki-disease", "免疫グロブリン"),
    ("痛風の治療は？", "gout-hyperuricemia", "コルヒチン"),
    ("低血糖の症状は？", "hypoglycemia", "発汗"),
    ("急性膵炎の原因は？", "acute-pancreatitis", "アルコール"),
    ("播種性血管内凝固の原因は？", "dic", "敗血症"),
    ("COPDの治療は？", "copd", "LAMA"),
    ("腎性貧血の症状は？", "renal-anemia", "息切れ"),
    ("ネフローゼ症候群の診断基準は？", "nephrotic-syndrome", "3.5"),
]


@pytest.mark.parametrize(("text", "document", "word"), COVERED)
def test_what_the_corpus_covers_is_answered(
    starter: IndexRetriever, text: str, document: str, word: str
) -> None:
    answer = answered(starter, text)
    assert document in {citation.doc_id for citation in answer.citations}
    assert word in answer.text


BP = ("ACE阻害薬", "メチルドパ")
POTASSIUM = ("スピロノラクトン", "フロセミド")
CHOOSING = [
    # stem, choices, the right labels (several where a choice may not be told from another), answered?
    ("妊婦に禁忌の降圧薬はどれか。", BP, "A", True),
    ("妊婦に禁忌でない降圧薬はどれか。", BP, "B", False),
    ("妊婦に禁忌ではないのはどれか。", BP, "B", False),
    ("妊婦で避けなくてよい降圧薬はどれか。", BP, "B", False),
    ("妊婦で避けるべきでない降圧薬はどれか。", BP, "B", False),
    ("Which antihypertensive is not contraindicated in 妊婦?", BP, "B", False),
    ("妊婦の降圧薬で誤っているのはどれか。", BP, "A", False),
    ("低カリウム血症をきたす薬剤はどれか。", POTASSIUM, "B", False),
    ("低カリウム血症をきたさない薬剤はどれか。", POTASSIUM, "A", False),
    ("高カリウム血症をきたす薬剤はどれか。", POTASSIUM, "A", False),
    ("高カリウム血症をきたしにくい薬剤はどれか。", POTASSIUM, "B", False),
    ("高カリウム血症をきたさない薬剤はどれか。", POTASSIUM, "B", False),
    ("高カリウム血症の原因となるのはどれか。", ("RAS阻害薬", "フロセミド"), "A", True),
    ("腎機能低下で減量が必要ない薬はどれか。", ("バンコマイシン", "アムロジピン"), "B", False),
    ("アナフィラキシーの第一選択はどれか。", ("抗ヒスタミン薬", "アドレナリン筋注"), "B", True),
    ("アナフィラキシーの第一選択薬はどれか。", ("抗ヒスタミン薬", "アドレナリン"), "B", True),
    ("アナフィラキシーの第一選択はどれか。", ("抗ヒスタミン薬", "ステロイド薬"), "", False),
    ("アナフィラキシーの第一選択はどれか。", ("アドレナリン静注", "アドレナリン皮下注"), "", False),
    ("IgA腎症で正しいのはどれか。", ("日本の原発性糸球体腎炎で最も少ない", "補体が低下する"), "", False),
    ("IgA腎症の確定診断に必要なのはどれか。", ("腎生検", "腹部CT", "尿培養"), "A", True),
    (
        "心電図変化を伴う高カリウム血症に最初に投与するのはどれか。",
        ("グルコン酸カルシウム", "輸血"),
        "A",
        True,
    ),
    ("敗血症性ショックの第一選択の血管収縮薬はどれか。", ("ノルアドレナリン", "ドパミン"), "A", True),
    ("てんかん重積状態の第一選択はどれか。", ("ベンゾジアゼピン系薬", "カルバマゼピン"), "A", True),
    ("白内障の治療に用いるのはどれか。", ("ステロイド", "インスリン"), "", False),
]


@pytest.mark.parametrize(("text", "choices", "right", "must_answer"), CHOOSING)
def test_a_choice_is_right_or_none(
    starter: IndexRetriever, text: str, choices: tuple[str, ...], right: str, must_answer: bool
) -> None:
    choice = answered(starter, text, choices).choice
    assert choice is None or choice in right
    assert choice is not None or not must_answer
