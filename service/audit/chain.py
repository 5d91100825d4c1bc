"""The chain that holds the entries together, and what breaks it.

The link of an entry is ``HMAC-SHA256(key, previous link | number | entry)``; the first one's previous link is
zero. Changing, deleting, inserting or reordering entries breaks a link, and without the key none can be made
(a chain of plain hashes could be computed anew by anyone who can write). What a chain cannot tell is that its
end is missing: for that the head, the last number and link, is also written outside the table.
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

START = bytes(32)
"""The link before the first entry."""


@dataclass(frozen=True)
class Head:
    """Where the chain ends: also the state of an empty one (number 0)."""

    number: int = 0
    link: bytes = START


@dataclass(frozen=True)
class Row:
    """One entry as it is stored."""

    number: int
    entry: bytes
    link: bytes


class AuditKeys:
    """The keys for links and for questions, derived from one secret (HMAC with a label, as HKDF-Expand)."""

    def __init__(self, secret: bytes) -> None:
        self._links = hmac.digest(secret, b"jmedqa audit links", sha256)
        self._questions = hmac.digest(secret, b"jmedqa audit questions", sha256)

    def link(self, previous: bytes, number: int, entry: bytes) -> bytes:
        """The link of entry ``number``."""
        return hmac.digest(self._links, previous + number.to_bytes(8, "big") + entry, sha256)

    def mac(self, label: str, text: str) -> bytes:
        """Of a stub or a head."""
        return hmac.digest(self._links, f"{label}|{text}".encode(), sha256)

    def question(self, text: str) -> str:
        """What stands for a question whose text is not kept."""
        return "hmac-sha256:" + hmac.digest(self._questions, text.encode(), sha256).hex()


def canonical(entry: dict[str, Any]) -> str:
    """The one way an entry is written: keys sorted, without those that are ``None``."""
    kept = {name: value for name, value in entry.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def broken(keys: AuditKeys, begin: Head, rows: Iterable[Row], head: Head | None) -> tuple[list[str], Head]:
    """What is wrong with a chain.

    Args:
        begin: What was pruned, or an empty head.
        rows: In ascending order of number.
        head: What was written out; ``None`` where that is missing.

    Returns:
        One line a fault, at most one a row; and the head that the rows end with.
    """
    faults: list[str] = []
    last = begin
    at_head = begin.link if head is not None and head.number == begin.number else None
    for row in rows:
        if row.number != last.number + 1:
            faults.append(f"{last.number + 1} to {row.number - 1}: missing")
        elif not hmac.compare_digest(keys.link(last.link, row.number, row.entry), row.link):
            faults.append(f"{row.number}: it, or what stood before it, was changed")
        last = Head(row.number, row.link)
        if head is not None and row.number == head.number:
            at_head = row.link
    if head is None:
        if last.number:
            faults.append("the head file is missing: whether the end was cut cannot be told")
    elif head.number > last.number:
        faults.append(f"{last.number + 1} to {head.number}: missing at the end")
    elif at_head != head.link:
        faults.append(f"{head.number}: not what the head file says")
    return faults, last
