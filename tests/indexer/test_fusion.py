"""Reciprocal rank fusion, by its formula and its tie rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import RANK_CONSTANT, Hit, reciprocal_rank_fusion


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
