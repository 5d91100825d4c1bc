"""Synonyms: found where words are, told with their table, and refused where a table is malformed."""

from pathlib import Path

import pytest

from indexer import (
    AnalysisSettings,
    HybridIndex,
    IndexSettings,
    InvalidTable,
    MeCabAnalyzer,
    Synonyms,
    build_index,
    fold,
)
from indexer.synonyms import SHIPPED
from tests.indexer.conftest import document

HEAD = "group\tterm\tkind\tprovenance\n"


@pytest.fixture(scope="module")
def shipped() -> Synonyms:
    return Synonyms.load([SHIPPED])


def found(synonyms: Synonyms, analyzer: MeCabAnalyzer, query: str) -> dict[str, tuple[str, ...]]:
    folded = fold(query)
    return dict(synonyms.expansions(folded, analyzer.boundaries(folded)))


@pytest.mark.parametrize(
    ("query", "term", "other"),
    [
        ("足がむくむ", "むくむ", "浮腫"),
        ("ＣＫＤの食事", "ckd", "慢性腎臓病"),
        ("CKD患者の食事", "ckd", "慢性腎臓病"),
        ("ACE阻害薬の副作用", "ace阻害薬", "アンジオテンシン変換酵素阻害薬"),
        ("ラシックスの量", "ラシックス", "フロセミド"),
        ("chronic kidney disease とは", "chronic kidney disease", "CKD"),
    ],
)
def test_a_term_brings_its_other_names(
    shipped: Synonyms, analyzer: MeCabAnalyzer, query: str, term: str, other: str
) -> None:
    assert other in found(shipped, analyzer, query)[term]


@pytest.mark.parametrize("abbreviation", ["PE", "MS", "RA", "PD", "HD", "CIN", "PT", "AS", "SVR", "AVG"])
def test_an_abbreviation_of_several_things_is_none_of_them(
    shipped: Synonyms, analyzer: MeCabAnalyzer, abbreviation: str
) -> None:
    """PE is an embolism, a plasma exchange and an effusion; a site may say which in its own table."""
    assert fold(abbreviation) not in found(shipped, analyzer, f"{abbreviation}の患者")


def test_a_wider_word_keeps_to_its_own_group(shipped: Synonyms, analyzer: MeCabAnalyzer) -> None:
    assert found(shipped, analyzer, "人工透析")["人工透析"] == ("透析", "dialysis")
    assert "解熱鎮痛薬" not in found(shipped, analyzer, "痛み止め")["痛み止め"]
    assert {"無尿", "尿閉"} <= set(found(shipped, analyzer, "おしっこが出ない")["おしっこが出ない"])


@pytest.mark.parametrize("query", ["がんばる", "dockd", "", "検査のあと"])
def test_part_of_a_word_is_no_term(shipped: Synonyms, analyzer: MeCabAnalyzer, query: str) -> None:
    assert found(shipped, analyzer, query) == {}


def test_the_longest_term_wins_and_none_overlap(tmp_path: Path, analyzer: MeCabAnalyzer) -> None:
    table = tmp_path / "t.tsv"
    rows = "a\t腎不全\tsynonym\tx\na\t腎臓の不全\tsynonym\tx\nb\t急性腎不全\tsynonym\tx\nb\tARF\tsynonym\tx\n"
    table.write_text(HEAD + rows, encoding="utf-8")
    assert found(Synonyms.load([table]), analyzer, "急性腎不全の治療") == {"急性腎不全": ("ARF",)}


def test_a_sites_table_adds_to_a_group(tmp_path: Path, analyzer: MeCabAnalyzer) -> None:
    table = tmp_path / "site.tsv"
    table.write_text(HEAD + "ckd\t当院CKD外来病名\tsynonym\tour ward\n", encoding="utf-8")
    both = Synonyms.load([SHIPPED, table])
    assert "慢性腎臓病" in found(both, analyzer, "当院CKD外来病名の人")["当院ckd外来病名"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", ""),
        (b"term,group\n", ":1"),
        ((HEAD + "a\tb\tc\n").encode(), ":2"),
        ((HEAD + "a\t \tc\td\n").encode(), ":2"),
        ("\xff".encode("latin-1"), ""),
    ],
)
def test_a_malformed_table_is_refused_by_its_line(tmp_path: Path, content: bytes, line: str) -> None:
    table = tmp_path / "t.tsv"
    table.write_bytes(content)
    if not content:
        assert Synonyms.load([table]).groups == {}
        return
    with pytest.raises(InvalidTable, match=f"t.tsv{line}"):
        Synonyms.load([table])


def test_every_row_of_the_shipped_table_has_a_provenance_and_a_partner(shipped: Synonyms) -> None:
    rows = SHIPPED.read_text(encoding="utf-8").splitlines()
    assert len(rows) > 500
    assert all(len(row.split("\t")) == 4 and all(row.split("\t")) for row in rows)
    assert [group for group, terms in shipped.groups.items() if len(terms) < 2] == []


def test_no_row_of_the_shipped_table_folds_onto_another_of_its_group(shipped: Synonyms) -> None:
    """Folding finds 頚 as 頸 by itself: such a row would be dead weight."""
    assert [group for group, terms in shipped.groups.items() if len(set(map(fold, terms))) < len(terms)] == []


def test_an_index_keeps_the_tables_it_was_built_with(tmp_path: Path) -> None:
    table = tmp_path / "site.tsv"
    table.write_text(HEAD + "g\t院内語\tsynonym\tx\ng\t心電図\tsynonym\tx\n", encoding="utf-8")
    settings = IndexSettings(analysis=AnalysisSettings(synonyms=(table,)))
    manifest = build_index([document("d", "心電図の検査")], tmp_path / "ix", settings)
    table.unlink()
    with HybridIndex.open(tmp_path / "ix", verify=True) as index:
        assert index.search("院内語").expansions == ("心電図",)
    assert {"synonyms/000.tsv", "synonyms/001.tsv"} < manifest.files.keys()
