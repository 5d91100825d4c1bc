"""The report: what was read, what not and why, what was folded; and the command that prints it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from corpora import CorpusError, CorpusSettings, Document, ReadReport, read_corpus
from corpora.near_duplicates import NearDuplicates

LONG = "".join(f"第{n}項では腎機能に応じて薬剤{n}の投与量を{n * 5} mgに調節する。" for n in range(1, 40))


def folder(path: Path) -> Path:
    (path / "a.txt").write_text(LONG, encoding="utf-8")
    (path / "b.md").write_text("# 見出し\n本文である。", encoding="utf-8")
    (path / "c.pdf").write_bytes(b"%PDF-broken")
    (path / "d.csv").write_bytes(b'a,"b')
    (path / "e.doc").write_bytes(b"x")
    (path / "f.txt").write_text(LONG.replace("。", "。\n"), encoding="cp932")
    (path / "README.md").write_text("説明", encoding="utf-8")
    return path


def test_a_build_stops_at_the_first_fault(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"c\.pdf"):
        list(read_corpus([folder(tmp_path)]))


def test_a_report_names_every_fault_and_reads_the_rest(tmp_path: Path) -> None:
    report = ReadReport()
    documents = list(read_corpus([folder(tmp_path)], CorpusSettings(on_error="report"), report))
    assert [document.doc_id for document in documents] == ["a.txt", "b"]
    assert [Path(refusal.path).name for refusal in report.refused] == ["c.pdf", "d.csv"]
    assert report.excluded == {"README*.md": 1}
    assert report.unreadable == {".doc": 1}
    (twin,) = report.duplicates
    assert (twin.doc_id, twin.kept, twin.folded) == ("f.txt", "a.txt", True)


def test_documents_with_ids_of_their_own_are_never_folded(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(n), "text": "同じ本文。"}) for n in range(2)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = ReadReport()
    assert len(list(read_corpus([tmp_path], report=report))) == 2
    assert [twin.folded for twin in report.duplicates] == [False]


@pytest.mark.parametrize(
    ("text", "found", "numbers_differ"),
    [
        (LONG.replace("第7項", "第七項"), True, True),
        (LONG.replace("35 mg", "350 mg"), True, True),
        (LONG.replace("第3項では", "第3項においては"), True, False),
        (LONG[: len(LONG) // 2], False, False),
        ("まったく別の話題について述べる文章であり、共通する部分はほとんどない。" * 5, False, False),
    ],
)
def test_near_duplicates(text: str, found: bool, numbers_differ: bool) -> None:
    near = NearDuplicates()
    assert near.find(Document(doc_id="a", title="", text=LONG)) is None
    twin = near.find(Document(doc_id="b", title="", text=text))
    assert (twin is not None) == found
    if twin is not None:
        assert (twin.kept, twin.folded, twin.numbers_differ) == ("a", False, numbers_differ)


def test_a_yaml_file_beside_says_what_the_file_cannot(tmp_path: Path) -> None:
    (tmp_path / "指針.txt").write_text("本文である。", encoding="utf-8")
    (tmp_path / "指針.txt.yaml").write_text(
        "id: 指針-2\ntitle: 診療指針\nedition: 2\nsupersedes: 指針-1\ntags: [腎臓]\n", encoding="utf-8"
    )
    (document,) = read_corpus([tmp_path])
    assert (document.doc_id, document.title, document.edition) == ("指針-2", "診療指針", "2")
    assert (document.supersedes, document.tags) == (("指針-1",), ("腎臓",))


def test_corpus_check(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jmedqa", "corpus", "check", str(folder(tmp_path))]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert (said["files"], said["documents"], said["folded"], len(said["refused"])) == (3, 3, 1, 2)
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "is no PDF or is damaged" in shown.stdout
    assert "folded into a.txt" in shown.stdout


def test_a_check_reports_an_edition_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "new.md").write_text("---\nsupersedes: old\n---\n本文。", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "jmedqa", "corpus", "check", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    [note] = json.loads(done.stdout)["notes"]
    assert note["text"] == "'new' supersedes 'old', which no document of the corpus is"


def test_a_check_refuses_editions_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nsupersedes: b\n---\n本文。", encoding="utf-8")
    (tmp_path / "b.md").write_text("---\nsupersedes: [a]\n---\n別の本文。", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "jmedqa", "corpus", "check", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 3
    assert "'a' → 'b' → 'a'" in done.stdout
