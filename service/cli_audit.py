"""`jmedqa audit`: verify, export and prune the audit log. Exit code 6 where it is not whole.

Works beside a running server. Errors are told by `jmedqa.main`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.audit.files import parsed_head
from service.audit.log import AuditLog
from service.errors import BadRequest
from service.settings import load_settings
from service.state.errors import StateUnavailable

app = typer.Typer(no_args_is_help=True, add_completion=False)
_err = Console(stderr=True)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file; JMEDQA_* variables win over it")
]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="UTC")]


@app.command()
def verify(
    config: ConfigOption = None,
    head: Annotated[
        Path | None,
        typer.Option("--head", help="A copy of the head file that was kept elsewhere, in place of today's"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data on standard output")] = False,
) -> None:
    """Check that no entry was changed, deleted, inserted or moved, and that the end is there."""
    with _opened(config) as log:
        kept = None
        if head is not None:
            kept = parsed_head(log.keys, head.read_text(encoding="utf-8"))
            if kept is None:
                raise BadRequest(
                    f"{head} はこの監査ログの head ではありません。", f"{head} is no head of this log."
                )
        verdict = log.verify(kept)
    if as_json:
        sys.stdout.write(verdict.model_dump_json(indent=2) + "\n")
    else:
        for fault in verdict.faults:
            sys.stdout.write(fault + "\n")
        _err.print(f"{verdict.entries} entries, {verdict.pruned} pruned, {len(verdict.faults)} faults")
    if verdict.faults:
        raise typer.Exit(StateUnavailable.exit_code)


@app.command()
def export(config: ConfigOption = None, since: DayOption = None, until: DayOption = None) -> None:
    """Print the entries as JSON lines, oldest first; --since that day and later, --until before it."""
    with _opened(config) as log:
        for line in log.export(_utc(since), _utc(until)):
            sys.stdout.write(line + "\n")


@app.command()
def prune(
    config: ConfigOption = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="Default: audit.days")] = None,
) -> None:
    """Delete entries older than audit.days; what stays can still be verified."""
    with _opened(config) as log:
        verdict = log.verify()
        if verdict.faults:  # pruning must not wipe out the traces
            raise StateUnavailable(
                "監査ログに異常があるため削除しません。`jmedqa audit verify` で確かめてください。",
                "The audit log is not whole, so nothing is deleted; see `jmedqa audit verify`.",
            )
        _err.print(f"{log.prune(days)} entries deleted")


@contextmanager
def _opened(config: Path | None) -> Iterator[AuditLog]:
    settings = load_settings(config)
    log = AuditLog(settings.audit, settings.state)
    if not log.path.exists():
        raise StateUnavailable(
            f"監査ログ {log.path} はまだありません。", f"There is no audit log at {log.path} yet."
        )
    log.open()
    try:
        yield log
    finally:
        log.close()


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)
