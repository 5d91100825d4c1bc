"""What the citation check lets through, and what it stops.

``python -m benchmarks.citations`` prints the tables of docs/citations.md: newly written claim-passage pairs
in two halves, one of them held out, and real sentences changed by program.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from benchmarks.citation_mutations import Mutation, mutations
from corpora import sentences
from service.answers import ClaimStatus
from service.checking import best_support

PAIRS = Path("tests/service/checking")
HALVES = ("pairs.jsonl", "pairs_heldout.jsonl")
SUPPORTED = ("supported_literal", "supported_paraphrase")
CONTRADICTING = ("changed_number", "changed_unit", "reversed_negation", "wrong_drug")
EXPECTED: dict[str, ClaimStatus] = {
    **dict.fromkeys(SUPPORTED, "verified"),
    **dict.fromkeys(CONTRADICTING, "contradicted"),
    **dict.fromkeys(("unsupported", "wrong_population", "half_supported"), "unverified"),
}
"""What a reader should be told about a pair of each label."""
STATUSES: tuple[ClaimStatus, ...] = ("verified", "unverified", "contradicted")


class Pair(NamedTuple):
    """A claim and the passage it cites."""

    id: str
    label: str
    language: str
    claim: str
    passage: str
    headings: tuple[str, ...]


class Changed(NamedTuple):
    """A real sentence with one thing changed, beside its own passage."""

    corpus: str
    kind: Mutation
    original: str
    claim: str
    passage: str
    headings: tuple[str, ...]


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a JSONL file that holds a passage and its labelled claims a line."""
    pairs: list[Pair] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        group = json.loads(line)
        for label, claim in group["claims"].items():
            pairs.append(
                Pair(group["id"], label, group["language"], claim, group["passage"], tuple(group["headings"]))
            )
    return pairs


def status_of(claim: str, passage: str, headings: Iterable[str]) -> ClaimStatus:
    """What the claim's one citation comes to."""
    support = best_support(claim, passage, tuple(headings))
    return support.comparison.verdict if support else "unverified"


def counts(pairs: Iterable[Pair]) -> dict[str, Counter[ClaimStatus]]:
    """By label, how many pairs got each status."""
    found: defaultdict[str, Counter[ClaimStatus]] = defaultdict(Counter)
    for pair in pairs:
        found[pair.label][status_of(pair.claim, pair.passage, pair.headings)] += 1
    return dict(found)


def precision_recall(found: Mapping[str, Counter[ClaimStatus]], status: ClaimStatus) -> tuple[float, float]:
    """Of one status over all labels, against `EXPECTED`; 0 where nothing got or deserved it."""
    given = sum(counter[status] for counter in found.values())
    right = sum(counter[status] for label, counter in found.items() if EXPECTED[label] == status)
    deserved = sum(counter.total() for label, counter in found.items() if EXPECTED[label] == status)
    return right / given if given else 0.0, right / deserved if deserved else 0.0


def changed_sentences(data: Path, *, limit_each: int, skip: int = 0) -> Iterator[Changed]:
    """Changed sentences of JaQuAD and NANDO, in file order, ``limit_each`` of a kind and corpus.

    Args:
        skip: Passages of each corpus to leave out at its start: those that the check was worked on with.
    """
    for corpus, file in (("nando", "nando/passages.jsonl"), ("jaquad", "jaquad/passages.jsonl.gz")):
        left = dict.fromkeys(("number", "power", "unit", "comparator", "negation"), limit_each)
        for passage, title in islice(_passages(data / file), skip, None):
            for start, end in sentences(passage):
                if not 8 <= end - start <= 300:
                    continue
                original = passage[start:end]
                for kind, text in mutations(original):
                    if left[kind] > 0:
                        left[kind] -= 1
                        yield Changed(corpus, kind, original, text, passage, (title,))
            if not any(left.values()):
                break


def neighbours(data: Path, *, limit: int) -> Iterator[Pair]:
    """Sentences of JaQuAD beside the next passage of their article: one topic, and almost never support."""
    before: tuple[str, str] = ("", "")
    yielded = 0
    for passage, title in _passages(data / "jaquad/passages.jsonl.gz"):
        earlier, before = before, (passage, title)
        if earlier[1] != title:
            continue
        for start, end in sentences(earlier[0])[:3]:
            if end - start >= 12 and yielded < limit:
                yielded += 1
                yield Pair("jaquad", "neighbour", "ja", earlier[0][start:end], passage, (title,))
        if yielded >= limit:
            return


def _passages(path: Path) -> Iterator[tuple[str, str]]:
    packed = path.read_bytes()
    for line in (gzip.decompress(packed) if path.suffix == ".gz" else packed).splitlines():
        entry = json.loads(line)
        yield entry["text"], entry.get("title") or "、".join(entry.get("names", ()))


def _label_table(found: Mapping[str, Counter[ClaimStatus]]) -> str:
    rows = ["| label | pairs | " + " | ".join(STATUSES) + " |", "|---|---|---|---|---|"]
    for label in EXPECTED:
        counter = found[label]
        rows.append(
            f"| {label} | {counter.total()} | "
            + " | ".join(str(counter[status]) for status in STATUSES)
            + " |"
        )
    rows += ["", "| status | precision | recall |", "|---|---|---|"]
    for status in STATUSES:
        precision, recall = precision_recall(found, status)
        rows.append(f"| {status} | {precision:.3f} | {recall:.3f} |")
    return "\n".join(rows)


def _changed_table(changed: Iterable[Changed]) -> str:
    by_kind: defaultdict[tuple[str, Mutation], Counter[ClaimStatus]] = defaultdict(Counter)
    originals: dict[str, Counter[ClaimStatus]] = defaultdict(Counter)
    for entry in changed:
        by_kind[entry.corpus, entry.kind][status_of(entry.claim, entry.passage, entry.headings)] += 1
        originals[entry.corpus][status_of(entry.original, entry.passage, entry.headings)] += 1
    rows = ["| corpus | change | sentences | " + " | ".join(STATUSES) + " |", "|---|---|---|---|---|---|"]
    shown: list[tuple[str, str, Counter[ClaimStatus]]]
    shown = [*((corpus, kind, counter) for (corpus, kind), counter in by_kind.items())]
    shown += [(corpus, "none", counter) for corpus, counter in originals.items()]
    for corpus, kind, counter in shown:
        cells = " | ".join(str(counter[status]) for status in STATUSES)
        rows.append(f"| {corpus} | {kind} | {counter.total()} | {cells} |")
    return "\n".join(rows)


def main(
    data: Annotated[Path, typer.Option(envvar="JMEDQA_DATA", help="The test-data folder.")] = Path(
        "../shared/data"
    ),
    pairs: Annotated[Path, typer.Option(help="The folder of the pairs.")] = PAIRS,
    skip: Annotated[int, typer.Option(help="Passages of each corpus to leave out at its start.")] = 0,
    limit_each: Annotated[int, typer.Option(help="Changed sentences of one kind and corpus, at most.")] = 600,
) -> None:
    """Print the tables: pairs of either half, and changed sentences where the data folder is there."""
    for half in HALVES:
        print(f"## {half}\n\n{_label_table(counts(read_pairs(pairs / half)))}\n")
    if (data / "jaquad").is_dir() and (data / "nando").is_dir():
        changed = changed_sentences(data, limit_each=limit_each, skip=skip)
        print(f"## Changed sentences\n\n{_changed_table(changed)}")
        found = counts(neighbours(data, limit=limit_each))["neighbour"]
        cells = ", ".join(f"{status} {found[status]}" for status in STATUSES)
        print(f"\n## Sentences beside the next passage of their article ({found.total()})\n\n{cells}")
    else:
        print(f"{data} holds no jaquad and nando folder: no changed sentences; name it with --data")


if __name__ == "__main__":
    typer.run(main)
