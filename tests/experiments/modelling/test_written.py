"""A model out of a file of one's own: read, lived, resumed, and refused when it has changed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from experiments import RunFolder, StudyError, load_study, resume, run, sweep, to_toml
from experiments.cli.main import main
from experiments.running.files import RunError
from experiments.running.replay import replay
from experiments.study.written import fingerprint, module_at
from experiments.sweeps.identity import source_of
from experiments.sweeps.trial import live, payload_of

WALK = """\
'''Walkers on a line.'''
from swarm import Agent, World
from steps import LENGTH


class Walker(Agent):
    place: float = 0.0

    def step(self):
        self.place += self.rng.normal() * LENGTH


class Walk(World):
    '''Walks.

    Args:
        people: how many walk.
        drift: added to each.
        seed: of all chance.
    '''

    def __init__(self, people: int = 6, drift: float = 0.5, seed: int | None = None):
        super().__init__({Walker: people}, seed=seed)
        self.agents.set("place", drift)

    def measures(self):
        return {"spread": float(self.agents.get("place").std())}


class Free(World):
    def __init__(self, people: int, seed: int | None = None):
        super().__init__(people, seed=seed)


class Plain(World):
    pass


class Seedless(World):
    def __init__(self, people: int = 3):
        super().__init__(people)


class Rich(World):
    def __init__(self, people: dict = {}, seed: int | None = None):
        super().__init__(3, seed=seed)


class Vague(World):
    def __init__(self, people=3, seed=None):
        super().__init__(3, seed=seed)


class Torn(World):
    def __init__(self, people: "Nobody" = 3, seed: int | None = None):
        super().__init__(3, seed=seed)


PEOPLE = 4
"""


@pytest.fixture
def study_file(tmp_path):
    (tmp_path / "walk.py").write_text(WALK, encoding="utf-8")
    (tmp_path / "steps.py").write_text("LENGTH = 1.0\n", encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text('model = "walk.py:Walk"\nticks = 12\nseed = 5\n', encoding="utf-8")
    return path


def problem(study_file, model):
    study_file.write_text(f"ticks = 3\nmodel = {json.dumps(model)}\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(study_file)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{study_file}:2: model: ")
    return line.partition(": model: ")[2]


class TestReading:
    def test_the_parameters_are_those_of_the_constructor(self, study_file):
        study = load_study(study_file, ["people=9", "parameters.drift=2.0"])
        assert (study.name, study.description) == ("mine", "Walkers on a line.")
        world = study.prepare().world
        assert len(world.agents) == 9
        assert set(world.agents.get("place")) == {2.0}
        kinds = type(study.parameters).model_fields
        assert {key: field.description for key, field in kinds.items()} == {
            "people": "how many walk",
            "drift": "added to each",
        }

    def test_the_toml_of_it_is_the_study_anywhere(self, study_file, tmp_path):
        study = load_study(study_file).resolved()
        (tmp_path / "elsewhere").mkdir()
        copy = tmp_path / "elsewhere" / "copy.toml"
        copy.write_text(to_toml(study), encoding="utf-8")
        assert load_study(copy) == study
        assert study.model == f"{tmp_path / 'walk.py'}:Walk"

    def test_without_a_study_of_its_own(self, study_file, monkeypatch):
        monkeypatch.chdir(study_file.parent)
        study = load_study("walk.py:Walk", ["people=3"])
        assert (study.name, study.parameters.people) == ("walk", 3)

    def test_on_the_command_line_its_path_is_from_here(self, study_file, tmp_path, monkeypatch):
        here = tmp_path / "here"
        here.mkdir()
        for name in ("walk.py", "steps.py"):
            shutil.copy(tmp_path / name, here / name)
        monkeypatch.chdir(here)
        study = load_study(study_file, ["model=walk.py:Walk"])
        assert study.model == f"{here / 'walk.py'}:Walk"

    def test_an_edited_file_is_read_anew(self, study_file):
        before = load_study(study_file)
        path = study_file.with_name("walk.py")
        assert load_study(study_file).world_type is before.world_type
        path.write_text(WALK.replace("people: int = 6", "people: int = 8"), encoding="utf-8")
        after = load_study(study_file)
        assert (before.parameters.people, after.parameters.people) == (6, 8)
        assert before.fingerprint != after.fingerprint
        assert len(before.prepare().world.agents) == 6

    @pytest.mark.parametrize(
        ("model", "said"),
        [
            ("walk.py:Wolk", "walk.py has no class 'Wolk', its classes are Walker, Walk, "),
            ("walk.py:Wolk", "did you mean 'Walk'?"),
            ("walk.py:PEOPLE", "walk.py has no class, but int, as 'PEOPLE'"),
            ("walk.py:Walker", "walk.py: Walker is no World; write `class MyWorld(World)`"),
            ("walk.py:Plain", "Plain has no constructor of its own; write `def __init__"),
            ("walk.py:Seedless", "Seedless takes no seed; add `seed: int | None = None`"),
            ("walk.py:Rich", "Rich takes 'people', which is no plain value; a parameter is"),
            ("walk.py:Vague", "Vague takes 'people', which is no plain value; a parameter is"),
            ("walk.py:Torn", "walk.py: NameError: name 'Nobody' is not defined"),
            ("walk.py:", "got 'walk.py:', allowed is a file and a class, such as"),
            ("nowhere.py:Walk", "got 'nowhere.py:Walk', but there is no file "),
            ("walk", "got 'walk', allowed is a model that ships (boltzmann"),
        ],
    )
    def test_no_model(self, study_file, model, said):
        assert said in problem(study_file, model)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("\nclass Walk(", "bad.py:2: SyntaxError: '(' was never closed"),
            ("x = 1\nx / 0\n", "bad.py:2: ZeroDivisionError: division by zero"),
            ("import sys\n\nsys.exit(3)\n", "bad.py:3: SystemExit: 3"),
            ("import nothing_at_all\n", "bad.py:1: ModuleNotFoundError: No module named"),
        ],
    )
    def test_a_file_that_raises(self, study_file, text, said):
        study_file.with_name("bad.py").write_text(text, encoding="utf-8")
        assert said in problem(study_file, "bad.py:Walk")

    def test_what_has_to_be_given(self, study_file):
        study_file.write_text('model = "walk.py:Free"\n', encoding="utf-8")
        with pytest.raises(StudyError, match=r"parameters\.people: missing; a whole number at le"):
            load_study(study_file)
        assert load_study(study_file, ["people=2"]).parameters.people == 2
        with pytest.raises(StudyError, match=r"unknown, walk\.py:Free has people; did you mean"):
            load_study(study_file, ["people=2", "parameters.peple=3"])


class TestFingerprint:
    def test_is_of_the_text_and_of_what_it_imports_from_beside_it(self, study_file):
        walk, steps = study_file.with_name("walk.py"), study_file.with_name("steps.py")
        seen = {fingerprint(walk)}
        for path, text in (
            (steps, "LENGTH = 2.0\n"),
            (steps, "from lengths import LENGTH\n"),
            (steps.with_name("lengths.py"), "LENGTH = 2.0\n"),
            (steps.with_name("lengths.py"), "LENGTH = 3.0\n"),
            (walk, WALK + "\n"),
        ):
            path.write_text(text, encoding="utf-8")
            seen.add(fingerprint(walk))
        assert len(seen) == 6
        before = fingerprint(walk)
        steps.with_name("unrelated.py").write_text("LENGTH = 2.0\n", encoding="utf-8")
        assert fingerprint(walk) == before

    def test_circles_end(self, tmp_path):
        (tmp_path / "one.py").write_text("import two\n", encoding="utf-8")
        (tmp_path / "two.py").write_text("import one\nfrom . import three\n", encoding="utf-8")
        assert len(fingerprint(tmp_path / "one.py")) == 64

    def test_is_of_all_modules_of_a_folder_that_it_imports_from(self, tmp_path):
        (tmp_path / "gait").mkdir()
        path = tmp_path / "walk.py"
        path.write_text("from gait.steps import LENGTH\n", encoding="utf-8")
        seen = set()
        for name, text in (("__init__", ""), ("steps", "LENGTH = 1"), ("steps", "LENGTH = 2")):
            (tmp_path / "gait" / f"{name}.py").write_text(text, encoding="utf-8")
            seen.add(fingerprint(path))
        assert len(seen) == 3
        assert module_at(path).LENGTH == 2
        (tmp_path / "gait" / "steps.py").write_text("LENGTH = 3", encoding="utf-8")
        assert module_at(path).LENGTH == 3

    def test_packages_of_ours_are_never_loaded_anew(self, tmp_path):
        import swarm

        (tmp_path / "swarm").mkdir()
        (tmp_path / "swarm" / "__init__.py").write_text("", encoding="utf-8")
        path = tmp_path / "mine.py"
        path.write_text("import swarm\n", encoding="utf-8")
        before = fingerprint(path)
        assert module_at(path).swarm is swarm
        (tmp_path / "swarm" / "__init__.py").write_text("x = 1\n", encoding="utf-8")
        assert (fingerprint(path), sys.modules["swarm"]) == (before, swarm)

    def test_a_file_is_run_once(self, tmp_path):
        (tmp_path / "noted.py").write_text("seen = []\n", encoding="utf-8")
        module_at(tmp_path / "noted.py").seen.append(1)
        assert module_at(tmp_path / "noted.py").seen == [1]


class TestFilesBeside:
    """What a file imports is what stands beside it now, whatever the process has loaded before."""

    @pytest.fixture
    def two(self, tmp_path):
        """Two folders with the same names in them, and other steps."""
        for name, length in (("one", 1.0), ("two", 100.0)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "walk.py").write_text(WALK, encoding="utf-8")
            (tmp_path / name / "steps.py").write_text(f"LENGTH = {length}\n", encoding="utf-8")
        return tmp_path / "one" / "walk.py", tmp_path / "two" / "walk.py"

    def test_the_same_names_in_two_folders(self, two):
        for path, length in zip((*two, *two), (1.0, 100.0) * 2, strict=True):
            assert length == module_at(path).LENGTH
        spread = []
        for path in two:
            study = load_study(f"{path}:Walk", ["people=5", "ticks=3"])
            world = study.prepare().world
            world.step()
            spread.append(world.measures()["spread"])
        assert spread[1] == pytest.approx(100 * spread[0])

    def test_another_file_of_the_second_folder(self, two):
        """Neither is what it imports taken from the folder that was loaded first or last."""
        for order in (two, two[::-1]):
            for path in order:
                other = path.with_name("other.py")
                text = f"import steps\nimport gaits_{path.parent.name}\n"
                other.write_text(text, encoding="utf-8")
                gaits = path.with_name(f"gaits_{path.parent.name}.py")
                gaits.write_text("from steps import LENGTH\n", encoding="utf-8")
                module_at(path)
            for path, length in zip(two, (1.0, 100.0), strict=True):
                assert length == module_at(path.with_name("other.py")).steps.LENGTH

    def test_two_files_share_what_they_import(self, two):
        other = two[0].with_name("other.py")
        other.write_text("import steps\n", encoding="utf-8")
        module_at(two[0])
        steps = sys.modules["steps"]
        assert module_at(other).steps is steps

    @pytest.mark.parametrize("between", [False, True])
    def test_an_edited_one_is_loaded_anew(self, two, between, monkeypatch):
        """Even in the same second, with as many bytes, and behind another file."""
        monkeypatch.setattr(sys, "dont_write_bytecode", False)
        path = two[0]
        steps = path.with_name("steps.py")
        if between:
            steps.write_text("from lengths import LENGTH\n", encoding="utf-8")
            steps = path.with_name("lengths.py")
        for length in (1.0, 2.0, 3.0):
            steps.write_text(f"LENGTH = {length}\n", encoding="utf-8")
            assert length == module_at(path).LENGTH
        assert not list(path.parent.rglob("*.pyc"))
        assert not sys.dont_write_bytecode

    def test_a_file_that_becomes_a_folder(self, two):
        path = two[0]
        assert module_at(path).LENGTH == 1.0
        path.with_name("steps.py").unlink()
        path.with_name("steps").mkdir()
        (path.with_name("steps") / "__init__.py").write_text("LENGTH = 7.0\n", encoding="utf-8")
        assert module_at(path).LENGTH == 7.0

    def test_an_installed_package_stands_before_a_file_beside(self, two):
        path = two[0]
        path.write_text("import click\n", encoding="utf-8")
        path.with_name("click.py").write_text("mine = True\n", encoding="utf-8")
        assert not hasattr(module_at(path).click, "mine")

    def test_what_is_loaded_stays_loaded_if_its_edit_raises(self, two):
        path = two[0]
        before = module_at(path)
        path.write_text("1 / 0\n", encoding="utf-8")
        with pytest.raises(ZeroDivisionError):
            module_at(path)
        assert sys.modules[before.__name__] is before


class TestSweeps:
    def table(self, study_file, tmp_path, **where):
        name = "-".join(map(str, where.values()))
        return sweep(
            study_file, {"people": [3, 5]}, replicates=2, out=tmp_path, name=name, **where
        ).table

    def test_of_a_relative_path_in_processes(self, study_file, tmp_path, monkeypatch):
        here = table = self.table(study_file, tmp_path, executor="in-place")
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        table = self.table(Path("..") / study_file.name, tmp_path, executor="pool", workers=2)
        assert (table["status"] == "done").all()
        assert table.equals(here)

    @pytest.mark.slow
    def test_on_ray(self, study_file, tmp_path):
        pytest.importorskip("ray", reason="the extra cluster")
        here = self.table(study_file, tmp_path, executor="in-place")
        assert self.table(study_file, tmp_path, executor="ray", workers=2).equals(here)

    def test_a_file_that_is_edited_before_a_trial_begins_is_not_measured(self, study_file):
        study = load_study(study_file, ["ticks=2"]).resolved()
        payload = payload_of(study, source_of(study), examine=False)
        assert "spread" in live(payload, {})["measures"]
        study_file.with_name("steps.py").write_text("LENGTH = 2.0\n", encoding="utf-8")
        assert live(payload, {}) == {"changed": study.model}

    def test_of_an_edited_file_its_trials_are_others(self, study_file, tmp_path):
        before = self.table(study_file, tmp_path, executor="in-place")
        study_file.with_name("steps.py").write_text("LENGTH = 2.0\n", encoding="utf-8")
        after = self.table(study_file, tmp_path, executor="in-place")
        assert not set(before["trial"]) & set(after["trial"])
        assert (before["spread"] * 2).to_numpy() == pytest.approx(after["spread"].to_numpy())


class TestRuns:
    @pytest.fixture
    def finished(self, study_file, tmp_path):
        return run(load_study(study_file), tmp_path / "runs")

    def test_a_run_and_one_resumed_are_the_same_bytes(self, finished, study_file, tmp_path):
        stopped = run(load_study(study_file), tmp_path / "again")
        (stopped.path / "results.json").unlink()
        (stopped.path / "report.html").unlink()
        for path in stopped.checkpoints[:1]:
            path.unlink()
        resumed = resume(stopped.path)
        for name in ("metrics.parquet", "results.json", "study.toml"):
            assert (resumed.path / name).read_bytes() == (finished.path / name).read_bytes()
        assert finished.manifest["model"] == fingerprint(study_file.with_name("walk.py"))
        assert "Walkers on a line." in (finished.path / "report.html").read_text("utf-8")
        assert "not drawn" not in (finished.path / "report.html").read_text("utf-8")

    def test_the_past_is_rebuilt(self, finished):
        world = replay(finished, 5)
        assert np.isclose(finished.metrics["spread"][5], world.measures()["spread"], rtol=0)

    @pytest.mark.parametrize("name", ["walk.py", "steps.py"])
    def test_a_changed_file_is_refused(self, finished, study_file, name):
        (finished.path / "results.json").unlink()
        path = study_file.with_name(name)
        path.write_text(path.read_text("utf-8") + "# changed\n", encoding="utf-8")
        done = CliRunner().invoke(main, ["resume", str(finished.path)])
        assert done.exit_code == 2
        assert done.stderr.splitlines() == [
            f"{finished.path}: the model that its study.toml names is no longer what it was when "
            "the run began; put it back as it was, or begin a new run"
        ]
        with pytest.raises(RunError, match="the model that its study"):
            replay(RunFolder(finished.path), 3)

    def test_the_report_of_a_run_whose_file_has_changed(self, finished, study_file):
        study_file.with_name("walk.py").write_text(WALK + "# changed\n", encoding="utf-8")
        done = CliRunner().invoke(main, ["report", str(finished.path)])
        assert done.exit_code == 0, done.output
        html = (finished.path / "report.html").read_text("utf-8")
        assert "The world: not drawn, " in html
        assert "is no longer what it was" in html

    def test_a_run_whose_file_is_gone(self, finished, study_file):
        study_file.with_name("walk.py").unlink()
        done = CliRunner().invoke(main, ["resume", str(finished.path)])
        assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
        assert "but there is no file" in done.stderr
