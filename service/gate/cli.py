"""`jmedqa gate fit` and `jmedqa gate abstain`: thresholds from labelled data; no setting is changed.

Exit codes: 2 a bad request, 4 the index. Data goes to stdout, tables and messages to stderr.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from indexer.hybrid import HybridIndex
from indexer.judging import read_qrels
from indexer.runs import read_queries
from indexer.terminal import IndexOption, JsonOption, exit_codes, print_json, say
from service.gate.fitting import GateFit, Row, fit_gate, judged_queries
from service.retrieval import IndexRetriever

app = typer.Typer(
    help="Fit the relevance gate and abstention to labelled data.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class UnitOption(StrEnum):
    document = "document"
    passage = "passage"


@app.callback()
def _group() -> None:
    """A group, whatever the number of its commands."""


@app.command()
def fit(
    index: IndexOption,
    queries: Annotated[Path, typer.Option("--queries", help='Lines of {"id", "text"}.')],
    qrels: Annotated[Path, typer.Option("--qrels", help="TREC judgements: query 0 passage relevance.")],
    unit: Annotated[UnitOption, typer.Option("--unit", help="What was judged.")] = UnitOption.passage,
    k: Annotated[int, typer.Option("--k", min=1, max=50, help="Passages per query, as limits.k.")] = 5,
    beta: Annotated[float, typer.Option("--beta", min=0.1, max=10, help="Weight of recall.")] = 2.0,
    lose_at_most: Annotated[
        float, typer.Option("--lose-at-most", min=0, max=0.9, help="Share of relevant passages.")
    ] = 0.1,
    out: Annotated[Path | None, typer.Option("--out", help="Write the lines for the settings here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit limits.min_score: half of the queries choose, the other half decide."""
    with exit_codes():
        asked, grades = read_queries(queries), read_qrels(qrels)
        with HybridIndex.open(index) as opened:
            judged = judged_queries(IndexRetriever(opened), asked, grades, k=k, unit=unit.value)
        fitted = fit_gate(judged, k=k, beta=beta, lose_at_most=lose_at_most)
    _finish(fitted, fitted.settings_lines, out, as_json)
    if not as_json:
        _show(fitted)


def _finish(fitted: GateFit, lines: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    if out:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if as_json:
        print_json(fitted.model_dump(mode="json") | {"settings": lines})
    else:
        typer.echo("\n".join(lines))


def _show(fitted: GateFit) -> None:
    head = "| min_score | kept | precision | recall | F | emptied |"
    say(f"{head}\n|---|---|---|---|---|---|")
    for row in fitted.table:
        say(_line(f"{row.min_score:.6f}", row))
    say(_line(f"chosen {fitted.chosen.min_score:.6f}", fitted.chosen))
    say(_line("held out, no gate", fitted.without))
    say(_line("held out, chosen", fitted.held_out))
    verdict = "beyond noise: set the lines above" if fitted.adopted else "not recommended"
    say(f"{fitted.queries} queries; p = {fitted.p_value:.4f} on the half held out: {verdict}")


def _line(name: str, row: Row) -> str:
    figures = f"{row.precision:.3f} | {row.recall:.3f} | {row.f_beta:.3f}"
    return f"| {name} | {row.kept} | {figures} | {row.emptied} |"
