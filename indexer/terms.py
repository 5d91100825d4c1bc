"""The terms of all passages, in row order and never all in memory: analysed, or brought along unchanged."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from indexer.lexical import Bag, LexicalEngine

TermsOf = Callable[[str], list[str]]

PARALLEL_FROM = 5_000
"""Passages to analyse. Starting processes takes some seconds, analysing a passage half a millisecond."""

_SENT_AT_ONCE = 64


class PassageTerms:
    """One bag for each text.

    Args:
        hashes: Of each text: its content hash.
        terms_of: Cuts a text into terms; with several processes it must pickle.
        known: The content hashes of an earlier index's rows, (n, 32), and its engine.
        processes: Analyse in so many; 1 in this one.

    Attributes:
        analysed: How many distinct texts the earlier index does not have.
    """

    def __init__(
        self,
        texts: Sequence[str],
        hashes: Sequence[bytes],
        terms_of: TermsOf,
        known: tuple[NDArray[np.uint8], LexicalEngine] | None = None,
        *,
        processes: int = 1,
    ) -> None:
        self._texts = texts
        self._hashes = hashes
        self._terms_of = terms_of
        self._processes = processes
        self._earlier = known[1] if known else None
        row_of = {row.tobytes(): number for number, row in enumerate(known[0])} if known else {}
        self._rows = [row_of.get(content, -1) for content in hashes]
        new = [content for content, row in zip(hashes, self._rows, strict=True) if row < 0]
        self.analysed = len(set(new))
        self._repeated = {content for content, count in Counter(new).items() if count > 1}

    def bags(self) -> Iterator[Bag]:
        """The bags, in the order of the texts; to be read once."""
        earlier = self._brought_along()
        with ExitStack() as stack:
            fresh = self._fresh(stack)
            seen: dict[bytes, Bag] = {}
            for content, row in zip(self._hashes, self._rows, strict=True):
                if row >= 0:
                    yield next(earlier)
                elif content not in self._repeated:
                    yield next(fresh)
                else:
                    if content not in seen:
                        seen[content] = next(fresh)
                    yield seen[content]

    def _brought_along(self) -> Iterator[Bag]:
        """The earlier bags that are wanted, in the order in which they are.

        Rows are in passage-id order there and here, so the earlier index is read through once; only what
        stands in another order now (a document renamed, a text that comes twice) is kept meanwhile.
        """
        wanted = [row for row in self._rows if row >= 0]
        if not wanted or self._earlier is None:
            return
        highest = np.maximum.accumulate(wanted)
        behind = {row for row, most in zip(wanted[1:], highest[:-1].tolist(), strict=True) if row <= most}
        kept: dict[int, Bag] = {}
        stream = enumerate(self._earlier.bags())
        for row in wanted:
            while row not in kept:
                number, bag = next(stream)
                if number in behind or number == row:
                    kept[number] = bag
            yield kept[row] if row in behind else kept.pop(row)

    def _fresh(self, stack: ExitStack) -> Iterator[Bag]:
        """The bags of the distinct new texts, in their order."""
        texts = self._new_texts()
        if self._processes == 1 or self.analysed < PARALLEL_FROM:
            return (Counter(self._terms_of(text)) for text in texts)
        # Spawned, not forked: the encoder's and FAISS's threads do not survive a fork.
        pool = stack.enter_context(get_context("spawn").Pool(self._processes, _start, (self._terms_of,)))
        return (bag for bags in pool.imap(_bags_of, _batches(texts)) for bag in bags)

    def _new_texts(self) -> Iterator[str]:
        done: set[bytes] = set()
        for text, content, row in zip(self._texts, self._hashes, self._rows, strict=True):
            if row >= 0 or content in done:
                continue
            if content in self._repeated:
                done.add(content)
            yield text


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    source = iter(texts)
    while batch := list(islice(source, _SENT_AT_ONCE)):
        yield batch


_terms_of: TermsOf
"""Of a worker process."""


def _start(terms_of: TermsOf) -> None:
    global _terms_of
    _terms_of = terms_of


def _bags_of(texts: list[str]) -> list[Bag]:
    return [Counter(_terms_of(text)) for text in texts]
