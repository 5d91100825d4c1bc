"""Parts that some tests need and a machine may lack: missing means a skip, or a failure where required.

``JMEDQA_TEST_REQUIRE=data,vllm,browser`` (as in CI) names the parts whose absence is a failure.
"""

import os
from pathlib import Path
from typing import NoReturn

import pytest

REQUIRED = frozenset(filter(None, os.environ.get("JMEDQA_TEST_REQUIRE", "").split(",")))
REPOSITORY = Path(__file__).resolve().parents[1]


def missing(part: str, cure: str) -> NoReturn:
    """Skip the calling test because ``part`` is not here, or fail it where the part is required."""
    if part in REQUIRED:
        pytest.fail(f"{part} is required (JMEDQA_TEST_REQUIRE) and missing: {cure}", pytrace=False)
    pytest.skip(f"{part} is missing: {cure}")


def data_folder(*parts: str) -> Path:
    """Return a folder or file of the public test data, or skip where it is not on this machine."""
    root = Path(os.environ.get("JMEDQA_DATA", REPOSITORY.parent / "shared" / "data"))
    path = root.joinpath(*parts)
    if not path.exists():
        missing("data", f"{path} does not exist; set JMEDQA_DATA to the test-data folder")
    return path
