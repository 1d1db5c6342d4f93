"""The process pool when workers die, are interrupted, or cannot start; and its shared memory."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from experiments.executors import ExecutorError, Task, executor_of
from tests.experiments.executors import work

ROOT = Path(__file__).resolve().parents[3]
NUMBERS = {"numbers": np.arange(1000.0)}

linux = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads Linux's /proc")


def tasks_of(payloads):
    return [Task(number, payload) for number, payload in enumerate(payloads)]


def values_of(outcomes):
    found = {}
    for outcome in outcomes:
        assert outcome.number not in found, "a task has one outcome"
        assert outcome.failure is None
        found[outcome.number] = outcome.value
    return found


def lives(pid):
    """Whether a process is there, and no mere zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def script(folder, text):
    """A script of the user's; the library it needs is found as pytest has found it."""
    path = folder / "script.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def start(path, **options):
    return subprocess.Popen(
        [sys.executable, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(path):
    process = start(path)
    said, complained = process.communicate(timeout=60)
    return process.returncode, said, complained


# Workers that die


def test_a_worker_killed_in_mid_task_loses_nothing(tmp_path):
    paths = [str(tmp_path / f"{number}.done") for number in range(3)]
    with executor_of("pool", 2) as pool:
        outcomes = pool.run(work.waits_then_marks, tasks_of(paths))
        first = next(outcomes)
        while not (tmp_path / "2.begun").exists():
            time.sleep(0.01)
        for pid in pool.processes:
            os.kill(pid, signal.SIGKILL)
        rest = list(outcomes)
    assert sorted(o.number for o in (first, *rest)) == [0, 1, 2]
    assert {o.value for o in (first, *rest)} == set(paths)
    assert max(o.attempts for o in rest) == 2


def test_whatever_is_killed_everything_is_done_once():
    rng = np.random.default_rng(4)
    tasks = tasks_of(int(start) for start in rng.integers(0, 900, 200))
    killed = 0
    found = {}
    with executor_of("pool", 3, retries=50) as pool:
        for outcome in pool.run(work.total_of, tasks, NUMBERS):
            assert outcome.number not in found
            found[outcome.number] = outcome.value
            if rng.random() < 0.05 and pool.processes:
                os.kill(int(rng.choice(pool.processes)), signal.SIGKILL)
                killed += 1
    assert killed > 3
    expected = {n: float(NUMBERS["numbers"][at : at + 50].sum()) for n, at in tasks}
    assert found == expected


def test_an_idle_worker_that_dies_costs_no_attempt():
    with executor_of("pool", 1, retries=0) as pool:
        assert values_of(pool.run(work.squared, tasks_of(range(3)))) == {0: 0, 1: 1, 2: 4}
        (pid,) = pool.processes
        os.kill(pid, signal.SIGKILL)
        while lives(pid):
            time.sleep(0.01)
        # It may be noticed before the next task is given, or after.
        (outcome,) = pool.run(work.squared, [Task(0, 7)])
        assert outcome.value == 49 or outcome.failure.error == "WorkerDied"
        assert values_of(pool.run(work.squared, [Task(0, 8)])) == {0: 64}


@linux
def test_a_child_that_a_task_leaves_behind_does_not_hide_the_death(tmp_path):
    note = tmp_path / "child"
    with executor_of("pool", 1, retries=0) as pool:
        (outcome,) = pool.run(work.leaves_a_child_behind, [Task(0, str(note))])
    assert outcome.failure.error == "WorkerDied"
    assert "SIGKILL" in outcome.failure.message
    child = int(note.read_text())
    assert lives(child), "the child outlived the worker, with its end of the pipe"
    os.kill(child, signal.SIGKILL)


def test_workers_are_started_as_needed_and_stay():
    with executor_of("pool", 3) as pool:
        assert pool.processes == []
        values_of(pool.run(work.squared, [Task(0, 1)]))
        (pid,) = pool.processes
        values_of(pool.run(work.squared, [Task(0, 1)]))
        assert pool.processes == [pid]
    assert pool.processes == []
    assert not lives(pid)


# Shared memory


def gone(segments):
    return not any(Path("/dev/shm", name).exists() for name in segments)


@linux
def test_workers_map_the_same_segment_which_is_gone_afterwards():
    with executor_of("pool", 2) as pool:
        seen = values_of(pool.run(work.whereabouts, tasks_of([0.3, 0.3]), NUMBERS))
        (first, segments), (second, others) = seen.values()
        assert first != second
        assert segments == others
        assert len(segments) == 1
        assert gone(segments)
        outcomes = pool.run(work.whereabouts, tasks_of([0.0] * 2000), NUMBERS)
        segments = next(outcomes).value[1]
        assert not gone(segments)
        outcomes.close()
        assert gone(segments)
        (outcome,) = pool.run(work.whereabouts, [Task(0, 0.0)])
        assert outcome.value[1] == [], "workers let go of it"


@linux
def test_closing_the_pool_lets_go_of_shared_memory():
    with executor_of("pool", 1) as pool:
        outcomes = pool.run(work.whereabouts, tasks_of([0.0] * 2000), NUMBERS)
        segments = next(outcomes).value[1]
        assert not gone(segments)
    assert gone(segments)
    assert list(outcomes) == []


@linux
def test_arrays_too_large_for_shared_memory_are_refused():
    free = os.statvfs("/dev/shm")
    size = 2 * free.f_bavail * free.f_frsize
    huge = np.lib.stride_tricks.as_strided(np.zeros(1, "u1"), (size,), (0,))
    from experiments.executors.pool import _Job

    with pytest.raises(ExecutorError, match=r"arrays take .* free; enlarge .*'in-place'"):
        _Job(work.whereabouts, iter(()), {"huge": huge})


HELD = """
    import numpy as np
    from experiments.executors import Task, executor_of
    from tests.experiments.executors import work

    tasks = [Task(0, 0.0), Task(1, 60.0)]
    pool = executor_of("pool", 2)
    outcomes = pool.run(work.whereabouts, tasks, {"numbers": np.ones(9)})
    try:
        print(*next(outcomes).value[1], *pool.processes, flush=True)
        next(outcomes)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        raise
"""


@linux
def test_a_killed_parent_leaves_no_workers_and_no_shared_memory(tmp_path):
    parent = start(script(tmp_path, HELD))
    segment, *workers = parent.stdout.readline().split()
    assert not gone([segment])
    assert len(workers) == 2
    parent.kill()
    parent.communicate(timeout=60)
    until = time.monotonic() + 20
    while time.monotonic() < until and (any(map(lives, workers)) or not gone([segment])):
        time.sleep(0.05)
    assert not any(map(lives, workers)), "they leave with their parent, in mid-task"
    assert gone([segment])


@linux
def test_ctrl_c_is_the_parents_to_answer(tmp_path):
    parent = start(script(tmp_path, HELD), start_new_session=True)
    segment, *workers = parent.stdout.readline().split()
    os.killpg(parent.pid, signal.SIGINT)
    said, complained = parent.communicate(timeout=60)
    assert said == "interrupted\n"
    assert complained.count("KeyboardInterrupt") == 1, "workers say nothing"
    assert "leaked" not in complained
    assert parent.returncode == -signal.SIGINT
    assert gone([segment])
    assert not any(map(lives, workers))


# Functions and scripts


def test_functions_that_workers_cannot_import_are_refused_at_once(tmp_path, monkeypatch):
    def local(payload, shared):
        return payload

    with executor_of("pool", 1) as pool:
        with pytest.raises(ExecutorError, match=r"lambda.*at the top level of a module, or use ex"):
            pool.run(lambda payload, shared: payload, [])
        with pytest.raises(ExecutorError, match=r"local.*cannot be sent to workers"):
            pool.run(local, [])
        values_of(pool.run(work.squared, [Task(0, 1)]))
        (tmp_path / "made_later.py").write_text("def function(payload, shared): pass\n")
        monkeypatch.syspath_prepend(tmp_path)
        import made_later

        with pytest.raises(ExecutorError, match=r"cannot begin .*No module named 'made_later'"):
            list(pool.run(made_later.function, [Task(0, 1)]))
        assert values_of(pool.run(work.squared, [Task(0, 3)])) == {0: 9}


def test_a_script_that_hands_out_a_librarys_function_needs_no_guard(tmp_path):
    path = script(
        tmp_path,
        """
        from experiments.executors import Task, executor_of
        from tests.experiments.executors import work

        print("once")
        pool = executor_of("pool", 2)  # nobody closes it
        print(sorted(o.value for o in pool.run(work.squared, [Task(n, n) for n in range(4)])))
        """,
    )
    assert run(path) == (0, "once\n[0, 1, 4, 9]\n", "")


OWN = """
    from experiments.executors import Task, executor_of

    def doubled(payload, shared):
        return 2 * payload

    def main():
        with executor_of("pool", 2) as pool:
            print(sorted(o.value for o in pool.run(doubled, [Task(n, n) for n in range(4)])))

"""


def test_a_script_with_a_guard_may_hand_out_its_own_function(tmp_path):
    path = script(tmp_path, OWN + '    if __name__ == "__main__":\n        main()\n')
    assert run(path) == (0, "[0, 2, 4, 6]\n", "")


@pytest.mark.parametrize("line", ["main()", "print(__name__)\n    main()"])
def test_a_script_without_a_guard_is_told_how_to_write_one(tmp_path, line):
    path = script(tmp_path, f"{OWN}    {line}\n")
    code, said, complained = run(path)
    assert code == 1
    assert "[" not in said
    assert complained.count("Traceback") == 1, "workers say nothing"
    assert f"{path}: workers import this script" in complained
    assert '    if __name__ == "__main__":\n        main()\n' in complained


def test_a_function_of_no_file_is_refused(tmp_path):
    text = textwrap.dedent(OWN + "    main()\n")
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.returncode == 1
    assert "doubled stands in a notebook or at a prompt" in done.stderr
    assert "from work import doubled" in done.stderr


def test_workers_that_cannot_start_end_the_run(tmp_path):
    stop = '    if __name__ != "__main__":\n        raise SystemExit(3)\n'
    path = script(tmp_path, OWN + stop + "    main()\n")
    code, _, complained = run(path)
    assert code == 1
    assert "a worker ended before it was ready (it left with exit code 3)" in complained


def test_an_array_that_a_task_has_kept_makes_no_noise(tmp_path):
    path = script(
        tmp_path,
        """
        import numpy as np
        from experiments.executors import Task, executor_of
        from tests.experiments.executors import work

        with executor_of("pool", 1) as pool:
            for value in (3.0, 4.0):
                shared = {"kept": np.full(5, value)}
                print([o.value for o in pool.run(work.keeps, [Task(0, "kept")], shared)])
        """,
    )
    assert run(path) == (0, "[3.0]\n[3.0]\n", "")


# Who waits for whom


@linux
def test_nothing_waits_behind_more_than_one_long_task():
    short, long = 0.0, 0.5
    with executor_of("pool", 2) as pool:
        values_of(pool.run(work.whereabouts, tasks_of([0.3, 0.3])))  # both have started
        taken = tasks_of([short] * 40 + [long] * 6)
        workers = values_of(pool.run(work.whereabouts, taken))
    places = [workers[number][0] for number in range(40, 46)]
    # Without giving back, a worker would have done the whole chunk that it was given.
    assert sorted(places.count(pid) for pid in set(places)) in ([2, 4], [3, 3])


def test_large_payloads_and_values_do_not_block_each_other():
    size = 2_000_000
    tasks = tasks_of([bytes(size)] * 12)
    with executor_of("pool", 2) as pool:
        values_of(pool.run(work.squared, tasks_of(range(300))))
        for outcome in pool.run(work.anything, (Task(n, (p, "x")) for n, p in tasks)):
            assert outcome.value == {bytes(size): ["x"]}
