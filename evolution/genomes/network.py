"""The network locus: feed-forward networks whose topology evolves with their weights (NEAT).

Stanley & Miikkulainen 2002, "Evolving neural networks through augmenting topologies",
Evolutionary Computation 10(2). A population of networks is one column, so it crosses, mutates and
saves as any other; `topology` says how a row holds a network, `network_variation` how rows vary.
Nothing here evaluates: `Network.wiring` gives plain arrays to whoever does.

Guarantees: what is drawn, crossed and mutated is valid, so it has no cycle and fits its capacity;
the same split is the same node everywhere; a result depends on nothing but the arguments and the
generator's stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.genomes import network_variation as neat
from evolution.genomes.locus import Locus, Mask
from evolution.genomes.topology import (
    BIAS,
    ENABLED,
    NODE,
    SOURCE,
    TARGET,
    WEIGHT,
    Column,
    Layout,
    mark_wrong,
    parts_of,
    place_of,
    used_of,
)

# The standard deviation of a weight's step at scale 1, as a share of the reach.
_STEP = 0.1


class Wiring(NamedTuple):
    """The links of n networks that are on, as plain arrays.

    Nodes are numbered alike in all networks: inputs, then the places of hidden nodes (used or
    not), then outputs.

    Attributes:
        start: int32[n + 1]; the links of network i are start[i] to start[i + 1].
        source, target: int32[m], nodes; weight: float64[m].
        bias: float64[n, hidden + outputs].
    """

    start: npt.NDArray[np.int32]
    source: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Network(Locus):
    """Feed-forward networks of limited size: ``float64[n, 4·links + outputs + 2·hidden]``.

    All zeros is the network without links; ``initial=0`` starts there. Otherwise networks begin
    with each direct link at probability ``density``, and a share ``structured`` of them with up
    to ``hidden`` splits besides. New weights are ``reach``·u³, u even in -1 … 1: mostly small.

    At a mutation rate r per gene each weight and bias is hit at r, one time in ten drawn afresh
    and else moved by a normal step of deviation 0.1·``scale``·``reach``. A change of structure
    counts as so many genes: it happens with probability 1 - (1 - r)^k, k being ``add_link``,
    ``add_node``, ``drop_link`` and ``toggle``; zero forbids it. A change that finds no room is
    left out.

    Crossover follows section 3.2 with the mother as the fitter parent: the child has her links,
    each matching weight or bias is either's, and what is off in one parent mostly stays off.

    ``names``, of inputs and then outputs, serve `describe`.

    >>> gates = Network(inputs=5, outputs=8)
    >>> column = gates.mutate(gates.sample(100, rng), rng, rate=0.1, scale=1.0)
    >>> start, source, target, weight, bias = gates.wiring(column)
    """

    size: int = field(init=False, default=1)
    inputs: int
    outputs: int
    hidden: int = 6
    links: int = 48
    reach: float = 5.0
    density: float = 0.2
    structured: float = 0.25
    add_link: float = 2.0
    add_node: float = 1.0
    drop_link: float = 1.0
    toggle: float = 0.5
    names: tuple[str, ...] = ()
    initial: float | tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        size = 4 * self.links + self.outputs + 2 * self.hidden
        object.__setattr__(self, "size", size)
        super().__post_init__()

    @property
    def dtype(self) -> np.dtype:
        """float64, which holds every id exactly."""
        return np.dtype(np.float64)

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return (
            f"links (source, target, weight, 0 or 1) that ascend without a cycle, {self.outputs} "
            f"biases, hidden nodes (id, bias) that ascend, zeros in empty places; ids 1 to "
            f"{self.inputs} are inputs, to {self.inputs + self.outputs} outputs, then the hidden "
            f"nodes listed; weights and biases from -{self.reach} to {self.reach}"
        )

    @property
    def layout(self) -> Layout:
        """The sizes that the kernels take."""
        return Layout(self.inputs, self.outputs, self.hidden, self.links)

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Sparse networks, a share of them with hidden nodes."""
        column = np.zeros((n, self.size))
        neat.draw_rows(column, self.layout, rng, self.reach, self.density, self.structured)
        return column

    def wrong(self, column: Column) -> Mask:
        """Genes that break a row, and the targets of links on or behind a cycle."""
        wrong = np.zeros(column.shape, np.bool_)
        mark_wrong(np.ascontiguousarray(column), wrong, self.layout, self.reach)
        return wrong

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Move weights and change structure, as the class says."""
        children = np.array(column, order="C")
        growth = neat.Growth(
            *(
                1.0 - (1.0 - rate) ** genes
                for genes in (self.add_link, self.add_node, self.drop_link, self.toggle)
            )
        )
        step = _STEP * self.reach * scale
        neat.mutate_rows(children, self.layout, rng, float(rate), step, self.reach, growth)
        return children

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """One child per pair of rows, of the mother's structure."""
        children = np.array(mothers, order="C")
        neat.cross_rows(children, np.ascontiguousarray(fathers), self.layout, rng)
        return children

    def compatibility(
        self, a: Column, b: Column, unmatched: float = 1.0, weight: float = 0.4
    ) -> npt.NDArray[np.float64]:
        """How far networks are apart: float64[n] of rows ``[n, size]``; one row pairs with all.

        δ = unmatched·(E + D)/N + weight·W̄ (equation 1): links that only one of the two has, over
        the links of the larger one (over 1 where that has fewer than 20), and the mean difference
        of matching weights and biases. Excess E and disjoint D count alike, as with c₁ = c₂ in
        all of the paper's experiments: marks without a clock do not tell which came late.
        """
        a, b = np.broadcast_arrays(np.atleast_2d(a), np.atleast_2d(b))
        a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
        return neat.distances(a, b, self.layout, float(unmatched), float(weight))

    def species(
        self,
        column: Column,
        threshold: float = 3.0,
        representatives: Column | None = None,
        unmatched: float = 1.0,
        weight: float = 0.4,
    ) -> tuple[npt.NDArray[np.int32], Column]:
        """Sort rows into species (section 3.3).

        Each row joins the first species whose representative is closer than ``threshold``, or
        founds one and represents it. ``representatives`` [s, size] are those of the generation
        before, species 0 … s-1, which may stay empty.

        Returns species int32[n] and the representatives [S, size]. O(n·S·links).
        """
        old = column[:0] if representatives is None else representatives
        rows = np.ascontiguousarray(np.concatenate([old, column]))
        coefficients = float(threshold), float(unmatched), float(weight)
        labels, chosen = neat.assign(rows, len(old), self.layout, *coefficients)
        return labels, rows[chosen]

    def wiring(self, column: Column) -> Wiring:
        """The links that are on, for whoever evaluates networks. O(n·links)."""
        return Wiring(*_wire(np.ascontiguousarray(column), self.layout))

    def describe(self, genes: Column) -> str:
        """One row as formulas; hidden nodes are called by their ids, in hexadecimal."""
        links, outputs, nodes = parts_of(np.ascontiguousarray(genes), self.layout)
        links, nodes = links[: used_of(links)], nodes[: used_of(nodes)]
        names = dict(enumerate(self.names or self._numbered(), start=1))
        names |= {int(node): f"h{int(node):x}" for node in nodes[:, NODE]}

        def total(node: int, bias: float) -> str:
            mine = links[(links[:, TARGET] == node) & (links[:, ENABLED] == 1.0)]
            terms = [f"{weight:+.3g}·{names[int(source)]}" for source, _, weight, _ in mine]
            return " ".join([f"{bias:.3g}", *terms])

        first = self.inputs + 1
        off = len(links) - int(links[:, ENABLED].sum())
        lines = [f"{len(links)} links, {off} of them off; {len(nodes)} hidden nodes"]
        lines += [f"{names[first + i]} = {total(first + i, b)}" for i, b in enumerate(outputs)]
        lines += [f"{names[int(n)]} = tanh({total(int(n), bias)})" for n, bias in nodes]
        return "; ".join(lines)

    def _numbered(self) -> list[str]:
        inputs = [f"in{i}" for i in range(1, self.inputs + 1)]
        return inputs + [f"out{i}" for i in range(1, self.outputs + 1)]

    def _check(self) -> None:
        for what, least in (("inputs", 1), ("outputs", 1), ("hidden", 0), ("links", 1)):
            value = getattr(self, what)
            self._require(value >= least, f"{what} is {value}; allowed: {least} or more")
        self._require(
            np.isfinite(self.reach) and self.reach >= 1.0,
            f"reach is {self.reach}; allowed: finite, at least 1, the weight of a new split",
        )
        for what in ("density", "structured"):
            value = getattr(self, what)
            self._require(0.0 <= value <= 1.0, f"{what} is {value}; allowed: a share, 0 to 1")
        for what in ("add_link", "add_node", "drop_link", "toggle"):
            value = getattr(self, what)
            self._require(value >= 0.0, f"{what} is {value}; allowed: 0 or more genes")
        wanted = self.inputs + self.outputs
        self._require(
            len(self.names) in (0, wanted),
            f"{len(self.names)} names; expected {wanted}, of inputs and then outputs, or none",
        )


@njit(cache=True, nogil=True)
def _wire(column: Column, layout: Layout) -> tuple[Column, Column, Column, Column, Column]:
    n, room = len(column), len(column) * layout.links
    start = np.zeros(n + 1, np.int32)
    source, target = np.empty(room, np.int32), np.empty(room, np.int32)
    weight = np.empty(room)
    bias = np.zeros((n, layout.hidden + layout.outputs))
    m = 0
    for i in range(n):
        links, outputs, nodes = parts_of(column[i], layout)
        bias[i, : layout.hidden] = nodes[:, BIAS]
        bias[i, layout.hidden :] = outputs
        for j in range(used_of(links)):
            if links[j, ENABLED] == 1.0:
                source[m] = _number(links[j, SOURCE], nodes, layout)
                target[m] = _number(links[j, TARGET], nodes, layout)
                weight[m] = links[j, WEIGHT]
                m += 1
        start[i + 1] = m
    return start, source[:m].copy(), target[:m].copy(), weight[:m].copy(), bias


@njit(cache=True, nogil=True)
def _number(node: float, nodes: Column, layout: Layout) -> int:
    """The number of a node in `Wiring`, from its id."""
    if node <= layout.inputs:
        return int(node) - 1
    if node <= layout.inputs + layout.outputs:
        return int(node) - 1 + layout.hidden
    return layout.inputs + place_of(nodes, node)
