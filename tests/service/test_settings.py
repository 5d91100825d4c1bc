"""Settings: the file, the environment over it, and clear errors."""

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
