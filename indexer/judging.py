"""Relevance judgements: reading them, scoring a ranking by them, and telling a difference from noise.

A site tunes its weights without the extra ``bench``, so the one measure that needs stands here. It is nDCG as
trec_eval computes it (Järvelin and Kekäläinen, TOIS 2002, doi:10.1145/582415.582418: linear gains), and the
tests hold it against ir_measures.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import log2
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.errors import InvalidQuery

PERMUTATIONS = 10_000

Grades = dict[str, dict[str, int]]
"""By query id, then by the id of a document or passage: its relevance."""


def read_qrels(path: Path) -> Grades:
    """Read TREC judgements: ``query_id 0 doc_id relevance``, separated by white space.

    Raises:
        InvalidQuery: Naming the file and the first line that is malformed.
    """
    grades: Grades = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InvalidQuery(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidQuery(f"{path} is not UTF-8: convert it") from error
    for number, line in enumerate(lines, start=1):
        columns = line.split()
        if not columns:
            continue
        try:
            query_id, _, unit, grade = columns
            grades.setdefault(query_id, {})[unit] = int(grade)
        except ValueError:
            raise InvalidQuery(f"{path}:{number}: a line reads `query_id 0 document_id relevance`") from None
    if not grades:
        raise InvalidQuery(f"{path} holds no judgement; a line reads `query_id 0 document_id relevance`")
    return grades


def ndcg(ranking: Iterable[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first ``k``, 0 to 1.

    Args:
        ranking: Ids, best first, none twice.
        grades: Of the judged ids; any other id, and a grade below 0, gains nothing.
    """
    gains = [max(0, grades.get(unit, 0)) for unit, _ in zip(ranking, range(k), strict=False)]
    ideal = sorted((max(0, grade) for grade in grades.values()), reverse=True)[:k]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def sign_flip_p_value(differences: NDArray[np.float64], *, seed: int = 20261123) -> float:
    """Two-sided p-value of the mean of paired differences, by 10,000 random flips of their signs.

    Smucker, Allan and Carterette, CIKM 2007, doi:10.1145/1321440.1321528. Never 0: the observed signs count
    as one of the flips.
    """
    observed = abs(differences.sum())
    random = np.random.default_rng(seed)
    extreme = sum(
        int(
            (abs(random.choice((-1.0, 1.0), (500, len(differences))) @ differences) >= observed - 1e-12).sum()
        )
        for _ in range(PERMUTATIONS // 500)
    )
    return (extreme + 1) / (PERMUTATIONS + 1)
