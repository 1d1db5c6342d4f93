"""The gallery: each example with the picture it draws, drawn anew if the example has changed."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

from made.reference import keep


def examples(docs: Path) -> list[Path]:
    """The files of the examples, in the order of their names."""
    return sorted((docs / "gallery").glob("[!_]*.py"))


def drawn(path: Path) -> Any:
    """The figure that an example draws."""
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.draw()


def write(docs: Path) -> None:
    """Draw the pictures, and write `gallery/index.md`."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    pictures = docs / "gallery" / "pictures"
    pictures.mkdir(exist_ok=True)
    page = ["# Gallery\n", "Each picture is drawn by the lines below it, in a few seconds.\n"]
    for path in examples(docs):
        picture = pictures / f"{path.stem}.png"
        if not picture.exists() or picture.stat().st_mtime < path.stat().st_mtime:
            figure = drawn(path)
            figure.savefig(picture, dpi=110)
            plt.close(figure)
        title, _, about = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition(
            "\n"
        )
        page += [
            f"## {title.rstrip('.')}\n",
            f"{about.strip()}\n",
            f"![{title}](pictures/{picture.name})\n",
            f"```{{literalinclude}} {path.name}\n:language: python\n```\n",
        ]
    keep(docs / "gallery" / "index.md", "\n".join(page))
