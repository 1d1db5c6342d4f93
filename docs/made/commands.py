"""The reference of the command line: what `noosphere COMMAND --help` says, a section a command."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from experiments.cli.main import main
from made.reference import keep


def commands() -> dict[str, click.Command]:
    """All commands by name."""
    context = click.Context(main, info_name="noosphere")
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def text() -> str:
    """The page."""
    return "\n".join(_lines())


def write(docs: Path) -> None:
    """Write `reference/commands.md`."""
    keep(docs / "reference" / "commands.md", text())


def _lines() -> Iterator[str]:
    yield "# Commands\n"
    yield "Mistakes that can be expected are one line each on the standard error, and exit code 2;"
    yield "Ctrl-C is exit code 130.\n"
    for name, command in commands().items():
        context = click.Context(command, info_name=f"noosphere {name}")
        yield f"## noosphere {name}\n"
        yield f"```text\n{' '.join(command.get_usage(context).split())}\n```\n"
        about = inspect.cleandoc(command.help or "").replace("\b", "").replace("\f", "")
        yield f"{_escaped(about)}\n"
        options = [each for each in command.params if isinstance(each, click.Option)]
        if options:
            yield "| option | what it does | default |\n|---|---|---|"
            for option in options:
                yield f"| {_names(option, context)} | {_cell(option.help)} | {_default(option)} |"
            yield ""


def _names(option: click.Option, context: click.Context) -> str:
    names = [*option.opts, *option.secondary_opts]
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    return ", ".join(f"`{name}{value}`".replace("|", "\\|") for name in names)


def _default(option: click.Option) -> str:
    if option.is_flag or option.default is None or "Sentinel" in type(option.default).__name__:
        return ""
    return f"`{option.default}`" if option.default != () else ""


def _cell(words: str | None) -> str:
    return _escaped(" ".join((words or "").split())).replace("|", "\\|")


def _escaped(words: str) -> str:
    return words.replace("*", "\\*").replace("<", "\\<")
