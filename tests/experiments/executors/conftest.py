"""One Ray cluster for all these tests, with a node of one processor; it takes seconds to start."""

import os

import pytest


@pytest.fixture(scope="session")
def cluster():
    """A cluster that this process has joined; more nodes may be added and taken away."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = pytest.importorskip("ray", reason="needs the extra `cluster`")
    from ray.cluster_utils import Cluster

    size = 80 * 2**20
    made = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "object_store_memory": size,
            "include_dashboard": False,
        },
    )
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def made():
    """Executors by name, each made once a module."""
    made = {}
    yield made
    for executor in made.values():
        executor.close()


@pytest.fixture(params=["in-place", "pool", "ray"])
def executor(request, made):
    """Each executor in turn."""
    from experiments.executors import executor_of

    name = request.param
    if name == "ray":
        request.getfixturevalue("cluster")
    if name not in made:
        made[name] = executor_of(name, 1 if name == "in-place" else 2)
    return made[name]
