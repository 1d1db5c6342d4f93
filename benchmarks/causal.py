"""The causal domain: what evolved beside fixed engines, on hidden networks.

A seed is other cases, another order of variables, other questions and another world. The error is
the mean absolute error of stated distributions on questions nobody has seen. The yardstick that is
no engine of ours to choose is one twin network for all kinds of questions: what one would build
who knows that seeing and doing are special cases of imagining.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.rows import Row
from benchmarks.summary import spread
from experiments.reasoning.assembly import assemble
from experiments.reasoning.baselines import BEST_SINGLE, PER_KIND, TUNED_WEIGHTS
from experiments.reasoning.evaluation import COLLECTIVE, EVOLVED, RANDOM_SEARCH, examine
from experiments.reasoning.study import ReasoningStudy
from experiments.study.reading import load_study
from swarm.reasoning.networks.engines import Counterfactual
from swarm.reasoning.networks.examiner import HELD_OUT, Examiner
from swarm.reasoning.networks.problem import hidden_world
from swarm.reasoning.networks.referee import scores_of

NETWORKS = ("asia", "sachs", "alarm")
SEEDS = 3
GOAL = 2.0
TWIN = "one twin network for all"
INTERVENTIONAL = ("causal", "counterfactual")
QUICK_CHANGES = ("world.agents=60", "world.generations=10", "problem.queries=150")


def rows(quick: bool) -> Iterator[Row]:
    """For each network the evolved agent's error beside every rival's, then what its gate asks."""
    seeds = range(1, (2 if quick else SEEDS) + 1)
    for network in NETWORKS[:1] if quick else NETWORKS:
        runs = [_run(network, seed, quick) for seed in seeds]
        ours = np.array([run["error"][EVOLVED] for run in runs])
        for rival in (COLLECTIVE, BEST_SINGLE, TUNED_WEIGHTS, PER_KIND, RANDOM_SEARCH, TWIN):
            theirs = np.array([run["error"][rival] for run in runs])
            half = spread((theirs - ours).tolist())["half"]
            yield Row(
                f"{network}: {EVOLVED} beside {rival}, MAE",
                float(ours.mean()),
                float(theirs.mean()),
                float(theirs.mean() / ours.mean()),
                {"seeds": len(runs), "difference": float((theirs - ours).mean()), "±": half},
                GOAL if rival == BEST_SINGLE else None,
            )
        for kind in runs[0]["asked"]:
            asked = [run["asked"][kind] for run in runs]
            shares = {e: float(np.mean([each[e] for each in asked])) for e in asked[0]}
            own = sum(shares[name] for name in INTERVENTIONAL) / sum(shares.values())
            checks = {name: share for name, share in shares.items() if share >= 0.05}
            yield Row(f"{network}: {kind}, share of interventional engines asked", own, None, None,
                      checks)  # fmt: skip


def _run(network: str, seed: int, quick: bool) -> dict[str, Any]:
    """Errors by contestant, and how often the best evolved agent asks each engine by kind."""
    print(f"{network}, seed {seed}", file=sys.stderr, flush=True)
    changes = [f"seed={seed}", f"problem.split_seed={seed}", *(QUICK_CHANGES if quick else ())]
    study = load_study(network, changes)
    assert isinstance(study, ReasoningStudy), "a study of a network is one of reasoning agents"
    world, subject = assemble(study, keep=False)
    while world.steps < study.ticks:
        world.step()
    found = examine(world, subject.problem, subject.held_out)
    error = {row["name"]: row["error"] for row in found["rows"]}
    exam = subject.held_out()
    questions, _ = Examiner(hidden_world(network, seed), seed).draw(study.problem.queries, HELD_OUT)
    estimates = Counterfactual(anywhere=True).estimate(subject.problem.evidence, questions)
    error[TWIN] = exam.figures(scores_of(estimates, exam.table.block.open))["error"]
    return {"error": error, "asked": found["asked"]}
