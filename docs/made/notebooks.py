"""The page of the notebooks: what each asks, and the picture with which it ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

from made.reference import keep

ORDER = ("first_world", "your_own_agent", "watching_emergence", "a_sweep", "a_tournament")
"""In which to read them."""


def write(docs: Path) -> None:
    """Write `notebooks.md`, and the pictures beside it, from what is kept of the notebooks."""
    pictures = docs / "notebooks"
    pictures.mkdir(exist_ok=True)
    page = [
        "# Notebooks\n",
        "Kept with their pictures; `python notebooks/execute.py` executes them anew (extra "
        "`notebooks`). The sources are the `.py` files beside them.\n",
    ]
    for name in ORDER:
        title, about, picture = last_of(docs.parent / "notebooks" / f"{name}.ipynb")
        path = pictures / f"{name}.png"
        if not path.exists() or path.read_bytes() != picture:
            path.write_bytes(picture)
        page += [
            f"## {title}\n",
            f"{about} {{download}}`{name}.ipynb <../notebooks/{name}.ipynb>`\n",
            f"![{title}](notebooks/{name}.png)\n",
        ]
    keep(docs / "notebooks.md", "\n".join(page))


def last_of(path: Path) -> tuple[str, str, bytes]:
    """The title of a notebook, its first paragraph, and its last picture as PNG."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    title, about = "".join(cells[0]["source"]).split("\n\n")[:2]
    *_, picture = _pictures(cells)
    return title.removeprefix("# ").strip(), " ".join(about.split()), picture


def _pictures(cells: list[dict]) -> Iterator[bytes]:
    for cell in cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                yield base64.b64decode("".join(output["data"]["image/png"]))
