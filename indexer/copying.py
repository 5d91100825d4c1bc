"""Take the live generation out of an index folder, and put one back: for backups."""

import os
import shutil
from pathlib import Path

from indexer.errors import IndexCorrupt
from indexer.generations import build_lock, current_name, lease_current, make_current, publish, writing
from indexer.manifest import MANIFEST


def copy_current(directory: Path, target: Path) -> str:
    """Put the live generation into ``target``, a folder that is laid out as an index folder is.

    Its files never change, so they are linked where the file system can, and copied elsewhere. A rebuild may
    go on meanwhile; the reader's lock keeps the generation on disk.

    Returns:
        Its name.

    Raises:
        IndexNotFound, IndexCorrupt: If there is none.
        OSError: If ``target`` cannot be written.
    """
    held = lease_current(directory)
    try:
        shutil.copytree(held.folder, target / "generations" / held.name, copy_function=_link)
    finally:
        held.release()
    (target / "CURRENT").write_text(held.name + "\n", encoding="utf-8")
    return held.name


def place_current(source: Path, directory: Path) -> str:
    """Make the generation in ``source`` (see `copy_current`) the live one of ``directory``; others stay.

    Returns:
        Its name.

    Raises:
        IndexBusy: If a build is running there.
        IndexCorrupt: If ``directory`` has another generation of that name.
        IndexNotWritten: If the system refuses; what was live stays so.
    """
    name = current_name(source)
    with writing(directory), build_lock(directory):
        there = directory / "generations" / name
        given = source / "generations" / name
        if there.exists():
            if (there / MANIFEST).read_bytes() != (given / MANIFEST).read_bytes():
                raise IndexCorrupt(there, "another generation has its name", "restore into another folder")
            make_current(directory, name)
            return name
        copied = directory / "tmp" / name
        shutil.rmtree(copied.parent, ignore_errors=True)
        try:
            shutil.copytree(given, copied)
            return publish(directory, copied)
        finally:
            shutil.rmtree(copied.parent, ignore_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(source, target)
