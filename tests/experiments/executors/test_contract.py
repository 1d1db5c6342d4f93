"""What every executor promises, as a table that each of them passes; and Ray, with its nodes.

Both in one file, for a cluster takes seconds to start, and files may be run by processes apart.
"""

import os
import signal
import time
from itertools import count

import numpy as np
import pytest

from experiments.executors import ExecutorError, Task, executor_of
from tests.experiments.executors import work

PAYLOADS = [
    ("plain", 1, "two", None),
    ("raise",),
    ("nested", {"a": [1.5, (2, 3)]}),
    ("chain",),
    ("exit",),
    ("unspeakable",),
    ("keep",),
    ("lose",),
    ("last",),
]


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


def by_number(outcomes):
    found = {}
    for outcome in outcomes:
        assert outcome.number not in found, "a task has one outcome"
        found[outcome.number] = outcome
    return found


def tasks_of(payloads):
    return [Task(number, payload) for number, payload in enumerate(payloads)]


def test_every_task_has_one_outcome_with_its_value(executor):
    outcomes = by_number(executor.run(work.squared, tasks_of(range(300))))
    assert {n: o.value for n, o in outcomes.items()} == {n: n * n for n in range(300)}
    assert {o.attempts for o in outcomes.values()} == {1}
    assert {o.failure for o in outcomes.values()} == {None}
    assert all(o.seconds >= 0 for o in outcomes.values())


def test_no_tasks_have_no_outcomes(executor):
    assert list(executor.run(work.squared, [])) == []


def test_an_exception_is_an_outcome_and_stops_nobody(executor):
    outcomes = by_number(executor.run(work.anything, tasks_of(PAYLOADS)))
    assert sorted(outcomes) == list(range(len(PAYLOADS)))
    assert outcomes[0].value == {"plain": [1, "two", None]}
    assert outcomes[2].value == {"nested": [{"a": [1.5, (2, 3)]}]}
    assert outcomes[8].value == {"last": []}
    told = {n: o.failure and o.failure[:2] + o.failure[3:] for n, o in outcomes.items()}
    assert told[1] == ("StagedError", "broken while building", "building")
    assert told[3] == ("RuntimeError", "second", "")
    assert told[4] == ("SystemExit", "enough", "")
    assert told[5] == ("UnspeakableError", "(its message cannot be had: RuntimeError)", "")
    assert told[6] == ("TypeError", "it stays here", "result")
    assert told[7] == ("TypeError", "not at home", "result")
    assert {outcomes[n].value for n in (1, 3, 4, 5, 6, 7)} == {None}
    assert {o.attempts for o in outcomes.values()} == {1}
    trace = outcomes[3].failure.traceback
    assert trace.count("in anything") == 2
    assert "KeyError: 'first'" in trace
    assert trace.endswith("RuntimeError: second\n")
    assert "executors/doing.py" not in trace.replace("\\", "/").split("tests", 1)[1]


def test_outcomes_are_the_same_as_in_place_to_the_letter(executor):
    with executor_of("in-place") as plain:
        expected = by_number(plain.run(work.anything, tasks_of(PAYLOADS)))
    found = by_number(executor.run(work.anything, tasks_of(PAYLOADS)))
    timeless = [[o._replace(seconds=0.0) for o in each.values()] for each in (expected, found)]
    assert sorted(timeless[0]) == sorted(timeless[1])


def test_a_payload_that_does_not_arrive_is_a_failure(executor):
    outcomes = by_number(executor.run(work.squared, tasks_of([3, work.NeverArrives(), 4])))
    assert (outcomes[0].value, outcomes[2].value) == (9, 16)
    assert outcomes[1].failure[:2] == ("TypeError", "not at home")
    assert outcomes[1].failure.stage == "payload"


def test_what_a_function_does_to_its_payload_stays_there(executor):
    payload = ["plain", [1]]
    (outcome,) = executor.run(work.anything, [Task(0, payload)])
    outcome.value["plain"][0].append(2)
    assert payload == ["plain", [1]]


def test_numbers_are_unique(executor):
    with pytest.raises(ExecutorError, match="two tasks have the number 7"):
        list(executor.run(work.squared, [Task(7, 1), Task(8, 1), Task(7, 2)]))
    assert [o.value for o in executor.run(work.squared, [Task(7, 3)])] == [9]


ARRAYS = {
    "matrix": np.arange(12.0).reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "strided": np.arange(20)[::3],
    "empty": np.empty((0, 3)),
    "scalar": np.array(2.5),
    "text": np.array(["a", "bcd"]),
    "dates": np.array(["2024-01-31"], "datetime64[D]"),
    "records": np.array([(1, 2.0)], [("count", "i8"), ("weight", "f4")]),
    "flags": np.array([True, False, True]),
}


def test_shared_arrays_arrive_as_they_are_and_read_only(executor):
    outcomes = list(executor.run(work.looks_at, tasks_of(ARRAYS), ARRAYS))
    assert len(outcomes) == len(ARRAYS)
    for outcome in outcomes:
        assert outcome.failure is None
        name = list(ARRAYS)[outcome.number]
        array, writeable, owned, names = outcome.value
        assert array.dtype == ARRAYS[name].dtype
        assert np.array_equal(array, ARRAYS[name])
        assert array.shape == ARRAYS[name].shape
        assert not writeable
        assert not owned
        assert names == list(ARRAYS)
    assert ARRAYS["matrix"].flags.writeable, "the caller's own stays as it was"


def test_nobody_writes_to_shared_arrays(executor):
    (outcome,) = executor.run(work.writes, [Task(0, "matrix")], ARRAYS)
    assert outcome.failure.error == "ValueError"
    assert "read-only" in outcome.failure.message
    (outcome,) = executor.run(work.adds_an_array, [Task(0, "matrix")], ARRAYS)
    assert outcome.failure.error == "TypeError"


@pytest.mark.parametrize("array", [np.array([object()]), [1.0, 2.0]], ids=["objects", "list"])
def test_arrays_that_cannot_be_shared_are_refused_at_once(executor, array):
    with pytest.raises(ExecutorError, match=r"shared\['odd'\] must be a numpy array"):
        executor.run(work.squared, [], {"odd": array})


def test_a_payload_that_cannot_be_pickled_is_refused(executor):
    with pytest.raises(ExecutorError, match=r"task 1: its payload cannot be pickled"):
        list(executor.run(work.squared, tasks_of([1, work.NeverLeaves()])))


def test_tasks_may_be_without_end_and_are_taken_as_needed(executor):
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield Task(number, 0.02)

    outcomes = executor.run(work.whereabouts, endless())
    assert taken == []
    found = by_number(next(outcomes) for _ in range(3))
    assert set(found) <= set(taken)
    assert len(taken) < 20
    outcomes.close()
    before = len(taken)
    assert [o.value for o in executor.run(work.squared, [Task(0, 5)])] == [25]
    assert len(taken) == before


def test_closing_early_cancels_what_is_under_way(executor, tmp_path):
    names = [tmp_path / f"{number}.done" for number in range(6)]
    outcomes = executor.run(work.waits_then_marks, tasks_of(map(str, names)))
    next(outcomes)
    done = {path for path in names if path.exists()}
    assert done
    outcomes.close()
    time.sleep(1.2)
    later = {path for path in names if path.exists()}
    # One more may have been done between the outcome and the closing.
    assert len(later - done) <= 1
    assert len(later) < len(names)
    assert next(outcomes, None) is None


def test_outcomes_that_nobody_holds_are_cancelled(executor):
    for outcome in executor.run(work.squared, tasks_of(range(50))):
        assert outcome.value == outcome.number**2
        break
    assert len(list(executor.run(work.squared, tasks_of(range(50))))) == 50


def test_one_run_at_a_time(executor):
    outcomes = executor.run(work.squared, tasks_of(range(3)))
    with pytest.raises(ExecutorError, match="its last run has not ended"):
        executor.run(work.squared, [])
    assert len(list(outcomes)) == 3
    assert list(executor.run(work.squared, [])) == []


def test_an_error_in_the_tasks_comes_through(executor):
    def broken():
        yield Task(0, 1)
        raise LookupError("no more payloads")

    with pytest.raises(LookupError, match="no more payloads"):
        list(executor.run(work.squared, broken()))
    assert len(list(executor.run(work.squared, tasks_of(range(5))))) == 5


def test_linear_algebra_keeps_to_one_thread(executor):
    (outcome,) = executor.run(work.threads, [Task(0, None)])
    assert outcome.failure is None
    assert set(outcome.value) <= {1}
    assert outcome.value


def test_functions_may_have_processes_of_their_own(executor):
    (outcome,) = executor.run(work.starts_a_child, [Task(0, -3)])
    assert (outcome.value, outcome.failure) == (3, None)


@pytest.mark.parametrize("name", ["pool", "ray"])
def test_a_task_that_kills_its_worker_is_done_again_and_given_up_at_last(
    name, made, request, tmp_path
):
    if name == "ray":
        request.getfixturevalue("cluster")
    tasks = tasks_of([(number, "") for number in range(40)])
    tasks[5] = Task(5, (5, "always"))
    tasks[9] = Task(9, (9, str(tmp_path / "once")))
    with executor_of(name, 2, retries=1) as executor:
        outcomes = by_number(executor.run(work.dies_if_told, tasks))
    assert sorted(outcomes) == list(range(40))
    lost = outcomes.pop(5)
    assert lost.value is None
    assert lost.attempts == 2
    assert lost.failure.error == "WorkerDied"
    assert "died 2 times" in lost.failure.message
    assert {n: o.value for n, o in outcomes.items()} == {n: n * n for n in outcomes}
    assert outcomes.pop(9).attempts == 2
    assert {o.attempts for o in outcomes.values()} == {1}


# Ray


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
