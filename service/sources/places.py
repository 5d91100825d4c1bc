"""Which folders hold the documents' files: those that a rebuild reads, uploads among them."""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from corpora import CorpusSettings
from indexer import read_build_job
from service.settings import Settings
from service.sources.errors import UploadsOff

INCOMING = ".incoming"
"""Below the upload folder, on its disk: what is not known to be readable yet."""


@dataclass(frozen=True)
class UploadPlace:
    """Where a file goes, and how the next rebuild will read it there.

    Attributes:
        folder: Absolute.
        prefix: The folder's path below the corpus that reads it, as ids of its documents have it.
        corpus: That corpus, splitting included.
    """

    folder: Path
    prefix: Path
    corpus: CorpusSettings


def upload_place(settings: Settings) -> UploadPlace:
    """The place; reads the rebuild's configuration anew, so that a change needs no restart.

    Raises:
        UploadsOff: Saying what to set.
    """
    folder, config = settings.uploads.dir, settings.jobs.rebuild_config
    if folder is None:
        raise UploadsOff(
            "アップロードの設定がありません。[uploads] の dir にフォルダーを指定してください。",
            "Uploads are not set up: set dir in [uploads] of the settings.",
        )
    if config is None:
        raise UploadsOff(
            "索引を作り直す設定がないため、アップロードした文書を検索できるようになりません。"
            "[jobs] の rebuild_config を指定してください。",
            "No rebuild is configured, so nothing uploaded would be found: set rebuild_config in [jobs].",
        )
    try:
        job = read_build_job(config)
    except ValueError as error:
        raise UploadsOff(
            f"索引を作り直す設定を読めません。{error}", f"The rebuild's configuration cannot be read: {error}"
        ) from None
    folder = folder.resolve()
    for corpus in job.corpus:
        for path in corpus.paths:
            if not folder.is_relative_to(path.resolve()):
                continue
            prefix = folder.relative_to(path.resolve())
            reason = _left_out(prefix, corpus)
            if reason is not None:
                raise reason
            split = corpus.model_copy(update={"split": job.index.split})
            return UploadPlace(folder, prefix, split)
    raise UploadsOff(
        f"{config} はアップロード先 {folder} を読みません。次の3行を加えてください: "
        f'[[corpus]] / paths = ["{folder}"] / optional = true',
        f"{config} does not read the upload folder {folder}. Add these three lines to it: "
        f'[[corpus]] / paths = ["{folder}"] / optional = true',
    )


def _left_out(prefix: Path, corpus: CorpusSettings) -> UploadsOff | None:
    """Files must be read where they end, and not where they wait."""
    for part in prefix.parts:
        pattern = next((one for one in corpus.exclude if fnmatch(part, one)), None)
        if pattern is not None:
            return UploadsOff(
                f"アップロード先のフォルダー {part} は exclude の {pattern} により読まれません。",
                f"exclude = {pattern!r} leaves out the upload folder {part}.",
            )
    if not any(fnmatch(INCOMING, one) for one in corpus.exclude):
        return UploadsOff(
            'アップロード先を読む [[corpus]] の exclude に ".*" を加えてください。'
            "受信中のファイルが索引に入らないようにするためです。",
            'Add ".*" to exclude of the [[corpus]] that reads the upload folder, so that no build reads a '
            "file that is still arriving.",
        )
    return None


def source_folders(settings: Settings) -> tuple[Path, ...]:
    """Files and folders that originals may lie in, absolute."""
    found = [] if settings.uploads.dir is None else [settings.uploads.dir]
    if settings.jobs.rebuild_config is not None:
        try:
            job = read_build_job(settings.jobs.rebuild_config)
        except ValueError:
            job = None
        found += [path for corpus in job.corpus for path in corpus.paths] if job else []
    return tuple(path.resolve() for path in found)
