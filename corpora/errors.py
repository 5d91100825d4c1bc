"""What can go wrong while a corpus is read."""

from pathlib import Path


class CorpusError(Exception):
    """A source file cannot be read as documents; nothing of the corpus is indexed.

    Attributes:
        path: The file, or the folder when the fault is the folder's.
        line: Counted from 1; ``None`` where the fault belongs to no single line.
        reason: What is wrong and what cures it, one sentence.
    """

    exit_code = 3

    def __init__(self, path: Path | str, line: int | None, reason: str) -> None:
        self.path = Path(path)
        self.line = line
        self.reason = reason
        where = f"{self.path}:{line}" if line is not None else str(self.path)
        super().__init__(f"{where}: {reason}")


class UnknownRecipe(Exception):  # noqa: N818  (the name says what happened)
    """No such recipe; the message lists those there are."""

    exit_code = 2

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no such recipe: {name}; known: {', '.join(known)}")
