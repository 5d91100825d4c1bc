"""Weak points in words, Japanese and English: what a reader should take from the figures, and what not."""

from collections.abc import Iterator

from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.analysis_results import Analysis, Comparison, MeanScore
from benchmarks.rating.statistics.raters import NOTICEABLE

LOW_ALPHA = 0.667
"""Krippendorff's own limit (Content Analysis, 2nd ed., 2004, p. 241): below, no tentative conclusions."""

HIGH_AC2 = 0.8
_NAMED = 3


def weak_points(analysis: Analysis) -> list[Note]:
    """The analysis's weak points, the systems' first."""
    return [
        *_lowest_questions(analysis),
        *_wrong_answers(analysis),
        *_retrieval(analysis),
        *_comparisons(analysis),
        *_small_study(analysis),
        *_raters(analysis),
    ]


def _lowest_questions(analysis: Analysis) -> Iterator[Note]:
    for system in analysis.systems:
        scored = [
            entry
            for entry in analysis.means
            if entry.system == system.label and entry.question is not None and entry.mean is not None
        ]
        if len(scored) < 2:
            continue
        lowest = sorted(scored, key=lambda entry: entry.mean or 0.0)[: min(2, len(scored) - 1)]
        ja = "、".join(f"{entry.question}（{entry.mean:.2f}）" for entry in lowest)
        en = ", ".join(f"{entry.question} ({entry.mean:.2f})" for entry in lowest)
        yield Note(
            f"{system.label} の平均点が低い質問: {ja}。", f"{system.label} scores lowest on {en}, of 0–2."
        )


def _wrong_answers(analysis: Analysis) -> Iterator[Note]:
    def wrong(entry: MeanScore) -> float:
        return entry.marginals.shares[0] if entry.marginals else 0.0

    cells = sorted(
        (entry for entry in analysis.means if entry.question is not None and wrong(entry) >= 0.2),
        key=lambda entry: -wrong(entry),
    )[:_NAMED]
    if cells:
        ja = "、".join(f"{entry.system} の {entry.question}（{wrong(entry):.0%}）" for entry in cells)
        en = ", ".join(f"{entry.system} on {entry.question} ({wrong(entry):.0%})" for entry in cells)
        yield Note(f"「誤り」(0点) の割合が高い: {ja}。", f"Most often rated wrong (0): {en}.")


def _retrieval(analysis: Analysis) -> Iterator[Note]:
    for without, with_it in analysis.retrieval_pairs:
        rows = [row for row in analysis.comparisons if (row.first, row.second) == (without, with_it)]
        overall = next((row for row in rows if row.question is None), None)
        if overall is None or overall.difference is None:
            continue
        verdict_ja = "差が示された" if overall.shown else "差は示されていない"
        verdict_en = "a difference is shown" if overall.shown else "no difference is shown"
        yield Note(
            f"{without} に検索を加えた {with_it} の平均点は {overall.difference:+.2f} 点: {verdict_ja}"
            f"（{_p(overall)}）。",
            f"Retrieval changes the mean of {without} by {overall.difference:+.2f} points ({with_it}): "
            f"{verdict_en} ({_p(overall)}).",
        )
        worse = sorted(
            (row for row in rows if row.question and row.difference is not None and row.difference < -0.1),
            key=lambda row: row.difference or 0.0,
        )[:_NAMED]
        if worse:
            ja = "、".join(f"{row.question}（{row.difference:+.2f}）" for row in worse)
            en = ", ".join(f"{row.question} ({row.difference:+.2f})" for row in worse)
            yield Note(
                f"{with_it} で {without} より平均点が下がった質問: {ja}。",
                f"With retrieval {with_it} scores lower than {without} on {en}.",
            )


def _comparisons(analysis: Analysis) -> Iterator[Note]:
    questions = [row for row in analysis.comparisons if row.question is not None]
    if not questions:
        return
    shown = [row for row in questions if row.shown]
    if shown:
        best = sorted(shown, key=lambda row: -abs(row.difference or 0.0))[: 2 * _NAMED]
        ja = "、".join(
            f"{row.question} の {row.second}−{row.first}（{row.difference:+.2f}、{_p(row)}）" for row in best
        )
        en = ", ".join(
            f"{row.question} {row.second} − {row.first} ({row.difference:+.2f}, {_p(row)})" for row in best
        )
        yield Note(
            f"質問別の {len(questions)} 比較のうち差が示されたのは {len(shown)}: {ja}。",
            f"Of {len(questions)} comparisons on single questions {len(shown)} show a difference: {en}.",
        )
    else:
        yield Note(
            f"質問別の {len(questions)} 比較のどれにも差は示されていない。差がないことを示すものではない。",
            f"None of {len(questions)} comparisons on single questions shows a difference, which does not "
            "show that there is none.",
        )


def _small_study(analysis: Analysis) -> Iterator[Note]:
    tests = sum(row.family == "confirmatory" for row in analysis.comparisons)
    if not tests or len(analysis.cases) > 16:
        return
    least = min(1.0, tests * analysis.smallest_p)
    yield Note(
        f"{len(analysis.cases)} 症例では、全症例が同じ向きでも、検証的比較 {tests} 件の補正後 p は "
        f"{least:.3f} までしか下がらない。必要な症例数は `jmedqa rate power` で見積もること。",
        f"With {len(analysis.cases)} cases, {tests} confirmatory comparisons leave an adjusted p of "
        f"{least:.3f} at best, were every case on one side. Plan the size with `jmedqa rate power`.",
    )


def _raters(analysis: Analysis) -> Iterator[Note]:
    for row in analysis.severities:
        if row.noticeable and row.effect:
            severe = row.effect.value < 0
            yield Note(
                f"評価者 {row.rater} は他より{'厳しい' if severe else '甘い'}"
                f"（{row.effect.value:+.2f} 点、95 %区間 {row.effect.low:+.2f}〜{row.effect.high:+.2f}）。",
                f"Rater {row.rater} is more {'severe' if severe else 'lenient'} than the others "
                f"({row.effect.value:+.2f} points, 95 % {row.effect.low:+.2f} to {row.effect.high:+.2f}).",
            )
    for drift in analysis.drifts:
        change = drift.change
        if change and change.p < 0.05 / len(analysis.raters) and abs(change.value) >= NOTICEABLE:
            yield Note(
                f"評価者 {drift.rater} の評点は始めから終わりまでに {change.value:+.2f} 点動いた。",
                f"Rater {drift.rater} drifted by {change.value:+.2f} points from first to last.",
            )
    overall = analysis.agreement[0]
    if overall.alpha is None or overall.ac2 is None or overall.alpha >= LOW_ALPHA:
        return
    ja = f"評価者間の一致は低い（α {overall.alpha:.2f} < {LOW_ALPHA}、AC2 {overall.ac2:.2f}）。"
    en = f"Raters agree little (alpha {overall.alpha:.2f} < {LOW_ALPHA}, AC2 {overall.ac2:.2f})."
    if overall.ac2 >= HIGH_AC2:
        ja += "AC2 は高い: 評点が一つの値に偏ると α は低く出る。両方と周辺分布を併せて読むこと。"
        en += " AC2 is high: alpha falls where nearly all scores are equal. Read both beside the marginals."
    yield Note(ja, en)


def _p(row: Comparison) -> str:
    if row.adjusted_p is None:
        return "p −"
    return "p < 0.001" if row.adjusted_p < 0.001 else f"p = {row.adjusted_p:.3f}"
