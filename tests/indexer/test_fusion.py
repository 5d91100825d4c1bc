"""Both fusions, by their formulas and their tie rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import RANK_CONSTANT, Hit, WeightedRanking, reciprocal_rank_fusion, weighted_sum


def ranking(ids: str) -> list[Hit]:
    return [Hit(passage_id, float(-place)) for place, passage_id in enumerate(ids)]


def test_shares_of_the_ranks_are_summed() -> None:
    fused = reciprocal_rank_fusion([ranking("ab"), ranking("b")])
    assert fused == [Hit("b", pytest.approx(1 / 62 + 1 / 61)), Hit("a", pytest.approx(1 / 61))]
    assert RANK_CONSTANT == 60


def test_equal_shares_come_in_id_order() -> None:
    assert [hit.passage_id for hit in reciprocal_rank_fusion([ranking("bc"), ranking("ad")])] == list("abcd")


def test_nothing_fuses_to_nothing() -> None:
    assert reciprocal_rank_fusion([[], []]) == []


def test_a_larger_constant_flattens_the_lead() -> None:
    tops = [[ranking("xab"), ranking("abc")], [ranking("xab"), ranking("abc")]]
    steep = reciprocal_rank_fusion(tops[0], rank_constant=0)
    flat = reciprocal_rank_fusion(tops[1], rank_constant=1000)
    assert steep[0].score / steep[1].score > flat[0].score / flat[1].score


@given(st.lists(st.permutations("abcdefgh"), min_size=2, max_size=5), st.randoms())
def test_the_order_of_the_rankings_never_shows(rankings: list[list[str]], random: object) -> None:
    given_order = [ranking("".join(ids)) for ids in rankings]
    assert reciprocal_rank_fusion(given_order) == reciprocal_rank_fusion(given_order[::-1])


def test_a_passage_twice_in_a_ranking_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        reciprocal_rank_fusion([ranking("aa")])


def test_a_negative_constant_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        reciprocal_rank_fusion([ranking("a")], rank_constant=-1)


def test_weighted_scores_are_summed() -> None:
    fused = weighted_sum(
        [
            WeightedRanking([Hit("a", 4.0), Hit("b", 2.0)], 0.5, is_cut=False),
            WeightedRanking([Hit("b", 3.0)], 1.0, is_cut=False),
        ]
    )
    assert fused == [Hit("b", 4.0), Hit("a", 2.0)]


def test_what_a_cut_ranking_lacks_scores_as_its_last_hit() -> None:
    cut = WeightedRanking([Hit("a", 4.0), Hit("b", 2.0)], 1.0, is_cut=True)
    assert weighted_sum([cut, WeightedRanking([Hit("c", 1.0)], 1.0, is_cut=False)]) == [
        Hit("a", 4.0),
        Hit("c", 3.0),
        Hit("b", 2.0),
    ]


def test_equal_sums_come_in_id_order() -> None:
    one = WeightedRanking([Hit("c", 1.0), Hit("b", 1.0)], 1.0, is_cut=False)
    other = WeightedRanking([Hit("d", 1.0), Hit("a", 1.0)], 1.0, is_cut=False)
    assert [hit.passage_id for hit in weighted_sum([one, other])] == list("abcd")


def test_a_passage_twice_among_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        weighted_sum([WeightedRanking([Hit("a", 1.0), Hit("a", 1.0)], 1.0, is_cut=False)])
