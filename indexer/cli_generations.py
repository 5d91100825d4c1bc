"""``jmedqa index diff | rollback | verify | gc``: the generations of an index on disk."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from indexer.changes import Changes, difference
from indexer.generations import builder, current_name, folders, resolve
from indexer.progress import BuildProgress
from indexer.progress_lines import ProgressLines, progress_lines
from indexer.pruning import collect
from indexer.terminal import (
    IndexOption,
    JsonOption,
    LinesOption,
    exit_codes,
    print_json,
    say,
    say_error,
    stderr,
)
from indexer.upkeep import roll_back, verify, verify_all

GENERATION = "current, previous, a generation's name, or the beginning of one."
DAMAGED = 4


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=GENERATION)],
    after: Annotated[str, typer.Argument(metavar="B", help=GENERATION)],
    index: IndexOption,
    as_json: JsonOption = False,
) -> None:
    """Say which documents and passages came, went and changed from generation A to B.

    Counts as a table on stderr; --json has every id. A passage is changed where its indexed text is another;
    `details` are passages with the same text and another title, source, edition or place.
    """
    with exit_codes():
        found = difference(index, resolve(index, before), resolve(index, after))
        if as_json:
            print_json(asdict(found))
            return
        table = Table("", *(title for title, _ in _counts(found.documents)), box=None, pad_edge=False)
        for name, changes in (("documents", found.documents), ("passages", found.passages)):
            table.add_row(name, *(f"{count:,}" for _, count in _counts(changes)))
        say(f"{found.before} -> {found.after}")
        stderr.print(table)


def _counts(changes: Changes) -> list[tuple[str, int]]:
    return [
        ("added", len(changes.added)),
        ("removed", len(changes.removed)),
        ("changed", len(changes.changed)),
        ("details", len(changes.details)),
        ("unchanged", changes.unchanged),
    ]


def rollback(
    index: IndexOption,
    to: Annotated[str, typer.Option("--to", help=GENERATION)] = "previous",
    as_json: JsonOption = False,
) -> None:
    """Make an earlier generation live again, by one atomic rename, after checking every checksum of it.

    `previous` is the generation that the live one replaced. Running services change over to it. Newer
    generations stay on disk, to go back to with --to, until a build has replaced the live one.
    """
    with exit_codes():
        done = roll_back(index, to)
        say(f"{done.live} is live; before it was {done.before or 'unknown'}")
        if done.newer:
            say(f"kept although newer: {', '.join(done.newer)}")
        if (process := builder(index)) is not None:
            say(f"a build is under way (process {process or 'unknown'}); what it makes becomes live")
        if as_json:
            print_json(asdict(done))


def verify_checksums(
    index: IndexOption,
    every: Annotated[bool, typer.Option("--all", help="All generations, not only the live one.")] = False,
    as_json: JsonOption = False,
    as_lines: LinesOption = False,
) -> None:
    """Read every file and compare its checksum; exit 4 where one is damaged, naming each."""
    with exit_codes():
        if as_lines:
            with progress_lines() as lines:
                lines.result = _verified(index, every, lines)
            return
        found = verify_all(index) if every else [verify(index, current_name(index))]
        live = [one.generation for one in found if one.live]
        if as_json:
            print_json(
                {
                    "live": live[0] if live else None,
                    "generations": [
                        one._asdict() | {"faults": [str(fault) for fault in one.faults]} for one in found
                    ],
                }
            )
        for one in found:
            for fault in one.faults:
                say_error(str(fault))
            if not one.faults:
                say(f"{one.generation}: {one.files} files, {one.bytes / 1e6:,.1f} MB, all as written")
        if not live:
            current_name(index)  # says what is wrong with the pointer
        if not live or any(one.faults for one in found):
            raise typer.Exit(DAMAGED)


def _verified(index: Path, every: bool, lines: ProgressLines) -> dict[str, Any]:
    """Each generation's faults; a damaged one is a finding here, not a failure of the work."""
    wanted = folders(index) if every else [current_name(index)]
    found = []
    for number, name in enumerate(wanted):
        lines(BuildProgress("verify", number, len(wanted)))
        one = verify(index, name)
        found.append(one._asdict() | {"faults": [str(fault) for fault in one.faults]})
    lines(BuildProgress("verify", len(wanted), len(wanted)))
    return {"whole": not any(one["faults"] for one in found), "generations": found}


def gc(
    index: IndexOption,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", min=1, help="Generations to keep, the live one among them [default: as built]."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove old generations, and what killed builds left.

    Never goes: the live generation, one that a reader has open, and one newer than the live one (after a
    rollback). Kept first is the generation that the live one replaced, then the newest.
    """
    with exit_codes():
        done = collect(index, keep, dry_run=dry_run)
        verb = "would go" if dry_run else "removed"
        say(f"{verb}: {', '.join([*done.removed, *done.leftovers]) or 'nothing'}; {done.freed / 1e6:,.1f} MB")
        if done.in_use:
            say(f"in use, stays: {', '.join(done.in_use)}")
        say(f"kept: {', '.join(done.kept)}; {done.live} is live")
        if as_json:
            print_json(asdict(done))
