"""Generations on disk: complete or absent, whatever kills the builder.

    DIR/CURRENT                     the name of the live generation; replaced by one atomic rename
    DIR/generations/NAME/           immutable; manifest.json is its last file and carries the readers' lock
    DIR/tmp/NAME/                   a build in progress, or what a killed one left; renamed when complete
    DIR/build.lock                  held by the one builder, with its process id

Locks are flock(2): the kernel drops them with the process, so none outlives a kill. A name leads nowhere that
a power cut could have emptied: what is renamed was synced before, and its folder is synced after.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from indexer.disk import sync
from indexer.errors import (
    IndexBusy,
    IndexCorrupt,
    IndexFailure,
    IndexNotFound,
    IndexNotWritten,
    IndexUnreadable,
    UnknownGeneration,
)
from indexer.manifest import MANIFEST, read_manifest

_NAME = re.compile(r"\d{6,}-\d{8}T\d{6}Z")


class Lease:
    """A reader's shared lock on one generation: until it is released, the generation stays on disk."""

    def __init__(self, folder: Path, descriptor: int | None = None) -> None:
        self.folder = folder
        self._descriptor = descriptor

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
        IndexCorrupt: If ``CURRENT`` does not hold the name of a generation, or is lost.
        IndexUnreadable: If this process may not read it.
    """
    path = directory / "CURRENT"
    cure = f"run `jmedqa index rollback --index {directory} --to NAME`"
    try:
        name = path.read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        if whole := names(directory):
            raise IndexCorrupt(path, f"it is missing, and there is {', '.join(whole)}", cure) from None
        raise IndexNotFound(directory) from None
    except IsADirectoryError:
        raise IndexCorrupt(path, "it is a folder", f"move it away, then {cure}") from None
    except OSError as error:
        raise IndexUnreadable(path, error) from error
    if not _NAME.fullmatch(name):
        raise IndexCorrupt(path, f"it reads {name[:40]!r}")
    return name


def names(directory: Path) -> list[str]:
    """The complete generations on disk, oldest first."""
    root = directory / "generations"
    return [name for name in folders(directory) if (root / name / MANIFEST).is_file()]


def folders(directory: Path) -> list[str]:
    """As :func:`names`, with those that have lost their manifest."""
    root = directory / "generations"
    try:
        found = [entry.name for entry in root.iterdir() if _NAME.fullmatch(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise IndexUnreadable(root, error) from error
    return sorted(found, key=number)


def earlier(directory: Path, name: str) -> list[str]:
    """The complete generations before ``name``: first the one that it replaced, then the newest first.

    The two differ after a rollback: a build made then replaces the generation that was rolled back to.
    """
    before = [other for other in reversed(names(directory)) if number(other) < number(name)]
    try:
        replaced = read_manifest(directory / "generations" / name).replaces
    except IndexFailure:
        replaced = None
    return sorted(before, key=lambda other: other != replaced)


def fallbacks(directory: Path) -> list[str]:
    """What may serve where the live generation cannot, best first: those before it, then any other."""
    try:
        live = current_name(directory)
    except IndexFailure:
        return names(directory)[::-1]
    before = earlier(directory, live)
    return before + [name for name in reversed(names(directory)) if name not in (live, *before)]


def resolve(directory: Path, wanted: str) -> str:
    """The generation that is meant by ``current``, ``previous``, a name or the beginning of one.

    ``previous`` is the first of :func:`earlier`.

    Raises:
        UnknownGeneration: If there is none, or a beginning fits several.
        IndexNotFound, IndexCorrupt: If ``current`` is asked for and unknown.
    """
    if wanted == "current":
        return current_name(directory)
    known = names(directory)
    if wanted == "previous":
        fitting = earlier(directory, current_name(directory))[:1]
    else:
        fitting = [name for name in known if name.startswith(wanted)]
    if len(fitting) != 1:
        raise UnknownGeneration(directory, wanted, fitting or known)
    return fitting[0]


def lease(directory: Path, name: str) -> Lease:
    """Take the readers' lock on a generation.

    Raises:
        IndexCorrupt: If the generation is not there (any more).
    """
    folder = directory / "generations" / name
    path = folder / MANIFEST
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError as error:
        raise IndexUnreadable(path, error) from error
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
        IndexNotWritten: If the system refuses a write; the live generation is as it was.
    """
    with writing(directory), build_lock(directory):
        shutil.rmtree(directory / "tmp", ignore_errors=True)
        folder = directory / "tmp" / _next_name(directory)
        try:
            folder.mkdir(parents=True)
            yield folder
        finally:
            shutil.rmtree(directory / "tmp", ignore_errors=True)


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Raise :class:`IndexNotWritten` where the system refuses a step that changes ``directory``."""
    try:
        yield
    except OSError as error:
        raise IndexNotWritten(directory, error) from error


@contextmanager
def build_lock(directory: Path) -> Iterator[None]:
    """Hold the lock of the one builder of ``directory``; raises :class:`IndexBusy` if another has it."""
    _make_folder(directory)
    descriptor = os.open(directory / "build.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IndexBusy(directory, _holder(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def builder(directory: Path) -> int | None:
    """The process that builds here now, 0 where it has not said its id; ``None`` if nobody builds."""
    try:
        descriptor = os.open(directory / "build.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(descriptor) or 0
    finally:
        os.close(descriptor)
    return None


def publish(directory: Path, built: Path) -> str:
    """Make the complete generation in ``built`` the live one; the caller is the builder.

    Every file is on disk before the folder gets its place, and the folder before ``CURRENT`` names it.

    Returns:
        The generation's name.

    Raises:
        OSError: If a step fails; ``built`` is in its old place then, and the live generation as it was.
        IndexNotWritten: If only the last sync fails: the generation is live.
    """
    for path in [*built.rglob("*"), built]:
        sync(path)
    generations = directory / "generations"
    generations.mkdir(exist_ok=True)
    sync(directory)
    placed = generations / built.name
    built.rename(placed)
    try:
        sync(generations)
        make_current(directory, built.name)
    except OSError:
        with suppress(OSError):
            placed.rename(built)
        raise
    return built.name


def make_current(directory: Path, name: str) -> None:
    """Swap the live generation, by one atomic rename.

    Raises:
        OSError: If it fails; the live generation is as it was.
        IndexNotWritten: If only the sync after the rename fails: ``name`` is live.
    """
    temporary = directory / f"CURRENT.{os.getpid()}.tmp"
    try:
        temporary.write_text(name + "\n", encoding="utf-8")
        sync(temporary)
        temporary.replace(directory / "CURRENT")
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    try:
        sync(directory)
    except OSError as error:
        raise IndexNotWritten(directory, error, live=name) from error


def _next_name(directory: Path) -> str:
    root = directory / "generations"
    taken = [number(entry.name) for entry in root.iterdir()] if root.is_dir() else []
    return f"{max(taken, default=0) + 1:06d}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def number(name: str) -> int:
    """The running number leads the name, so a clock that is set back does not change the order."""
    head = name.partition("-")[0]
    return int(head) if head.isdecimal() else 0


def _make_folder(directory: Path) -> None:
    missing = [folder for folder in (directory, *directory.absolute().parents) if not folder.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync(folder.absolute().parent)


def _holder(descriptor: int) -> int | None:
    with suppress(ValueError):
        return int(os.pread(descriptor, 32, 0))
    return None
