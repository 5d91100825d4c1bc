"""configs/models/*.toml: complete, strict, true to what the service accepts, and never beyond the context."""

import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic import Field, model_validator

from corpora import Frozen
from service.budget import Budget
from service.settings import GeneratorSettings

CONFIGS = Path(__file__).parents[1] / "configs" / "models"
FILES = sorted(CONFIGS.glob("*.toml"))


class Notes(Frozen):
    """What a reader must know before serving the model."""

    chat_template: str
    context: str | None = None
    following: str | None = None
    reasoning: str
    structured_output: str | None = None
    tokens: str | None = None
    sampling: str | None = None
    memory: str | None = None


class Model(Frozen):
    """The model, as its hub names it."""

    name: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    parameters_b: float = Field(gt=0)
    licence: str
    context_length: int = Field(ge=2_048)
    kind: Literal["base", "instruct", "reasoning"]
    notes: Notes


class Vllm(Frozen):
    """How vLLM is started; ``flags`` follow ``vllm serve NAME``."""

    gpus: int = Field(ge=1)
    flags: tuple[str, ...]

    def value(self, flag: str) -> str | None:
        """What follows ``flag``; ``None`` where it is not given."""
        return self.flags[self.flags.index(flag) + 1] if flag in self.flags else None


class Source(Frozen):
    """Where a fact stands, and whether it was read there."""

    fact: str
    url: str
    read: Literal["at the source", "second hand", "not read"]


class ModelConfig(Frozen):
    """One file. ``generator`` and ``limits`` are the service's own sections."""

    model: Model
    vllm: Vllm
    generator: GeneratorSettings
    limits: Budget
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_name(self) -> "ModelConfig":
        if self.generator.model != self.model.name:
            raise ValueError("generator.model and model.name differ")
        return self


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def config(request: pytest.FixtureRequest) -> ModelConfig:
    file: Path = request.param
    return ModelConfig.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def test_there_is_a_small_a_large_a_foreign_and_a_reasoning_model() -> None:
    assert {file.stem for file in FILES} == {
        "sarashina2.2-3b-instruct",
        "sarashina2-70b",
        "qwen2.5-72b-instruct",
        "qwen3-32b-thinking",
    }


def test_the_flags_agree_with_the_facts(config: ModelConfig) -> None:
    flags = config.vllm
    length = flags.value("--max-model-len")
    assert length is not None
    assert int(length) <= config.model.context_length
    assert int(flags.value("--tensor-parallel-size") or 1) == flags.gpus
    assert (flags.value("--reasoning-parser") is not None) == (config.model.kind == "reasoning")
    assert (flags.value("--chat-template") is not None) == (config.model.kind == "base")


def test_the_weights_fit_the_gpus(config: ModelConfig) -> None:
    """Two bytes a parameter on 80 GB cards, with a fifth of the memory left for the cache."""
    if config.model.parameters_b > 10:
        assert 2 * config.model.parameters_b <= 0.8 * 80 * config.vllm.gpus


def test_an_answer_fits_the_context(config: ModelConfig) -> None:
    """At one token a Japanese character (an upper bound): rules, each step's evidence and conclusion, answer."""
    limits = config.limits
    rules = 1_000
    steps = limits.max_steps * (limits.evidence_chars + limits.step_tokens)
    if config.model.kind == "reasoning":  # what was thought aloud is not sent back: conclusions are short
        steps = limits.max_steps * (limits.evidence_chars + 512)
    length = int(config.vllm.value("--max-model-len") or 0)
    assert rules + steps + limits.answer_tokens <= length


def test_sources_are_addresses(config: ModelConfig) -> None:
    for source in config.sources:
        assert urlsplit(source.url).scheme == "https"


def test_a_misspelt_key_is_refused() -> None:
    text = FILES[0].read_text(encoding="utf-8").replace("context_length", "contxt_length")
    with pytest.raises(ValueError, match="contxt_length"):
        ModelConfig.model_validate(tomllib.loads(text))


def test_compose_serves_the_small_model_with_its_own_flags_and_limits() -> None:
    small = ModelConfig.model_validate(
        tomllib.loads((CONFIGS / "sarashina2.2-3b-instruct.toml").read_text(encoding="utf-8"))
    )
    services = yaml.safe_load((CONFIGS.parents[1] / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services["vllm"]["command"] == [small.model.name, *small.vllm.flags]
    assert services["fetch-model"]["command"] == [small.model.name]
    environment = services["jmedqa"]["environment"]
    given = {name: int(value) for name, value in environment.items() if "LIMITS" in name}
    limits = small.limits
    assert given == {
        "JMEDQA_LIMITS__MAX_STEPS": limits.max_steps,
        "JMEDQA_LIMITS__EVIDENCE_CHARS": limits.evidence_chars,
        "JMEDQA_LIMITS__STEP_TOKENS": limits.step_tokens,
        "JMEDQA_LIMITS__ANSWER_TOKENS": limits.answer_tokens,
    }
