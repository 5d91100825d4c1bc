"""Write a report: one HTML page, Markdown, JSON, CSV."""

import csv
import io
import json
from pathlib import Path

from benchmarks.errors import BadRequest
from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.report import to_html, to_markdown
from benchmarks.reports.browser import browser
from benchmarks.reports.exams import exam_rows
from benchmarks.reports.results import Results, analyse, columns
from benchmarks.reports.sections import sections
from benchmarks.runs.folder import Key, read_manifest, read_passages, replace
from benchmarks.runs.records import PassageRecord
from benchmarks.runs.scoring import read_run
from benchmarks.settings import RunSettings

ITEMS = 200
"""Items of each task in the page's browser, where nothing else is asked for."""

_STYLE = """
details.task>details{margin-left:1rem}summary{font-weight:400}details.task>summary{font-weight:600}
.good{color:#00664b}.bad{color:#a63a00}.right{font-weight:600}.leak{color:#a63a00;font-weight:600}
.arm{border-left:3px solid;margin:.6rem 0 .6rem .4rem;padding-left:.8rem}.arm>*{color:#1f2933}
.arm h4,.arm h5{margin:.4rem 0}.context,.passage{color:#52606d;font-size:.9rem}
pre{white-space:pre-wrap;font:inherit;background:#f6f8fa;padding:.5rem;margin:.3rem 0}
figure{margin:1rem 0}td{white-space:normal;max-width:34rem;overflow-wrap:break-word}
"""


def write_report(
    runs: list[Path], out: Path, *, data: Path | None = None, items: int | None = ITEMS
) -> tuple[Results, list[Path]]:
    """Read runs, and write ``report.html``, ``report.md``, ``report.json``, ``scores.csv`` and
    ``comparisons.csv`` to ``out``, each whole or not at all.

    Args:
        runs: One, or several to be compared; names are their folders'.
        data: The data folder, where it is not where the runs read it.
        items: Of each task in the item browser; ``None``: all.

    Raises:
        BadRequest: If a folder holds no run, two have one name, or the data is another version.
        RunCorrupt: If a record cannot be read.
    """
    names = [path.resolve().name for path in runs]
    if len(set(names)) < len(names):
        raise BadRequest(
            f"runs are told apart by their folders' names, and two are alike: {', '.join(names)}"
        )
    manifests = {name: read_manifest(path) for name, path in zip(names, runs, strict=True)}
    read = {name: read_run(path, data) for name, path in zip(names, runs, strict=True)}
    settings = RunSettings.model_validate(manifests[names[0]]["settings"])
    results = analyse(
        read, manifests, family=settings.family, equivalence=settings.equivalence, seed=settings.seed
    )
    found = columns(read)
    passages: dict[Key, PassageRecord] = {}
    for path in runs:
        passages |= read_passages(path)
    exams = exam_rows(found)
    parts = sections(results, exams, "")
    page = sections(results, exams, browser(found, passages, items))
    title = Note(f"ベンチマーク: {results.title}", f"Benchmark: {results.title}")
    told = results.model_dump(mode="json") | {"exams": [row.model_dump(mode="json") for row in exams]}
    texts = {
        "report.html": to_html(page, title, _STYLE),
        "report.md": to_markdown([part for part in parts if part.tables or part.words or part.points], title),
        "report.json": json.dumps(told, ensure_ascii=False, indent=1) + "\n",
        "scores.csv": _scores(results),
        "comparisons.csv": _comparisons(results),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        replace(out / name, text)
    return results, [out / name for name in texts]


def _scores(results: Results) -> str:
    rows = []
    for arm in results.arms:
        row = arm.model_dump(exclude={"interval", "failures", "metrics", "leaked"})
        row["low"], row["high"] = (arm.interval.low, arm.interval.high) if arm.interval else (None, None)
        rows.append(
            row
            | {f"leaked_{kind}": arm.leaked.get(kind, 0) for kind in ("items", "source", "stem", "choices")}
        )
    return _csv(rows)


def _comparisons(results: Results) -> str:
    rows: list[dict[str, object]] = []
    for one in results.comparisons:
        found = one.difference
        row: dict[str, object] = {"task": one.task, "first": one.first, "second": one.second}
        row |= found.model_dump(exclude={"interval", "first", "second"})
        row |= {"accuracy_first": found.first, "accuracy_second": found.second, "holm_p": one.holm_p}
        row["low"], row["high"] = (
            (found.interval.low, found.interval.high) if found.interval else (None, None)
        )
        rows.append(row)
    return _csv(rows)


def _csv(rows: list[dict[str, object]]) -> str:
    """A table that a spreadsheet opens: no cell of text begins like a formula."""
    out = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
