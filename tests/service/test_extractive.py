"""Answers without a model: whole sentences, each cited, deterministic, and silence where nothing fits."""

import asyncio

import pytest

from indexer import MeCabAnalyzer
from service.answers import Answer, Evidence, Step
from service.budget import Budget
from service.claims import find_sentence
from service.events import AnswerEvent
from service.generators import Limits
from service.generators.choosing import best_choice
from service.generators.extractive import ExtractiveGenerator
from service.markers import MARKER
from service.prompts import StepPrompt
from service.questions import Choice, Question
from service.retrieval import IndexRetriever
from service.strategies import stepwise
from tests.service.samples import evidence

TERMS = MeCabAnalyzer().terms


def answered(question: Question, retriever: IndexRetriever) -> Answer:
    async def run() -> Answer:
        generator = ExtractiveGenerator(TERMS)
        events = [event async for event in stepwise(question, retriever, generator, Budget())]
        assert isinstance(events[-1], AnswerEvent)
        return events[-1].answer

    return asyncio.run(run())


def concluded(question: str, query: str, found: tuple[Evidence, ...]) -> str:
    step = Step(number=1, sub_question=question, query=query, evidence=found)
    prompt = StepPrompt(question=Question(text=question), earlier=(), together=(step,), step=step)
    generator = ExtractiveGenerator(TERMS)
    return asyncio.run(generator.generate(prompt, limits=Limits(max_tokens=10))).text


def test_every_sentence_is_copied_and_confirmed(retriever: IndexRetriever) -> None:
    answer = answered(Question(text="メトホルミンの禁忌と副作用は？"), retriever)
    assert answer.claims
    assert {claim.status for claim in answer.claims} == {"verified"}
    for claim in answer.claims:
        found = next(e for s in answer.steps for e in s.evidence if e.key == claim.citations[0])
        assert find_sentence(MARKER.sub("", claim.text), found.text)
    assert "投与しない" in answer.text
    assert answer.notices[-1].code == "extractive" or "extractive" in {n.code for n in answer.notices}


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("ネフローゼ症候群の原因は？", "膜性腎症"),
        ("ネフローゼ症候群の症状は？", "浮腫"),
        ("高カリウム血症の原因は？", "RAS阻害薬"),
        ("メトホルミンの副作用は？", "下痢"),
        ("メトホルミンの禁忌は？", "eGFR"),
        ("CKD患者で高カリウム血症を認めたときの初期対応は？", "グルコン酸カルシウム"),
    ],
)
def test_the_sentences_answer_what_is_asked(retriever: IndexRetriever, question: str, said: str) -> None:
    assert said in answered(Question(text=question), retriever).text


@pytest.mark.parametrize(
    "question", ["宇宙飛行士の骨密度低下の治療は？", "量子コンピュータの原理", "白内障の原因は？"]
)
def test_an_unknown_topic_is_not_answered(retriever: IndexRetriever, question: str) -> None:
    answer = answered(Question(text=question), retriever)
    assert (answer.abstained, answer.claims, answer.citations) == (True, (), ())


def test_the_same_question_has_the_same_answer(retriever: IndexRetriever) -> None:
    question = Question(text="ネフローゼ症候群の原因、症状と治療は？")
    assert answered(question, retriever) == answered(question, retriever)


def test_equal_sentences_are_said_once_from_the_first_evidence() -> None:
    text = "利尿薬は浮腫の治療に用いる。"
    found = (evidence("E1", text), evidence("E2", text, number=2))
    assert concluded("浮腫の治療は？", "浮腫 治療", found) == f"- {text}[E1]"


def test_a_heading_lifts_its_sentences() -> None:
    plain = evidence("E1", "肺炎は高齢者に多い。")
    under = evidence("E2", "セフトリアキソンを用いる。", number=2).model_copy(
        update={"headings": ("肺炎", "治療"), "title": "肺炎"}
    )
    assert "セフトリアキソン" in concluded("肺炎の治療は？", "肺炎 治療", (plain, under))


CHOICES = (
    Choice(label="A", text="グルコン酸カルシウム"),
    Choice(label="B", text="スピロノラクトン"),
    Choice(label="C", text="輸血"),
)


@pytest.mark.parametrize(
    ("stem", "texts", "label"),
    [
        ("高カリウム血症に用いるのはどれか。", ["高カリウム血症にはグルコン酸カルシウムを用いる。"], "A"),
        # Support by a negation is no support, unless the stem asks for what to avoid.
        ("高カリウム血症に用いるのはどれか。", ["高カリウム血症ではスピロノラクトンは禁忌である。"], None),
        ("高カリウム血症で禁忌はどれか。", ["高カリウム血症ではスピロノラクトンは禁忌である。"], "B"),
        (
            "高カリウム血症で避けるべきものはどれか。",
            ["高カリウム血症にはグルコン酸カルシウムを用いる。"],
            None,
        ),
        # No evidence, evidence about something else, an exact tie: null, never a guess.
        ("高カリウム血症に用いるのはどれか。", [], None),
        ("高カリウム血症に用いるのはどれか。", ["肺炎は高齢者に多い。"], None),
        (
            "高カリウム血症に用いるのはどれか。",
            ["高カリウム血症にはスピロノラクトンを用いる。", "高カリウム血症には輸血を用いる。"],
            None,
        ),
    ],
)
def test_a_choice_needs_support_of_its_own(stem: str, texts: list[str], label: str | None) -> None:
    found = [evidence(f"E{number}", text, number=number) for number, text in enumerate(texts, start=1)]
    plain = [item.model_copy(update={"headings": ()}) for item in found]
    best = best_choice(Question(text=stem, choices=CHOICES), plain, TERMS)
    assert (best.label if best else None) == label
    assert best is None or best.sentence in texts
