"""Execute the notebooks: each jupytext source beside it gives an `.ipynb` with its pictures.

    python notebooks/execute.py                 all that are kept with their pictures
    python notebooks/execute.py first_world     one

The `.py` files are the sources, for reviewing and editing; an `.ipynb` is never edited by hand.
It needs the extra `notebooks` (jupytext, nbclient, ipykernel).

Guarantees: the same source gives the same bytes on the same versions, as nothing of the run is kept
but what it showed: no times, no random cell ids, no names of machines. A notebook appears whole, or
the one before it stays.
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

from swarm.checkpoint import replacing

FOLDER = Path(__file__).parent
NAMES = ("first_world", "your_own_agent", "watching_emergence", "a_sweep", "a_tournament")
"""Notebooks that are kept with their pictures, in the order in which to read them."""
SECONDS_MAX = 600
PICTURE_MAX = 200_000
"""Bytes of a picture, beyond which it is kept in 256 colours."""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def cells_of(name: str) -> Any:
    """The notebook of a source, not executed, with nothing in it that differs between readings."""
    notebook = jupytext.read(FOLDER / f"{name}.py", fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"], cell["metadata"] = f"cell-{number:02}", nbformat.from_dict({})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def executed(name: str) -> Any:
    """The notebook of a source, executed in a kernel of its own.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails; says which, and how.
        ValueError: a cell warns, which no reader wants to see.
    """
    notebook = cells_of(name)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_MAX,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
    )
    client.execute(cwd=str(FOLDER))
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell["metadata"] = nbformat.from_dict({})
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise ValueError(f"{name}, {cell['id']} warns: {output['text']}")
            if output.output_type in ("display_data", "execute_result"):
                output["metadata"] = nbformat.from_dict({})
                if "image/png" in output.data:
                    output.data["image/png"] = _picture_alone(output.data["image/png"])
    return notebook


def text_of(notebook: Any) -> str:
    """A notebook as the text of its file."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1, sort_keys=True).rstrip("\n") + "\n"


def _picture_alone(encoded: str) -> str:
    """A PNG in base64 that says nothing of the version that drew it; a large one in 256 colours."""
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    small = _png(picture)
    if len(small) > PICTURE_MAX:
        small = _png(picture.quantize(256, dither=Image.Dither.NONE))
    return base64.b64encode(small).decode("ascii")


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def main(names: list[str]) -> None:
    """Execute the notebooks of some names, or all."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        sys.exit(f"no notebook is named {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in names or NAMES:
        path = FOLDER / f"{name}.ipynb"
        text = text_of(executed(name))
        with replacing(path) as temporary:
            Path(temporary).write_text(text, encoding="utf-8")
        print(f"{path.name}: {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
