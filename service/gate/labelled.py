"""Labelled questions: whether a corpus answers them, and from which documents."""

from pathlib import Path

from pydantic import ValidationError

from corpora import Frozen
from indexer.errors import InvalidQuery
from service.abstaining import AbstentionSettings, Signals, signals
from service.answer_flow import answer
from service.budget import Budget
from service.generators import Generator
from service.questions import Question
from service.retrieval import Retriever
from service.strategies import StrategyName


class Labelled(Frozen):
    """One question.

    Attributes:
        docs: Documents that answer it; an answer that cites none of them is wrong. Empty: any may.
    """

    id: str
    text: str
    answerable: bool
    docs: tuple[str, ...] = ()


class Answered(Frozen):
    """What came of it; ``wrong`` means that no answer should have been given, or another one."""

    id: str
    answerable: bool
    abstained: bool
    wrong: bool
    signals: Signals


def read_labelled(path: Path) -> list[Labelled]:
    """Read JSON lines.

    Raises:
        InvalidQuery: Naming the first line that is malformed.
    """
    rows = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidQuery(f"{path} cannot be read as UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                rows.append(Labelled.model_validate_json(line))
        except ValidationError:
            raise InvalidQuery(
                f'{path}:{number}: a line reads {{"id": "1", "text": "…", "answerable": true, "docs": ["…"]}}'
            ) from None
    return rows


async def answer_labelled(
    rows: list[Labelled], name: StrategyName, retriever: Retriever, generator: Generator, budget: Budget
) -> list[Answered]:
    """Answer each in turn, withholding nothing."""
    never = AbstentionSettings(max_contradicted=1.0)
    done = []
    for row in rows:
        question = Question(text=row.text)
        given = await answer(name, question, retriever, generator, budget, abstention=never)
        cited = {citation.doc_id for citation in given.citations}
        right = row.answerable and (not row.docs or not cited.isdisjoint(row.docs))
        done.append(
            Answered(
                id=row.id,
                answerable=row.answerable,
                abstained=given.abstained,
                wrong=not given.abstained and not right,
                signals=signals(question, given),
            )
        )
    return done
