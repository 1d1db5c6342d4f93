"""What is installed, and what could go wrong with it.

The import packages have plain names (`swarm`, `economy`, ...), so a folder of the same name that
stands earlier on the path hides ours, and a namesake distribution can overwrite it.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "noosphere"
PACKAGES = ("arenas", "economy", "evolution", "experiments", "swarm")
HOME = Path(__file__).resolve().parents[1]


def diagnose() -> tuple[list[str], list[str]]:
    """Lines about this installation, and lines about hazards (none is good)."""
    return list(_report()), [*_shadows(), *_namesakes()]


def versions() -> dict[str, str]:
    """Name to version of noosphere, of Python, and of everything noosphere always needs."""
    needed = [name for name, extra in _requirements() if extra is None]
    found = {name: _version(name) or "missing" for name in needed}
    own = _version(DISTRIBUTION) or "not installed, run from its source"
    return {DISTRIBUTION: own, "python": platform.python_version(), **found}


def _report() -> Iterator[str]:
    for name, version in versions().items():
        yield f"{name:14}{version}"
    yield "\nextras"
    for name, extra in _requirements():
        if extra is not None and extra != "test":
            brings = f"not installed; pip install '{DISTRIBUTION}[{extra}]' brings it"
            yield f"{name:14}{_version(name) or brings}"
    yield "\nmachine"
    yield f"{'platform':14}{platform.platform()}"
    yield f"{'threads':14}{cores()} of {os.cpu_count()} cores may be used"
    yield f"{'numba cache':14}{_cache()}"
    yield f"{'packages in':14}{HOME}"


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _requirements() -> Iterator[tuple[str, str | None]]:
    """Every requirement: its name, and the extra that brings it if it is not always needed."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", line)
        if name:
            yield name[0], extra[1] if extra else None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cache() -> str:
    """Where numba keeps compiled kernels: beside the sources unless it is told otherwise."""
    told = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(told) if told else HOME / "swarm"
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK | os.X_OK):
        return f"{told or 'beside the sources'}, writable"
    return (
        f"{folder} is not writable: kernels may be compiled anew by every process; "
        "set NUMBA_CACHE_DIR to a folder that is"
    )


def _shadows() -> Iterator[str]:
    """Folders and files that are imported in place of ours."""
    here = Path.cwd().resolve()
    path = [Path(entry or ".").resolve() for entry in sys.path]
    earlier = path[: path.index(HOME)] if HOME in path else path
    for folder in dict.fromkeys([here, *earlier]):
        if folder == HOME:
            continue
        for name in PACKAGES:
            # A folder without __init__.py hides nothing: Python looks on for a real package.
            for found in (folder / name / "__init__.py", folder / f"{name}.py"):
                if found.exists():
                    yield (
                        f"{found} hides the package {name!r} of {DISTRIBUTION} from scripts that "
                        "are started there; rename it or start from another folder"
                    )


def _namesakes() -> Iterator[str]:
    """Other distributions that install something under our names."""
    providers = metadata.packages_distributions()
    for name in PACKAGES:
        for other in sorted(set(providers.get(name, ())) - {DISTRIBUTION}):
            yield (
                f"the distribution {other!r} also installs a package {name!r}, which may have "
                f"overwritten ours; uninstall it, then reinstall {DISTRIBUTION}"
            )
