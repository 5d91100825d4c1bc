"""Analysis: terms per second against fugashi's full features, with the same terms; and in several processes.

    python -m benchmarks.perf.analysis --data ../shared/data

Both read the same folded passages of JaQuAD and apply the same rules; the reference reads each word's
part of speech and lemma from fugashi's feature objects. CPU time, in turns, medians. With several processes,
what the first one computes itself bounds how many cores help.
"""

import argparse
import gzip
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import fugashi
import unidic_lite

from indexer import MeCabAnalyzer, fold
from indexer.analyzer import terms_of, word
from indexer.passages import content_hash
from indexer.terms import PassageTerms

ROUNDS = 5


class FullFeatures:
    """The terms by way of ``fugashi.Tagger``: one feature object a word."""

    def __init__(self) -> None:
        self._tagger = fugashi.Tagger(f'-d "{unidic_lite.DICDIR}"')

    def terms(self, folded: str) -> list[str]:
        return terms_of(
            [
                word(node.surface, node.feature.pos1, node.feature.lemma, spaced=bool(node.white_space))
                for node in self._tagger(folded)
            ]
        )


def cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def processor_seconds() -> tuple[float, float]:
    """Of this process, and of those it started that have ended."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--passages", type=int, default=3_000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with gzip.open(arguments.data / "jaquad/passages.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    folded = [fold(text) for text in texts[: arguments.passages]]
    ours, full = MeCabAnalyzer(), FullFeatures()
    parse = ours._parse
    equal = sum(terms_of(parse(text)) == full.terms(text) for text in folded)
    times: dict[str, list[float]] = {"ours": [], "full": []}
    for _ in range(ROUNDS):
        times["ours"].append(cpu_seconds(lambda: [terms_of(parse(text)) for text in folded]))
        times["full"].append(cpu_seconds(lambda: [full.terms(text) for text in folded]))
    size = sum(len(text.encode()) for text in folded) / 1e6
    report: dict[str, object] = {
        "passages": len(folded),
        "equal": equal,
        "ours_mb_per_s": size / median(times["ours"]),
        "full_features_mb_per_s": size / median(times["full"]),
        "ratio": median(full / own for own, full in zip(times["ours"], times["full"], strict=True)),
        "cores": os.cpu_count(),
    }
    hashes = [content_hash(text) for text in texts]
    for processes in (1, 2):
        own, others = processor_seconds()
        began = time.perf_counter()
        for _ in PassageTerms(texts, hashes, MeCabAnalyzer().terms, processes=processes).bags():
            pass
        own_after, others_after = processor_seconds()
        report[f"{processes}_processes"] = {
            "wall_s": time.perf_counter() - began,
            "cpu_s": own_after - own,
            "children_cpu_s": others_after - others,
        }
    text = json.dumps(report, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
