"""Paths from one entity to another along facts, each with the facts that it rests on.

A path is simple: it visits no entity twice. Its confidence is the product of the confidence times
credence of its facts, as if they were independent.

`paths` lists every one of a few steps. Walks of t steps from the source and of the rest to the
target are marked first, and only facts on both are followed, so that the search never leaves what
lies between them (bidirectional search: I. Pohl, "Bi-directional search", Machine Intelligence 6,
1971). `shortest` and `strongest` find one path of any length (E. W. Dijkstra, "A note on two
problems in connexion with graphs", Numerische Mathematik 1, 1959; the strongest has the least sum
of −log confidence).

Guarantees: answers do not depend on anything but the facts, and equal ones come in the order of
their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import FactError, whole
from swarm.memory.facts.facts import Facts
from swarm.memory.facts.hops import Direction
from swarm.memory.facts.search import best_steps, by_start, simple_walks
from swarm.memory.facts.steps import Steps, chosen_steps

Ids = NDArray[np.int64]
Numbers = NDArray[np.float64]
Pattern = Sequence[int | Sequence[int] | None]

LENGTH_MAX = 60
"""The bits of a word: which steps a fact may be."""
FOUND_MAX = 5_000_000
NONE = -1


class Paths(NamedTuple):
    """Paths, one row each, of up to L steps; columns a path does not reach hold −1.

    Columns: `facts` int64[P, L], their ids in the order of the steps; `entities` int64[P, L + 1],
    from the source to the target; `length` int64[P], steps; `confidence` float64[P], the product.
    """

    facts: Ids
    entities: Ids
    length: Ids
    confidence: Numbers


def paths(
    facts: Facts,
    source: int,
    target: int,
    length_max: int = 3,
    *,
    relations: ArrayLike | None = None,
    pattern: Pattern | None = None,
    min_confidence: float = 0.0,
    direction: Direction = "out",
    as_of: int | None = None,
    valid_at: int | None = None,
    before: int | None = None,
    most: int | None = None,
) -> Paths:
    """Return the simple paths from one entity to another: shorter first, then more confident.

    Args:
        facts: the memory.
        source, target: two different entities.
        length_max: steps at most, 1..60.
        relations: those that a step may have; any if left out.
        pattern: the relations of each step in turn, one, several or None for any; a path then has
            exactly as many steps, and `length_max` says nothing.
        min_confidence: least confidence times credence of each fact.
        direction: a step leads from subject to object ("out"), against that ("in"), or either way.
        as_of, valid_at, before: as `Facts.match` takes them.
        most: how many paths to return, the first ones; all if left out.

    Returns:
        Paths, by length, then confidence from the highest, then ids of the facts.

    Raises:
        FactError: for entities, relations or lengths that there cannot be, and where there are
            more than 5 million paths of one length.

    O(entities + facts near both ends) to find what lies between, O(length · facts) where that is
    much of memory; then O(paths) where few walks turn back.

    >>> paths(memory, 3, 9, relations=[2, 7], most=5).facts
    """
    _check_ends(facts, source, target)
    if pattern is not None:
        length_max = len(pattern)
        for wanted in pattern:
            whole("pattern", [] if wanted is None else wanted, 0, facts.relations - 1)
    if not 1 <= length_max <= LENGTH_MAX or (most is not None and most < 1):
        raise FactError(
            f"paths have 1..{LENGTH_MAX} steps, such as 3, and most is 1 or more; got "
            f"{length_max} steps and most={most}."
        )
    near = source, target, length_max
    steps = chosen_steps(facts, relations, min_confidence, direction, as_of, valid_at, before, near)
    steps = _between(steps, facts.entities, source, target, length_max)
    if not steps.fact.size:
        return _table(facts, [], length_max)
    # Small numbers for the few entities that are left: `names` turns them back.
    names, small = np.unique(np.concatenate((steps.start, steps.stop)), return_inverse=True)
    steps = steps._replace(start=small[: small.size // 2], stop=small[small.size // 2 :])
    order, first = by_start(steps.start, names.size)
    steps = steps.only(order)
    ends = np.searchsorted(names, [source, target])
    relation = facts.columns()["relation"][steps.fact]
    lengths = range(1, length_max + 1) if pattern is None else [length_max]
    found: list[tuple[Ids, Ids]] = []
    for length in lengths:
        missing = None if most is None else most - sum(len(ids) for ids, _ in found)
        if missing == 0:
            break
        fits = _fitting(relation, [None] * length if pattern is None else pattern)
        usable = _usable(steps, names.size, ends, fits)
        ids, entities = _listed(steps, first, usable, ends, length, missing)
        found.append((ids, names[entities]))
    return _table(facts, found, length_max)


def shortest(
    facts: Facts,
    source: int,
    target: int,
    *,
    relations: ArrayLike | None = None,
    min_confidence: float = 0.0,
    direction: Direction = "out",
    as_of: int | None = None,
    valid_at: int | None = None,
    before: int | None = None,
) -> Paths:
    """Return a path of fewest steps, the most confident of those; none if nothing leads there.

    Arguments and errors are those of `paths`. O(facts · log facts).
    """
    _check_ends(facts, source, target)
    steps = chosen_steps(facts, relations, min_confidence, direction, as_of, valid_at, before)
    return _best(facts, steps, source, target, by_length=True)


def strongest(
    facts: Facts,
    source: int,
    target: int,
    *,
    relations: ArrayLike | None = None,
    min_confidence: float = 0.0,
    direction: Direction = "out",
    as_of: int | None = None,
    valid_at: int | None = None,
    before: int | None = None,
) -> Paths:
    """Return the most confident path, one of fewest steps of those; none if nothing leads there.

    Arguments and errors are those of `paths`. O(facts · log facts).
    """
    _check_ends(facts, source, target)
    steps = chosen_steps(facts, relations, min_confidence, direction, as_of, valid_at, before)
    return _best(facts, steps, source, target, by_length=False)


def _between(steps: Steps, entities: int, source: int, target: int, length_max: int) -> Steps:
    """The steps that lie on some walk of at most that many from the source to the target."""
    out, back = np.full((2, entities), length_max, np.int8)
    out[source] = back[target] = 0
    for walked in range(length_max - 1):
        reached = steps.stop[out[steps.start] == walked]
        out[reached] = np.minimum(out[reached], walked + 1)
        reached = steps.start[back[steps.stop] == walked]
        back[reached] = np.minimum(back[reached], walked + 1)
    return steps.only(out[steps.start] + 1 + back[steps.stop] <= length_max)


def _fitting(relation: NDArray, pattern: Pattern) -> NDArray[np.bool_]:
    """Which facts may be which step at all: bool[length, steps]."""
    return np.stack(
        [
            np.ones(relation.size, bool) if wanted is None else np.isin(relation, wanted)
            for wanted in pattern
        ]
    )


def _usable(steps: Steps, entities: int, ends: Ids, fits: NDArray) -> Ids:
    """Bit t of a step is set where it can be step t of a walk from end to end, int64."""
    ahead, behind = np.zeros((2, len(fits) + 1, entities), bool)
    ahead[0, ends[0]] = behind[-1, ends[1]] = True
    for step, fit in enumerate(fits):
        ahead[step + 1, steps.stop[fit & ahead[step, steps.start]]] = True
    usable = np.zeros(steps.fact.size, np.int64)
    for step, fit in reversed(list(enumerate(fits))):
        kept = fit & behind[step + 1, steps.stop]
        behind[step, steps.start[kept]] = True
        usable[kept & ahead[step, steps.start]] |= 1 << step
    return usable


def _listed(
    steps: Steps, first: Ids, usable: Ids, ends: Ids, length: int, most: int | None
) -> tuple[Ids, Ids]:
    """Facts and entities of the simple paths of a length, int64[P, length (+ 1)], in order."""
    found = np.empty((0, length), np.int64)
    count = simple_walks(first, steps.stop, usable, *ends, found, FOUND_MAX)
    if count > FOUND_MAX:
        raise FactError(
            f"there are more than {FOUND_MAX} paths of {length} steps: narrow the search, by "
            "relations=, pattern=, min_confidence= or a smaller length_max=."
        )
    found = np.empty((count, length), np.int64)
    simple_walks(first, steps.stop, usable, *ends, found, FOUND_MAX)
    confidence = steps.weight[found].prod(axis=1)
    ids = steps.fact[found]
    order = np.lexsort((*ids.T[::-1], -confidence))[:most]
    entities = np.column_stack((np.full(count, ends[0]), steps.stop[found]))
    return ids[order], entities[order]


def _best(facts: Facts, steps: Steps, source: int, target: int, by_length: bool) -> Paths:
    order, first = by_start(steps.start, facts.entities)
    steps = steps.only(order)
    with np.errstate(divide="ignore"):
        loss = -np.log(steps.weight)
    one = np.ones(loss.size)
    losses = np.stack((one, loss) if by_length else (loss, one))
    cost = np.full((2, facts.entities), np.inf)
    taken, place = np.full((2, facts.entities), NONE)
    best_steps(first, steps.stop, losses, source, target, cost, taken, place)
    backwards: list[int] = []
    at = target
    while taken[at] != NONE:
        backwards.append(int(taken[at]))
        at = int(steps.start[backwards[-1]])
    if not backwards:
        return _table(facts, [], 0)
    chosen = np.array(backwards[::-1])
    entities = np.append(source, steps.stop[chosen])
    return _table(facts, [(steps.fact[chosen][None], entities[None])], chosen.size)


def _table(facts: Facts, found: Sequence[tuple[Ids, Ids]], width: int) -> Paths:
    count = sum(len(ids) for ids, _ in found)
    table = Paths(
        np.full((count, width), NONE, np.int64),
        np.full((count, width + 1), NONE, np.int64),
        np.empty(count, np.int64),
        np.empty(count),
    )
    columns = facts.columns()
    row = 0
    for ids, entities in found:
        rows, steps = slice(row, row + len(ids)), ids.shape[1]
        table.facts[rows, :steps] = ids
        table.entities[rows, : steps + 1] = entities
        table.length[rows] = steps
        weight = columns["confidence"][ids].astype(np.float64) * columns["credence"][ids]
        table.confidence[rows] = weight.prod(axis=1)
        row += len(ids)
    return table


def _check_ends(facts: Facts, source: int, target: int) -> None:
    for name, entity in (("source", source), ("target", target)):
        if not 0 <= entity < facts.entities:
            raise FactError(f"{name} must lie in 0..{facts.entities - 1}; got {entity}.")
    if source == target:
        raise FactError(f"a path leads from one entity to another; got {source} for both.")
