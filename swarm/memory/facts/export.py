"""Facts for other libraries, and from them: NetworkX, pandas, and triples.

A `MultiDiGraph` holds everything: a fact is an edge from its subject to its object with its id as
the key, and its columns and evidence as attributes. A memory that is taken from a whole graph, or
a whole frame with its evidence, has the same state, bit for bit.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import COLUMNS, FOREVER, FactError, whole
from swarm.memory.facts.facts import Facts

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

Names = Sequence[Hashable]
_NEEDED = ("subject", "relation", "object", "author", "tick")
_NUMBERED = ("sequence", "ended")


def to_networkx(
    facts: Facts,
    ids: ArrayLike | None = None,
    *,
    entities: Names | None = None,
    relations: Names | None = None,
) -> nx.MultiDiGraph:
    """Return facts as a graph: every entity a node, every fact an edge with its id as key.

    Args:
        facts: the memory.
        ids: the facts to take, such as `facts.match()`, the standing ones; all, ended ones too, if
            left out.
        entities, relations: different names in place of numbers, one for each.

    Returns:
        A graph whose edges have the attributes of `Facts.columns`, and `evidence`, a tuple of
        ids; the graph's own say how many `entities` and `relations` there are, or their names.

    Raises:
        FactError: for unknown ids, or names that are too few or not different.
    """
    import networkx as nx

    chosen = _chosen(facts, ids)
    names = _names("entities", entities, facts.entities)
    links = _names("relations", relations, facts.relations)
    graph = nx.MultiDiGraph(
        entities=facts.entities if entities is None else list(names),
        relations=facts.relations if relations is None else list(links),
    )
    graph.add_nodes_from(names)
    columns = {name: column[chosen].tolist() for name, column in facts.columns().items()}
    evidence = _evidence(facts, chosen)
    rows = zip(*columns.values(), strict=True)
    for fact, grounds, row in zip(chosen.tolist(), evidence, rows, strict=True):
        said = dict(zip(columns, row, strict=True))
        tail, head = names[said.pop("subject")], names[said.pop("object")]
        said["relation"] = links[said["relation"]]
        graph.add_edge(tail, head, key=fact, **said, evidence=grounds)
    return graph


def from_networkx(graph: nx.MultiDiGraph) -> Facts:
    """Return the memory that a graph of `to_networkx` was taken from.

    Facts are numbered anew in the order of their keys, and so are evidence and sequence.

    Raises:
        FactError: for edges without the attributes, or with evidence that is not in the graph:
            export the facts that they rest on as well, `grounds(facts, ids)`.
    """
    for name in ("entities", "relations"):
        if name not in graph.graph:
            raise FactError(
                f"a graph of facts says how many {name} there are, or their names, such as "
                f"graph.graph[{name!r}] = 135; got {sorted(map(str, graph.graph))}."
            )
    entities, entity = _numbers(graph.graph["entities"])
    relations, relation = _numbers(graph.graph["relations"])
    edges = sorted(graph.edges(keys=True, data=True), key=lambda edge: edge[2])
    rows = [{**said, "subject": tail, "object": head} for tail, head, _, said in edges]
    for row in rows:
        for name, numbers in (("subject", entity), ("object", entity), ("relation", relation)):
            if numbers is not None and name in row:
                row[name] = _number(name, numbers, row[name])
    given = ("evidence", *(name for name in COLUMNS if any(name in row for row in rows)))
    missing = [name for name in given if any(name not in row for row in rows)]
    if missing:
        raise FactError(f"every fact needs the same attributes; some lack {missing}.")
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in given}
    return _written(entities, relations, [edge[2] for edge in edges], columns)


def from_frame(
    frame: pd.DataFrame,
    entities: int | Names | None = None,
    relations: int | Names | None = None,
) -> Facts:
    """Return a memory of the rows of a frame, such as `Facts.to_frame` gives.

    Args:
        frame: the columns subject, relation, object, author and tick, ticks never decreasing, and
            any other of `Facts.columns`; `evidence`, if there is one, holds sequences of index
            labels. `sequence` is counted anew.
        entities, relations: how many there are, or their names if subject, object and relation
            are names; as many as the numbers in the frame need if left out.

    Raises:
        FactError: for columns that are missing, and whatever `Facts.append` refuses.
    """
    missing = [name for name in _NEEDED if name not in frame]
    if missing:
        raise FactError(f"a frame of facts has the columns {list(_NEEDED)}; it lacks {missing}.")
    columns: dict[str, Any] = {
        name: frame[name].tolist() for name in (*COLUMNS, "evidence") if name in frame
    }
    ends = [*columns["subject"], *columns["object"]]
    entities_count, entity = _numbers(max(ends, default=0) + 1 if entities is None else entities)
    relations_count, relation = _numbers(
        max(columns["relation"], default=0) + 1 if relations is None else relations
    )
    for name, numbers in (("subject", entity), ("object", entity), ("relation", relation)):
        if numbers is not None:
            columns[name] = [_number(name, numbers, value) for value in columns[name]]
    return _written(entities_count, relations_count, frame.index.tolist(), columns)


def to_triples(
    facts: Facts,
    ids: ArrayLike | None = None,
    *,
    entities: Names | None = None,
    relations: Names | None = None,
) -> NDArray[Any]:
    """Return (subject, relation, object) of facts: int64[m, 3], or object[m, 3] of names.

    Args:
        facts: the memory.
        ids: the facts to take; the standing ones if left out. What is said twice comes twice.
        entities, relations: different names in place of numbers; either may be left out.

    Raises:
        FactError: for unknown ids, or names that are too few or not different.
    """
    chosen = facts.match() if ids is None else _chosen(facts, ids)
    columns = facts.columns()
    triples = [columns[name][chosen].tolist() for name in ("subject", "relation", "object")]
    if entities is None and relations is None:
        return np.array(triples, np.int64).T
    names = _names("entities", entities, facts.entities)
    links = _names("relations", relations, facts.relations)
    named = np.empty((chosen.size, 3), object)
    for column, (values, labels) in enumerate(zip(triples, (names, links, names), strict=True)):
        named[:, column] = [labels[value] for value in values]
    return named


def _written(
    entities: int, relations: int, labels: Sequence[Any], columns: Mapping[str, Any]
) -> Facts:
    """A memory of these columns; evidence holds labels of rows."""
    facts = Facts(entities, relations)
    row = {label: place for place, label in enumerate(labels)}
    evidence = columns.get("evidence", [()] * len(labels))
    unknown = {ground for grounds in evidence for ground in grounds} - row.keys()
    if unknown:
        raise FactError(
            f"facts rest on others that are not here, such as {sorted(unknown)[:5]}: take those "
            "too, grounds(facts, ids)."
        )
    grounds = np.array([row[ground] for grounds in evidence for ground in grounds], np.int64)
    counts = np.array([len(grounds) for grounds in evidence], np.int64)
    given = {name: columns[name] for name in COLUMNS if name in columns and name not in _NUMBERED}
    if labels:
        facts.append(**given, evidence=(grounds, counts))
    ended = whole("ended", columns.get("ended", [FOREVER] * len(labels)), 0, FOREVER)
    for tick in np.unique(ended[ended != FOREVER]).tolist():
        facts.end(np.flatnonzero(ended == tick), tick)
    return facts


def _chosen(facts: Facts, ids: ArrayLike | None) -> NDArray[np.int64]:
    if ids is None:
        return np.arange(len(facts))
    marks = np.zeros(len(facts), bool)
    marks[np.atleast_1d(whole("ids", ids, 0, len(facts) - 1)).astype(np.int64)] = True
    return np.flatnonzero(marks)


def _evidence(facts: Facts, ids: NDArray[np.int64]) -> list[tuple[int, ...]]:
    grounds, counts = facts.evidence(ids)
    every, stops = grounds.tolist(), np.cumsum(counts).tolist()
    starts = [0, *stops[:-1]]
    return [tuple(every[start:stop]) for start, stop in zip(starts, stops, strict=False)]


def _names(what: str, names: Names | None, count: int) -> Names:
    if names is None:
        return range(count)
    if len(names) != count or len(set(names)) != count:
        raise FactError(
            f"{what} need {count} different names; got {len(names)}, {len(set(names))} different."
        )
    return names


def _numbers(given: int | Names) -> tuple[int, dict[Hashable, int] | None]:
    """How many there are, and the number of each name if they have names."""
    if isinstance(given, (int, np.integer)):
        return int(given), None
    return len(given), {name: number for number, name in enumerate(given)}


def _number(what: str, numbers: Mapping[Hashable, int], name: Hashable) -> int:
    if name not in numbers:
        raise FactError(f"{what} {name!r} is not among the {len(numbers)} names.")
    return numbers[name]
