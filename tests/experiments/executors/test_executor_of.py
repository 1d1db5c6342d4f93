"""Executors as they are asked for, closed, and refused."""

import pickle
import subprocess
import sys
from itertools import count

import pytest

from experiments.executors import ExecutorError, Failure, Outcome, Task, executor_of
from tests.experiments.executors import work


def test_a_closed_executor_takes_no_work():
    for name in ("in-place", "pool"):
        executor = executor_of(name)
        executor.close()
        executor.close()
        with pytest.raises(ExecutorError, match=f"executor '{name}': it is closed"):
            executor.run(work.squared, [])


def test_closing_the_executor_ends_the_run():
    with executor_of("pool", 1) as executor:
        outcomes = executor.run(work.squared, (Task(n, n) for n in count()))
        next(outcomes)
    assert list(outcomes) == []


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("poool", {}, "'poool': there is none of that name; .*; did you mean 'pool'"),
        ("dask", {}, "one of 'in-place', 'pool', 'ray'$"),
        ("pool", {"retry": 1}, "no option 'retry'; it takes workers, retries; did you mean 'ret"),
        ("pool", {"workers": 0}, "workers must be a whole number of at least 1, such as 2; got 0"),
        ("pool", {"workers": 1.5}, "got 1.5"),
        ("pool", {"retries": -1}, "retries must be a whole number of at least 0"),
        ("in-place", {"workers": 3}, "got workers=3. For more at once: executor='pool'"),
        ("in-place", {"retries": "two"}, "got 'two'"),
    ],
)
def test_an_executor_that_cannot_be_made_says_why(name, options, words):
    with pytest.raises(ExecutorError, match=words):
        executor_of(name, **options)


def test_without_ray_its_executor_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExecutorError, match=r"pip install 'noosphere\[cluster\]'"):
        executor_of("ray")


def test_a_cluster_that_does_not_answer_is_named():
    script = (
        "from experiments.executors import ExecutorError, executor_of\n"
        "try:\n    executor_of('ray', address='127.0.0.1:1')\n"
        "except ExecutorError as error:\n    print(error)\n"
    )
    pytest.importorskip("ray", reason="needs the extra `cluster`")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert "no cluster can be joined at '127.0.0.1:1'" in done.stdout
    assert done.stderr == ""


def test_outcomes_can_be_pickled():
    outcome = Outcome(1, None, Failure("ValueError", "no"), 0.5, 2)
    assert pickle.loads(pickle.dumps(outcome)) == outcome
