"""What the pages show is what happens: every block of code is run, or read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from blocks import ROOT, blocks, commands, is_slow, pages, try_page

OTHERS = {"README.md"}
"""Pages whose Python has a test of its own, `tests/test_readme.py`."""


def cases() -> list:
    """The pages that have code, slow ones marked."""
    return [
        pytest.param(page, id=name, marks=[pytest.mark.slow] if is_slow(page) else [])
        for page in pages()
        if (name := str(page.relative_to(ROOT))) not in OTHERS and blocks(page)
    ]


@pytest.mark.parametrize("page", cases())
def test_a_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(sys, "path", [*sys.path])  # files of one page are none of another's
    assert try_page(page, tmp_path) == len(blocks(page))


def write(folder: Path, text: str) -> Path:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1)\n```\n\n```\n2\n```\n",
        "```python\n1 / 0\n```\n",
        "```python\nassert name\n```\n",
        "```toml\nmodel = 'flokcing'\n```\n",
        "```toml\nstudy = 'nations'\n[vary]\n'economy.rant' = [1]\n```\n",
        "```console\n$ noosphere studeis\n```\n",
        "```console\n$ noosphere run nowhere.toml\n```\n",
        "```console\n$ noosphere new x\nsomething else\n```\n",
        "```console\n$ python -c 1\n```\n",
        "```console\n$ rm -r x\n```\n",
        "```sh\nls\n```\n",
        "```\nsaid by nobody\n```\n",
    ],
)
def test_a_page_that_is_wrong_is_noticed(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((Exception, pytest.fail.Exception)):  # whatever the block raises
        try_page(write(tmp_path, text), tmp_path)


def test_a_page_that_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "```python\nx = 1\n```\n\n```python\nprint(x)\nprint('between')\nprint(2)\n```\n\n"
        "```\n1\n...\n2\n```\n\n% file: m.toml\n```toml\nmodel = 'boltzmann'\nticks = 2\n```\n\n"
        "```console\n$ noosphere run m.toml --set people=20\n...\nreport: runs/m-0/report.html\n"
        "$ noosphere run nowhere\nnowhere: neither a study that ships (...\n```\n"
    )
    assert try_page(write(tmp_path, text), tmp_path) == 5


def test_every_page_can_be_reached() -> None:
    """Each stands in the table of contents of its folder."""
    docs = ROOT / "docs"
    for page in pages():
        if page.is_relative_to(docs) and page.name != "index.md":
            tree = (page.parent / "index.md").read_text(encoding="utf-8")
            assert f"\n{page.stem}\n" in tree, page


SHOWN = [
    (path.name, found[1])
    for path in [*pages(), ROOT / "CONTRIBUTING.md"]
    for found in re.finditer(
        r"(?:^\$ |`)(noosphere [^`\n]+)", path.read_text("utf-8"), re.MULTILINE
    )
]


def test_commands_that_are_shown_exist_with_their_options() -> None:
    """Also where they are not called, as in the README and in the middle of a line."""
    from experiments.cli.main import main

    context = click.Context(main)
    assert len(SHOWN) > 40
    for page, line in SHOWN:
        _, name, *rest = line.partition("  ")[0].split()
        if name.startswith("-"):
            continue
        command = main.get_command(context, name)
        assert command is not None or name == "COMMAND", f"{page}: {line}"
        if command is not None:
            known = {opt for option in command.params for opt in option.opts}
            known |= {opt for option in command.params for opt in option.secondary_opts}
            used = {word for word in rest if word.startswith("--") and len(word) > 2}
            assert used <= known | {"--help"}, f"{page}: {line}"


def test_targets_of_make_that_are_shown_exist() -> None:
    targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text("utf-8")))
    for path in [*pages(), ROOT / "CONTRIBUTING.md"]:
        text = path.read_text("utf-8")
        used = re.findall(r"(?m)(?:^(?:\$ )?|`)make ([a-z][\w-]*)(?=`|\s*$|\s+#)", text)
        assert set(used) <= targets, path


def test_links_between_pages_lead_somewhere() -> None:
    for path in pages():
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            made = path.parent / target
            built = ("index.md", "commands.md", "studies.md", "notebooks.md")
            assert made.exists() or made.name in built, path


def test_a_console_block_is_taken_apart() -> None:
    assert list(commands("$ a b  # why\nsaid\n\nmore\n$ c\n")) == [
        ("a b", ["said", "", "more"]),
        ("c", []),
    ]
