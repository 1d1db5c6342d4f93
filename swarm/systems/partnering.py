"""Agents come to have partners: whom one has bartered with, one goes to again.

An urn in which success is reinforced: a known partner is chosen with weight (1 + exchanges)^k, and
somebody new with a fixed weight, the mutator ball of Hoppe's urn (Hoppe 1984, "Pólya-like urns
and the Ewens' sampling formula", Journal of Mathematical Biology 20:91–94). Somebody new is mostly
met through those one knows, by a walk along partners in proportion to exchanges: reinforced ties
and introductions along them are what makes clusters (after Kumpula, Onnela, Saramäki, Kaski &
Kertész 2007, "Emergence of communities in weighted networks", Physical Review Letters 99:228701,
whose rule is this one without goods). Two who meet barter one unit each if both have something to
offer, and not the same.

Guarantees: partners are ids, never rows; nobody is its own partner, and the partners of an agent
are distinct; the dead are forgotten at once. All choose by what they knew when the tick began,
each with chance from a stream of its own, keyed by its id; barters are then remembered in the
order of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import GAMMA, below, mixed, seed_from, uniform
from swarm.gossip import rows_of
from swarm.population import Column, PopulationError
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World

NOBODY = -1


class Partnering(System):
    """Barter with partners that are chosen by past success.

    One tick: everybody alive who has something to offer goes to one other agent, and the two
    barter if they can. Whoever barters remembers the other; a full memory forgets the partner
    with the fewest exchanges for a new one.

    Args:
        partners: K, how many an agent remembers.
        goods: int column [n] that says what an agent has to offer, −1 for nothing; by default
            the task that `Specialising` has it do.
        strength: k ≥ 0, how much success is reinforced: 0 not at all, 1 as in Pólya's urn; above
            1 the most frequent partner comes to be the only one.
        curiosity: ≥ 0, weight of going to somebody new, where an untried partner would have 1.
        introduction: probability that somebody new is met by a walk along partners, and not
            drawn from all.
        steps: how long the walk may get; it ends before when it meets one that one can barter
            with.
        memory: what remembered exchanges are worth a tick later, in (0, 1].

    Attributes:
        givers, takers: int64[e], ids of who bartered in this tick; the taker was gone to.
        tried: agents that went to somebody in this tick.

    Columns: `partners` int64[K], ids, −1 for none; `exchanges` float64[K], with each, as
    remembered; `bartered` int64, exchanges in a lifetime.
    """

    def __init__(
        self,
        partners: int = 8,
        goods: str = "task",
        strength: float = 1.0,
        curiosity: float = 1.0,
        introduction: float = 0.9,
        steps: int = 3,
        memory: float = 0.99,
    ):
        whole = all(isinstance(count, (int, np.integer)) for count in (partners, steps))
        if not whole or partners < 1 or steps < 1:
            raise ValueError(
                "partners and steps must be whole numbers of at least 1, such as 8 and 3; got "
                f"{partners}, {steps}"
            )
        if not (0 <= strength < np.inf and curiosity >= 0):
            raise ValueError(
                "strength and curiosity must be at least 0, strength finite, such as 1.0; "
                f"got {strength} and {curiosity}"
            )
        if not (0 <= introduction <= 1 and 0 < memory <= 1):
            raise ValueError(
                "introduction is a probability in [0, 1] and memory a share in (0, 1], such as "
                f"0.9 and 0.99; got {introduction} and {memory}"
            )
        # The width is a setting, so the columns are the instance's.
        self.columns = {  # type: ignore[misc]
            "partners": Column(np.int64, (partners,), NOBODY),
            "exchanges": Column(np.float64, (partners,)),
            "bartered": Column(np.int64),
        }
        self.goods = goods
        self.strength = float(strength)
        self.curiosity = float(curiosity)
        self.introduction = float(introduction)
        self.steps = steps
        self.memory = float(memory)
        self.givers = np.empty(0, np.int64)
        self.takers = np.empty(0, np.int64)
        self.tried = 0

    def setup(self, world: World) -> None:
        """There has to be something to offer, one whole number an agent."""
        if self.goods not in world.population:
            raise PopulationError(
                f"Partnering barters what the column {self.goods!r} says, and there is none; add "
                "Specialising() to the systems, or name another: Partnering(goods='trade')"
            )
        column = world.population[self.goods]
        if column.ndim != 1 or not np.issubdtype(column.dtype, np.integer):
            raise PopulationError(
                "what agents offer is one whole number each, int[n], −1 for nothing; the column "
                f"{self.goods!r} is {column.dtype}{list(column.shape)}"
            )

    def __call__(self, world: World) -> None:
        """Everybody chooses, then those who can barter do."""
        population = world.population
        ids, living = population["id"], population["alive"]
        partners, exchanges = population["partners"], population["exchanges"]
        rows = rows_of(ids, partners)
        gone = (rows == NOBODY) | ~living[rows]
        partners[gone], exchanges[gone], rows[gone] = NOBODY, 0.0, NOBODY
        exchanges *= self.memory
        offered = np.where(living, population[self.goods].astype(np.int64), NOBODY)
        chosen = _choose(
            ids,
            np.flatnonzero(living),
            offered,
            rows,
            exchanges,
            self.strength,
            self.curiosity,
            self.introduction,
            self.steps,
            seed_from(world.stream(self.name)),
        )
        self.tried = int(np.count_nonzero(chosen != NOBODY))
        givers = np.flatnonzero((chosen != NOBODY) & (offered[chosen] != NOBODY))
        givers = givers[offered[givers] != offered[chosen[givers]]]
        takers = chosen[givers]
        _remember_all(givers, takers, ids, partners, exchanges)
        n = len(ids)
        population["bartered"][:] += np.bincount(givers, minlength=n)
        population["bartered"][:] += np.bincount(takers, minlength=n)
        self.givers, self.takers = ids[givers], ids[takers]

    def ties(
        self, world: World
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Who remembers whom: ids int64[e], of their partners int64[e], exchanges float64[e].

        This is what `swarm.emergence.exchange_graph` takes. A pair comes twice where both
        remember; partners that died in the last tick are left out.
        """
        ids = world.population["id"]
        partners = world.population["partners"]
        row, slot = np.nonzero(rows_of(ids, partners) != NOBODY)
        return ids[row], partners[row, slot], world.population["exchanges"][row, slot]

    def state(self) -> dict[str, Any]:
        """The barters of the last tick."""
        return {"givers": self.givers.copy(), "takers": self.takers.copy(), "tried": self.tried}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Partners are columns; what was bartered last is as it was."""
        self.givers = np.array(state["givers"], np.int64)
        self.takers = np.array(state["takers"], np.int64)
        self.tried = int(state["tried"])


@njit(cache=True, nogil=True)
def _choose(
    ids: NDArray[np.int64],
    living: NDArray[np.int64],
    offered: NDArray[np.int64],
    rows: NDArray[np.int64],
    exchanges: NDArray[np.float64],
    strength: float,
    curiosity: float,
    introduction: float,
    steps: int,
    seed: int,
) -> NDArray[np.int64]:
    """Rows int64[n] of whom each agent goes to, −1 for nobody."""
    chosen = np.full(ids.size, NOBODY, np.int64)
    weight = np.empty(rows.shape[1], np.float64)
    stream = np.empty(1, np.uint64)
    for i in range(ids.size):
        if offered[i] == NOBODY or living.size < 2:
            continue
        stream[0] = mixed(np.uint64(seed) + np.uint64(ids[i] + 1) * GAMMA)
        total = _weigh(weight, rows[i], exchanges[i], strength, curiosity)
        place = uniform(stream) * total
        for p in range(weight.size):
            if place < weight[p]:
                chosen[i] = rows[i, p]
                break
            place -= weight[p]
        if chosen[i] == NOBODY and uniform(stream) < introduction:
            chosen[i] = _introduced(i, offered, rows, exchanges, steps, stream)
        while chosen[i] == NOBODY:
            other = living[below(stream, living.size)]
            if other != i:
                chosen[i] = other
    return chosen


@njit(cache=True, nogil=True)
def _weigh(
    weight: NDArray[np.float64],
    rows: NDArray[np.int64],
    exchanges: NDArray[np.float64],
    strength: float,
    curiosity: float,
) -> float:
    """Weigh the partners, in place; returns their sum, and somebody new's besides."""
    total, most = curiosity, 0.0
    for p in range(weight.size):
        weight[p] = 0.0 if rows[p] == NOBODY else (1.0 + exchanges[p]) ** strength
        total += weight[p]
        if rows[p] != NOBODY:
            most = max(most, np.log1p(exchanges[p]))
    if np.isfinite(total):
        return total
    # Powers beyond what a float holds: all weights are divided by the largest.
    total = curiosity * np.exp(-strength * most)
    for p in range(weight.size):
        if rows[p] != NOBODY:
            weight[p] = np.exp(strength * (np.log1p(exchanges[p]) - most))
        total += weight[p]
    return total


@njit(cache=True, nogil=True)
def _introduced(
    i: int,
    offered: NDArray[np.int64],
    rows: NDArray[np.int64],
    exchanges: NDArray[np.float64],
    steps: int,
    stream: NDArray[np.uint64],
) -> int:
    """Walk from partner to partner to one that i does not know and could barter with.

    Returns its row, or −1 if the walk met none.
    """
    here = i
    for _ in range(steps):
        here = rows[here, _drawn(exchanges[here], stream)]
        if here == NOBODY:
            return NOBODY
        able = offered[here] != NOBODY and offered[here] != offered[i]
        if able and here != i and not (rows[i] == here).any():
            return here
    return NOBODY


@njit(cache=True, nogil=True)
def _drawn(weight: NDArray[np.float64], stream: NDArray[np.uint64]) -> int:
    """Draw a slot in proportion to its weight; the last if all weigh nothing."""
    place = uniform(stream) * weight.sum()
    for p in range(weight.size):
        if place < weight[p]:
            return p
        place -= weight[p]
    return weight.size - 1


@njit(cache=True, nogil=True)
def _remember_all(
    givers: NDArray[np.int64],
    takers: NDArray[np.int64],
    ids: NDArray[np.int64],
    partners: NDArray[np.int64],
    exchanges: NDArray[np.float64],
) -> None:
    for e in range(givers.size):
        i, j = givers[e], takers[e]
        _remember(partners[i], exchanges[i], ids[j])
        _remember(partners[j], exchanges[j], ids[i])


@njit(cache=True, nogil=True)
def _remember(partners: NDArray[np.int64], exchanges: NDArray[np.float64], other: int) -> None:
    """Count an exchange; a new partner takes an empty slot, or that of the least exchanges."""
    place = 0
    for p in range(partners.size):
        if partners[p] == other:
            exchanges[p] += 1.0
            return
        if partners[place] != NOBODY and (partners[p] == NOBODY or exchanges[p] < exchanges[place]):
            place = p
    partners[place] = other
    exchanges[place] = 1.0
