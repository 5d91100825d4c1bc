"""Which release this is."""

from functools import cache
from importlib.metadata import version


@cache
def release() -> str:
    """The installed version. Looking it up parses files for milliseconds, so it is looked up once."""
    return version("jmedqa")
