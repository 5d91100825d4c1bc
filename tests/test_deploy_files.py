"""The systemd units and compose file, as far as they can be judged without either running."""

from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from service.settings import Settings

REPOSITORY = Path(__file__).parents[1]


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string((REPOSITORY / "deploy" / name).read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("RestrictNamespaces", "yes"),
        ("RestrictSUIDSGID", "yes"),
        ("LockPersonality", "yes"),
        ("DynamicUser", "yes"),
        ("UMask", "0077"),
    ],
)
def test_the_unit_is_locked_down(option: str, value: str) -> None:
    assert unit("jmedqa.service")["Service"][option] == value


def test_supervisors_wait_longer_than_the_server_drains() -> None:
    connections = Settings().connections
    longest_s = connections.drain_grace_s + connections.drain_timeout_s
    assert int(unit("jmedqa.service")["Service"]["TimeoutStopSec"]) > longest_s
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))
    assert int(compose["services"]["jmedqa"]["stop_grace_period"].removesuffix("s")) > longest_s


def test_there_are_files_for_every_connection() -> None:
    assert int(unit("jmedqa.service")["Service"]["LimitNOFILE"]) > 2 * Settings().connections.most


def test_only_this_machine_is_listened_to() -> None:
    assert unit("jmedqa.socket")["Socket"]["ListenStream"] == "127.0.0.1:8000"
