"""Unlucky machines and hostile files: whatever lies in `live`, the run goes on as it should."""

import json
import os
import random
import resource
import shutil
import signal
import time
from contextlib import suppress

import pytest

from experiments.dash.helm import Helm, WishError
from experiments.dash.opening import Door
from experiments.dash.watching import Watching, newest_run
from experiments.running import live as live_module
from experiments.running.files import RunError
from experiments.running.folder import RunFolder
from experiments.running.frames.frame import PAUSED, unpack
from experiments.running.interventions import Interventions, read_interventions
from experiments.running.live import Live
from experiments.running.replay import replay
from experiments.running.run import resume
from experiments.running.wish import Wish, read_controls, read_wish
from tests.experiments.dash.watchers import Watcher, forked, made, outcome
from tests.experiments.small_models import small


@pytest.fixture
def folder(tmp_path):
    """A run of a small model that has not begun."""
    return made(small("flocking", "ticks=4"), tmp_path / "runs")


def lives(folder):
    """Live a run as its main loop does, but for what it writes; returns the experiment."""
    experiment = folder.study.prepare()
    experiment.look()
    live = Live(folder.path, experiment)
    live.between(lambda: False)
    while experiment.world.steps < folder.study.ticks:
        time.sleep(live_module.LOOK_S)  # so that it looks after every tick
        experiment.world.step()
        experiment.look()
        live.between(lambda: False)
    return experiment


def wish(**given):
    return json.dumps({"serial": 1, "paused": False, "steps": 0, "set": {}, **given})


NO_WISHES = [
    "[" * 100_000,
    '"' + "x" * 2**21 + '"',
    wish(ticks_per_s=float("nan")),
    wish(ticks_per_s=-1),
    wish(ticks_per_s=[1]),
    wish(paused=1),
    wish(serial="1"),
    wish(set=[]),
    wish(set={}, steps=None),
]
REFUSED = [
    float("nan"),
    float("inf"),
    10**400,
    -(10**400),
    [1],
    {"a": {}},
    "2",
    None,
    True,
    "x" * 9999,
]


@pytest.mark.parametrize("number", range(len(NO_WISHES)))
def test_what_is_no_wish_is_none(folder, number):
    Watching(folder).touch()
    (folder.path / "live" / "wish.json").write_text(NO_WISHES[number])
    assert read_wish(folder.path / "live") is None
    lives(folder)


def test_values_that_no_study_allows_are_refused_and_leave_no_trace(folder):
    for number, value in enumerate(REFUSED):
        Watching(folder).touch()
        (folder.path / "live" / "wish.json").write_text(wish(serial=number, set={"vision": value}))
        assert lives(folder).world.vision == folder.study.prepare().world.vision
        told = read_controls(folder.path / "live")["refused"]["text"]
        assert told.startswith("vision: got")
        assert len(told) <= live_module.TOLD_MAX
    assert read_interventions(folder.path) == []


CONTROLS = [
    "[" * 100_000,
    "[]",
    '{"controls": [], "stepped": "x"}',
    '{"controls": [], "stepped": null}',
    '{"controls": [], "refused": []}',
    '{"controls": 5}',
    '{"controls": [{}]}',
    '{"controls": [{"name": "speed", "whole": 1, "low": null, "high": null}]}',
    '{"controls": [{"name": "speed", "whole": true, "low": "x", "high": null}]}',
]


@pytest.mark.parametrize("number", range(len(CONTROLS)))
def test_damaged_controls_stop_neither_run_nor_dashboard(folder, number):
    watching = Watching(folder)
    watching.touch()
    (watching.room / "controls.json").write_text(CONTROLS[number])
    assert read_controls(watching.room) is None
    assert watching.hello(watching.state._replace(live=True))["controls"] == []
    assert watching.refused() == {}
    with pytest.raises(WishError, match="nothing can be changed"):
        Helm(watching.room).heed({"do": "set", "name": "speed", "value": 1})
    lives(folder)
    assert read_controls(watching.room)["controls"]


def test_what_cannot_be_written_is_not_shown_and_stops_nothing(folder):
    room = folder.path / "live"
    for name in ("frame.bin", "controls.json"):
        (room / name / "full").mkdir(parents=True)
    Watching(folder).touch()
    lives(folder)
    shown = sorted(path.name for path in room.iterdir() if not path.name.startswith("."))
    assert shown == ["controls.json", "frame.bin", "watched"]


def test_a_file_in_the_place_of_the_room_stops_nothing(folder):
    (folder.path / "live").write_text("")
    lives(folder)
    with pytest.raises(WishError, match="the run is not told"):
        Helm(folder.path / "live").heed({"do": "pause"})


def test_a_pipe_in_the_place_of_a_wish_keeps_nobody_waiting(folder):
    Watching(folder).touch()
    os.mkfifo(folder.path / "live" / "wish.json")
    os.mkfifo(folder.path / "live" / "controls.json")
    lives(folder)


def test_a_link_in_the_place_of_the_room_is_not_followed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = {"watched": "", "frame.bin": "mine", "wish.json": wish(paused=True)}
    for name, text in kept.items():
        (elsewhere / name).write_text(text)
    (folder.path / "live").symlink_to(elsewhere)
    lives(folder)  # and does not wait
    with pytest.raises(RunError, match="live: a link"):
        Watching(folder)
    resume(folder.path)
    assert {path.name: path.read_text() for path in elsewhere.iterdir()} == kept


def test_a_clock_that_is_put_back_does_not_make_a_pause_last(folder, monkeypatch):
    monkeypatch.setattr(live_module, "FORSAKEN_S", 0.3)
    watcher = Watcher(folder)
    watcher.wish("pause")
    later = time.time() + 10_000
    os.utime(watcher.watching.room / "watched", (later, later))
    began = time.monotonic()
    lives(folder)
    assert time.monotonic() - began >= 0.3  # it did wait, for whoever might be there
    assert not Helm(watcher.watching.room).wish.paused


def test_a_world_that_cannot_be_shown_is_told_and_goes_on(folder):
    watcher = Watcher(folder)
    experiment = folder.study.prepare()
    live = Live(folder.path, experiment)
    positions = experiment.world.population
    experiment.world.population = None  # nothing that a camera knows
    live.between(lambda: False)
    assert watcher.frame is None
    experiment.world.population = positions
    time.sleep(live_module.LOOK_S)
    live.between(lambda: False)
    assert "tick 0 cannot be shown" in watcher.watching.refused()["text"]


def test_what_was_refused_once_is_not_asked_for_again(folder):
    watcher = Watcher(folder)
    experiment = folder.study.prepare()
    live = Live(folder.path, experiment)
    live.between(lambda: False)
    watcher.wish("set", name="vision", value=0)
    watcher.wish("set", name="speed", value=2)
    time.sleep(live_module.LOOK_S)
    live.between(lambda: False)
    refused = watcher.watching.refused()
    assert (refused["name"], refused["serial"]) == ("vision", 2)
    watcher.wish("set", name="cohere", value=0.5)
    assert watcher.helm.wish.changes == {"speed": 2, "cohere": 0.5}
    time.sleep(live_module.LOOK_S)
    live.between(lambda: False)
    assert watcher.watching.refused() == refused
    assert [dict(each.changes) for each in read_interventions(folder.path)] == [
        {"speed": 2},
        {"cohere": 0.5},
    ]


# What was changed


def test_a_change_that_cannot_be_recorded_is_not_made(folder):
    experiment = folder.study.prepare()
    interventions = Interventions(folder.path)
    interventions.add(experiment, {"speed": 2.0})
    path = folder.path / "interventions.jsonl"
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))  # a full disk
    try:
        with pytest.raises(OSError, match=r"space|large"):
            interventions.add(experiment, {"speed": 3.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert experiment.world.speed == 2.0
    assert len(interventions.as_results()["steered"]) == 1
    interventions.add(experiment, {"speed": 4.0})
    assert [each.changes["speed"] for each in read_interventions(folder.path)] == [2.0, 4.0]


def test_after_the_last_tick_nothing_is_changed(folder):
    line = '{"tick": 99, "set": {"speed": 2.0}}\n'
    (folder.path / "interventions.jsonl").write_text(line)
    resume(folder.path)
    assert "steered" not in folder.results  # it was never made
    (folder.path / "interventions.jsonl").unlink()
    watcher = Watcher(folder)
    experiment = folder.study.prepare()
    experiment.world.load(folder.checkpoints[0])
    live = Live(folder.path, experiment)
    live.between(lambda: False)
    watcher.wish("set", name="speed", value=3)
    time.sleep(live_module.LOOK_S)
    live.between(lambda: False)
    assert read_interventions(folder.path) == []


@pytest.mark.parametrize(
    "line",
    [b"[" * 100_000, b"\xff", b"{", b'{"tick": 1.0, "set": {}}', b'{"tick": 1}', b"null", b""],
)
def test_damage_of_any_kind_is_one_line(folder, line):
    (folder.path / "interventions.jsonl").write_bytes(line + b"\n")
    with pytest.raises(RunError, match=r"interventions.jsonl:1: damaged") as told:
        read_interventions(folder.path)
    assert "\n" not in str(told.value)
    with pytest.raises(RunError, match="damaged"):
        replay(folder, 0)


SLOW = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 9)]


@pytest.mark.parametrize("seed", [0, *SLOW])
def test_a_steered_run_that_is_killed_again_and_again_comes_to_the_same_bytes(seed, tmp_path):
    chance = random.Random(seed)
    study = small("flocking", "ticks=40", "output.checkpoint_every=6")
    folder = made(study, tmp_path / "killed")
    watcher = Watcher(folder)
    killed = 0
    while folder.results is None:
        # At some sync of a file: of a change that is then on record and not made, of a part, of a
        # checkpoint; or at any moment.
        syncs = chance.randrange(1, 9) if killed < 8 else None
        process = forked(folder, syncs)
        last = time.monotonic() + chance.uniform(0, 0.4) if killed % 2 and syncs else float("inf")
        while not os.waitpid(process, os.WNOHANG)[0]:
            # Nothing can be set yet, or the run has ended and taken its room with it just now.
            with suppress(WishError):
                watcher.wish("speed", ticks_per_s=150)
                watcher.wish("set", name="speed", value=chance.randrange(1, 9))
            time.sleep(0.02)
            if time.monotonic() > last:
                os.kill(process, signal.SIGKILL)
                last = float("inf")
        killed += 1
    assert killed > 4
    steered = read_interventions(folder.path)
    assert len(steered) > 2
    undisturbed = made(study, tmp_path / "undisturbed")
    shutil.copy(folder.path / "interventions.jsonl", undisturbed.path)
    resume(undisturbed.path)
    assert outcome(folder) == outcome(undisturbed)
    for tick in {max(steered[0].tick - 1, 0), steered[0].tick, steered[-1].tick, 40}:
        replay(folder, tick)


# Folders of others, and the browser


@pytest.mark.parametrize(("name", "said"), [("sweep.toml", "sweep"), ("tournament.json", "tourn")])
def test_the_folder_of_something_else_is_told_apart(folder, name, said):
    (folder.path / name).touch()
    with pytest.raises(RunError, match=f"not the folder of a run: .*{said}"):
        RunFolder(folder.path)


def test_a_folder_that_has_gone_is_no_live_run(folder):
    watching = Watching(folder)
    shutil.rmtree(folder.path)
    assert watching.state == (False, False)
    with pytest.raises(RunError, match="no run is there"):
        newest_run(folder.path.parent)


def test_the_token_is_in_a_file_that_one_person_can_read_not_in_the_arguments(folder, monkeypatch):
    given = []
    monkeypatch.setattr("webbrowser.open", given.append)
    door = Door(folder.path / "live")
    door.open("http://127.0.0.1:8123/?token=secret")
    (page,) = (folder.path / "live").iterdir()
    assert page.stat().st_mode & 0o777 == 0o600
    assert 'content="0; url=http://127.0.0.1:8123/?token=secret"' in page.read_text()
    while not given:
        time.sleep(0.005)
    assert given == [page.as_uri()]
    door.remove()
    assert not (folder.path / "live").exists()


def test_no_place_for_the_file_is_no_trouble(folder):
    (folder.path / "live").write_text("")
    door = Door(folder.path / "live")
    door.open("http://127.0.0.1:8123/?token=secret")
    door.remove()


def test_a_wish_that_cannot_be_written_is_not_in_force(tmp_path):
    helm = Helm(tmp_path / "no" / "folder")
    with pytest.raises(WishError, match="the run is not told"):
        helm.heed({"do": "pause"})
    assert helm.wish == Wish()


def test_two_dashboards_of_one_run_wish_together(folder):
    one, other = Watcher(folder), Watcher(folder)
    one.wish("pause")
    for _ in range(3):
        one.wish("step")
    other.wish("speed", ticks_per_s=5)
    room = folder.path / "live"
    assert read_wish(room) == Wish(5, paused=True, steps=3, ticks_per_s=5)
    one.wish("step")
    assert read_wish(room) == Wish(6, paused=True, steps=4, ticks_per_s=5)
    other.wish("go")
    assert not read_wish(room).paused


def test_a_run_that_is_slowed_is_not_shown_as_paused(folder):
    watcher = Watcher(folder)
    watcher.wish("speed", ticks_per_s=5)
    Live(folder.path, folder.study.prepare()).between(lambda: False)
    assert not unpack(watcher.watching.frame()[1])[2] & PAUSED


def test_steps_that_a_run_made_before_it_was_killed_are_not_made_again(folder):
    watcher = Watcher(folder)
    for _ in range(3):
        watcher.wish("step")
    made = {"controls": [], "refused": {}, "stepped": 3}
    (folder.path / "live" / "controls.json").write_text(json.dumps(made))
    asked = []
    Live(folder.path, folder.study.prepare()).between(lambda: asked.append(1) or len(asked) > 5)
    assert len(asked) > 5  # it waited, until it was asked to stop
