"""Which edition is current: chains are followed to their end, circles refused, unknown ids reported."""

import pytest

from corpora import CorpusError, Document, Origin, editions


def edition(doc_id: str, *supersedes: str) -> Document:
    origin = Origin(path=f"{doc_id}.md", sha256="0")
    return Document(doc_id=doc_id, title="", text="本文", supersedes=supersedes, origin=origin)


@pytest.mark.parametrize(
    ("documents", "superseded_by"),
    [
        ([edition("a")], {}),
        ([edition("2026", "2020"), edition("2020")], {"2020": ("2026",)}),
        (
            [edition("2015"), edition("2020", "2015"), edition("2026", "2020")],
            {"2015": ("2026",), "2020": ("2026",)},
        ),
        (
            [edition("総論", "旧版"), edition("各論", "旧版"), edition("旧版")],
            {"旧版": ("各論", "総論")},
        ),
        ([edition("新", "甲", "乙"), edition("甲"), edition("乙")], {"甲": ("新",), "乙": ("新",)}),
        ([edition("2026", "2020", "2015"), edition("2020", "2015"), edition("2015")],
         {"2015": ("2026",), "2020": ("2026",)}),
    ],
)  # fmt: skip
def test_a_superseded_document_names_the_current_ones(
    documents: list[Document], superseded_by: dict[str, tuple[str, ...]]
) -> None:
    assert editions(documents).superseded_by == superseded_by
    assert editions(documents[::-1]).superseded_by == superseded_by


def test_an_edition_that_is_not_there_is_reported_and_changes_nothing() -> None:
    found = editions([edition("2026", "2020")])
    assert found.superseded_by == {}
    assert [str(unknown) for unknown in found.unknown] == [
        "'2026' supersedes '2020', which no document of the corpus is"
    ]


@pytest.mark.parametrize(
    ("documents", "ring"),
    [
        ([edition("a", "a")], "'a' → 'a'"),
        ([edition("b", "a"), edition("a", "b")], "'a' → 'b' → 'a'"),
        ([edition("c", "b"), edition("b", "a"), edition("a", "c"), edition("x", "a")],
         "'a' → 'c' → 'b' → 'a'"),
    ],
)  # fmt: skip
def test_a_circle_is_refused_with_its_documents(documents: list[Document], ring: str) -> None:
    with pytest.raises(CorpusError, match=ring) as refused:
        editions(documents)
    assert refused.value.path.name == "a.md"


def test_a_very_long_chain_is_followed() -> None:
    chain = [edition("0"), *(edition(str(n), str(n - 1)) for n in range(1, 5_000))]
    assert editions(chain).superseded_by["0"] == ("4999",)
