"""Reading files in a process of its own, reused from file to file and replaced after a failure.

Whatever a file does to its reader (crash, endless loop, memory without end, silence), the caller gets a
``CorpusError`` for that file and goes on. One process serves all kinds: starting it costs more than
reading a small file, and separating kinds would not keep a file from its successor of the same kind.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import ValidationError

from corpora.documents import Document
from corpora.errors import CorpusError
from corpora.kinds import Kind
from corpora.limits import FILES_PER_PROCESS, MAX_ANSWER
from corpora.settings import CorpusSettings, ReaderLimits


class Readers:
    """The worker process of one reading; a context manager that ends it."""

    def __init__(self, limits: ReaderLimits) -> None:
        self._limits = limits
        self._process: _Process | None = None

    def __enter__(self) -> "Readers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def read(
        self, path: Path, kind: Kind, doc_id: str, settings: CorpusSettings, note: Callable[[str], None]
    ) -> Iterator[Document]:
        """Yield the documents of one file.

        Raises:
            CorpusError: If the file cannot be read; documents before the fault were already yielded.
        """
        if self._process is not None and self._process.files >= FILES_PER_PROCESS:
            self._end()
        process = self._process = self._process or _Process(self._limits)
        request = {
            "module": kind.module,
            "path": str(path),
            "doc_id": doc_id,
            "settings": settings.model_dump(mode="json", include={"source", "licence", "limits"}),
        }
        finished = False
        try:
            for message in process.ask(request):
                if "document" in message:
                    yield Document.model_validate(message["document"])
                elif "note" in message:
                    note(str(message["note"]))
                elif "error" in message:
                    finished = not message.get("fatal")
                    raise CorpusError(path, None, str(message["error"]))
                else:
                    finished = True
        except _LostError as error:
            raise CorpusError(path, None, str(error)) from None
        except ValidationError as error:
            raise CorpusError(
                path, None, f"its reader gave no valid document: {error.errors()[0]['msg']}"
            ) from error
        finally:
            if not finished:
                self._end()


class _LostError(Exception):
    """The process ended, or was ended, before it had answered."""


class _Process:
    def __init__(self, limits: ReaderLimits) -> None:
        self.files = 0
        self._limits = limits
        self._rest = bytearray()
        environment = {
            "PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path),
            "PATH": os.environ.get("PATH", ""),
            "LC_ALL": "C.UTF-8",
        }
        self._child = subprocess.Popen(
            [sys.executable, "-m", "corpora.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def ask(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Send one request and yield the messages up to the last (``done`` or ``error``)."""
        self.files += 1
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            raise _LostError(self._death()) from None
        while True:
            try:
                message = json.loads(self._line())
            except ValueError:
                raise _LostError("its reader answered nonsense") from None
            yield message
            if "done" in message or "error" in message:
                return

    def end(self) -> None:
        """End the process, whatever it does."""
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue

    def _line(self) -> bytes:
        assert self._child.stdout is not None
        deadline = time.monotonic() + self._limits.silence_s
        searched = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            while (end := self._rest.find(b"\n", searched)) < 0:
                searched = len(self._rest)
                if searched > MAX_ANSWER:
                    raise _LostError(f"one document is larger than {MAX_ANSWER // 2**20} MiB; split it")
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise _LostError(f"its reader gave no answer for {self._limits.silence_s:.0f} s")
                data = os.read(self._child.stdout.fileno(), 2**20)
                if not data:
                    raise _LostError(self._death())
                self._rest += data
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line

    def _death(self) -> str:
        try:
            code = self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            code = self._child.wait()
        if code >= 0:
            return f"its reader ended unexpectedly (exit code {code})"
        if -code == signal.SIGXCPU:
            return f"took more than {self._limits.cpu_s} s of processor time; split or simplify it"
        if -code == signal.SIGKILL:
            return "its reader was killed, probably for want of memory"
        return (
            f"its reader crashed ({signal.Signals(-code).name}), or needed more than "
            f"{self._limits.memory_mib:,} MiB; get a better original"
        )
