"""The code of a page, block by block, and how each kind of block is tried.

A page is Markdown. Comments of MyST say what cannot be seen in a block:

    % file: my_study.toml     the next block is also a file of that name, for the blocks after it
    % slow                    the page takes a while: it is tried with the slow tests

Python blocks of a page share their names; a block without a language after one is what it printed.
Of a console block every `$ noosphere ...` is called and `$ python FILE` run, in the same folder,
and what is shown is compared: `...` in a line, or alone on one, stands for anything.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"^(?P<said>(?:^%[^\n]*\n)*)```(?P<language>[^\n]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
OUTSIDE = re.compile(r"(git clone|cd|make|pip install|ray|python3? -m venv|source)\b")
"""Commands that are not tried here: they set up what the tests run in."""


@dataclass(frozen=True)
class Block:
    """A block of a page."""

    language: str
    text: str
    line: int
    file: str = ""


def pages() -> list[Path]:
    """All pages that somebody wrote."""
    made = {"reference/commands.md", "reference/studies.md", "gallery/index.md", "notebooks.md"}
    docs = ROOT / "docs"
    found = [path for path in docs.rglob("*.md") if "_build" not in path.parts]
    written = [path for path in found if str(path.relative_to(docs)) not in made]
    return [ROOT / "README.md", *sorted(written)]


def blocks(path: Path) -> list[Block]:
    """The blocks of a page, but for directives of Sphinx."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        name = re.search(r"^% file: (\S+)$", match["said"], re.MULTILINE)
        line = text.count("\n", 0, match.start("text"))
        found.append(Block(match["language"], match["text"], line, name[1] if name else ""))
    return [block for block in found if not block.language.startswith("{")]


def is_slow(path: Path) -> bool:
    """Whether a page says that it is."""
    return bool(re.search(r"^% slow$", path.read_text(encoding="utf-8"), re.MULTILINE))


def try_page(path: Path, folder: Path) -> int:
    """Try all blocks of a page in a folder; how many there were."""
    names: dict[str, object] = {"__name__": "page"}
    shown, tried = None, 0
    for block in blocks(path):
        place = f"{path.name}:{block.line}"
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")
        if block.language == "python":
            shown = _said(block, place, names) if not block.file else None
            if block.file:
                compile(block.text, place, "exec")
        elif block.language == "toml":
            _read(block, place, folder)
        elif block.language == "console":
            for command, lines in commands(block.text):
                _call(command, lines, place, folder)
        elif block.language == "":
            assert shown is not None, f"{place}: nothing printed this"
            _compare(shown, block.text.splitlines(), place)
        else:
            assert block.language in ("text", "diff"), f"{place}: {block.language} is not tried"
        tried += 1
    return tried


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines that follow it."""
    parts = re.split(r"(?m)^\$ ", text)
    assert not parts[0].strip(), "a console block begins with `$ `"
    for part in parts[1:]:
        command, *lines = part.rstrip("\n").split("\n")
        yield command.partition("  #")[0], lines


def _said(block: Block, place: str, names: dict[str, object]) -> str:
    said = io.StringIO()
    text = "\n" * block.line + block.text  # so that an error names the line of the page
    with contextlib.redirect_stdout(said):
        exec(compile(text, place, "exec"), names)
    return said.getvalue()


def _read(block: Block, place: str, folder: Path) -> None:
    """A TOML block is a study, a sweep or a tournament."""
    from experiments.study.reading import load_study
    from experiments.tournament.file import load_tournament

    path = folder / (block.file or "block.toml")
    path.write_text(block.text, encoding="utf-8")
    if re.search(r"^\[players\]", block.text, re.MULTILINE):
        load_tournament(path)
    elif re.search(r"^\[vary\]|^study = ", block.text, re.MULTILINE):
        from experiments.sweeps.reading import load_sweep

        load_sweep(path)
    else:
        if graph := re.search(r'^graph = "(my_\w+)"', block.text, re.MULTILINE):
            (folder / graph[1]).mkdir(exist_ok=True)
        load_study(path)
    if not block.file:
        path.unlink()


def _call(command: str, lines: list[str], place: str, folder: Path) -> None:
    from experiments.cli.main import main

    program, *arguments = shlex.split(command)
    if program == "noosphere":
        done = CliRunner().invoke(main, arguments)
        refused = set(lines) - {"..."} and done.exit_code == 2 and not done.stdout
        assert done.exit_code == 0 or refused, f"{place}: {command}\n{done.output}"
        said = done.stderr if refused else done.stdout
    elif program == "python" and arguments[0].endswith(".py"):
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, "MPLBACKEND": "Agg"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{place}: {command}\n{ran.stderr}"
        said = ran.stdout
    else:
        assert OUTSIDE.match(command), f"{place}: {command}: is not tried, and not known"
        return
    if lines:
        _compare(said, lines, f"{place}: {command}")


def _compare(said: str, lines: list[str], place: str) -> None:
    """What was said against what is shown."""
    wanted = [line.rstrip() for line in lines]
    pattern = "".join(
        "(?:.*\\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
        for line in wanted
    )
    got = "".join(f"{line.rstrip()}\n" for line in said.rstrip("\n").split("\n"))
    if not re.fullmatch(pattern, got):
        pytest.fail(f"{place} shows\n{chr(10).join(wanted)}\n\nbut it is\n{got}")
