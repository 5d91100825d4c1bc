"""Reading one file that nobody has looked at yet, before it becomes part of a corpus.

Formats with a reader of their own are read in a process under limits anyway (`corpora.isolation`). Markdown
and JSON lines are not: files that a site wrote itself need no pipe. A file from outside does, so all of it is
done in one more process, which ends after a time whatever the file makes of it.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from corpora.documents import Frozen
from corpora.errors import CorpusError
from corpora.settings import CorpusSettings

MAX_REMARKS = 20
"""Notes and duplicates that are told; a file with more has one cause for all."""

_MAX_SAID = 64 * 2**20
"""Bytes of a result that are taken: the ids of a million documents."""


class Trial(Frozen):
    """What a file gives.

    Attributes:
        refused: Why it cannot be indexed, with the cure; ``None`` where it can.
        doc_ids: Of its documents, folded duplicates left out.
        duplicates: Of one another, as sentences.
    """

    refused: str | None = None
    documents: int = 0
    passages: int = 0
    characters: int = 0
    doc_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()


def tried(file: Path, root: Path, settings: CorpusSettings, seconds: float) -> Trial:
    """Read ``file`` as an index build would; blocks. Whatever it holds, this returns.

    Args:
        root: What the ids of documents without one are relative to.
        seconds: After which the reading is ended.
    """
    request = {
        "file": str(file),
        "root": str(root),
        "settings": settings.model_dump(mode="json"),
    }
    environment = {
        "PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path),
        "PATH": os.environ.get("PATH", ""),
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "corpora.trial"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(json.dumps(request).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        return Trial(refused=f"took longer than {seconds:.0f} s to read; split it")
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)  # the readers it started too
        child.communicate()
    if child.returncode == 0 and len(said) <= _MAX_SAID:
        with suppress(ValueError):
            return Trial.model_validate_json(said)
    if child.returncode == -signal.SIGXCPU:
        return Trial(refused="took more processor time than any real document; split it")
    return Trial(refused="its reader ended unexpectedly, probably for want of memory; split it")


def _examined(request: dict[str, Any]) -> Trial:
    from corpora.examining import examine  # loads numpy, which the parent's import of this module need not

    file, root = Path(request["file"]), Path(request["root"])

    def told(line: int | None, reason: str) -> str:
        """Without the folder, which is only for this reading."""
        return ("" if line is None else f"line {line}: ") + reason.replace(f"{root}/", "")

    try:
        found = examine([file], CorpusSettings.model_validate(request["settings"]), root=root, elsewhere=True)
    except CorpusError as error:
        return Trial(refused=told(error.line, error.reason))
    report = found.report
    refused = report.refused[0] if report.refused else None
    if refused is None and not found.doc_ids:
        return Trial(refused="holds no document that would be indexed")
    return Trial(
        refused=None if refused is None else told(refused.line, refused.reason),
        documents=len(found.doc_ids),
        passages=found.passages,
        characters=found.characters,
        doc_ids=tuple(found.doc_ids),
        notes=tuple(told(None, note.text) for note in report.notes[:MAX_REMARKS]),
        duplicates=tuple(
            f"{twin.doc_id} {'says the same as' if twin.similarity == 1 else 'is nearly'} {twin.kept}"
            + (" (left out)" if twin.folded else "")
            + (", but their numbers differ: two editions?" if twin.numbers_differ else "")
            for twin in report.duplicates[:MAX_REMARKS]
        ),
    )


def main() -> None:
    """Read the file of a request on stdin, say what it gives on stdout."""
    request = json.load(sys.stdin)
    limits = CorpusSettings.model_validate(request["settings"]).limits
    # Soft limits alone: the readers' own process sets others for itself.
    for what, bound in (
        (resource.RLIMIT_AS, limits.memory_mib * 2**20),
        (resource.RLIMIT_CPU, 4 * limits.cpu_s),
    ):
        resource.setrlimit(what, (bound, resource.getrlimit(what)[1]))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    print(_examined(request).model_dump_json())


if __name__ == "__main__":
    main()
