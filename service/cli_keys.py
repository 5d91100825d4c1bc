"""`jmedqa key`: make, list and revoke API keys.

Works beside a running server, which notices at the next request. The key is printed once, alone on standard
output; what is kept of it cannot be turned back into it. Errors are told by `jmedqa.main`.
"""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.audit.log import AuditLog
from service.errors import BadRequest
from service.security.keys import new_key
from service.settings import Settings, load_settings
from service.state import SCOPES, Scope, Store, StoredKey

app = typer.Typer(no_args_is_help=True, add_completion=False)
_err = Console(stderr=True)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file; JMEDQA_* variables win over it")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data on standard output, and nothing else")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who or what will use it, for example a ward or a program")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help=f"{' | '.join(SCOPES)}; repeat it; default: read and ask"),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option("--rate", min=1, max=1_000_000, help="Requests a minute; default: the server's"),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3_650, help="Expires after so many days; default: never"),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and show it, this once."""
    scopes = _scopes(scope or ["read", "ask"])
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise BadRequest("名前は1〜100文字で書いてください。", "The name has 1 to 100 printable characters.")
    settings = load_settings(config)
    store = _opened(settings)
    try:
        now = store.keys.clock()
        expires = None if days is None else now + timedelta(days=days)
        key, row = new_key(name, scopes, created_at=now, expires_at=expires, rate_per_minute=rate)
        store.keys.add(row)
        _audit(settings, "key.create", row)
    finally:
        store.close()
    if as_json:
        sys.stdout.write(json.dumps({"key": key, **_shown(row)}, ensure_ascii=False) + "\n")
        return
    sys.stdout.write(key + "\n")
    _err.print(
        f"キーは今だけ表示します。保管してください。 / Shown this once: keep it. id {row.key_id}",
        markup=False,
    )


@app.command("list")
def list_keys(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every key there was, without its secret."""
    settings = load_settings(config)
    store = _opened(settings)
    try:
        rows, now = store.keys.all(), store.keys.clock()
    finally:
        store.close()
    if as_json:
        sys.stdout.write(
            json.dumps({"keys": [_shown(row) for row in rows]}, ensure_ascii=False, indent=2) + "\n"
        )
        return
    table = Table("id", "name", "scopes", "rate", "created", "expires", "used", "status")
    for row in rows:
        status = "revoked" if row.revoked_at else "usable" if row.usable(now) else "expired"
        times = (row.created_at, row.expires_at, row.used_at)
        table.add_row(
            row.key_id,
            row.name,
            " ".join(row.scopes),
            str(row.rate_per_minute or ""),
            *map(_day, times),
            status,
        )
    Console().print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `jmedqa key list` shows")],
    config: ConfigOption = None,
) -> None:
    """Turn a key off for good. A running server refuses it from the next request on."""
    settings = load_settings(config)
    store = _opened(settings)
    try:
        row = store.keys.revoke(key_id)
        _audit(settings, "key.revoke", row)
    finally:
        store.close()
    _err.print(f"キー {row.key_id}({row.name})を無効にしました。 / Revoked.", markup=False)


def _opened(settings: Settings) -> Store:
    store = Store(settings.state)
    store.open()
    return store


def _audit(settings: Settings, action: str, row: StoredKey) -> None:
    if settings.audit.enabled:
        log = AuditLog(settings.audit, settings.state)
        log.open()
        log.append_now(action, key=row.key_id, name=row.name, scopes=list(row.scopes))
        log.close()


def _scopes(words: list[str]) -> tuple[Scope, ...]:
    known = tuple(scope for scope in SCOPES if scope in words)
    if len(known) < len(set(words)):
        raise BadRequest(
            f"--scope は {' / '.join(SCOPES)} のいずれかです。", f"--scope is one of {', '.join(SCOPES)}."
        )
    return known


def _shown(row: StoredKey) -> dict[str, object]:
    return row.model_dump(mode="json", exclude={"secret_hash"})


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"
