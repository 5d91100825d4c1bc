"""Hostile files: each costs one line of the report, and the job reads what comes after."""

import re
import time
from pathlib import Path

import pytest

from corpora import CorpusSettings, ReadReport, read_corpus
from corpora.settings import ReaderLimits
from tests.corpora.hostile import Hostile, everything, good_pdf

pytestmark = pytest.mark.timeout(900)
FILES = everything()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReadReport:
    folder = tmp_path_factory.mktemp("hostile")
    for file in FILES:
        (folder / file.name).write_bytes(file.data)
    (folder / "zzz-the-last.txt").write_text("最後の文書である。", encoding="utf-8")
    report = ReadReport()
    limits = ReaderLimits(cpu_s=10, silence_s=120)
    documents = list(read_corpus([folder], CorpusSettings(on_error="report", limits=limits), report))
    assert documents[-1].text == "最後の文書である。", "the job came to its end"
    return report


def test_there_are_a_hundred() -> None:
    assert len(FILES) >= 100
    assert len({file.name for file in FILES}) == len(FILES)


@pytest.mark.parametrize("file", [file for file in FILES if file.reason], ids=lambda file: file.name)
def test_it_is_one_line_of_the_report(report: ReadReport, file: Hostile) -> None:
    reasons = [refusal.reason for refusal in report.refused if Path(refusal.path).name == file.name]
    assert len(reasons) == 1
    assert re.search(file.reason or "", reasons[0]), reasons[0]
    assert len(reasons[0]) < 600
    assert "Traceback" not in reasons[0]


def test_no_file_is_reported_twice(report: ReadReport) -> None:
    paths = [refusal.path for refusal in report.refused]
    assert len(set(paths)) == len(paths)


def test_nothing_was_unpacked(report: ReadReport) -> None:
    assert not Path("/tmp/jmedqa-escaped").exists()


def test_memory_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<i>" * 4_000_000)
    (tmp_path / "b.pdf").write_bytes(good_pdf())
    report = ReadReport()
    limits = ReaderLimits(memory_mib=256)
    documents = list(read_corpus([tmp_path], CorpusSettings(on_error="report", limits=limits), report))
    assert [document.doc_id for document in documents] == ["b.pdf"]
    assert re.search("256 MiB|elements|in memory", report.refused[0].reason)


def test_processor_time_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(good_pdf(4_000))
    (tmp_path / "b.pdf").write_bytes(good_pdf())
    report = ReadReport()
    settings = CorpusSettings(on_error="report", limits=ReaderLimits(cpu_s=1))
    started = time.monotonic()
    documents = list(read_corpus([tmp_path], settings, report))
    assert [document.doc_id for document in documents] == ["b.pdf"]
    assert report.refused[0].reason.startswith("took more than 1 s of processor time")
    assert time.monotonic() - started < 60
