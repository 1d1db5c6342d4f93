"""Models as studies: named, changed, refused, lived, cut, resumed and reported as a whole run."""

import base64
import json
import random
import re
import shutil
import signal
import subprocess
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from functools import cache
from html import escape
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pyarrow.parquet as pq
import pytest
from annotated_types import Ge, Lt
from click.testing import CliRunner

from experiments.cli import main
from experiments.model_experiment import figure
from experiments.model_study import CHECKPOINTS, WHOLE_MAX, descriptions, study_of, what_it_is
from experiments.models import MODELS
from experiments.report import write_report
from experiments.run import resume, run
from experiments.store import RunFolder, tick_of
from experiments.study import load_study, study_names, to_toml
from experiments.toml import StudyError
from swarm import Agent, World, column

# Small enough for a run to take a moment, long enough for something to happen.
SMALL = {
    "boltzmann": ["people=40", "ticks=12"],
    "flocking": ["birds=30", "width=20.0", "ticks=12"],
    "forest-fire": ["width=12", "ticks=12"],
    "schelling": ["residents=60", "width=10", "ticks=12"],
    "wolf-sheep": ["sheep=30", "wolves=8", "width=10", "ticks=12"],
}


def small(name, *changes):
    return load_study(name, [*SMALL[name], "seed=4", *changes])


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A whole run of each model, made when it is asked for; not to be changed."""

    @cache
    def lived(name):
        return run(small(name), tmp_path_factory.mktemp("lived"))

    return lived


@pytest.fixture
def damaged(lived, tmp_path):
    """A copy of a run, to be changed."""

    def damaged(name):
        return RunFolder(shutil.copytree(lived(name).path, tmp_path / name))

    return damaged


def refused(source, *overrides):
    """The line that a study is refused with."""
    with pytest.raises(StudyError) as caught:
        load_study(source, overrides).prepare()
    (line,) = str(caught.value).splitlines()
    return line


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.toml"


class Goat(Agent):
    """Somebody to be drawn."""

    heading: np.ndarray = column(np.float64, (2,), 1.0)
    herd: int = 0
    weight: float = 2.5


class Meadow(World):
    """Goats on a meadow.

    They stand there.

    Args:
        goats: how many,
            in all.
        tall: height of the grass: in metres.
        crowded: probability that a goat minds.
        fenced: whether there is a fence.
        seed: of all chance.

    Raises:
        Nothing: ever.
    """

    shown: ClassVar = "herd"

    def __init__(
        self,
        goats: Annotated[int, Ge(2), Lt(9)] = 4,
        tall: float = 0.5,
        crowded: float = 0.1,
        fenced: bool = True,
        seed: int | None = None,
    ):
        super().__init__({Goat: goats}, seed=seed)
        self.odds = crowded

    def measures(self):
        """One that is a number only at the end."""
        return {"odds": self.odds, "late": 1.0 if self.steps > 2 else float("nan")}


@pytest.fixture
def meadow(monkeypatch):
    """A model of one's own, by name."""
    monkeypatch.setitem(MODELS, "meadow", lambda: Meadow)
    study_of.cache_clear()
    yield "meadow"
    study_of.cache_clear()


class TestShipped:
    def test_names(self):
        assert set(SMALL) == set(MODELS) < set(study_names())

    @pytest.mark.parametrize("name", SMALL)
    def test_the_study_is_the_model(self, name):
        study, model = load_study(name), MODELS[name]()
        assert (study.name, study.model, study.seed) == (name, name, 0)
        assert study.ticks == model.ticks
        assert study.description == what_it_is(model)[0]
        ours = study.prepare().world
        theirs = model(seed=0)
        assert type(ours) is model
        for each in theirs.population.names:
            assert np.array_equal(ours.population[each], theirs.population[each], equal_nan=True)

    @pytest.mark.parametrize("name", SMALL)
    def test_every_parameter_is_described(self, name):
        study = load_study(name)
        said = descriptions(MODELS[name]())
        assert set(type(study.parameters).model_fields) == set(said) - {"seed"}
        for key, field in type(study.parameters).model_fields.items():
            assert field.description == said[key]

    @pytest.mark.parametrize("name", SMALL)
    def test_the_toml_of_a_study_is_the_study(self, name, path):
        study = small(name, "output.checkpoint_every=5").resolved()
        path.write_text(to_toml(study), encoding="utf-8")
        assert load_study(path) == study

    @pytest.mark.parametrize("name", SMALL)
    def test_few_checkpoints(self, name):
        study = load_study(name, ["ticks=41"])
        assert study.checkpoint_ticks == study.resolved().output.checkpoint_every == 11
        assert -(-study.ticks // study.checkpoint_ticks) == CHECKPOINTS

    def test_show(self, path):
        shown = CliRunner().invoke(main, ["show", "flocking", "--set", "birds=7"])
        assert re.search(r"^birds = 7 +# how many$", shown.output, re.MULTILINE)
        values = tomllib.loads(shown.output)
        assert values["parameters"]["birds"] == 7
        assert values["output"]["checkpoint_every"] == 25


class TestReading:
    def test_parameters_with_and_without_their_section(self):
        assert load_study("flocking", ["birds=40"]) == load_study(
            "flocking", ["parameters.birds=40"]
        )

    def test_what_is_said_last_holds(self):
        study = load_study("flocking", ["birds=40", "parameters.birds=50"])
        assert study.parameters.birds == 50

    def test_a_file(self, path):
        path.write_text('model = "flocking"\nticks = 7\n[parameters]\nbirds = 40\nwidth = 30\n')
        study = load_study(path, ["speed=2"])
        assert (study.name, study.ticks, study.checkpoint_ticks) == ("mine", 7, 2)
        parameters = study.parameters
        assert (parameters.birds, parameters.width, parameters.speed) == (40, 30.0, 2.0)

    def test_the_model_of_a_file_can_be_changed(self, path):
        path.write_text("seed = 3\n")
        study = load_study(path, ["model=schelling", "residents=50"])
        assert (study.model, study.seed, study.parameters.residents) == ("schelling", 3, 50)


class TestMistakes:
    def test_unknown_parameter_in_a_file(self, path):
        path.write_text('model = "flocking"\n[parameters]\nbrids = 40\n')
        line = refused(path)
        assert line.startswith(f"{path}:3: parameters.brids: unknown, flocking has birds, width, ")
        assert line.endswith("; did you mean 'birds'?")

    def test_parameter_outside_its_section(self, path):
        path.write_text('model = "flocking"\nbirds = 40\n')
        line = refused(path)
        assert line.startswith(f"{path}:2: birds: unknown, a study of flocking has name, ")
        assert line.endswith("[parameters], [output]; it belongs in [parameters]")

    @pytest.mark.parametrize(
        ("override", "said"),
        [
            ("brids=4", "parameters.brids: unknown, flocking has birds, "),
            ("birds=-1", "parameters.birds: got -1, allowed is a whole number at least 0"),
            (
                "birds=1000000000",
                "parameters.birds: got 1000000000, allowed is a whole number "
                "at least 0 and at most 10,000,000 (how many)",
            ),
            ("birds=2.5", "parameters.birds: got 2.5, allowed is a whole number"),
            ("parameters.birds=many", "parameters.birds: got 'many', allowed is a whole number"),
            ("birds=true", "parameters.birds: got True, allowed is a whole number"),
            ("width=nan", "parameters.width: got nan, allowed is a number (of the plane"),
            ("width=wide", "parameters.width: got 'wide', allowed is a number"),
            ("ticks=0", "ticks: got 0, allowed is a whole number at least 1"),
            ("output.checkpoint_every=0", "output.checkpoint_every: got 0, allowed is a whole"),
            ("seed=-1", "seed: got -1, allowed is a whole number at least 0"),
            ("parameters=3", "parameters: got 3, but it is a section: a line [parameters]"),
            ("world.agents=3", "world: unknown, a study of flocking has name, "),
            ("problem.graph=umls", "problem: stands beside model = 'flocking'; a study has a mod"),
            ("model=flokcing", "model: got 'flokcing', allowed is a model that ships (boltzmann"),
            ("model=4", "model: got 4, allowed is a model that ships (boltzmann"),
        ],
    )
    def test_override(self, override, said):
        assert refused("flocking", override).startswith(f"--set {override}: {said}")

    def test_a_whole_number_with_a_lower_bound_alone(self):
        line = refused("boltzmann", f"wealth={WHOLE_MAX + 1}")
        assert "allowed is a whole number at least 1 and at most 10,000,000 (" in line

    def test_probabilities_are_probabilities(self):
        line = refused("wolf-sheep", "sheep_breed=1.5")
        assert "got 1.5, allowed is a number at least 0 and at most 1 (probability that" in line

    def test_a_model_beside_a_problem(self, path):
        path.write_text('model = "flocking"\n[problem]\ngraph = "umls"\n')
        assert refused(path).startswith(f"{path}:2: problem: stands beside model = 'flocking'")

    def test_parameters_without_a_model(self, path):
        path.write_text('[problem]\ngraph = "umls"\n[parameters]\nbirds = 3\n')
        assert refused(path).startswith(f"{path}:3: parameters: unknown, a study has name, ")

    def test_name_that_is_nearly_one(self):
        assert refused("floking").endswith("nor a TOML file; did you mean 'flocking'?")

    @pytest.mark.parametrize(
        ("name", "changes", "said"),
        [
            ("flocking", ["birds=0"], "cannot begin with birds=0: nobody would be there"),
            ("flocking", ["width=0"], "cannot begin with width=0.0: a plane is more than 0 wide"),
            ("schelling", ["residents=101", "width=10"], "residents=101, width=10: 101 agents nee"),
            ("schelling", ["width=0"], "cannot begin with width=0: a grid has at least 1 column"),
            ("wolf-sheep", ["sheep=0", "wolves=0"], "sheep=0, wolves=0: nobody would be there"),
            ("forest-fire", ["density=0"], "cannot begin with density=0.0: nobody would be there"),
        ],
    )
    def test_a_world_that_cannot_be(self, name, changes, said, tmp_path, monkeypatch):
        assert said in refused(name, *changes)
        monkeypatch.chdir(tmp_path)
        overrides = [word for change in changes for word in ("--set", change)]
        done = CliRunner().invoke(main, ["run", name, *overrides])
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{name}: ")
        assert not (tmp_path / "runs").exists()


class TestOwn:
    def test_descriptions(self):
        assert descriptions(Meadow) == {
            "goats": "how many, in all",
            "tall": "height of the grass: in metres",
            "crowded": "probability that a goat minds",
            "fenced": "whether there is a fence",
            "seed": "of all chance",
        }

    def test_bounds_of_the_signature_hold(self, meadow):
        assert load_study(meadow, ["goats=8"]).parameters.goats == 8
        for goats in (1, 9):
            said = f"got {goats}, allowed is a whole number at least 2 and less than 9 (how many"
            assert said in refused(meadow, f"goats={goats}")
        assert "at least 0 and at most 1 (probability" in refused(meadow, "crowded=2")
        assert load_study(meadow, ["tall=-3", "fenced=false"]).parameters.fenced is False

    def test_a_measure_that_is_no_number_at_first(self, meadow, tmp_path):
        folder = run(load_study(meadow, ["ticks=4"]), tmp_path)
        rows = {row["name"]: row for row in folder.results["rows"]}
        assert rows["late"] == {
            "name": "late", "first": None, "last": 1.0, "mean": None, "late_mean": 1.0
        }  # fmt: skip
        assert "NaN" not in (folder.path / "results.json").read_text(encoding="utf-8")
        assert re.search(r"^late +– +1 +– +1$", load_study(meadow).format_results(folder.results), re.M)  # fmt: skip # noqa: E501
        assert len(pictures(folder.path / "report.html")) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3.0, "3"),
        (12345678.0, "12,345,678"),
        (0.123456, "0.1235"),
        (23456.7, "23,457"),
        (None, "–"),
    ],
)
def test_figures(value, words):
    assert figure(value) == words


class TestRun:
    @pytest.mark.parametrize("name", SMALL)
    def test_what_is_recorded_is_what_happens(self, name, lived):
        folder = lived(name)
        world = small(name).prepare().world
        rows = []
        for _ in range(13):
            rows.append({"tick": world.steps, "agents": len(world.agents), **world.measures()})
            world.step()
        table = pq.read_table(folder.path / "metrics.parquet")
        assert table.to_pylist() == rows
        for row in folder.results["rows"]:
            values = table[row["name"]].to_numpy()
            assert (row["first"], row["last"]) == (values[0], values[-1])
            assert row["mean"] == values.mean()
            assert row["late_mean"] == values[10:].mean()
        assert [tick_of(path) for path in folder.checkpoints] == [12, 9]
        assert not (folder.path / "agents.parquet").exists()

    @pytest.mark.parametrize("name", SMALL)
    @pytest.mark.parametrize("until", [1, 7])
    def test_going_on_gives_the_same_bytes(self, name, until, lived, tmp_path):
        cut = RunFolder.create(small(name).prepare(), tmp_path)
        with cut.claimed():
            experiment = cut.study.prepare()
            experiment.look()
            for _ in range(until):
                experiment.world.step()
                experiment.look()
            cut.save(experiment)
        assert outcome(resume(cut.path)) == outcome(lived(name))

    def test_end_lost_after_the_tables_were_merged(self, damaged):
        folder = damaged("wolf-sheep")
        before = outcome(folder)
        (folder.path / "results.json").unlink()
        folder.checkpoints[0].write_bytes(b"")
        assert outcome(resume(folder.path)) == before

    def test_on_the_command_line(self, noosphere, tmp_path):
        changes = ["--set", "birds=30", "--set", "parameters.width=20", "--set", "ticks=20"]
        done = noosphere("run", "flocking", *changes, "--seed", 2, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert lines[0].startswith("flocking · seed 2 · Boids")
        assert lines[1].split() == ["run", "model=flocking", "ticks=20"]
        assert "birds=30 width=20.0 vision=5.0" in lines[2]
        ticks = [line for line in lines if line.startswith("tick ")]
        assert len(ticks) == 10
        assert re.fullmatch(r"tick 20/20 · 30 agents · order [\d.]+", ticks[-1])
        (header,) = (number for number, line in enumerate(lines) if line.startswith("measure"))
        assert lines[header].split() == ["measure", "first", "last", "mean", "late", "mean"]
        assert [line.split()[0] for line in lines[header + 1 : header + 3]] == ["agents", "order"]
        assert lines[-1] == "report: runs/flocking-2/report.html"
        folder = RunFolder(tmp_path / "runs" / "flocking-2")
        assert folder.study == load_study("flocking", [*changes[1::2], "seed=2"]).resolved()
        assert folder.manifest["seed"] == 2

        again = noosphere("resume", folder.path, cwd=tmp_path)
        assert again.returncode == 0
        assert "tick 20" not in again.stdout
        assert lines[header] in again.stdout


def outcome(folder):
    """What has to be the same bytes for the same study."""
    assert folder.results is not None
    files = [folder.path / name for name in ("metrics.parquet", "results.json")]
    return {path.name: path.read_bytes() for path in [*files, folder.checkpoints[0]]}


class TestCut:
    """In processes of their own, as the reasoning studies are in test_resume."""

    CHANGES = ("width=20", "ticks=2000", "seed=6", "output.checkpoint_every=25")

    @pytest.fixture(scope="class")
    def uncut(self, tmp_path_factory):
        study = load_study("wolf-sheep", self.CHANGES)
        return outcome(run(study, tmp_path_factory.mktemp("uncut")))

    @pytest.fixture
    def start(self, command, tmp_path):
        changes = [word for change in self.CHANGES for word in ("--set", change)]

        def start(path: Path):
            words = ["resume", path] if path.exists() else ["run", "wolf-sheep", *changes]
            return subprocess.Popen(
                [command, *map(str, words)],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

        return start

    def test_killed_again_and_again(self, start, uncut, tmp_path):
        path, rng, killed = tmp_path / "runs" / "wolf-sheep-6", random.Random(3), 0
        for _ in range(2):
            process = start(path)
            wait_for_checkpoint(process, path)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
            killed += process.wait(timeout=120) == -signal.SIGKILL
        assert killed
        process = start(path)
        assert process.wait(timeout=120) == 0, process.stderr.read()
        assert outcome(RunFolder(path)) == uncut
        assert len(pictures(path / "report.html")) == 2

    def test_interrupted(self, start, uncut, tmp_path):
        path = tmp_path / "runs" / "wolf-sheep-6"
        process = start(path)
        wait_for_checkpoint(process, path)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130
        assert said.strip().endswith("to go on: noosphere resume runs/wolf-sheep-6")
        assert 0 < RunFolder(path).last_tick < 2000
        assert outcome(resume(path)) == uncut


def wait_for_checkpoint(process, path):
    """Until there is a new one, or the process has ended."""
    before = set(path.glob("checkpoints/*.ckpt"))
    while process.poll() is None and not set(path.glob("checkpoints/*.ckpt")) - before:
        time.sleep(0.0005)


def pictures(path):
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', path.read_text("utf-8"))
    return [ElementTree.fromstring(base64.b64decode(data)) for data in found]


class TestReport:
    @pytest.mark.parametrize("name", SMALL)
    def test_pictures_and_words(self, name, damaged):
        folder = damaged(name)
        html = (folder.path / "report.html").read_text(encoding="utf-8")
        assert len(pictures(folder.path / "report.html")) == 2
        assert "not drawn" not in html
        assert f"<h1>{name}, seed 4</h1>" in html
        for row in folder.results["rows"]:
            assert f"<td>{row['name']}</td>" in html
        assert "<td>versions numpy</td>" in html
        assert "<h2>The model</h2>" in html
        assert f"<p>{escape(what_it_is(MODELS[name]())[1])}</p>" in html
        written = write_report(folder.path).read_text(encoding="utf-8")
        assert written == html

    def test_the_checkpoint_before_is_drawn_if_the_last_is_lost(self, damaged):
        folder = damaged("schelling")
        folder.checkpoints[0].write_bytes(b"")
        html = write_report(folder.path).read_text(encoding="utf-8")
        assert "after tick 9." in html

    @pytest.mark.parametrize(
        ("lost", "said"),
        [
            ("checkpoints/tick-*", "The world: not drawn, there is no checkpoint that can be read"),
            ("manifest.json", "The world: not drawn, "),
            ("metrics.parquet", "Measures: not drawn, metrics.parquet has no measures"),
            ("results.json", "The run has not been examined"),
        ],
    )
    def test_what_is_missing(self, lost, said, damaged):
        folder = damaged("schelling")
        for path in folder.path.glob(lost):
            path.unlink()
        assert said in write_report(folder.path).read_text(encoding="utf-8")

    def test_a_measure_that_tries_to_break_out(self, damaged):
        folder = damaged("boltzmann")
        results = folder.results
        results["rows"][0]["name"] = "<script>"
        (folder.path / "results.json").write_text(json.dumps(results))
        assert "<script" not in write_report(folder.path).read_text(encoding="utf-8")


class TestDamage:
    """A finished run, some of whose files are no longer what they were: a line, no traceback."""

    @pytest.fixture
    def told(self, damaged):
        """The line that a command refuses a run with, one of whose files is changed."""

        def told(command, name, content):
            path = damaged("schelling").path
            (path / name).write_bytes(content((path / name).read_bytes()))
            done = CliRunner().invoke(main, [command, str(path)])
            assert isinstance(done.exception, SystemExit), done.exception
            assert done.exit_code == 2
            (line,) = done.stderr.splitlines()
            assert line.startswith(f"{path / name}:")
            return line.removeprefix(f"{path / name}:")

        return told

    @pytest.mark.parametrize("command", ["report", "resume"])
    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("study.toml", lambda old: old.replace(b"ticks = 12", b"ticks = 10"), "changed since"),
            ("study.toml", lambda old: b"[", "changed since the run began; put it back as it was"),
            ("study.toml", lambda old: b"\xff", "not UTF-8 text"),
            ("metrics.parquet", lambda old: b"PAR1", "damaged"),
            ("metrics.parquet", lambda old: old[:-9], "damaged"),
            ("metrics.parquet", lambda old: old[:4] + bytes(90) + old[94:], "damaged"),
            ("results.json", lambda old: b"{}", "damaged, it should hold rows"),
            ("results.json", lambda old: b"[1]", "damaged, it should hold rows"),
            ("manifest.json", lambda old: b"{}", "damaged, it should say what the run was begun"),
            ("manifest.json", lambda old: b"\xff", "damaged, it should be JSON"),
        ],
    )
    def test_on_the_command_line(self, command, name, content, said, told):
        assert said in told(command, name, content)

    def test_study_of_a_run_from_before_it_was_sealed(self, damaged):
        folder = damaged("boltzmann")
        manifest = folder.manifest
        del manifest["study_sha256"]
        (folder.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (folder.path / "study.toml").write_text("[parameters\n", encoding="utf-8")
        with pytest.raises(StudyError, match=r"study\.toml:1: .*a study is TOML"):
            write_report(folder.path)

    def test_stray_files(self, damaged):
        folder = damaged("schelling")
        before = outcome(folder)
        for name in ("tick-x.ckpt", "tick-5 copy.ckpt"):
            shutil.copy(folder.checkpoints[0], folder.path / "checkpoints" / name)
        for command in ("report", "resume"):
            done = CliRunner().invoke(main, [command, str(folder.path)])
            assert (done.exit_code, done.stderr) == (0, "")
        assert outcome(folder) == before
