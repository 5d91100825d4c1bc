"""A lock on the state folder: shared by all who use it, exclusive for replacing it.

flock(2): the kernel drops it with the process, so none outlives a kill.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.state.errors import StateUnavailable

RESTORING = "restoring"
"""Folder of a restore that is going on, or was cut off."""


def share(folder: Path) -> int:
    """Take the shared lock; close the descriptor to release it.

    Raises:
        StateUnavailable: If the folder is being restored.
        OSError: If it cannot be written.
    """
    if (folder / RESTORING).exists():
        raise StateUnavailable(
            f"{folder} の復元が途中で止まっています。"
            "もう一度 `jmedqa restore` を --force 付きで実行してください。",
            f"A restore of {folder} was cut off: run `jmedqa restore` with --force again.",
        )
    return _locked(
        folder,
        fcntl.LOCK_SH,
        f"{folder} はいま復元中です。終わるのを待ってください。",
        f"{folder} is being restored: wait until that is done.",
    )


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder alone.

    Raises:
        StateUnavailable: If a server or a command uses it.
        OSError: If it cannot be written.
    """
    descriptor = _locked(
        folder,
        fcntl.LOCK_EX,
        f"{folder} はサーバーか別のコマンドが使用中です。サーバーを停止してから実行してください。",
        f"A server or a command uses {folder}: stop the server first.",
    )
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(folder: Path, kind: int, ja: str, en: str) -> int:
    descriptor = os.open(folder / "state.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StateUnavailable(ja, en) from None
    return descriptor
