"""Make a backup beside a running service."""

import shutil
from importlib.metadata import version
from pathlib import Path

from indexer import IndexNotFound
from indexer.copying import copy_current
from service.audit.log import AuditLog
from service.backup.manifest import FORMAT, BackupManifest, BackupUnusable, facts, write_manifest
from service.settings import Settings
from service.state import Store
from service.state.database import make_private_folder


def back_up(settings: Settings, folder: Path) -> BackupManifest:
    """Write a backup into ``folder``, which must be empty or not there; it gets mode 0700.

    Each database is a snapshot by SQLite's online backup: writers go on. The audit log's head is copied
    before its table, so it never says more than the table holds. A killed backup has no manifest.

    Raises:
        BackupUnusable: If there is something in ``folder``.
        StateUnavailable: If the state cannot be read.
        IndexFailure: If there is an index whose live generation cannot be read.
        OSError: If ``folder`` cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupUnusable(
            f"{folder} は空ではありません。新しいフォルダーを指定してください。",
            f"{folder} is not empty: name a new folder.",
        )
    make_private_folder(folder)
    folder.chmod(0o700)
    state = folder / "state"
    state.mkdir(mode=0o700)
    schemas, faults = _state(settings, state)
    try:
        generation = copy_current(settings.index.dir, _made(folder / "index"))
    except IndexNotFound:
        generation = None
        shutil.rmtree(folder / "index")
    store = Store(settings.state)
    manifest = BackupManifest(
        format=FORMAT,
        made_at=store.clock().isoformat(),
        made_by=version("jmedqa"),
        schemas=schemas,
        generation=generation,
        audit_faults=faults,
        files=facts(folder),
    )
    write_manifest(folder, manifest)
    return manifest


def _state(settings: Settings, target: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    store = Store(settings.state)
    store.open()
    try:
        schemas = {"service": store.database.copy_to(target / "service.sqlite")}
    finally:
        store.close()
    audit = AuditLog(settings.audit, settings.state)
    if not audit.path.exists():
        return schemas, ()
    audit.open()
    try:
        audit.append_now("backup", to=target.parent.name)
        faults = audit.verify().faults
        for name, file in (("audit.key", audit.key_file), ("audit.head", audit.head_file)):
            shutil.copyfile(file, target / name)
            (target / name).chmod(0o600)
        schemas["audit"] = audit.database.copy_to(target / "audit.sqlite")
    finally:
        audit.close()
    return schemas, faults


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
