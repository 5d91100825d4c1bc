"""Documents that say the same: exact duplicates are folded, near ones are found and reported.

Near duplicates are found by MinHash over character 5-grams (Broder, "On the resemblance and containment
of documents", 1997, doi:10.1109/SEQUEN.1997.666900) with banding, in numpy: the usual package for it
brings all of SciPy for these few lines. They are never folded by themselves: in medicine two texts that
differ in one number or one 「ない」 are two editions, and the newer one must be found.
"""

import hashlib
import re
from collections import defaultdict

import numpy as np
import numpy.typing as npt

from corpora.documents import Document
from corpora.reports import Duplicate, ReadReport

SHINGLE = 5
"""Characters. Japanese has no spaces; five characters are about two words."""

BANDS, ROWS = 16, 8
"""128 hashes; a pair of Jaccard similarity s is found with 1-(1-s^8)^16: 0.6 at .7, 0.95 at .8, 1 at .9."""

NEAR = 0.85
"""Similarity, estimated to ±0.03, from which two documents are reported."""

_PRIME = np.uint64((1 << 31) - 1)
_NOTHING_SAID = re.compile(r"[\s\u3000、。，．・「」『』（）()\[\]【】:：;；|#*_-]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*|[⁰¹²³⁴-⁹₀-₉½¼¾]+")


class ExactDuplicates:
    """Remembers what texts were seen, by a hash of their letters and digits."""

    def __init__(self) -> None:
        self._seen: dict[bytes, str] = {}

    def folds(self, document: Document, may_fold: bool, report: ReadReport) -> bool:
        """Whether ``document`` repeats an earlier one and is to be left out; repeats go to ``report``.

        Points and hyphens between digits count, white space and other punctuation do not.
        """
        letters = " ".join(_NUMBER.findall(document.text)) + "\n" + _NOTHING_SAID.sub("", document.text)
        key = hashlib.blake2b(letters.encode(), digest_size=16).digest()
        kept = self._seen.setdefault(key, document.doc_id)
        if kept == document.doc_id:
            return False
        report.duplicates.append(Duplicate(document.doc_id, kept, 1.0, may_fold))
        return may_fold


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
        numbers = hashlib.blake2b(" ".join(_NUMBER.findall(document.text)).encode(), digest_size=8).digest()
        for band in bands:
            self._buckets[band].append(len(self._known))
        self._known.append((document.doc_id, signature, numbers))
        if likeness < self._threshold:
            return None
        kept, _, kept_numbers = self._known[best]
        return Duplicate(document.doc_id, kept, round(likeness, 2), False, numbers != kept_numbers)

    def _signature(self, text: str) -> npt.NDArray[np.uint32] | None:
        letters = _NOTHING_SAID.sub("", text)
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
