"""A build that kills itself at its n-th step of putting files in place; a script of test_crash.py.

    python -m tests.indexer.killed_build CORPUS OUT STEP

A step is an fsync or a rename. With STEP 0 the build runs through and prints how many there were.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpora import read_corpus
from indexer import IndexSettings, build_index, generations

corpus, out, fatal = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
steps = 0


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    def step(*arguments: Any) -> Any:
        global steps
        steps += 1
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)

    return step


generations.sync = counted(generations.sync)
setattr(Path, "replace", counted(Path.replace))  # noqa: B010
setattr(Path, "rename", counted(Path.rename))  # noqa: B010
build_index(read_corpus([corpus]), out, IndexSettings(vectors=(corpus / "vectors.npz",)))
print(steps)
