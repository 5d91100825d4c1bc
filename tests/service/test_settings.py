"""Settings: the file, the environment over it, and clear errors."""

import tomllib
from pathlib import Path

import pytest

from service.errors import BadSettings
from service.settings import Settings, load_settings

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "serve.toml"


def test_the_shipped_file_says_the_defaults() -> None:
    assert load_settings(CONFIG) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('[server]\nport = 1234\nhost = "0.0.0.0"\n', encoding="utf-8")
    monkeypatch.setenv("JMEDQA_SERVER__PORT", "4321")
    settings = load_settings(file)
    assert (settings.server.port, settings.server.host) == (4321, "0.0.0.0")


def test_a_base_url_alone_switches_from_extractive_to_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().generator.openai() is None
    monkeypatch.setenv("JMEDQA_GENERATOR__BASE_URL", "http://127.0.0.1:8001/v1")
    server = load_settings().generator.openai()
    assert server is not None
    assert (server.base_url, server.model) == ("http://127.0.0.1:8001/v1", None)


def test_variables_of_other_parts_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JMEDQA_DATA", "/data")
    monkeypatch.setenv("JMEDQA_TEST_REQUIRE", "data")
    load_settings()


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[server]\nworkers = 2\n", "workers must be 1"),
        ("[server]\nprot = 1\n", "server.prot"),
        ("[sever]\nport = 1\n", "sever"),
        ("[server]\nport = 99999\n", "server.port"),
        ('[generator]\nkind = "openai"\n', "needs base_url"),
        ('[generator]\nbase_url = "ftp://x"\n', "generator.base_url"),
        ('[strategy]\ndefault = "guess"\n', "strategy.default"),
        ("[limits]\nk = 0\n", "limits.k"),
        ("port = \n", "not TOML"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, toml: str, said: str) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(BadSettings, match=said):
        load_settings(file)


def test_a_missing_file_and_a_misspelt_variable_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadSettings, match=r"none\.toml"):
        load_settings(tmp_path / "none.toml")
    monkeypatch.setenv("JMEDQA_GENERATOR__BASE_ULR", "http://x")
    with pytest.raises(BadSettings, match="base_ulr"):
        load_settings()


def test_a_key_is_not_repeated_in_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JMEDQA_GENERATOR__API_KEY", "sk-secret")
    monkeypatch.setenv("JMEDQA_GENERATOR__TEMPERATURE", "hot")
    with pytest.raises(BadSettings) as raised:
        load_settings()
    assert "sk-secret" not in str(raised.value)
    monkeypatch.delenv("JMEDQA_GENERATOR__TEMPERATURE")
    assert "sk-secret" not in repr(load_settings())


MODELS = Path(__file__).parents[2] / "configs" / "models"


@pytest.mark.parametrize("file", sorted(MODELS.glob("*.toml")), ids=lambda file: file.stem)
def test_every_shipped_model_file_is_taken(file: Path) -> None:
    described = tomllib.loads(file.read_text(encoding="utf-8"))
    settings = load_settings(MODELS.parent / "serve.toml", file)
    assert settings.generator.model == described["generator"]["model"]
    assert settings.limits.answer_tokens == described["limits"]["answer_tokens"]


def test_the_environment_wins_over_the_model_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JMEDQA_LIMITS__ANSWER_TOKENS", "321")
    settings = load_settings(None, MODELS / "qwen3-32b-thinking.toml")
    assert settings.limits.answer_tokens == 321
    assert settings.generator.temperature == 0.6


def test_a_file_that_describes_no_model_is_refused() -> None:
    with pytest.raises(BadSettings, match=r"no \[model\] table"):
        load_settings(None, MODELS.parent / "serve.toml")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("JMEDQA_GENERATOR__BASE_URL", "http://user:SECRET@127.0.0.1:1/v1", "use api_key"),
        ("JMEDQA_GENERATOR__BASE_URL", "http://[::1", "write http://HOST:PORT/v1"),
        ("JMEDQA_GENERATOR__BASE_URL", "http://host:99999999/v1", "write http://HOST:PORT/v1"),
        ("JMEDQA_SERVR__PORT", "1", "JMEDQA_SERVR__PORT"),
    ],
)
def test_a_wrong_variable_is_named_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=said) as raised:
        load_settings()
    assert "SECRET" not in str(raised.value)


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JMEDQA_GENERATOR__BASE_URL", "")
    assert load_settings().generator.openai() is None


def test_a_table_that_is_no_section_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('_env_file = "/etc/passwd"\n', encoding="utf-8")
    with pytest.raises(BadSettings, match="_env_file"):
        load_settings(file)
