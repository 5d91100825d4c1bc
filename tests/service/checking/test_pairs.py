"""Newly written claim-passage pairs: what passes as verified, and what must not.

The passages are synthetic and were not clinically reviewed; they are no source for care.
"""

from collections import Counter

import pytest

from benchmarks.citations import EXPECTED, HALVES, PAIRS, Pair, counts, read_pairs, status_of
from service.answers import ClaimStatus
from service.checking import level
from service.claims import check
from tests.service.samples import evidence

ALL = [pair for half in HALVES for pair in read_pairs(PAIRS / half)]
NEVER_VERIFIED = ("changed_number", "changed_unit", "reversed_negation", "wrong_drug", "unsupported")


def test_there_are_400_pairs_and_40_of_each_label_and_some_are_english() -> None:
    labels = Counter(pair.label for pair in ALL)
    assert labels.keys() == EXPECTED.keys()
    assert len(ALL) >= 400
    assert min(labels.values()) >= 40
    assert 0.12 <= sum(pair.language == "en" for pair in ALL) / len(ALL) <= 0.2
    assert len({(pair.passage, pair.claim) for pair in ALL}) == len(ALL)


@pytest.mark.parametrize(
    "pair",
    [pair for pair in ALL if pair.label in NEVER_VERIFIED],
    ids=lambda pair: f"{pair.id}-{pair.label}",
)
def test_a_changed_claim_is_never_verified(pair: Pair) -> None:
    assert status_of(pair.claim, pair.passage, pair.headings) != "verified"


@pytest.mark.parametrize("half", HALVES)
def test_literal_claims_are_verified_even_without_the_literal_shortcut(half: str) -> None:
    found = counts(read_pairs(PAIRS / half))["supported_literal"]
    assert found["verified"] / found.total() >= 0.95


@pytest.mark.parametrize("pair", [p for p in ALL if p.label == "supported_literal"], ids=lambda p: p.id)
def test_a_literal_claim_of_an_answer_is_verified_and_quoted_whatever_its_widths(pair: Pair) -> None:
    shown = evidence("E1", pair.passage).model_copy(
        update={"title": pair.headings[0], "headings": pair.headings}
    )
    claims, (citation,) = check(f"{pair.claim}[E1]", {"E1": shown})
    assert [claim.status for claim in claims] == ["verified"]
    assert citation.quote is not None
    assert level(pair.claim).rstrip("。") in level(citation.quote)


BOUNDS: list[tuple[str, ClaimStatus, float, float]] = [
    ("supported_paraphrase", "verified", 0.75, 1.0),
    ("changed_number", "contradicted", 0.9, 1.0),
    ("changed_unit", "contradicted", 0.9, 1.0),
    ("reversed_negation", "contradicted", 0.85, 1.0),
    ("wrong_population", "verified", 0.0, 0.1),
    ("half_supported", "verified", 0.0, 0.1),
]


@pytest.mark.parametrize(("label", "status", "least", "most"), BOUNDS)
def test_the_rates_of_the_documentation_hold(
    label: str, status: ClaimStatus, least: float, most: float
) -> None:
    found = counts(pair for pair in ALL if pair.label == label)[label]
    assert least <= found[status] / found.total() <= most
