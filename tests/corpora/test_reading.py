"""Reading files and folders: what comes out, and how each fault is named."""

import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from corpora import CorpusError, CorpusSettings, JsonlFields, read_corpus


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path


def test_jsonl_needs_only_id_and_text(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {"id": "NANDO:1", "text": "本文。", "names": ["別名"]})
    (document,) = read_corpus([file])
    assert (document.doc_id, document.text, document.title) == ("NANDO:1", "本文。", "")
    assert document.origin is not None
    assert document.origin.line == 1


def test_field_names_come_from_the_settings(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {"pmid": 12, "abstract": "本文。", "date": "2024-05-01"})
    settings = CorpusSettings(jsonl=JsonlFields(id="pmid", text="abstract", published="date"))
    (document,) = read_corpus([file], settings)
    assert (document.doc_id, document.published) == ("12", date(2024, 5, 1))


def test_gzip_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress('{"id": "1", "text": "本文。"}\n'.encode()))
    assert [d.doc_id for d in read_corpus([file])] == ["1"]


def test_markdown_front_matter_and_headings(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\nid: k\ntitle: 題\nedition: 2\npublished: 2026-11-23\nreview: 臨床的な査読を受けていない\n"
        "hospital_code: 7\n---\n\n# 題\n\n本文。\n",
        encoding="utf-8",
    )
    (document,) = read_corpus([tmp_path])
    assert (document.doc_id, document.title, document.edition) == ("k", "題", "2")
    assert document.unreviewed
    assert document.text == "# 題\n\n本文。"


def test_a_document_without_front_matter_is_named_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "腎臓").mkdir()
    (tmp_path / "腎臓" / "透析.md").write_text("# 透析の導入\n本文。", encoding="utf-8")
    (document,) = read_corpus([tmp_path])
    assert (document.doc_id, document.title, document.unreviewed) == ("腎臓/透析", "透析の導入", False)


def test_excluded_files_of_a_folder_are_no_documents(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("読むための説明", encoding="utf-8")
    (tmp_path / "a.md").write_text("本文。", encoding="utf-8")
    assert [d.doc_id for d in read_corpus([tmp_path])] == ["a"]
    assert [d.doc_id for d in read_corpus([tmp_path / "README.md"])] == ["README"], "named, so read"


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        ("a.jsonl", b'{"id": "1", "text": "x"}\n{"id": "2"}\n', 2, r"no 'text'.*\['id'\].*\[corpus.jsonl\]"),
        ("a.jsonl", b'{"id": "1", "text": "x"\n', 1, "not JSON"),
        ("a.jsonl", b"[1]\n", 1, "JSON object is needed, this is a list"),
        ("a.jsonl", b'{"id": true, "text": "x"}\n', 1, "'id' must be text, this is a bool"),
        ("a.jsonl", b'{"id": "1", "text": ["x"]}\n', 1, "'text' must be text, this is a list"),
        ("a.jsonl", b'{"id": "1", "text": "\\ud800"}\n', 1, "lone surrogate"),
        ("a.jsonl", b'{"id": "1", "text": "   "}\n', 1, "no 'text'"),
        ("a.jsonl", '{"id": "1", "text": "用量"}\n'.encode("cp932"), 1, "not UTF-8"),
        ("a.jsonl", b'{"id": "1", "text": "x", "published": "May 2024"}\n', 1, "2026-11-23"),
        ("a.jsonl", b"[" * 100_000, 1, "not JSON"),
        ("a.jsonl", b'{"id": "1", "text": "x"}\n{"id": "1", "text": "y"}\n', 2, r"also that of .*a\.jsonl:1"),
        ("a.jsonl.gz", b"not gzip", None, "cannot be read"),
        ("a.md", "用量".encode("cp932"), None, "not UTF-8"),
        ("a.md", b"---\nid: x\n", None, "never closed"),
        ("a.md", b"---\n- x\n---\nbody", None, "must be a YAML mapping"),
        ("a.md", b"---\nid: [\n---\nbody", None, "not YAML"),
        ("a.md", b"---\nid: " + b"[" * 5_000 + b"\n---\nbody", None, "nested too deeply"),
        ("a.md", b"---\npublished: soon\n---\nbody", None, "front matter, published"),
        ("a.md", b"---\nid: x\n---\n\n", None, "no text below"),
        ("a.doc", b"PK", None, "not a kind that is read; save it as .docx"),
    ],
)
def test_every_fault_names_file_line_and_reason(
    tmp_path: Path, name: str, content: bytes, line: int | None, reason: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(CorpusError, match=reason) as caught:
        list(read_corpus([file]))
    assert (caught.value.path, caught.value.line) == (file, line)


def test_missing_path_and_empty_folder_are_faults(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file"):
        list(read_corpus([tmp_path / "none"]))
    with pytest.raises(CorpusError, match="holds no readable file"):
        list(read_corpus([tmp_path]))


def test_a_folder_that_may_be_empty_is_no_fault_and_one_that_may_not_is(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        assert list(read_corpus([folder], CorpusSettings(optional=True))) == []
        with pytest.raises(CorpusError):
            list(read_corpus([folder], CorpusSettings()))
