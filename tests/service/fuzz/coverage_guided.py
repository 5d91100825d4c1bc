"""The same parsers under a fuzzer that is guided by coverage (https://github.com/google/atheris).

    pip install atheris
    python -m tests.service.fuzz.coverage_guided -max_total_time=60

Not among the locked packages: it has wheels for few versions of Python. Ends with an error at the first text
that a parser meets with anything but a value or its promised error.
"""

import json
import sys
from contextlib import suppress

import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

with atheris.instrument_imports(include=["service"]):
    from service.api.strict_json import _distinct, _finite, _no_constant
    from service.audit.chain import AuditKeys
    from service.audit.files import parsed_head
    from service.errors import BadRequest
    from service.markers import filtered, keys_in
    from service.parsing import parse_choice, parse_plan, parse_queries, parse_query, parse_relevant
    from service.security.keys import key_id_of
    from service.security.policy import needed, pattern
    from service.state.rows import cursor_place

KEYS = AuditKeys(b"k" * 32)


def one(data: bytes) -> None:
    """Hand one text to every parser."""
    text = data.decode("utf-8", "replace")
    key_id_of(text)
    assert parsed_head(KEYS, text) is None
    assert pattern("GET", text) != "unknown" or needed("GET", text) == ("admin",)
    with suppress(BadRequest):
        cursor_place(text)
    try:
        value = json.loads(
            text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_distinct
        )
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        pass
    parse_plan(text, 5)
    parse_query(text)
    parse_queries(text, 3)
    parse_relevant(text, ["E1"])
    parse_choice(text, ("A", "B"))
    assert set(keys_in(filtered(text, {"E1"})[0])) <= {"E1"}


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
