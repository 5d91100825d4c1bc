# ruff: noqa: E501  (a sentence of the page is a line)
"""The report's words and tables, once for HTML and Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.report_sections import Section, Table
from benchmarks.reports import charts
from benchmarks.reports.exams import REQUIRED_SHARE, ExamRow, Group
from benchmarks.reports.paired import Difference, Interval
from benchmarks.reports.results import Comparison, Results

NONE = "–"


def sections(results: Results, exams: Sequence[ExamRow], browser: str) -> list[Section]:
    """All parts that there is something for, in reading order.

    Args:
        browser: HTML of the item browser; it stands in the page only.
    """
    parts = [_arms(results), _costs(results)]
    if results.comparisons:
        parts += [_comparisons(results), _changes(results)]
    parts += [_leaks(results)]
    if exams:
        parts.append(_exams(exams))
    parts += [_metrics(results), _methods(results), _manifest(results)]
    if browser:
        parts.append(Section(title=Note("問題ごとの回答", "Items"), charts=(browser,)))
    return parts


def _arms(results: Results) -> Section:
    head = (
        "課題/task",
        "腕/arm",
        "n",
        "正答率/accuracy",
        "95 %区間/95 % interval",
        "点/points",
        "未解読/unparsed",
        "棄権/abstained",
        "途中切れ/truncated",
        "失敗/failed",
        "未実施/missing",
    )
    rows = [
        (
            arm.task,
            arm.arm + (f" ×{arm.repeats}" if arm.repeats > 1 else ""),
            str(arm.n),
            f"{arm.accuracy:.3f}",
            _interval(arm.interval),
            f"{arm.points:g}/{arm.points_max}",
            *(str(count) for count in (arm.unparsed, arm.abstained, arm.truncated, arm.failed, arm.missing)),
        )
        for arm in results.arms
    ]
    return Section(
        title=Note("成績", "Scores"),
        words=(
            Note(
                "読めない回答、棄権、途中で切れた回答、届かなかった回答はすべて誤答に数え、別々に示します。",
                "Replies that were not read, abstentions, cut replies and replies that never arrived all count "
                "as wrong, and each apart.",
            ),
        ),
        charts=(charts.accuracies(results.arms),),
        tables=(_table(Note("腕ごとの成績", "By arm"), head, rows),),
    )


def _costs(results: Results) -> Section:
    head = (
        "課題/task",
        "腕/arm",
        "呼び出し/calls",
        "入力トークン/prompt tokens",
        "出力トークン/completion tokens",
        "費用/cost",
        "中央値 s/median s",
        "95 % s/p95 s",
        "失敗の種類/failures",
    )
    rows = [
        (
            arm.task,
            arm.arm,
            f"{arm.calls:.1f}",
            _number(arm.prompt_tokens, 0),
            _number(arm.completion_tokens, 0),
            NONE if arm.cost is None else f"{arm.cost:,.4g} {arm.currency}",
            _number(arm.seconds_median, 2),
            _number(arm.seconds_p95, 2),
            ", ".join(f"{kind} {count}" for kind, count in arm.failures.items()) or NONE,
        )
        for arm in results.arms
    ]
    return Section(
        title=Note("費用と時間", "Cost and time"),
        words=(
            Note(
                "呼び出しとトークンは回答1件あたりの平均、費用は腕の合計(設定の単価による)。",
                "Calls and tokens are means per answer; cost is the whole arm's, by the settings' prices.",
            ),
        ),
        tables=(_table(Note("費用", "Cost"), head, rows),),
    )


def _comparisons(results: Results) -> Section:
    head = (
        "課題/task",
        "比較/pair",
        "n",
        "差/difference",
        "95 %区間/95 % interval",
        "改善/fixed",
        "悪化/broken",
        "p",
        "Holm p",
        "検出できる差/detectable",
        "同等/equivalent",
        "検定/test",
    )
    rows = []
    for one in results.comparisons:
        rows.append(_row(one, one.difference, one.holm_p))
        if one.without_leaks is not None:
            rows.append(_row(one, one.without_leaks, None, " (漏洩を除く / without leaks)"))
    families = {
        "retrieval": Note(
            "比べる族: 検索ありの各腕と、同じモデル・同じプロンプトの closed_book。",
            "The family: every arm with retrieval against closed_book of the same model and prompt.",
        ),
        "all": Note("比べる族: 課題ごとの全ての腕の対。", "The family: all pairs of arms of a task."),
        "runs": Note(
            "比べる族: 最初の実行と他の実行の、同じ方法の腕。",
            "The family: arms of one strategy in the first run and in the others.",
        ),
    }
    return Section(
        title=Note("検索の効果", "What retrieval is worth"),
        words=(
            families[results.family],
            Note(
                f"Holmの補正は{len(results.comparisons)}件の比較全体に対して行いました。検出できる差は検出力80 %、"
                f"同等の幅は±{results.equivalence:g}です。",
                f"Holm's correction is over all {len(results.comparisons)} comparisons. Detectable: with a power "
                f"of 80 %. Margin of equivalence: ±{results.equivalence:g}.",
            ),
        ),
        charts=(charts.forest(results.comparisons, results.equivalence), charts.pairs(results.comparisons)),
        tables=(_table(Note("同じ問題での比較", "On the same items"), head, rows),),
    )


def _row(one: Comparison, found: Difference, holm_p: float | None, more: str = "") -> tuple[str, ...]:
    return (
        one.task,
        f"{one.second} − {one.first}{more}",
        str(found.items) + (f" ({found.cases})" if found.cases < found.items else ""),
        f"{found.difference:+.3f}",
        _interval(found.interval, signed=True),
        str(found.fixed),
        str(found.broken),
        _p(found.p),
        _p(holm_p),
        _number(found.detectable, 3),
        "○" if found.equivalent else NONE,
        found.test,
    )


def _changes(results: Results) -> Section:
    head = ("問題/item", "変化/change", "漏洩/leak", "根拠/evidence")
    tables = []
    for one in results.comparisons:
        if not one.changes:
            continue
        rows = [
            (
                change.item,
                "改善 / fixed" if change.fixed else "悪化 / broken",
                "○" if change.leaked else NONE,
                ", ".join(change.evidence) or NONE,
            )
            for change in one.changes
        ]
        title = f"{one.task}: {one.second} − {one.first}"
        tables.append(_table(Note(title, title), head, rows, folded=True))
    words = () if tables else (Note("ありません。", "None."),)
    return Section(
        title=Note("検索で変わった問題", "Items that retrieval fixed or broke"),
        words=words,
        tables=tuple(tables),
    )


def _leaks(results: Results) -> Section:
    head = (
        "課題/task",
        "腕/arm",
        "漏洩/leaked",
        "出典/source",
        "設問/stem",
        "選択肢/choices",
        "正答率/accuracy",
        "漏洩を除く正答率/without leaks",
    )
    rows = [
        (
            arm.task,
            arm.arm,
            f"{arm.leaked['items']}/{arm.n}",
            *(str(arm.leaked.get(kind, 0)) for kind in ("source", "stem", "choices")),
            f"{arm.accuracy:.3f}",
            _number(arm.accuracy_without_leaks, 3),
        )
        for arm in results.arms
        if arm.strategy != "closed_book"
    ]
    return Section(
        title=Note("漏洩の点検", "Leaks"),
        words=(
            Note(
                "根拠に、問題の出典の文書、設問文の半分以上(13語・13字の連なり)、または全選択肢が含まれる問題。",
                "Items whose evidence is of a document they were made from, holds half of the stem (in runs of "
                "13 tokens), or all the choices.",
            ),
        ),
        tables=(_table(Note("根拠に問題が含まれるもの", "Evidence that holds the item"), head, rows),)
        if rows
        else (),
    )


def _exams(exams: Sequence[ExamRow]) -> Section:
    names = ("必修", "一般・臨床")
    head = (
        "回/round",
        "腕/arm",
        "問/items",
        "点/points",
        "必修",
        "一般・臨床",
        "禁忌肢/contraindicated chosen",
        "画像なし/without image",
        "受験者の正答率/examinees",
        "同じ問題での正答率/model there",
    )
    rows = [
        (
            row.round,
            row.arm,
            str(row.total.n),
            _group(row.total),
            *(_group(row.groups.get(name)) for name in names),
            NONE
            if row.contraindicated_items is None
            else f"{row.contraindicated_chosen}/{row.contraindicated_items}",
            _group(row.groups.get("without_image")),
            f"{row.human_accuracy:.3f} (n = {row.human_items})" if row.human_accuracy is not None else NONE,
            _number(row.model_accuracy_there, 3),
        )
        for row in exams
    ]
    details = [
        (
            row.round,
            row.arm,
            name.removeprefix("category/").removeprefix("section/"),
            str(group.n),
            str(group.correct),
            _group(group),
        )
        for row in exams
        for name, group in row.groups.items()
        if name.startswith(("section/", "category/"))
    ]
    return Section(
        title=Note("医師国家試験", "Licensing examination"),
        words=(
            Note(
                f"必修の合格基準は得点率{REQUIRED_SHARE:.0%}、一般・臨床の基準は年ごとに定められます。抽出した問題だけの実行では合否は言えません。",
                f"必修 asks for {REQUIRED_SHARE:.0%} of its points; the bar of 一般・臨床 is set each year. A run "
                "over drawn items says nothing on passing.",
            ),
        ),
        tables=(
            _table(Note("回ごとの成績", "By round"), head, rows),
            _table(
                Note("ブロック・分野ごと", "By section and category"),
                ("回/round", "腕/arm", "区分/group", "問/items", "正答/right", "点/points"),
                details,
                folded=True,
            ),
        ),
    )


def _metrics(results: Results) -> Section:
    rows = [
        (
            arm.task,
            arm.arm,
            name,
            NONE if value is None else f"{value:.4f}" if isinstance(value, float) else str(value),
        )
        for arm in results.arms
        for name, value in arm.metrics.items()
        if not name.startswith(("status/", "section/", "category/"))
    ]
    title = Note(
        "課題ごとの指標(公式の採点は official/)", "The tasks' own figures (official scorers: official/)"
    )
    head = ("課題/task", "腕/arm", "指標/figure", "値/value")
    return Section(
        title=Note("課題ごとの指標", "Further figures"),
        tables=(_table(title, head, rows, folded=True),) if rows else (),
    )


def _methods(results: Results) -> Section:
    del results
    return Section(
        title=Note("方法", "Methods"),
        points=(
            Note(
                "区間: 問題が互いに独立ならWilson、差はNewcombe(対応あり)。症例を共有する問題や反復がある場合は症例ごとの"
                "BCaブートストラップ(20症例未満はt)。",
                "Intervals: Wilson, and Newcombe for paired differences, where items are independent; with items "
                "of one case or repeats, BCa bootstrap of cases (Student's t below 20).",
            ),
            Note(
                "検定: McNemarの正確検定、または症例ごとの符号反転の並べ替え検定。両側。多重性はHolm。",
                "Tests: McNemar exact, or sign-flip permutation by case; two-sided; Holm for multiplicity.",
            ),
            Note(
                "同等: 差の90 %区間が同等の幅に収まるとき(2つの片側検定)。差がないことと同等とは別です。",
                "Equivalent: the 90 % interval of the difference lies inside the margin (two one-sided tests). "
                "No significant difference is not equivalence.",
            ),
        ),
    )


def _manifest(results: Results) -> Section:
    rows = []
    for run, manifest in results.manifests.items():
        rows += [(run, "versions", name, str(value)) for name, value in manifest.get("versions", {}).items()]
        rows += [
            (run, "model", name, ", ".join(f"{key}: {value}" for key, value in said.items()))
            for name, said in manifest.get("models", {}).items()
        ]
        for task in manifest.get("tasks", ()):
            rows.append((run, "items", task["task"], f"{len(task['items'])}/{task['items_of']}"))
            rows += [(run, "data sha256", task["task"], digest) for digest in task["data"].values()]
            if task["index"]:
                index = task["index"]
                said = f"{index['generation']}, {index['counts']['passages']} passages, mode {task['mode']}"
                rows.append((run, "index", task["task"], said))
        rows.append((run, "seed", "", str(manifest.get("seed"))))
    head = ("実行/run", "種類/kind", "名/name", "値/value")
    return Section(
        title=Note("来歴", "Provenance"),
        tables=(_table(Note("来歴", "Provenance"), head, rows, folded=True),),
    )


def _table(title: Note, head: Sequence[str], rows: Iterable[Sequence[str]], *, folded: bool = False) -> Table:
    notes = tuple(Note(*(name.split("/", 1) if "/" in name else (name, name))) for name in head)
    return Table(title=title, head=notes, rows=tuple(tuple(row) for row in rows), folded=folded)


def _group(group: Group | None) -> str:
    return NONE if group is None else f"{group.points}/{group.points_max} ({group.share:.1%})"


def _interval(found: Interval | None, *, signed: bool = False) -> str:
    if found is None:
        return NONE
    form = "+.3f" if signed else ".3f"
    return f"{found.low:{form}} – {found.high:{form}}"


def _p(value: float | None) -> str:
    if value is None:
        return NONE
    return "< .0001" if value < 0.0001 else f"{value:.4f}"


def _number(value: float | None, places: int) -> str:
    return NONE if value is None else f"{value:,.{places}f}"
