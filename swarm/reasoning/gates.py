"""Gate networks: what a population's evolved networks become so that a kernel can ask them.

A gate sees the state of a query, x float32[F], and gives priorities float32[O], one for each
engine and one for stopping. Here it is a feed-forward network: hidden nodes are tanh of bias +
sum of weight · source, outputs are that sum itself, unbounded as a linear gate's. The networks of
N agents are compiled once into five arrays in the order of evaluation, links that are off and
nodes that no output needs left out, and `evaluate` walks them inside any compiled kernel:

    arrays = networks.arrays                        # outside: a tuple of five arrays
    values = np.empty(F + hidden, np.float32)       # once a call: room for one network's nodes
    evaluate(arrays, a, x, values, out)             # each step: fills out for agent a

Guarantees: the same sums in the same order on every run, in float32; `evaluate` allocates
nothing; cycles are refused. Errors: `GateError` (a ValueError).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit


class GateError(ValueError):
    """Links that make no feed-forward network, or arrays that do not belong together."""


@dataclass(frozen=True)
class GateNetworks:
    """N networks from `inputs` numbers to `outputs`, as columns in the order of evaluation.

    Agent i has the nodes first[i] to first[i + 1], the last `outputs` of them its outputs in
    order. Sources are numbered within the agent: its inputs, then its hidden nodes in order.

    Attributes:
        inputs, outputs: how many; all agents alike.
        first: int32[N + 1].
        bias: float32[nodes].
        start: int32[nodes + 1]; node k sums the links start[k] to start[k + 1].
        source: int32[links]; weight: float32[links].
    """

    inputs: int
    outputs: int
    first: np.ndarray
    bias: np.ndarray
    start: np.ndarray
    source: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What `evaluate` takes."""
        return self.first, self.bias, self.start, self.source, self.weight

    @property
    def room(self) -> int:
        """The least length of the values that `evaluate` works in."""
        return self.inputs + max(int(np.diff(self.first).max(initial=0)) - self.outputs, 0)

    @classmethod
    def compile(
        cls,
        inputs: int,
        outputs: int,
        start: np.ndarray,
        source: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray,
        bias: np.ndarray,
        asked: np.ndarray | None = None,
    ) -> GateNetworks:
        """Order the nodes of N networks for evaluation.

        Nodes are numbered alike in all networks: `inputs`, then H hidden nodes, then `outputs`.

        Args:
            inputs, outputs: how many.
            start: int32[N + 1]; the links of network i are start[i] to start[i + 1].
            source, target: int[m], nodes; weight: float[m].
            bias: float[N, H + outputs].
            asked: bool[N], the networks that will be evaluated (all if left out); the others
                keep their row without links, so that rows stay those of the agents.

        Returns:
            GateNetworks of N rows; O(m · nodes of a network).

        Raises:
            GateError: for a cycle, a node that does not exist, or lengths that disagree.
        """
        N, hidden = len(start) - 1, bias.shape[1] - outputs
        if hidden < 0 or len(bias) != N or not len(source) == len(target) == len(weight):
            raise GateError(
                f"{N} networks with {outputs} outputs, bias {list(bias.shape)}, {len(source)} "
                f"sources, {len(target)} targets, {len(weight)} weights; expected bias "
                f"[{N}, hidden + {outputs}], and a source, target and weight for each link"
            )
        nodes = inputs + hidden + outputs
        strange = (source < 0) | (source >= inputs + hidden) | (target < inputs) | (target >= nodes)
        if strange.any():
            i = int(np.flatnonzero(strange)[0])
            raise GateError(
                f"link {i} leads from node {source[i]} to {target[i]}; sources are 0 to "
                f"{inputs + hidden - 1} (inputs, hidden), targets {inputs} to {nodes - 1} "
                f"(hidden, outputs)"
            )
        asked = np.ones(N, np.bool_) if asked is None else asked
        links = (start, source, target, weight.astype(np.float32), bias.astype(np.float32))
        first, *rest, looped = _compile(inputs, outputs, *links, asked)
        if looped >= 0:
            raise GateError(f"network {looped} has a cycle; gates are feed-forward")
        return cls(inputs, outputs, first, *rest)

    def __getitem__(self, rows: np.ndarray | slice) -> GateNetworks:
        """The networks of some rows: indices, a mask or a slice."""
        chosen = np.arange(len(self))[rows]
        return GateNetworks(self.inputs, self.outputs, *_take(self.arrays, chosen))

    def answer(self, agent: np.ndarray, x: np.ndarray) -> np.ndarray:
        """What network `agent[t]` gives for each state: float32[T, O] of float32[T, F]."""
        if x.ndim != 2 or x.shape != (len(agent), self.inputs):
            raise GateError(
                f"states are {list(x.shape)}; expected [{len(agent)}, {self.inputs}], one for "
                f"each agent asked"
            )
        out = np.empty((len(agent), self.outputs), np.float32)
        states = np.ascontiguousarray(x, np.float32)
        _answer(self.arrays, np.asarray(agent, np.int64), states, self.room, out)
        return out


@njit(cache=True, nogil=True)
def evaluate(networks, agent, x, values, out):
    """Fill out float32[O] with what an agent's network gives for x float32[F].

    `networks` is `GateNetworks.arrays`; `values` float32[at least F + the agent's hidden nodes]
    is overwritten. Nothing is allocated and nothing checked.
    """
    first, bias, start, source, weight = networks
    place = len(x)
    for f in range(place):
        values[f] = x[f]
    node = first[agent]
    outputs = first[agent + 1] - len(out)
    link = start[node]  # the links of one agent follow each other
    while node < outputs:
        total = bias[node]
        node += 1
        while link < start[node]:
            total += weight[link] * values[source[link]]
            link += 1
        values[place] = np.tanh(total)
        place += 1
    for o in range(len(out)):
        total = bias[node]
        node += 1
        while link < start[node]:
            total += weight[link] * values[source[link]]
            link += 1
        out[o] = total


@njit(cache=True, nogil=True)
def _answer(networks, agent, x, room, out):
    values = np.empty(room, np.float32)
    for t in range(len(agent)):
        evaluate(networks, agent[t], x[t], values, out[t])


@njit(cache=True, nogil=True)
def _compile(inputs, outputs, start, source, target, weight, bias, asked):
    N, inner = bias.shape
    hidden = inner - outputs
    first = np.zeros(N + 1, np.int32)
    node_bias = np.empty(N * inner, np.float32)
    node_start = np.zeros(N * inner + 1, np.int32)
    link_source = np.empty(len(source), np.int32)
    link_weight = np.empty(len(source), np.float32)
    order = np.empty(inner, np.int64)  # the nodes that matter, less the inputs
    place = np.empty(hidden, np.int64)  # where a hidden node stands in the order, -1 for nowhere
    looped = -1
    k = m = 0
    for n in range(N):
        a = start[n]
        b = start[n + 1] if asked[n] else a
        count = _order(inputs, hidden, source[a:b], target[a:b], order, place)
        if count < 0:
            looped = n
            break
        for o in range(outputs):
            order[count + o] = hidden + o
        for i in range(count + outputs):
            node_bias[k] = bias[n, order[i]]
            for j in range(a, b):
                if target[j] == inputs + order[i]:
                    h = source[j] - inputs
                    link_source[m] = source[j] if h < 0 else inputs + place[h]
                    link_weight[m] = weight[j]
                    m += 1
            k += 1
            node_start[k] = m
        first[n + 1] = k
    return (
        first,
        node_bias[:k].copy(),
        node_start[: k + 1].copy(),
        link_source[:m].copy(),
        link_weight[:m].copy(),
        looped,
    )


@njit(cache=True, nogil=True)
def _order(inputs, hidden, source, target, order, place):
    """Order the hidden nodes that outputs need, sources first; how many, or -1 for a cycle."""
    place[:] = -1
    count = 0
    grown = True
    while grown:
        grown = False
        for j in range(len(source)):
            h = source[j] - inputs
            t = target[j] - inputs
            if h >= 0 and place[h] < 0 and (t >= hidden or place[t] >= 0):
                place[h] = hidden  # needed, its turn unknown
                count += 1
                grown = True
    for turn in range(count):
        ready = -1
        for h in range(hidden):
            if place[h] != hidden:
                continue
            waits = False
            for j in range(len(source)):
                if target[j] == inputs + h and source[j] >= inputs:
                    waits |= place[source[j] - inputs] == hidden
            if not waits:
                ready = h
                break
        if ready < 0:
            return -1
        place[ready] = turn
        order[turn] = ready
    return count


@njit(cache=True, nogil=True)
def _take(networks, rows):
    first, bias, start, source, weight = networks
    nodes = links = 0
    for row in rows:
        nodes += first[row + 1] - first[row]
        links += start[first[row + 1]] - start[first[row]]
    out_first = np.zeros(len(rows) + 1, np.int32)
    out_bias = np.empty(nodes, np.float32)
    out_start = np.zeros(nodes + 1, np.int32)
    out_source = np.empty(links, np.int32)
    out_weight = np.empty(links, np.float32)
    k = m = 0
    for i in range(len(rows)):
        row = rows[i]
        for node in range(first[row], first[row + 1]):
            for link in range(start[node], start[node + 1]):
                out_source[m] = source[link]
                out_weight[m] = weight[link]
                m += 1
            out_bias[k] = bias[node]
            k += 1
            out_start[k] = m
        out_first[i + 1] = k
    return out_first, out_bias, out_start, out_source, out_weight
