"""One interrogation, a move at a time: whose turn it is, what is seen, and how it is resumed."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.imitation import MODEL, REAL, ImitationError, Interrogation, Phase
from arenas.iterated import Grudger, MemoryOne, TitForTat

HIDDEN = Grudger().machine()
MIXED = MemoryOne([0.9, 0.2, 0.6, 0.3]).machine()


def played(game, moves):
    for move in moves:
        game.step(move % game.actions)
    return game


def test_the_agent_answers_by_itself_as_its_machine_says():
    game = played(Interrogation(HIDDEN, 4, 1, real=True), [0, 1, 0, 0])
    assert game.asks == [0, 1, 0, 0]
    assert game.answers == [0, 0, 1, 1]
    assert game.phase == Phase.VERDICT
    assert game.mover == "interrogator"
    assert game.actions == 2
    game.step(REAL)
    assert game.over
    assert game.mover is None
    assert game.rewards == {"interrogator": 1.0, "imitator": 0.0}


def test_an_imitator_is_asked_for_its_answers_and_wins_by_being_taken_for_real():
    game, movers = Interrogation(HIDDEN, 2, 1, real=False), []
    for move in (1, 0, 0, 1, REAL):
        movers.append(game.mover)
        game.step(move)
    turn = ["interrogator", "imitator"]
    assert movers == [*turn, *turn, "interrogator"]
    assert (game.asks, game.answers) == ([1, 0], [0, 1])
    assert game.rewards == {"interrogator": 0.0, "imitator": 1.0}
    other = played(Interrogation(HIDDEN, 1, 1, real=False), [0, 0, MODEL])
    assert other.rewards == {"interrogator": 1.0, "imitator": 0.0}


def test_nobody_sees_the_others_move_of_this_turn_nor_who_the_subject_is():
    asked = [played(Interrogation(HIDDEN, 3, 1, real=False), [0, 0, ask]) for ask in (0, 1)]
    np.testing.assert_array_equal(*[game.observation("imitator") for game in asked])
    # Both subjects answer alike, so that the interrogator sees the same.
    real = played(Interrogation(HIDDEN, 3, 1, real=True), [0, 0])
    model = played(Interrogation(HIDDEN, 3, 1, real=False), [0, 0, 0, 0])
    seen = real.observation("interrogator")
    np.testing.assert_array_equal(seen, model.observation("interrogator"))
    assert seen.dtype == np.float32
    assert seen.shape == (3 * 2 * 2 + 2,)
    assert seen.tolist()[:8] == [1, 0, 1, 0, 1, 0, 1, 0]
    assert seen[-2] == pytest.approx(2 / 3)


def test_the_coin_is_fair_and_the_seed_says_all():
    real = np.array([Interrogation(HIDDEN, 1, seed).real for seed in range(400)])
    assert abs(real.sum() - 200) < 4 * 10
    games = [played(Interrogation(MIXED, 20, 5, real=True), [0, 1] * 10) for _ in range(2)]
    assert games[0].answers == games[1].answers
    # The chance of the agent's moves is that of its machine: after CC, 0.9.
    after = []
    for seed in range(60):
        game = played(Interrogation(MIXED, 20, seed, real=True), [0] * 20)
        after += [b for a, b in zip(game.answers, game.answers[1:], strict=False) if a == 0]
    z = (np.mean(after) - 0.1) / np.sqrt(0.09 / len(after))
    assert abs(z) < 4


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32),
    st.booleans(),
    st.lists(st.integers(0, 1), min_size=11, max_size=11),
    st.integers(0, 10),
)
def test_a_restored_game_goes_on_alike_and_saving_changes_nothing(seed, real, moves, cut):
    game, watched = (Interrogation(MIXED, 5, seed, real=real) for _ in range(2))
    resumed = Interrogation(MIXED, 5, seed + 1)
    for place, move in enumerate(moves):
        if game.over:
            break
        game.step(move)
        watched.step(move)
        arrays, facts = watched.state()
        if place == cut:
            resumed.restore((arrays, json.loads(json.dumps(facts))))
        elif place > cut:
            resumed.step(move)
    assert json.dumps(game.state()[1]) == json.dumps(watched.state()[1])
    if cut < len(game.asks):
        assert (game.asks, game.answers) == (resumed.asks, resumed.answers)
        assert (game.rewards, game.mover) == (resumed.rewards, resumed.mover)


def test_what_is_not_allowed_changes_nothing():
    game = played(Interrogation(HIDDEN, 2, 1, real=False), [0])
    before = game.state()
    for move in (2, -1, True, 0.0):
        with pytest.raises(ImitationError, match=r"imitator plays .* allowed: 0 to 1"):
            game.step(move)
    arrays, facts = game.state()
    broken = [
        (arrays, facts | {"phase": 0}),
        (arrays, facts | {"turns": 9}),
        (arrays, facts | {"asked": 7}),
        (arrays, {}),
        ({}, facts),
        (arrays, facts | {"rng": {"bit_generator": "MT19937"}}),
        None,
    ]
    for state in broken:
        with pytest.raises(ImitationError):
            game.restore(state)
    assert json.dumps(game.state()[1]) == json.dumps(before[1])
    over = played(Interrogation(TitForTat().machine(), 1, 1, real=True), [0, 1])
    with pytest.raises(ImitationError, match="is over"):
        over.step(0)
    with pytest.raises(ImitationError, match="such as Grudger"):
        Interrogation(HIDDEN, 0, 1)
