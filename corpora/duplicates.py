"""Documents that say exactly the same, white space and punctuation aside: the later one is folded."""

import hashlib
import re

from corpora.documents import Document
from corpora.reports import Duplicate, ReadReport

NOTHING_SAID = re.compile(r"[\s\u3000、。，．・「」『』（）()\[\]【】:：;；|#*_-]+")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*|[⁰¹²³⁴-⁹₀-₉½¼¾]+")


class ExactDuplicates:
    """Remembers what texts were seen, by a hash of their letters and digits."""

    def __init__(self) -> None:
        self._seen: dict[bytes, str] = {}

    def folds(self, document: Document, may_fold: bool, report: ReadReport) -> bool:
        """Whether ``document`` repeats an earlier one and is to be left out; repeats go to ``report``.

        Points and hyphens between digits count, white space and other punctuation do not.
        """
        letters = " ".join(NUMBER.findall(document.text)) + "\n" + NOTHING_SAID.sub("", document.text)
        key = hashlib.blake2b(letters.encode(), digest_size=16).digest()
        kept = self._seen.setdefault(key, document.doc_id)
        if kept == document.doc_id:
            return False
        report.duplicates.append(Duplicate(document.doc_id, kept, 1.0, may_fold))
        return may_fold
