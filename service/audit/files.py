"""The audit log's key and head: two small files beside the database."""

import hmac
import os
import re
import secrets
from pathlib import Path

from service.audit.chain import AuditKeys, Head
from service.state.database import make_private_folder
from service.state.errors import StateUnavailable, translated

_HEAD = re.compile(r"(\d+) ([0-9a-f]{64}) ([0-9a-f]{64})\n?")


def read_key(path: Path, *, make: bool) -> AuditKeys:
    """The keys; a new secret is made where there is none and ``make`` says so.

    Raises:
        StateUnavailable: If the file cannot be read or does not hold a key.
    """
    try:
        if make and not path.exists():
            make_private_folder(path.parent)
            new = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(new, path)  # another process may have been faster; its key stands
            except FileExistsError:
                pass
            finally:
                new.unlink()
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error if isinstance(error, OSError) else OSError(0, "not text")
        raise translated(reason, path) from error
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise StateUnavailable(
            f"監査ログの鍵 {path} が壊れています。バックアップから戻してください。",
            f"The audit log's key {path} is damaged: restore it from a backup.",
        )
    return AuditKeys(bytes.fromhex(text))


def head_line(keys: AuditKeys, head: Head) -> str:
    """The head as it is written out: number, link, and a MAC of both."""
    said = f"{head.number} {head.link.hex()}"
    return f"{said} {keys.mac('head', said).hex()}"


def parsed_head(keys: AuditKeys, text: str) -> Head | None:
    """The head that a line says; ``None`` where it is not one that this log's key made."""
    found = _HEAD.fullmatch(text)
    if found is None:
        return None
    head = Head(int(found[1]), bytes.fromhex(found[2]))
    return head if hmac.compare_digest(head_line(keys, head), text.rstrip("\n")) else None


def read_head(keys: AuditKeys, path: Path) -> Head | None:
    """The head file's; ``None`` where it is missing or not ours."""
    try:
        return parsed_head(keys, path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        return None


def write_head(keys: AuditKeys, path: Path, head: Head) -> None:
    """Replace the file at once. Not synced: after a power cut it may lag behind the table, never lead it."""
    new = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        new.write_text(head_line(keys, head) + "\n", encoding="ascii")
        new.chmod(0o600)
        new.replace(path)
    except OSError as error:
        raise translated(error, path) from error
