"""Settings of the service: a TOML file, and ``JMEDQA_<SECTION>__<FIELD>`` variables that win over it."""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from corpora import Frozen
from service.abstaining import AbstentionSettings
from service.audit.settings import AuditSettings
from service.budget import Budget
from service.errors import BadSettings
from service.generators.circuit import CircuitSettings
from service.generators.openai_compatible import OpenAISettings
from service.intended_use import SiteSettings
from service.jobs.settings import JobSettings
from service.overload.settings import ConnectionSettings, QueueSettings
from service.security.settings import AuthSettings, OidcSettings, SecuritySettings
from service.sources.settings import OriginalSettings, UploadSettings
from service.state.settings import StateSettings
from service.strategies import StrategyName

OnModelFailure = Literal["error", "evidence_only"]


class ServerSettings(Frozen):
    """Where and how the server listens. Nothing but this machine reaches the default address."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    workers: int = 1
    search_threads: int = Field(default=4, ge=1, le=64)
    max_concurrent_answers: int = Field(default=16, ge=1, le=10_000)
    max_body_bytes: int = Field(default=1_048_576, ge=1_024)
    body_timeout_s: float = Field(default=10.0, gt=0)
    resume_grace_s: float = Field(default=30.0, gt=0, le=600)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _one_worker(self) -> "ServerSettings":
        if self.workers != 1:
            raise ValueError(
                "workers must be 1: one process holds the index, its limits and its metrics; searches run in "
                "threads (server.search_threads). For more, run several servers on several ports"
            )
        return self


class IndexLocation(Frozen):
    """Which index is served and how often its folder is looked at, in seconds."""

    dir: Path = Path("var/index")
    poll_s: float = Field(default=2.0, gt=0)


class GeneratorSettings(Frozen):
    """What writes the answers. A ``base_url`` alone is enough to use a model server.

    Attributes:
        kind: ``auto``: ``openai`` if ``base_url`` is set, else ``extractive``.
        on_model_failure: ``evidence_only`` shows what was retrieved where the model is down.
    """

    kind: Literal["auto", "openai", "extractive"] = "auto"
    base_url: str | None = Field(default=None, pattern=r"^https?://")
    api_key: str = Field(default="none", repr=False)
    model: str | None = None
    temperature: float = Field(default=0.0, ge=0, le=2)
    seed: int | None = 0
    thinking: Literal["auto", "opened"] = "auto"
    connect_timeout_s: float = Field(default=5.0, gt=0)
    first_token_timeout_s: float = Field(default=60.0, gt=0)
    total_timeout_s: float = Field(default=300.0, gt=0)
    on_model_failure: OnModelFailure = "error"

    @field_validator("base_url", mode="before")
    @classmethod
    def _plain_address(cls, value: object) -> object:
        """An empty value, as compose files set it, is none; a password would reach error messages."""
        if not isinstance(value, str) or not value.strip():
            return value or None
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018  (a malformed port is only noticed when it is read)
        except ValueError as error:
            raise ValueError(f"not an address ({error}): write http://HOST:PORT/v1") from None
        if parts.username is not None or parts.password is not None:
            raise ValueError("holds a user or password, which would be shown in errors: use api_key")
        return value

    @model_validator(mode="after")
    def _has_an_address(self) -> "GeneratorSettings":
        if self.kind == "openai" and not self.base_url:
            raise ValueError('kind = "openai" needs base_url, for example http://127.0.0.1:8001/v1')
        return self

    def openai(self) -> OpenAISettings | None:
        """How to reach the model server; ``None`` where answers are extractive."""
        if self.kind == "extractive" or self.base_url is None:
            return None
        return OpenAISettings(
            base_url=self.base_url,
            api_key=self.api_key,
            model=self.model or None,
            temperature=self.temperature,
            seed=self.seed,
            thinking=self.thinking,
            connect_timeout_s=self.connect_timeout_s,
            first_token_timeout_s=self.first_token_timeout_s,
            total_timeout_s=self.total_timeout_s,
        )


class StrategySettings(Frozen):
    """Which strategy answers where the request names none."""

    default: StrategyName = "stepwise"


class Settings(BaseSettings):
    """All sections. Unknown fields are errors: a misspelt one would silently do nothing."""

    model_config = SettingsConfigDict(
        env_prefix="JMEDQA_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    server: ServerSettings = ServerSettings()
    index: IndexLocation = IndexLocation()
    generator: GeneratorSettings = GeneratorSettings()
    strategy: StrategySettings = StrategySettings()
    limits: Budget = Budget()
    abstention: AbstentionSettings = AbstentionSettings()
    circuit: CircuitSettings = CircuitSettings()
    queue: QueueSettings = QueueSettings()
    connections: ConnectionSettings = ConnectionSettings()
    state: StateSettings = StateSettings()
    jobs: JobSettings = JobSettings()
    auth: AuthSettings = AuthSettings()
    oidc: OidcSettings = OidcSettings()
    security: SecuritySettings = SecuritySettings()
    audit: AuditSettings = AuditSettings()
    site: SiteSettings = SiteSettings()
    uploads: UploadSettings = UploadSettings()
    originals: OriginalSettings = OriginalSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file (whose values are passed to the constructor)."""
        assert isinstance(init_settings, InitSettingsSource)
        assert isinstance(env_settings, EnvSettingsSource)
        return env_settings, init_settings


MODEL_TABLES = ("generator", "limits")
"""The tables of a model's file that are settings of the service; its others describe the model."""


def load_settings(config: Path | None = None, model: Path | None = None) -> Settings:
    """Read the files, if any, then the environment.

    Args:
        model: A file of ``configs/models``: its ``[generator]`` and ``[limits]`` win over those of
            ``config``, and the environment over both.

    Raises:
        BadSettings: If a file cannot be read, or a value is unknown, of the wrong type or out of range.
    """
    values = _read(config)
    if unknown := sorted(values.keys() - Settings.model_fields.keys()):
        raise _bad(config, f"unknown table {', '.join(unknown)}; known: {', '.join(Settings.model_fields)}")
    if unknown := _unknown_sections():
        raise _bad(
            config, f"unknown section in {', '.join(unknown)}; known: {', '.join(Settings.model_fields)}"
        )
    described = _read(model)
    if model is not None and "model" not in described:
        raise _bad(model, "no [model] table: name a file like those in configs/models")
    for table in MODEL_TABLES:
        stated = values.get(table, {})
        if isinstance(described.get(table), dict) and isinstance(stated, dict):
            values[table] = stated | described[table]
    try:
        return Settings(**values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()
        )
        raise _bad(config, faults) from error
    except ValueError as error:  # an environment variable that should hold JSON and does not
        raise _bad(config, str(error)) from error


def _unknown_sections() -> list[str]:
    """Variables named like settings (``JMEDQA_X__Y``) whose section does not exist."""
    names = [name for name in os.environ if name.startswith("JMEDQA_") and "__" in name]
    return sorted(
        name for name in names if name[len("JMEDQA_") :].split("__")[0].lower() not in Settings.model_fields
    )


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad(file, f"{error.strerror or 'cannot be read'}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(file, f"not TOML: {error}") from error


def _bad(config: Path | None, reason: str) -> BadSettings:
    where = f"{config}, JMEDQA_*" if config else "JMEDQA_*"
    return BadSettings(
        f"設定({where})を読めません: {reason}", f"The settings ({where}) cannot be used: {reason}"
    )
