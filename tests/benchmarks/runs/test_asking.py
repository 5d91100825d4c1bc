"""Items as the service takes them, and its answers as readings."""

import pytest

from benchmarks.parsing import Expected
from benchmarks.runs.asking import question_of, reading, style_of
from benchmarks.tasks import Item

LABELS = ("a", "b", "c", "d", "e")


def item(question: str, kind: str = "choices", texts: tuple[str, ...] = tuple("甲乙丙丁戊")) -> Item:
    labels = LABELS if kind in ("choice", "choices") else ()
    expected = Expected(kind=kind, labels=labels, texts=texts if labels else ())  # type: ignore[arg-type]
    return Item(item_id="1", question=question, expected=expected, gold=(("a",),))


@pytest.mark.parametrize(
    ("asked", "style"),
    [
        (item("正しいのはどれか。"), "labelled"),
        (item("正しいのはどれか。2つ選べ。"), "written"),
        (item("正しいのはどれか。３つ選べ。"), "written"),
        (item("1つ選べ。"), "labelled"),
        (item("BMIを計算せよ。", "number"), "written"),
        (item("病名を抜き出せ。", "entities"), "written"),
        (item("画像を示す。正しいのはどれか。", texts=("",) * 5), "written"),
    ],
)
def test_one_label_is_settled_by_the_service_and_everything_else_is_written(asked: Item, style: str) -> None:
    assert style_of(asked, "labelled") == style
    assert style_of(asked, "written") == "written"
    assert bool(question_of(asked, "labelled").choices) == (style == "labelled")


def test_a_written_question_holds_its_choices_and_says_how_to_end() -> None:
    text = question_of(item("正しいのはどれか。2つ選べ。"), "labelled").text
    assert "a. 甲" in text
    assert "e. 戊" in text
    assert "「答え: 」" in text


@pytest.mark.parametrize(
    ("prompt", "text", "choice", "reason", "status", "value"),
    [
        ("labelled", "本文。", "b", None, "parsed", ("b",)),
        ("labelled", "答えはb。", None, "choice_unparsed", "unparsed", ()),
        ("labelled", "答えはb。", None, "no_choice", "abstained", ()),
        ("written", "カルシウムを静注する。[E1]\n答え: b [E2]", None, None, "parsed", ("b",)),
        ("written", "答え: b", None, "insufficient_evidence", "abstained", ()),
        ("written", "aかbのどちらか。", None, None, "unparsed", ()),
    ],
)
def test_readings(
    prompt: str, text: str, choice: str | None, reason: str | None, status: str, value: tuple[str, ...]
) -> None:
    found = reading(item("正しいのはどれか。"), prompt, text, choice, reason)  # type: ignore[arg-type]
    assert (found.status, found.value) == (status, value)
