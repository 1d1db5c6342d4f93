"""Questions and their truth: published values, and listing all noise."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.networks import (
    NetworkError,
    PartlyHidden,
    StructuralModel,
    load_network,
    monotone_model,
)
from swarm.reasoning.networks.questions import DOING, IMAGINING, SEEING, Questions, truth_of
from tests.swarm.reasoning.networks.worlds import seeds, small_model

Setting = dict[int, int]


def ask(variables: int, *asked: tuple[int, int, Setting, Setting]) -> Questions:
    """Questions (kind, target, facts, setting)."""
    facts = np.full((len(asked), variables), -1, np.int16)
    setting = facts.copy()
    for row, (_, _, seen, done) in enumerate(asked):
        facts[row, list(seen)] = list(seen.values())
        setting[row, list(done)] = list(done.values())
    return Questions(
        np.arange(len(asked), dtype=np.int32),
        np.array([kind for kind, *_ in asked], np.int8),
        np.array([target for _, target, *_ in asked], np.int32),
        facts,
        setting,
    )


def visible(model: StructuralModel) -> PartlyHidden:
    return PartlyHidden(model, np.zeros(len(model), bool))


def listed(
    model: StructuralModel, kind: int, target: int, facts: Setting, setting: Setting
) -> np.ndarray:
    """The answer by unfolding every noise there is, in fact and after the setting."""
    noise = np.array(list(product(*(range(len(c)) for c in model.chances))))
    weight = np.prod([c[noise[:, v]] for v, c in enumerate(model.chances)], axis=0)
    after = model.unfold(noise, setting)
    observed = model.unfold(noise) if kind == IMAGINING else after
    for v, state in facts.items():
        weight = weight * (observed[:, v] == state)
    states = len(model.states[target])
    return np.bincount(after[:, target], weight, states) / weight.sum()


def test_seeing_bronchitis_is_not_bringing_it_about() -> None:
    asia = load_network("asia")
    lung, bronc = asia.number("lung"), asia.number("bronc")
    questions = ask(8, (SEEING, lung, {bronc: 0}, {}), (DOING, lung, {}, {bronc: 0}))
    truth = truth_of(visible(monotone_model(asia)), questions)
    assert truth[:, 0].round(4).tolist() == [0.07, 0.055]
    assert questions.describe(1, asia.names, asia.states) == "P(lung | do(bronc = yes))"


def test_the_smoker_with_bronchitis_would_have_been_spared_in_half_the_cases() -> None:
    asia = load_network("asia")
    smoke, bronc = asia.number("smoke"), asia.number("bronc")
    questions = ask(8, (IMAGINING, bronc, {smoke: 0, bronc: 0}, {smoke: 1}))
    truth = truth_of(visible(monotone_model(asia)), questions)
    assert truth[0] == pytest.approx([0.5, 0.5])
    said = questions.describe(0, asia.names, asia.states)
    assert said == "P(bronc had smoke = no | smoke = yes, bronc = yes)"


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_truth_is_what_listing_all_noise_gives(seed: int) -> None:
    model, rng = small_model(seed), np.random.default_rng(seed)
    V = len(model)
    unit = model.sample(1, rng)[0]
    target, cause = (int(v) for v in rng.choice(V, 2, replace=False))
    other = int(rng.integers(len(model.states[cause])))
    below = model.unfold(model.noise(1, rng), {cause: other})[0]
    rest = [v for v in range(V) if v not in (target, cause)]
    known = [v for v in rest if rng.random() < 0.5]
    asked = [
        (SEEING, target, {v: int(unit[v]) for v in [*known, cause]}, {}),
        (DOING, target, {v: int(below[v]) for v in known}, {cause: other}),
        (IMAGINING, target, {v: int(unit[v]) for v in [*known, target, cause]}, {cause: other}),
    ]
    hidden = np.zeros(V, bool)
    hidden[[v for v in rest if v not in known]] = True  # what nobody asks about is out of sight
    world = PartlyHidden(model, hidden)
    place = {int(v): i for i, v in enumerate(world.visible)}
    renamed = [
        (
            kind,
            place[t],
            {place[v]: s for v, s in facts.items()},
            {place[v]: s for v, s in do.items()},
        )
        for kind, t, facts, do in asked
    ]
    truth = truth_of(world, ask(len(place), *renamed))
    for row, question in zip(truth, asked, strict=True):
        expected = listed(model, *question)
        assert row[: len(expected)] == pytest.approx(expected, abs=1e-9)
        assert (row[len(expected) :] == 0).all()


def test_what_is_set_replaces_a_fact_and_the_target_is_no_premise() -> None:
    questions = ask(4, (SEEING, 0, {1: 1}, {}), (IMAGINING, 0, {0: 1, 1: 1, 2: 0}, {1: 0}))
    assert questions.believed.tolist() == [[-1, 1, -1, -1], [-1, 0, 0, -1]]
    assert questions.set_variable.tolist() == [-1, 1]


def test_answers_are_the_states_of_the_target() -> None:
    questions = ask(3, (SEEING, 0, {}, {}), (SEEING, 2, {}, {}), (DOING, 1, {}, {0: 0}))
    block = questions.block(np.array([2, 3, 1]))
    assert block.open.sum(axis=1).tolist() == [2, 1, 3]
    assert block.relation.tolist() == [SEEING, SEEING, DOING]
    assert len(set(block.key.tolist())) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        (SEEING, 0, {1: 0}, {2: 0}),
        (SEEING, 0, {0: 0}, {}),
        (DOING, 0, {1: 0}, {1: 0}),
        (DOING, 0, {}, {1: 0, 2: 0}),
        (DOING, 0, {}, {0: 0}),
        (DOING, 0, {0: 1}, {1: 0}),
        (IMAGINING, 0, {1: 0}, {}),
    ],
)
def test_what_is_no_question_is_refused(wrong: tuple[int, int, Setting, Setting]) -> None:
    with pytest.raises(NetworkError, match="questions come kind by kind"):
        ask(3, wrong)


@given(st.permutations([SEEING, DOING, IMAGINING]))
def test_kinds_ascend(kinds: list[int]) -> None:
    asked = [(kind, 0, {}, {1: 0} if kind else {}) for kind in kinds]
    if kinds == sorted(kinds):
        assert len(ask(2, *asked)) == 3
    else:
        with pytest.raises(NetworkError, match="kind by kind"):
            ask(2, *asked)
