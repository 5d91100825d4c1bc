"""Reading a corpus: files and folders in, documents out, in a stable order."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from corpora.documents import Document
from corpora.duplicates import ExactDuplicates
from corpora.errors import CorpusError
from corpora.isolation import Readers
from corpora.jsonl import read_jsonl
from corpora.kinds import READABLE, cure_for, kind_of, suffix_of
from corpora.markdown import read_markdown
from corpora.metadata import beside, with_metadata
from corpora.reports import Note, ReadReport, Refusal
from corpora.settings import CorpusSettings


def read_corpus(
    paths: Sequence[Path],
    settings: CorpusSettings | None = None,
    report: ReadReport | None = None,
    *,
    root: Path | None = None,
) -> Iterator[Document]:
    """Yield every document below ``paths``, files of a folder in the order of their paths.

    Args:
        paths: Files or folders. A file named here is read whatever the exclusions say.
        root: The folder that ids of documents without one are relative to; by default each folder of
            ``paths``, and of a file its own.
        report: Filled while the iterator is consumed, whatever ``settings.on_error`` says.

    Raises:
        CorpusError: If a path that is not ``optional`` does not exist, or holds nothing that is read; and
            with ``on_error`` at ``stop`` if a named file is of a kind that is not read, a file is malformed,
            or two documents share an id.
    """
    settings = settings or CorpusSettings()
    report = report if report is not None else ReadReport()
    with Readers(settings.limits) as readers:
        yield from _Reading(settings, report, readers, root).documents(paths)


class _Reading:
    def __init__(
        self, settings: CorpusSettings, report: ReadReport, readers: Readers, root: Path | None
    ) -> None:
        self._root = root
        self._settings = settings
        self._report = report
        self._readers = readers
        self._places: dict[str, str] = {}
        self._exact = ExactDuplicates()
        self._left_out = left_out(settings.leave_out)

    def documents(self, paths: Sequence[Path]) -> Iterator[Document]:
        for path in paths:
            for file, root in self._files(path):
                try:
                    yield from self._of_file(file, root)
                except CorpusError as error:
                    if self._settings.on_error == "stop":
                        raise
                    self._report.refused.append(Refusal(str(error.path), error.line, error.reason))

    def _of_file(self, file: Path, root: Path) -> Iterator[Document]:
        kind = kind_of(file)
        if kind is None:
            raise CorpusError(file, None, f"not a kind that is read; {cure_for(file)}")
        place = _place_id(file, root)
        matter = beside(file) if kind.module else None
        for document in self._read(file, place):
            if matter is not None:
                document = with_metadata(document, matter)
            if document.doc_id in self._left_out:
                self._report.left_out += 1
                continue
            named_by_place = document.doc_id == place
            self._claim_id(file, document)
            self._report.documents[kind.name] += 1
            if self._settings.duplicates == "keep" or not self._exact.folds(
                document, named_by_place, self._report
            ):
                yield document
        self._report.files[kind.name] += 1

    def _read(self, file: Path, place: str) -> Iterator[Document]:
        kind = kind_of(file)
        assert kind is not None
        if kind.module is not None:
            yield from self._readers.read(
                file,
                kind,
                place,
                self._settings,
                lambda text: self._report.notes.append(Note(str(file), text)),
            )
        elif kind.name == "jsonl":
            yield from read_jsonl(file, self._settings)
        else:
            yield read_markdown(file, place, self._settings)

    def _claim_id(self, file: Path, document: Document) -> None:
        earlier = self._places.get(document.doc_id)
        if earlier:
            raise CorpusError(
                file,
                document.origin.line if document.origin else None,
                f"the id {document.doc_id!r} is also that of {earlier}; ids must differ",
            )
        self._places[document.doc_id] = _place(document)

    def _files(self, path: Path) -> list[tuple[Path, Path]]:
        """The readable files of ``path``, each with the folder that document ids are relative to."""
        root = self._root or (path if path.is_dir() else path.parent)
        if _below(path, root) is None:
            raise CorpusError(path, None, f"it does not lie below the root {root}")
        if path.is_file():
            return [(path, root)]
        if not path.is_dir():
            if self._settings.optional and not path.exists():
                return []
            raise CorpusError(path, None, "no such file or folder")
        found = []
        for file in sorted(path.rglob("*")):
            if not file.is_file():
                continue
            pattern = _excluding(file.relative_to(path), self._settings)
            if pattern:
                self._report.excluded[pattern] += 1
            elif suffix_of(file):
                found.append((file, root))
            elif not _is_metadata(file):
                self._report.unreadable[file.suffix.lower() or "(none)"] += 1
        if not found and not self._settings.optional:
            raise CorpusError(path, None, f"holds no readable file; readable: {', '.join(READABLE)}")
        return found


def left_out(files: Sequence[Path]) -> frozenset[str]:
    """The ids of leave-out files.

    Raises:
        CorpusError: If one cannot be read: an index that silently held what must not be in it would leak.
    """
    ids: set[str] = set()
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise CorpusError(file, None, f"leave_out: {error.strerror or 'cannot be read'}") from None
        except UnicodeDecodeError:
            raise CorpusError(file, None, "leave_out: no UTF-8 text; write one document id a line") from None
        ids |= {text for line in lines if (text := line.partition("#")[0].strip())}
    return frozenset(ids)


def _place_id(file: Path, root: Path) -> str:
    """The id of a document that names none: its path below the folder, Markdown without its suffix."""
    relative = _below(file, root)
    assert relative is not None
    kind = kind_of(file)
    return (relative if kind and kind.module else relative.with_suffix("")).as_posix()


def _below(path: Path, root: Path) -> Path | None:
    """``path`` relative to ``root``, by name or by where both really lie."""
    for inner, outer in ((path, root), (path.resolve(), root.resolve())):
        if inner.is_relative_to(outer):
            return inner.relative_to(outer)
    return None


def _place(document: Document) -> str:
    origin = document.origin
    if origin is None:
        return "another document"
    return f"{origin.path}:{origin.line}" if origin.line is not None else origin.path


def _excluding(relative: Path, settings: CorpusSettings) -> str | None:
    return next(
        (pattern for pattern in settings.exclude if any(fnmatch(part, pattern) for part in relative.parts)),
        None,
    )


def _is_metadata(file: Path) -> bool:
    return file.suffix == ".yaml" and bool(suffix_of(file.with_suffix("")))
