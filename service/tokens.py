"""How many tokens a text costs, without the model's tokenizer.

Japanese costs between 0.6 (Japanese models) and 3 tokens a character (byte-level vocabularies made for
English). The estimate starts on the dear side and is corrected by what the server counted.
"""

from collections.abc import Sequence

from service.prompts import Message

_ASCII, _OTHER = 0.35, 1.2
_MESSAGE = 8
"""Tokens a chat template puts around a message, at most by those in configs/models."""


class TokenMeter:
    """Estimates for one model; each counted prompt corrects them.

    Attributes:
        scale: Counted tokens for each estimated one; at least what the dearest prompt so far cost.
    """

    def __init__(self) -> None:
        self.scale = 1.0
        self._learnt = False

    def of(self, text: str) -> int:
        """Tokens of a text, rounded up."""
        return int(self.scale * _units(text)) + 1

    def of_messages(self, messages: Sequence[Message]) -> int:
        """Tokens of a conversation, its template included."""
        return sum(self.of(message["content"]) + _MESSAGE for message in messages)

    def learn(self, messages: Sequence[Message], counted: int | None) -> None:
        """Correct the scale by what the server says a prompt cost; ``None`` and 0 tell nothing."""
        if not counted:
            return
        units = sum(_units(message["content"]) for message in messages)
        scale = counted / max(units, 1.0)
        self.scale = max(self.scale, scale) if self._learnt else scale
        self._learnt = True


def _units(text: str) -> float:
    ascii_characters = sum(character.isascii() for character in text)
    return _ASCII * ascii_characters + _OTHER * (len(text) - ascii_characters)
