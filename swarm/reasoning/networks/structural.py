"""Structural causal models: how each variable is made from its causes and its own noise.

x_v = f_v(parents, u_v), with u_v its own noise
(Pearl 2009, "Causality", chapter 7). A network says less: many models have the same tables, and
their counterfactuals differ. So turning one into a model takes a stated coupling of the noise:

- `monotone_model`: u_v is uniform on [0, 1) and f_v the inverse of the cumulated table row, so a
  unit that is high in its distribution stays as high under other parents. u_v is cut at the
  breakpoints of all rows, which leaves finitely many states and is exact.
- `independent_model`: u_v holds one independent response for each configuration of the parents.

Guarantees: `network` of either model equals the network it was made from, up to rounding; equal
generators give equal units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.network import (
    BayesNetwork,
    NetworkError,
    Setting,
    breakpoints_of,
    states_between,
)
from swarm.reasoning.networks.validity import TOLERANCE, check_columns, check_variables

# Breakpoints nearer to each other than this are one: they differ by rounding.
MERGED = 1e-12
NOISE_STATES_MAX = 4096


@dataclass(frozen=True, eq=False)
class StructuralModel:
    """How each of V variables is made from its parents and its own noise.

    Attributes:
        names, states, parents: as in `BayesNetwork`.
        chances: for each variable float64[noise states], positive or 0, summing to 1.
        functions: for each variable int16[parents' cards..., noise states], the state it takes.

    Raises:
        NetworkError: as `BayesNetwork`, or for chances and functions of the wrong shape or range.
    """

    names: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    parents: tuple[tuple[int, ...], ...]
    chances: tuple[NDArray[np.float64], ...]
    functions: tuple[NDArray[np.int16], ...]

    def __post_init__(self) -> None:
        check_columns(
            self.names,
            states=self.states,
            parents=self.parents,
            chances=self.chances,
            functions=self.functions,
        )
        check_variables(self.names, self.states, self.parents)
        chances = tuple(_checked_chances(self, v) for v in range(len(self.names)))
        object.__setattr__(self, "chances", chances)
        functions = tuple(_checked_function(self, v) for v in range(len(self.names)))
        object.__setattr__(self, "functions", functions)
        _ = self.network  # refuses what a network refuses

    def __len__(self) -> int:
        """V, the number of variables."""
        return len(self.names)

    @cached_property
    def network(self) -> BayesNetwork:
        """The network of the same distributions, under every intervention too."""
        tables = []
        for states, chances, function in zip(
            self.states, self.chances, self.functions, strict=True
        ):
            reached = function[..., None] == np.arange(len(states))
            table = (reached * chances[:, None]).sum(axis=-2)
            tables.append(table / table.sum(axis=-1, keepdims=True))
        return BayesNetwork(self.names, self.states, self.parents, tuple(tables))

    def noise(self, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the noise of n units, int64[n, V]; one uniform number for each cell."""
        noise = np.empty((n, len(self)), dtype=np.int64)
        for v, chances in enumerate(self.chances):
            noise[:, v] = states_between(breakpoints_of(chances)[0], rng.random(n))
        return noise

    def unfold(self, noise: NDArray[np.int64], do: Setting | None = None) -> NDArray[np.int16]:
        """What the units with that noise become, int16[n, V]: in fact, or after do(...).

        The same noise unfolded twice, without and with an intervention, gives each unit's fact
        and counterfactual.

        Raises:
            NetworkError: unknown names.
        """
        forced = self.network.numbered(do)
        states = np.empty((len(self), len(noise)), dtype=np.int16)
        for v in self.network.order:
            if v in forced:
                states[v] = forced[v]
            else:
                given = tuple(states[parent] for parent in self.parents[v])
                states[v] = self.functions[v][(*given, noise[:, v])]
        return np.ascontiguousarray(states.T)

    def sample(
        self, n: int, rng: np.random.Generator, do: Setting | None = None
    ) -> NDArray[np.int16]:
        """Draw n units, int16[n, V]: `unfold` of fresh `noise`."""
        return self.unfold(self.noise(n, rng), do)


def monotone_model(network: BayesNetwork) -> StructuralModel:
    """The model in which each variable is the inverse CDF of one uniform noise, cut exactly.

    Noise states of v: at most configurations of its parents × (card − 1) + 1.
    """
    chances, functions = [], []
    for v in range(len(network)):
        breaks = network.breakpoints[v]
        cuts = np.sort(np.concatenate(([0.0], breaks.ravel())))
        cuts = cuts[np.append(True, np.diff(cuts) > MERGED)]
        cuts[-1] = 1.0
        middles = (cuts[:-1] + cuts[1:]) / 2
        states = (middles >= breaks[:, :-1, None]).sum(axis=1)
        chances.append(np.diff(cuts))
        functions.append(states.reshape(*network.tables[v].shape[:-1], len(middles)))
    return _model(network, chances, functions)


def independent_model(
    network: BayesNetwork, noise_states_max: int = NOISE_STATES_MAX
) -> StructuralModel:
    """The model in which a variable answers each configuration of its parents independently.

    Noise states of v: card to the power of the parents' configurations, but for impossible ones.

    Raises:
        NetworkError: if a variable needs more than `noise_states_max`.
    """
    chances, functions = [], []
    for v in range(len(network)):
        rows = network.tables[v].reshape(-1, network.cards[v])
        likely = [np.flatnonzero(row) for row in rows]
        needed = np.prod([float(len(states)) for states in likely])
        if needed > noise_states_max:
            raise NetworkError(
                f"{network.names[v]} has {needed:.3g} ways to answer the {len(rows)} "
                f"configurations of its parents, more than the {noise_states_max} allowed; "
                "use monotone_model, or give it fewer parents"
            )
        responses = np.array(list(product(*likely))).T  # [configurations, noise states]
        chances.append(np.take_along_axis(rows, responses, axis=1).prod(axis=0))
        functions.append(responses.reshape(*network.tables[v].shape[:-1], -1))
    return _model(network, chances, functions)


def _model(
    network: BayesNetwork, chances: list[NDArray], functions: list[NDArray]
) -> StructuralModel:
    return StructuralModel(
        network.names, network.states, network.parents, tuple(chances), tuple(functions)
    )


def _checked_chances(model: StructuralModel, v: int) -> NDArray[np.float64]:
    chances = np.array(model.chances[v], dtype=np.float64)
    right = chances.ndim == 1 and (chances >= 0).all()
    if not (right and abs(chances.sum() - 1) <= TOLERANCE):
        raise NetworkError(
            f"the noise of {model.names[v]} must be chances ≥ 0 that sum to 1, such as "
            f"(0.2, 0.8); got {chances.tolist()}"
        )
    chances.flags.writeable = False
    return chances


def _checked_function(model: StructuralModel, v: int) -> NDArray[np.int16]:
    function = np.array(model.functions[v])
    card = len(model.states[v])
    expected = (*(len(model.states[p]) for p in model.parents[v]), len(model.chances[v]))
    if function.shape != expected or not (
        np.issubdtype(function.dtype, np.integer) and ((function >= 0) & (function < card)).all()
    ):
        raise NetworkError(
            f"the function of {model.names[v]} must be states 0..{card - 1} in shape {expected}, "
            f"an axis for each parent and its noise last; got {function.dtype} in "
            f"{function.shape}"
        )
    function = function.astype(np.int16)
    function.flags.writeable = False
    return function
