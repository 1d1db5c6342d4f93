"""What makes two trials the same: the resolved study with its seed, its data, and the code."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.doctor import DISTRIBUTION, HOME, PACKAGES
from experiments.reasoning.study import ReasoningStudy
from experiments.study.study import Study

DIGITS = 16
"""Hexadecimal digits of an id: two of a million trials share one with a chance of 3e-8."""

NOT_LIVED = ("name", "description", "output")
"""Keys of a study that change nothing in its world."""


@cache
def code_version() -> str:
    """The version of noosphere, and a digest of the source files of its five packages."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((HOME / package).rglob("*.py")):
            digest.update(f"{path.relative_to(HOME).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    try:
        version = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        version = "source"
    return f"{version}+{digest.hexdigest()[:DIGITS]}"


def source_of(study: Study) -> str:
    """A digest of the files that a study only names: of its graph, network or model."""
    if not isinstance(study, ReasoningStudy):
        return str(getattr(study, "fingerprint", ""))
    path = Path(study.problem.graph or study.problem.network or "")
    return _files_digest(path) if path.is_absolute() else ""


def content_of(study: Study, source: str, examine: bool) -> str:
    """A digest of all that a trial does: of the resolved study, its seed among it, and its data.

    Args:
        study: resolved.
        source: see `source_of`.
        examine: whether it ends with the examination.
    """
    said = {key: value for key, value in study.model_dump().items() if key not in NOT_LIVED}
    return _short({"study": said, "source": source, "examine": examine})


def trial_id(content: str, code: str) -> str:
    """The id of a trial."""
    return _short({"content": content, "code": code})


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _files_digest(path: Path) -> str:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
