"""The part of the shared memory around its newest and its most used findings, with names."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import split_graph
from experiments.study.study import Experiment
from swarm.systems import Remembering

NEWEST, USED = 48, 32
"""Findings that are shown for being new, and for being the grounds of others."""
LOOKED_AT = 4_000
"""Of the newest findings, whose grounds are counted."""


class Memory:
    """What is looked at of a shared memory.

    Args:
        experiment: of reasoning agents who remember.
    """

    def __init__(self, experiment: Experiment):
        self._experiment = experiment
        self._facts = experiment.world.system(Remembering).facts

    def say(self, finding: int) -> str:
        """A finding in words."""
        columns = self._facts.columns()
        subject, relation, object_ = (
            int(columns[name][finding]) for name in ("subject", "relation", "object")
        )
        return f"{self._entity(subject)} {self._relation(relation)} {self._entity(object_)}"

    def graph(self) -> dict[str, Any]:
        """Nodes by label, and edges between them, as a frame has them."""
        size = len(self._facts)
        chosen = np.union1d(np.arange(max(size - NEWEST, 0), size), self._used(size))
        columns = {
            name: self._facts.values(chosen, name)
            for name in ("subject", "relation", "object", "credence", "confidence")
        }
        ends = np.stack([columns["subject"], columns["object"]], axis=1)
        said = np.stack([ends[:, 0], columns["relation"], ends[:, 1]], axis=1)
        _, last = np.unique(said[::-1], axis=0, return_index=True)  # the same said twice is once
        rows = np.sort(len(said) - 1 - last)
        nodes, place = np.unique(ends[rows], return_inverse=True)
        place = place.reshape(-1, 2)
        credence = (columns["credence"] * columns["confidence"])[rows]
        relations = columns["relation"][rows].tolist()
        edges = [
            [start, end, self._relation(relation), round(float(belief), 3)]
            for (start, end), relation, belief in zip(
                place.tolist(), relations, credence, strict=True
            )
        ]
        return {"nodes": [self._entity(node) for node in nodes.tolist()], "edges": edges}

    def _used(self, size: int) -> np.ndarray:
        """Ids of what the newest findings rest on most."""
        if not size:
            return np.empty(0, np.int64)
        grounds, _ = self._facts.evidence(np.arange(max(size - LOOKED_AT, 0), size))
        found, times = np.unique(grounds, return_counts=True)
        return found[np.argsort(-times, kind="stable")[:USED]].astype(np.int64)

    def _entity(self, number: int) -> str:
        entities = self._names[0]
        return entities[number] if number < len(entities) else f"{number}"

    def _relation(self, number: int) -> str:
        relations = self._names[1]
        return relations[number] if number < len(relations) else f"relation {number}"

    @cached_property
    def _names(self) -> tuple[list[str], list[str]]:
        """Of entities and relations; a network has none, its findings are filed by number."""
        study = self._experiment.study
        if not isinstance(study, ReasoningStudy) or study.problem.graph is None:
            return [], []
        graph = split_graph(study)
        return list(map(str, graph.entities)), list(map(str, graph.relations))
