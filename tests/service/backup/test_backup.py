"""Backups: made beside a running service, checked before they are used, never a reason to lose anything."""

import asyncio
import json
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from indexer import IndexFailure, current_name
from service.audit.log import AuditLog
from service.backup import making, restoring
from service.backup.manifest import BackupUnusable, checked
from service.errors import ServiceError
from service.questions import Question
from service.settings import Settings
from service.state import Store
from service.state.errors import StateUnavailable
from service.state.schema import SERVICE, Schema
from tests.service.conftest import build
from tests.service.security.conftest import add_key, jmedqa
from tests.service.state.test_tables import ANSWER

QUESTION = Question(text="ネフローゼ症候群の原因は？")


@pytest.fixture
def site(index_dir: Path, tmp_path: Path) -> Settings:
    """A site with an index of its own, a key, an answer and an audit log."""
    shutil.copytree(index_dir, tmp_path / "site" / "index")
    site = at(tmp_path / "site")
    add_key(site.state.dir, "read")
    store = Store(site.state)
    store.open()
    asyncio.run(store.answers.save("ward", QUESTION, ANSWER, made_by="0"))
    store.close()
    log = AuditLog(site.audit, site.state)
    log.open()
    log.append_now("test")
    log.close()
    return site


def at(folder: Path) -> Settings:
    return Settings.model_validate({"state": {"dir": folder / "state"}, "index": {"dir": folder / "index"}})


def contents(site: Settings) -> dict[str, Any]:
    """What a reader of the site would find."""
    store = Store(site.state)
    store.open()
    try:
        answers = asyncio.run(store.answers.page(None)).items
        keys = store.keys.all()
    finally:
        store.close()
    log = AuditLog(site.audit, site.state)
    log.open()
    try:
        assert log.verify().faults == ()
        actions = [json.loads(line).get("action") for line in log.export()]
    finally:
        log.close()
    return {"answers": answers, "keys": keys, "audit": actions, "generation": current_name(site.index.dir)}


def test_what_was_backed_up_comes_back_elsewhere(site: Settings, tmp_path: Path) -> None:
    before = contents(site)
    made = making.back_up(site, tmp_path / "backup")
    assert checked(tmp_path / "backup") == made
    assert made.generation == before["generation"]
    assert ((tmp_path / "backup").stat().st_mode & 0o777) == 0o700
    other = at(tmp_path / "other")
    restoring.restore(other, tmp_path / "backup")
    after = contents(other)
    assert (after["answers"], after["keys"]) == (before["answers"], before["keys"])
    assert after["generation"] == before["generation"]
    assert after["audit"] == [*before["audit"], "backup", "restore"]
    assert checked(tmp_path / "backup") == made  # using it does not change it


def test_a_backup_is_a_moment_of_a_service_that_goes_on_writing(site: Settings, tmp_path: Path) -> None:
    """Rows that belong together are both there or both not."""
    store = Store(site.state)
    store.open()
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1

            def pair(db: sqlite3.Connection, number: int = number) -> None:
                for kind in "ab":
                    db.execute(
                        "INSERT INTO conversations VALUES (?, 'w', ?, 0, 0)", (f"{kind}{number}", "x" * 3000)
                    )

            store.database.write_now(pair)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        making.back_up(site, tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
        store.close()
    with sqlite3.connect(tmp_path / "backup" / "state" / "service.sqlite") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        odd = "SELECT substr(conversation_id, 2) FROM conversations GROUP BY 1 HAVING count(*) = 1"
        assert copy.execute(odd).fetchall() == []


def test_nothing_is_overwritten_unless_told_and_then_moved_aside(site: Settings, tmp_path: Path) -> None:
    making.back_up(site, tmp_path / "backup")
    add_key(site.state.dir, "admin")
    before = contents(site)
    with pytest.raises(BackupUnusable, match="--force"):
        restoring.restore(site, tmp_path / "backup")
    assert contents(site) == before
    restoring.restore(site, tmp_path / "backup", force=True)
    assert len(contents(site)["keys"]) == 1
    (aside,) = site.state.dir.glob("replaced-*")
    with sqlite3.connect(aside / "service.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM keys").fetchone()[0] == 2


def test_a_newer_index_stays_beside_the_restored_one(site: Settings, tmp_path: Path) -> None:
    made = making.back_up(site, tmp_path / "backup")
    build(tmp_path / "site")
    newer = current_name(site.index.dir)
    assert newer != made.generation
    shutil.rmtree(site.state.dir)
    with pytest.raises(BackupUnusable, match="CURRENT"):
        restoring.restore(site, tmp_path / "backup")
    restoring.restore(site, tmp_path / "backup", force=True)
    assert current_name(site.index.dir) == made.generation
    assert (site.index.dir / "generations" / newer / "manifest.json").is_file()


@pytest.mark.parametrize("way", ["change", "cut", "delete", "add", "manifest", "no manifest"])
def test_a_damaged_or_unfinished_backup_changes_nothing(site: Settings, tmp_path: Path, way: str) -> None:
    backup = tmp_path / "backup"
    made = making.back_up(site, backup)
    before = contents(site)
    for number, name in enumerate(sorted(made.files)):
        spoilt = tmp_path / f"spoilt{number}"
        shutil.copytree(backup, spoilt)
        file = spoilt / name
        data = bytearray(file.read_bytes() or b"x")
        if way == "change":
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
        elif way == "cut":
            file.write_bytes(data[:-1])
        elif way == "delete":
            file.unlink()
        elif way == "add":
            (spoilt / "state" / "more").write_bytes(b"x")
        elif way == "manifest":
            text = (spoilt / "manifest.json").read_bytes()
            (spoilt / "manifest.json").write_bytes(text[: len(text) * number // len(made.files)])
        else:
            (spoilt / "manifest.json").unlink()
        for force in (False, True):
            with pytest.raises(BackupUnusable, match=r"damaged|no finished backup"):
                restoring.restore(site, spoilt, force=force)
        shutil.rmtree(spoilt)
    assert contents(site) == before


@pytest.mark.parametrize("place", ["format", "service", "audit"])
def test_a_backup_of_a_later_version_is_refused_with_the_cure(
    site: Settings, tmp_path: Path, place: str
) -> None:
    making.back_up(site, tmp_path / "backup")
    file = tmp_path / "backup" / "manifest.json"
    said = json.loads(file.read_text(encoding="utf-8"))
    if place == "format":
        said = {"format": 99, "something": "new"}
    else:
        said["schemas"][place] = 99
    file.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(BackupUnusable, match="update jmedqa"):
        restoring.restore(at(tmp_path / "other"), tmp_path / "backup")
    assert not list((tmp_path / "other").rglob("*.sqlite"))


def test_a_backup_of_an_earlier_version_is_upgraded_when_it_is_used(
    site: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.back_up(site, tmp_path / "backup")
    scripts = Schema.scripts

    def later(schema: Schema) -> list[str]:
        more = ["CREATE TABLE later (x INTEGER) STRICT;\n"] if schema == SERVICE else []
        return [*scripts(schema), *more]

    monkeypatch.setattr(Schema, "scripts", later)
    other = at(tmp_path / "other")
    restoring.restore(other, tmp_path / "backup")
    assert len(contents(other)["answers"]) == 1
    with sqlite3.connect(other.state.dir / "service.sqlite") as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(later(SERVICE))
        connection.execute("SELECT x FROM later")


def test_a_running_server_is_not_restored_under_its_feet(site: Settings, tmp_path: Path) -> None:
    making.back_up(site, tmp_path / "backup")
    server = Store(site.state)
    server.open()
    try:
        with pytest.raises(StateUnavailable, match="stop the server"):
            restoring.restore(site, tmp_path / "backup", force=True)
    finally:
        server.close()
    restoring.restore(site, tmp_path / "backup", force=True)


def test_a_backup_that_was_cut_off_is_recognised(
    site: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "write_manifest", cut)
    with pytest.raises(KeyboardInterrupt):
        making.back_up(site, tmp_path / "backup")
    with pytest.raises(BackupUnusable, match="no finished backup"):
        checked(tmp_path / "backup")
    monkeypatch.undo()
    with pytest.raises(BackupUnusable, match="not empty"):
        making.back_up(site, tmp_path / "backup")


def test_a_restore_that_was_cut_off_opens_nothing_until_it_is_repeated(
    site: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.back_up(site, tmp_path / "backup")
    rename = Path.rename

    def cut(path: Path, target: Path) -> Path:
        if path.parent.name == "restoring":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", cut)
    with pytest.raises(KeyboardInterrupt):
        restoring.restore(site, tmp_path / "backup", force=True)
    monkeypatch.undo()
    with pytest.raises(StateUnavailable, match="again"):
        Store(site.state).open()
    restoring.restore(site, tmp_path / "backup", force=True)
    assert len(contents(site)["answers"]) == 1


def test_a_site_without_an_index_is_backed_up_too(site: Settings, tmp_path: Path) -> None:
    shutil.rmtree(site.index.dir)
    assert making.back_up(site, tmp_path / "backup").generation is None
    restoring.restore(at(tmp_path / "other"), tmp_path / "backup")
    with pytest.raises(IndexFailure):
        current_name(tmp_path / "other" / "index")


def test_the_commands(site: Settings, tmp_path: Path) -> None:
    index = {"JMEDQA_INDEX__DIR": str(site.index.dir)}
    done = jmedqa(site.state.dir, "backup", str(tmp_path / "backup"), **index)
    assert (done.returncode, done.stdout) == (0, "")
    refused = jmedqa(site.state.dir, "restore", str(tmp_path / "backup"), **index)
    assert refused.returncode == BackupUnusable.exit_code
    assert "--force" in refused.stderr
    assert jmedqa(site.state.dir, "restore", str(tmp_path / "backup"), "--force", **index).returncode == 0
    assert issubclass(BackupUnusable, ServiceError)
