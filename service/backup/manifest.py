"""What a backup says it holds, and whether it does."""

import os
from hashlib import file_digest
from pathlib import Path

from pydantic import ValidationError

from corpora import Frozen
from service.errors import ServiceError

FORMAT = 1
MANIFEST = "manifest.json"


class BackupUnusable(ServiceError):  # noqa: N818
    """A backup that is damaged, unfinished or of a later version, or a place it must not be written to."""

    code = "backup-unusable"
    exit_code = 6


class FileFact(Frozen):
    """One file."""

    bytes: int
    sha256: str


class BackupManifest(Frozen):
    """`manifest.json`.

    Attributes:
        made_by: Version of jmedqa.
        schemas: Format version of each database.
        generation: Of the index; ``None`` where there was none.
        audit_faults: What `jmedqa audit verify` said when it was made.
        files: By path below the backup's folder.
    """

    format: int
    made_at: str
    made_by: str
    schemas: dict[str, int]
    generation: str | None
    audit_faults: tuple[str, ...]
    files: dict[str, FileFact]


class _Format(Frozen, extra="ignore"):
    format: int


def facts(folder: Path) -> dict[str, FileFact]:
    """Every file of a folder but its manifest."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
            found[name] = FileFact(bytes=path.stat().st_size, sha256=digest)
    return found


def write_manifest(folder: Path, manifest: BackupManifest) -> None:
    """Sync all that it speaks of, then write it: where it is, the rest is."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)
    new = folder / f"{MANIFEST}.tmp"
    new.write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    _sync(new)
    new.replace(folder / MANIFEST)
    _sync(folder)


def checked(folder: Path) -> BackupManifest:
    """The manifest of a backup that is whole.

    Raises:
        BackupUnusable: If it is not, or a later version made it.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BackupUnusable(
            f"{folder} は完成したバックアップではありません({MANIFEST} がありません)。"
            "別のものを使ってください。",
            f"{folder} is no finished backup (it has no {MANIFEST}): use another one.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, type(error).__name__) from None
    try:
        said = _Format.model_validate_json(text).format
        if said > FORMAT:
            raise BackupUnusable(
                f"{folder} は新しい版の jmedqa で作られています(形式 {said})。jmedqa を更新してください。",
                f"{folder} was made by a later version of jmedqa (format {said}): update jmedqa.",
            )
        manifest = BackupManifest.model_validate_json(text)
    except ValidationError:
        raise _damaged(path, "not a manifest") from None
    there = facts(folder)
    for name in sorted(manifest.files.keys() | there.keys()):
        if name not in there:
            raise _damaged(folder / name, "missing")
        if name not in manifest.files:
            raise _damaged(folder / name, "not of this backup")
        if there[name] != manifest.files[name]:
            raise _damaged(folder / name, "its checksum differs")
    return manifest


def _damaged(path: Path, reason: str) -> BackupUnusable:
    return BackupUnusable(
        f"バックアップの {path} が壊れています({reason})。別のバックアップを使ってください。",
        f"The backup's {path} is damaged ({reason}): use another backup.",
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
