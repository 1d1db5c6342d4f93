"""Cases: what agents may reason from in the causal domain, rows of what was seen and no more.

Every engine gets its learned graphs and tables from here, so that each is learned once. A graph
comes from climbing on a score or from tests of independence (`hill_climb`, `learning`,
`restarts`, `pc`); its tables are relative frequencies, each row drawn towards the base rate of its
variable as by a Dirichlet prior worth `smoothing` cases (m-estimates, Cestnik 1990), so no entry
is 0.

Guarantees: nothing is read but the cases; equal cases give equal artefacts, to the bit.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.counting import DataError, columns_of
from swarm.reasoning.networks.equivalence import extension, pattern_of
from swarm.reasoning.networks.hill_climb import hill_climb
from swarm.reasoning.networks.learning import learn_graph
from swarm.reasoning.networks.network import BayesNetwork
from swarm.reasoning.networks.pc import discover
from swarm.reasoning.networks.questions import KINDS
from swarm.reasoning.networks.restarts import iterated_climb
from swarm.reasoning.networks.score import FamilyScores
from swarm.reasoning.networks.structural import StructuralModel, monotone_model

Learner = Literal["climb", "both", "tests", "search"]
"""How a graph is learned: climbing on BIC, climbing from what tests found too, tests alone, or
climbing on BDeu again and again."""

SEARCH_SEED, MEMBER_SEED = 0x73656172, 0x6D656D62
"""Seed what is shaken in a search, and the orders that members of an equivalence class are drawn
by; both the same for all cases."""

DRAWS = 64
"""Members drawn, of which some are kept."""


class Cases:
    """n cases of V visible variables.

    Args:
        data: int[n, V], entries 0..cards[v]−1.
        names: V names.
        states: for each variable the names of its states.
        questions: how many questions agents are asked, for `entities`.

    Raises:
        DataError: for data that do not fit the states.

    Attributes:
        data: int16[n, V], read-only. columns: int16[V, n], the same by variable.
        cards: int64[V]. answers: C, the most states of any variable.
        entities: findings are filed under question numbers and answers below this.
        version: 16 hexadecimal digits; equal for equal cases.
    """

    def __init__(
        self,
        data: ArrayLike,
        names: tuple[str, ...],
        states: tuple[tuple[str, ...], ...],
        questions: int = 0,
    ):
        self.columns, self.cards = columns_of(data, [len(each) for each in states])
        if len(names) != len(states):
            raise DataError(f"{len(states)} columns need as many names; got {len(names)}.")
        self.columns.flags.writeable = False
        self.data = self.columns.T
        self.names, self.states = names, states
        self.answers = int(self.cards.max())
        self.entities = max(questions, self.answers)
        about = repr((names, states, self.data.shape)).encode()
        self.version = hashlib.sha256(about + self.columns.tobytes()).hexdigest()[:16]
        self._graphs: dict[Learner, list[tuple[NDArray[np.bool_], float]]] = {}
        self._members: dict[tuple[Learner, int], list[tuple[NDArray[np.bool_], float]]] = {}
        self._models: dict[tuple[Learner, int, float], list[tuple[StructuralModel, float]]] = {}

    def __len__(self) -> int:
        """How many cases."""
        return len(self.data)

    @property
    def relations(self) -> int:
        """How many kinds of questions; findings are filed under them."""
        return len(KINDS)

    @cached_property
    def base(self) -> NDArray[np.float64]:
        """float64[V, C]: how often each state was seen; 0 beyond a variable's own states.

        One case of equal chances is added, so that no state is impossible.
        """
        own = np.arange(self.answers) < self.cards[:, None]
        counts = np.stack([np.bincount(c, minlength=self.answers) for c in self.columns])
        return np.where(own, (counts + 1 / self.cards[:, None]) / (len(self) + 1), 0.0)

    @cached_property
    def hot(self) -> NDArray[np.float32]:
        """float32[n, V, C]: 1 where a case shows a state."""
        return (self.data[:, :, None] == np.arange(self.answers)).astype(np.float32)

    @cached_property
    def pairs(self) -> NDArray[np.float64]:
        """float64[V, C, V, C]: cases in which two states were seen together."""
        flat = self.hot.reshape(len(self), -1)
        shape = (len(self.cards), self.answers) * 2
        return (flat.T @ flat).astype(np.float64).reshape(shape)

    @cached_property
    def information(self) -> NDArray[np.float64]:
        """float64[V, V]: mutual information of two variables, nats; 0 on the diagonal."""
        joint = self.pairs / len(self)
        single = joint.sum(axis=3)[:, :, 0]  # [V, C]: the states of column 0 sum to all cases
        product = single[:, :, None, None] * single
        ratio = np.divide(joint, product, out=np.ones_like(joint), where=joint > 0)
        found = (joint * np.log(ratio)).sum(axis=(1, 3))
        np.fill_diagonal(found, 0.0)
        return np.maximum(found, 0.0)

    def graph(self, learner: Learner = "search") -> NDArray[np.bool_]:
        """The learned graph, acyclic bool[V, V]; learned on first use.

        Raises:
            DataError: for another learner.
        """
        return self._found(learner)[0][0]

    def _found(self, learner: Learner) -> list[tuple[NDArray[np.bool_], float]]:
        """Graphs that were found, best first, no two equivalent, and how likely each is."""
        if learner not in self._graphs:
            self._graphs[learner] = self._learned(learner)
        return self._graphs[learner]

    def _learned(self, learner: Learner) -> list[tuple[NDArray[np.bool_], float]]:
        data, cards = self.data, self.cards
        match learner:
            case "both":
                return [(learn_graph(data, cards).adjacency, 1.0)]
            case "climb":
                return [(hill_climb(FamilyScores(data, cards), tabu=10).adjacency, 1.0)]
            case "tests":
                return [(extension(discover(data, cards).pattern, force=True), 1.0)]
            case "search":
                scores, rng = FamilyScores(data, cards, "bdeu"), np.random.default_rng(SEARCH_SEED)
                found = iterated_climb(scores, rng, [self.graph("both")])
                likely = np.exp([climb.score - found[0].score for climb in found])
                graphs = [climb.adjacency for climb in found]
                return list(zip(graphs, (likely / likely.sum()).tolist(), strict=True))
        raise DataError(f"the learner is one of {', '.join(get_args(Learner))}; got {learner!r}.")

    def members(
        self, learner: Learner = "search", number: int = 1
    ) -> list[tuple[NDArray[np.bool_], float]]:
        """Graphs that the cases cannot well tell apart, and their shares, which sum to 1.

        Found graphs are drawn as they are likely, what is undirected in their patterns is directed
        in a random order of the nodes (always the same ones). The commonest is kept, then the one
        that differs most from those kept, and so on to `number`, where there are as many; shares
        are how often they came up. Just the learned graph if the number is 1.
        """
        key = (learner, number)
        if key not in self._members:
            found = self._found(learner)
            if number == 1:
                self._members[key] = [(found[0][0], 1.0)]
            else:
                self._members[key] = _drawn(found, number)
        return self._members[key]

    def models(
        self, learner: Learner = "search", number: int = 1, smoothing: float = 1.0
    ) -> list[tuple[StructuralModel, float]]:
        """The members with fitted tables and the monotone coupling of their noise.

        Args:
            learner, number: as `members`.
            smoothing: cases that the prior of a row is worth, > 0.
        """
        key = (learner, number, smoothing)
        if key not in self._models:
            self._models[key] = [
                (monotone_model(self.fitted(graph, smoothing)), share)
                for graph, share in self.members(learner, number)
            ]
        return self._models[key]

    def fitted(self, graph: NDArray[np.bool_], smoothing: float = 1.0) -> BayesNetwork:
        """The network of a graph bool[V, V], acyclic, with frequencies for its tables."""
        parents = tuple(tuple(np.flatnonzero(column).tolist()) for column in graph.T)
        tables = []
        for v, above in enumerate(parents):
            shape = tuple(self.cards[[*above, v]].tolist())
            code = np.ravel_multi_index([*self.columns[[*above, v]]], shape)
            counts = np.bincount(code, minlength=int(np.prod(shape))).reshape(shape)
            prior = smoothing * self.base[v, : self.cards[v]]
            table = counts + prior
            tables.append(table / table.sum(axis=-1, keepdims=True))
        return BayesNetwork(self.names, self.states, parents, tuple(tables))

    def agree(self, given: NDArray[np.integer]) -> NDArray[np.bool_]:
        """bool[n]: which cases show everything that is given, int[V], −1 for anything."""
        kept = np.ones(len(self), dtype=np.bool_)
        for v in np.flatnonzero(given >= 0):
            kept &= self.columns[v] == given[v]
        return kept

    def frequencies(
        self, target: int, kept: NDArray[np.bool_] | NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """float64[C]: how many of the cases kept (or how much weight) show each state."""
        counts = np.bincount(self.columns[target], weights=kept, minlength=self.answers)
        return counts.astype(np.float64)


def _drawn(
    found: list[tuple[NDArray[np.bool_], float]], number: int
) -> list[tuple[NDArray[np.bool_], float]]:
    """Of DRAWS equivalents of those found the commonest, then always the one farthest from all."""
    rng = np.random.default_rng(MEMBER_SEED)
    patterns = [pattern_of(graph) for graph, _ in found]
    times: dict[bytes, int] = {}
    graphs: dict[bytes, NDArray[np.bool_]] = {}
    for which in rng.choice(len(found), DRAWS, p=[share for _, share in found]):
        order = rng.permutation(len(patterns[which]))
        back = np.argsort(order)
        drawn = extension(patterns[which][np.ix_(order, order)], force=True)[np.ix_(back, back)]
        key = drawn.tobytes()
        graphs[key] = drawn
        times[key] = times.get(key, 0) + 1
    often = sorted(times, key=lambda key: -times[key])
    most = often[:1]
    while len(most) < min(number, len(often)):
        apart = [min(int((graphs[key] != graphs[one]).sum()) for one in most) for key in often]
        most.append(often[int(np.argmax(apart))])
    total = sum(times[key] for key in most)
    return [(graphs[key], times[key] / total) for key in most]
