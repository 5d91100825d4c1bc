"""Character bigrams: the field in which a compound that no dictionary knows still matches.

A lemma matches as a whole or not at all, and MeCab cuts 球脊髄性筋萎縮症 differently beside other words.
Overlapping pairs of characters (as Lucene's CJK analysis has them) match by parts. Latin letters and digits
are the same terms as in the lemma field.
"""

import re

from indexer.folding import fold
from indexer.latin import latin_terms

_RUN = re.compile(r"(?P<latin>[a-z0-9μ](?:[a-z0-9μ.^+-]*[a-z0-9])?)|(?P<other>[^\W\x00-\x7fμ]+)")


def bigrams(text: str) -> list[str]:
    """The bigrams and Latin terms of ``text``, in order; a character that stands alone is a term itself."""
    terms: list[str] = []
    for run in _RUN.finditer(fold(text)):
        if run["latin"]:
            terms += latin_terms(run["latin"])
        elif len(word := run["other"]) == 1:
            terms.append(word)
        else:
            terms += [word[start : start + 2] for start in range(len(word) - 1)]
    return terms
