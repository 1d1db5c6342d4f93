"""How far strategies of a game in normal form are from an equilibrium: NashConv.

M. Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning", NIPS
2017, eq. 6: the sum, over players, of what each could gain by deviating alone. It is 0 in a Nash
equilibrium and nowhere else; an equilibrium up to rounding is one up to rounding of the payoffs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from economy.equilibria.checks import EquilibriumError, Floats, bounded, mixture, numbers


def action_values(payoffs: ArrayLike, strategies: Sequence[ArrayLike]) -> list[Floats]:
    """What each action of each player is worth against the others' mixed strategies.

    Args:
        payoffs: [n, A_1, ..., A_n], finite: ``payoffs[p]`` is what player p gets for each choice
            of actions; a bimatrix game is ``[A, B]``.
        strategies: n mixed strategies, the k-th of A_k probabilities.

    Returns:
        n arrays float64[A_k].

    Raises ``EquilibriumError``.

    >>> action_values([[[2, 0], [0, 1]], [[1, 0], [0, 2]]], [[1, 0], [0.5, 0.5]])[0].tolist()
    [1.0, 0.5]
    """
    tensor, mixed = _game(payoffs, strategies)
    return [_for_each_action(tensor[player], mixed, player) for player in range(len(tensor))]


def expected_payoffs(payoffs: ArrayLike, strategies: Sequence[ArrayLike]) -> Floats:
    """What each player gets on average, float64[n]; arguments as of ``action_values``."""
    values = action_values(payoffs, strategies)
    return np.array([np.dot(x, v) for x, v in zip(strategies, values, strict=True)])


def nash_conv(payoffs: ArrayLike, strategies: Sequence[ArrayLike]) -> float:
    """What all players together could gain by each deviating alone, 0 or more.

    Arguments as of ``action_values``.

    >>> nash_conv([[[0, -1, 1], [1, 0, -1], [-1, 1, 0]], [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]],
    ...           [[1, 0, 0], [1, 0, 0]])
    2.0
    """
    values = action_values(payoffs, strategies)
    gains = [v.max() - np.dot(x, v) for x, v in zip(strategies, values, strict=True)]
    return float(max(sum(gains), 0.0))


def exploitability(payoffs: ArrayLike, strategies: Sequence[ArrayLike]) -> float:
    """``nash_conv`` a player."""
    return nash_conv(payoffs, strategies) / len(strategies)


def _game(payoffs: ArrayLike, strategies: Sequence[ArrayLike]) -> tuple[Floats, list[Floats]]:
    tensor = numbers("payoffs", payoffs)
    if tensor.ndim < 2 or tensor.shape[0] != tensor.ndim - 1 or 0 in tensor.shape:
        raise EquilibriumError(
            "payoffs of n players have the shape [n, actions of the first, ..., of the n-th], such "
            f"as [2, 3, 3]; got {list(tensor.shape)}"
        )
    bounded("payoffs", tensor)
    if len(strategies) != len(tensor):
        raise EquilibriumError(f"{len(tensor)} players need as many strategies; {len(strategies)=}")
    sizes = tensor.shape[1:]
    return tensor, [
        mixture(f"strategy {player}", each, size)
        for player, (each, size) in enumerate(zip(strategies, sizes, strict=True))
    ]


def _for_each_action(payoff: Floats, mixed: list[Floats], player: int) -> Floats:
    """Average over everybody else's action, the last player's first."""
    left = np.moveaxis(payoff, player, 0)
    others = [x for other, x in enumerate(mixed) if other != player]
    for x in reversed(others):
        left = left @ x
    return left
