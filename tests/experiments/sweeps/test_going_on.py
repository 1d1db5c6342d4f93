"""A sweep that is stopped anywhere, runs anywhere, grows, and fails in places."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.executors import executor_of
from experiments.sweeps import (
    SweepError,
    SweepFolder,
    SweepStopped,
    TrialFailedError,
    identity as identity_module,
    resume_sweep,
    sweep,
)
from experiments.sweeps.journal import Journal
from experiments.sweeps.progress import SweepProgress

VARY = {"people": [20, 30, 40], "wealth": {"low": 1, "high": 5}}
PLAN = {"changes": ["ticks=10"], "design": "random", "trials": 8, "replicates": 2}


def lines_of(folder):
    return (folder / "trials.jsonl").read_bytes().splitlines(keepends=True)


def table_of(folder):
    return (folder / "trials.parquet").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A sweep from beginning to end: not to be changed."""
    out = tmp_path_factory.mktemp("undisturbed")
    return sweep("boltzmann", VARY, out=out, executor="in-place", **PLAN).path


@pytest.fixture
def copy(undisturbed, tmp_path):
    return shutil.copytree(undisturbed, tmp_path / undisturbed.name)


VARIED = ["--vary", "people=300,400", "--vary", "wealth=1,2", "--set", "ticks=150"]


class TestStopped:
    def test_killed_then_interrupted(self, tmp_path, command):
        """What had ended is kept, whatever stops the command; Ctrl-C says how to go on."""
        said = [command, "sweep", "boltzmann", *VARIED, "--replicates", "12", "--any-code"]
        folder = tmp_path / "runs" / "boltzmann-people-wealth"
        options = {"cwd": tmp_path, "stderr": subprocess.PIPE, "text": True}
        for least, how in ((3, signal.SIGKILL), (20, signal.SIGINT)):
            process = subprocess.Popen([*said, "--executor", "in-place"], **options)
            stop_when(process, folder / "trials.jsonl", least, how)
            errors = process.communicate()[1]
            assert process.returncode == {signal.SIGKILL: -9, signal.SIGINT: 130}[how]
        before = [line for line in lines_of(folder) if line.endswith(b"\n")]
        assert 20 <= len(before) < 48
        (line,) = errors.splitlines()[-1:]
        known = len(SweepFolder(folder).table)
        assert known in (len(before) - 1, len(before)), "but for one that was just being written"
        assert line == (
            f"stopped; {known} trials are finished; to go on: "
            "noosphere sweep runs/boltzmann-people-wealth"
        )
        resume_sweep(folder, executor="in-place", any_code=True)
        after = lines_of(folder)
        assert after[: len(before)] == before
        ids = [json.loads(line)["trial"] for line in after]
        assert len(ids) == len(set(ids)) == 48
        # But for the ids, so that nobody who edits the code meanwhile is in the way.
        one, two = SweepFolder(folder).table, SweepFolder(whole_of(tmp_path)).table
        assert one.drop(columns="trial").equals(two.drop(columns="trial"))
        assert not list(folder.glob(".*"))

    @pytest.mark.slow
    def test_killed_at_random_moments(self, tmp_path, command):
        """The command, or one of its workers, ten times."""
        said = [command, "sweep", "boltzmann", *VARIED, "--replicates", "12", "--workers", "2"]
        folder, rng = tmp_path / "runs" / "boltzmann-people-wealth", random.Random(1)
        for time_ in range(10):
            process = subprocess.Popen(said, cwd=tmp_path, stderr=subprocess.DEVNULL)
            if time_ % 2:
                stop_when(process, folder / "trials.jsonl", 4 * time_, signal.SIGKILL)
            else:
                time.sleep(rng.uniform(0.5, 4))
                for worker in rng.sample(children := children_of(process.pid), len(children) // 2):
                    os.kill(worker, signal.SIGKILL)
                time.sleep(rng.uniform(0, 0.5))
                process.kill()
            process.wait()
        resume_sweep(folder, executor="in-place")
        assert table_of(folder) == table_of(whole_of(tmp_path))
        assert len({id_of(line) for line in lines_of(folder)}) == len(lines_of(folder)) == 48

    def test_interrupted_in_a_call(self, tmp_path):
        class Impatient(SweepProgress):
            def trial(self, labels, entry, rows=1):
                raise KeyboardInterrupt

        options = {"out": tmp_path, "executor": "in-place", **PLAN}
        with pytest.raises(SweepStopped, match="to go on: noosphere sweep") as stopped:
            sweep("boltzmann", VARY, progress=Impatient(), **options)
        folder = stopped.value.folder
        assert len(lines_of(folder.path)) == len(folder.table) > 0

    def test_a_full_disk(self, undisturbed, copy):
        """A line that found no room is taken off; the rest is kept, and goes on."""
        whole = lines_of(undisturbed)
        (copy / "trials.jsonl").write_bytes(b"".join(whole[:4]))
        room = sum(map(len, whole[:6])) + 30
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            done = CliRunner().invoke(main, ["sweep", str(copy), "--executor", "in-place"])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert done.exit_code == 2, done.exception
        assert len(done.stderr.splitlines()) == 1
        assert (copy / "trials.jsonl").stat().st_size <= room
        resume_sweep(copy, executor="in-place")
        assert sorted(map(id_of, lines_of(copy))) == sorted(map(id_of, whole))
        assert table_of(copy) == table_of(undisturbed)

    def test_what_is_told_is_written(self, tmp_path):
        """Whoever hears of a trial finds it in the journal."""
        path, seen = tmp_path / "boltzmann-people-wealth", []

        class Reader(SweepProgress):
            def trial(self, labels, entry, rows=1):
                seen.append(entry.trial)
                assert set(seen) <= {id_of(line) for line in lines_of(path)}

        sweep("boltzmann", VARY, out=tmp_path, executor="in-place", progress=Reader(), **PLAN)
        assert seen == [id_of(line) for line in lines_of(path)]

    def test_cut_at_any_byte(self, undisturbed, copy):
        """A torn last line is taken off, its trial run again, and no other."""
        whole = lines_of(undisturbed)
        text = b"".join(whole)
        last = len(text) - len(whole[-1])
        for cut in (
            0,
            1,
            len(whole[0]) - 1,
            len(whole[0]),
            last - 1,
            last,
            last + 1,
            len(text) - 1,
        ):
            (copy / "trials.jsonl").write_bytes(text[:cut])
            (copy / "trials.parquet").unlink(missing_ok=True)
            resume_sweep(copy, executor="in-place")
            kept = text[:cut].count(b"\n")
            now = lines_of(copy)
            assert now[:kept] == whole[:kept]
            assert [json.loads(line)["trial"] for line in now] == [
                json.loads(line)["trial"] for line in whole
            ]
            assert table_of(copy) == table_of(undisturbed)

    def test_finished_is_not_run_again(self, undisturbed, copy):
        journal = (copy / "trials.jsonl").read_bytes()
        resume_sweep(copy, executor="in-place")
        again = sweep("boltzmann", VARY, out=copy.parent, executor="in-place", **PLAN)
        assert again.path == copy
        assert (copy / "trials.jsonl").read_bytes() == journal
        assert table_of(copy) == table_of(undisturbed)

    def test_a_damaged_line_is_refused(self, copy):
        lines = lines_of(copy)
        (copy / "trials.jsonl").write_bytes(b"".join([lines[0], b"{}\n", *lines[2:]]))
        with pytest.raises(SweepError, match=r"trials.jsonl:2: damaged.*delete the line"):
            resume_sweep(copy, executor="in-place")
        (copy / "trials.jsonl").write_bytes(b"".join([lines[0], *lines[2:]]))
        resume_sweep(copy, executor="in-place")
        assert sorted(map(id_of, lines_of(copy))) == sorted(map(id_of, lines))

    def test_one_at_a_time(self, copy):
        with (
            Journal(copy / "trials.jsonl").claimed(),
            pytest.raises(SweepError, match="another process is at work on this sweep"),
        ):
            resume_sweep(copy, executor="in-place")


def id_of(line):
    return json.loads(line)["trial"]


@pytest.fixture(scope="module")
def pool():
    with executor_of("pool", 2) as executor:
        yield executor


def stop_when(process, journal, least, how):
    """Send a signal once so many trials stand in the journal."""
    while process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") >= least:
            process.send_signal(how)
            return
        time.sleep(0.001)


def children_of(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def whole_of(tmp_path):
    """The same sweep, undisturbed."""
    vary = {"people": [300, 400], "wealth": [1, 2]}
    options = {"changes": ["ticks=150"], "replicates": 12, "executor": "in-place"}
    return sweep("boltzmann", vary, out=tmp_path / "whole", **options).path


class TestAnywhere:
    def test_pool(self, undisturbed, tmp_path, pool):
        found = sweep("boltzmann", VARY, out=tmp_path, executor=pool, **PLAN)
        assert table_of(found.path) == table_of(undisturbed)

    @pytest.mark.slow
    def test_ray(self, undisturbed, tmp_path):
        pytest.importorskip("ray", reason="the extra `cluster` is not installed")
        found = sweep("boltzmann", VARY, out=tmp_path, executor="ray", workers=2, **PLAN)
        assert table_of(found.path) == table_of(undisturbed)

    def test_failures_too(self, tmp_path, planted, pool):
        tables = []
        for place, executor in (("here", "in-place"), ("pool", pool)):
            found = sweep(
                planted,
                {"x": [0.1, 0.9], "fails": ["", "prepare", "live", "exit"]},
                replicates=2,
                out=tmp_path / place,
                executor=executor,
            )
            tables.append(table_of(found.path))
        assert tables[0] == tables[1]
        table = found.table
        assert len(table) == 16
        failed = found.failed
        assert set(failed["parameters.x"]) == {0.9}
        stages = failed.groupby("parameters.fails")["stage"].unique().str.join(" ").to_dict()
        assert stages == {"prepare": "prepare", "live": "live", "exit": "live"}
        (first, second) = failed[failed["parameters.fails"] == "live"]["traceback"]
        assert first == second
        assert 'raise RuntimeError(f"too far' in first
        assert "<object object at 0x...>" in first
        assert failed["height"].isna().all()
        assert table[table["status"] == "done"]["height"].notna().all()
        assert (table[table["status"] == "done"][["stage", "error", "traceback"]] == "").all(None)


class TestGrows:
    def test_more_of_all(self, tmp_path):
        """A grid that has grown is the grid that was large from the beginning."""
        options = {"changes": ["ticks=8"], "executor": "in-place"}
        small = {"people": [20, 40], "wealth": [2]}
        large = {"people": [10, 20, 40], "wealth": [1, 2]}
        grown = tmp_path / "grown"
        sweep("boltzmann", small, replicates=2, out=grown, **options)
        folder = sweep("boltzmann", large, replicates=3, out=grown, **options).path
        whole = sweep("boltzmann", large, replicates=3, out=tmp_path / "whole", **options).path
        assert table_of(folder) == table_of(whole)
        assert len(lines_of(folder)) == len(lines_of(whole)) == 18
        assert SweepFolder(folder).plan.file.replicates == 3

    def test_more_random_trials(self, copy, undisturbed):
        before = pd.read_parquet(undisturbed / "trials.parquet")
        done = len(lines_of(copy))
        larger = {**PLAN, "trials": 11}
        found = sweep("boltzmann", VARY, out=copy.parent, executor="in-place", **larger)
        assert found.table.head(len(before)).equals(before)
        assert lines_of(copy)[:done] == lines_of(undisturbed)
        assert len(found.table) == 22

    def test_latin_hypercubes_do_not(self, tmp_path):
        options = {**PLAN, "design": "latin-hypercube", "out": tmp_path, "executor": "in-place"}
        sweep("boltzmann", VARY, **options)
        with pytest.raises(SweepError, match="a Latin hypercube of 8 are not among those of one"):
            sweep("boltzmann", VARY, **{**options, "trials": 9})


class TestFailing:
    def test_all_others_are_run(self, tmp_path, planted, monkeypatch):
        monkeypatch.chdir(tmp_path)
        said = ["sweep", planted, "--vary", "x=0.9,0.1", "--set", "fails=live", "--replicates", "2"]
        done = CliRunner().invoke(main, [*said, "--executor", "in-place"])
        assert done.exit_code == 1
        assert "2 of 4 trials failed" in done.stderr
        assert "failed (live): RuntimeError: too far" in done.stderr
        (folder,) = (tmp_path / "runs").iterdir()
        table = SweepFolder(folder).table
        assert table["status"].tolist() == ["failed", "failed", "done", "done"]
        again = CliRunner().invoke(main, ["sweep", str(folder), "--executor", "in-place"])
        assert again.exit_code == 1
        assert len(lines_of(folder)) == 4

    def test_fail_fast(self, tmp_path, planted, monkeypatch):
        options = {"changes": ["fails=live"], "replicates": 2, "executor": "in-place"}
        vary = {"x": [0.1, 0.9, 0.2]}
        with pytest.raises(TrialFailedError, match=r"parameters.x=0.9: failed \(live\)") as caught:
            sweep(planted, vary, out=tmp_path, fail_fast=True, **options)
        folder = caught.value.folder
        assert folder.table["status"].tolist() == ["done", "done", "failed"]
        resume_sweep(folder.path, executor="in-place")
        assert folder.table["status"].tolist() == ["done"] * 2 + ["failed"] * 2 + ["done"] * 2
        assert len(lines_of(folder.path)) == 6
        monkeypatch.chdir(tmp_path)
        said = [planted, "--vary", "x=0.9,0.1", "--set", "fails=live", "--fail-fast"]
        done = CliRunner().invoke(main, ["sweep", *said, "--executor", "in-place"])
        assert done.exit_code == 1
        assert "stopped there, as asked" in done.stderr

    def test_a_lost_worker_is_tried_again(self, copy, undisturbed):
        """It says nothing about the trial: the same command runs it once more."""
        lines = lines_of(copy)
        lost = json.loads(lines[3])
        lost |= {"status": "failed", "error": "WorkerDied: killed", "stage": "live", "measures": {}}
        (copy / "trials.jsonl").write_bytes(b"".join(lines[:3]) + json.dumps(lost).encode() + b"\n")
        resume_sweep(copy, executor="in-place")
        assert table_of(copy) == table_of(undisturbed)


class TestCode:
    def test_other_code_is_not_mixed_in(self, copy, undisturbed, monkeypatch):
        lines = lines_of(copy)
        (copy / "trials.jsonl").write_bytes(b"".join(lines[:5]))
        other = []
        for line in lines[:5]:
            said = json.loads(line) | {"code": "0.0.1+old", "trial": "old" + id_of(line)}
            other.append(json.dumps(said).encode() + b"\n")
        (copy / "trials.jsonl").write_bytes(b"".join(other))
        with pytest.raises(SweepError, match=r"changed since 5 of its trials were run.*--any-code"):
            resume_sweep(copy, executor="in-place")
        assert lines_of(copy) == other
        found = resume_sweep(copy, executor="in-place", any_code=True)
        assert sum(found.table["trial"].str.startswith("old")) >= 5
        codes = found.manifest["codes"]
        assert codes["0.0.1+old"] == 5
        assert sum(codes.values()) == len(lines)
        assert found.manifest["any_code"] is True
        whole = pd.read_parquet(undisturbed / "trials.parquet").drop(columns="trial")
        assert found.table.drop(columns="trial").equals(whole)

    def test_ids(self, planted, tmp_path):
        """Each of what a trial is made of changes its id, and nothing else does."""
        from experiments.sweeps import load_sweep
        from experiments.sweeps.replicates import Replicates
        from experiments.sweeps.rounds import Asked

        def ids(*changes, seed=1, name=None):
            plan = load_sweep(planted, {"x": [0.5]}, changes, seed=seed, name=name, replicates=2)
            return [trial.content for trial in Replicates(plan).of(Asked(0, (0.5,)))]

        base = ids()
        assert (
            ids() == ids(name="other") == ids("output.keep=5") == ids("description=other") == base
        )
        assert len({*base, *ids("y=0.1"), *ids("ticks=9"), *ids(seed=2)}) == 8
        one, two = identity_module.trial_id(base[0], "a"), identity_module.trial_id(base[0], "b")
        assert one != two
        file = planted.rpartition(":")[0]
        with open(file, "a", encoding="utf-8") as text:
            text.write("\n# changed\n")
        assert set(ids()).isdisjoint(base)
