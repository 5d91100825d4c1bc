"""What a reply is read for, and what was read: the parser's two types."""

from functools import cached_property
from typing import Literal

from corpora import Frozen

Status = Literal["parsed", "abstained", "unparsed", "truncated", "transport_error"]
Kind = Literal["choice", "choices", "number", "entities", "rating"]


class Expected(Frozen):
    """The form of answer that a question asks for. It never holds the right answer.

    Attributes:
        kind: ``choice`` asks for one label, ``choices`` for one or more, ``number`` for a quantity,
            ``entities`` for a list of strings, ``rating`` for a whole number from 1 to 5.
        labels: The choices' labels as the data writes them, in order (``A`` … or ``a`` …).
        texts: One for each label, empty where the data has none.
        negative: The stem asks for the choice that is wrong (誤っているのはどれか, EXCEPT), so that a reply
            which calls a choice wrong names its answer.
        unit: Unit of the number asked for, as written; a number in another unit is not read.
        template: The boxes of a mark sheet, ``①②.③``; a reply may fill them one by one.
    """

    kind: Kind
    labels: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    negative: bool = False
    unit: str | None = None
    template: str | None = None

    @cached_property
    def several(self) -> bool:
        """Whether more than one label may be the answer."""
        return self.kind == "choices"


class Parsed(Frozen):
    """What one reply says.

    Attributes:
        value: Labels in the order of the question, or one number, or entities as listed. Empty unless
            ``parsed``; an empty list of entities is ``parsed`` too.
        rule: The rule that read the reply, or the reason why none did.
    """

    status: Status
    value: tuple[str, ...] = ()
    rule: str
