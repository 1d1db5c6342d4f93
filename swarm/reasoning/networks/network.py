"""Bayesian networks over discrete variables: a directed acyclic graph and a table for each node.

Pearl 1988, "Probabilistic Reasoning in Intelligent Systems"; interventions by cutting the arrows
into what is set (Pearl 2009, "Causality", section 1.3).

Variables and states are numbers, 0..V−1 and 0..card−1, in the order of `names` and `states`.
Wherever a variable or a state is asked for, its name does as well.

Guarantees: a network that exists is valid (acyclic, every row a distribution) and never changes;
equal generators give equal samples; a state of probability 0 is never sampled.

`NetworkError` (a ValueError) is what every module of this package raises; see `validity`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.validity import (
    NetworkError as NetworkError,
    check_columns,
    check_variables,
    checked_table,
    some,
    topological_order,
)

UNSEEN = -1

Variable = int | str
State = int | str
Setting = Mapping[str, State] | Mapping[int, State] | Mapping[Variable, State]
# One setting a query: mappings, or int[Q, V] with −1 where nothing is set.
Settings = Sequence[Setting | None] | NDArray | None


@dataclass(frozen=True, eq=False)
class BayesNetwork:
    """P(x) = Π P(x_v | parents of v).

    Attributes:
        names: V names, distinct.
        states: for each variable the names of its states, at least one, distinct.
        parents: for each variable its parents' numbers, in the order of the table's axes.
        tables: for each variable float64[parents' cards..., card], last axis summing to 1;
            copied and made read-only.

    Raises:
        NetworkError: for columns of unequal length, unknown or repeated parents, a cycle, a table
            of the wrong shape, or a row that is no distribution.

    >>> network = BayesNetwork(
    ...     names=("rain", "wet"),
    ...     states=(("no", "yes"), ("no", "yes")),
    ...     parents=((), (0,)),
    ...     tables=(np.array([0.8, 0.2]), np.array([[0.9, 0.1], [0.2, 0.8]])),
    ... )
    >>> network.sample(3, np.random.default_rng(0)).shape
    (3, 2)
    """

    names: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    parents: tuple[tuple[int, ...], ...]
    tables: tuple[NDArray[np.float64], ...]

    def __post_init__(self) -> None:
        check_columns(self.names, states=self.states, parents=self.parents, tables=self.tables)
        check_variables(self.names, self.states, self.parents)
        tables = []
        for v, (name, above) in enumerate(zip(self.names, self.parents, strict=True)):
            names, cards = [self.names[p] for p in above], [self.cards[p] for p in above]
            tables.append(checked_table(self.tables[v], name, self.cards[v], names, cards))
        object.__setattr__(self, "tables", tuple(tables))
        _ = self.order  # refuses cycles

    def __len__(self) -> int:
        """V, the number of variables."""
        return len(self.names)

    @cached_property
    def cards(self) -> tuple[int, ...]:
        """How many states each variable has."""
        return tuple(map(len, self.states))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The variables, parents before children; smallest number first among the ready."""
        return topological_order(self.parents, self.names)

    @cached_property
    def adjacency(self) -> NDArray[np.bool_]:
        """bool[V, V]: whether i → j; read-only."""
        arrows = np.zeros((len(self), len(self)), dtype=bool)
        for child, parents in enumerate(self.parents):
            arrows[list(parents), child] = True
        arrows.flags.writeable = False
        return arrows

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """For each variable the numbers of its children, ascending."""
        return tuple(tuple(np.flatnonzero(row).tolist()) for row in self.adjacency)

    @cached_property
    def breakpoints(self) -> tuple[NDArray[np.float64], ...]:
        """For each variable float64[configurations, card], where its inverse CDF steps.

        Row c belongs to the parents' configuration c, last parent fastest; a uniform number u in
        [0, 1) means the first state whose breakpoint is above u.
        """
        return tuple(map(breakpoints_of, self.tables))

    @cached_property
    def _numbers(self) -> dict[Variable, int]:
        return {name: v for v, name in enumerate(self.names)}

    @cached_property
    def _state_numbers(self) -> tuple[dict[State, int], ...]:
        return tuple({name: s for s, name in enumerate(states)} for states in self.states)

    def number(self, variable: Variable) -> int:
        """The number of a variable given by number or name.

        Raises:
            NetworkError: if there is no such variable.
        """
        if isinstance(variable, str):
            if variable in self._numbers:
                return self._numbers[variable]
        elif 0 <= variable < len(self):
            return int(variable)
        raise NetworkError(
            f"no variable {variable!r}; there are {len(self)}: numbers 0..{len(self) - 1}, "
            f"named {some(self.names)}"
        )

    def state_number(self, variable: Variable, state: State) -> int:
        """The number of a variable's state given by number or name.

        Raises:
            NetworkError: if there is no such variable, or it has no such state.
        """
        v = self.number(variable)
        if isinstance(state, str):
            if state in self._state_numbers[v]:
                return self._state_numbers[v][state]
        elif 0 <= state < self.cards[v]:
            return int(state)
        raise NetworkError(
            f"{self.names[v]} has no state {state!r}; its states are 0..{self.cards[v] - 1}, "
            f"named {some(self.states[v])}"
        )

    def numbered(self, setting: Setting | None) -> dict[int, int]:
        """A setting of variables with numbers for names, {} for None.

        Raises:
            NetworkError: for an unknown variable or state, or a variable set twice.
        """
        if not setting:
            return {}
        found = {self.number(v): self.state_number(v, state) for v, state in setting.items()}
        if len(found) < len(setting):
            raise NetworkError(
                f"a variable is set twice, by number and by name: {dict(setting)}; name it once"
            )
        return found

    def targets(self, targets: Sequence[Variable] | NDArray) -> NDArray[np.int64]:
        """The numbers of Q variables given by number or name, int64[Q].

        Raises:
            NetworkError: for an unknown variable.
        """
        plain = targets.tolist() if isinstance(targets, np.ndarray) else targets
        return np.array([self.number(target) for target in plain], dtype=np.int64)

    def described(self, setting: Mapping[int, int]) -> str:
        """A setting of numbers in words, such as `smoke = yes, xray = no`."""
        said = (f"{self.names[v]} = {self.states[v][s]}" for v, s in sorted(setting.items()))
        return ", ".join(said) or "nothing"

    def rows(self, settings: Settings, n: int) -> NDArray:
        """n settings as one int64[n, V], −1 where nothing is set.

        Args:
            settings: n mappings such as {"smoke": "yes"}, or int[n, V] already; None for nothing.
            n: how many are expected.

        Raises:
            NetworkError: for another number of settings, or an unknown variable or state.
        """
        if settings is None:
            return np.full((n, len(self)), UNSEEN, dtype=np.int64)
        if isinstance(settings, np.ndarray):
            return self._checked_rows(settings, n)
        listed = list(settings)
        if len(listed) != n:
            raise NetworkError(f"expected {n} settings, one a query; got {len(listed)}")
        rows = np.full((n, len(self)), UNSEEN, dtype=np.int64)
        for row, setting in zip(rows, listed, strict=True):
            for v, state in self.numbered(setting).items():
                row[v] = state
        return rows

    def _checked_rows(self, settings: NDArray, n: int) -> NDArray[np.int64]:
        if settings.shape != (n, len(self)) or not np.issubdtype(settings.dtype, np.integer):
            raise NetworkError(
                f"settings must be int[{n}, {len(self)}], a row a query and a column a variable, "
                f"−1 where nothing is set; got {settings.dtype}{list(settings.shape)}"
            )
        rows = settings.astype(np.int64)
        wrong = np.argwhere((rows < UNSEEN) | (rows >= np.array(self.cards)))
        if len(wrong):
            row, v = wrong[0]
            self.state_number(int(v), int(rows[row, v]))
        return rows

    def do(self, setting: Setting) -> BayesNetwork:
        """The network after an intervention: what is set has no parents and one sure state.

        Raises:
            NetworkError: for an unknown variable or state.
        """
        parents, tables = list(self.parents), list(self.tables)
        for v, state in self.numbered(setting).items():
            parents[v] = ()
            tables[v] = np.eye(self.cards[v])[state]
        return BayesNetwork(self.names, self.states, tuple(parents), tuple(tables))

    def sample(self, n: int, rng: np.random.Generator) -> NDArray[np.int16]:
        """Draw n rows of all variables, parents first.

        Args:
            n: how many rows, ≥ 0.
            rng: draws one uniform number for each cell.

        Returns:
            int16[n, V] states.
        """
        drawn = np.empty((len(self), n), dtype=np.int16)
        for v in self.order:
            drawn[v] = self.states_at(v, drawn, rng.random(n))
        return np.ascontiguousarray(drawn.T)

    def configurations(self, v: int, columns: NDArray) -> NDArray[np.int64]:
        """The parents' configuration of v, int64[n], last parent fastest; columns int[V, n]."""
        code = np.zeros(columns.shape[1], dtype=np.int64)
        for parent in self.parents[v]:
            code = code * self.cards[parent] + columns[parent]
        return code

    def states_at(
        self, v: int, columns: NDArray, quantiles: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The states of v at quantiles float64[n] of its distribution given columns int[V, n]."""
        breaks = self.breakpoints[v]
        if len(breaks) == 1:
            return states_between(breaks[0], quantiles)
        code = self.configurations(v, columns)
        states = np.zeros(len(code), dtype=np.int64)
        for state in range(self.cards[v] - 1):
            states += quantiles >= breaks[code, state]
        return states


def breakpoints_of(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cumulate a table's rows, float64[configurations, card], from the last likely state on 1.

    So a uniform number below 1 never meets a state of probability 0, whatever rounding did.
    """
    rows = table.reshape(-1, table.shape[-1])
    likely = np.flip(np.cumsum(np.flip(rows > 0, axis=1), axis=1), axis=1)  # from here on
    breaks = np.minimum(np.cumsum(rows, axis=1), 1.0)
    breaks[likely - (rows > 0) == 0] = 1.0
    return breaks


def states_between(
    breaks: NDArray[np.float64], quantiles: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The first state whose breakpoint is above each quantile, int64[n]."""
    return np.searchsorted(breaks, quantiles, side="right")
