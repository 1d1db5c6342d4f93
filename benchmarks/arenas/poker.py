"""CFR+ on Kuhn and Leduc poker beside OpenSpiel, in Python and in C++.

All run the same algorithm: taking turns, regrets floored at 0, linear averaging from the first
iteration. OpenSpiel's games are read into trees of ours, so that both have the same histories and
information sets; Leduc by ranks is our own rules, which do not tell suits apart. Times are CPU
seconds of an iteration.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms.cfr import CFRPlusSolver
from open_spiel.python.algorithms.exploitability import nash_conv

from arenas.games import Kuhn, Leduc
from benchmarks.rows import Row
from economy.equilibria import CHANCE, LEAF, CFRPlus, GameTree

AGREED = 1e-9
GOAL = 50.0
OURS = 2_000  # iterations that ours is timed over
LEDUC_GOAL = 5e-3  # NashConv after 300 iterations


class TheirRules:
    """A game of OpenSpiel as rules of ours."""

    def __init__(self, game: Any) -> None:
        self.game, self.players = game, game.num_players()

    def initial(self) -> Any:
        """Their first state."""
        return self.game.new_initial_state()

    def player(self, state: Any) -> int:
        """Who moves."""
        if state.is_terminal():
            return LEAF
        return CHANCE if state.is_chance_node() else int(state.current_player())

    def legal(self, state: Any) -> Sequence[int]:
        """Actions or outcomes."""
        if state.is_chance_node():
            return [outcome for outcome, _ in state.chance_outcomes()]
        return list(state.legal_actions())

    def chance(self, state: Any) -> Sequence[float]:
        """Probabilities."""
        return [probability for _, probability in state.chance_outcomes()]

    def next(self, state: Any, action: int) -> Any:
        """A new state."""
        return state.child(action)

    def returns(self, state: Any) -> Sequence[float]:
        """What is paid."""
        return list(state.returns())

    def observation(self, state: Any, player: int) -> str:
        """Their name of the information set."""
        return str(state.information_state_string(player))


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of Kuhn and of Leduc poker."""
    compile_s, _ = _timed(lambda: CFRPlus(GameTree.from_rules(Kuhn())).run(1))
    yield from _game("Kuhn", "kuhn_poker", 60 if quick else 300, Kuhn(), compile_s)
    yield from _game("Leduc", "leduc_poker", 6 if quick else 100, Leduc(), compile_s)


def _game(name: str, theirs: str, iterations: int, own: Any, compile_s: float) -> Iterator[Row]:
    game = pyspiel.load_game(theirs)
    build_s, tree = _timed(GameTree.from_rules, TheirRules(game))
    small = GameTree.from_rules(own)
    peer = CFRPlusSolver(game)
    peer_s, _ = _timed(lambda: [peer.evaluate_and_update_policy() for _ in range(iterations)])
    policy = peer.average_policy()
    conv_s, conv = _timed(nash_conv, game, policy)
    table = np.zeros(tree.legal.shape)
    table[:] = [policy.policy_for_key(key) for _, key in tree.keys]

    for label, grown in ((f"{len(tree.keys)} information sets", tree), ("our own rules", small)):
        ours = CFRPlus(grown)
        ours.run(iterations)
        checks: dict[str, bool | float] = {
            "same NashConv": bool(abs(ours.nash_conv() - conv) < AGREED),
            f"NashConv after {iterations}": round(conv, 6),
        }
        if grown is tree:
            checks["same strategy"] = bool(np.abs(ours.average_strategy() - table).max() < AGREED)
        if own.name.startswith("Leduc"):
            ours.run(300 - iterations)
            checks["< 5e-3 in 300"] = ours.nash_conv() < LEDUC_GOAL
        ours_s = _fastest(5, ours.run, OURS) / OURS
        yield Row(
            f"CFR+, {name}, {label}, μs an iteration (OpenSpiel, Python)",
            1e6 * ours_s,
            1e6 * peer_s / iterations,
            peer_s / iterations / ours_s,
            checks,
            GOAL,
            {
                "histories": len(grown.parent),
                "compile_s": round(compile_s, 2),
                "build_s": round(build_s, 3),
            },
        )
        if grown is tree:
            yield _compiled(name, game, ours_s, tree, iterations)
    ours_conv_s = _fastest(5, tree.nash_conv, table)
    yield Row(
        f"NashConv of a strategy, {name}, ms (OpenSpiel, Python)",
        1e3 * ours_conv_s,
        1e3 * conv_s,
        conv_s / ours_conv_s,
        {"same": bool(abs(tree.nash_conv(table) - conv) < AGREED)},
    )


def _compiled(name: str, game: Any, ours_s: float, tree: GameTree, iterations: int) -> Row:
    """The same beside OpenSpiel's C++."""
    peer = pyspiel.CFRPlusSolver(game)
    seconds, _ = _timed(lambda: [peer.evaluate_and_update_policy() for _ in range(iterations)])
    ours = CFRPlus(tree)
    ours.run(iterations)
    gap = ours.nash_conv() - pyspiel.nash_conv(game, peer.average_policy())
    return Row(
        f"CFR+, {name}, {len(tree.keys)} information sets, μs an iteration (OpenSpiel, C++)",
        1e6 * ours_s,
        1e6 * seconds / iterations,
        seconds / iterations / ours_s,
        {"same NashConv": bool(abs(gap) < AGREED)},
    )


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def _fastest(times: int, work: Callable[..., Any], *arguments: Any) -> float:
    return min(_timed(work, *arguments)[0] for _ in range(times))
