"""The imitation game: kernels against plain play, and what models learn of a hidden agent."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.imitation import (
    ImitationError,
    Interrogators,
    TuringContest,
    TuringLearning,
    agreement,
    askers,
    compare_probing,
    held_out_agreement,
    held_out_judge,
    transcript_rows,
)
from arenas.iterated import (
    Cooperator,
    Grudger,
    MachineGenomes,
    Machines,
    MemoryOne,
    TitForTat,
    TitForTwoTats,
)

GRUDGER = Grudger().machine()
CONTEST = TuringContest(GRUDGER, MachineGenomes(3), Interrogators(4, turns=8))
LEARNING = TuringLearning(CONTEST, population=30, rivals=15, ancestors=15)


def plain_verdict(subject, genome, kind, asker=None):
    """One interrogation by plain players."""
    player, asks, answers, state = subject.player(), [], [], 0
    player.reset()
    other = None if asker is None else asker.player()
    if other is not None:
        other.reset()
    moves_on = genome["moves_on"].reshape(kind.states, kind.actions, kind.actions)
    for _ in range(kind.turns):
        ask = genome["asks"][state] if other is None else other.move(asks, answers)
        answer = player.move(answers, asks)
        asks.append(int(ask))
        answers.append(int(answer))
        state = moves_on[state, ask, answer]
    return genome["verdicts"][state]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_verdicts_are_those_of_plain_players(seed, passive):
    rng = np.random.default_rng(seed)
    habitat = askers(1, rng) if passive else None
    kind = Interrogators(3, turns=6, habitat=habitat)
    subjects = askers(4, rng)
    genomes = kind.spec.sample(3, rng)
    found = kind.judge(subjects, genomes, 1)
    for i in range(4):
        for j in range(3):
            genome = {name: column[j] for name, column in genomes.items()}
            assert found[i, j] == plain_verdict(subjects.take([i]), genome, kind, habitat)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_agreement_is_that_of_plain_shadowing(seed):
    rng = np.random.default_rng(seed)
    models, opponents = askers(3, rng), askers(2, rng)
    hidden = TitForTwoTats().machine()
    found = agreement(models, hidden, opponents, 9, seed=1)
    for j in range(2):
        agent, other = hidden.player(), opponents.player(j)
        agent.reset()
        other.reset()
        answers, asks = [], []
        for _ in range(9):
            answer, ask = agent.move(answers, asks), other.move(asks, answers)
            answers.append(answer)
            asks.append(ask)
        for i in range(3):
            model = models.player(i)
            model.reset()
            alike = sum(model.move(answers[:t], asks[:t]) == answers[t] for t in range(9))
            assert found[i, j] == pytest.approx(alike / 9)


def test_a_model_that_is_the_agent_cannot_be_told_from_it():
    rng = np.random.default_rng(1)
    genomes = CONTEST.interrogators.spec.sample(50, rng)
    verdicts = CONTEST.interrogators.judge(Machines.concatenate([GRUDGER] * 2), genomes, 1)
    np.testing.assert_array_equal(verdicts[0], verdicts[1])
    assert held_out_agreement(GRUDGER, GRUDGER, 1) == (1.0, 1.0, 1.0)
    assert held_out_judge(GRUDGER, GRUDGER, 1).accuracy.holds(0.5)
    chancy = MemoryOne([0.9, 0.2, 0.6, 0.3]).machine()
    assert held_out_judge(chancy, chancy, 1).accuracy.holds(0.5)


def test_a_planted_difference_is_found_by_the_held_out_judge():
    judged = held_out_judge(TitForTat().machine(), GRUDGER, 2)
    assert judged.accuracy.low > 0.6
    assert judged.p < 1e-6
    rows = transcript_rows(GRUDGER, askers(10, np.random.default_rng(1)), 20, 1)
    np.testing.assert_allclose(rows[:, :64].sum(axis=1), 18 / 20)
    np.testing.assert_allclose(rows[:, 64:].sum(axis=1), 1.0)


def test_models_learn_to_behave_as_the_agent_does_where_nobody_trained_them():
    for seed in (1, 2):
        run = LEARNING.start(seed).run(1)
        first = LEARNING.best_model(run)
        model = LEARNING.best_model(run.run(39))
        assert held_out_agreement(model, GRUDGER, seed).low > 0.95
        assert held_out_agreement(first, GRUDGER, seed).mean < 0.95
        assert held_out_judge(model, GRUDGER, seed).accuracy.mean < 0.6


def test_interrogators_that_choose_their_moves_learn_what_passive_ones_never_see():
    watching = Interrogators(4, turns=8, habitat=Cooperator().machine())
    passive = TuringLearning(
        TuringContest(GRUDGER, MachineGenomes(3), watching), population=30, rivals=15, ancestors=15
    )
    found = compare_probing(LEARNING, passive, [1, 2, 3], 25)
    assert found.gain.low > 0.0
    assert found.active.mean > 0.9 > found.passive.mean


def test_baselines_have_as_many_evaluations_and_learn_from_what_they_are_shown():
    shown = askers(20, np.random.default_rng(3))
    model = LEARNING.supervised(shown, 20, 1)
    assert held_out_agreement(model, GRUDGER, 1).mean > 0.9
    unprovoked = LEARNING.supervised(Cooperator().machine(), 20, 1)
    assert held_out_agreement(unprovoked, GRUDGER, 1).mean < 0.9
    lucky = LEARNING.random_search(shown, 20, 1)
    among = agreement(lucky, GRUDGER, shown, CONTEST.interrogators.turns, 1).mean()
    drawn = CONTEST.models.spec.sample(600, np.random.default_rng([1, 4]))
    machines = CONTEST.models.machines_of(drawn)
    every = agreement(machines, GRUDGER, shown, CONTEST.interrogators.turns, 1).mean(axis=1)
    assert among == pytest.approx(every.max())


def test_what_cannot_meet_is_refused():
    with pytest.raises(ImitationError, match="expected one, such as Grudger"):
        TuringContest(askers(2, np.random.default_rng(1)), MachineGenomes(3), Interrogators(3))
    with pytest.raises(ImitationError, match="other games"):
        TuringContest(GRUDGER, MachineGenomes(3, actions=3), Interrogators(3))
    machines = askers(1, np.random.default_rng(1), actions=3)
    genomes = Interrogators(3).spec.sample(1, np.random.default_rng(1))
    with pytest.raises(ImitationError, match="3 actions meet"):
        Interrogators(3).judge(machines, genomes, 1)
    with pytest.raises(ImitationError, match="habitat of 2"):
        Interrogators(3, habitat=askers(2, np.random.default_rng(1)))
