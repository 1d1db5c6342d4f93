"""Where work runs: in this process, in a pool of processes, or on a Ray cluster.

    from experiments.executors import Task, executor_of

    tasks = (Task(number, payload) for number, payload in enumerate(payloads))
    with executor_of("pool", workers=4) as executor:
        for outcome in executor.run(function, tasks, shared={"distances": distances}):
            print(outcome.number, outcome.failure or outcome.value)

The same work has the same outcomes everywhere. `executor` holds the contract and everything that
the three have in common; the pool and Ray are imported when they are asked for.
"""

from experiments.executors.executor import (
    NAMES,
    Executor,
    ExecutorError,
    Failure,
    Outcome,
    Task,
    executor_of,
)

__all__ = ["NAMES", "Executor", "ExecutorError", "Failure", "Outcome", "Task", "executor_of"]
