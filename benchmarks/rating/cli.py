"""``jmedqa rate``: what raters' scores show, and how many cases a study needs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.rating import judge_cli, study_cli

app = typer.Typer(no_args_is_help=True, help="Rate answers blinded, analyse the ratings, and plan studies.")
_stderr = Console(stderr=True)


@app.callback()
def _group() -> None:
    """Rate answers blinded, analyse the ratings, and plan studies."""


@app.command()
def analyze(
    ratings: Annotated[
        Path, typer.Argument(help="CSV with case,system,question,rater,score; also arm, order, repeat.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for report.html, report.md, analysis.json.")],
    confirmatory: Annotated[
        str | None, typer.Option(help="Questions decided on beforehand (Holm), separated by commas. [Q2,Q7]")
    ] = None,
    pairs: Annotated[
        str, typer.Option(help="Systems compared: all, or retrieval (each model without and with).")
    ] = "all",
    permutations: Annotated[int, typer.Option(min=10_000, max=10_000_000)] = 20_000,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 20_261_123,
    ordinal_model: Annotated[
        bool, typer.Option("--ordinal-model", help="Also fit the ordinal mixed model (slow).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the analysis as JSON on stdout.")] = False,
) -> None:
    """Compare systems case by case, measure the raters' agreement, and write the report."""
    _needs_scipy()
    from benchmarks.rating.analysis import analyze as analysis_of
    from benchmarks.rating.analysis_input import read_ratings
    from benchmarks.rating.analysis_results import AnalysisSettings
    from benchmarks.rating.report import write_report

    if pairs not in ("all", "retrieval"):
        raise typer.BadParameter(f"no such choice: {pairs}; write all or retrieval", param_hint="--pairs")
    file = read_ratings(ratings)
    chosen = AnalysisSettings().confirmatory
    if confirmatory is not None:
        chosen = tuple(filter(None, (name.strip() for name in confirmatory.split(","))))
        unknown = [name for name in chosen if name not in file.ratings.questions]
        if unknown:
            known = ", ".join(file.ratings.questions)
            raise typer.BadParameter(f"no scores for {', '.join(unknown)}; the file has {known}")
    if pairs == "retrieval" and not file.ratings.retrieval_pairs():
        raise typer.BadParameter("no model is rated without and with retrieval: name systems X and X+rag")
    settings = AnalysisSettings(
        confirmatory=chosen,
        permutations=permutations,
        seed=seed,
        pairs="all" if pairs == "all" else "retrieval",
        ordinal_model=ordinal_model,
    )
    analysis = analysis_of(file, settings)
    written = write_report(analysis, out)
    if as_json:
        print(analysis.model_dump_json())
        return
    for note in (*analysis.notes, *analysis.weak_points):
        print(f"{note.ja}\n  {note.en}")
    for path in written:
        _stderr.print(f"wrote {path}", soft_wrap=True, highlight=False)


@app.command()
def power(
    difference: Annotated[float, typer.Option(help="Points of 0–2 by which one system is worse.")] = 0.3,
    cases: Annotated[str, typer.Option(help="Numbers of cases, separated by commas.")] = "9,16,24,32,48",
    raters: Annotated[str, typer.Option(help="Numbers of raters, separated by commas.")] = "2,4",
    systems: Annotated[int, typer.Option(min=2, max=20)] = 4,
    questions: Annotated[int, typer.Option(min=2, max=50)] = 9,
    studies: Annotated[
        int, typer.Option(min=100, max=100_000, help="Simulated studies for each size.")
    ] = 1_000,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 20_261_123,
    case_system_sd: Annotated[
        float, typer.Option(min=0, max=5, help="How much a system's quality varies by case (residual = 1).")
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print data on stdout.")] = False,
) -> None:
    """Simulate studies: the cases and raters that a difference needs."""
    _needs_scipy()
    from benchmarks.rating.report_power import plan, to_json, to_text

    try:
        found = plan(
            difference=difference,
            cases=_numbers("--cases", cases, least=2, most=500),
            raters=_numbers("--raters", raters, least=1, most=50),
            systems=systems,
            questions=questions,
            studies=studies,
            seed=seed,
            case_system_sd=case_system_sd,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--difference") from None
    print(to_json(found) if as_json else to_text(found))


study_cli.register(app)
judge_cli.register(app)


def _numbers(option: str, text: str, *, least: int, most: int) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and least <= int(part) <= most for part in parts):
        raise typer.BadParameter(
            f"{text!r}: write whole numbers from {least} to {most}, separated by commas", param_hint=option
        )
    return sorted({int(part) for part in parts})


def _needs_scipy() -> None:
    try:
        import scipy  # noqa: F401
    except ModuleNotFoundError as error:
        raise typer.BadParameter(f"{error.name} is missing: pip install 'jmedqa[bench]'") from error
