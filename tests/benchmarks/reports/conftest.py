"""Fixtures of the report."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def own_data() -> Iterator[None]:
    """These runs name small folders of their own; the variable of the real test data would win over them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JMEDQA_DATA", raising=False)
        yield
