"""The commands of ``jmedqa rate`` for a model as a judge."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks.cases.cli import KEYS

_err = Console(stderr=True)


def register(app: typer.Typer) -> None:
    """Add them to ``jmedqa rate``."""
    commands: tuple[Callable[..., None], ...] = (judge, judge_report)
    for command in commands:
        app.command()(command)


def judge(
    runs: Annotated[list[str], typer.Option("--run", help="SYSTEM=FOLDER of a case run; repeatable.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of this judge's records; goes on where it is.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML with [generator]: the model that judges.")
    ] = None,
    keys: Annotated[Path, typer.Option("--keys", help="Folder of the cases' keys.")] = KEYS,
    sample: Annotated[
        int, typer.Option(min=1, help="Cases of each question that people score, too: drawn first.")
    ] = 4,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 1,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Answers judged at once.")] = 8,
    max_tokens: Annotated[int, typer.Option(min=64, max=65_536, help="Of one reply.")] = 2_048,
) -> None:
    """Let a model say of each answer which key points it states. Scores are shown by judge-report alone."""
    from benchmarks.cases.checking import load_key
    from benchmarks.cases.records import read_answers
    from benchmarks.rating.judge.judging import SAMPLE, JudgeRun
    from benchmarks.rating.judge.judging import judge as judged
    from benchmarks.rating.judge.prompt import JUDGE_PROMPT_VERSION
    from benchmarks.rating.judge.sampling import drawn, write_sample
    from service.cases import load_protocol
    from service.errors import BadRequest
    from service.generators.openai_compatible import OpenAIGenerator, OpenAISettings
    from service.settings import load_settings

    async def work(server: OpenAISettings) -> tuple[int, int]:
        generator = OpenAIGenerator(server)
        new = missing = 0
        try:
            records = judged(
                answers,
                found,
                load_protocol(),
                generator,
                model=server.model or "",
                seed=seed,
                max_tokens=max_tokens,
                concurrency=concurrency,
                done=done,
            )
            async with aclosing(records):
                async for one in records:
                    run.append(one)
                    new += 1
                    missing += one.missing is not None
                    _err.print(
                        f"{one.case_id} {one.question_id}{f' missing: {one.missing}' if one.missing else ''}",
                        highlight=False,
                    )
        finally:
            await generator.close()
        return new, missing

    with _told():
        named = [text.partition("=") for text in runs]
        if any(not name or not folder for name, _, folder in named) or len(
            {name for name, _, _ in named}
        ) < len(named):
            raise BadRequest(
                "--run は 名前=フォルダ で、名前は重複できません。", "--run is SYSTEM=FOLDER, each name once."
            )
        server = load_settings(config).generator.openai()
        if server is None or not server.model:
            raise BadRequest(
                "評価するモデルを [generator] の base_url と model で指定してください。",
                "Name the model that judges: [generator] base_url and model.",
            )
        answers = {name: read_answers(Path(folder)) for name, _, folder in named}
        cases = sorted({record.case_id for records in answers.values() for record in records})
        found = {case: load_key(keys, case) for case in cases}
        cases_of: dict[str, list[str]] = {}
        for case, key in found.items():
            for question in key.questions:
                cases_of.setdefault(question, []).append(case)
        run = JudgeRun(
            out,
            {
                "model": server.model,
                "base_url": server.base_url,
                "prompt_version": JUDGE_PROMPT_VERSION,
                "seed": seed,
                "max_tokens": max_tokens,
                "sample_per_question": sample,
                "runs": {name: folder for name, _, folder in named},
            },
        )
        done = run.open()
        write_sample(drawn(cases_of, sample, seed), out / SAMPLE)
        new, missing = asyncio.run(work(server))
    _err.print(f"{len(done)} judged before, {new} new, {missing} of these without a score", highlight=False)
    _err.print(f"people score the answers of {out / SAMPLE}; then jmedqa rate judge-report", highlight=False)


def judge_report(
    folder: Annotated[Path, typer.Argument(help="The folder that rate judge wrote.")],
    ratings: Annotated[
        Path, typer.Option("--ratings", help="People's scores: CSV with case,system,question,rater,score.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")] = False,
) -> None:
    """Show the judge beside people: agreement on the sample, bias, means corrected by it."""
    import json

    from benchmarks.rating.analysis_checks import RatingsFileError
    from benchmarks.rating.analysis_input import read_ratings
    from benchmarks.rating.judge.judging import MANIFEST, SAMPLE, read_judgements
    from benchmarks.rating.judge.reporting import markdown, report
    from benchmarks.rating.judge.sampling import read_sample
    from service.cases.errors import BadCase

    with _told():
        newest = {(one.case_id, one.question_id, one.system): one for one in read_judgements(folder)}
        if not newest:
            raise BadCase(folder, "nothing was judged here: jmedqa rate judge")
        try:
            people = read_ratings(ratings).ratings
        except RatingsFileError as error:
            _err.print(escape(str(error)), highlight=False, soft_wrap=True)
            raise typer.Exit(2) from None
        model = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["model"]
        found = report(model, list(newest.values()), read_sample(folder / SAMPLE), people)
    (folder / "report.json").write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(markdown(found), encoding="utf-8")
    print(found.model_dump_json() if as_json else markdown(found))


@contextmanager
def _told() -> Iterator[None]:
    from service.errors import ServiceError

    try:
        yield
    except ServiceError as error:
        _err.print(f"[red]{escape(error.ja)}[/red]\n{escape(error.en)}", highlight=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
