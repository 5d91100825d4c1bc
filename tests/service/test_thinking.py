"""Reasoning is separated from the answer, also while it arrives in pieces."""

import pytest

from service.generators.thinking import ThinkSplitter, UnopenedThinking, split_thinking

CASES = [
    ("答えはAです。", "答えはAです。", "", False),
    ("<think>Kが高い</think>静注する。", "静注する。", "Kが高い", False),
    ("<think>甲</think>乙<think>丙</think>丁", "乙丁", "甲丙", False),
    ("<think>切れた思考", "", "切れた思考", True),
    ("K<5.5 mEq/Lなら<経過観察", "K<5.5 mEq/Lなら<経過観察", "", False),
    ("<think></think>", "", "", False),
]


@pytest.mark.parametrize(("text", "said", "thought", "unclosed"), CASES)
def test_a_whole_text_is_split(text: str, said: str, thought: str, unclosed: bool) -> None:
    assert split_thinking(text, opened=False) == (said, thought, unclosed)


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize(("text", "said", "thought", "unclosed"), CASES)
def test_a_stream_is_split_alike(text: str, said: str, thought: str, unclosed: bool, size: int) -> None:
    splitter = ThinkSplitter()
    parts = [splitter.feed(text[start : start + size]) for start in range(0, len(text), size)]
    parts.append(splitter.finish())
    assert "".join(part[0] for part in parts) == said
    assert "".join(part[1] for part in parts) == thought
    assert splitter.inside == unclosed


def test_a_block_opened_by_the_prompt_is_known_from_its_end() -> None:
    assert split_thinking("Kが高い</think>静注する。", opened=False) == ("静注する。", "Kが高い", False)


def test_a_stream_told_that_the_prompt_opened_the_block_shows_only_the_answer() -> None:
    splitter = ThinkSplitter(inside=True)
    assert splitter.feed("Kが高い</think>静注する。") == ("静注する。", "Kが高い")


def test_a_stream_that_leaked_reasoning_is_an_error_not_an_answer() -> None:
    splitter = ThinkSplitter()
    splitter.feed("Kが高い")
    with pytest.raises(UnopenedThinking):
        splitter.feed("</think>静注する。")
