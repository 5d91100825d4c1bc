"""`jmedqa index diff | rollback | verify | gc`: what they say, what they change, what they refuse."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from corpora import Document
from indexer import AnalysisSettings, HybridIndex, IndexSettings, build_index, current_name
from indexer.cli import app
from indexer.generations import build_folder, names
from indexer.manifest import write_sealed
from tests.indexer.conftest import document, write_random_vectors

INDEX = 4
PLAIN = AnalysisSettings(shipped_synonyms=False)
"""Reading the shipped table at each opening would take longer than all else here."""
FIRST = [document("a", "腎臓の検査"), document("b", "肝臓の検査"), document("c", "心臓の検査")]
SECOND = [document("a", "腎臓の検査"), document("b", "肝臓の検査と治療"), document("d", "肺の検査")]
REVISED = [document("a", "腎臓の検査", edition="2版"), *SECOND[1:]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "index"


def build(out: Path, documents: list[Document], keep: int = 9) -> str:
    every = [*FIRST, *SECOND, *REVISED]
    vectors = write_random_vectors(out.parent / "v.npz", every)
    return build_index(
        documents, out, IndexSettings(vectors=(vectors,), keep=keep, analysis=PLAIN)
    ).generation


def call(command: str, out: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, [command, "--index", str(out), *map(str, arguments)])


def data(command: str, out: Path, *arguments: object) -> dict[str, Any]:
    result = call(command, out, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    parsed: dict[str, Any] = json.loads(result.stdout)
    return parsed


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)


def generation(out: Path, name: str) -> Path:
    return out / "generations" / name


# diff


def test_diff_names_what_came_went_and_changed(out: Path) -> None:
    build(out, FIRST)
    build(out, SECOND)
    found = data("diff", out, "previous", "current")
    expected = {"added": ["d"], "removed": ["c"], "changed": ["b"], "details": [], "unchanged": 1}
    assert found["documents"] == expected
    assert found["passages"] == expected
    back = data("diff", out, "current", "previous")
    assert (back["documents"]["added"], back["documents"]["removed"]) == (["c"], ["d"])


def test_diff_tells_a_new_edition_from_a_new_text(out: Path) -> None:
    build(out, SECOND)
    build(out, REVISED)
    found = data("diff", out, "previous", "current")
    assert found["documents"]["changed"] == ["a"]
    assert (found["passages"]["changed"], found["passages"]["details"]) == ([], ["a"])


def test_diff_of_a_generation_with_itself_is_empty(out: Path) -> None:
    build(out, FIRST)
    found = data("diff", out, "current", "current")
    assert found["documents"] == {"added": [], "removed": [], "changed": [], "details": [], "unchanged": 3}


def test_diff_compares_a_document_by_each_of_its_passages(out: Path) -> None:
    def long(last: str) -> Document:
        return document("long", "\n\n".join(["腎臓の検査。" * 300, last * 300]))

    for text in ("心臓の検査。", "胃腸の検査。"):
        vectors = write_random_vectors(out.parent / "v.npz", [long(text)])
        build_index([long(text)], out, IndexSettings(vectors=(vectors,), analysis=PLAIN))
    found = data("diff", out, "previous", "current")
    assert found["documents"]["changed"] == ["long"]
    assert len(found["passages"]["changed"]) >= 1
    assert found["passages"]["unchanged"] >= 1


def test_diff_takes_the_beginning_of_a_name_and_shows_counts_to_people(out: Path) -> None:
    build(out, FIRST)
    build(out, SECOND)
    result = call("diff", out, "000001", "000002")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "documents" in result.stderr


@pytest.mark.parametrize("name", ["000009", "0000", "nonsense", "previous"])
def test_a_generation_that_nothing_or_too_much_fits_is_refused(out: Path, name: str) -> None:
    built = [build(out, FIRST)] if name == "previous" else [build(out, FIRST), build(out, SECOND)]
    for command in (["diff", out, name, "current"], ["rollback", out, "--to", name]):
        result = call(*command)  # type: ignore[arg-type]
        assert result.exit_code == INDEX
        assert all(one in result.stderr for one in built)
    assert current_name(out) == built[-1]


# rollback


def test_a_rollback_makes_the_replaced_generation_live(out: Path) -> None:
    first, second = build(out, FIRST), build(out, SECOND)
    done = data("rollback", out)
    assert done == {"live": first, "before": second, "newer": [second]}
    with HybridIndex.open(out, verify=True) as index:
        assert (index.generation, index.degraded) == (first, None)
    assert data("rollback", out, "--to", second)["live"] == second


def test_after_a_rollback_and_a_build_previous_is_what_was_rolled_back_to(out: Path) -> None:
    first, unwanted = build(out, FIRST), build(out, SECOND)
    call("rollback", out)
    build(out, FIRST)
    assert unwanted in names(out)
    assert data("rollback", out)["live"] == first


def test_neither_builds_nor_gc_undo_a_rollback_or_take_what_it_left(out: Path) -> None:
    """With two kept: the live one stays and is what the next build keeps; the newer one goes only by age."""
    first, second, third = (build(out, documents) for documents in (FIRST, SECOND, FIRST))
    call("rollback", out, "--to", first)
    assert data("gc", out, "--keep", 1)["removed"] == []
    assert names(out) == [first, second, third]
    fourth = build(out, SECOND, keep=2)
    assert (current_name(out), names(out)) == (fourth, [first, fourth])


@pytest.mark.parametrize("file", ["passages.jsonl", "dense/vectors.faiss", "manifest.json"])
def test_a_rollback_to_a_damaged_generation_is_refused(out: Path, file: str) -> None:
    first, second = build(out, FIRST), build(out, SECOND)
    flip(generation(out, first) / file)
    result = call("rollback", out)
    assert result.exit_code == INDEX
    assert file.rpartition("/")[2] in result.stderr
    assert current_name(out) == second


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format_version": 1}, "format_version"),
        ({"analyzer": {"dictionary_version": "0.9"}}, "analyzer.dictionary_version"),
    ],
)
def test_a_rollback_to_what_this_machine_cannot_read_is_refused(
    out: Path, change: dict[str, Any], named: str
) -> None:
    first, second = build(out, FIRST), build(out, SECOND)
    folder = generation(out, first)
    manifest = json.loads((folder / "manifest.json").read_text())
    for field, value in change.items():
        manifest[field] = manifest[field] | value if isinstance(value, dict) else value
    write_sealed(folder, json.dumps(manifest).encode())
    result = call("rollback", out)
    assert result.exit_code == INDEX
    assert named in result.stderr
    assert current_name(out) == second


def test_a_rollback_during_a_build_says_that_the_build_will_replace_it(out: Path) -> None:
    first, _ = build(out, FIRST), build(out, SECOND)
    with build_folder(out):
        result = call("rollback", out)
    assert result.exit_code == 0
    assert f"process {os.getpid()}" in result.stderr
    assert current_name(out) == first


@pytest.mark.parametrize("lost", ["missing", "folder"])
def test_a_lost_pointer_is_named_with_the_cure_and_the_cure_works(out: Path, lost: str) -> None:
    first, second = build(out, FIRST), build(out, SECOND)
    (out / "CURRENT").unlink()
    if lost == "folder":
        (out / "CURRENT").mkdir()
    result = call("info", out)
    assert result.exit_code == INDEX
    assert "jmedqa index rollback" in result.stderr
    if lost == "missing":
        assert second in result.stderr
    with HybridIndex.open(out) as index:
        assert index.generation == second
        assert index.degraded
    if lost == "folder":
        (out / "CURRENT").rmdir()
    assert call("rollback", out, "--to", first).exit_code == 0
    with HybridIndex.open(out) as index:
        assert (index.generation, index.degraded) == (first, None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_pointer_that_may_not_be_read_is_named(out: Path) -> None:
    build(out, FIRST)
    (out / "CURRENT").chmod(0)
    result = call("info", out)
    assert result.exit_code == INDEX
    assert "Permission denied" in result.stderr


def test_what_the_system_does_not_let_read_is_no_bug(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root too: the answer of the system is put in its mouth."""
    build(out, FIRST)
    read = Path.read_text

    def refused(path: Path, *arguments: Any, **named: Any) -> str:
        if path.name == "CURRENT":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *arguments, **named)

    monkeypatch.setattr(Path, "read_text", refused)
    result = call("info", out)
    assert result.exit_code == INDEX
    assert "Permission denied" in result.stderr
    assert "let the user" in result.stderr


# verify


def test_verify_says_that_all_is_as_written(out: Path) -> None:
    name = build(out, FIRST)
    found = data("verify", out)
    assert found["live"] == name
    [one] = found["generations"]
    on_disk = sum(path.is_file() for path in generation(out, name).rglob("*"))
    assert (one["generation"], one["live"], one["faults"], one["files"]) == (name, True, [], on_disk)


def test_verify_names_every_damaged_file_of_the_live_generation(out: Path) -> None:
    first, second = build(out, FIRST), build(out, SECOND)
    flip(generation(out, first) / "content.npy")
    for file in ("passages.jsonl", "bigrams/counts.npy"):
        flip(generation(out, second) / file)
    (generation(out, second) / "ids.utf8.npy").unlink()
    result = call("verify", out)
    assert result.exit_code == INDEX
    said = result.stderr.replace("\n", "")
    assert all(file in said for file in ("passages.jsonl", "bigrams/counts.npy", "ids.utf8.npy"))
    assert "content.npy" not in said


def test_verify_all_looks_at_every_generation(out: Path) -> None:
    first, second = build(out, FIRST), build(out, SECOND)
    third = build(out, FIRST)
    flip(generation(out, first) / "content.npy")
    (generation(out, second) / "manifest.json").unlink()
    result = call("verify", out, "--all", "--json")
    assert result.exit_code == INDEX
    faults = {one["generation"]: one["faults"] for one in json.loads(result.stdout)["generations"]}
    assert "content.npy" in faults[first][0]
    assert "manifest.json" in faults[second][0]
    assert faults[third] == []
    assert call("verify", out).exit_code == 0


# gc


def test_gc_removes_old_generations_and_leftovers(out: Path) -> None:
    built = [build(out, FIRST) for _ in range(4)]
    leftover = out / "tmp" / "000009-20260101T000000Z"
    leftover.mkdir(parents=True)
    (leftover / "passages.jsonl").write_text("half")
    (out / "CURRENT.1.tmp").write_text("half")
    os.utime(out / "CURRENT.1.tmp", (0, 0))
    dry = data("gc", out, "--keep", 2, "--dry-run")
    assert (names(out), leftover.exists()) == (built, True)
    done = data("gc", out, "--keep", 2)
    assert done == dry
    assert (sorted(done["removed"]), done["live"], done["kept"]) == (built[:2], built[-1], built[2:])
    assert done["leftovers"] == [f"tmp/{leftover.name}", "CURRENT.1.tmp"]
    assert done["freed"] > 1_000
    assert names(out) == built[2:]
    assert sorted(path.name for path in out.iterdir()) == ["CURRENT", "build.lock", "generations"]


def test_gc_leaves_what_a_reader_has_open(out: Path) -> None:
    first = build(out, FIRST)
    with HybridIndex.open(out) as reader:
        second, third = build(out, SECOND), build(out, FIRST)
        for dry_run in (["--dry-run"], []):
            done = data("gc", out, "--keep", 1, *dry_run)
            assert (done["removed"], done["in_use"]) == ([second], [first])
        assert names(out) == [first, third]
        assert reader.search("腎臓", mode="lexical").hits
    assert data("gc", out, "--keep", 1)["removed"] == [first]


def test_gc_keeps_as_many_as_the_build_was_told_to(out: Path) -> None:
    built = [build(out, FIRST) for _ in range(5)]
    assert data("gc", out)["removed"] == []
    last = build(out, FIRST, keep=2)
    assert names(out) == [built[-1], last]


def test_gc_waits_for_no_build_and_spares_a_damaged_index(out: Path) -> None:
    first, second = build(out, FIRST), build(out, SECOND)
    with build_folder(out):
        busy = call("gc", out, "--keep", 1)
    assert (busy.exit_code, "is building" in busy.stderr) == (INDEX, True)
    (generation(out, second) / "passages.jsonl").unlink()
    refused = call("gc", out, "--keep", 1)
    assert (refused.exit_code, "passages.jsonl" in refused.stderr) == (INDEX, True)
    assert names(out) == [first, second]
