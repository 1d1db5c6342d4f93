"""How the documentation is built: `sphinx-build -W docs docs/_build`, extras `docs` and `test`.

Before Sphinx reads anything, the pages that follow from the code are written: the reference, the
commands, the study files, the gallery and the notebooks with their pictures (`docs/made/`).
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from made import commands, gallery, notebooks, reference, studies, words  # noqa: E402

project = "Noosphere"
author = "The Noosphere authors"
copyright = "2026, the Noosphere authors"
release = "0.1.0"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build", "made", "**/.*"]
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Noosphere"
html_show_sourcelink = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # they stand in the signature's docstring, in words
autodoc_class_signature = "mixed"
autosummary_generate = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
add_module_names = False
default_role = "code"
suppress_warnings = ["ref.python"]  # a word in code may be the name of several things


def setup(app):
    """Write what follows from the code, and let docstrings be read as they are written."""
    for page in (reference, commands, studies, gallery, notebooks):
        page.write(HERE)
    app.connect("autodoc-process-docstring", words.as_rest, priority=100)
