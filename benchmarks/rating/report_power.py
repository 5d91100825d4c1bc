"""The plan that ``jmedqa rate power`` prints: power for each size, and what nine cases cannot show."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.statistics.power import CONFIRMATORY, ENOUGH, Power, needed_cases, power_of
from benchmarks.rating.statistics.simulation import Level, Size, Variation

NINE = 9
"""Cases of the published nine-question study."""

LARGE = 0.5
"""Points of 0–2: a quarter of the scale, more than most systems differ by."""

_LEVELS: tuple[Level, ...] = ("overall", "question")


@dataclass(frozen=True)
class Plan:
    """Simulated power, best read as a table, and the nine-case figures (always simulated)."""

    difference: float
    variation: Variation
    results: tuple[Power, ...]
    nine_cases: tuple[Power, ...]
    """Single questions with 9 cases and the largest number of raters: for ``difference`` and for `LARGE`."""
    statements: tuple[Note, ...]


def plan(
    *,
    difference: float,
    cases: Sequence[int],
    raters: Sequence[int],
    systems: int,
    questions: int,
    studies: int,
    seed: int,
    case_system_sd: float,
) -> Plan:
    """Simulate every size.

    Raises:
        ValueError: If the difference is not above 0 and within what the scores leave room for.
    """
    if difference <= 0:
        raise ValueError(f"{difference}: write a difference above 0")
    variation = Variation(case_system=case_system_sd)

    def simulated(case_count: int, rater_count: int, level: Level, points: float) -> Power:
        size = Size(case_count, systems, questions, rater_count)
        return power_of(size, level, points, variation, studies=studies, seed=seed)

    results = tuple(
        simulated(case_count, rater_count, level, difference)
        for level in _LEVELS
        for rater_count in raters
        for case_count in cases
    )
    nine = tuple(simulated(NINE, max(raters), "question", points) for points in sorted({difference, LARGE}))
    statements = [_needed(results, level, rater_count, cases) for level in _LEVELS for rater_count in raters]
    return Plan(difference, variation, results, nine, (*statements, *(_nine(result) for result in nine)))


def _needed(results: Sequence[Power], level: Level, raters: int, cases: Sequence[int]) -> Note:
    where_ja = "全質問の平均" if level == "overall" else "1つの質問"
    where_en = "the mean over all questions" if level == "overall" else "a single question"
    found = needed_cases(results, level, raters)
    if found is None:
        return Note(
            f"{where_ja}、評価者 {raters} 名: {max(cases)} 症例までの範囲では"
            f"検出力 {ENOUGH:.0%} に届かない。",
            f"On {where_en} with {raters} raters, up to {max(cases)} cases do not reach a power "
            f"of {ENOUGH:.0%}.",
        )
    return Note(
        f"{where_ja}、評価者 {raters} 名: {found} 症例で検出力 {ENOUGH:.0%} 以上。",
        f"On {where_en} with {raters} raters, {found} cases reach a power of {ENOUGH:.0%}.",
    )


def _nine(result: Power) -> Note:
    pairs = result.size.systems * (result.size.systems - 1) // 2
    tests = pairs * CONFIRMATORY
    ja = (
        f"9 症例・評価者 {result.size.raters} 名で質問別の差 {result.difference:g} 点を"
        f"検出できる割合は {result.power:.0%}"
        f"（{tests} 比較の Holm 補正。全症例が同じ向きでも補正後 p は {result.smallest_adjusted_p:.3f} 以上）"
    )
    en = (
        f"9 cases and {result.size.raters} raters find a difference of {result.difference:g} points on a "
        f"single question in {result.power:.0%} of studies (Holm over {tests} comparisons; with every case "
        f"on one side the adjusted p is still {result.smallest_adjusted_p:.3f})"
    )
    if result.power < ENOUGH:
        ja += "。9 症例では質問別の対比較の差は示せない。"
        en += ". Nine cases cannot show per-question pairwise differences."
        return Note(ja, en)
    return Note(ja + "。", en + ".")


def to_text(found: Plan) -> str:
    """A Markdown table and the sentences, Japanese and English."""
    sizes = sorted({(result.size.cases, result.size.raters) for result in found.results})
    by_size = {(r.size.cases, r.size.raters, r.level): r.power for r in found.results}
    first = found.results[0]
    lines = [
        f"差 / difference: {found.difference:g} 点 / points (0–2); 系 / systems {first.size.systems}, "
        f"質問 / questions {first.size.questions}, 試行 / studies {first.studies:,}",
        "",
        "| 症例 / cases | 評価者 / raters | 全体 / overall | 質問別 / single question |",
        "|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {cases} | {raters} | {by_size[cases, raters, 'overall']:.0%} | "
        f"{by_size[cases, raters, 'question']:.0%} |"
        for cases, raters in sizes
    ]
    parts = ", ".join(f"{name} {value:g}" for name, value in found.variation._asdict().items())
    lines += ["", *(f"{note.ja}\n  {note.en}" for note in found.statements)]
    lines += ["", f"仮定（測定値ではない） / assumptions, not measurements: {parts}"]
    return "\n".join(lines)


def to_json(found: Plan) -> str:
    """The same as data."""
    data = {
        "difference": found.difference,
        "variation": found.variation._asdict(),
        "results": [_flat(result) for result in found.results],
        "nine_cases": [_flat(result) for result in found.nine_cases],
        "statements": [asdict(note) for note in found.statements],
    }
    return json.dumps(data, ensure_ascii=False)


def _flat(result: Power) -> dict[str, object]:
    return {**result._asdict(), "size": result.size._asdict()}
