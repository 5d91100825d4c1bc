"""Read the chosen label or labels from a reply whose thinking is cut already."""

import re
from typing import Any

from benchmarks.parsing.abstention import declines, declines_in_part
from benchmarks.parsing.expected import Expected, Parsed
from benchmarks.parsing.folding import bare, fold
from benchmarks.parsing.statements import CORRECTION, enumerates, last_word, statements, whole_value
from benchmarks.parsing.structured import answers_in_json
from benchmarks.parsing.values import Value, reader

_REASONED = re.compile(
    r"(?i)\s*[.:．。、,)）—–-]*\s*(?:because|since|理由|なぜなら|解説|根拠|explanation|rationale|reason)"
)
_HEAD = re.compile(r"(?i)^[\s(\[「『【\"']*(?:(?:選択肢|option|choice|answer)\s*:?\s*)?")
_VERDICT = re.compile(r"(?i)^\s*[\"']?(yes|no|maybe|はい|いいえ)[\"']?\s*(?:[,.、。:;!—–]|-\s|\n|$)")
_JAPANESE_VERDICT = {"はい": "yes", "いいえ": "no"}
_WEIGHED = re.compile(
    r"(?i)誤り|誤って|間違|ではない|ではあり|でない|不適切|除外|否定|しれ|かも|または|もしくは|[?？]$"
    r"|^(?:in)?correct\b|^wrong\b|^not\s+(?:correct|right|true|the|sure|applicable|an?\b)|^(?:is|are|was|were|isn't|has|can|could|may|might|would|should)\s"
    r"|\b(?:is|are|was)\s+(?:not|in?correct|wrong|right|unlikely|excluded|ruled|the\s)|\bbut\b"
)
_ANOTHER = re.compile(r"(?:^|[\s(/、,])[A-J]\s?[.)．、:：](?:\s|$|[ぁ-んァ-ヶ一-龠])")


def read_choice(reply: str, expected: Expected) -> Parsed:
    """What the reply chooses. Exactly one reading, or none: see the rules in docs/benchmarks.md."""
    values, outside, cut = answers_in_json(reply)
    if cut:
        return Parsed(status="truncated", rule="json_cut")
    if values:
        return _from_json(values, outside, expected)
    return read_text(fold(reply), expected)


def read_text(text: str, expected: Expected) -> Parsed:
    """The same for a folded text without JSON."""
    if not text:
        return Parsed(status="unparsed", rule="empty")
    if label := reader(expected).text_label(text):
        return _chosen((label,), expected, "choice_text")
    if declines(text):
        return Parsed(status="abstained", rule="declined")
    value = whole_value(text, expected)
    if value is not None and not value.negated:
        return _value(value, expected, "whole_reply")
    if verdict := _verdict(text, expected):
        return verdict
    found = statements(text, expected)
    if found:
        last, rule = last_word(found, text)
        if last is None:
            return Parsed(status="unparsed", rule=rule)
        if last.declined:
            return Parsed(status="abstained", rule=rule)
        line = _solo_line(text, expected)
        if line is not None and line.labels != last.labels:
            return Parsed(status="unparsed", rule="statements_disagree")
        return _chosen(last.labels, expected, rule)
    if value := _solo_line(text, expected):
        return _value(value, expected, "line")
    if value := _first_sentence(text, expected):
        return _value(value, expected, "first_sentence")
    if value := _label_and_text(text, expected):
        return _value(value, expected, "label_and_text")
    if declines_in_part(text):
        return Parsed(status="abstained", rule="declined")
    return Parsed(status="unparsed", rule="no_statement")


def _from_json(values: list[Any], outside: str, expected: Expected) -> Parsed:
    readings = [_json_value(value, expected) for value in values]
    first = readings[0]
    if any((reading.status, reading.value) != (first.status, first.value) for reading in readings):
        return Parsed(status="unparsed", rule="json_values_differ")
    if first.status != "parsed":
        return first
    last, _ = last_word(statements(fold(outside), expected), fold(outside))
    if last is not None and last.labels and last.labels != first.value:
        return Parsed(status="unparsed", rule="json_and_text_differ")
    return first


def _json_value(value: Any, expected: Expected) -> Parsed:
    match value:
        case None:
            return Parsed(status="abstained", rule="json_null")
        case str():
            found = read_text(fold(value), expected)
            return found.model_copy(update={"rule": f"json_{found.rule}"})
        case list() if value and all(isinstance(entry, str) for entry in value):
            parts = [read_text(fold(entry), expected) for entry in value]
            if all(part.status == "parsed" for part in parts):
                labels = {label for part in parts for label in part.value}
                return _chosen(
                    tuple(label for label in expected.labels if label in labels), expected, "json_list"
                )
    return Parsed(status="unparsed", rule="json_value")


def _value(value: Value, expected: Expected, rule: str) -> Parsed:
    if value.hedged:
        return Parsed(status="unparsed", rule="alternatives_left_open")
    if value.clash:
        return Parsed(status="unparsed", rule="label_and_text_differ")
    return _chosen(value.labels, expected, rule)


def _chosen(labels: tuple[str, ...], expected: Expected, rule: str) -> Parsed:
    if len(labels) > 1 and not expected.several:
        return Parsed(status="unparsed", rule="several_labels")
    return Parsed(status="parsed", value=labels, rule=rule)


def _verdict(text: str, expected: Expected) -> Parsed | None:
    """ "Yes, because …": a verdict word and a stop. "No evidence shows …" is none."""
    found = _VERDICT.match(text)
    if not found:
        return None
    word = found.group(1).casefold()
    for label, own in reader(expected).texts.items():
        if bare(own) in (word, _JAPANESE_VERDICT.get(word)):
            last, rule = last_word(statements(text, expected), text)
            others = [line for line in text.splitlines()[1:] if _VERDICT.match(line)]
            if (last and last.labels != (label,)) or rule in ("statements_disagree", "taken_back") or others:
                return Parsed(status="unparsed", rule="statements_disagree")
            if re.match(
                r"(?i)\s*[\"']?(?:yes|no|maybe)[\"']?\s*[,、]\s*(?:but|and|or|it\s+(?:depends|is\s+unclear)|no\b|yes\b|maybe\b|wait)",
                text,
            ):
                return Parsed(status="unparsed", rule="alternatives_left_open")
            return _chosen((label,), expected, "verdict")
    return None


def _solo_line(text: str, expected: Expected) -> Value | None:
    """A first or last line that is a value and nothing else; both must agree."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    found = [
        value
        for line in (lines[0], lines[-1])
        if (value := _line_value(line, expected)) and not value.negated
    ]
    inner = [value for line in lines[1:-1] if (value := _line_value(line, expected)) and not value.negated]
    if not found or enumerates(text, expected):
        return None
    if {value.labels for value in found + inner} != {found[0].labels}:
        return None
    return found[0]


def _line_value(line: str, expected: Expected) -> Value | None:
    if label := reader(expected).text_label(line):
        return Value((label,), len(line))
    return whole_value(line, expected)


def _first_sentence(text: str, expected: Expected) -> Value | None:
    """「Cです。Dではありません。」: the first sentence is the value, and no later one is or takes it back."""
    first, stop, rest = text.partition("。")
    value = whole_value(first, expected) if stop and rest.strip() and "\n" not in first else None
    if value is None or value.negated or enumerates(text, expected) or CORRECTION.search(rest):
        return None
    later = (whole_value(sentence, expected) for sentence in re.split(r"[。\n]", rest))
    return None if any(found and not found.negated for found in later) else value


def _label_and_text(text: str, expected: Expected) -> Value | None:
    """``C. Streptococcus pneumoniae``: one line that begins with a label, as the data's choices are
    written."""
    lines = [line for line in text.splitlines() if line.strip()]
    if enumerates(text, expected):
        return None
    read = reader(expected)
    head = lines[0]
    value = read.read(head)
    if value is None or value.negated or len(value.labels) != 1:
        return None
    start = _HEAD.match(head)
    assert start is not None
    rest = head[value.end :].lstrip(" .:．、,)）」』-–—|")
    if value.clash or value.hedged:
        return value
    if _REASONED.match(head[value.end :]):
        return value if not _WEIGHED.search(rest[:12]) else None
    separator = head[value.end : value.end + 2].strip()
    if (
        not separator.startswith((".", ":", ")", "、", "|", "．"))
        and "(" not in head[value.end : value.end + 3]
    ):
        return None
    if read.texts:  # the texts are known, so what stands beside the label must be its own
        own = read.texts.get(value.labels[0])
        close = own is not None and bare(rest).startswith(bare(own))
        return value if close or not rest else None
    if len(lines) > 1 or "\\n" in rest or _WEIGHED.search(rest) or _ANOTHER.search(rest):
        return None
    return value
