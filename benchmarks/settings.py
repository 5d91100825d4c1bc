"""What a run is made of: a TOML file of models, strategies, prompts and tasks, whose product are the arms.

Keys are no part of the file, nor of anything a run writes: ``api_key_env`` names the variable that holds one.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from benchmarks.errors import BadRequest
from corpora import Frozen
from service.budget import Budget
from service.generators.openai_compatible import OpenAISettings
from service.strategies import STRATEGIES, StrategyName

PromptStyle = Literal["labelled", "written", "scored"]
"""``labelled``: choices are choices, and the label is settled as the service settles it. ``written``: they
are part of the question's text, and the answer's own words are read by the strict parser. Items of several
answers, numbers and lists are asked ``written`` in either: the service settles one label and no more.
``scored``: as ``labelled``, the label settled by the probabilities of one token (`benchmarks.runs.scored`);
only of model servers that give logprobs."""

Family = Literal["retrieval", "all"]
"""Pairs that are tested together: every arm with retrieval against ``closed_book``, or all pairs of arms.
Either way within one task, model and prompt; ``all`` also between models and prompts."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class ModelSettings(Frozen):
    """One model, and how it is sampled.

    Attributes:
        name: What arms and reports call it.
        kind: ``extractive`` copies sentences of the evidence, ``ir`` takes the choice that search favours
            (strategy ``single`` only); neither needs a server.
        file: A file of ``configs/models``: its ``[generator]`` and ``[limits]`` are the defaults here.
        model: As the server lists it; unset: the first one it lists.
        api_key_env: Name of the environment variable that holds the key.
        limits: Fields of the run's ``[limits]`` that differ for this model.
        concurrency: Answers under way at the start, and at most.
        prompt_price, completion_price: Of a million tokens, in the run's ``currency``; unset: no cost told.
    """

    name: str = Field(pattern=NAME)
    kind: Literal["openai", "extractive", "ir"] = "openai"
    file: Path | None = None
    base_url: str | None = Field(default=None, pattern=r"^https?://")
    api_key_env: str | None = None
    model: str | None = None
    temperature: float = Field(default=0.0, ge=0, le=2)
    seed: int | None = 0
    thinking: Literal["auto", "opened"] = "auto"
    connect_timeout_s: float = Field(default=5.0, gt=0)
    first_token_timeout_s: float = Field(default=60.0, gt=0)
    total_timeout_s: float = Field(default=300.0, gt=0)
    limits: Mapping[str, Any] = {}
    concurrency: int = Field(default=4, ge=1, le=1_024)
    most_concurrent: int = Field(default=64, ge=1, le=4_096)
    prompt_price: float | None = Field(default=None, ge=0)
    completion_price: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind == "openai" and self.base_url is None:
            raise ValueError(f'model {self.name!r} needs base_url, or kind = "extractive"')
        if (self.prompt_price is None) != (self.completion_price is None):
            raise ValueError(f"model {self.name!r}: give prompt_price and completion_price, or neither")
        return self

    def openai(self, repeat: int) -> OpenAISettings:
        """How to reach the server. Each repeat samples with a seed of its own."""
        assert self.base_url is not None
        key = "none"
        if self.api_key_env is not None:
            key = os.environ.get(self.api_key_env, "")
            if not key:
                raise BadRequest(f"model {self.name!r}: the variable {self.api_key_env} is not set")
        return OpenAISettings(
            base_url=self.base_url,
            api_key=key,
            model=self.model,
            temperature=self.temperature,
            seed=None if self.seed is None else self.seed + repeat,
            thinking=self.thinking,
            connect_timeout_s=self.connect_timeout_s,
            first_token_timeout_s=self.first_token_timeout_s,
            total_timeout_s=self.total_timeout_s,
        )


class TaskSettings(Frozen):
    """One task of a run.

    Attributes:
        data: Its file or folder, relative to the run's ``data``.
        index: The index that its arms with retrieval search; without one only ``closed_book`` is run.
        mode: The arms of the index that are asked; ``lexical`` needs no encoder at all.
        strategies: Instead of the run's.
        limit: Instead of the run's.
    """

    task: str
    data: Path
    index: Path | None = None
    mode: Literal["hybrid", "lexical", "bigram", "dense"] = "hybrid"
    strategies: tuple[StrategyName, ...] | None = None
    limit: int | None = Field(default=None, ge=1)


class RunSettings(Frozen):
    """All of a run.

    Attributes:
        limit: Items of each task, drawn by ``seed``; a larger limit keeps those of a smaller one.
        repeats: Times each item is asked; a repeat adds its number to the model's seed.
        attempts: Tries of an item whose server is overloaded, before it counts as failed.
        stop_after: Failures in a row after which a model's server is taken to be gone.
        currency: Of the models' prices (ISO 4217).
        family: The comparisons over which Holm's correction is made.
        equivalence: Half-width of the margin, in accuracy, inside which arms count as equivalent.
    """

    name: str = Field(default="run", pattern=NAME)
    data: Path = Path("../shared/data")
    seed: int = 0
    limit: int | None = Field(default=None, ge=1)
    repeats: int = Field(default=1, ge=1, le=100)
    attempts: int = Field(default=4, ge=1, le=20)
    stop_after: int = Field(default=20, ge=1)
    strategies: tuple[StrategyName, ...] = ("closed_book", "single", "stepwise")
    prompts: tuple[PromptStyle, ...] = ("labelled",)
    currency: str = Field(default="JPY", pattern=r"^[A-Z]{3}$")
    family: Family = "retrieval"
    equivalence: float = Field(default=0.03, gt=0, lt=1)
    models: tuple[ModelSettings, ...] = Field(min_length=1)
    tasks: tuple[TaskSettings, ...] = Field(min_length=1)
    limits: Budget = Budget()

    @field_validator("strategies", "prompts")
    @classmethod
    def _some(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if not values or len(set(values)) < len(values):
            raise ValueError("name at least one, and each once")
        return values

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for what, names in (
            ("models", [m.name for m in self.models]),
            ("tasks", [t.task for t in self.tasks]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"{what}: {', '.join(names)}: each name once")
        return self

    def budget(self, model: ModelSettings) -> Budget:
        """The limits of one model."""
        return Budget.model_validate(self.limits.model_dump() | dict(model.limits))


def load_run_settings(config: Path) -> RunSettings:
    """Read a run's TOML. Paths in it are relative to its folder, but ``data`` is overridden by
    ``JMEDQA_DATA``.

    Raises:
        BadRequest: If it cannot be read, or a value is unknown or out of range; names the field.
    """
    values = _toml(config)
    here = config.parent.resolve()
    if not os.environ.get("JMEDQA_DATA"):
        values["data"] = (here / values.get("data", RunSettings.model_fields["data"].default)).resolve()
    if os.environ.get("JMEDQA_DATA"):
        values["data"] = Path(os.environ["JMEDQA_DATA"]).resolve()
    for model in _tables(values, "models", config):
        if isinstance(model.get("file"), str):
            model["file"] = here / model["file"]
            described = _toml(model["file"])
            for name, value in _table(described, "generator").items():
                model.setdefault(name, value)
            model["limits"] = _table(described, "limits") | model.get("limits", {})
    for task in _tables(values, "tasks", config):
        if isinstance(task.get("index"), str):
            task["index"] = (here / task["index"]).resolve()
        if isinstance(task.get("data"), str):
            task["data"] = Path(values["data"]) / task["data"]
    try:
        settings = RunSettings.model_validate(values)
        for entry in settings.models:
            settings.budget(entry)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()
        )
        raise BadRequest(f"{config}: {faults}") from None
    return settings


def retrieving(strategy: StrategyName) -> bool:
    """Whether a strategy searches."""
    assert strategy in STRATEGIES
    return strategy != "closed_book"


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRequest(f"{path}: {error.strerror or 'cannot be read'}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path}: not TOML: {error}") from None


def _tables(values: dict[str, Any], name: str, config: Path) -> list[dict[str, Any]]:
    found = values.get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise BadRequest(f"{config}: write each of {name} as a table [[{name}]]")
    return found


def _table(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name, {})
    return dict(found) if isinstance(found, dict) else {}
