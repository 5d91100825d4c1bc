"""What a child has printed so far: its progress and its end (`indexer.progress_lines`)."""

import json
from pathlib import Path
from typing import Any

from corpora import Frozen


class Printed(Frozen):
    """The last of each kind; ``None`` where there was none yet."""

    progress: dict[str, Any] | None = None
    end: dict[str, Any] | None = None


def read_lines(path: Path) -> Printed:
    """Read the file; a last line that is not finished is left for the next time."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Printed()
    progress = end = None
    for line in text[: text.rfind("\n") + 1].splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if not isinstance(value, dict):
            continue
        if value.get("event") == "progress":
            progress = {name: value.get(name) for name in ("stage", "done", "total", "reused")}
        elif value.get("event") == "end":
            end = value
    return Printed(progress=progress, end=end)
