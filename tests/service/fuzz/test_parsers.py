"""Parsers of text that strangers write: whatever the text, a value or the one error that is promised."""

import json
from datetime import datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.api.strict_json import _distinct, _finite, _no_constant
from service.audit.chain import AuditKeys, Head
from service.audit.files import head_line, parsed_head
from service.errors import BadRequest
from service.markers import filtered, keys_in
from service.parsing import (
    parse_choice,
    parse_plan,
    parse_queries,
    parse_query,
    parse_relevant,
    parse_rewritten,
)
from service.security.hosts import _without_port
from service.security.keys import key_id_of
from service.security.policy import needed, pattern
from service.state.rows import cursor_of, cursor_place

KEYS = AuditKeys(b"k" * 32)
ANY = st.text(max_size=200) | st.text("0123456789abcdef_jmq {}[]()<>/.:*E\x00", max_size=200)
JSON = st.text('0123456789eE+-.[]{}:,"\\udAN aIinfty', max_size=60).map(str.encode)
settings.register_profile("parsers", max_examples=100, deadline=None, derandomize=True, database=None)
PROFILE = settings.get_profile("parsers")


@PROFILE
@given(ANY)
@example("jmq_" + "0" * 12 + "_" + "0" * 72)
def test_a_credential_is_a_key_or_none(text: str) -> None:
    found = key_id_of(text)
    assert found is None or text.startswith(f"jmq_{found}_")


@PROFILE
@given(ANY)
@example("LTE")
def test_a_cursor_is_a_place_or_refused(text: str) -> None:
    try:
        moment, row_id = cursor_place(text)
    except BadRequest:
        return
    assert 0 <= moment < 1 << 62
    assert isinstance(row_id, str)


@PROFILE
@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1971, 1, 1)), st.text())
def test_a_cursor_leads_back_to_its_place(moment: Any, row_id: str) -> None:
    row_id = row_id.encode("utf-8", "ignore").decode()
    assert cursor_place(cursor_of(moment, row_id))[1] == row_id


@PROFILE
@given(ANY, ANY)
def test_a_path_without_an_entry_is_never_open(method: str, path: str) -> None:
    if pattern(method, path) == "unknown":
        assert needed(method, path) == ("admin",)


@PROFILE
@given(ANY)
def test_a_host_is_read_without_fail(text: str) -> None:
    assert len(_without_port(text)) <= len(text)


@PROFILE
@given(ANY)
def test_a_head_that_this_log_did_not_write_is_none(text: str) -> None:
    assert parsed_head(KEYS, text) is None


@PROFILE
@given(st.integers(0, 1 << 62), st.binary(min_size=32, max_size=32))
def test_a_head_is_read_as_it_was_written(number: int, link: bytes) -> None:
    assert parsed_head(KEYS, head_line(KEYS, Head(number, link)) + "\n") == Head(number, link)
    assert parsed_head(AuditKeys(b"x" * 32), head_line(KEYS, Head(number, link))) is None


@PROFILE
@given(st.binary(max_size=200) | JSON)
def test_a_body_is_json_that_can_be_written_back_or_an_error(body: bytes) -> None:
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_distinct,
        )
    except (ValueError, RecursionError):
        return
    json.dumps(value, allow_nan=False)


REPLY = st.text('[]{}:,"\\ \nE1２ＡＢABstepsquerychoicenul。あ', max_size=120) | st.text(max_size=120)


@PROFILE
@given(REPLY)
def test_a_models_reply_is_read_or_left_unread(reply: str) -> None:
    for read in (parse_query, parse_rewritten):
        assert isinstance(read(reply), str | None)
    assert isinstance(parse_plan(reply, 5), tuple | None)
    assert isinstance(parse_queries(reply, 3), tuple | None)
    assert set(parse_relevant(reply, ["E1"]) or ()) <= {"E1"}
    chosen = parse_choice(reply, ("A", "B"))
    assert chosen is None or chosen.label in ("A", "B", None)


@PROFILE
@given(REPLY)
def test_only_keys_that_were_shown_are_left_in_a_text(reply: str) -> None:
    text, _ = filtered(reply, {"E1"})
    assert set(keys_in(text)) <= {"E1"}
