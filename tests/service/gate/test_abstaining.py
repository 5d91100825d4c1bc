"""An answer is withheld where too little bears it out, and what was found stays."""

import asyncio

import pytest

from indexer.errors import InvalidQuery
from service.abstaining import WITHHELD, AbstentionSettings, signals
from service.answer_flow import answer
from service.answers import Answer
from service.budget import Budget
from service.gate.drawing import curve_svg
from service.gate.selective import Outcome, aurc, fit_abstention, risk_coverage
from service.generators.scripted import ScriptedGenerator
from service.questions import Question
from service.retrieval import IndexRetriever

QUESTION = Question(text="高カリウム血症で緊急治療の対象となる血清カリウム値は?")
TRUE = "血清カリウム値6.5 mEq/L以上または心電図変化があれば緊急治療の対象である。"
CHANGED = TRUE.replace("6.5", "5.5")


def told(retriever: IndexRetriever, sentence: str, settings: AbstentionSettings) -> Answer:
    key = next(
        f"E{number}"
        for number, hit in enumerate(retriever.search(QUESTION.text, 5), start=1)
        if TRUE in hit.passage.passage.text
    )
    writer = ScriptedGenerator([f"{sentence}[{key}]"])
    return asyncio.run(answer("single", QUESTION, retriever, writer, Budget(), abstention=settings))


def test_an_answer_that_contradicts_its_sources_is_withheld_by_default(retriever: IndexRetriever) -> None:
    given = told(retriever, CHANGED, AbstentionSettings())
    assert (given.text, given.abstained, given.claims) == (WITHHELD["ja"], True, ())
    assert given.reason is not None
    assert given.reason.code == "contradicted_answer"
    assert given.steps[0].evidence


def test_a_borne_out_answer_is_given(retriever: IndexRetriever) -> None:
    given = told(retriever, TRUE, AbstentionSettings(min_confidence=0.3))
    assert not given.abstained
    found = signals(QUESTION, given)
    assert (found.verified, found.contradicted) == (1.0, 0.0)
    assert 0.3 < found.covered <= 1


def test_thin_evidence_is_withheld_below_the_threshold_only(retriever: IndexRetriever) -> None:
    given = told(retriever, "緊急治療の要否は主治医が決める。", AbstentionSettings(min_confidence=0.3))
    assert given.reason is not None
    assert given.reason.code == "thin_evidence"
    assert not told(retriever, "緊急治療の要否は主治医が決める。", AbstentionSettings()).abstained


def test_no_threshold_lets_a_contradicted_answer_through(retriever: IndexRetriever) -> None:
    for threshold in (None, 0.0, 1.0):
        assert told(retriever, CHANGED, AbstentionSettings(min_confidence=threshold)).abstained


def test_the_curve_is_the_textbook_one() -> None:
    outcomes = [Outcome("a", 0.9, False), Outcome("b", 0.5, True), Outcome("c", 0.5, False)]
    curve = [(point.coverage, point.risk) for point in risk_coverage(outcomes)]
    assert curve == [(pytest.approx(1 / 3), 0.0), (1.0, pytest.approx(1 / 3))]
    assert aurc(outcomes) == pytest.approx(2 / 3 * 1 / 3)
    assert "polyline" in curve_svg(risk_coverage(outcomes))


def test_confidence_that_tells_right_from_wrong_is_adopted() -> None:
    outcomes = [Outcome(f"{one:02}", 0.2 + 0.6 * (one % 2), one % 2 == 0) for one in range(80)]
    fitted = fit_abstention(outcomes)
    assert fitted.adopted
    assert (fitted.min_confidence, fitted.held_out.risk) == (0.8, 0.0)


def test_confidence_that_tells_nothing_is_not() -> None:
    outcomes = [Outcome(f"{one:02}", 0.5, one % 2 == 0) for one in range(80)]
    assert not fit_abstention(outcomes).adopted


def test_too_few_questions_are_refused() -> None:
    with pytest.raises(InvalidQuery, match="29 questions are answered, 30 are needed"):
        fit_abstention([Outcome(str(one), 0.5, False) for one in range(29)])
