"""The report's content, once for HTML and Markdown: sections of words, charts and tables."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.rating import report_charts as charts
from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.analysis_results import Analysis, Comparison, Family, Marginals
from benchmarks.rating.statistics.intervals import Interval
from benchmarks.rating.statistics.raters import Estimate


@dataclass(frozen=True)
class Table:
    """Rows under a head; ``folded`` tables are long and closed at first."""

    title: Note
    head: tuple[Note, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """One part of the report. ``charts`` are SVG; ``points`` a list of sentences."""

    title: Note
    words: tuple[Note, ...] = ()
    points: tuple[Note, ...] = ()
    charts: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


def sections(analysis: Analysis) -> list[Section]:
    """All parts that the analysis has something for, in reading order."""
    parts = [
        _summary(analysis),
        _means(analysis),
        _retrieval(analysis),
        _tests(analysis),
        _agreement(analysis),
        _raters(analysis),
        _ordinal(analysis),
        _methods(analysis),
    ]
    return [part for part in parts if part is not None]


def _summary(analysis: Analysis) -> Section:
    sizes = tuple(
        len(axis) for axis in (analysis.cases, analysis.systems, analysis.questions, analysis.raters)
    )
    return Section(
        title=Note("要点と弱点", "Weak points"),
        words=(
            Note(
                "症例 {}、系 {}、質問 {}、評価者 {}。評点は 0 = 誤り、1 = 妥当ではあるが最適ではない、"
                "2 = 正しい。検定と区間の単位は症例。".format(*sizes),
                "{} cases, {} systems, {} questions, {} raters. Scores: 0 wrong, 1 acceptable but not "
                "optimal, 2 correct. Tests and intervals take the case as the unit.".format(*sizes),
            ),
        ),
        points=(*analysis.weak_points, *analysis.notes),
    )


def _means(analysis: Analysis) -> Section:
    by_cell = {(entry.system, entry.question): entry for entry in analysis.means}
    questions = (None, *analysis.questions)
    rows = []
    for system in analysis.systems:
        entries = [by_cell[system.label, question] for question in questions]
        rows.append((system.label, *(_mean(entry.mean, entry.interval) for entry in entries)))
    wrong = [
        (
            system.label,
            *(_share(by_cell[system.label, question].marginals) for question in questions),
        )
        for system in analysis.systems
    ]
    head = (Note("系", "System"), Note("全体", "All"), *(Note(name, name) for name in analysis.questions))
    return Section(
        title=Note("質問別・系別の平均点", "Mean scores by question and system"),
        charts=(charts.bars(analysis), charts.heat_map(analysis)),
        tables=(
            Table(Note("症例平均の平均と95 %区間", "Mean of case means, 95 % interval"), head, tuple(rows)),
            Table(
                Note("評点 0 / 1 / 2 の割合 (%)", "Shares of scores 0 / 1 / 2 (%)"), head, tuple(wrong), True
            ),
        ),
    )


def _retrieval(analysis: Analysis) -> Section | None:
    if not analysis.retrieval_pairs:
        return None
    rows = [
        row
        for pair in analysis.retrieval_pairs
        for row in analysis.comparisons
        if (row.first, row.second) == pair
    ]
    return Section(
        title=Note("検索の有無", "Without and with retrieval"),
        words=(
            Note(
                "線は1症例。太線は平均。緑は上昇、橙は低下。差の図の塗りつぶしは補正後 p ≤ 0.05。",
                "A line is a case, the thick one the mean; green rises, orange falls. Filled marks: adjusted "
                "p ≤ 0.05.",
            ),
        ),
        charts=(charts.paired_lines(analysis), charts.retrieval_differences(analysis)),
        tables=(_comparison_table(Note("検索あり − なし", "With − without retrieval"), rows, True),),
    )


def _tests(analysis: Analysis) -> Section | None:
    if not analysis.comparisons and analysis.omnibus is None:
        return None
    words = []
    test = analysis.omnibus
    if test is not None:
        words.append(
            Note(
                f"Friedman 検定（{test.cases} 症例、{test.systems} 系）: χ² = {_number(test.chi_square)}、"
                f"Iman–Davenport F = {_number(test.f)}、p = {_p(test.f_p)}。症例内並べ替え検定 "
                f"({test.permutations:,} 回) p = {_p(test.permutation_p)}。",
                f"Friedman's test ({test.cases} cases, {test.systems} systems): χ² = "
                f"{_number(test.chi_square)}, Iman–Davenport F = {_number(test.f)}, p = {_p(test.f_p)}. "
                f"Permutation within cases ({test.permutations:,}): p = {_p(test.permutation_p)}.",
            )
        )
    families: list[tuple[Family, Note, bool]] = [
        ("overall", Note("全質問の平均（Holm 補正）", "Mean over all questions (Holm)"), False),
        (
            "confirmatory",
            Note("検証的な質問（Holm 補正）", "Confirmatory questions (Holm)"),
            False,
        ),
        ("other", Note("その他の質問（BH-FDR 補正、探索的）", "Other questions (BH-FDR, exploratory)"), True),
    ]
    tables = []
    for family, title, folded in families:
        rows = [row for row in analysis.comparisons if row.family == family]
        if rows:
            tables.append(_comparison_table(title, rows, folded))
    return Section(title=Note("系の比較", "Comparison of systems"), words=tuple(words), tables=tuple(tables))


def _comparison_table(title: Note, rows: Iterable[Comparison], folded: bool) -> Table:
    head = (
        Note("質問", "Question"),
        Note("比較（後 − 前）", "Second − first"),
        Note("症例", "Cases"),
        Note("差", "Difference"),
        Note("95 %区間", "95 % interval"),
        Note("p", "p"),
        Note("補正後 p", "Adjusted p"),
    )
    shown = tuple(
        (
            row.question or "全体 / all",
            f"{row.second} − {row.first}",
            str(row.cases),
            _signed(row.difference),
            _interval(row.interval, signed=True),
            _p(row.p),
            _p(row.adjusted_p) + (" *" if row.shown else ""),
        )
        for row in rows
    )
    return Table(title, head, shown, folded)


def _agreement(analysis: Analysis) -> Section | None:
    if len(analysis.raters) < 2:
        return None
    head = (
        Note("質問", "Question"),
        Note("単位", "Units"),
        Note("重み付き一致率", "Weighted agreement"),
        Note("Krippendorff α（順序）", "Krippendorff α, ordinal"),
        Note("Gwet AC2（順序）", "Gwet AC2, ordinal"),
        Note("ICC(2,1)", "ICC(2,1)"),
        Note("ICC(2,k)", "ICC(2,k)"),
        Note("0 / 1 / 2 (%)", "0 / 1 / 2 (%)"),
    )
    rows = tuple(
        (
            row.question or "全体 / all",
            str(row.units),
            _number(row.weighted_agreement),
            _mean(row.alpha, row.alpha_interval),
            _mean(row.ac2, row.ac2_interval),
            _mean(row.icc_2_1, row.icc_2_1_interval),
            _number(row.icc_2_k),
            _share(row.marginals),
        )
        for row in analysis.agreement
    )
    return Section(
        title=Note("評価者間の一致", "Agreement between raters"),
        words=(
            Note(
                "評点が一つの値に偏ると α は低く、AC2 は高く出る。周辺分布と併せて読む。– は定義できない値。",
                "Where nearly all scores are equal alpha is low and AC2 high: read them beside the "
                "marginals. – is undefined.",
            ),
        ),
        tables=(Table(Note("一致度", "Agreement"), head, rows),),
    )


def _raters(analysis: Analysis) -> Section:
    used = {row.rater: row.marginals for row in analysis.rater_marginals}
    severity = tuple(
        (
            row.rater,
            str(row.scores),
            f"{row.mean:.2f}",
            _estimate(row.effect),
            _p(row.holm_p) + (" *" if row.noticeable else ""),
            _share(used[row.rater]),
        )
        for row in analysis.severities
    )
    tables = [
        Table(
            Note("厳しさ（負は厳しい）", "Severity (negative is severe)"),
            (
                Note("評価者", "Rater"),
                Note("評点数", "Scores"),
                Note("平均", "Mean"),
                Note("効果（点）", "Effect (points)"),
                Note("p (Holm)", "p (Holm)"),
                Note("0 / 1 / 2 (%)", "0 / 1 / 2 (%)"),
            ),
            severity,
        )
    ]
    if analysis.drifts:
        drift = tuple(
            (row.rater, _estimate(row.change), _p(row.change.p if row.change else None))
            for row in analysis.drifts
        )
        head = (
            Note("評価者", "Rater"),
            Note("始めから終わりまでの変化", "Change first to last"),
            Note("p", "p"),
        )
        tables.append(Table(Note("時間による変化", "Drift"), head, drift))
    if analysis.intra_rater:
        repeat = tuple(
            (
                row.rater,
                str(row.repeats),
                _number(row.same),
                _number(row.weighted_agreement),
                _number(row.ac2),
                _signed(row.mean_change),
            )
            for row in analysis.intra_rater
        )
        tables.append(
            Table(
                Note("同一評価者の再評価", "Intra-rater (hidden repeats)"),
                (
                    Note("評価者", "Rater"),
                    Note("再評価数", "Repeats"),
                    Note("同一の割合", "Same score"),
                    Note("重み付き一致率", "Weighted agreement"),
                    Note("AC2", "AC2"),
                    Note("変化（点）", "Change (points)"),
                ),
                repeat,
            )
        )
    return Section(title=Note("評価者", "Raters"), tables=tuple(tables))


def _ordinal(analysis: Analysis) -> Section | None:
    fitted = analysis.ordinal_fit
    if fitted is None:
        return None
    rows = tuple(
        (effect.name, _signed(effect.value), "–" if effect.error is None else f"{effect.error:.2f}")
        for effect in fitted.effects
    )
    sds = ", ".join(f"{name} {sd:.2f}" for name, sd in fitted.sds.items())
    against = f"{analysis.systems[0].label}, {analysis.questions[0]}"
    return Section(
        title=Note("順序混合モデル（記述用）", "Ordinal mixed model (descriptive)"),
        words=(
            Note(
                f"累積ロジット、ラプラス近似。基準は {against}。変量効果の標準偏差: {sds}。"
                f"対数尤度 {fitted.log_likelihood:.2f}。"
                f"{'収束した' if fitted.converged else '収束せず: 値を使わないこと'}。",
                f"Cumulative logit, Laplace approximation, against {against}. Random effects' standard "
                f"deviations: {sds}. Log likelihood {fitted.log_likelihood:.2f}. "
                f"{'Converged' if fitted.converged else 'Not converged: do not use'}.",
            ),
        ),
        tables=(
            Table(
                Note("固定効果（ロジット）", "Fixed effects (logits)"),
                (Note("項", "Term"), Note("値", "Value"), Note("標準誤差", "Standard error")),
                rows,
            ),
        ),
    )


def _methods(analysis: Analysis) -> Section:
    settings = analysis.settings
    versions = ", ".join(f"{name} {number}" for name, number in analysis.versions.items())
    confirmatory = ", ".join(settings.confirmatory) or "–"
    return Section(
        title=Note("方法と再現", "Methods and reproduction"),
        words=(
            Note(
                f"対比較は症例ごとの差の符号反転検定（16 症例まで正確、"
                f"それ以上は {settings.permutations:,} 回）。区間は 20 症例未満で t、以上で症例の BCa "
                f"ブートストラップ。検証的な質問: {confirmatory}。乱数の種 {settings.seed}。",
                f"Pairs: sign flips of the cases' differences (exact up to 16 cases, else "
                f"{settings.permutations:,}). Intervals: t below 20 cases, BCa bootstrap of cases from 20. "
                f"Confirmatory questions: {confirmatory}. Seed {settings.seed}.",
            ),
            Note(
                f"入力 {analysis.input.rows:,} 行、SHA-256 {analysis.input.sha256}、{versions}。",
                f"Input: {analysis.input.rows:,} rows, SHA-256 {analysis.input.sha256}; {versions}.",
            ),
        ),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _interval(interval: Interval | None, *, signed: bool = False) -> str:
    if interval is None:
        return "–"
    sign = "+" if signed else ""
    return f"[{interval.low:{sign}.2f}, {interval.high:{sign}.2f}]"


def _mean(value: float | None, interval: Interval | None) -> str:
    return _number(value) + (f" {_interval(interval)}" if interval else "")


def _estimate(estimate: Estimate | None) -> str:
    return f"{estimate.value:+.2f} [{estimate.low:+.2f}, {estimate.high:+.2f}]" if estimate else "–"


def _share(marginals: Marginals | None) -> str:
    return " / ".join(f"{share * 100:.0f}" for share in marginals.shares) if marginals else "–"
