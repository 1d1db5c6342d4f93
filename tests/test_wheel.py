"""The built wheel holds everything, and stands its ground beside folders of the same names."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix that holds the wheel alone; what it depends on is found in this environment."""
    prefix = tmp_path_factory.mktemp("prefix")
    # Without --ignore-installed pip would remove the package from this environment first.
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--ignore-installed"]
    subprocess.run([*pip, "--prefix", str(prefix), str(wheel)], check=True, capture_output=True)
    return prefix


def run(prefix: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    site = next(prefix.glob("lib/python*/site-packages"))
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_wheel_ships_graphs_studies_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"swarm/reasoning/graphs/{g}.tsv.gz" for g in ("umls", "kinships", "nations")} <= names
    assert "swarm/reasoning/graphs/ATTRIBUTION.md" in names
    assert "experiments/studies/umls-30.toml" in names
    assert "experiments/tournaments/dilemma.toml" in names
    assert {
        f"{p}/py.typed" for p in ("swarm", "evolution", "economy", "arenas", "experiments")
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "notebooks/"))]


def test_the_command_works_beside_a_folder_that_shadows_ours(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "__init__.py").write_text("raise RuntimeError('the wrong one')\n")
    done = run(installed, tmp_path, str(installed / "bin" / "noosphere"), "studies")
    assert done.returncode == 0, done.stderr
    assert "umls-30" in done.stdout
    found = run(installed, tmp_path, str(installed / "bin" / "noosphere"), "doctor")
    assert found.returncode == 1
    assert str(tmp_path / "experiments") in found.stdout


def test_worlds_need_no_experiments(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "__init__.py").write_text("raise RuntimeError('the wrong one')\n")
    script = tmp_path / "mine.py"
    script.write_text(
        "import arenas, economy, evolution, swarm\n"
        "world = swarm.World(3, seed=1)\n"
        "world.step()\n"
        "print(len(world.agents), swarm.__file__)\n"
    )
    done = run(installed, tmp_path, sys.executable, str(script))
    assert done.returncode == 0, done.stderr
    number, place = done.stdout.split()
    assert number == "3"
    assert Path(place).is_relative_to(installed)


@pytest.mark.slow
def test_it_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Everything it needs is named in it: nothing but the wheel is given to a new environment."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "empty"], check=True)
    python = tmp_path / "empty" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "-c", ROOT / "constraints.txt", wheel], check=True)
    hidden = ("PYTHONPATH", "VIRTUAL_ENV")
    clean = {name: value for name, value in os.environ.items() if name not in hidden}

    def told(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    noosphere = python.with_name("noosphere")
    assert "noosphere" in told(noosphere, "--version")
    assert "report.html" in told(noosphere, "run", "boltzmann", "--set", "ticks=5")
    told(noosphere, "run", "nations", "--set", "world.generations=1", "--set", "world.agents=10")
    told(noosphere, "new", "my_world")
    assert "report.html" in told(noosphere, "run", "my_world.toml")
    vary = ("--vary", "people=10,20", "--replicates", "2", "--set", "ticks=3")
    told(noosphere, "sweep", "boltzmann", *vary)
    imports = (
        "from swarm import World, Agent; from evolution import NSGA2, NEAT; "
        "from economy import Ledger, CallAuction; from arenas import Tournament; "
        "from experiments import Study, run, sweep; print('all there')"
    )
    assert told(python, "-c", imports) == "all there\n"
    for page in tmp_path.glob("runs/*/report.html"):
        assert "<svg" in page.read_text(encoding="utf-8") or "image/svg" in page.read_text()
