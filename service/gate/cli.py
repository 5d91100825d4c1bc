"""`jmedqa gate fit` and `jmedqa gate abstain`: thresholds from labelled data; no setting is changed.

Exit codes: 2 a bad request, 4 the index. Data goes to stdout, tables and messages to stderr.
"""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from indexer.hybrid import HybridIndex
from indexer.judging import read_qrels
from indexer.runs import read_queries
from indexer.terminal import BadRequest, IndexOption, JsonOption, exit_codes, print_json, say
from service.errors import ServiceError
from service.gate.drawing import curve_svg
from service.gate.fitting import GateFit, Row, fit_gate, judged_queries
from service.gate.labelled import answer_labelled, read_labelled
from service.gate.selective import Outcome, fit_abstention
from service.generators.configured import configured_generator
from service.retrieval import IndexRetriever
from service.settings import load_settings
from service.strategies import STRATEGIES

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


@app.command()
def abstain(
    index: IndexOption,
    questions: Annotated[Path, typer.Option("--questions", help="Lines of id, text, answerable, docs.")],
    config: Annotated[Path | None, typer.Option("--config", help="The service's settings.")] = None,
    model: Annotated[Path | None, typer.Option("--model", help="A file of configs/models.")] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="Default: the settings'.")] = None,
    risk: Annotated[float, typer.Option("--risk", min=0, max=1, help="Risk that is aimed at.")] = 0.1,
    svg: Annotated[Path | None, typer.Option("--svg", help="Draw the risk-coverage curve here.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the lines for the settings here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit abstention.min_confidence: half of the labelled questions choose, the other half decide."""
    with exit_codes():
        rows = read_labelled(questions)
        try:
            settings = load_settings(config, model)
        except ServiceError as error:
            raise BadRequest(error.en) from error
        wanted = strategy or settings.strategy.default
        name = next((known for known in STRATEGIES if known == wanted), None)
        if name is None:
            raise BadRequest(f"--strategy is one of {', '.join(STRATEGIES)}")
        with HybridIndex.open(index) as opened:
            generator = configured_generator(settings.generator, opened.analyzer.terms)
            retriever = IndexRetriever(opened)
            done = asyncio.run(answer_labelled(rows, name, retriever, generator, settings.limits))
        given = [Outcome(one.id, one.signals.confidence, one.wrong) for one in done if not one.abstained]
        fitted = fit_abstention(given, target=risk)
    if svg:
        svg.write_text(curve_svg(fitted.curve), encoding="utf-8")
    lines = fitted.settings_lines
    if out:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if as_json:
        answers = [one.model_dump() | {"signals": one.signals._asdict()} for one in done]
        print_json(fitted.model_dump(mode="json") | {"settings": lines, "answers": answers})
        return
    typer.echo("\n".join(lines))
    silent = [one for one in done if one.abstained]
    say(f"{len(done)} questions; no answer by itself to {sum(one.answerable for one in silent)} answerable ")
    say(f"and {sum(not one.answerable for one in silent)} unanswerable ones; the curve is of the others")
    say("| min_confidence | coverage | risk |\n|---|---|---|")
    for point in [fitted.curve[place * (len(fitted.curve) - 1) // 10] for place in range(11)]:
        say(f"| {point.min_confidence:.4f} | {point.coverage:.3f} | {point.risk:.3f} |")
    for label, point in (("no threshold", fitted.without), ("chosen", fitted.held_out)):
        say(f"held out, {label}: coverage {point.coverage:.3f}, risk {point.risk:.3f}")
    say(f"AURC held out {fitted.aurc:.3f}, shuffled {fitted.chance:.3f}, p = {fitted.p_value:.4f}")
