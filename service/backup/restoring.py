"""Put a backup back. Nothing is lost by it: what was there is moved aside, never deleted."""

import os
import shutil
from pathlib import Path

from indexer import current_name
from indexer.copying import place_current
from indexer.errors import IndexFailure
from service.audit.log import AuditLog
from service.backup.manifest import BackupManifest, BackupUnusable, checked
from service.settings import Settings
from service.state import Store
from service.state.database import make_private_folder
from service.state.errors import translated
from service.state.schema import AUDIT, SERVICE
from service.state.serving import RESTORING, alone

_MINE = ("service.sqlite", "audit.sqlite", "audit.key", "audit.head")
_LOGS = tuple(f"{name}{end}" for name in _MINE[:2] for end in ("-wal", "-shm"))


def restore(settings: Settings, folder: Path, *, force: bool = False) -> BackupManifest:
    """Check the whole backup, then put it in place of what there is.

    Args:
        force: Where there is state already, move it to ``state.dir/replaced-TIME`` first. Generations of the
            index stay beside the restored one.

    Raises:
        BackupUnusable: If it is damaged, unfinished or of a later version; if something is there and not
            ``force``; or if a server or command uses the state. Nothing is changed then.
        StateUnavailable, IndexFailure: If it cannot be written.
    """
    manifest = checked(folder)
    for schema in (SERVICE, AUDIT):
        newest, made = len(schema.scripts()), manifest.schemas.get(schema.name, 0)
        if made > newest:
            raise BackupUnusable(
                f"{folder} の {schema.name}.sqlite は新しい形式(版 {made})です。jmedqa を更新してください。",
                f"{folder} holds a newer {schema.name}.sqlite (version {made}, known: {newest}): "
                "update jmedqa.",
            )
    target = settings.state.dir
    try:
        make_private_folder(target)
        with alone(target):
            _refuse_to_overwrite(settings, manifest, force=force)
            _place(folder / "state", target, settings)
            if manifest.generation is not None:
                place_current(folder / "index", settings.index.dir)
    except OSError as error:
        raise translated(error, target) from error
    _note(settings, manifest)
    return manifest


def _refuse_to_overwrite(settings: Settings, manifest: BackupManifest, *, force: bool) -> None:
    there = [name for name in _MINE if (settings.state.dir / name).exists()]
    live = _live(settings.index.dir)
    if live is not None and manifest.generation not in (None, live):
        there.append(f"{settings.index.dir}/CURRENT ({live})")
    if there and not force:
        raise BackupUnusable(
            f"{settings.state.dir} などに既にデータがあります({', '.join(there)})。"
            "退避して置き換えるなら --force を付けてください。",
            f"There is data already ({', '.join(there)} in {settings.state.dir}): "
            "--force moves it aside and puts the backup in its place.",
        )


def _live(directory: Path) -> str | None:
    try:
        return current_name(directory)
    except IndexFailure:
        return None


def _place(source: Path, target: Path, settings: Settings) -> None:
    """Copy first, then rename: a copy that fails changes nothing.

    A kill between the renames leaves a folder `RESTORING` behind, and with it nothing else opens the state: a
    server would find no key there, and ask for none.
    """
    stamp = f"{Store(settings.state).clock():%Y%m%dT%H%M%S%fZ}"
    copied = target / RESTORING
    shutil.rmtree(copied, ignore_errors=True)
    copied.mkdir(mode=0o700)
    try:
        for path in source.iterdir():
            shutil.copyfile(path, copied / path.name)
            (copied / path.name).chmod(0o600)
            _sync(copied / path.name)
        aside = target / f"replaced-{stamp}"
        for name in (*_LOGS, *_MINE):
            if (target / name).exists():
                aside.mkdir(mode=0o700, exist_ok=True)
                (target / name).rename(aside / name)
        for path in list(copied.iterdir()):
            path.rename(target / path.name)
        _sync(target)
    except OSError:
        if not (target / f"replaced-{stamp}").exists():
            shutil.rmtree(copied, ignore_errors=True)
        raise
    copied.rmdir()


def _note(settings: Settings, manifest: BackupManifest) -> None:
    """Say in the restored audit log that it was restored: entries after the backup are in what was moved."""
    if "audit" not in manifest.schemas:
        return
    audit = AuditLog(settings.audit, settings.state)
    audit.open()
    audit.append_now("restore", backup_of=manifest.made_at)
    audit.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
