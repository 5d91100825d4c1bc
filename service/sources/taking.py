"""Takes a file into the upload folder: read on trial first, then moved into place, or not at all.

FOLDER/NAME                       what the next rebuild reads
FOLDER/.incoming/TOKEN/…/NAME     what is not known to be readable; gone when its request has ended
FOLDER/.incoming/ledger.json      which documents each uploaded file gave
FOLDER/.incoming/lock             held while one is moved: several servers may share a folder
"""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from corpora import Frozen
from corpora.trial import Trial, tried
from service.sources.errors import DocumentIdTaken, NameTaken, StorageFailed
from service.sources.places import INCOMING, UploadPlace

_FORGOTTEN_S = 6 * 3_600.0
"""After which a file that never came to its end is removed: its server was killed."""

Holder = Callable[[Sequence[str], Path], str | None]
"""Of document ids and a file: what else than that file the live index has one of them from."""


class Uploaded(Frozen):
    """One file of the ledger."""

    sha256: str
    doc_ids: tuple[str, ...]


class Ledger(Frozen):
    """The uploaded files by name. A file that someone removed from the folder counts no longer."""

    files: dict[str, Uploaded] = Field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What became of a file.

    Attributes:
        replaced: It stands in the place of an earlier one.
        same_as: An uploaded file that holds the same bytes.
    """

    name: str
    trial: Trial
    replaced: bool = False
    same_as: str | None = None

    @property
    def taken(self) -> bool:
        """Whether it is in the folder now."""
        return self.trial.refused is None


@contextmanager
def incoming(place: UploadPlace) -> Iterator[Path]:
    """A folder for one request, removed at its end with all that is left in it.

    Raises:
        StorageFailed: If the disk does not take it.
    """
    with translated():
        waiting = place.folder / INCOMING
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting.mkdir(mode=0o700, exist_ok=True)
        _sweep(waiting)
        own = waiting / secrets.token_hex(8)
        own.mkdir(mode=0o700)
    try:
        with translated():
            yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def take(
    place: UploadPlace,
    own: Path,
    arrived: Path,
    name: str,
    sha256: str,
    *,
    replace: bool,
    seconds: float,
    holder: Holder,
) -> Taken:
    """Read the file ``arrived`` and, if it can be read, move it into the folder as ``name``; blocks.

    Args:
        own: The folder of `incoming`.
        replace: An earlier file of that name may go.
        seconds: For reading it.

    Raises:
        NameTaken: If there is one and it may not.
        DocumentIdTaken: If a document of it has the id of another file's document: no build could take both.
    """
    final = place.folder / name
    _check_free(final, replace)
    trial_file = own / place.prefix / name
    trial_file.parent.mkdir(parents=True, exist_ok=True)
    arrived.replace(trial_file)
    trial = tried(trial_file, own, place.corpus, seconds)
    if trial.refused is not None:
        return Taken(name, trial)
    with _locked(place.folder / INCOMING):
        replaced = _check_free(final, replace)
        ledger = read_ledger(place.folder)
        others = {other: of for other, of in ledger.files.items() if other != name}
        _check_ids(trial.doc_ids, others, holder(trial.doc_ids, final))
        _sync(trial_file)
        trial_file.replace(final)
        _sync(place.folder)
        _write_ledger(place.folder, others | {name: Uploaded(sha256=sha256, doc_ids=trial.doc_ids)})
    same = next((other for other, of in others.items() if of.sha256 == sha256), None)
    return Taken(name, trial, replaced, same)


def read_ledger(folder: Path) -> Ledger:
    """The uploaded files that are still there; empty where the ledger is lost."""
    try:
        ledger = Ledger.model_validate_json((folder / INCOMING / "ledger.json").read_bytes())
    except (OSError, ValidationError):
        return Ledger()
    return Ledger(files={name: of for name, of in ledger.files.items() if (folder / name).is_file()})


@contextmanager
def translated() -> Iterator[None]:
    """An error of the disk in words for who uploads."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageFailed(
            f"ファイルを保存できません({reason})。管理者にお知らせください。",
            f"The file cannot be kept ({reason}); please tell whoever runs this server.",
        ) from error


def _check_free(final: Path, replace: bool) -> bool:
    there = os.path.lexists(final)
    if there and (not replace or final.is_dir()):
        raise NameTaken(
            f"「{final.name}」は既にあります。差し替えるときは「同じ名前のファイルを差し替える」を選んでください。",
            f"There is a file {final.name} already: choose “Replace a file of the same name” to replace it.",
        )
    return there


def _check_ids(doc_ids: Sequence[str], others: dict[str, Uploaded], holding: str | None) -> None:
    if holding is None:
        own = set(doc_ids)
        holding = next((name for name, of in others.items() if own & set(of.doc_ids)), None)
    if holding is not None:
        raise DocumentIdTaken(
            f"この文書のIDは「{holding}」の文書と同じです。IDを変えるか、そのファイルを差し替えてください。",
            f"A document in it has the id of one of {holding}: change the id, or replace that file.",
        )


def _write_ledger(folder: Path, files: dict[str, Uploaded]) -> None:
    temporary = folder / INCOMING / "ledger.tmp"
    temporary.write_text(Ledger(files=files).model_dump_json(), encoding="utf-8")
    _sync(temporary)
    temporary.replace(folder / INCOMING / "ledger.json")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _sweep(waiting: Path) -> None:
    for folder in waiting.iterdir():
        with suppress(OSError):
            if folder.is_dir() and time.time() - folder.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(folder)
