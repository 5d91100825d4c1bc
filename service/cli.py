"""`jmedqa ask`, `jmedqa serve` and `jmedqa doctor`.

With ``--json`` standard output holds the data and nothing else; progress and errors go to standard error.
Exit codes: 0 done, 2 bad usage, question or settings, 4 index, 5 generation, 1 a bug.
"""

import asyncio
import json
import socket
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from indexer import Filters, InvalidQuery, parse_filters
from service.answer_flow import answer_events
from service.answers import Answer
from service.audit.log import AuditLog
from service.errors import BadRequest, BadSettings, ServiceError
from service.events import AnswerEvent, PlanEvent, StepEvent
from service.generators import Generator
from service.generators.configured import configured_generator
from service.live_index import opened
from service.questions import Choice, Question
from service.retrieval import NoRetrieval, Retriever
from service.security.install import check_reachable
from service.settings import Settings, load_settings
from service.state import Store
from service.strategies import STRATEGIES, StrategyName
from service.terminal import show_answer, show_checks

app = typer.Typer(no_args_is_help=True, add_completion=False)
_err = Console(stderr=True)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file; JMEDQA_* variables win over it")
]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", help="A file of configs/models; wins over --config"),
]
IndexOption = Annotated[Path | None, typer.Option("--index", help="Index folder; default: the settings'")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data on standard output, and nothing else")]


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in Japanese or English")],
    choice: Annotated[
        list[str] | None, typer.Option("--choice", help="One alternative as LABEL=text; repeat it")
    ] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help=" | ".join(STRATEGIES))] = None,
    conditions: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="FIELD=VALUE", help="As of `jmedqa index search`; repeatable"),
    ] = None,
    index: IndexOption = None,
    config: ConfigOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer one question, with evidence for each step."""
    try:
        settings = load_settings(config, model)
        asked = _question(question, choice or [])
        name = _strategy(strategy, settings)
        filters = _filters(conditions)
        answer = asyncio.run(_answer(asked, name, settings, index or settings.index.dir, filters))
    except ServiceError as error:
        stop(error)
    if as_json:
        sys.stdout.write(json.dumps(answer.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n")
    else:
        show_answer(Console(), asked, answer)


@app.command()
def serve(config: ConfigOption = None, model: ModelOption = None) -> None:
    """Serve the REST API until interrupted."""
    from service.api.app import create_app
    from service.logs import configure_logs
    from service.overload.draining import passed_sockets
    from service.overload.serving import run

    try:
        settings = load_settings(config, model)
    except ServiceError as error:
        stop(error)
    server = settings.server
    configure_logs(server.log_level)
    store = Store(settings.state)
    try:
        store.open()  # upgrades it, and says what is wrong before the server starts
        check_reachable(settings, store)
        if settings.audit.enabled:
            audit = AuditLog(settings.audit, settings.state)
            audit.open()
            audit.close()
    except ServiceError as error:
        stop(error)
    finally:
        store.close()
    sockets = passed_sockets()
    try:
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        with socket.socket(family) as probe:  # uvicorn would end with an exit code of its own
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if not sockets:
                probe.bind((server.host, server.port))
    except OSError as error:
        stop(
            BadSettings(
                f"{server.host}:{server.port} で待ち受けできません({error.strerror})。"
                "server.host と server.port を確かめてください。",
                f"Cannot listen on {server.host}:{server.port} ({error.strerror}): "
                "set server.host and server.port.",
            )
        )
    _err.print(f"http://{server.host}:{server.port}/docs")
    run(create_app(settings), sockets)


@app.command()
def doctor(config: ConfigOption = None, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Say what works here, and the cure for what does not. Exit code 1 … 5 if something needed is broken."""
    from service.doctor import examine

    checks = examine(config, index)
    if as_json:
        data = [check.model_dump(mode="json") for check in checks]
        sys.stdout.write(json.dumps({"checks": data}, ensure_ascii=False, indent=2) + "\n")
    else:
        show_checks(Console(), checks)
    codes = {"settings": 2, "dictionary": 4, "index": 4, "encoder": 4, "model_server": 5}
    failed = [codes[check.name] for check in checks if check.status == "failed"]
    raise typer.Exit(failed[0] if failed else 0)


def _question(text: str, choices: list[str]) -> Question:
    pairs = [item.partition("=") for item in choices]
    if any(not separator for _, separator, _ in pairs):
        raise BadRequest("--choice は A=本文 の形で書いてください。", "Write --choice as LABEL=text.")
    try:
        return Question(
            text=text, choices=tuple(Choice(label=label, text=content) for label, _, content in pairs)
        )
    except ValidationError as error:
        reasons = "; ".join(fault["msg"] for fault in error.errors(include_input=False))
        raise BadRequest(f"質問を読めません: {reasons}", f"The question cannot be read: {reasons}") from None


def _filters(conditions: list[str] | None) -> Filters | None:
    try:
        return parse_filters(conditions) if conditions else None
    except InvalidQuery as error:
        raise BadRequest(f"--filter を読めません: {error}", f"--filter cannot be read: {error}") from None


def _strategy(name: str | None, settings: Settings) -> StrategyName:
    for known in STRATEGIES:
        if (name or settings.strategy.default) == known:
            return known
    raise BadRequest(
        f"--strategy は {' / '.join(STRATEGIES)} のいずれかです。",
        f"--strategy is one of {', '.join(STRATEGIES)}.",
    )


async def _answer(
    question: Question, name: StrategyName, settings: Settings, index_dir: Path, filters: Filters | None
) -> Answer:
    if name == "closed_book":  # needs no index, so it does not ask for one
        generator = configured_generator(settings.generator, str.split)
        return await _run(question, name, settings, NoRetrieval(), generator)
    live = opened(index_dir)
    try:
        generator = configured_generator(settings.generator, live.terms)
        with live.snapshot() as retriever:
            degraded = live.state.degraded
            return await _run(
                question, name, settings, retriever, generator, degraded=degraded, filters=filters
            )
    finally:
        live.close()


async def _run(
    question: Question,
    name: StrategyName,
    settings: Settings,
    retriever: Retriever,
    generator: Generator,
    *,
    degraded: bool = False,
    filters: Filters | None = None,
) -> Answer:
    events = answer_events(
        name,
        question,
        retriever,
        generator,
        settings.limits,
        on_model_failure=settings.generator.on_model_failure,
        degraded=degraded,
        filters=filters,
        abstention=settings.abstention,
    )
    try:
        with _err.status("…") as status:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, PlanEvent):
                        status.update(escape(" → ".join(step.sub_question for step in event.steps)))
                    elif isinstance(event, StepEvent):
                        mark = "[red]×[/red]" if event.step.error else "[green]✓[/green]"
                        _err.print(f"{mark} {escape(event.step.sub_question)}")
                    elif isinstance(event, AnswerEvent):
                        return event.answer
    finally:
        await generator.close()
    raise AssertionError("a strategy that raises nothing ends with its answer")


def stop(error: ServiceError) -> NoReturn:
    """End the command with the error's texts and exit code."""
    _err.print(f"[red]{escape(error.ja)}[/red]\n{escape(error.en)}", highlight=False, soft_wrap=True)
    raise typer.Exit(error.exit_code)
