"""The command line: `noosphere run`, `sweep`, `ask`, `tournament` and others.

A command is a file of this folder, imported when it is called, and what it needs is imported inside
it, so that `noosphere --help` answers at once. Mistakes that can be expected are one line each on
the standard error, and exit code 2.
"""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from experiments.study.toml import did_you_mean

# BLAS threads gain nothing on matrices this small and wait for each other on busy cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

OURS = ("arenas", "economy", "evolution", "experiments", "swarm")
NO_COMMANDS = ("__init__", "main", "printing")
"""Files of this folder that hold none."""
SECTIONS = {
    "Begin": ("studies", "run", "new", "show"),
    "Look": ("dash", "report", "replay", "resume"),
    "Many runs": ("sweep", "compare", "tournament", "answer"),
    "Ask a graph": ("ask", "orders"),
    "Set up": ("doctor", "schema"),
}
"""Every command, in the order in which `--help` shows them: what a newcomer does first is first."""
PARTIAL = re.compile(r"\.(.+?)(\.\d+)?\.partial")
"""What a file is called while it is written, before it appears whole."""


class Commands(click.Group):
    """Finds a command by the name of its file; turns errors that teach into one line."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All names, in order."""
        files = Path(__file__).parent.glob("*.py")
        return sorted(path.stem for path in files if path.stem not in NO_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of that name, or None."""
        if name not in self.list_commands(context):
            return None
        command: click.Command = import_module(f"experiments.cli.{name}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, section by section, each with what it does in one whole line."""
        for title, names in SECTIONS.items():
            commands = {name: self.get_command(context, name) for name in names}
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name, found.get_short_help_str(200))
                        for name, found in commands.items()
                        if found
                    ],
                    col_max=12,
                )

    def invoke(self, context: click.Context) -> Any:
        """Run a command; Ctrl-C is exit code 130."""
        try:
            return super().invoke(context)
        except click.UsageError as error:
            names = (context.command_path, context.invoked_subcommand)
            path = error.ctx.command_path if error.ctx else " ".join(filter(None, names))
            self._refuse(f"{error.format_message()} See {path} --help")
        except BrokenPipeError:
            raise  # the reader of our output has gone; click knows what to do
        except KeyboardInterrupt as interrupt:
            click.echo(f"\n{interrupt}" if str(interrupt) else "\nstopped", err=True)
            sys.exit(130)
        except OSError as error:
            place = f"{_meant(error.filename)}: " if error.filename else ""
            self._refuse(f"{place}{error.strerror or error}")
        except RuntimeError as error:
            # Numba's, where neither our own folder nor the home of the user can be written.
            if "cannot cache function" not in str(error):
                raise
            self._refuse(
                "there is no place to keep compiled code; name a folder of your own, such as "
                "export NUMBA_CACHE_DIR=$PWD/compiled"
            )
        except ValueError as error:
            # Errors that our packages define explain themselves; any other is a mistake of ours
            # and shows where it was made.
            if type(error).__module__.partition(".")[0] not in OURS:
                raise
            self._refuse(str(error))

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """The command that the arguments name; a name that is none is told its nearest."""
        if self.get_command(context, args[0]) is None:
            near = did_you_mean(args[0], known := self.list_commands(context))
            self._refuse(f"{args[0]}: no such command, there are {', '.join(known)}{near}")
        return super().resolve_command(context, args)

    def _refuse(self, message: str) -> None:
        click.echo(message, err=True)
        sys.exit(2)


def _meant(filename: Any) -> str:
    """The file that somebody asked for, where the one that could not be written is its draft."""
    path = Path(os.fsdecode(filename)) if isinstance(filename, str | bytes) else None
    draft = PARTIAL.fullmatch(path.name) if path else None
    return str(path.with_name(draft[1]) if path and draft else filename)


@click.group("noosphere", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="noosphere")
def main() -> None:
    """Worlds of reasoning agents that gossip, trade and evolve.

    \b
    A first picture:      noosphere run flocking
    Live in the browser:  noosphere dash flocking
    """


if __name__ == "__main__":
    main()
