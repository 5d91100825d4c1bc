"""Which generations go, and removing them: never the live one, never one that is read, none unseen.

Generations newer than the live one are there only after a rollback. They are what one rolls forward to again,
so nothing here removes them; once a build has replaced the live one they are older than it, and age like all.
"""

import fcntl
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from indexer.generations import build_lock, current_name, earlier, names, writing
from indexer.manifest import MANIFEST, check_files, read_manifest


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection removed, or would.

    Attributes:
        removed: Generations, oldest last.
        in_use: Generations that would go, but a reader has them open.
        leftovers: What killed builds and swaps left, relative to the index's folder.
        freed: Bytes.
    """

    live: str
    kept: tuple[str, ...]
    removed: list[str] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    freed: int = 0


def expired(directory: Path, keep: int) -> list[str]:
    """The generations beyond ``keep``: it counts the live one, the one that it replaced, then the newest."""
    return earlier(directory, current_name(directory))[max(0, keep - 1) :]


def prune(directory: Path, keep: int) -> list[str]:
    """Remove old generations after a build; the caller is the builder.

    One that a reader has open, or that the system does not let go, stays until the next build.

    Returns:
        The names removed.
    """
    removed = []
    for name in expired(directory, keep):
        with suppress(OSError):
            if _remove(directory, name):
                removed.append(name)
    for leftover in _pointers(directory):
        with suppress(OSError):
            leftover.unlink()
    return removed


def collect(directory: Path, keep: int | None = None, *, dry_run: bool = False) -> Collected:
    """Remove old generations and what killed builds left.

    Args:
        keep: How many stay, the live one among them; ``None`` for what the live one was built with.

    Raises:
        IndexBusy: If a build is under way.
        IndexNotFound: If there is no index.
        IndexCorrupt: If the live generation is damaged: an old one is needed more than the space.
        IndexNotWritten: If the system refuses to remove something.
    """
    live = current_name(directory)
    folder = directory / "generations" / live
    manifest = read_manifest(folder)
    check_files(folder, manifest, verify=False)
    with writing(directory), build_lock(directory):
        going = expired(directory, keep or manifest.settings.keep)
        removed, in_use, freed = [], [], 0
        for name in going:
            size = _bytes(directory / "generations" / name)
            if _is_read(directory, name) if dry_run else not _remove(directory, name):
                in_use.append(name)
            else:
                removed.append(name)
                freed += size
        tmp = directory / "tmp"
        leftovers = [*(sorted(tmp.iterdir()) if tmp.is_dir() else []), *_pointers(directory)]
        freed += sum(map(_bytes, leftovers))
        if not dry_run:
            for pointer in _pointers(directory):
                pointer.unlink()
            if tmp.is_dir():
                shutil.rmtree(tmp)
    return Collected(
        live=live,
        kept=tuple(name for name in names(directory) if name not in removed),
        removed=removed,
        in_use=in_use,
        leftovers=[str(path.relative_to(directory)) for path in leftovers],
        freed=freed,
    )


def _remove(directory: Path, name: str) -> bool:
    """Whether it went; not if a reader has it open, or a rollback has just made it live."""
    folder = directory / "generations" / name
    descriptor = os.open(folder / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if current_name(directory) == name:
            return False
        # Out of sight in one step: a kill while deleting leaves nothing that could be opened.
        doomed = directory / "tmp" / f"pruned-{name}"
        doomed.parent.mkdir(exist_ok=True)
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)


def _is_read(directory: Path, name: str) -> bool:
    descriptor = os.open(directory / "generations" / name / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _pointers(directory: Path) -> list[Path]:
    """What swaps that were killed left. One under way in another process is seconds old, and is let be."""
    found = []
    for path in sorted(directory.glob("CURRENT.*.tmp")):
        with suppress(FileNotFoundError):
            # The lock was written just now, by the same clock, whatever that is.
            age = (directory / "build.lock").stat().st_mtime - path.stat().st_mtime
            if age > 60:
                found.append(path)
    return found


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
