"""Ray: a node that is lost in mid-run costs nothing, and nothing counts twice."""

import os
import signal
import time

import numpy as np
import pytest

from experiments.executors import ExecutorError, Task, executor_of
from tests.experiments.executors import work

NUMBERS = {"numbers": np.random.default_rng(1).normal(size=20_000)}


def where_and_total(payload, shared):
    """The node of this worker, and a sum of a slice; long enough to be caught at it."""
    import ray

    start, seconds = payload
    time.sleep(seconds)
    node = ray.get_runtime_context().get_node_id()
    return node, float(shared["numbers"][start : start + 100].sum())


def total(payload, shared):
    start, _ = payload
    return float(shared["numbers"][start : start + 100].sum())


def test_a_node_lost_in_mid_run_loses_nothing(cluster):
    import ray

    starts = np.random.default_rng(2).integers(0, 19_900, 24)
    tasks = [Task(number, (int(start), 0.2)) for number, start in enumerate(starts)]
    second = cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    cluster.wait_for_nodes()
    outcomes = {}
    removed = False
    with executor_of("ray") as executor:
        assert executor.workers == 2
        for outcome in executor.run(where_and_total, tasks, NUMBERS):
            assert outcome.number not in outcomes, "a task has one outcome"
            outcomes[outcome.number] = outcome
            if not removed and outcome.value[0] == second.node_id:
                # It has the next task already: one is always on its way.
                cluster.remove_node(second, allow_graceful=False)
                removed = True
    assert removed, "the second node did some of the work before it was lost"
    assert sorted(outcomes) == list(range(24))
    assert {o.failure for o in outcomes.values()} == {None}
    with executor_of("in-place") as plain:
        expected = {o.number: o.value for o in plain.run(total, tasks, NUMBERS)}
    assert {n: o.value[1] for n, o in outcomes.items()} == expected
    assert max(o.attempts for o in outcomes.values()) <= 3
    assert len({o.value[0] for o in outcomes.values()}) == 2
    assert ray.is_initialized(), "who joined the cluster leaves it"


def test_workers_share_what_was_put_once(cluster):
    import ray

    with executor_of("ray", 2) as executor:
        before = ray.cluster_resources().get("object_store_memory")
        tasks = [Task(number, "numbers") for number in range(8)]
        for outcome in executor.run(work.looks_at, tasks, NUMBERS):
            array, writeable, owned, _ = outcome.value
            assert np.array_equal(array, NUMBERS["numbers"])
            assert (writeable, owned) == (False, False)
        assert ray.cluster_resources().get("object_store_memory") == before


def test_functions_that_stand_nowhere_may_be_handed_out(cluster):
    with executor_of("ray", 1) as executor:
        (outcome,) = executor.run(lambda payload, shared: payload + 1, [Task(0, 1)])
        assert outcome.value == 2
        lock = __import__("threading").Lock()
        with pytest.raises(ExecutorError, match="cannot be sent to workers"):
            executor.run(lambda payload, shared: lock, [])


def test_an_address_is_refused_where_a_cluster_is_joined(cluster):
    with pytest.raises(ExecutorError, match="has joined a cluster already"):
        executor_of("ray", address="10.0.0.7:6379")


def test_a_worker_that_is_killed_from_outside_costs_an_attempt(cluster, tmp_path):
    note = tmp_path / "pid"

    def tells_and_waits(payload, shared):
        if not note.exists():
            note.write_text(str(os.getpid()))
            time.sleep(60)
        return payload

    with executor_of("ray", 1) as executor:
        outcomes = executor.run(tells_and_waits, [Task(0, "a"), Task(1, "b")])
        killer = _kill_when_told(note)
        found = {o.number: (o.value, o.failure) for o in outcomes}
        killer.join()
    assert found == {0: ("a", None), 1: ("b", None)}


def _kill_when_told(note):
    import threading

    def wait():
        while not (note.exists() and note.read_text()):
            time.sleep(0.02)
        os.kill(int(note.read_text()), signal.SIGKILL)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread
