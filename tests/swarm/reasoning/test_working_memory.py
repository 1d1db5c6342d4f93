"""Working memory: what believing one answer says of the others, by loops and planted."""

from itertools import product
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings

from swarm.reasoning import ENGINES, Evidence
from swarm.reasoning.engines.structure_mapping import profile_likeness
from swarm.reasoning.working_memory import CLIP, LAW, PSEUDO_COUNT, SMOOTHING, echoes
from tests.swarm.reasoning.reference import Graph, small_graphs, support, weight

NAMES = [engine.name for engine in ENGINES]


def raw_echo(graph: Graph, engine: str, r: int, y: int, c: int, likeness: np.ndarray) -> float:
    """What r'(s, y) says of r'(s, c), before rows are standardised."""
    E, known = graph.entities, graph.known

    def confidence(*body: int) -> float:
        if body not in graph.bodies:
            return 0
        return support(graph, body, r) / (len(graph.bodies[body]) + PSEUDO_COUNT)

    rules = [confidence(r, p) for p in graph.directions if (p, y, c) in known]
    answered = {a: {s for s in range(E) if (r, s, a) in known} for a in (y, c)}
    together = len(answered[y] & answered[c])
    sources = max(len({s for q, s, _ in known if q == r}), 1)
    match engine:
        case "deductive":
            return sum(weight(each) for each in rules if each >= LAW)
        case "inductive":
            return sum(map(weight, rules))
        case "counterfactual":
            return sum(map(weight, rules)) - max(map(weight, rules), default=0)
        case "abductive":
            return sum(
                weight(confidence(p))
                * sum((p, y, z) in known and (p, c, z) in known for z in range(E))
                for p in graph.directions
            )
        case "causal":
            with_y = together / (len(answered[y]) + PSEUDO_COUNT)
            without = len(answered[c] - answered[y]) / (sources - len(answered[y]) + PSEUDO_COUNT)
            return with_y - without
        case "probabilistic":
            expected = len(answered[y]) * len(answered[c]) / E
            return log((together + SMOOTHING) / (expected + SMOOTHING))
    return float(likeness[y, c])


@settings(max_examples=25, deadline=None)
@given(small_graphs())
def test_echoes_are_those_of_the_definition(graph: Graph) -> None:
    found, likeness, E = echoes(graph.evidence), profile_likeness(graph.evidence), graph.entities
    assert found.shape == (7, len(graph.directions), E, E)
    for (e, engine), r, y in product(enumerate(NAMES), graph.directions, range(E)):
        others = [c for c in range(E) if c != y]
        row = [raw_echo(graph, engine, r, y, c, likeness) for c in others]
        mean = sum(row) / len(row)
        deviation = sqrt(sum((each - mean) ** 2 for each in row) / len(row))
        expected = [
            np.clip((each - mean) / deviation, -CLIP, CLIP) if deviation > 1e-5 else 0
            for each in row
        ]
        if deviation > 1e-4 or deviation == 0:
            np.testing.assert_allclose(found[e, r, y][others], expected, atol=2e-2)
        assert found[e, r, y, y] == 0


@pytest.mark.parametrize("engine", ["inductive", "causal", "probabilistic"])
def test_answers_that_come_together_echo_each_other(engine: str) -> None:
    """Who speaks 10 speaks 11 as well, and 12 goes with 13: believing one says the other."""
    facts = [(s, 0, 10 + 2 * (s % 2)) for s in range(8)]
    facts += [(s, 0, 11 + 2 * (s % 2)) for s in range(8)]
    facts += [(10, 1, 11), (12, 1, 13)]  # and the two of a pair are neighbours
    evidence = Evidence(np.array(facts, np.int32), 14, 2)
    echo = echoes(evidence)[NAMES.index(engine), 0]
    assert echo[10].argmax() == 11
    assert echo[12].argmax() == 13
