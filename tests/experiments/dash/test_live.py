"""The run's side: it waits, steps and changes as is wished, and comes to the same bytes again."""

import json
import os
import shutil
import time

import numpy as np
import pytest

from experiments.dash.helm import Helm, WishError
from experiments.running.files import RunError
from experiments.running.folder import RunFolder
from experiments.running.interventions import Interventions, read_interventions
from experiments.running.live import FORSAKEN_S
from experiments.running.replay import replay
from experiments.running.run import resume
from experiments.running.wish import Wish
from experiments.study.control import SteerError
from experiments.study.reading import load_study
from swarm.checkpoint import write_checkpoint
from tests.experiments.dash.watchers import Watcher, living, made, outcome, until
from tests.experiments.small_models import small

STEERABLE = {
    "flocking": {
        "vision": 3.0, "speed": 0.4, "separation": 2.0, "cohere": 0.3, "separate": 0.3, "match": 0.5
    },
    "market": {"fickle": 0.9, "greed": 0.2},
    "schelling": {"radius": 2, "minimum": 6},
    "wolf-sheep": {"sheep_breed": 0.7, "wolf_breed": 0.8},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A run of a small model that has not begun."""
    return made(small("flocking", "output.checkpoint_every=3"), tmp_path)


def test_pause_stops_the_ticks_and_a_step_makes_exactly_one(folder):
    watcher = Watcher(folder)
    watcher.wish("pause")
    with living(folder):
        watcher.at(0)
        for tick in (1, 2):
            watcher.wish("step")
            watcher.at(tick)
            for _ in range(20):
                time.sleep(0.005)
                assert watcher.tick == tick
        assert not folder.checkpoints
        watcher.wish("go")
    assert folder.last_tick == 12
    assert not (folder.path / "live").exists()


def test_several_steps_asked_for_at_once_are_all_made(folder):
    watcher = Watcher(folder)
    watcher.wish("pause")
    with living(folder):
        for _ in range(4):
            watcher.wish("step")
        watcher.at(4)
        time.sleep(0.1)
        assert watcher.tick == 4
        watcher.wish("go")


def test_a_speed_is_kept_to(folder):
    watcher = Watcher(folder)
    watcher.wish("speed", ticks_per_s=50)
    began = time.monotonic()
    with living(folder):
        pass
    assert time.monotonic() - began > 11 / 50  # never faster; how much slower is the machine's


def test_a_dashboard_that_has_gone_stops_nothing(folder):
    watcher = Watcher(folder)
    watcher.wish("pause")
    with living(folder):
        watcher.at(0)
        long_ago = time.time() - FORSAKEN_S - 1
        os.utime(watcher.watching.room / "watched", (long_ago, long_ago))
    assert folder.results is not None


def test_nobody_watches_and_nothing_is_there(folder):
    resume(folder.path)
    assert not (folder.path / "live").exists()
    assert not (folder.path / "interventions.jsonl").exists()
    assert "steered" not in folder.results


@pytest.mark.parametrize("name", ["wolf-sheep", "tiny"])
def test_a_run_that_is_watched_gives_the_same_bytes(name, tmp_path, tiny):
    study = load_study(tiny) if name == "tiny" else small(name)
    unwatched = made(study, tmp_path / "unwatched")
    resume(unwatched.path)
    watched = made(study, tmp_path / "watched")
    watcher = Watcher(watched)
    watcher.wish("pause")
    seen = set()
    with living(watched):
        for tick in range(6):
            watcher.at(tick)
            seen.add(tick)
            watcher.wish("step")
        watcher.wish("go")
    assert seen == set(range(6))
    assert outcome(watched) == outcome(unwatched)


def steer(folder):
    """Live a run that is steered twice on its way."""
    watcher = Watcher(folder)
    watcher.wish("pause")
    with living(folder):
        watcher.at(0)
        until(lambda: (watcher.watching.room / "controls.json").exists())
        for tick, name, value in ((0, "speed", 2.5), (4, "cohere", 0.5), (5, "speed", 1.5)):
            while watcher.tick < tick:
                seen = watcher.tick
                watcher.wish("step")
                watcher.at(seen + 1)
            watcher.wish("set", name=name, value=value)
            made_it = {"tick": tick, "set": {name: value}}
            until(lambda made_it=made_it: made_it in recorded(folder), "the intervention")
        watcher.wish("go")
    return outcome(folder)


def recorded(folder):
    path = folder.path / "interventions.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_what_is_changed_is_recorded_and_done_again(folder, tmp_path):
    steered = steer(folder)
    assert [each["tick"] for each in recorded(folder)] == [0, 4, 5]
    assert folder.results["steered"] == recorded(folder)
    assert "What was changed on the way" in (folder.path / "report.html").read_text("utf-8")

    again = made(folder.study, tmp_path / "again")  # undisturbed, and nobody watches
    shutil.copy(folder.path / "interventions.jsonl", again.path)
    resume(again.path)
    assert outcome(again) == steered

    alone = made(folder.study, tmp_path / "alone")
    resume(alone.path)
    assert outcome(alone)["metrics.parquet"] != steered["metrics.parquet"]

    for tick in (3, 4, 6, 12):
        replay(folder, tick)  # compares every row with the record


def test_a_replay_without_the_interventions_is_not_the_past(folder):
    steer(folder)
    (folder.path / "interventions.jsonl").unlink()
    with pytest.raises(ValueError, match="tick 1: order of metrics"):
        replay(folder, 2)


@pytest.mark.parametrize("name", STEERABLE)
def test_every_lever_of_a_model_is_read_every_tick_and_kept_by_no_checkpoint(name, tmp_path):
    study = small(name, "ticks=12")
    assert {control.name for control in study.prepare().controls()} == STEERABLE[name].keys()
    untouched = lived(study, tmp_path, {})
    for lever, value in STEERABLE[name].items():
        steered = lived(study, tmp_path, {lever: value})
        assert steered != untouched, lever
        assert lived(study, tmp_path, {lever: value}, stop=8) == steered, lever


def test_every_lever_of_reasoning_agents_too(tmp_path, facts):
    from experiments.reasoning.steering import STEERABLE as NAMES
    from tests.experiments.conftest import write_study

    every = '["reputation", "royalties", "bankruptcy", "companies"]'
    changes = [f"economy.systems={every}", "memory.replicas=2", "selection.every=2"]
    study = load_study(write_study(tmp_path, facts), changes)
    experiment = study.prepare()
    assert [control.name for control in experiment.controls()] == list(NAMES)
    given = {}
    for control in experiment.controls():
        high = control.high if control.high is not None else control.value + 1
        given[control.name] = (
            min(control.value + 1, high) if control.whole else (control.value + high) / 2
        )
        if given[control.name] == control.value:
            given[control.name] = control.low
    given["economy.endowment"] = 10**6
    steered = lived(study, tmp_path, given)
    assert steered != lived(study, tmp_path, {})
    assert lived(study, tmp_path, given, stop=6) == steered
    for control in experiment.controls():
        experiment.steer(control.name, given[control.name])
    assert {control.name: control.value for control in experiment.controls()} == given


def lived(study, tmp_path, changes, stop=None):
    """Bytes of the world at the end, steered after tick 4; taken up at a checkpoint if it stops."""
    folder = tmp_path / f"lived-{time.monotonic_ns()}"
    folder.mkdir()
    line = json.dumps({"tick": 4, "set": changes}) + "\n"
    (folder / "interventions.jsonl").write_text(line if changes else "")

    def live(experiment, until_tick):
        interventions = Interventions(folder)
        while experiment.world.steps < until_tick:
            interventions.catch_up(experiment)
            experiment.world.step()
        path = folder / "world.ckpt"
        experiment.world.save(path)
        return path

    experiment = study.prepare()
    end = min(study.ticks, 12)
    if stop is not None:
        saved = live(experiment, stop)
        experiment = study.prepare()
        experiment.world.load(saved)
    return live(experiment, end).read_bytes()


def test_values_outside_the_bounds_are_refused_and_leave_no_trace(folder):
    experiment = folder.study.prepare()
    interventions = Interventions(folder.path)
    for value in (0, -1.0, "fast", True, None, float("nan"), float("inf")):
        with pytest.raises(SteerError, match=r"vision: got .*, allowed is a number more than 0"):
            interventions.add(experiment, {"speed": 3.0, "vision": value})
    with pytest.raises(SteerError, match=r"birds: cannot be changed .*; vision, speed"):
        interventions.add(experiment, {"birds": 3})
    assert experiment.world.speed == 1.0
    assert read_interventions(folder.path) == []
    assert not (folder.path / "interventions.jsonl").exists()


def test_a_wish_that_the_run_refuses_is_told(folder):
    watcher = Watcher(folder)
    watcher.wish("pause")
    with living(folder):
        watcher.at(0)
        until(lambda: (watcher.watching.room / "controls.json").exists())
        watcher.wish("set", name="vision", value=0)  # the bound itself is excluded
        refused = until(watcher.watching.refused, "the refusal")
        assert "vision: got 0, allowed is a number more than 0" in refused["text"]
        watcher.wish("go")
    assert recorded(folder) == []


def test_a_line_that_was_cut_short_is_no_intervention(folder):
    path = folder.path / "interventions.jsonl"
    path.write_text('{"tick": 2, "set": {"speed": 2.0}}\n{"tick": 3, "se')
    assert [each.tick for each in read_interventions(folder.path)] == [2]
    experiment = folder.study.prepare()
    interventions = Interventions(folder.path)
    for _ in range(3):
        interventions.catch_up(experiment)
        experiment.world.step()
    assert experiment.world.speed == 2.0
    interventions.add(experiment, {"speed": 3.0})
    assert recorded(folder)[-1] == {"tick": 3, "set": {"speed": 3.0}}
    assert len(recorded(folder)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "{}\n",
        "no\n",
        '{"tick": -1, "set": {}}\n',
        '{"tick": 3, "set": {}}\n{"tick": 2, "set": {}}\n',
    ],
)
def test_damage_is_told(folder, text):
    (folder.path / "interventions.jsonl").write_text(text)
    with pytest.raises(RunError, match=r"interventions.jsonl:\d: damaged"):
        resume(folder.path)


def test_an_intervention_that_is_not_allowed_any_more_is_told(folder):
    (folder.path / "interventions.jsonl").write_text('{"tick": 1, "set": {"vision": -1}}\n')
    with pytest.raises(RunError, match="tick 1: vision: got -1"):
        resume(folder.path)


def test_a_run_that_lives_its_past_again_heeds_nothing_new_until_it_is_there(folder):
    (folder.path / "interventions.jsonl").write_text('{"tick": 6, "set": {"speed": 2.0}}\n')
    watcher = Watcher(folder)
    watcher.wish("pause")
    (watcher.watching.room / "controls.json").write_text(
        json.dumps({"controls": [{"name": "speed", "whole": False, "low": None, "high": None}]})
    )
    watcher.wish("set", name="speed", value=3.0)
    with living(folder):
        for tick in range(1, 7):
            watcher.wish("step")
            watcher.at(tick)
        until(lambda: len(recorded(folder)) == 2, "the second intervention")
        watcher.wish("go")
    assert recorded(folder) == [
        {"tick": 6, "set": {"speed": 2.0}},
        {"tick": 6, "set": {"speed": 3.0}},
    ]


@pytest.mark.parametrize(
    "wish",
    [
        {"do": "dance"},
        {},
        {"do": ["pause"]},
        {"do": "speed", "ticks_per_s": 0},
        {"do": "speed", "ticks_per_s": True},
        {"do": "speed", "ticks_per_s": "fast"},
        {"do": "set", "name": "speed", "value": "1"},
        {"do": "set", "name": "nothing", "value": 1},
        {"do": "set", "name": ["speed"], "value": 1},
        {"do": "set", "name": "minimum", "value": 1.5},
        {"do": "set", "name": "minimum", "value": -1},
        {"do": "set", "name": "minimum", "value": 6},
        {"do": "set", "name": "minimum", "value": float("nan")},
    ],
)
def test_wishes_that_cannot_be_granted_change_nothing(tmp_path, wish):
    speed = {"name": "speed", "whole": False, "low": None, "high": None}
    minimum = {"name": "minimum", "whole": True, "low": 0.0, "high": 5.0}
    (tmp_path / "controls.json").write_text(json.dumps({"controls": [speed, minimum]}))
    helm = Helm(tmp_path)
    with pytest.raises(WishError):
        helm.heed(wish)
    assert helm.wish == Wish()
    assert not (tmp_path / "wish.json").exists()


def test_the_pause_of_a_dashboard_that_died_is_over_for_the_next(folder):
    watcher = Watcher(folder)
    watcher.wish("pause")
    assert Helm(watcher.watching.room).wish.paused  # another one, while the first lives
    os.utime(watcher.watching.room / "watched", (1, 1))
    assert not Helm(watcher.watching.room).wish.paused


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"serial": 1}', '{"serial": "x"}', "\0"])
def test_a_wish_that_is_none_is_passed_over(folder, text):
    watcher = Watcher(folder)
    (watcher.watching.room / "wish.json").write_text(text)
    with living(folder):
        pass
    assert RunFolder(folder.path).results is not None


def test_checkpoints_know_nothing_of_watching(folder, tmp_path):
    experiment = folder.study.prepare()
    before, after = tmp_path / "before.ckpt", tmp_path / "after.ckpt"
    write_checkpoint(before, experiment.world.state())
    experiment.steer("speed", 9.0)
    write_checkpoint(after, experiment.world.state())
    assert before.read_bytes() == after.read_bytes()
    assert np.isclose(experiment.controls()[1].value, 9.0)
