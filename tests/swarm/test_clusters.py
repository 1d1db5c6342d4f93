"""Clusters of who exchanges with whom: they appear from simple rules, and are measured."""

from itertools import pairwise

import numpy as np

from swarm import World
from swarm.emergence import (
    adjusted_rand,
    exchange_graph,
    find_communities,
    modularity_against_chance,
)
from swarm.systems.partnering import Partnering
from swarm.systems.specialising import Specialising
from tests.swarm.worlds import run


def test_clusters_appear_where_partners_introduce_partners() -> None:
    excess = {}
    for introduction in (0.9, 0.0):
        found = []
        for seed in range(3):
            system = Partnering(introduction=introduction)
            world = run(World(150, [Specialising(tasks=3, relief=4.5), system], seed=seed), 800)
            graph = exchange_graph(*system.ties(world))
            found.append(modularity_against_chance(graph, np.random.default_rng(seed), 8))
        excess[introduction] = [each.excess for each in found]
        if introduction:
            assert min(each.z for each in found) > 4
            assert min(each.observed for each in found) > 0.55
    assert min(excess[0.9]) > 0.03
    assert min(excess[0.9]) > max(excess[0.0])


def test_communities_outlast_the_memory_of_them() -> None:
    system = Partnering()
    world = run(World(150, [Specialising(tasks=3, relief=4.5), system], seed=1), 600)
    labels = []
    for _ in range(3):
        ties = exchange_graph(*system.ties(world), agents=world.population["id"])
        labels.append(find_communities(ties, np.random.default_rng(0)).labels)
        run(world, 300)  # 5% are remembered of what was
    for before, after in pairwise(labels):
        assert adjusted_rand(before, after) > 0.2
