"""Files of ratings: what is read, and what is refused with its line, value and cure."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.rating.analysis_checks import RatingsFileError
from benchmarks.rating.analysis_input import RatingsFile, read_ratings

HEADER = "case,system,question,rater,score\n"


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> RatingsFile:
    path = tmp_path / "ratings.csv"
    path.write_bytes(text.encode(encoding))
    return read_ratings(path)


def refused(tmp_path: Path, text: str | bytes) -> RatingsFileError:
    path = tmp_path / "ratings.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(RatingsFileError) as caught:
        read_ratings(path)
    assert caught.value.exit_code == 2
    return caught.value


def test_a_score_lands_in_its_cell(tmp_path: Path) -> None:
    ratings = read(tmp_path, HEADER + "症例2,B,Q10,佐藤,0\n症例10,A,Q2,鈴木,2\n").ratings
    assert ratings.cases == ("症例2", "症例10")
    assert [system.label for system in ratings.systems] == ["A", "B"]
    assert ratings.questions == ("Q2", "Q10")
    assert ratings.scores[1, 0, 0, 1] == 2
    assert ratings.scores[0, 1, 1, 0] == 0
    assert int(np.isnan(ratings.scores).sum()) == 14


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_spreadsheets_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    read_file = read(tmp_path, HEADER + "症例一,提案手法,質問1,鈴木,1\r\n", encoding)
    assert read_file.ratings.cases == ("症例一",)
    assert any(encoding in note.en for note in read_file.notes) == (encoding in ("cp932", "utf-16"))


@pytest.mark.parametrize(
    ("row", "line", "column", "cure"),
    [
        ("1,A,Q1,r1,3", 2, "score", "outside the scale: write 0 or 1 or 2"),
        ("1,A,Q1,r1,-1", 2, "score", "outside the scale"),
        ("1,A,Q1,r1,1.5", 2, "score", "not a whole number: write 0 or 1 or 2"),
        ("1,A,Q1,r1,2.0", 2, "score", "write 2"),
        ("1,A,Q1,r1,２", 2, "score", "full-width digit: write 2 in half width"),
        ("1,A,Q1,r1,３", 2, "score", "and it must be 0 or 1 or 2"),
        ("1,A,Q1,r1,", 2, "score", "empty: write 0 or 1 or 2"),
        ("1,A,Q1,r1,〇", 2, "score", "not a whole number"),
        ("1,A,Q1,r1,nan", 2, "score", "not a whole number"),
        ("1,A,Q1,r1,①", 2, "score", "write 1 in half width"),
        (",A,Q1,r1,1", 2, "case", "empty: write the case"),
        ("1,　,Q1,r1,1", 2, "system", "empty: write the system"),
        ("1,A,Q1,r1", 2, "row", "4 cells where the header has 5"),
        ("1,A,Q1,r1,1,2", 2, "row", "6 cells where the header has 5"),
        ("1,A,Q1,r1,1\n1,A,Q1,r1,2", 3, "row", "scored before in line 2"),
        ("1,A,Q1,r1,1\n2,A,Q1,r1,1\n3,A,Ｑ１,r1,2", 4, "question", "another spelling of 「Q1」"),
        ("1,GPT,Q1,r1,1\n2,GPT,Q1,r1,1\n3,gpt ,Q1,r1,2", 4, "system", "another spelling of 「GPT」"),
        ('1,A,Q1,"r1,1', 2, "row", "close every quotation mark"),
    ],
)
def test_a_faulty_row_is_named_with_its_cure(
    tmp_path: Path, row: str, line: int, column: str, cure: str
) -> None:
    fault = refused(tmp_path, HEADER + row + "\n").faults[0]
    assert (fault.line, fault.column) == (line, column)
    assert cure in fault.cure


def test_every_faulty_row_is_listed_up_to_fifty(tmp_path: Path) -> None:
    text = HEADER + "".join(f"{case},A,Q1,r1,{case % 3 + 3}\n" for case in range(60))
    error = refused(tmp_path, text)
    lines = str(error).splitlines()
    assert lines[0].endswith("60 faults, nothing was analysed")
    assert lines[1].startswith("  line 2, score: 「3」")
    assert lines[50].startswith("  line 51, score")
    assert lines[51] == "  … and 10 more"
    assert len(lines) == 52


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "case,system,question,rater\n1,A,Q1,r1\n",
            "score: 「case,system,question,rater」: column is missing",
        ),
        ("case;system;question;rater;score\n1;A;Q1;r1;1\n", "separated by commas"),
        ("case,system,question,rater,score,Score\n", "column stands twice"),
        ("", "column is missing"),
        (HEADER, "holds no ratings"),
        (b"PK\x03\x04\x00\x00\x00", "CSV is read, not XLSX"),
    ],
    ids=["no score", "semicolons", "twice", "empty file", "header only", "workbook"],
)
def test_a_file_without_ratings_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in str(refused(tmp_path, text))


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    text = "case,system,question,rater,score,comment\n" + '1,A,Q1,r1,1,"二行に\nわたる"\n\n2,A,Q1,r1,9,\n'
    assert refused(tmp_path, text).faults[0].line == 5


def test_arms_come_from_the_name_or_from_a_column(tmp_path: Path) -> None:
    named = read(tmp_path, HEADER + "1,X,Q1,r,1\n1,X+rag,Q1,r,2\n").ratings
    column = read(tmp_path, "case,system,arm,question,rater,score\n1,X,none,Q1,r,1\n1,X,rag,Q1,r,2\n").ratings
    assert named.systems == column.systems
    assert named.retrieval_pairs() == [(0, 1)]
    assert [system.arm for system in named.systems] == ["", "rag"]


def test_repeats_stand_apart_from_first_scores(tmp_path: Path) -> None:
    head = "case,system,question,rater,score,order,repeat\n"
    ratings = read(tmp_path, head + "1,A,Q1,r,1,1,0\n1,A,Q1,r,2,9,1\n").ratings
    assert ratings.scores[0, 0, 0, 0] == 1
    assert [(entry.first, entry.second) for entry in ratings.repeats] == [(1, 2)]
    assert "without its first score" in str(refused(tmp_path, head + "1,A,Q1,r,2,9,1\n"))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("1,A,Q1,r,1\n1,B,Q2,r,1\n", "Unbalanced: 2 of 4"),
        ("1,A,Q1,r,1\n1,B,Q1,s,1\n", "Raters differ between systems"),
        ("1,A,Q1,r,1\n", "One system only"),
        ("1,A,Q1,r,1\n", "One rater only"),
    ],
)
def test_a_weak_design_is_read_and_told(tmp_path: Path, rows: str, told: str) -> None:
    assert any(told in note.en for note in read(tmp_path, HEADER + rows).notes)
