"""Looking after generations: whether a new one opens, whether the old ones are whole, going back to one."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from indexer.analyzer import Analyzer
from indexer.encoders import Encoder
from indexer.errors import BuildRefused, IndexCorrupt, IndexFailure
from indexer.generations import (
    Lease,
    current_name,
    folders,
    lease,
    make_current,
    number,
    resolve,
    writing,
)
from indexer.hybrid import HybridIndex
from indexer.manifest import MANIFEST, Manifest, damage, read_manifest


def check_built(folder: Path, manifest: Manifest, analyzer: Analyzer, encoder: Encoder) -> None:
    """Open a finished build the way a reader will, before it replaces what readers have.

    Raises:
        BuildRefused: If it does not open, or holds something else than was built.
    """
    try:
        with HybridIndex.open_generation(Lease(folder), analyzer=analyzer, encoder=encoder) as index:
            rows = manifest.counts.passages
            if index.manifest != manifest:
                raise IndexCorrupt(folder / MANIFEST, "it does not read back as it was written")
            if (len(index.passages), index.dense.dim) != (rows, encoder.dim):
                raise IndexCorrupt(
                    folder, f"{len(index.passages)} passages and {index.dense.dim} dimensions read back"
                )
            for row in (0, rows - 1):
                passage_id = index.passages.ids[row]
                if index.passage(passage_id).passage.passage_id != passage_id:
                    raise IndexCorrupt(folder, f"the passage {passage_id!r} does not read back")
    except IndexFailure as fault:
        raise BuildRefused(fault) from fault


class Verified(NamedTuple):
    """What the checksums said of one generation; it is whole where ``faults`` is empty."""

    generation: str
    live: bool
    files: int
    bytes: int
    faults: tuple[IndexFailure, ...]


def verify(directory: Path, name: str) -> Verified:
    """Read every file of a generation and compare its checksum."""
    folder = directory / "generations" / name
    live = _is_live(directory, name)
    try:
        held = lease(directory, name)
    except IndexCorrupt as fault:
        return Verified(name, live, 0, 0, (fault,))
    try:
        manifest = read_manifest(folder)
        faults = tuple(damage(folder, manifest))
    except IndexFailure as fault:
        return Verified(name, live, 0, 0, (fault,))
    finally:
        held.release()
    size = sum(record.bytes for record in manifest.files.values())
    return Verified(name, live, len(manifest.files) + 2, size, faults)


def verify_all(directory: Path) -> list[Verified]:
    """Every generation on disk, oldest first; also one that has lost its manifest."""
    return [verify(directory, name) for name in folders(directory)]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A swap of the live generation.

    Attributes:
        before: What was live; ``None`` where that was lost.
        newer: Generations newer than the live one; they stay until a build has replaced the live one.
    """

    live: str
    before: str | None
    newer: tuple[str, ...]


def roll_back(directory: Path, to: str = "previous") -> RolledBack:
    """Make another generation live, by one atomic rename, once it has proved whole and readable here.

    It needs no build lock: a build under way would make its own generation live at its end as ever.

    Args:
        to: As :func:`indexer.generations.resolve` takes it.

    Raises:
        UnknownGeneration: If ``to`` names none.
        IndexCorrupt: If a file of it is damaged; the live generation is as it was.
        IndexMismatch: If this machine's format, analyzer or encoder is another; likewise.
        IndexNotWritten: If the swap itself fails.
    """
    name = resolve(directory, to)
    try:
        before = current_name(directory)
    except IndexFailure:
        before = None
    # Its readers' lock is held until it is live, so that no prune takes it away in between.
    with HybridIndex.open_generation(lease(directory, name), verify=True), writing(directory):
        make_current(directory, name)
    newer = tuple(other for other in folders(directory) if number(other) > number(name))
    return RolledBack(live=name, before=before, newer=newer)


def _is_live(directory: Path, name: str) -> bool:
    try:
        return current_name(directory) == name
    except IndexFailure:
        return False
