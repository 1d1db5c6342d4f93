"""A graph and a study so small that a run takes a second, and the real command line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def facts():
    """Lines of a small graph: who likes and who follows whom in a ring of twelve."""
    rng = np.random.default_rng(0)
    lines = {f"n{i:02}\tnext\tn{(i + 1) % 12:02}" for i in range(12)}
    lines |= {f"n{i:02}\tbefore\tn{(i - 1) % 12:02}" for i in range(12)}
    lines |= {f"n{a:02}\tlikes\tn{b:02}" for a, b in rng.integers(0, 12, (40, 2))}
    return sorted(lines)


@pytest.fixture
def study_file(tmp_path, facts):
    """A study of that graph, as a file in a folder of its own."""
    return write_study(tmp_path, facts)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, facts):
    """The same, shared: not to be changed."""
    return write_study(tmp_path_factory.mktemp("tiny"), facts)


@pytest.fixture(scope="session")
def command():
    """The installed command."""
    return Path(sys.executable).with_name("noosphere")


@pytest.fixture
def noosphere(command):
    """Runs the command line in a process of its own, as a user does."""

    def call(*arguments, cwd, **options):
        return subprocess.run(
            [command, *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )

    return call


def write_study(folder, facts):
    (folder / "ring").mkdir(parents=True)
    (folder / "ring" / "facts.tsv").write_text("\n".join(facts) + "\n", encoding="utf-8")
    path = folder / "tiny.toml"
    path.write_text(
        """\
name = "tiny"
seed = 3

[problem]
graph = "ring"
split = [0.5, 0.3, 0.2]

[world]
agents = 8
generations = 4
tasks = 16

[selection]
every = 2

[output]
checkpoint_every = 1
""",
        encoding="utf-8",
    )
    return path
