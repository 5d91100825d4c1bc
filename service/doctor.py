"""What works on this machine, and the cure for what does not."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from corpora import Frozen
from indexer import HybridIndex, IndexFailure, make_analyzer
from service.errors import BadSettings
from service.generators.openai_compatible import OpenAIGenerator, OpenAISettings
from service.settings import Settings, load_settings


class Check(Frozen):
    """One thing that was tried.

    Attributes:
        status: ``skipped`` where it is not configured, or rests on something that failed.
        detail: What was found; ends with the cure where the check failed.
    """

    name: Literal["settings", "dictionary", "index", "encoder", "model_server"]
    status: Literal["ok", "failed", "skipped"]
    detail: str


def examine(config: Path | None, index_dir: Path | None) -> list[Check]:
    """Try everything an answer needs, in the order it is needed."""
    try:
        settings = load_settings(config)
    except BadSettings as error:
        return [Check(name="settings", status="failed", detail=error.en)]
    return [
        Check(name="settings", status="ok", detail=str(config or "defaults and JMEDQA_*")),
        _dictionary(),
        *_index(index_dir or settings.index.dir),
        _model_server(settings),
    ]


def _dictionary() -> Check:
    def found() -> str:
        analyzer = make_analyzer()
        terms = analyzer.terms("高カリウム血症を認めた")
        if "カリウム" not in "".join(terms):
            raise RuntimeError(f"unexpected terms {terms}")
        identity = analyzer.identity
        return f"{identity.dictionary} {identity.dictionary_version}"

    return _tried("dictionary", found, "reinstall it: pip install --force-reinstall -r requirements/base.txt")


def _index(directory: Path) -> list[Check]:
    try:
        index = HybridIndex.open(directory, verify=True)
    except IndexFailure as failure:
        skipped = Check(name="encoder", status="skipped", detail="needs an index that can be opened")
        return [Check(name="index", status="failed", detail=str(failure)), skipped]
    with index:
        found = f"{directory}: {index.generation}, {index.manifest.counts.passages} passages"
        opened = Check(
            name="index",
            status="failed" if index.degraded else "ok",
            detail=f"{found}; {index.degraded}" if index.degraded else found,
        )

        def encoded() -> str:
            result = index.search("高カリウム血症の治療", k=1, mode="dense")
            return f"{index.manifest.encoder.name}; a dense search found {len(result.hits)} passage(s)"

        return [opened, _tried("encoder", encoded, "rebuild the index: jmedqa index build")]


def _model_server(settings: Settings) -> Check:
    server = settings.generator.openai()
    if server is None:
        detail = "none configured: answers are extractive (set JMEDQA_GENERATOR__BASE_URL to use a model)"
        return Check(name="model_server", status="skipped", detail=detail)
    problem = asyncio.run(_problem(server))
    if problem:
        return Check(name="model_server", status="failed", detail=problem)
    return Check(name="model_server", status="ok", detail=server.base_url)


async def _problem(server: OpenAISettings) -> str | None:
    generator = OpenAIGenerator(server)
    try:
        return await generator.problem()
    finally:
        await generator.close()


def _tried(name: Literal["dictionary", "encoder"], attempt: Callable[[], str], cure: str) -> Check:
    try:
        return Check(name=name, status="ok", detail=attempt())
    except Exception as error:  # whatever it is, the point of this command is to say it and go on
        return Check(name=name, status="failed", detail=f"{type(error).__name__}: {error}; {cure}")
