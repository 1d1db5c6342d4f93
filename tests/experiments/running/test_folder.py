"""Run folders: whole files or none, the same bytes however often a run is cut."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.running.files import RunError
from experiments.running.folder import RunFolder, tick_of
from experiments.running.manifest import changes_since
from experiments.study.reading import load_study
from swarm import CheckpointError


@pytest.fixture
def study(study_file):
    return load_study(study_file, ["world.generations=3"]).resolved()


@pytest.fixture
def experiment(study):
    """A fresh one; what it holds is for creating folders, not for living."""
    return study.prepare()


@pytest.fixture
def folder(experiment, tmp_path):
    return RunFolder.create(experiment, tmp_path / "runs")


class Cut(BaseException):
    """Stands for a process that ends here and now."""


def live(folder, every=2, until=None, said=None):
    """A run without its examination: from the last checkpoint to the merged tables."""
    study = folder.study
    with folder.claimed():
        experiment = study.prepare()
        world = experiment.world
        folder.rewind(world, (said if said is not None else []).append)
        while world.steps < (until or study.ticks):
            world.step()
            if world.steps % every == 0 or world.steps == study.ticks:
                folder.save(experiment)
        if world.steps == study.ticks:
            folder.merge()
    return outcome(folder)


def outcome(folder):
    """What has to be the same bytes for the same study."""
    paths = [*folder.path.glob("*.parquet"), *folder.checkpoints[:1]]
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture
def uncut(experiment, tmp_path):
    """The outcome of a run that nothing disturbed."""
    return live(RunFolder.create(experiment, tmp_path / "uncut"))


class TestCreate:
    def test_what_is_in_a_new_folder(self, folder, study):
        assert folder.path.name == "tiny-3"
        assert {path.name for path in folder.path.iterdir()} == {
            "study.toml",
            "manifest.json",
            "checkpoints",
        }
        assert folder.study == study
        assert folder.results is None
        assert folder.last_tick == 0

    def test_manifest(self, folder):
        manifest = folder.manifest
        assert manifest["seed"] == 3
        assert manifest["versions"]["numpy"] == np.__version__
        assert {"noosphere", "python"} <= set(manifest["versions"])
        assert {"command", "started", "git", "platform", "cores", "graph"} <= set(manifest)

    def test_changes_since(self, folder):
        assert changes_since(folder.manifest) == []
        manifest = folder.manifest
        manifest["versions"]["numpy"] = "1.0"
        assert changes_since(manifest) == [f"numpy went from 1.0 to {np.__version__}"]

    def test_names_that_are_taken(self, folder, experiment):
        out = folder.path.parent
        names = [RunFolder.create(experiment, out).path.name for _ in range(3)]
        assert names == ["tiny-3-2", "tiny-3-3", "tiny-3-4"]

    def test_nothing_is_left_where_nothing_can_be_made(self, experiment, tmp_path):
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(RunError, match=r"choose another place with --out"):
            RunFolder.create(experiment, tmp_path / "file" / "runs")

    def test_nothing_is_left_of_a_folder_that_could_not_be_filled(
        self, experiment, tmp_path, monkeypatch
    ):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(RunError, match="No space left on device"):
            RunFolder.create(experiment, tmp_path / "runs")
        assert list((tmp_path / "runs").iterdir()) == []


class TestOpen:
    def test_missing(self, tmp_path):
        with pytest.raises(RunError, match=r"nowhere: no such run folder; `noosphere run STUDY`"):
            RunFolder(tmp_path / "nowhere")

    @pytest.mark.parametrize("missing", ["study.toml", "manifest.json"])
    def test_not_a_run(self, folder, missing):
        (folder.path / missing).unlink()
        with pytest.raises(RunError, match=f"not the folder of a run, it holds no {missing}"):
            RunFolder(folder.path)

    def test_one_writer_at_a_time(self, folder):
        with (
            folder.claimed(),
            pytest.raises(RunError, match="another process is at work"),
            RunFolder(folder.path).claimed(),
        ):
            pass
        with RunFolder(folder.path).claimed():
            pass

    def test_leftovers_of_a_killed_process_go(self, folder):
        for place in (folder.path, folder.path / "checkpoints"):
            (place / ".tick-2.ckpt.partial").write_bytes(b"half")
        with folder.claimed():
            assert not list(folder.path.rglob("*.partial"))

    def test_damaged_json(self, folder):
        (folder.path / "results.json").write_text("{", encoding="utf-8")
        with pytest.raises(RunError, match=r"results\.json: damaged"):
            _ = folder.results

    @pytest.mark.parametrize(
        "text", ["{}", "[1]", "3", '{"rows": []}', '{"rows": 3}', '{"rows": [1]}', '{"rows": [{}]}']
    )
    def test_results_that_are_none(self, folder, text):
        (folder.path / "results.json").write_text(text, encoding="utf-8")
        with pytest.raises(RunError, match=r"results\.json: damaged, it should hold rows"):
            _ = folder.results

    @pytest.mark.parametrize("text", ["{}", "[1]", '{"git": null}', '{"git": 1, "versions": 2}'])
    def test_manifest_that_is_none(self, folder, text):
        (folder.path / "manifest.json").write_text(text, encoding="utf-8")
        with pytest.raises(RunError, match=r"manifest\.json: damaged, it should say"):
            _ = folder.manifest

    def test_study_that_has_changed(self, folder):
        path = folder.path / "study.toml"
        text = path.read_text(encoding="utf-8")
        path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
        RunFolder(folder.path).study  # noqa: B018  # an editor's line ends change nothing
        path.write_text(text.replace("agents = 8 ", "agents = 9 "), encoding="utf-8")
        with pytest.raises(RunError, match=r"study\.toml: changed since the run began; put it"):
            RunFolder(folder.path).study  # noqa: B018

    def test_study_of_a_run_from_before_it_was_sealed(self, folder):
        manifest = folder.manifest
        del manifest["study_sha256"]
        (folder.path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        assert RunFolder(folder.path).study.world.agents == 8

    def test_events(self, folder):
        folder.note("unheard")  # not claimed: nowhere to write
        with folder.claimed():
            folder.note("start", tick=4)
        (line,) = (folder.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["event"] == "start"
        assert json.loads(line)["tick"] == 4


class TestTables:
    def test_what_is_in_them(self, folder):
        live(folder)
        metrics = pq.read_table(folder.path / "metrics.parquet").to_pydict()
        assert metrics["tick"] == list(range(1, 7))
        agents = pq.read_table(folder.path / "agents.parquet").to_pydict()
        assert sorted(set(agents["tick"])) == [2, 4, 6]
        assert not (folder.path / "parts").exists()

    def test_two_checkpoints_are_kept(self, folder):
        live(folder)
        assert [tick_of(path) for path in folder.checkpoints] == [6, 4]

    @pytest.mark.parametrize("every", [1, 3, 6])
    def test_how_often_they_are_written_does_not_matter(self, folder, uncut, every):
        assert live(folder, every) == uncut

    @pytest.mark.parametrize("until", [1, 2, 5])
    def test_going_on_gives_the_same_bytes(self, folder, uncut, until):
        live(folder, every=1, until=until)
        assert live(folder) == uncut

    def test_lost_parts_are_noticed(self, folder):
        live(folder, until=4)
        (folder.path / "parts" / "metrics-2.parquet").unlink()
        with pytest.raises(RunError, match=r"parts are missing, 4 of 6 ticks"):
            live(folder)

    def test_damaged_parts_are_noticed(self, folder):
        live(folder, until=4)
        part = folder.path / "parts" / "metrics-2.parquet"
        part.write_bytes(part.read_bytes()[:-20])
        with pytest.raises(RunError, match=r"metrics-2\.parquet: damaged"):
            live(folder)


class TestCuts:
    def test_cut_at_every_change_of_the_disk(self, folder, experiment, uncut, monkeypatch):
        """The n-th rename, deletion or flush never happens; n counts up to the end of the run."""
        for number in range(1, 500):
            cut = RunFolder.create(experiment, folder.path.parent)
            with monkeypatch.context() as patched:
                count = cut_at(patched, number)
                try:
                    live(cut)
                except Cut:
                    pass
                else:
                    break
            assert live(cut) == uncut, f"cut at change {number}"
        assert count["changes"] < number
        assert number > 30

    def test_cut_again_and_again(self, folder, uncut, monkeypatch):
        """Every life of the run is cut a few changes later than the one before."""
        for number in range(1, 60):
            with monkeypatch.context() as patched:
                cut_at(patched, number)
                try:
                    live(folder)
                except Cut:
                    continue
                break
        assert outcome(folder) == uncut

    def test_cut_while_going_back_behind_the_end(self, folder, uncut, monkeypatch):
        """The last checkpoint is lost after the tables were merged, and that is cut as well."""
        live(folder)
        folder.checkpoints[0].write_bytes(b"lost")
        for number in range(1, 500):
            cut = RunFolder(shutil.copytree(folder.path, folder.path.with_name(f"cut-{number}")))
            with monkeypatch.context() as patched:
                cut_at(patched, number)
                try:
                    live(cut)
                except Cut:
                    pass
                else:
                    break
            assert live(cut) == uncut, f"cut at change {number}"
        assert number > 10


def cut_at(patched, number):
    """Raise Cut in place of the n-th change of the disk."""
    count = {"changes": 0}

    def counting(change):
        def wrapped(*arguments, **options):
            count["changes"] += 1
            if count["changes"] == number:
                raise Cut
            return change(*arguments, **options)

        return wrapped

    for name in ("replace", "unlink", "rmdir", "mkdir", "fsync"):
        patched.setattr(os, name, counting(getattr(os, name)))
    return count


class TestDamage:
    def test_the_checkpoint_before_is_used(self, folder, uncut):
        live(folder, until=5, every=1)
        newest = folder.checkpoints[0]
        newest.write_bytes(newest.read_bytes()[:1000])
        said = []
        assert live(folder, said=said) == uncut
        (line,) = said
        assert "tick-5.ckpt: damaged" in line
        assert line.endswith("going on from tick 4")

    @pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
    def test_wherever_it_was_truncated(self, folder, share):
        live(folder, until=4)
        newest = folder.checkpoints[0]
        newest.write_bytes(newest.read_bytes()[: int(share * newest.stat().st_size)])
        said = []
        live(folder, until=4, said=said)
        assert len(said) == 1

    def test_files_that_are_none_of_ours(self, folder, uncut):
        live(folder, until=4)
        checkpoint, part = folder.checkpoints[0], folder.path / "parts" / "metrics-4.parquet"
        for name in ("tick-x.ckpt", "tick-4 copy.ckpt", "tick-4 5.ckpt", "tick-.ckpt", "a.ckpt"):
            shutil.copy(checkpoint, checkpoint.with_name(name))
        for name in ("metrics-x.parquet", "metrics-4 copy.parquet", "old-9.parquet", "b.parquet"):
            shutil.copy(part, part.with_name(name))
        assert [path.name for path in folder.checkpoints] == ["tick-4.ckpt", "tick-2.ckpt"]
        assert folder.last_tick == 4
        assert live(folder) == uncut

    @pytest.mark.parametrize("columns", [{"tock": [1, 2]}, {"tick": [3, 4]}])
    def test_parts_of_something_else(self, folder, columns):
        live(folder, until=4)
        pq.write_table(pa.table(columns), folder.path / "parts" / "metrics-4.parquet")
        with pytest.raises(RunError, match=r"it has no column tick|differ in their columns"):
            live(folder)

    def test_none_can_be_read(self, folder):
        live(folder, until=5, every=1)
        for path in folder.checkpoints:
            path.write_bytes(b"")
        with pytest.raises(
            CheckpointError, match=r"tick-5\.ckpt: damaged.*begin it anew"
        ) as caught:
            live(folder)
        assert "\n" not in str(caught.value)

    def test_end_lost_after_the_tables_were_merged(self, folder, uncut):
        live(folder)
        folder.checkpoints[0].write_bytes(b"")
        assert live(folder) == uncut

    def test_the_damaged_file_is_kept(self, folder):
        live(folder, until=4)
        folder.checkpoints[0].write_bytes(b"precious")
        live(folder)
        assert Path(folder.path / "checkpoints" / "tick-4.ckpt.damaged").read_bytes() == b"precious"
