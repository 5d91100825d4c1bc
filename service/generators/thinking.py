"""Separate a model's reasoning from its answer where a server leaves both in one text.

Servers with a reasoning parser send the two in separate fields. Without one the text holds
``<think>…</think>``; some chat templates open the block inside the prompt, so that only ``</think>``
arrives.
"""

from dataclasses import dataclass
from typing import Literal

OPEN, CLOSE = "<think>", "</think>"

Thinking = Literal["auto", "opened"]
"""``opened``: the template opens the block, so every reply starts inside it. ``auto``: it does not."""


class UnopenedThinking(ValueError):  # noqa: N818
    """``</think>`` came without ``<think>``: what was taken for the answer was reasoning."""


@dataclass
class ThinkSplitter:
    """Splits a stream; tags may arrive in pieces.

    Attributes:
        inside: Whether the text so far ends inside a think block.
    """

    inside: bool = False
    _held: str = ""

    def feed(self, piece: str) -> tuple[str, str]:
        """The settled parts of the answer and of the reasoning.

        Raises:
            UnopenedThinking: If a block closes that was never opened.
        """
        rest = self._held + piece
        self._held = ""
        said: list[str] = []
        thought: list[str] = []
        while rest:
            tag = CLOSE if self.inside else OPEN
            before, found, after = rest.partition(tag)
            if not self.inside and CLOSE in before:
                raise UnopenedThinking
            if not found:
                keep = _tag_start(before, (OPEN, CLOSE))
                before, self._held = before[:keep], before[keep:]
            (thought if self.inside else said).append(before)
            if found:
                self.inside = not self.inside
            rest = after
        return "".join(said), "".join(thought)

    def finish(self) -> tuple[str, str]:
        """What was held back because it could have become a tag."""
        rest, self._held = self._held, ""
        return ("", rest) if self.inside else (rest, "")


def split_thinking(text: str, *, opened: bool) -> tuple[str, str, bool]:
    """The answer, the reasoning, and whether the reasoning never closed.

    A whole text can be judged from its end, so here a block that was opened by the prompt is recognised
    even without being told.
    """
    if CLOSE in text and OPEN not in text.partition(CLOSE)[0]:
        opened = True
    splitter = ThinkSplitter(inside=opened)
    said, thought = splitter.feed(text)
    last_said, last_thought = splitter.finish()
    return said + last_said, thought + last_thought, splitter.inside


def _tag_start(text: str, tags: tuple[str, ...]) -> int:
    """Where the end of ``text`` may be the beginning of a tag; its length if nowhere."""
    for start in range(max(0, len(text) - max(map(len, tags)) + 1), len(text)):
        if any(tag.startswith(text[start:]) for tag in tags):
            return start
    return len(text)
