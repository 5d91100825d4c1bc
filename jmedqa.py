"""The one command. It mounts each layer's commands lazily: a name is imported only when it is used.

Exit codes: 0 done, 1 a bug, 2 wrong usage or request, 3 corpus, 4 index, 5 generation, 6 kept state.
"""

import importlib
import os
import sys
import traceback
from typing import Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

_GROUPS = {
    "corpus": ("corpora.cli", "Check what a folder of files gives."),
    "index": ("indexer.cli", "Build, search and inspect an index."),
    "bench": ("benchmarks.cli", "Measure retrieval and answers."),
    "gate": ("service.gate.cli", "Fit the relevance gate and abstention to labelled data."),
    "rate": ("benchmarks.rating.cli", "Analyse ratings of answers and plan studies."),
    "key": ("service.cli_keys", "Make, list and revoke API keys."),
    "state": ("service.cli_state", "Look at what is kept, and delete what is too old."),
    "audit": ("service.cli_audit", "Verify, export and prune the audit log."),
    "case": ("benchmarks.cases.cli", "Check, convert and answer staged clinical cases."),
}
_COMMANDS = {
    "ask": ("service.cli", "Ask one question and read the answer with its evidence."),
    "serve": ("service.cli", "Serve the REST API and its page."),
    "mcp": ("service.cli_api", "Serve search, passage and answer to an agent on standard input and output."),
    "backup": ("service.cli_backup", "Back up state, audit log and index beside a running server."),
    "restore": ("service.cli_backup", "Put a backup back, after checking all of it."),
    "openapi": ("service.cli_api", "Print the description of the REST interface."),
    "bundle": ("service.cli_bundle", "Make a folder that installs where there is no network."),
    "doctor": ("service.cli", "Say what works on this machine, and the cure for what does not."),
}


class _LazyGroup(TyperGroup):
    """Lists every command from the tables above, and imports the layer of the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*_GROUPS, *_COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What the help shows of a command: its name and one line, without importing it."""
        if cmd_name not in _GROUPS | _COMMANDS:
            return None
        return TyperCommand(cmd_name, help=(_GROUPS | _COMMANDS)[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, with its layer imported."""
        name = args[0]
        if name in _GROUPS:
            group = typer.main.get_command(importlib.import_module(_GROUPS[name][0]).app)
            group.name = name
            return name, group, args[1:]
        if name in _COMMANDS:
            layer = typer.main.get_group(importlib.import_module(_COMMANDS[name][0]).app)
            return name, layer.get_command(ctx, name), args[1:]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)


@app.callback()
def _options() -> None:
    """Japanese medical question answering with evidence."""


def main() -> None:
    """Run the command line; every failure ends with one clear message and a documented exit code."""
    try:
        app()
    except BrokenPipeError:
        raise SystemExit(0) from None
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(
            f"jmedqa: {place}{error.strerror or error}: check the path and its permissions", file=sys.stderr
        )
        raise SystemExit(2) from None
    except Exception as error:
        exit_code = getattr(error, "exit_code", 1)
        if exit_code == 1:
            print(f"jmedqa: a bug: {type(error).__name__}: {error}", file=sys.stderr)
            print("Please report it with the output of JMEDQA_DEBUG=1.", file=sys.stderr)
        else:
            print(f"jmedqa: {error}", file=sys.stderr)
        if os.environ.get("JMEDQA_DEBUG"):
            traceback.print_exc()
        raise SystemExit(exit_code) from None


if __name__ == "__main__":
    main()
