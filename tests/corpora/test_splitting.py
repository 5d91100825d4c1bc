"""Passages: exact offsets, nothing lost, no heading crossed."""

from hypothesis import given
from hypothesis import strategies as st

from corpora import Document, SplitSettings, split
from corpora.markdown import heading_tree
from corpora.splitting import width

MARKDOWN = """# 高カリウム血症

前置きの文である。

## 治療

カルシウムを投与する。効果は数分で現れる。

### 透析

- 無尿の患者
- 内科的治療に反応しない患者

```
# これは見出しではない
```

## 予後
再発に注意する。
"""


def document(text: str, title: str = "高カリウム血症") -> Document:
    return Document(doc_id="d", title=title, text=text, sections=heading_tree(text))


def test_passages_follow_the_headings() -> None:
    paths = [passage.headings for passage in split(document(MARKDOWN))]
    assert paths == [
        ("高カリウム血症",),
        ("高カリウム血症", "治療"),
        ("高カリウム血症", "治療", "透析"),
        ("高カリウム血症", "予後"),
    ]


def test_heading_lines_are_in_the_path_not_in_the_text() -> None:
    assert [p.text for p in split(document(MARKDOWN))][1] == "カルシウムを投与する。効果は数分で現れる。"


def test_list_items_keep_their_markers() -> None:
    assert split(document(MARKDOWN))[2].text.startswith("- 無尿の患者\n- 内科的")


def test_one_passage_has_the_id_of_its_document() -> None:
    assert [p.passage_id for p in split(document("一文だけ。"))] == ["d"]


def test_several_passages_are_numbered_from_one() -> None:
    assert [p.passage_id for p in split(document(MARKDOWN))] == ["d~1", "d~2", "d~3", "d~4"]


def test_long_sections_are_cut_evenly() -> None:
    text = "".join(f"{n:02d}番目の文はこのように続いていく。" for n in range(40))
    widths = [width(p.text) for p in split(document(text), SplitSettings(max_width=300))]
    assert max(widths) <= 300
    assert min(widths) > 150, "no leftover of one short sentence"


def test_a_sentence_longer_than_a_passage_is_cut_at_commas() -> None:
    text = "腎機能が低下し、" * 30 + "透析する。"
    passages = split(document(text), SplitSettings(max_width=100))
    assert all(p.text.endswith(("、", "。")) for p in passages)
    assert "".join(p.text for p in passages) == text


def test_numbers_and_marks_stay_whole_where_a_sentence_must_be_cut() -> None:
    text = "検査値" + "が" * 38 + "12345678" + "が" * 60
    first = split(document(text), SplitSettings(max_width=42))[0].text
    assert first.endswith("が"), "the cut stands before the number, not in it"


def test_a_document_of_a_lone_heading_is_still_findable() -> None:
    assert [p.text for p in split(document("# 高カリウム血症"))] == ["# 高カリウム血症"]


JAPANESE = st.text(alphabet="腎臓のCKDは12.5mg。、！？「」（）\n #-|：\u3000か゛²½🩺", max_size=400)


@given(JAPANESE.filter(str.strip), st.integers(40, 120))
def test_offsets_are_exact_and_nothing_is_lost(text: str, max_width: int) -> None:
    source = document(text, title="")
    passages = split(source, SplitSettings(max_width=max_width))
    covered = set()
    last = 0
    for passage in passages:
        assert source.text[passage.start : passage.end] == passage.text
        assert passage.start >= last, "passages never overlap"
        last = passage.end
        covered.update(range(passage.start, passage.end))
        assert width(passage.text) <= max_width or len(passages) == 1

    def heading_characters(sections: tuple) -> set[int]:  # type: ignore[type-arg]
        found: set[int] = set()
        for section in sections:
            found.update(range(section.start, section.body))
            found |= heading_characters(section.sections)
        return found

    in_headings = heading_characters(source.sections)
    lost = [c for i, c in enumerate(text) if i not in covered and i not in in_headings and c.isalnum()]
    assert not lost
