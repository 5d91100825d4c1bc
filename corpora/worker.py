"""The process that reads foreign files: one file a request, documents out as JSON lines, under limits.

Started as ``python -m corpora.worker``. It answers on a private copy of stdout, so that a library that
prints cannot break the protocol. JSON, not pickle: a process that a hostile file took over must not be
able to make its parent run anything.
"""

import hashlib
import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from corpora.documents import Document
from corpora.garbling import garbled
from corpora.readers import Source
from corpora.settings import CorpusSettings


def main() -> None:
    """Serve requests from stdin until it closes."""
    answers = os.fdopen(os.dup(1), "wb", buffering=2**16)
    os.dup2(2, 1)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        _answer(json.loads(line), answers)
        answers.flush()


def _answer(request: dict[str, Any], answers: BinaryIO) -> None:
    def say(**message: Any) -> None:
        answers.write(json.dumps(message).encode() + b"\n")

    settings = CorpusSettings.model_validate(request["settings"])
    memory = settings.limits.memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
    try:
        _renew_cpu(settings.limits.cpu_s)
        for document in _documents(request, settings, say):
            answers.write(b'{"document":' + document.model_dump_json().encode() + b"}\n")
    except MemoryError:
        say(error=f"needs more than {settings.limits.memory_mib:,} MiB of memory; split it", fatal=True)
    except RecursionError:
        say(error="is nested deeper than any real document")
    except OSError as error:
        say(error=f"cannot be read: {error.strerror or error}")
    except ValueError as error:
        say(error=" ".join(str(error).split())[:500])
    except Exception as error:  # a library's own fault: the file is refused, the job goes on
        say(
            error=f"its reader failed ({type(error).__name__}: {' '.join(str(error).split())[:200]})",
            fatal=True,
        )
    else:
        say(done=True)


def _documents(request: dict[str, Any], settings: CorpusSettings, say: Any) -> Iterator[Document]:
    module = importlib.import_module(f"corpora.readers.{request['module']}")
    path = Path(request["path"])
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    source = Source(
        path=path,
        doc_id=request["doc_id"],
        sha256=sha256,
        settings=settings,
        note=lambda text: say(note=text),
        renew=lambda: _renew_cpu(settings.limits.cpu_s),
    )
    for document in module.read(source):
        fault = garbled(document.text)
        if fault and document.origin is not None and document.origin.line is not None:
            say(note=f"{document.doc_id} left out: the text is garbled: {fault}")
            continue
        if fault:
            raise ValueError(f"the text is garbled: {fault}; get a better original, or run OCR over it")
        yield document


def _renew_cpu(seconds: int) -> None:
    """Allow ``seconds`` from now; past them the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
