"""How a question of a case is put: the stages known, what is handed over, the question.

Everything comes from a `StageView`, so the text cannot hold a later stage.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from corpora import Frozen
from service.cases.protocol import Protocol, ProtocolQuestion
from service.cases.views import StageView
from service.errors import BadRequest
from service.markers import without_markers
from service.questions import Language, Question

HANDED_CHARS = 1_500
"""Of one earlier answer. Eight of them and a long case stay within a question's 20,000 characters."""


class CaseWords(Frozen):
    """One language's headings and instructions."""

    case: str
    handed: str
    asked: str
    task: str
    cut: str


CASE_WORDS: dict[Language, CaseWords] = {
    "ja": CaseWords(
        case="# 症例({status})",
        handed="# これまでの設問への回答",
        asked="# 設問 {id}",
        task=(
            "この症例について、上の設問に答えてください。症例に書かれた所見は症例の本文を根拠に述べ、"
            "医学的な知識には資料のキーを付けてください。書かれていない検査結果や経過を作らないでください。"
        ),
        cut="…(以下略)",
    ),
    "en": CaseWords(
        case="# Case ({status})",
        handed="# Answers to the earlier questions",
        asked="# Question {id}",
        task=(
            "Answer the question above for this case. State its findings from the case itself, and give the "
            "source's key for medical knowledge. Invent no result and no course that is not written."
        ),
        cut="… (cut)",
    ),
}
"""Any change here raises `CASE_PROMPT_VERSION`."""

CASE_PROMPT_VERSION = "1"


def asked(
    view: StageView, protocol: Protocol, question: ProtocolQuestion, handed: Mapping[str, str]
) -> Question:
    """The question as a strategy takes it.

    Args:
        handed: Question id → answer, of earlier questions only; citation keys are taken out, because they
            belong to another answer's evidence.

    Raises:
        BadRequest: If the case is longer than a question may be.
    """
    words = CASE_WORDS[view.language]
    titles = {stage.name: stage.shows_ja for stage in protocol.stages}
    texts = {known.question_id: _text(known, view.language) for s in protocol.stages for known in s.questions}
    status = view.status.ja if view.language == "ja" else view.status.en
    parts = [words.case.format(status=status)]
    for stage in view.stages:
        if stage.absent is None:
            title = titles.get(stage.name, stage.name) if view.language == "ja" else stage.name
            parts.append(f"## {title}\n{stage.rendered()}")
    if handed:
        parts.append(words.handed)
        parts += [f"## {name} {texts.get(name, '')}\n{_short(text, words)}" for name, text in handed.items()]
    parts.append(f"{words.asked.format(id=question.question_id)}\n{_text(question, view.language)}")
    parts.append(words.task)
    try:
        return Question(text="\n\n".join(parts))
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise BadRequest(
            f"症例 {view.case_id} を質問にできません: {reason}", f"{view.case_id} cannot be asked: {reason}"
        ) from None


def _text(question: ProtocolQuestion, language: Language) -> str:
    return question.ja if language == "ja" else question.en


def _short(text: str, words: CaseWords) -> str:
    plain = without_markers(text).strip()
    return plain if len(plain) <= HANDED_CHARS else plain[:HANDED_CHARS] + words.cut
