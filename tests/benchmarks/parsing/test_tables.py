"""The parser on tables of newly written replies: all read as meant, nothing guessed."""

from pathlib import Path

import pytest

from benchmarks.agreement import check_rows
from benchmarks.parsing.expected import Expected
from benchmarks.parsing.strict import parse_answer

TABLES = ("development.tsv", "held_out.tsv")


@pytest.mark.parametrize("name", TABLES)
def test_no_reply_is_read_as_what_it_does_not_say(name: str) -> None:
    outcomes = check_rows(Path(__file__).parent / name)
    assert len(outcomes) > 200
    assert [outcome for outcome in outcomes if outcome.false_parse] == []


@pytest.mark.parametrize("name", TABLES)
def test_nearly_every_reply_is_read(name: str) -> None:
    outcomes = check_rows(Path(__file__).parent / name)
    assert sum(outcome.right for outcome in outcomes) >= 0.98 * len(outcomes)


def test_a_reply_that_goes_round_in_circles_is_not_read() -> None:
    letters = Expected(kind="choice", labels=("A", "B"), texts=("甲", "乙"))
    assert parse_answer("答え: A。" * 3_000, letters).rule == "too_long"
    assert parse_answer("<think>" + "答え: B。" * 3_000 + "</think>答え: A", letters).status == "parsed"
