"""Judgements are read strictly, and the measure is trec_eval's."""

import random
from pathlib import Path

import numpy as np
import pytest

from indexer import InvalidQuery, ndcg, read_qrels, sign_flip_p_value


def test_ndcg_of_known_rankings() -> None:
    assert ndcg(["a", "x"], {"a": 1}) == 1.0
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(0.63093, abs=1e-5)  # 1 / log2(3)
    assert ndcg(["x"] * 10 + ["a"], {"a": 1}) == 0.0
    assert ndcg([], {"a": 1}) == 0.0
    assert ndcg(["a"], {"a": 0}) == 0.0


def test_ndcg_is_that_of_ir_measures() -> None:
    ir_measures = pytest.importorskip("ir_measures", reason="the extra bench is not installed")
    chance = random.Random(0)
    units = [f"d{number}" for number in range(40)]
    for _ in range(200):
        grades = {unit: chance.choice((-1, 0, 0, 1, 2, 3)) for unit in chance.sample(units, 15)}
        ranking = chance.sample(units, chance.randint(1, 30))
        qrels = [ir_measures.Qrel("q", unit, grade) for unit, grade in grades.items()]
        run = [ir_measures.ScoredDoc("q", unit, -float(rank)) for rank, unit in enumerate(ranking)]
        theirs = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)
        assert ndcg(ranking, grades) == pytest.approx(theirs[ir_measures.nDCG @ 10])


def test_a_difference_is_told_from_noise() -> None:
    assert sign_flip_p_value(np.ones(40)) < 0.001
    assert sign_flip_p_value(np.tile([1.0, -1.0], 20)) > 0.9
    assert sign_flip_p_value(np.zeros(40)) == 1.0


def test_qrels_are_read(tmp_path: Path) -> None:
    file = tmp_path / "qrels.tsv"
    file.write_text("1\t0\ta\t2\n1 0 b 0\n\n2 0 a 1\n", encoding="utf-8")
    assert read_qrels(file) == {"1": {"a": 2, "b": 0}, "2": {"a": 1}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no judgement"),
        (b"1 0 a\n", ":1: a line reads"),
        (b"1 0 a 1\n1 0 b much\n", ":2: a line reads"),
        ("病".encode("cp932"), "not UTF-8"),
    ],
)
def test_malformed_qrels_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "qrels.tsv"
    file.write_bytes(content)
    with pytest.raises(InvalidQuery, match=message):
        read_qrels(file)
    with pytest.raises(InvalidQuery, match="cannot be read"):
        read_qrels(tmp_path / "missing")
