"""The measurements as Markdown: the tables of docs/retrieval.md."""

from collections.abc import Callable, Sequence

from benchmarks.measures import ArmScore
from benchmarks.retrieval import SetScore


def tables(scores: Sequence[SetScore]) -> str:
    """All tables: nDCG@10, recall, the ablation, and kinds of queries where a set has them."""
    parts = [
        "nDCG@10; in the last columns hybrid against the best other arm, with the p-value of the pairs:\n",
        _ndcg(scores),
        "\nR@10 / R@100:\n",
        _grid(scores, lambda entry: entry.arms, lambda a: f"{a.recall_at_10:.3f} / {a.recall_at_100:.3f}"),
        "\nnDCG@10 of hybrid, whole, and with one ingredient taken out or exchanged:\n",
        _grid(
            scores,
            lambda entry: [arm for arm in entry.arms if arm.arm == "hybrid"] + list(entry.ablations),
            lambda arm: f"{arm.ndcg_at_10:.3f}",
        ),
    ]
    for entry in scores:
        if entry.by_kind:
            parts += [f"\n{entry.name} by kind of query, nDCG@10:\n", _kinds(entry)]
    return "\n".join(parts)


def _ndcg(scores: Sequence[SetScore]) -> str:
    head = "| set (documents, queries) | " + " | ".join(arm.arm for arm in scores[0].arms)
    lines = [head + " | hybrid − best | p |", "|---" * (len(scores[0].arms) + 3) + "|"]
    for entry in scores:
        cells = " | ".join(f"{arm.ndcg_at_10:.3f}" for arm in entry.arms)
        lines.append(
            f"| {_label(entry)} | {cells} | {entry.hybrid_minus_best:+.3f} ({entry.best_single_arm}) "
            f"| {entry.p_value:.4f} |"
        )
    return "\n".join(lines)


def _grid(
    scores: Sequence[SetScore],
    arms_of: Callable[[SetScore], Sequence[ArmScore]],
    cell: Callable[[ArmScore], str],
) -> str:
    names = [arm.arm for arm in arms_of(scores[0])]
    lines = ["| set | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {entry.name} | {' | '.join(map(cell, arms_of(entry)))} |" for entry in scores]
    return "\n".join(lines)


def _kinds(entry: SetScore) -> str:
    lines = [f"| kind | queries | {entry.best_single_arm} | hybrid |", "|---|---|---|---|"]
    lines += [
        f"| {kind} | {count} | {best:.3f} | {hybrid:.3f} |"
        for kind, (count, best, hybrid) in entry.by_kind.items()
    ]
    return "\n".join(lines)


def _label(entry: SetScore) -> str:
    return f"{entry.name} ({entry.documents:,}, {entry.queries:,})"
