"""Answers out of replies: one strict parser, and the official ones for parity."""

from benchmarks.parsing.expected import Expected, Kind, Parsed, Status
from benchmarks.parsing.strict import parse_answer

__all__ = ["Expected", "Kind", "Parsed", "Status", "parse_answer"]
