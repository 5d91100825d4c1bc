"""The file that a document was read from, if it may be handed out and is still the one that was indexed."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corpora import Origin
from indexer import HybridIndex, UnknownDocument, one_document
from service.live_index import LiveIndex
from service.settings import Settings
from service.sources.errors import NoOriginal, OriginalChanged
from service.sources.places import source_folders


@dataclass(frozen=True)
class Original:
    """A file at hand.

    Attributes:
        path: Absolute, symbolic links followed, in one of the site's source folders.
        sha256: Of the file that was indexed.
    """

    path: Path
    sha256: str

    @property
    def is_pdf(self) -> bool:
        """Whether the viewer can show it."""
        return self.path.suffix.lower() == ".pdf"

    def check(self) -> None:
        """Compare it with what was indexed; blocks. A box would lie over other words in another edition.

        Raises:
            OriginalChanged: If it is another file by now.
        """
        try:
            now = self.path.stat()
            same = _sha256(self.path, now.st_size, now.st_mtime_ns, now.st_ino) == self.sha256
        except OSError:
            raise _none() from None
        if not same:
            raise OriginalChanged(
                "元のファイルは、索引を作った後に変更されています。索引を作り直してください。",
                "The original file has changed since the index was built: rebuild the index.",
            )


def original(live: LiveIndex, settings: Settings, doc_id: str) -> Original:
    """Where a document's file is; blocks. The id says which, nothing else of a request does.

    Raises:
        NoOriginal: If the index knows no such document, its file is not at hand, holds other documents too
            (who may read one is not to see them all), or lies outside of the folders that the site reads.
    """
    if not settings.originals.serve:
        raise _none()
    with live.index() as index:
        origin = _origin(index, doc_id)
    if origin is None or origin.line is not None:
        raise _none()
    try:
        path = Path(origin.path).resolve(strict=True)
        inside = any(path.is_relative_to(folder) for folder in source_folders(settings))
        if not inside or not path.is_file():
            raise _none()
    except (OSError, RuntimeError):  # gone, or a link to itself
        raise _none() from None
    return Original(path, origin.sha256)


def shown_original(live: LiveIndex, settings: Settings, doc_id: str) -> Original | None:
    """The same for a link, which is not shown where it would lead nowhere."""
    try:
        return original(live, settings, doc_id)
    except NoOriginal:
        return None


def _origin(index: HybridIndex, doc_id: str) -> Origin | None:
    try:
        return one_document(index, doc_id).document.origin
    except UnknownDocument:
        return None


@lru_cache(maxsize=256)
def _sha256(path: Path, size: int, changed_ns: int, inode: int) -> str:
    """Anew only where the file has changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _none() -> NoOriginal:
    return NoOriginal("元のファイルはありません。", "The original file is not at hand.")
