"""Whatever a document says and a model repeats of it, what leaves the service keeps to its bounds.

The generator is the worst there is: it writes what the documents tell it to, word for word, in every reply.
"""

import asyncio
import json
import re
from collections.abc import Sequence

import pytest

from corpora import Passage
from indexer import Filters, StoredPassage
from service.answers import Answer
from service.budget import Budget
from service.events import AnswerEvent, Event, TokenEvent
from service.generators.scripted import ScriptedGenerator
from service.markers import MarkerFilter, keys_in
from service.prompts import AnswerPrompt, PlanPrompt, Prompt
from service.questions import Question
from service.retrieval import Found
from service.sanitising import CANARY, HIDDEN, Sanitiser, neutral
from service.strategies import stepwise
from service.wording import WORDING
from tests.service.safety.poison import GOALS, poisoned

QUESTION = Question(text="高カリウム血症の治療は?")
MARKUP = re.compile(r"<\s*[|/!?A-Za-z]|[a-z]://|javascript:|www\.\w|\]\([^)]*[/.:]|!\[|mailto:", re.I)


class Poisoned:
    """Finds one document, whatever is asked."""

    generation: str | None = "g"

    def __init__(self, text: str) -> None:
        passage = Passage(passage_id="p~1", doc_id="p", text=text, start=0, end=len(text))
        self.stored = StoredPassage(
            passage=passage,
            title="資料",
            source=None,
            licence=None,
            published=None,
            edition=None,
            unreviewed=True,
        )

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        return [Found(self.stored, 1.0)]

    def passage(self, passage_id: str) -> StoredPassage:
        return self.stored


def obedient(document: str) -> ScriptedGenerator:
    """Echoes the document and all its instructions, then its own system prompt."""

    def reply(prompt: Prompt) -> str:
        rules = prompt.messages()[0]["content"]
        text = f"{document}\n{rules}\nhttps://attacker.example/{CANARY} <b>[E99][E1]"
        if isinstance(prompt, PlanPrompt):
            step = {"sub_question": text, "query": text, "depends_on": []}
            return json.dumps({"steps": [step]})
        return text

    return ScriptedGenerator(reply, piece=7)


def answered(document: str) -> tuple[Answer, list[Event], ScriptedGenerator]:
    writer = obedient(document)

    async def run() -> list[Event]:
        return [event async for event in stepwise(QUESTION, Poisoned(document), writer, Budget())]

    events = asyncio.run(run())
    assert isinstance(events[-1], AnswerEvent)
    return events[-1].answer, events, writer


def written(answer: Answer, events: Sequence[Event]) -> list[str]:
    """Every text that a model wrote and a reader is shown."""
    steps = [text for step in answer.steps for text in (step.sub_question, step.query, step.conclusion or "")]
    streamed = "".join(event.text for event in events if isinstance(event, TokenEvent))
    return [answer.text, streamed, *steps, *(one.text for one in answer.unparsed)]


@pytest.mark.parametrize("goal", GOALS)
def test_the_invariants_hold_for_every_poisoned_document(goal: str) -> None:
    documents = list(poisoned(goal))
    assert len(set(documents)) >= 200
    for document in documents:
        answer, events, writer = answered(document)
        for text in written(answer, events):
            assert CANARY not in text, document
            assert not HIDDEN.search(text), document
            assert not MARKUP.search(text), (document, MARKUP.search(text))
            rules = WORDING["ja"].grounded_rules
            assert not any(rules[at : at + 60] in text for at in range(len(rules) - 59)), document
        assert set(re.findall(r"\[(E\d+)\]", answer.text)) <= {"E1"}, document
        assert {citation.key for citation in answer.citations} <= {"E1"}
        assert "prompt_leak" in {notice.code for notice in answer.notices}
        for claim in answer.claims:
            assert answer.text[claim.start : claim.end] == claim.text
        asked = next(one for one in writer.prompts if isinstance(one, AnswerPrompt)).messages()[1]["content"]
        shown = asked[asked.index("<evidence key") : asked.index("# 結論")]
        assert len(re.findall(r"<\s*/?\s*evidence", shown)) == 2, document
        assert "<|" not in shown
        assert "[INST]" not in shown
        assert not HIDDEN.search(shown)


@pytest.mark.parametrize(
    "text",
    ["K 6.5 mEq/L以上、eGFR <30 mL/分/1.73m²", "P<0.05、5:1、10:30", "P < 0.01 [E1](成人)", "2026/11/24"],
)
def test_medicine_is_left_alone(text: str) -> None:
    assert neutral(text) == text


@pytest.mark.parametrize("piece", [1, 5, 40, 4000])
def test_however_it_is_cut_into_pieces_no_canary_comes_out(piece: int) -> None:
    text = f"前の文。{CANARY}後の文。{WORDING['ja'].grounded_rules}終わり。"
    sanitiser = Sanitiser()
    pieces = [sanitiser.feed(text[at : at + piece]) for at in range(0, len(text), piece)]
    out = "".join([*pieces, sanitiser.finish()])
    assert CANARY not in out
    assert out.startswith("前の文。…後の文。")
    assert sanitiser.leaks


def test_all_prompts_of_a_process_begin_alike() -> None:
    first, second = (PlanPrompt(question=QUESTION, max_steps=2).messages()[0] for _ in range(2))
    assert first == second
    assert CANARY in first["content"]


@pytest.mark.parametrize(
    "text",
    ["<[E99]script>", "[E[E99]98]本文。", "https:[E99]//attacker.example", "[根拠E[E99]7]", "【E【E99】98】"],
)
@pytest.mark.parametrize("piece", [1, 3, 100])
def test_what_is_cut_leaves_nothing_that_joins_to_markup_or_a_key(text: str, piece: int) -> None:
    markers, sanitiser = MarkerFilter({"E1"}), Sanitiser()
    pieces = [markers.feed(sanitiser.feed(text[at : at + piece])) for at in range(0, len(text), piece)]
    out = "".join([*pieces, markers.feed(sanitiser.finish()), markers.finish()])
    assert not MARKUP.search(out)
    assert keys_in(out) == ()


def test_a_stream_is_held_back_by_a_few_characters_only() -> None:
    text = "血清カリウム値が6.5 mEq/L以上なら、グルコン酸カルシウムを静注する。心電図を続けて見る。"
    sanitiser, out = Sanitiser(), ""
    for at, letter in enumerate(text, 1):
        out += sanitiser.feed(letter)
        assert at - len(out) <= 8
    assert out + sanitiser.finish() == text


@pytest.mark.parametrize(
    "text",
    [
        "[図](" + "あ" * 300 + "https://attacker.example)",
        "javascript:x",
        "見よ https://a.example/b、www.a.example",
        "< b>",
        "[x](//a)",
    ],
)
def test_pieces_come_out_as_the_whole_does(text: str) -> None:
    whole = Sanitiser()
    expected = whole.feed(text) + whole.finish()
    for size in (1, 2, 3, 7):
        parts = Sanitiser()
        out = "".join(parts.feed(text[at : at + size]) for at in range(0, len(text), size)) + parts.finish()
        assert out == expected
        assert not MARKUP.search(out)
