"""Requests made up from the description of the interface, right and wrong ones: none breaks the server.

`JMEDQA_FUZZ_EXAMPLES=200` asks each operation so many times in each mode.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from service.api.app import create_app
from service.settings import Settings
from tests.service.running import served

EXAMPLES = int(os.environ.get("JMEDQA_FUZZ_EXAMPLES", "4"))
SCHEMA = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
OPERATIONS: list[Any] = [result.ok() for result in SCHEMA.get_all_operations()]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def address(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("fuzz") / "state"
    values = {"index": {"dir": index_dir}, "state": {"dir": state}}
    with served(create_app(Settings.model_validate(values))) as url:
        yield url


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_breaks_the_server(address: str, operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Case[Any]) -> None:
        reply = case.call(base_url=address, timeout=60)
        assert reply.status_code < 500, (reply.status_code, reply.text)
        if reply.status_code >= 400 and reply.headers.get("content-type"):
            assert "json" in reply.headers["content-type"][0], reply.headers

    with suppress(Unsatisfiable) if not varied(operation) else nullcontext():
        asked()


def varied(operation: Any) -> bool:
    """Whether anything about a request to it can be wrong."""
    return bool(operation.body) or any(True for _ in operation.iter_parameters())
