"""The final table over several seeds: what evolved beside everything one could do instead.

The split of a graph is the study's and the same for all seeds; a seed is another world, another
random search and another ComplEx-N3. Rows that no chance enters have no interval, and are
learnt once a graph. ComplEx-N3 is tuned with the first seed and fitted anew with the others.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.front import living_front
from benchmarks.summary import CONFIDENCE, json_rows, summary, table
from experiments.doctor import cores, versions
from experiments.reasoning.assembly import assemble
from experiments.reasoning.baselines import BEST_SINGLE, TUNED_PROTOCOLS, TUNED_WEIGHTS
from experiments.reasoning.evaluation import COMPLEX, RANDOM_SEARCH, Peer, Scorer, examine
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import Subject, subject_of
from experiments.study.reading import load_study
from experiments.study.study import Study
from swarm.reasoning import Problem, ScoreTable

GOALS = {"umls": 0.97, "kinships": 0.91, "umls-30": 0.88, "kinships-30": 0.74}
"""Studies that are run, and the test MRR that is aimed at."""

PUBLISHED = {
    "umls": {"ConvE": 0.94, "ComplEx with ASWA": 0.877, "ComplEx": 0.749},
    "kinships": {"ConvE": 0.83, "ComplEx": 0.762},
    "umls-30": {"RotatE on another split of these shares": 0.746},
    "kinships-30": {"RotatE on another split of these shares": 0.652},
}
"""Test MRR of others."""

CHOOSER = "per-query chooser"
STACK = "gradient-boosted stack"
SAME_GATE = "gradient gate, same features"
MORE_GATE = "gradient gate, more features"
RIVALS = (
    BEST_SINGLE,
    RANDOM_SEARCH,
    TUNED_WEIGHTS,
    TUNED_PROTOCOLS,
    COMPLEX,
    CHOOSER,
    STACK,
    SAME_GATE,
    MORE_GATE,
)
NEEDED = {"torch": "torch", "sklearn": "scikit-learn"}
"""Modules that rivals import, and the packages they come in."""

SEEDS = 5
RECORD = Path(__file__).with_name("main.json")
QUICK_CHANGES = ("world.agents=50", "world.generations=5")
QUICK_SEEDS = 2


def benchmark(
    graphs: list[str], seeds: int, as_json: bool, quick: bool, record: Path | None = None
) -> int:
    """Run and print; returns the exit code.

    Args:
        graphs: studies to run.
        seeds: runs of each, with seeds from 1.
        as_json: print lines of JSON.
        quick: smaller worlds and rivals, two seeds at most.
        record: a file of JSON lines that every run is added to when it is finished; runs of
            the same study that stand in it are not repeated.

    `main.json` is written by a whole run alone: all of `GOALS`, at least `SEEDS` seeds.
    """
    missing = [name for module, name in NEEDED.items() if find_spec(module) is None]
    if missing:
        needs = f"the rivals need {', '.join(missing)}"
        print(f"{needs}: pip install -r benchmarks/requirements.txt", file=sys.stderr)
        return 2
    seeds = min(seeds, QUICK_SEEDS) if quick else seeds
    whole: dict[str, Any] = {
        "seeds": list(range(1, seeds + 1)),
        "confidence": CONFIDENCE,
        "versions": {**versions(), **{name: metadata.version(name) for name in NEEDED.values()}},
        "machine": f"{platform.system()} {platform.machine()}, {cores()} cores",
        "graphs": {},
    }
    for graph in graphs:
        runs = runs_of(graph, whole["seeds"], quick, record)
        found = whole["graphs"][graph] = summary(runs, RIVALS)
        goal = GOALS.get(graph)
        shown = table(graph, found, goal, PUBLISHED.get(graph))
        print("\n".join(json_rows(graph, found, goal) if as_json else shown), flush=True)
    if not quick and seeds >= SEEDS and set(graphs) >= set(GOALS):
        RECORD.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return 0


def runs_of(
    graph: str, seeds: list[int], quick: bool, record: Path | None = None
) -> list[dict[str, Any]]:
    """A run for every seed; those that stand in the record are taken from it."""
    changes = QUICK_CHANGES if quick else ()
    studies = [load_study(graph, [f"seed={seed}", *changes]) for seed in seeds]
    done = _read(record)
    field: Field | None = None
    runs = []
    for study in studies:
        settings = json.dumps(study.model_dump(mode="json"), sort_keys=True)
        if (settings, quick) not in done:
            field = field or Field(study, quick)
            done[settings, quick] = field.run(study)
            if record is not None:
                line = {"study": settings, "quick": quick, "run": done[settings, quick]}
                with record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
        runs.append(done[settings, quick])
    return runs


def _read(record: Path | None) -> dict[tuple[str, bool], dict[str, Any]]:
    """Finished runs by study and thoroughness; a line that was cut off counts for nothing."""
    found: dict[tuple[str, bool], dict[str, Any]] = {}
    if record is None or not record.exists():
        return found
    for line in record.read_text(encoding="utf-8").splitlines():
        try:
            one = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[one["study"], one["quick"]] = one["run"]
    return found


class Field:
    """Everybody who competes on one subject: posed, learnt and examined as seldom as can be."""

    def __init__(self, study: Study, quick: bool):
        assert isinstance(study, ReasoningStudy), "benchmarked studies are of reasoning agents"
        begun = time.perf_counter()
        subject = subject_of(study)
        self.quick = quick
        self.subject: Subject = replace(subject, held_out=cache(subject.held_out))
        self.posed = time.perf_counter() - begun
        self._tuned: Any = None
        # Another kind of subject may leave out rivals that make no sense there.
        self._fixed = {name: once(learn) for name, learn in _rivals(quick).items()}

    def run(self, study: Study) -> dict[str, Any]:
        """One world lived and examined; `examine`'s results with its front and wall seconds."""
        seed = study.seed

        def say(text: str) -> None:
            print(f"{study.name}, seed {seed}: {text}", file=sys.stderr, flush=True)

        begun = time.perf_counter()
        world, subject = assemble(study, self.subject, keep=False)
        say(f"living {study.ticks} ticks")
        while world.steps < study.ticks:
            world.step()
        lived = time.perf_counter()
        peers: dict[str, Peer] = {COMPLEX: partial(self._complex, seed=seed), **self._fixed}
        results = examine(world, subject.problem, subject.held_out, say, peers)
        say("the front")
        front = living_front(world, subject.problem, subject.held_out)
        done = time.perf_counter()
        seconds = {"pose": self.posed, "live": lived - begun, "examine": done - lived}
        return {
            **results,
            "about": dict(subject.about),
            "front": front,
            "seconds": {stage: round(value, 2) for stage, value in seconds.items()},
        }

    def _complex(self, problem: Problem, seed: int) -> Scorer:
        """ComplEx-N3 with a seed; its settings are chosen with the first that comes."""
        from benchmarks.complex_n3 import learn

        given: dict[str, Any] = {}
        if self.quick:
            given = {
                "ranks": (64,),
                "regularisers": (0.03,),
                "starts": ((0.03, 0.03),),
                "epochs": 5,
            }
        elif self._tuned is not None:
            given = {
                "ranks": (self._tuned.rank,),
                "regularisers": (self._tuned.regulariser,),
                "starts": (self._tuned.start,),
            }
        learnt = learn(problem, seed=seed, **given)
        self._tuned = self._tuned or learnt
        return learnt


def _rivals(quick: bool) -> dict[str, Peer]:
    """Rivals that no chance of a run enters."""
    from benchmarks import chooser, gradient_gate, stack

    if quick:
        return {
            CHOOSER: partial(chooser.learn, settings=chooser.SETTINGS[:1], trees=20),
            STACK: partial(stack.learn, settings=stack.SETTINGS[:1], looks=(20,)),
            SAME_GATE: partial(gradient_gate.learn, settings=gradient_gate.SETTINGS[:1], epochs=3),
            MORE_GATE: partial(
                gradient_gate.learn, informed=True, settings=gradient_gate.SETTINGS[:1], epochs=3
            ),
        }
    return {
        CHOOSER: chooser.learn,
        STACK: stack.learn,
        SAME_GATE: gradient_gate.learn,
        MORE_GATE: partial(gradient_gate.learn, informed=True),
    }


class Remembered:
    """A scorer that answers a table it has answered before from memory."""

    def __init__(self, scorer: Scorer):
        self.note, self.cost = getattr(scorer, "note", ""), getattr(scorer, "cost", None)
        self._scorer = scorer
        self._said: list[tuple[ScoreTable, np.ndarray]] = []

    def __call__(self, table: ScoreTable) -> np.ndarray:
        """Scores float32[Q, C]."""
        for seen, scores in self._said:
            if seen is table:
                return scores
        self._said.append((table, self._scorer(table)))
        return self._said[-1][1]


def once(learn: Peer) -> Callable[[Problem], Scorer]:
    """A peer that learns from one problem once, and says the same again whenever it is asked."""
    known: list[tuple[Problem, Remembered]] = []

    def remember(problem: Problem) -> Scorer:
        for seen, scorer in known:
            if seen is problem:
                return scorer
        known.append((problem, Remembered(learn(problem))))
        return known[-1][1]

    return remember
