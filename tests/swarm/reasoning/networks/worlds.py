"""Small random networks and models, and plain answers about them by listing everything."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

from swarm.reasoning.networks import (
    BayesNetwork,
    StructuralModel,
    random_dag,
    random_model,
    random_network,
)

Setting = dict[int, int]
seeds = st.integers(0, 2**32 - 1)


def small_network(seed: int, variables: int = 6) -> BayesNetwork:
    """Up to six variables of one to three states; in every second one, many zeros."""
    rng = np.random.default_rng(seed)
    number = int(rng.integers(1, variables + 1))
    arrows = random_dag(number, rng, mean_parents=float(rng.uniform(0, 2)), parents_max=3)
    if seed % 2:
        return random_model(arrows, rng, cards=(1, 3), noise_states=3).network
    return random_network(arrows, rng, cards=(1, 3))


def small_model(seed: int) -> StructuralModel:
    """Up to five variables, at most four noise states each."""
    rng = np.random.default_rng(seed)
    arrows = random_dag(int(rng.integers(2, 6)), rng, mean_parents=1.5, parents_max=3)
    return random_model(arrows, rng, cards=(2, 3), noise_states=int(rng.integers(1, 5)))


def some_settings(
    network: BayesNetwork, rng: np.random.Generator, most: int = 2
) -> tuple[Setting, Setting]:
    """What is seen, possible after what is set; and what is set."""
    V = len(network)
    picked = rng.permutation(V)
    seen, forced = np.split(picked[: rng.integers(0, V + 1)], [rng.integers(0, most + 2)])
    do = {int(v): int(rng.integers(network.cards[v])) for v in forced[:most]}
    row = network.do(do).sample(1, rng)[0]
    return {int(v): int(row[v]) for v in seen}, do


def listed(network: BayesNetwork, do: Setting | None = None) -> np.ndarray:
    """The joint distribution, float64[cards...], cell by cell."""
    forced = do or {}
    cells = np.zeros(network.cards)
    for cell in np.ndindex(*network.cards):
        chance = 1.0
        for v, state in enumerate(cell):
            if v in forced:
                chance *= float(forced[v] == state)
            else:
                above = tuple(cell[parent] for parent in network.parents[v])
                chance *= network.tables[v][(*above, state)]
        cells[cell] = chance
    return cells


def agreeing(joint: np.ndarray, seen: Setting) -> np.ndarray:
    """The joint distribution with all cells set to 0 that disagree with what is seen."""
    keep = np.zeros_like(joint)
    where = tuple(seen.get(v, slice(None)) for v in range(joint.ndim))
    keep[where] = joint[where]
    return keep


def marginal(joint: np.ndarray, v: int) -> np.ndarray:
    return joint.sum(axis=tuple(u for u in range(joint.ndim) if u != v))


def unit(model: StructuralModel, noise: tuple[int, ...], do: Setting) -> list[int]:
    """What one unit becomes, variable by variable."""
    states: dict[int, int] = {}

    def state(v: int) -> int:
        if v not in states:
            above = tuple(state(parent) for parent in model.parents[v])
            states[v] = do.get(v, int(model.functions[v][(*above, noise[v])]))
        return states[v]

    return [state(v) for v in range(len(model))]


def abduced(model: StructuralModel, target: int, do: Setting, seen: Setting) -> np.ndarray:
    """Abduction, action and prediction over all values of all noise."""
    found = np.zeros(model.network.cards[target])
    for noise in product(*(range(len(chances)) for chances in model.chances)):
        fact = unit(model, noise, {})
        if all(fact[v] == state for v, state in seen.items()):
            weight = np.prod([c[u] for c, u in zip(model.chances, noise, strict=True)])
            found[unit(model, noise, do)[target]] += weight
    return found / found.sum()
