"""Synthetic passages that stress an index as Japanese text does, in any number, from a seed.

    python -m benchmarks.perf.synthetic --data ../shared/data --passages 1000000 --out var/perf/1m

The model is fitted to the terms of JaQuAD and NANDO at run time; no text of theirs is kept. Each synthetic
passage takes one real passage for its topic. A term is drawn from the topic's own terms (a burst) or from
the unigrams of all; the share of bursts is the one that repeats terms within a passage as often as real
passages do. Of the unigram draws as many as there were terms seen once (Good and Turing's estimate of what
was never seen) give a new term with a Zipf tail, so that the vocabulary grows on as it does in real text.
"""

import argparse
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.perf.corpus import SyntheticCorpus, Terms
from indexer import MeCabAnalyzer

MEAN_LENGTH = 150
TAIL = 2_000_000
"""New terms that the Zipf tail can give."""


@dataclass(frozen=True, slots=True)
class Model:
    """What was fitted.

    Attributes:
        words: The real terms; a higher number is a new term.
        tokens: Of all real passages, one after the other.
        starts: Where each begins, and the end.
        burst: Share of draws from the topic.
        novel: Share of the unigram draws that give a new term.
        spread: Standard deviation of the logarithm of the length.
    """

    words: tuple[str, ...]
    tokens: Terms
    starts: NDArray[np.int64]
    burst: float
    novel: float
    spread: float

    def word(self, number: int) -> str:
        return self.words[number] if number < len(self.words) else f"新語{number - len(self.words)}"


def fit(data: Path, *, most: int | None = None) -> Model:
    """Fit to JaQuAD and NANDO; ``most`` limits the passages of each, for tests."""
    analyzer = MeCabAnalyzer()
    numbers: dict[str, int] = {}
    passages: list[list[int]] = []
    for file in (data / "jaquad/passages.jsonl.gz", data / "nando/passages.jsonl"):
        with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
            for position, line in enumerate(lines):
                if position == most:
                    break
                terms = analyzer.terms(json.loads(line)["text"])
                if terms:
                    passages.append([numbers.setdefault(term, len(numbers)) for term in terms])
    lengths = np.array([len(passage) for passage in passages])
    tokens = np.concatenate([np.array(passage, np.int32) for passage in passages])
    starts = np.concatenate(([0], np.cumsum(lengths)))
    once = int((np.bincount(tokens) == 1).sum())
    spread = float(np.log(lengths[lengths >= 20]).std()) if (lengths >= 20).any() else 0.5
    novel = once / len(tokens)
    real = np.mean([len(set(part)) / len(part) for passage in passages for part in _pieces(passage)] or [0.7])
    # Bisection: more bursts, fewer distinct terms.
    low, high = 0.0, 1.0
    for _ in range(8):
        burst = (low + high) / 2
        model = Model(tuple(numbers), tokens, starts, burst, novel, spread)
        rng = np.random.default_rng(0)
        flat, _ = _draw(model, np.full(2_000, MEAN_LENGTH), rng)
        distinct = np.mean([len(set(row)) / MEAN_LENGTH for row in flat.reshape(-1, MEAN_LENGTH).tolist()])
        low, high = (burst, high) if distinct > real else (low, burst)
    return Model(tuple(numbers), tokens, starts, (low + high) / 2, novel, spread)


def _pieces(passage: list[int]) -> Iterator[list[int]]:
    """Whole stretches of the mean length, for distinct terms depend on the length."""
    for start in range(0, len(passage) - MEAN_LENGTH + 1, MEAN_LENGTH):
        yield passage[start : start + MEAN_LENGTH]


def _draw(
    model: Model, lengths: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Terms, NDArray[np.int64]]:
    total = int(lengths.sum())
    topics = rng.integers(len(model.starts) - 1, size=len(lengths)).repeat(lengths)
    first, size = model.starts[topics], np.diff(model.starts)[topics]
    of_topic = first + (rng.random(total) * size).astype(np.int64)
    of_all = rng.integers(len(model.tokens), size=total)
    tokens = model.tokens[np.where(rng.random(total) < model.burst, of_topic, of_all)]
    novel = np.flatnonzero(rng.random(total) < model.novel * (1 - model.burst))
    ranks = np.exp(rng.random(len(novel)) * np.log(TAIL)).astype(np.int32) - 1  # p(rank) ~ 1 / rank
    tokens[novel] = len(model.words) + ranks
    return tokens, lengths


def generate(model: Model, passages: int, seed: int) -> Iterator[tuple[Terms, NDArray[np.int64]]]:
    """Terms of 10,000 passages at a time, one after the other, and the length of each passage."""
    rng = np.random.default_rng(seed)
    shift = np.log(MEAN_LENGTH) - model.spread**2 / 2
    for start in range(0, passages, 10_000):
        count = min(10_000, passages - start)
        lengths = np.clip(rng.lognormal(shift, model.spread, count), 5, 2_000).astype(np.int64)
        yield _draw(model, lengths, rng)


def draw_queries(corpus: SyntheticCorpus, count: int, seed: int) -> list[list[str]]:
    """Known-item queries: 5 to 30 distinct terms of one passage, as often common ones as they stand there."""
    rng = np.random.default_rng(seed)
    queries: list[list[str]] = []
    while len(queries) < count:
        distinct = np.unique(corpus.terms(int(rng.integers(len(corpus)))))
        size = int(rng.integers(5, 31))
        if len(distinct) >= size:
            queries.append([corpus.words[number] for number in rng.permutation(distinct)[:size]])
    return queries


def write(model: Model, out: Path, passages: int, seed: int, queries: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    parts = list(generate(model, passages, seed))
    tokens = np.concatenate([part for part, _ in parts])
    used, tokens = np.unique(tokens, return_inverse=True)
    np.save(out / "tokens.npy", tokens.astype(np.int32))
    np.save(
        out / "starts.npy", np.concatenate(([0], np.cumsum(np.concatenate([sizes for _, sizes in parts]))))
    )
    (out / "words.txt").write_text("\n".join(map(model.word, used.tolist())), encoding="utf-8")
    drawn = draw_queries(SyntheticCorpus(out), queries, seed + 1)
    (out / "queries.json").write_text(json.dumps(drawn, ensure_ascii=False), encoding="utf-8")
    facts = {"burst": model.burst, "novel": model.novel, "spread": model.spread, "seed": seed}
    facts |= {"passages": passages, "tokens": len(tokens), "words": len(used)}
    (out / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    print(json.dumps(facts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("var/perf"))
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    model = fit(arguments.data)
    for passages in arguments.passages:
        write(model, arguments.out / str(passages), passages, arguments.seed, arguments.queries)


if __name__ == "__main__":
    main()
