"""Docstrings as they are written here, made into reStructuredText.

They are plain text with `code` in single backticks, indented examples, lists that begin with a
dash, and Google's sections, which napoleon reads after this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields|Guarantees|Example|Examples):$")
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
BULLET = re.compile(r"[-*] |\d+\. ")


def as_rest(app: Any, what: str, name: str, subject: Any, options: Any, lines: list[str]) -> None:
    """Sphinx's event `autodoc-process-docstring`: changes the lines in place."""
    lines[:] = "\n".join(rest("\n".join(lines))).split("\n")


def rest(text: str) -> Iterator[str]:
    """Blocks of a docstring, one after the other, with a blank line after each."""
    in_section = False
    for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")):
        lines = block.split("\n")
        if SECTION.match(lines[0]):
            in_section = lines[0] not in ("Guarantees:", "Example:", "Examples:")
            yield from _section(lines) if in_section else _paragraph(lines)
        elif lines[0].startswith(" ") and not in_section:
            yield from ("::", "", *(f"    {line}" for line in lines))
        elif lines[0].startswith(" "):
            yield from _escaped(lines)
        else:
            in_section = False
            yield from _paragraph(lines)
        yield ""


def _section(lines: list[str]) -> Iterator[str]:
    """Args and the like: napoleon takes the header; entries keep their indents."""
    yield lines[0]
    yield from _escaped(lines[1:])


def _paragraph(lines: list[str]) -> Iterator[str]:
    """A paragraph, with blank lines around lists and examples inside it."""
    lines = _escaped(lines)
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        bullet, indented = BULLET.match(line), line.startswith(" ")
        in_list = bool(BULLET.match(before)) or before.startswith(" ")
        if number and ((bullet and not in_list) or (in_list and not bullet and not indented)):
            yield ""
        if number and indented and not in_list:
            yield from ("", "::", "")
        yield line


def _escaped(lines: list[str]) -> list[str]:
    """Lines with their code as literals, and nothing else that means something."""
    text, done, end = "\n".join(lines), [], 0
    for found in CODE.finditer(text):
        done.append(_plain(text[end : found.start()]))
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        code = re.sub(r"\s*\n\s*", " ", found[2]).strip()
        joined = "\\ " if before and not before.isspace() and before not in "([{'\"-/:" else ""
        parted = "\\ " if after.isalnum() or after in ("_", "(", "[") else ""
        done.append(f"{joined}``{code}``{parted}")
        end = found.end()
    done.append(_plain(text[end:]))
    return "".join(done).split("\n")


def _plain(text: str) -> str:
    text = re.sub(r"([\\*|`])", r"\\\1", text)
    text = re.sub(r"(?m)^(\s*)\\\*(?= )", r"\1*", text)
    return re.sub(r"(?<=\w)_(?!\w)", r"\_", text)
