"""Does the evidence hold the question itself? Then a right answer says nothing about retrieval.

Shared runs of 13 tokens are the usual sign (Brown et al. 2020, arXiv:2005.14165, appendix C); a token here is
a Latin word or number, or one Japanese character, for Japanese has no spaces.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from benchmarks.tasks import Item
from corpora import Frozen
from service.answers import Evidence

RUN = 13
"""Tokens of a shared run."""
SHARE = 0.5
"""Of the stem's runs that must stand in one passage. Half: a guideline quotes a definition, no vignette."""
LEAST_STEM = 8
"""A stem of fewer tokens than 13 is one run itself, one of fewer than 8 says too little to be recognised."""
LEAST_CHOICES = 3
LEAST_CHOICE_TOKENS = 12

LeakKind = Literal["source", "stem", "choices"]

_TOKEN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]")
_NUMBER = re.compile(r"\d{4,9}")


class Leak(Frozen):
    """One passage that gives an item away.

    Attributes:
        kind: ``source``: it is of a document the item was made from; ``stem``: it holds the question;
            ``choices``: it holds all the choices' texts.
        share: Of the stem's runs, or 1.
    """

    kind: LeakKind
    passage_id: str
    share: float


def leaks(item: Item, evidence: Sequence[Evidence]) -> tuple[Leak, ...]:
    """Every leak in an answer's evidence, each passage and kind once, in the order found."""
    found: dict[tuple[str, LeakKind], Leak] = {}
    stem = _tokens(item.question)
    size = min(RUN, len(stem))
    runs = _runs(stem, size) if len(stem) >= LEAST_STEM else set()
    texts = [" ".join(_tokens(text)) for text in item.expected.texts if text]
    long_enough = len(texts) >= LEAST_CHOICES and sum(map(len, map(str.split, texts))) >= LEAST_CHOICE_TOKENS
    for entry in {one.passage_id: one for one in evidence}.values():
        if item.source_ids and names_source(item.source_ids, entry.doc_id, entry.source):
            _add(found, "source", entry.passage_id, 1.0)
        tokens = _tokens(f"{entry.title} {entry.text}")
        if runs and (share := len(runs & _runs(tokens, size)) / len(runs)) >= SHARE:
            _add(found, "stem", entry.passage_id, share)
        joined = f" {' '.join(tokens)} "
        if long_enough and all(f" {text} " in joined for text in texts):
            _add(found, "choices", entry.passage_id, 1.0)
    return tuple(found.values())


def _add(found: dict[tuple[str, LeakKind], Leak], kind: LeakKind, passage_id: str, share: float) -> None:
    found[passage_id, kind] = Leak(kind=kind, passage_id=passage_id, share=round(share, 4))


def names_source(source_ids: Sequence[str], doc_id: str, source: str | None) -> bool:
    """Whether a document is one of an item's sources: the same id, or the same PMID (``pmid:123``, a URL)."""
    wanted = set(source_ids)
    if doc_id in wanted:
        return True
    numbers = set(_NUMBER.findall(doc_id))
    if source and "pubmed" in source.casefold():
        numbers |= set(_NUMBER.findall(source))
    return bool(numbers & {name for name in wanted if name.isdigit()})


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def _runs(tokens: Sequence[str], size: int) -> set[tuple[str, ...]]:
    """All runs of ``size`` tokens."""
    return {tuple(tokens[start : start + size]) for start in range(len(tokens) - size + 1)}
