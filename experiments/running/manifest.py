"""Where a run comes from: versions, machine, seed, command, and what its sources were."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from experiments.doctor import HOME, cores, versions
from experiments.study.study import Experiment
from swarm.reasoning import KnowledgeGraph

STUDY_DIGEST = "study_sha256"
"""The key of the fingerprint of study.toml."""


def describe_run(experiment: Experiment, study_text: str) -> dict[str, Any]:
    """What `manifest.json` holds, as JSON values; `study_text` is that of the resolved study."""
    return {
        "study": experiment.study.name,
        "seed": experiment.study.seed,
        STUDY_DIGEST: digest(study_text),
        **experiment.sources,
        "command": shlex.join(sys.argv),
        "started": now(),
        "versions": versions(),
        "git": _git_commit(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": cores(),
    }


def changes_since(manifest: Mapping[str, Any]) -> list[str]:
    """What software is no longer the same, such as `numpy went from 2.3 to 2.4`."""
    before = {**manifest["versions"], "git": manifest["git"]}
    today = {**versions(), "git": _git_commit()}
    names = [name for name in {**before, **today} if before.get(name) != today.get(name)]
    return [f"{name} went from {before.get(name)} to {today.get(name)}" for name in names]


def _git_commit() -> str | None:
    """Commit of the source we run from, with `-dirty` if it was changed; None if installed."""
    if not (HOME / ".git").exists():
        return None
    command = ["git", "-C", str(HOME), "describe", "--always", "--dirty", "--abbrev=40"]
    command += ["--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def now() -> str:
    """The time in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def digest(text: str) -> str:
    """SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(graph: KnowledgeGraph) -> str:
    """SHA-256 of a graph as split; equal for equal facts in equal parts."""
    digest = hashlib.sha256(json.dumps([graph.entities, graph.relations]).encode())
    for part in (graph.train, graph.valid, graph.test):
        digest.update(f"{len(part)}/".encode() + part.tobytes())
    return digest.hexdigest()
