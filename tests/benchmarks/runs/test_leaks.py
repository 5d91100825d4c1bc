"""Evidence that gives a question away is noticed; ordinary evidence on the same subject is not."""

from benchmarks.parsing import Expected
from benchmarks.runs.leaks import leaks, names_source
from benchmarks.tasks import Item
from service.answers import Evidence

STEM = "65歳の男性。慢性腎臓病で通院中に血清カリウム値6.8 mEq/Lを指摘された。心電図でテント状T波を認める。"
CHOICES = ("グルコン酸カルシウムの静注", "フロセミドの内服", "経過観察", "塩化カリウムの補充")


def item(**more: object) -> Item:
    expected = Expected(kind="choice", labels=("A", "B", "C", "D"), texts=CHOICES)
    return Item(item_id="1", question=STEM, expected=expected, gold=(("A",),), **more)  # type: ignore[arg-type]


def passage(text: str, doc_id: str = "doc", source: str | None = None) -> Evidence:
    return Evidence(
        key="E1",
        passage_id=f"{doc_id}~1",
        doc_id=doc_id,
        title="題",
        headings=(),
        text=text,
        source=source,
        edition=None,
        published=None,
        unreviewed=False,
        query="q",
        step=1,
        score=1.0,
        generation="g",
    )


def kinds(found: Evidence, asked: Item | None = None) -> set[str]:
    return {leak.kind for leak in leaks(asked or item(), [found])}


def test_a_passage_with_the_stem_is_a_leak_whatever_its_widths_and_line_breaks() -> None:
    wide = STEM.replace("65", "６５").replace("mEq/L", "ｍＥｑ／Ｌ").replace("。", "。\n")
    assert kinds(passage(f"過去問の解説。{wide} 正解はA。")) == {"stem"}


def test_a_passage_on_the_same_subject_is_none() -> None:
    assert (
        kinds(passage("高カリウム血症で心電図にテント状T波を認めるとき、グルコン酸カルシウムの静注を行う。"))
        == set()
    )


def test_half_of_the_stem_counts_and_a_common_phrase_does_not() -> None:
    assert kinds(passage(STEM[: len(STEM) * 2 // 3])) == {"stem"}
    assert kinds(passage("血清カリウム値6.8 mEq/Lを指摘された。")) == set()


def test_all_choices_in_one_passage_are_a_leak_and_some_are_not() -> None:
    assert kinds(passage("選択肢は " + "、".join(CHOICES))) == {"choices"}
    assert kinds(passage("、".join(CHOICES[:3]))) == set()


def test_the_source_is_known_by_id_or_pmid() -> None:
    asked = item(source_ids=("21645374",))
    assert kinds(passage("本文。", doc_id="21645374"), asked) == {"source"}
    assert kinds(passage("本文。", doc_id="pmid:21645374"), asked) == {"source"}
    assert kinds(
        passage("本文。", doc_id="other", source="https://pubmed.ncbi.nlm.nih.gov/21645374/"), asked
    ) == {"source"}
    assert kinds(passage("本文。", doc_id="pmid:2164537"), asked) == set()
    assert not names_source(("12345",), "doc-1", "ISBN 12345")


def test_an_english_stem_is_compared_by_words() -> None:
    stem = "Does intensive potassium lowering therapy reduce mortality in adults with chronic kidney disease?"
    asked = item().model_copy(update={"question": stem})
    assert kinds(passage(f"Title: {stem.upper()} A trial."), asked) == {"stem"}
    assert (
        kinds(passage("Intensive therapy in adults with chronic kidney disease was studied."), asked) == set()
    )
