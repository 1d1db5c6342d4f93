"""Frames: bytes that say what was packed, and a camera that never touches what it looks at."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from experiments.running.frames.camera import Camera, histogram, sunflower
from experiments.running.frames.frame import FINISHED, SPACE, Frame, FrameError, scaled, unpack
from experiments.running.frames.rumours import Audience, Rumours
from experiments.study.reading import load_study
from swarm.checkpoint import write_checkpoint
from swarm.systems import Remembering, Tasks
from tests.experiments.small_models import SMALL, small

COUNTS = st.integers(0, 30)


@given(COUNTS.flatmap(lambda n: st.tuples(*[arrays(np.uint8, n)] * 4)), st.text(), st.floats())
def test_a_frame_says_what_was_packed(columns, text, number):
    x, y, shade, size = columns
    frame = Frame(7, 9, x / 255, y / 255, shade, size, 3, 4, True, {"a": text, "b": number})
    found, speed, flags = unpack(frame.pack(2.5, FINISHED))
    assert (found.tick, found.total, speed, flags) == (7, 9, 2.5, FINISHED | SPACE)
    np.testing.assert_allclose(found.x, frame.x, atol=1e-5)
    np.testing.assert_allclose(found.y, frame.y, atol=1e-5)
    np.testing.assert_array_equal(found.shade, shade)
    np.testing.assert_array_equal(found.size, size)
    finite = number if np.isfinite(number) else None
    assert found.facts == {"a": text, "b": finite}
    assert (found.width, found.height) == (3, 4)


def test_the_layout_is_the_one_that_the_page_reads():
    data = Frame(1, 2, np.ones(1), np.zeros(1), np.array([5]), np.array([64]), facts={}).pack(1.0)
    assert data[:4] == b"NFM1"
    assert np.frombuffer(data, "<u4", 4).tolist() == [0x314D464E, 1, 1, 2]
    assert np.frombuffer(data, "<u4", 1, 32).tolist() == [4]
    assert data[36:] == b"{}  " + b"\xff\xff" + b"\0\0" + b"\5" + b"\x40"


@pytest.mark.parametrize("data", [b"", b"x" * 40, b"NFM1" + b"\xff" * 40])
def test_other_bytes_are_no_frame(data):
    with pytest.raises(FrameError):
        unpack(data)


@pytest.mark.parametrize("name", SMALL)
def test_every_model_can_be_seen(name):
    experiment = small(name).prepare()
    camera = Camera(experiment)
    for _ in range(2):
        experiment.world.step()
        experiment.look()
    frame = unpack(camera.take(fresh=True).pack())[0]
    agents = len(experiment.world.population)
    assert frame.tick == 2
    assert frame.total == len(frame.x) == len(frame.shade) == agents
    assert frame.facts["metrics"]["tick"] == 2
    classes = frame.facts["shade"]["classes"]
    if classes:
        assert frame.shade.max() < len(classes)
        assert sum(family["size"] for family in frame.facts["families"]) == agents
    assert frame.space == (experiment.world.space is not None)
    if frame.space:
        places = np.asarray(experiment.world.space.positions)
        near = np.stack([frame.x * frame.width, frame.y * frame.height], axis=1) - places
        assert np.abs(near).max() <= 1.01
    else:
        assert sum(frame.facts["market"]["wealth"]) == agents


@pytest.fixture(scope="module")
def ring(tiny):
    """A world of reasoning agents, some ticks old, and its camera."""
    experiment = load_study(tiny).prepare()
    camera = Camera(experiment)
    for _ in range(5):
        experiment.world.step()
        camera.take()
    return experiment, unpack(camera.take(fresh=True).pack())[0].facts


def test_reasoning_agents_are_shown_with_all_that_they_do(ring):
    experiment, facts = ring
    world = experiment.world
    assert facts["metrics"]["tick"] == 5
    assert sum(family["size"] for family in facts["families"]) == len(world.population)
    assert sum(facts["market"]["wealth"]) == len(world.population)
    assert facts["engines"].keys() == set(world.system(Tasks).problem.faculties.names)
    front = facts["front"]
    assert {len(column) for column in front.values()} == {len(front["rank"])}
    assert 0 in front["rank"]


def test_rumours_are_the_shares_of_those_who_know(ring):
    experiment, facts = ring
    rumours = facts["rumours"]
    assert rumours["heard"]
    memory = experiment.world.system(Remembering).facts
    assert len(rumours["heard"]) == len(rumours["labels"]) == len(rumours["written"])
    for shares, written in zip(rumours["heard"], rumours["written"], strict=True):
        assert len(shares) == 5 - written + 1
        assert all(0 <= share <= 1 for share in shares)
        assert shares[0] > 0  # its author has it in mind
    assert set(rumours["written"]) <= set(memory.columns()["tick"].tolist())


@given(st.lists(st.tuples(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40))), max_size=8))
def test_whoever_has_heard_of_something_has_heard_of_it(ticks):
    audience, ever = Audience(0), set()
    for living, knowing in ticks:
        asked, told = sorted(living), sorted(living & knowing)
        ever |= set(told)
        rows = np.array([asked.index(each) for each in told], np.int64)
        share = audience.grow(np.array(asked, np.int64), rows)
        assert share == (min(len(ever) / len(living), 1) if living else 0)


def test_who_forgets_has_heard_all_the_same(ring):
    """The share is of those who ever had it in mind, where few findings have room."""
    world = ring[0].world
    following = Rumours(world, str)
    ever = {}
    for _ in range(6):
        world.step()
        following.follow()
        heard, ids = world.population["heard"], world.population["id"].tolist()
        shares, tick = following.told(), world.system(Remembering).facts.columns()["tick"]
        for finding, share in zip(map(int, shares["labels"]), shares["heard"], strict=True):
            knowing = {i for i, row in zip(ids, heard.tolist(), strict=True) if finding in row}
            ever.setdefault(finding, set()).update(knowing)
            assert share[-1] == pytest.approx(min(len(ever[finding]) / len(ids), 1), abs=1e-5)
            assert len(share) == world.steps - tick[finding] + 1
    assert any(len(known) > 1 for known in ever.values())
    assert "ever" in following.told()["label"]


def test_the_memory_is_shown_as_it_says(ring):
    experiment, facts = ring
    columns = experiment.world.system(Remembering).facts.columns()
    nodes, edges = facts["memory"]["nodes"], facts["memory"]["edges"]
    assert edges
    assert len(nodes) <= 120
    said = {
        (f"n{s:02}", f"n{o:02}")
        for s, o in zip(columns["subject"].tolist(), columns["object"].tolist(), strict=True)
    }
    for start, end, label, credence in edges:
        assert (nodes[start], nodes[end]) in said
        assert label in {"likes", "next", "before"}
        assert 0 <= credence <= 1


@pytest.mark.parametrize("name", ["flocking", "wolf-sheep", "market", "tiny"])
def test_looking_changes_nothing(name, tmp_path, tiny):
    study = load_study(tiny) if name == "tiny" else small(name)
    states = []
    for watched in (False, True):
        experiment = study.prepare()
        camera = Camera(experiment)
        for _ in range(6):
            experiment.world.step()
            if watched:
                camera.take(fresh=True)
        path = tmp_path / f"{watched}.ckpt"
        write_checkpoint(path, experiment.world.state())
        states.append(path.read_bytes())
    assert states[0] == states[1]


@given(st.lists(st.integers(0, 4), max_size=60))
def test_a_sunflower_keeps_to_its_disk_and_gives_everybody_a_place(groups):
    group = np.array(groups, np.int64)
    x, y = sunflower(group, 5)
    assert (np.hypot(x, y) <= 1).all()
    assert len({*zip(group.tolist(), x.tolist(), y.tolist(), strict=True)}) == len(group)


def test_histograms_count_everybody_once():
    assert histogram(np.array([1, 1, 3]))["wealth"] == [2, 0, 1]
    assert sum(histogram(np.array([0.5, np.nan, 9.0]))["wealth"]) == 2
    assert histogram(np.zeros(0)) == {"wealth": [0], "edges": [0.0, 1.0]}


def test_shades_reach_from_low_to_high_and_forgive_what_is_not_finite():
    shade, low, high = scaled(np.array([0.0, 10.0, np.nan]))
    assert (shade[0], shade[1], shade[2]) == (0, 255, 0)
    assert low < high
    assert scaled(np.full(3, 2.0))[0].tolist() == [0, 0, 0]


def test_places_beyond_the_edge_are_at_the_edge():
    none = np.zeros(2, np.uint8)
    found, _, _ = unpack(Frame(0, 2, np.array([-0.5, 1.5]), np.array([0, 2]), none, none).pack())
    assert (found.x.tolist(), found.y.tolist()) == ([0, 1], [0, 1])
