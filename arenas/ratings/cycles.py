"""Whether one number a player says who beats whom, or the players run in circles.

The cyclic share is that of `hodge`: of the squared margins (twice the mean score less 1, weighted
by games), what no score a player explains. Two things make it greater than 0 though nobody runs
in circles: few games, as luck makes circles too, and strong players, who cannot win more than
always. Both are also there in games drawn from the Bradley-Terry model that was fitted to these,
pair by pair as many as were played, as many of them drawn. So the judgement is a parametric
bootstrap (B. Efron & R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 16): how
often such games run in circles as much as the real ones (`p`), and by how much the real ones do
so more (`excess`).

Guarantees: the same games and seed give the same judgement. One number is said to mean little
where p <= P_MAX and the excess share is at least EXCESS_MIN; among players without cycles that
happens in no more than about P_MAX of cases. Games are taken to be independent: ten repetitions
of a match without chance are counted as ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.ratings.bradley_terry import Floats, RatingError, rate
from arenas.ratings.hodge import cyclic_energy, hodge, strongest_cycle

P_MAX = 0.05
"""A share that chance reaches more often than this is put down to chance."""
EXCESS_MIN = 0.1
"""Cycles that explain less than this share beyond chance are real, but hardly matter."""
CELLS_MAX = 2**22
"""Margins that are held at once: 32 MiB."""


@dataclass(frozen=True)
class Cycles:
    """How much n players run in circles.

    Attributes:
        share: of the squared margins that is cyclic, 0 ... 1.
        chance: the share that the fitted Bradley-Terry model leads to expect.
        excess: the share beyond what chance makes, 0 ... 1.
        p: how likely as much cyclic margin would be under that model, 0 < p <= 1.
        gradient, curl, harmonic: the shares of `hodge`; the last two sum to `share`.
        cycle: players, each beating the next and the last the first; () if there is none.
        weakest: the least margin on that cycle, -1 ... 1.
    """

    share: float
    chance: float
    excess: float
    p: float
    gradient: float
    curl: float
    harmonic: float
    cycle: tuple[int, ...]
    weakest: float

    @property
    def misleading(self) -> bool:
        """Whether one number a player means little; see the module for the threshold."""
        return self.p <= P_MAX and self.excess >= EXCESS_MIN

    def warning(self, names: Sequence[str] | None = None) -> str:
        """What to tell a reader of the table; empty if one number is fine."""
        if not self.misleading:
            return ""
        text = (
            f"one number means little here: {self.share:.0%} of the margins run in circles, "
            f"where {self.chance:.0%} would by chance (p = {self.p:.2g})"
        )
        if not self.cycle:
            return text
        called = [str(player) if names is None else names[player] for player in self.cycle]
        return f"{text}; strongest cycle: {' beats '.join([*called, called[0]])}"


def cycles(
    wins: npt.ArrayLike,
    draws: npt.ArrayLike | None = None,
    seed: int = 0,
    samples: int = 200,
    prior: float = 0.5,
) -> Cycles:
    """Judge how much n players run in circles.

    Args:
        wins: float[n, n], games that row won against column, draws as halves.
        draws: float[n, n], symmetric, how many games of each pair were drawn; none if left out.
        seed: of the bootstrap.
        samples: tables of games that are drawn, at least 19.
        prior: of the Bradley-Terry fit, as `rate`.

    Raises:
        RatingError: for wins or draws that cannot be, or too few samples.

    O(samples n^2 + n^3).
    """
    won = np.array(wins, np.float64)
    fitted = rate(won, prior)
    games = won + won.T
    drawn = np.zeros_like(won) if draws is None else np.array(draws, np.float64)
    fits = drawn.shape == won.shape and bool(((drawn >= 0) & (drawn <= games + 1e-9)).all())
    if not fits or not np.array_equal(drawn, drawn.T):
        raise RatingError(
            f"draws are {list(drawn.shape)}; expected {list(won.shape)}, symmetric, 0 or more and "
            "no more than the games that each pair played"
        )
    if samples < 19:
        raise RatingError(f"{samples} samples cannot tell 1 in 20; at least 19 are needed")

    margins = _margins(won, games)
    found = hodge(margins, games)
    by_chance, all_by_chance = _by_chance(fitted.chance(), games, drawn, seed, samples)
    energy = found.cyclic * found.energy
    # Margins are whole numbers of games, so equal ones differ by rounding only.
    reached = int(np.count_nonzero(by_chance >= energy * (1 - 1e-9) - 1e-12))
    cycle, weakest = strongest_cycle(margins)
    return Cycles(
        share=found.cyclic,
        chance=float(by_chance.sum() / all_by_chance.sum()) if all_by_chance.any() else 0.0,
        excess=max(float(energy - by_chance.mean()) / found.energy, 0.0) if found.energy else 0.0,
        p=(1 + reached) / (1 + samples),
        gradient=found.gradient,
        curl=found.curl,
        harmonic=found.harmonic,
        cycle=cycle,
        weakest=weakest,
    )


def _margins(won: Floats, games: Floats) -> Floats:
    """Twice the mean score less 1, float64[..., n, n]; 0 where a pair did not meet."""
    least = np.where(games > 0, games, 1.0)
    margins: Floats = np.where(games > 0, (won - np.swapaxes(won, -1, -2)) / least, 0.0)
    return margins


def _by_chance(
    chance: Floats, games: Floats, drawn: Floats, seed: int, samples: int
) -> tuple[Floats, Floats]:
    """Cyclic and whole energies of tables drawn from the model, float64[samples] each."""
    rng = np.random.default_rng(seed)
    first, second = np.nonzero(np.triu(games, 1))
    if not len(first):
        return np.zeros(samples), np.zeros(samples)
    number = np.maximum(np.rint(games[first, second]), 1).astype(np.int64)
    p = chance[first, second]
    # Draws fall to the even pairs, as many in all as were seen; a win is what is then missing.
    even = 4 * p * (1 - p)
    share = drawn[first, second].sum() / max(float((number * even).sum()), 1e-300)
    draw = np.minimum(np.minimum(share * even, 2 * p), 2 * (1 - p))
    odds = np.stack([p - draw / 2, draw, 1 - p - draw / 2], axis=1).clip(0)
    odds /= odds.sum(axis=1, keepdims=True)

    n = len(games)
    batch = max(CELLS_MAX // n**2, 1)
    cyclic, whole = [], []
    for begin in range(0, samples, batch):
        size = (min(batch, samples - begin), len(number))
        outcome = rng.multinomial(number, odds, size=size)
        margin = np.zeros((size[0], n, n))
        margin[:, first, second] = (outcome[..., 0] - outcome[..., 2]) / number
        margin -= np.swapaxes(margin, 1, 2)
        cyclic.append(cyclic_energy(margin, games))
        whole.append(0.5 * (games * margin**2).sum(axis=(1, 2)))
    return np.concatenate(cyclic), np.concatenate(whole)
