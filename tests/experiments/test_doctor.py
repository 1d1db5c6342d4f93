"""The doctor: versions, extras, and the hazards of plain package names."""

import os

import pytest

from experiments.doctor import PACKAGES, diagnose, versions


def test_versions():
    import numpy

    found = versions()
    assert found["numpy"] == numpy.__version__
    assert list(found)[:2] == ["noosphere", "python"]
    assert "missing" not in found.values()
    assert "pytest" not in found  # an extra


def test_facts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    facts, _ = diagnose()
    for word in ("noosphere", "python", "mesa", "torch", "threads", "numba cache"):
        assert any(line.startswith(word) for line in facts)


def test_extra_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "experiments.doctor._requirements", lambda: iter([("no-such-thing", "neural")])
    )
    facts, _ = diagnose()
    assert any("pip install 'noosphere[neural]' brings it" in line for line in facts)


def test_nothing_wrong(noosphere, tmp_path):
    done = noosphere("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout.rstrip().endswith("no hazards")


@pytest.mark.parametrize("name", PACKAGES)
def test_folder_that_hides_ours(noosphere, tmp_path, name):
    (tmp_path / name).mkdir()
    assert noosphere("doctor", cwd=tmp_path).returncode == 0  # Python looks on past it
    (tmp_path / name / "__init__.py").write_text("", encoding="utf-8")
    done = noosphere("doctor", cwd=tmp_path)
    assert done.returncode == 1
    assert f"{name}/__init__.py hides the package {name!r}" in done.stdout


def test_file_that_hides_ours(noosphere, tmp_path):
    (tmp_path / "economy.py").write_text("", encoding="utf-8")
    done = noosphere("doctor", cwd=tmp_path)
    assert done.returncode == 1
    assert "economy.py hides the package 'economy'" in done.stdout


def test_folder_earlier_on_the_path(noosphere, tmp_path, tmp_path_factory):
    (tmp_path / "arenas").mkdir()
    (tmp_path / "arenas" / "__init__.py").write_text("", encoding="utf-8")
    done = noosphere("doctor", cwd=tmp_path_factory.mktemp("here"), env=with_path(tmp_path))
    assert done.returncode == 1
    assert str(tmp_path / "arenas") in done.stdout


def test_namesake_distribution(noosphere, tmp_path, tmp_path_factory):
    info = tmp_path / "swarm_robots-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: swarm-robots\nVersion: 1.0\n", encoding="utf-8")
    (info / "top_level.txt").write_text("swarm\n", encoding="utf-8")
    done = noosphere("doctor", cwd=tmp_path_factory.mktemp("here"), env=with_path(tmp_path))
    assert done.returncode == 1
    assert "the distribution 'swarm-robots' also installs a package 'swarm'" in done.stdout


def with_path(folder):
    return {**os.environ, "PYTHONPATH": str(folder)}
