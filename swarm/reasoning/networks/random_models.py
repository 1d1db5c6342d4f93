"""Random networks and structural models, with causes that nobody sees if wanted.

For studies that need many worlds with known answers: a seeded graph, tables drawn from Dirichlet
distributions (small `concentration`: nearly sure rows; 1: all rows equally likely), and hidden
confounders, which are roots with two or more visible children each.

Guarantees: equal generators give equal models; graphs are acyclic, with the arrows asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.network import BayesNetwork, NetworkError
from swarm.reasoning.networks.structural import StructuralModel


def random_dag(
    variables: int,
    rng: np.random.Generator,
    edges: int | None = None,
    mean_parents: float = 1.5,
    parents_max: int = 4,
) -> NDArray[np.bool_]:
    """Draw arrows between variables in a random order, uniformly but for `parents_max`.

    Args:
        variables: V ≥ 1.
        rng: draws the order and the arrows.
        edges: how many arrows; round(V · mean_parents) when None, or all there is room for.
        mean_parents: arrows per variable, ≥ 0.
        parents_max: most parents of one variable, ≥ 0.

    Returns:
        bool[V, V], i → j.

    Raises:
        NetworkError: for no variables, or more `edges` than there is room for.
    """
    if variables < 1 or mean_parents < 0 or parents_max < 0:
        raise NetworkError(
            "a random graph needs variables ≥ 1, mean_parents ≥ 0 and parents_max ≥ 0, such as "
            f"(8, 1.5, 4); got {variables}, {mean_parents}, {parents_max}"
        )
    room = sum(min(place, parents_max) for place in range(variables))
    wanted = min(round(variables * mean_parents), room) if edges is None else edges
    if not 0 <= wanted <= room:
        raise NetworkError(
            f"{variables} variables with at most {parents_max} parents each have room for "
            f"0..{room} arrows; got edges={wanted}"
        )
    order = rng.permutation(variables)
    first, second = np.triu_indices(variables, 1)
    arrows = np.zeros((variables, variables), dtype=bool)
    left = wanted
    for pair in rng.permutation(len(first)):
        if left == 0:
            break
        i, j = order[first[pair]], order[second[pair]]
        if arrows[:, j].sum() < parents_max:
            arrows[i, j] = True
            left -= 1
    return arrows


def random_network(
    arrows: NDArray[np.bool_],
    rng: np.random.Generator,
    cards: tuple[int, int] = (2, 3),
    concentration: float = 0.5,
) -> BayesNetwork:
    """Draw states and tables for a graph.

    Args:
        arrows: bool[V, V], acyclic, such as from `random_dag`.
        rng: draws the cards and then the tables.
        cards: fewest and most states of a variable.
        concentration: of the symmetric Dirichlet distribution of each row, > 0.

    Raises:
        NetworkError: for a cycle, fewer than one state, or a concentration that is not positive.
    """
    _check_cards(cards)
    if not concentration > 0:
        raise NetworkError(f"concentration must be positive, such as 0.5; got {concentration}")
    number = rng.integers(cards[0], cards[1] + 1, len(arrows))
    parents = _parents(arrows)
    tables = []
    for v, above in enumerate(parents):
        shape = tuple(number[list(above)].tolist())
        rows = rng.dirichlet(np.full(number[v], concentration), size=int(np.prod(shape)))
        tables.append((rows / rows.sum(axis=1, keepdims=True)).reshape(*shape, number[v]))
    return BayesNetwork(_names(len(arrows)), _states(number), parents, tuple(tables))


def random_model(
    arrows: NDArray[np.bool_],
    rng: np.random.Generator,
    cards: tuple[int, int] = (2, 3),
    noise_states: int = 6,
    concentration: float = 1.0,
) -> StructuralModel:
    """Draw functions and noise for a graph: every answer of a function is uniform.

    Unlike a network turned into a model, its noise couples the parents' configurations in no
    particular way.

    Args:
        arrows: bool[V, V], acyclic, such as from `random_dag`.
        rng: draws the cards, the noise and the functions.
        cards: fewest and most states of a variable.
        noise_states: of each variable, ≥ 1.
        concentration: of the symmetric Dirichlet distribution of the noise, > 0.

    Raises:
        NetworkError: for a cycle, or numbers out of range.
    """
    _check_cards(cards)
    if noise_states < 1 or not concentration > 0:
        raise NetworkError(
            "noise needs at least 1 state and a positive concentration, such as 6 and 1.0; "
            f"got {noise_states} and {concentration}"
        )
    number = rng.integers(cards[0], cards[1] + 1, len(arrows))
    parents = _parents(arrows)
    chances = rng.dirichlet(np.full(noise_states, concentration), size=len(arrows))
    functions = tuple(
        rng.integers(number[v], size=(*number[list(above)], noise_states), dtype=np.int16)
        for v, above in enumerate(parents)
    )
    return StructuralModel(_names(len(arrows)), _states(number), parents, tuple(chances), functions)


@dataclass(frozen=True, eq=False)
class PartlyHidden:
    """A model of which only some variables can be seen.

    Attributes:
        model: of all V variables.
        hidden: bool[V].

    Raises:
        NetworkError: if `hidden` has another shape, or hides everything.
    """

    model: StructuralModel
    hidden: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if np.shape(self.hidden) != (len(self.model),) or np.all(self.hidden):
            raise NetworkError(
                f"hidden must be bool[{len(self.model)}], with something left to see; got shape "
                f"{np.shape(self.hidden)}, {np.sum(self.hidden)} hidden"
            )

    @cached_property
    def visible(self) -> NDArray[np.int64]:
        """int64[k], the numbers of the variables that can be seen, ascending."""
        return np.flatnonzero(~self.hidden)

    def sample(self, n: int, rng: np.random.Generator) -> NDArray[np.int16]:
        """What can be seen of n units, int16[n, k]: columns in the order of `visible`."""
        return np.ascontiguousarray(self.model.sample(n, rng)[:, self.visible])

    @cached_property
    def directed(self) -> NDArray[np.bool_]:
        """bool[k, k]: i → j, or i → … → j through hidden variables only."""
        return self._through_hidden()[np.ix_(self.visible, self.visible)]

    @cached_property
    def bidirected(self) -> NDArray[np.bool_]:
        """bool[k, k], symmetric: i and j share a hidden cause (latent projection, Verma 1993)."""
        from_hidden = self._through_hidden()[np.ix_(np.flatnonzero(self.hidden), self.visible)]
        shared = (from_hidden.T.astype(np.int64) @ from_hidden) > 0
        np.fill_diagonal(shared, False)
        return shared

    def _through_hidden(self) -> NDArray[np.bool_]:
        """bool[V, V]: a directed path whose inner variables are all hidden."""
        reach = self.model.network.adjacency.copy()
        for middle in np.flatnonzero(self.hidden):
            reach |= np.outer(reach[:, middle], reach[middle])
        return reach


def with_confounders(
    arrows: NDArray[np.bool_], confounders: int, rng: np.random.Generator, children: int = 2
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Add hidden roots, each with `children` random children among the variables.

    Args:
        arrows: bool[V, V].
        confounders: how many, ≥ 0.
        rng: draws the children.
        children: of each confounder, 2..V.

    Returns:
        bool[V + confounders, V + confounders] arrows and bool[V + confounders] which is hidden;
        the confounders come last.

    Raises:
        NetworkError: for numbers out of range.

    >>> rng = np.random.default_rng(0)
    >>> arrows, hidden = with_confounders(random_dag(6, rng), 2, rng)
    >>> world = PartlyHidden(random_model(arrows, rng), hidden)
    >>> world.sample(10, rng).shape
    (10, 6)
    """
    V = len(arrows)
    if confounders < 0 or not 2 <= children <= V:
        raise NetworkError(
            f"confounders must be ≥ 0 with 2..{V} children each, such as 2 with 2; got "
            f"{confounders} with {children}"
        )
    both = np.zeros((V + confounders, V + confounders), dtype=bool)
    both[:V, :V] = arrows
    for cause in range(V, V + confounders):
        both[cause, rng.choice(V, children, replace=False)] = True
    return both, np.arange(V + confounders) >= V


def _parents(arrows: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(np.flatnonzero(column).tolist()) for column in arrows.T)


def _names(variables: int) -> tuple[str, ...]:
    return tuple(f"x{v}" for v in range(variables))


def _states(cards: NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(f"s{state}" for state in range(card)) for card in cards.tolist())


def _check_cards(cards: tuple[int, int]) -> None:
    if not 1 <= cards[0] <= cards[1]:
        raise NetworkError(f"cards must be (fewest, most) with 1 ≤ fewest, such as (2, 3); {cards}")
