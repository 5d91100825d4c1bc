"""Tuned weights: adopted only where the half that had no say finds them better, and never from too little.

The vectors are noise: what is relevant is set by the tests, so that the best weights are known beforehand.
"""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from indexer import EncoderIdentity, FusionSettings, HybridIndex, InvalidQuery, Mode, build_index, ndcg
from indexer.cli import app
from indexer.encoders import Vectors
from indexer.runs import Query
from indexer.tuning import LEAST_QUERIES, Outcome, _judged_queries, toml_lines, tune
from indexer.vectors import unit
from tests.indexer.conftest import document

SYLLABLES = "カキクケコサシスセソタチツテト"


class NoiseEncoder:
    """A vector for each text that says nothing about it, the same every time."""

    dim = 384
    identity = EncoderIdentity(
        name="noise", model="noise", version="1", dim=384, query_prompt="", passage_prompt=""
    )

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        seeds = [int.from_bytes(sha256(text.encode()).digest()[:4]) for text in texts]
        return unit(np.stack([np.random.default_rng(seed).standard_normal(384) for seed in seeds]))

    encode_queries = encode_passages


def word(number: int) -> str:
    return "".join(SYLLABLES[number // 15**place % 15] for place in range(3)) + "ミド"


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridIndex]:
    out = tmp_path_factory.mktemp("noisy")
    documents = [document(f"d{number:03}", f"{word(number)}錠、drug{number:03}x") for number in range(120)]
    build_index(documents, out, encoder=NoiseEncoder())
    with HybridIndex.open(out, encoder=NoiseEncoder()) as opened:
        # Weights under which words overrule vectors: shares are small where a query is mostly unknown.
        opened.fusion = FusionSettings(lexical=1.0, bigram=1.0, latin=3.0)
        yield opened


JAPANESE = [Query(f"j{number}", f"{word(number)}の量") for number in range(80)]
LATIN = [Query(f"l{number}", f"dose of drug{number:03}x") for number in range(80)]


def judged_by(index: HybridIndex, mode: Mode, queries: Sequence[Query]) -> dict[str, dict[str, int]]:
    """Judgements under which ``mode`` is perfect."""
    return {
        query.query_id: {index.search(query.text, k=1, mode=mode).hits[0].passage_id: 1} for query in queries
    }


def test_weights_that_are_better_on_the_half_held_out_are_adopted(noisy: HybridIndex) -> None:
    """Judged as the vectors rank, the words only disturb."""
    [outcome] = tune(noisy, JAPANESE, judged_by(noisy, "dense", JAPANESE))
    assert (outcome.language, outcome.queries, outcome.held_out) == ("japanese", 80, 40)
    assert sum(outcome.best.values()) < 0.2
    assert outcome.best_ndcg > outcome.default_ndcg
    assert (outcome.adopted, outcome.weights) == (True, outcome.best)
    lines = [f"{name} = {weight:g}" for name, weight in outcome.best.items()]
    assert toml_lines([outcome]) == ["[index.fusion]", *lines]


def test_a_default_that_is_as_good_as_any_stays(noisy: HybridIndex) -> None:
    [outcome] = tune(noisy, JAPANESE, judged_by(noisy, "hybrid", JAPANESE))
    assert outcome.best == outcome.default
    assert (outcome.adopted, outcome.p_value) == (False, 1.0)
    assert toml_lines([outcome]) == ["# [index.fusion]: the weights in force stay"]


def test_a_gain_within_noise_leaves_the_default(noisy: HybridIndex) -> None:
    """A few judgements that speak for the vectors, and the rest that no weights can satisfy."""
    grades = judged_by(noisy, "dense", JAPANESE[:6])
    for query in JAPANESE[6:]:
        last = noisy.search(query.text, k=120, mode="hybrid").hits[-1].passage_id
        grades[query.query_id] = {last: 1}
    [outcome] = tune(noisy, JAPANESE, grades)
    assert outcome.weights == outcome.default


def test_each_language_is_fitted_by_its_own_queries(noisy: HybridIndex) -> None:
    both = [*JAPANESE, *LATIN]
    outcomes = tune(noisy, both, judged_by(noisy, "dense", both))
    assert [(one.language, list(one.default)) for one in outcomes] == [
        ("japanese", ["lexical", "bigram"]),
        ("latin", ["latin"]),
    ]
    assert sum(outcomes[0].best.values()) < 0.2
    assert outcomes[1].best["latin"] < 1


def test_what_is_fitted_is_the_ranking_that_is_served(noisy: HybridIndex) -> None:
    """Under the weights in force, a query's measure is that of its own search."""
    queries = [*JAPANESE, *LATIN]
    grades = judged_by(noisy, "bigram", queries)
    for one, query in zip(_judged_queries(noisy, queries, grades, "document"), queries, strict=True):
        fusion = noisy.fusion
        words = (fusion.lexical, fusion.bigram) if query in JAPANESE else (fusion.latin / 2,) * 2
        served = [hit.passage_id for hit in noisy.search(query.text, k=10).hits]
        assert one.ndcg([*words, 1.0]) == pytest.approx(ndcg(served, grades[query.query_id]))


def test_the_index_is_left_as_it_was(noisy: HybridIndex) -> None:
    before = noisy.fusion
    tune(noisy, JAPANESE, judged_by(noisy, "dense", JAPANESE))
    assert noisy.fusion == before


def test_too_few_queries_are_refused(noisy: HybridIndex) -> None:
    few = JAPANESE[: LEAST_QUERIES - 1]
    with pytest.raises(InvalidQuery, match="at least 60 queries"):
        tune(noisy, few, judged_by(noisy, "dense", few))


def test_judgements_of_other_documents_do_not_count(noisy: HybridIndex) -> None:
    with pytest.raises(InvalidQuery, match="0 of them with a relevant document"):
        tune(noisy, JAPANESE, {query.query_id: {"elsewhere": 1} for query in JAPANESE})


def test_a_gain_on_the_held_out_half_alone_decides() -> None:
    outcome = Outcome(
        language="latin",
        queries=80,
        held_out=40,
        default={"latin": 0.15},
        best={"latin": 0.3},
        default_ndcg=0.5,
        best_ndcg=0.6,
        p_value=0.2,
        adopted=False,
    )
    assert outcome.weights == {"latin": 0.15}


def test_the_command_prints_lines_to_paste(tmp_path: Path) -> None:
    """Real vectors; the lemmas' ranking is the judge, so whatever comes is told, and nothing is written."""
    documents = [document(f"d{number:03}", f"{word(number)}の用量は{number}mg") for number in range(8)]
    index = tmp_path / "ix"
    build_index(documents, index)
    queries, qrels = tmp_path / "q.jsonl", tmp_path / "qrels.tsv"
    rows = [{"id": str(number), "text": f"{word(number % 8)} {number}回目"} for number in range(60)]
    queries.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    qrels.write_text("".join(f"{number} 0 d{number % 8:03} 1\n" for number in range(60)), encoding="utf-8")
    arguments = ["tune", "--index", str(index), "--queries", str(queries), "--qrels", str(qrels)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    assert "[index.fusion]" in result.stdout
    assert "60 judged queries; on the 30 held out" in result.stderr

    qrels.write_text("0 0 d000 1\n", encoding="utf-8")
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "too few to fit anything" in result.stderr
