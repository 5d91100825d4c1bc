"""What an earlier stage tells of a later one, or of the diagnosis."""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations

from benchmarks.cases.analytes import measured
from benchmarks.cases.findings import Finding
from benchmarks.cases.keys import CaseKey
from benchmarks.cases.mentions import mentions
from service.cases.cases import Case, Stage

COPIED = {"ja": 20, "en": 60}
"""Characters two stages may not share in a row, by the case's language: about a short sentence."""

_SEPARATORS = re.compile(r"[\s・･\-‐–—ー]+")
_ABBREVIATION = re.compile(r"[A-Z0-9]{2,5}[a-z]?|[a-z]{1,3}[A-Z]{2,5}")


def named(term: str, text: str) -> bool:
    """Whether the text names the term, whatever its width, case, hyphens and spaces.

    An abbreviation (MM, RTA, dRTA) counts only where it stands alone and in its own case: mmHg is no MM.
    """
    if _ABBREVIATION.fullmatch(term):
        folded = unicodedata.normalize("NFKC", text)
        return re.search(rf"(?<![A-Za-z0-9]){re.escape(term)}(?![A-Za-z0-9])", folded) is not None
    return _folded(term) in _folded(text)


def leaks(case: Case, key: CaseKey | None) -> Iterator[Finding]:
    """Every leak: the diagnosis before the last stage, later words, later values, copied sentences."""
    if key is not None:
        yield from _diagnosis(case, key)
        yield from _later_terms(case, key)
    for earlier, later in combinations(case.stages, 2):
        yield from _later_values(case, earlier, later)
        yield from _copied(case, earlier, later)


def _diagnosis(case: Case, key: CaseKey) -> Iterator[Finding]:
    """The last stage may name it: whoever answers there has already committed to a diagnosis."""
    for stage in _before_the_course(case):
        for name in key.names:
            if named(name, stage.rendered()):
                yield _leak(
                    case, stage, f"診断名「{name}」が書かれています", f"names the diagnosis, {name!r}"
                )


def _before_the_course(case: Case) -> tuple[Stage, ...]:
    return case.stages[:-1] if len(case.stages) > 1 else case.stages


def _later_terms(case: Case, key: CaseKey) -> Iterator[Finding]:
    names = [stage.name for stage in case.stages]
    for stage_name, terms in key.later_terms.items():
        if stage_name not in names:
            continue
        for stage in case.stages[: names.index(stage_name)]:
            for term in terms:
                if named(term, stage.rendered()):
                    ja = f"後の段階({stage_name})の「{term}」が書かれています"
                    yield _leak(case, stage, ja, f"names {term!r}, which belongs to {stage_name}")


def _later_values(case: Case, earlier: Stage, later: Stage) -> Iterator[Finding]:
    own = {(result.analyte, result.value) for panel in earlier.panels for result in panel.results}
    written = {(mention.analyte.name, mention.value): mention.text for mention in mentions(earlier.text)}
    for panel in later.panels:
        for result in panel.results:
            number = measured(result.value)
            if number is None or (result.analyte, result.value) in own:
                continue
            if text := written.get((result.analyte, number.value)):
                ja = f"後の段階({later.name})の検査値と同じ「{text}」が書かれています"
                yield _leak(case, earlier, ja, f"states {text!r}, the value measured in {later.name}")


def _copied(case: Case, earlier: Stage, later: Stage) -> Iterator[Finding]:
    first, second = earlier.text, later.text
    match = SequenceMatcher(None, first, second, autojunk=False).find_longest_match()
    if match.size >= COPIED[case.language]:
        same = first[match.a : match.a + match.size].strip()
        ja = f"後の段階({later.name})と同じ文があります: 「{same}」"
        yield _leak(case, earlier, ja, f"shares a sentence with {later.name}: {same!r}")


def _folded(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _leak(case: Case, stage: Stage, ja: str, en: str) -> Finding:
    return Finding(case_id=case.case_id, rule="leak", fault=True, stage=stage.name, ja=ja, en=en)
