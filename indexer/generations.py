"""Generations on disk: complete or absent, whatever kills the builder.

    DIR/CURRENT                     the name of the live generation; replaced by one atomic rename
    DIR/generations/NAME/           immutable; manifest.json is its last file and carries the readers' lock
    DIR/tmp/NAME/                   a build in progress, or what a killed one left; renamed when complete
    DIR/build.lock                  held by the one builder, with its process id

Locks are flock(2): the kernel drops them with the process, so none outlives a kill.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from indexer.errors import IndexBusy, IndexCorrupt, IndexNotFound
from indexer.manifest import MANIFEST

_NAME = re.compile(r"\d{6,}-\d{8}T\d{6}Z")


class Lease:
    """A reader's shared lock on one generation: until it is released, the generation stays on disk."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self.folder = folder
        self._descriptor: int | None = descriptor

    @property
    def name(self) -> str:
        return self.folder.name

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def current_name(directory: Path) -> str:
    """The name of the live generation.

    Raises:
        IndexNotFound: If no build ever ended here.
        IndexCorrupt: If ``CURRENT`` does not hold the name of a generation.
    """
    path = directory / "CURRENT"
    try:
        name = path.read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        raise IndexNotFound(directory) from None
    if not _NAME.fullmatch(name):
        raise IndexCorrupt(path, f"it reads {name[:40]!r}")
    return name


def names(directory: Path) -> list[str]:
    """The complete generations on disk, oldest first."""
    root = directory / "generations"
    if not root.is_dir():
        return []
    found = [entry.name for entry in root.iterdir() if _NAME.fullmatch(entry.name)]
    return sorted(
        (name for name in found if (root / name / MANIFEST).is_file()), key=lambda name: _number(name)
    )


def lease(directory: Path, name: str) -> Lease:
    """Take the readers' lock on a generation.

    Raises:
        IndexCorrupt: If the generation is not there (any more).
    """
    folder = directory / "generations" / name
    path = folder / MANIFEST
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise IndexCorrupt(path, error.strerror or str(error)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        # Between open and lock it may have been pruned: the lock holds only what still has its name.
        if os.fstat(descriptor).st_ino != path.stat().st_ino:
            raise FileNotFoundError(str(path))
    except OSError as error:
        os.close(descriptor)
        raise IndexCorrupt(path, "it is being removed") from error
    return Lease(folder, descriptor)


def lease_current(directory: Path) -> Lease:
    """Take the readers' lock on the live generation.

    Raises:
        IndexNotFound, IndexCorrupt: As above.
    """
    name = current_name(directory)
    while True:
        try:
            return lease(directory, name)
        except IndexCorrupt:
            # A swap and a prune may have come between reading the name and locking it.
            newer = current_name(directory)
            if newer == name:
                raise
            name = newer


@contextmanager
def build_folder(directory: Path) -> Iterator[Path]:
    """Be the one builder of ``directory``, with an empty folder to build in.

    What killed builds left in ``DIR/tmp`` is removed first.

    Raises:
        IndexBusy: If another process is building here.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = directory / "build.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise IndexBusy(directory, _holder(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        shutil.rmtree(directory / "tmp", ignore_errors=True)
        folder = directory / "tmp" / _next_name(directory)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(directory / "tmp", ignore_errors=True)
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def publish(directory: Path, built: Path) -> str:
    """Make the complete generation in ``built`` the live one; the caller is the builder.

    Every file is on disk before the folder gets its place, and the folder before ``CURRENT`` names it.

    Returns:
        The generation's name.
    """
    for path in [*built.rglob("*"), built]:
        _sync(path)
    generations = directory / "generations"
    generations.mkdir(exist_ok=True)
    built.rename(generations / built.name)
    _sync(generations)
    make_current(directory, built.name)
    return built.name


def make_current(directory: Path, name: str) -> None:
    """Swap the live generation, by one atomic rename."""
    temporary = directory / f"CURRENT.{os.getpid()}.tmp"
    temporary.write_text(name + "\n", encoding="utf-8")
    _sync(temporary)
    temporary.replace(directory / "CURRENT")
    _sync(directory)


def prune(directory: Path, keep: int) -> list[str]:
    """Remove old generations; the caller is the builder.

    Args:
        keep: How many stay: the newest, the live one always among them. One that a reader has open stays
            too, until the next build.

    Returns:
        The names removed.
    """
    live = current_name(directory)
    others = [name for name in names(directory) if name != live]
    removed = []
    for name in others[: max(0, len(others) - (keep - 1))]:
        folder = directory / "generations" / name
        descriptor = os.open(folder / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Out of sight in one step: a kill while deleting leaves nothing that could be opened.
            doomed = directory / "tmp" / f"pruned-{name}"
            doomed.parent.mkdir(exist_ok=True)
            folder.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)
            removed.append(name)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
    for leftover in directory.glob("CURRENT.*.tmp"):
        leftover.unlink(missing_ok=True)
    return removed


def _next_name(directory: Path) -> str:
    root = directory / "generations"
    taken = [_number(entry.name) for entry in root.iterdir()] if root.is_dir() else []
    return f"{max(taken, default=0) + 1:06d}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _number(name: str) -> int:
    """The running number leads the name, so a clock that is set back does not change the order."""
    head = name.partition("-")[0]
    return int(head) if head.isdecimal() else 0


def _holder(descriptor: int) -> int | None:
    with suppress(ValueError):
        return int(os.pread(descriptor, 32, 0))
    return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
