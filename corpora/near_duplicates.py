"""Documents that nearly say the same: two editions of a guideline, a page and its print version.

Found by MinHash over character 5-grams (Broder, "On the resemblance and containment of documents", 1997,
doi:10.1109/SEQUEN.1997.666900) with banding, in numpy: the usual package for it brings all of SciPy for
these few lines. They are reported and never folded: in medicine two texts that differ in one number or
one 「ない」 are two statements, and which of them is current only the site can say (``supersedes``).
"""

import hashlib
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from corpora.documents import Document
from corpora.duplicates import NOTHING_SAID, NUMBER
from corpora.reports import Duplicate

SHINGLE = 5
"""Characters. Japanese has no spaces; five characters are about two words."""

BANDS, ROWS = 16, 8
"""128 hashes; a pair of Jaccard similarity s is found with 1-(1-s^8)^16: 0.6 at .7, 0.95 at .8, 1 at .9."""

NEAR = 0.85
"""Similarity, estimated to ±0.03, from which two documents are reported."""

_PRIME = np.uint64((1 << 31) - 1)


class NearDuplicates:
    """Finds, for each document in turn, the most similar earlier one."""

    def __init__(self, threshold: float = NEAR) -> None:
        self._threshold = threshold
        random = np.random.default_rng(1997)
        self._a = random.integers(1, int(_PRIME), BANDS * ROWS, dtype=np.uint64)
        self._b = random.integers(0, int(_PRIME), BANDS * ROWS, dtype=np.uint64)
        self._buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
        self._known: list[tuple[str, npt.NDArray[np.uint32], bytes]] = []

    def find(self, document: Document) -> Duplicate | None:
        """The duplicate that ``document`` is, if it is one; the document is remembered either way."""
        signature = self._signature(document.text)
        if signature is None:
            return None
        bands = [(band, signature[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]
        candidates = {entry for band in bands for entry in self._buckets.get(band, ())}
        best, likeness = -1, 0.0
        for entry in sorted(candidates):
            share = float(np.mean(self._known[entry][1] == signature))
            if share > likeness:
                best, likeness = entry, share
        numbers = hashlib.blake2b(" ".join(NUMBER.findall(document.text)).encode(), digest_size=8).digest()
        for band in bands:
            self._buckets[band].append(len(self._known))
        self._known.append((document.doc_id, signature, numbers))
        if likeness < self._threshold:
            return None
        kept, _, kept_numbers = self._known[best]
        return Duplicate(document.doc_id, kept, round(likeness, 2), False, numbers != kept_numbers)

    def _signature(self, text: str) -> npt.NDArray[np.uint32] | None:
        letters = NOTHING_SAID.sub("", text)
        if len(letters) < 4 * SHINGLE:
            return None
        codes = np.frombuffer(letters.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        grams = np.zeros(len(codes) - SHINGLE + 1, dtype=np.uint64)
        for offset in range(SHINGLE):
            grams = (grams * np.uint64(1_000_003) + codes[offset : offset + len(grams)]) % _PRIME
        grams = np.unique(grams)
        least = np.full(BANDS * ROWS, _PRIME, dtype=np.uint64)
        for part in range(0, len(grams), 4096):
            hashed = (grams[part : part + 4096, None] * self._a + self._b) % _PRIME
            least = np.minimum(least, hashed.min(axis=0))
        return least.astype(np.uint32)
