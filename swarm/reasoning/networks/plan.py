"""A plan of variable elimination: prepared once for a kind of question, run for many at a time.

Zhang & Poole 1994, "A simple approach to Bayesian network computations"; Dechter 1999, "Bucket
elimination", Artificial Intelligence 113. A kind of question says which variables are asked for,
seen and set, not their values; the values come as a batch, which is one more axis of the tables.

Before any sum: nodes that are no ancestors of what is asked or seen are left out (barren nodes;
Shachter 1986), arrows into what is set are cut, tables are sliced by what is seen and set, and
parts that this leaves unconnected to the targets are dropped if they can contribute no zero.
Whatever does not depend on the values is computed when the plan is made.

Guarantees: exact up to rounding, or refused where that would take too much memory; equal plans
give equal results whatever the batch. A product of a few hundred small probabilities is
representable in float64; beyond that it fades to 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.network import BayesNetwork, NetworkError
from swarm.reasoning.networks.ordering import elimination_order

# Cells of one table made for a batch; larger batches are cut.
CELLS_MAX = 1 << 22
# Cells of one table for one question; 1 GiB in float64.
TABLE_MAX = 1 << 27
PLANS_KEPT = 1024


@dataclass(frozen=True)
class Question:
    """What kind of question it is; each a tuple of variables, ascending.

    Attributes:
        targets: whose joint distribution is wanted.
        given: what is seen or set; a batch brings its values in this order.
        forced: the part of `given` that is set by intervention, its parents cut.
        maximised: variables maximised over after the others are summed out.
        masked: whether a batch also brings which states are allowed, for each of `maximised`.
    """

    targets: tuple[int, ...]
    given: tuple[int, ...] = ()
    forced: tuple[int, ...] = ()
    maximised: tuple[int, ...] = ()
    masked: bool = False


@dataclass(frozen=True)
class Leaf:
    """A table of the network, axes (given..., free ascending), sliced by the batch's values."""

    table: NDArray[np.float64]
    columns: tuple[int, ...]  # of the values, one for each given axis
    slot: int


@dataclass(frozen=True)
class Step:
    """Multiply the factors in `slots`, then sum or maximise the axis of `variable` away."""

    variable: int
    slots: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]  # of each factor, broadcast to the product's axes
    scope: tuple[int, ...]  # the product's variables
    axis: int  # of the product, the batch's axis being 0
    maximises: bool
    into: int


@dataclass(frozen=True)
class Plan:
    """What to do with a batch of values; made by `plan_of`.

    `run` gives float64[n, cards of targets...]: the joint probability of targets and evidence,
    times a constant where parts were dropped.
    """

    question: Question
    constants: dict[int, NDArray[np.float64]]
    leaves: tuple[Leaf, ...]
    steps: tuple[Step, ...]
    last: Step  # the product over the targets; nothing is summed
    cells: int  # of the largest table made for one row of a batch

    def run(
        self, values: NDArray[np.int64], masks: tuple[NDArray[np.float64], ...] = ()
    ) -> NDArray[np.float64]:
        """Answer n questions, values int64[n, given]."""
        size = max(1, CELLS_MAX // self.cells)
        if len(values) <= size:
            return self._whole(self.factors(values, masks), len(values))
        return np.concatenate(
            [
                self._whole(self.factors(values[i : i + size], masks), len(values[i : i + size]))
                for i in range(0, len(values), size)
            ]
        )

    def product(self, factors: dict[int, NDArray[np.float64]]) -> NDArray[np.float64]:
        """What all that is left multiplies to, float64[n or 1, cards of targets...]."""
        return product_of(self.last, factors)

    def _whole(self, factors: dict[int, NDArray[np.float64]], n: int) -> NDArray[np.float64]:
        joint = self.product(factors)
        return np.broadcast_to(joint, (n, *joint.shape[1:]))

    def factors(
        self,
        values: NDArray[np.int64],
        masks: tuple[NDArray[np.float64], ...] = (),
        choices: dict[int, NDArray[np.int64]] | None = None,
    ) -> dict[int, NDArray[np.float64]]:
        """Every factor by slot, after all steps; `choices` keeps what each maximum chose."""
        factors = dict(self.constants)
        for leaf in self.leaves:
            factors[leaf.slot] = leaf.table[tuple(values[:, column] for column in leaf.columns)]
        for slot, mask in enumerate(masks):
            factors[-1 - slot] = mask
        for step in self.steps:
            product = product_of(step, factors)
            if choices is not None and step.maximises:
                choices[step.variable] = product.argmax(axis=step.axis)
            factors[step.into] = reduced(step, product)
        return factors


def product_of(step: Step, factors: dict[int, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The product of a step's factors, float64[n or 1, cards of its scope...]."""
    if not step.slots:
        return np.ones(1)  # nothing is left to multiply
    product = factors[step.slots[0]].reshape(-1, *step.shapes[0])
    for slot, shape in zip(step.slots[1:], step.shapes[1:], strict=True):
        product = product * factors[slot].reshape(-1, *shape)
    return product


def reduced(step: Step, product: NDArray[np.float64]) -> NDArray[np.float64]:
    """The product without the step's variable."""
    if step.maximises:
        return product.max(axis=step.axis)
    return product.sum(axis=step.axis)


@lru_cache(maxsize=PLANS_KEPT)
def plan_of(network: BayesNetwork, question: Question) -> Plan:
    """Plan the elimination for a kind of question; the last PLANS_KEPT plans are remembered."""
    everything = list(_sliced(network, question))
    kept = _connected(everything, set(question.targets) | set(question.maximised))
    scopes = {leaf.slot: scope for leaf, scope in kept}
    cards = network.cards
    if question.masked:
        scopes |= {-1 - i: (v,) for i, v in enumerate(question.maximised)}
    free = {v for scope in scopes.values() for v in scope} - set(question.targets)
    stages = (free - set(question.maximised), set(question.maximised) & free)
    order, cost = elimination_order(list(scopes.values()), cards, stages)
    if cost > TABLE_MAX:
        raise NetworkError(
            f"an exact answer would take tables of {cost:.3g} cells, more than {TABLE_MAX}: too "
            "many variables depend on each other; observe more of them, or ask "
            "likelihood_weighting for an approximate answer"
        )

    steps: list[Step] = []
    slot = len(network)
    cells = 1
    for v in order:
        used = [s for s, scope in scopes.items() if v in scope]
        step = _step(v, used, scopes, cards, v in stages[1], slot)
        cells = max(cells, prod(cards[u] for u in step.scope))
        for s in used:
            del scopes[s]
        scopes[slot] = tuple(u for u in step.scope if u != v)
        steps.append(step)
        slot += 1
    last = _step(None, list(scopes), scopes, cards, False, slot)
    constants, later = _folded([leaf for leaf, _ in kept], steps)
    needed = {slot for step in (*later, last) for slot in step.slots}
    return Plan(
        question,
        {slot: table for slot, table in constants.items() if slot in needed},
        tuple(leaf for leaf, _ in kept if leaf.columns),
        tuple(later),
        last,
        cells,
    )


def ancestors(network: BayesNetwork, of: Iterable[int], forced: Iterable[int] = ()) -> set[int]:
    """The variables of `of` and all their ancestors, once the arrows into `forced` are cut."""
    cut, found, waiting = set(forced), set(), list(of)
    while waiting:
        v = waiting.pop()
        if v not in found:
            found.add(v)
            if v not in cut:
                waiting += network.parents[v]
    return found


def _sliced(network: BayesNetwork, question: Question) -> Iterator[tuple[Leaf, tuple[int, ...]]]:
    """The tables that matter, with their free variables ascending."""
    forced = set(question.forced)
    column = {v: i for i, v in enumerate(question.given)}
    asked = {*question.targets, *question.given, *question.maximised}
    for v in sorted(ancestors(network, asked, forced) - forced):
        axes = (*network.parents[v], v)
        given = [axis for axis, u in enumerate(axes) if u in column]
        free = sorted((u, axis) for axis, u in enumerate(axes) if u not in column)
        table = network.tables[v].transpose(given + [axis for _, axis in free])
        columns = tuple(column[axes[axis]] for axis in given)
        leaf = Leaf(table if columns else table[None], columns, v)
        yield leaf, tuple(u for u, _ in free)


def _connected(
    leaves: list[tuple[Leaf, tuple[int, ...]]], wanted: set[int]
) -> list[tuple[Leaf, tuple[int, ...]]]:
    """Drop the parts that share no variable with the targets and hold no zero.

    Their sum is a factor that cancels; with a zero inside it might be 0, and the evidence
    impossible. Without any target the sum itself is the answer and everything stays.
    """
    if not wanted:
        return leaves
    near: list[tuple[Leaf, tuple[int, ...]]] = []
    reached, far = set(wanted), leaves
    while True:
        touching = [pair for pair in far if reached.intersection(pair[1])]
        if not touching:
            return near + [pair for pair in far if pair[0].table.min() == 0]
        near += touching
        far = [pair for pair in far if not reached.intersection(pair[1])]
        reached.update(v for _, scope in touching for v in scope)


def _step(
    variable: int | None,
    used: list[int],
    scopes: dict[int, tuple[int, ...]],
    cards: tuple[int, ...],
    maximises: bool,
    into: int,
) -> Step:
    """Multiply the factors in `used`, the smaller ones first."""
    used = sorted(used, key=lambda s: (prod(cards[u] for u in scopes[s]), s))
    scope = tuple(sorted(set().union(*(scopes[s] for s in used))))
    shapes = tuple(tuple(cards[u] if u in scopes[s] else 1 for u in scope) for s in used)
    if variable is None:
        return Step(-1, tuple(used), shapes, scope, 0, False, into)
    return Step(variable, tuple(used), shapes, scope, 1 + scope.index(variable), maximises, into)


def _folded(
    leaves: list[Leaf], steps: list[Step]
) -> tuple[dict[int, NDArray[np.float64]], list[Step]]:
    """Compute now what depends on no value; maxima stay, for their choices are wanted."""
    constants = {leaf.slot: leaf.table for leaf in leaves if not leaf.columns}
    later = []
    for step in steps:
        if step.maximises or not all(slot in constants for slot in step.slots):
            later.append(step)
        else:
            constants[step.into] = reduced(step, product_of(step, constants))
    return constants, later
