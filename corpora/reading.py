"""Reading a corpus: files and folders in, documents out, in a stable order."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from corpora.documents import Document
from corpora.errors import CorpusError
from corpora.jsonl import read_jsonl
from corpora.markdown import read_markdown
from corpora.settings import CorpusSettings

READABLE = (".md", ".markdown", ".jsonl", ".jsonl.gz")


def read_corpus(paths: Sequence[Path], settings: CorpusSettings | None = None) -> Iterator[Document]:
    """Yield every document below ``paths``, files of a folder in the order of their paths.

    Args:
        paths: Files or folders. A file named here is read whatever the exclusions say.

    Raises:
        CorpusError: If a path does not exist or is of a kind that is not read, a folder holds nothing
            readable, a file is malformed, or two documents share an id (nothing is dropped silently).
    """
    settings = settings or CorpusSettings()
    seen: dict[str, str] = {}
    for path in paths:
        for file, root in _files(path, settings):
            for document in _documents(file, root, settings):
                earlier = seen.get(document.doc_id)
                if earlier:
                    raise CorpusError(
                        file,
                        document.origin.line if document.origin else None,
                        f"the id {document.doc_id!r} is also that of {earlier}; ids must differ",
                    )
                seen[document.doc_id] = _place(document)
                yield document


def _place(document: Document) -> str:
    origin = document.origin
    if origin is None:
        return "another document"
    return f"{origin.path}:{origin.line}" if origin.line is not None else origin.path


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return next((suffix for suffix in sorted(READABLE, key=len, reverse=True) if name.endswith(suffix)), "")


def _files(path: Path, settings: CorpusSettings) -> list[tuple[Path, Path]]:
    """The readable files of ``path``, each with the folder that document ids are relative to."""
    if path.is_file():
        if not _suffix(path):
            raise CorpusError(path, None, f"not a kind that is read; readable: {', '.join(READABLE)}")
        return [(path, path.parent)]
    if not path.is_dir():
        raise CorpusError(path, None, "no such file or folder")
    files = [
        (file, path)
        for file in sorted(path.rglob("*"))
        if file.is_file() and _suffix(file) and not _excluded(file.relative_to(path), settings)
    ]
    if not files:
        raise CorpusError(path, None, f"holds no readable file; readable: {', '.join(READABLE)}")
    return files


def _excluded(relative: Path, settings: CorpusSettings) -> bool:
    return any(fnmatch(part, pattern) for part in relative.parts for pattern in settings.exclude)


def _documents(file: Path, root: Path, settings: CorpusSettings) -> Iterator[Document]:
    if _suffix(file).startswith(".jsonl"):
        yield from read_jsonl(file, settings)
    else:
        yield read_markdown(file, file.relative_to(root).with_suffix("").as_posix(), settings)
