"""The manifest: what a generation was built from, with what, and the checksum of every file."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path

from pydantic import Field, ValidationError

from corpora import Frozen
from indexer.analyzer import AnalyzerIdentity
from indexer.encoders import EncoderIdentity
from indexer.errors import IndexCorrupt, IndexMismatch, IndexUnreadable
from indexer.settings import IndexSettings

FORMAT_VERSION = 3
"""Of the files on disk: raise it when an older reader would misread them. 2 came with the engine ``blocks``,
approximate vectors, bigrams and synonyms; 3 with the manifest's own checksum and the table of documents."""

MANIFEST = "manifest.json"

SEAL = "manifest.sha256"
"""The manifest's own checksum, so that no byte of a generation is without one."""


class FileRecord(Frozen):
    """One file of the generation, by size and content."""

    bytes: int = Field(ge=0)
    sha256: str


class CorpusRecord(Frozen):
    """One file that documents came from.

    Attributes:
        sha256: Of the file, or of its documents' hashes in their order where it holds several (JSONL).
    """

    path: str
    documents: int
    sha256: str


class Counts(Frozen):
    """What the build read and what it had to compute.

    Attributes:
        superseded: Of the documents: those that another one supersedes.
        analysed: Passages whose terms were computed; the others' came from the generation before.
        encoded: Distinct texts that went through the encoder.
        reused_vectors: Distinct texts whose vector came from the generation before.
        imported_vectors: Distinct texts whose vector came from a file of vectors.
        resumed_vectors: Distinct texts whose vector a build had encoded that was killed before it ended.
    """

    documents: int
    superseded: int
    passages: int
    characters: int
    analysed: int
    encoded: int
    reused_vectors: int
    imported_vectors: int
    resumed_vectors: int


class Manifest(Frozen):
    """Written last: a folder without it is no generation.

    Attributes:
        replaces: The generation that was live while this one was built: what to fall or roll back to.
        notes: What a person should look at: a document supersedes one that is not there.
    """

    format_version: int
    generation: str
    replaces: str | None = None
    created: datetime
    build_seconds: float
    corpora: tuple[CorpusRecord, ...]
    counts: Counts
    analyzer: AnalyzerIdentity
    encoder: EncoderIdentity
    settings: IndexSettings
    notes: tuple[str, ...] = ()
    files: dict[str, FileRecord]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, the last file of a generation, and before it the manifest's checksum."""
    write_sealed(folder, manifest.model_dump_json(indent=1).encode() + b"\n")


def write_sealed(folder: Path, data: bytes) -> None:
    """Write the bytes of a manifest with their checksum."""
    (folder / SEAL).write_text(sha256(data).hexdigest(), encoding="ascii")
    (folder / MANIFEST).write_bytes(data)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a generation.

    Raises:
        IndexCorrupt: If it is missing, unreadable, or not what was written.
        IndexMismatch: If another format version wrote it.
    """
    path, seal = folder / MANIFEST, folder / SEAL
    try:
        data = path.read_bytes()
        sealed = seal.read_bytes() if seal.exists() else None  # formats before 3 had none
    except PermissionError as error:
        raise IndexUnreadable(Path(error.filename), error) from error
    except OSError as error:
        raise IndexCorrupt(path, _first_line(error)) from error
    if sealed is not None and sealed != sha256(data).hexdigest().encode():
        raise IndexCorrupt(path, f"its sha256 is not the one in {SEAL}")
    try:
        version = _Version.model_validate_json(data).format_version
        if version != FORMAT_VERSION:
            raise IndexMismatch("format_version", version, FORMAT_VERSION)
        if sealed is None:
            raise IndexCorrupt(seal, "it is missing")
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise IndexCorrupt(path, _first_line(error)) from error


class _Version(Frozen, extra="ignore"):
    format_version: int


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def record_files(folder: Path) -> dict[str, FileRecord]:
    """Size and sha256 of every file below ``folder``, by path relative to it."""
    return {
        path.relative_to(folder).as_posix(): FileRecord(bytes=path.stat().st_size, sha256=_sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_files(folder: Path, manifest: Manifest, *, verify: bool) -> None:
    """Compare the files with the manifest: their sizes, and with ``verify`` their content.

    Raises:
        IndexCorrupt: For the first file that differs.
    """
    for fault in damage(folder, manifest, verify=verify):
        raise fault


def damage(folder: Path, manifest: Manifest, *, verify: bool = True) -> Iterator[IndexCorrupt]:
    """Every file that is not as the manifest says."""
    for name, record in manifest.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != record.bytes:
                yield IndexCorrupt(path, f"{size} bytes, {record.bytes} were written")
            elif verify and _sha256(path) != record.sha256:
                yield IndexCorrupt(path, "its sha256 is not the one in the manifest")
        except PermissionError as error:
            yield IndexUnreadable(path, error)
        except OSError as error:
            yield IndexCorrupt(path, error.strerror or str(error))


def check_identity(part: str, built_with: Frozen, asked_for: Frozen) -> None:
    """Raise :class:`IndexMismatch` for the first field of the analyzer or encoder that differs."""
    here = asked_for.model_dump()
    for field, value in built_with.model_dump().items():
        if here.get(field) != value:
            raise IndexMismatch(f"{part}.{field}", value, here.get(field))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
