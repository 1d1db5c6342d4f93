"""Every arena passes PettingZoo's own tests, and gives one trajectory for one seed."""

from __future__ import annotations

import copy
import hashlib
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pettingzoo", reason="needs the extra arena")

from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

from arenas.environments import (
    SEQUENTIAL,
    SIMULTANEOUS,
    ImitationGame,
    MoveError,
    Turns,
    env,
    parallel_env,
)
from arenas.games import Kuhn
from arenas.imitation import Interrogation
from arenas.iterated import Grudger, Joss
from arenas.predation import ChaseRules
from arenas.red_blue import CommonsRules
from economy import GameTree
from economy.equilibria import CHANCE, LEAF

SETTINGS: dict[str, dict[str, Any]] = {
    "iterated": {"turns": 12, "noise": 0.2},
    "pursuit": {"rules": ChaseRules(steps=40)},
    "red-blue": {"rules": CommonsRules(queries=3)},
    "sealed-bid": {"auctions": 5},
    "vickrey": {"auctions": 5},
}
EPISODES = 4


def settings_of(name: str) -> dict[str, Any]:
    return SETTINGS.get(name, {})


def written(thing: Any) -> bytes:
    """An observation, reward or flag as bytes that tell all its bits."""
    if isinstance(thing, dict):
        return b"".join(key.encode() + written(thing[key]) for key in thing)
    array = np.asarray(thing)
    return f"{array.dtype}{array.shape}".encode() + array.tobytes()


def turns_trajectory(name: str, seed: int) -> str:
    """Everything that is seen, paid and ended in some episodes, and all moves, as a hash."""
    arena, digest = env(name, **settings_of(name)), hashlib.sha256()
    for space in (arena.action_space(agent) for agent in arena.possible_agents):
        space.seed(seed)
    for episode in range(EPISODES):
        arena.reset(seed if episode == 0 else None)
        for agent in arena.agent_iter():
            seen, reward, out, cut, _ = arena.last()
            mask = seen["action_mask"] if isinstance(seen, dict) and not (out or cut) else None
            move = None if out or cut else arena.action_space(agent).sample(mask)
            for part in (agent, seen, reward, out, cut, -1 if move is None else move):
                digest.update(written(part) if part is not agent else agent.encode())
            arena.step(move)
    return digest.hexdigest()


def parallel_trajectory(name: str, seed: int) -> str:
    """As `turns_trajectory`, of the parallel form."""
    arena, digest = parallel_env(name, **settings_of(name)), hashlib.sha256()
    for agent in arena.possible_agents:
        arena.action_space(agent).seed(seed)
    for episode in range(EPISODES):
        seen, _ = arena.reset(seed if episode == 0 else None)
        digest.update(written(seen))
        while arena.agents:
            moves = {agent: arena.action_space(agent).sample() for agent in arena.agents}
            for part in (moves, *arena.step(moves)[:4]):
                digest.update(written(part))
    return digest.hexdigest()


@pytest.mark.parametrize("name", [*SEQUENTIAL, *SIMULTANEOUS])
def test_the_turn_based_form_passes_the_api_and_seed_tests(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        api_test(env(name, **settings_of(name)), num_cycles=40)
        seed_test(lambda: env(name, **settings_of(name)), num_cycles=10)


@pytest.mark.parametrize("name", SIMULTANEOUS)
def test_the_parallel_form_passes_the_api_and_seed_tests(name: str) -> None:
    parallel_api_test(parallel_env(name, **settings_of(name)), num_cycles=60)
    parallel_seed_test(lambda: parallel_env(name, **settings_of(name)))


@pytest.mark.parametrize("name", [*SEQUENTIAL, *SIMULTANEOUS])
def test_whole_trajectories_repeat_with_the_seed_and_differ_without(name: str) -> None:
    hashes = [turns_trajectory(name, seed) for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("name", SIMULTANEOUS)
def test_whole_parallel_trajectories_repeat_with_the_seed_and_differ_without(name: str) -> None:
    hashes = [parallel_trajectory(name, seed) for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("name", [*SEQUENTIAL, *SIMULTANEOUS])
def test_a_copy_in_mid_episode_goes_on_as_the_arena_does(name: str) -> None:
    """Also over the end, into the next episode; and what is seen is as the spaces say."""
    arena = env(name, **settings_of(name))
    arena.reset(3)
    arena.step(first_move(arena))
    copies = [copy.deepcopy(arena), pickle.loads(pickle.dumps(arena))]
    lives = []
    for each in (arena, *copies):
        digest = hashlib.sha256()
        for episode in range(2):
            if episode:
                each.reset()  # the first one breaks off
            for _, agent in zip(range(9), each.agent_iter(), strict=False):
                seen, reward, out, cut, _ = each.last()
                assert each.observation_space(agent).contains(seen)
                if isinstance(seen, dict) and not (out or cut):
                    assert seen["action_mask"].any()
                digest.update(agent.encode() + written([reward, out, cut]) + written(seen))
                each.step(None if out or cut else first_move(each))
        lives.append(digest.hexdigest())
    assert lives[0] == lives[1] == lives[2]


def first_move(arena: Any) -> Any:
    """The first legal action of whoever is to move, or the lowest."""
    seen, space = arena.last()[0], arena.action_space(arena.agent_selection)
    if isinstance(seen, dict):
        return int(np.flatnonzero(seen["action_mask"])[0])
    return getattr(space, "low", np.zeros(space.shape, space.dtype))


def test_a_hand_that_is_over_or_has_not_begun_has_no_moves() -> None:
    kuhn = env("kuhn")
    for early in (kuhn.last, lambda: kuhn.observe("player_0"), lambda: kuhn.step(0)):
        with pytest.raises(MoveError, match="reset"):
            early()
    kuhn.reset(1)
    with pytest.raises(MoveError, match="no player 'dealer'"):
        kuhn.observe("dealer")
    assert kuhn.observe("player_0")["action_mask"].tolist() == [1, 1]
    assert kuhn.observe("player_1")["action_mask"].tolist() == [0, 0]  # it is not its turn
    for half in (0.5, 1.0, "1", None, np.array([1])):
        with pytest.raises(MoveError, match="legal are"):
            kuhn.step(half)
    kuhn.step(np.int64(0))
    kuhn.step(0)
    with pytest.raises(ValueError, match="None"):
        kuhn.step(1)  # both have only to take leave
    kuhn.step(None)
    kuhn.step(None)
    assert kuhn.agents == []
    kuhn.step(None)
    with pytest.raises(MoveError, match="reset"):
        kuhn.step(1)


def test_a_planted_leak_of_chance_is_caught_by_the_trajectory_but_not_by_a_step() -> None:
    class Leaky(Turns):
        """Draws from a generator that no seed reaches, deep in the episode."""

        stray = np.random.default_rng(5)

        def observe(self, agent: str) -> dict[str, np.ndarray]:
            seen = super().observe(agent)
            if len(self._state.moves) > 1:
                seen["observation"][-1] = self.stray.integers(100)
            return seen

    def trajectory() -> str:
        arena, digest = Leaky(Kuhn()), hashlib.sha256()
        for seed in range(20):
            arena.reset(seed)
            for _ in arena.agent_iter():
                seen, _, out, _, _ = arena.last()
                digest.update(written(seen))
                arena.step(None if out else int(np.flatnonzero(seen["action_mask"])[seed % 2]))
        return digest.hexdigest()

    assert trajectory() != trajectory()


def test_kuhn_pays_what_its_rules_say_and_hides_the_other_card() -> None:
    arena, totals = env("kuhn"), np.zeros(2)
    for seed in range(300):
        arena.reset(seed)
        cards = [int(arena.observe(agent)["observation"][0]) for agent in arena.possible_agents]
        assert cards[0] != cards[1]
        for agent in arena.agent_iter():
            seen, reward, out, _, _ = arena.last()
            totals[arena.possible_agents.index(agent)] += reward
            if not out:  # bet with the king alone; call with king and queen
                facing = 1 in seen["observation"][1:]
                card = int(seen["observation"][0])
                arena.step(int(card == 2 or (facing and card == 1)))
            else:
                arena.step(None)
    assert totals.sum() == 0
    assert totals.any()


def test_dilemma_pays_by_the_matrix_and_a_vickrey_winner_pays_the_second_bid() -> None:
    dilemma = parallel_env("iterated", turns=2)
    dilemma.reset(0)
    seen, rewards, out, cut, _ = dilemma.step({"player_0": 0, "player_1": 1})
    assert rewards == {"player_0": 0.0, "player_1": 5.0}
    assert (seen["player_0"].tolist(), seen["player_1"].tolist()) == ([0, 1], [1, 0])
    assert not any(out.values())
    assert not any(cut.values())
    assert all(dilemma.step({"player_0": 1, "player_1": 1})[3].values())
    assert dilemma.agents == []

    brief = parallel_env("iterated", turns=1, ending=1.0)
    brief.reset(0)
    *_, out, cut, _ = brief.step({"player_0": 1, "player_1": 1})
    assert (set(out.values()), set(cut.values())) == ({True}, {False})  # over, so not cut off

    auction = parallel_env("vickrey", bidders=3)
    values, _ = auction.reset(0)
    _, rewards, *_ = auction.step({"bidder_0": 10, "bidder_1": 30, "bidder_2": 25})
    assert rewards == {"bidder_0": 0, "bidder_1": float(values["bidder_1"][0]) - 25, "bidder_2": 0}


def test_values_are_drawn_anew_for_each_auction_and_evenly() -> None:
    arena, seen = parallel_env("sealed-bid", bidders=2, auctions=400, highest=3), []
    values, _ = arena.reset(1)
    while arena.agents:
        seen += [int(value[0]) for value in values.values()]
        values = arena.step(dict.fromkeys(arena.agents, 0))[0]
    count = np.bincount(seen)
    assert len(count) == 4
    assert np.abs(count - 200).max() < 4 * np.sqrt(800 * 0.25 * 0.75)
    assert abs(np.corrcoef(np.reshape(seen, (-1, 2)).T)[0, 1]) < 4 / np.sqrt(400)


def test_prey_that_are_eaten_are_out_and_predators_are_paid() -> None:
    arena, eaten = parallel_env("pursuit", predators=6, prey=6), 0
    for seed in range(5):
        arena.reset(seed)
        while arena.agents:
            moves = {agent: np.zeros(1, np.float32) for agent in arena.agents}
            _, rewards, out, _, _ = arena.step(moves)
            for agent, reward in rewards.items():
                assert reward == 0 or (reward > 0) == agent.startswith("predator")
                eaten += reward < 0
                assert not (reward < 0 and not out[agent])
    assert eaten > 0


def test_the_imitation_game_is_the_interrogation_as_rules() -> None:
    rng, hidden = np.random.default_rng(1), Joss().machine()
    game = ImitationGame(hidden, turns=4)
    for seed in range(60):
        other = Interrogation(hidden, 4, seed)
        state = game.next(game.initial(), int(other.real))
        while not other.over:
            seat = game.player(state)
            if seat == CHANCE:  # the agent has answered by itself
                state = game.next(state, other.answers[-1])
                continue
            assert ("interrogator", "imitator")[seat] == other.mover
            assert len(game.legal(state)) == other.actions
            move = int(rng.integers(other.actions))
            other.step(move)
            state = game.next(state, move)
        assert game.player(state) == LEAF
        assert game.returns(state) == tuple(other.rewards.values())
        assert (list(state.asks), list(state.answers)) == (other.asks, other.answers)
    tree = GameTree.from_rules(ImitationGame(Grudger().machine(), turns=1))
    assert tree.values(tree.uniform())[0] == 0.5  # a coin is right half the time


def test_wrong_moves_and_names_are_refused_and_change_nothing() -> None:
    dilemma = parallel_env("iterated", turns=5)
    with pytest.raises(MoveError, match="reset"):
        dilemma.step({"player_0": 0, "player_1": 0})
    dilemma.reset(1)
    with pytest.raises(MoveError, match="player_1 has to move"):
        dilemma.step({"player_0": 0})
    with pytest.raises(MoveError, match="allowed is Discrete"):
        dilemma.step({"player_0": 0, "player_1": 2})
    assert dilemma.step({"player_0": 0, "player_1": 0})[0]["player_0"].tolist() == [0, 0]
    kuhn = env("kuhn")
    kuhn.reset(1)
    before = kuhn.observe("player_0")["observation"].tolist()
    with pytest.raises(MoveError, match=r"legal are \[0, 1\]"):
        kuhn.step(2)
    assert kuhn.observe("player_0")["observation"].tolist() == before
    with pytest.raises(MoveError, match="no parallel form"):
        parallel_env("leduc")
    with pytest.raises(MoveError, match="no arena 'chess'"):
        env("chess")
