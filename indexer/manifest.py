"""The manifest: what a generation was built from, with what, and the checksum of every file."""

from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from pydantic import Field, ValidationError

from corpora import Frozen
from indexer.analyzer import AnalyzerIdentity
from indexer.encoders import EncoderIdentity
from indexer.errors import IndexCorrupt, IndexMismatch
from indexer.settings import IndexSettings

FORMAT_VERSION = 3
"""Of the files on disk: raise it when an older reader would misread them. 2 came with the engine ``blocks``,
approximate vectors, bigrams and synonyms; 3 with the table of documents."""

MANIFEST = "manifest.json"


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
        notes: What a person should look at: a document supersedes one that is not there.
    """

    format_version: int
    generation: str
    created: datetime
    build_seconds: float
    corpora: tuple[CorpusRecord, ...]
    counts: Counts
    analyzer: AnalyzerIdentity
    encoder: EncoderIdentity
    settings: IndexSettings
    notes: tuple[str, ...] = ()
    files: dict[str, FileRecord]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a generation.

    Raises:
        IndexCorrupt: If it is missing or unreadable.
        IndexMismatch: If another format version wrote it.
    """
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
        version = _Version.model_validate_json(data).format_version
    except (OSError, ValidationError) as error:
        raise IndexCorrupt(path, _first_line(error)) from error
    if version != FORMAT_VERSION:
        raise IndexMismatch("format_version", version, FORMAT_VERSION)
    try:
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
    for name, record in manifest.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != record.bytes:
                raise IndexCorrupt(path, f"{size} bytes, {record.bytes} were written")
            if verify and _sha256(path) != record.sha256:
                raise IndexCorrupt(path, "its sha256 is not the one in the manifest")
        except OSError as error:
            raise IndexCorrupt(path, str(error)) from error


def check_identity(part: str, built_with: Frozen, asked_for: Frozen) -> None:
    """Raise :class:`IndexMismatch` for the first field of the analyzer or encoder that differs."""
    here = asked_for.model_dump()
    for field, value in built_with.model_dump().items():
        if here.get(field) != value:
            raise IndexMismatch(f"{part}.{field}", value, here.get(field))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
