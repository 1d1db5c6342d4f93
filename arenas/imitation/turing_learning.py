"""Turing learning: a hidden agent is inferred by models that learn to pass for it.

Li, Gauci & Groß 2016, "Turing learning: a metric-free approach to inferring behavior and its
application to swarms", Swarm Intelligence 10. Nobody says what to imitate: models are scored by
interrogators only. Beside it stand supervised imitation, which evolves models to foretell
recorded matches, and random search, both with as many evaluations of models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arenas.coevolution import Coevolution
from arenas.coevolution.contest import outcomes
from arenas.coevolution.interval import Interval, mean_interval
from arenas.imitation.agreement import agreement, askers, transcript_rows
from arenas.imitation.interrogators import TuringContest
from arenas.imitation.judges import Judged, classifier_test
from arenas.iterated import Machines
from evolution import GeneticAlgorithm, Genomes, GenomeSpec, evolve

_TEST_TURNS = 20
# Machines of few states turn on single genes, but not on one at a time.
_MUTATION_RATE = 0.08


@dataclass(frozen=True)
class TuringLearning:
    """Models against interrogators, ready to run, with its baselines.

    >>> learning = TuringLearning(TuringContest(hidden, MachineGenomes(4), Interrogators()))
    >>> run = learning.start(seed=1).run(60)
    >>> model = learning.best_model(run)
    >>> held_out_agreement(model, hidden, seed=2)

    Attributes:
        contest: hidden agent, models and interrogators.
        population: genomes of each side.
        rivals, ancestors: whom everybody meets, see `arenas.coevolution.Coevolution`.
    """

    contest: TuringContest
    population: int = 40
    rivals: int = 20
    ancestors: int = 20

    def start(self, seed: int) -> Coevolution:
        """A coevolution that has not taken a step; side 0 are the models."""
        return Coevolution(
            self._search(self.contest.models.spec, seed, 1),
            self._search(self.contest.interrogators.spec, seed, 2),
            self.contest,
            rng=np.random.default_rng([seed, 0]),
            rivals=self.rivals,
            ancestors=self.ancestors,
        )

    def best_model(self, run: Coevolution, seed: int = 0) -> Machines:
        """The champion model that does best against all champion interrogators of the run.

        A master tournament (Cliff & Miller 1995; Nolfi & Floreano 1998): it needs nothing but the
        run. Of equals the latest wins.
        """
        specs = self.contest.models.spec, self.contest.interrogators.spec
        models, judges = run.sides[0].champions, run.sides[1].champions
        got = outcomes(self.contest, models, judges, specs, seed).mean(axis=1)
        best = len(got) - 1 - int(got[::-1].argmax())
        return self._model(specs[0].take(models, slice(best, best + 1)))

    def supervised(self, opponents: Machines, generations: int, seed: int) -> Machines:
        """The model that evolution finds to foretell the agent's matches with these opponents.

        The same search with as many evaluations of models as ``generations`` of `start`.
        """
        search = self._search(self.contest.models.spec, seed, 3)

        def missed(genomes: Genomes) -> np.ndarray:
            return 1.0 - self._foretold(genomes, opponents, seed)

        return self._model(evolve(search, missed, generations).best.genomes)

    def random_search(self, opponents: Machines, generations: int, seed: int) -> Machines:
        """The best of as many models drawn at random, by the same measure as `supervised`."""
        spec = self.contest.models.spec
        drawn = spec.sample(self.population * generations, np.random.default_rng([seed, 4]))
        best = int(self._foretold(drawn, opponents, seed).argmax())
        return self._model(spec.take(drawn, slice(best, best + 1)))

    def _foretold(self, genomes: Genomes, opponents: Machines, seed: int) -> np.ndarray:
        machines, turns = (
            self.contest.models.machines_of(genomes),
            self.contest.interrogators.turns,
        )
        known = agreement(machines, self.contest.hidden, opponents, turns, seed)
        return np.asarray(known.mean(axis=1))

    def _model(self, genome: Genomes) -> Machines:
        return self.contest.models.machines_of(genome, ["model"])

    def _search(self, spec: GenomeSpec, seed: int, side: int) -> GeneticAlgorithm:
        rng = np.random.default_rng([seed, side])
        return GeneticAlgorithm(
            spec, self.population, rng=rng, elites=0, mutation_rate=_MUTATION_RATE
        )


def held_out_agreement(
    model: Machines, hidden: Machines, seed: int, *, opponents: int = 200
) -> Interval:
    """How well a model foretells the hidden agent, against askers of a test, over these."""
    drawn = askers(opponents, np.random.default_rng([seed, 5]), actions=hidden.actions)
    return mean_interval(agreement(model, hidden, drawn, _TEST_TURNS, seed)[0])


def held_out_judge(model: Machines, hidden: Machines, seed: int, *, opponents: int = 400) -> Judged:
    """How well a fresh judge tells matches of a model from those of the hidden agent.

    Both meet askers of a test, each its own, so that no match is in both samples but by chance.
    """
    rng = np.random.default_rng([seed, 6])
    rows = [
        transcript_rows(subject, askers(opponents, rng, actions=hidden.actions), _TEST_TURNS, seed)
        for subject in (hidden, model)
    ]
    return classifier_test(rows[0], rows[1], rng)


@dataclass(frozen=True)
class Probing:
    """What interrogators that choose their moves learn, and what passive ones do; over seeds.

    Attributes:
        active, passive: agreement of the best model with the hidden agent on held-out opponents.
        gain: the first less the second, from the same seeds.
    """

    active: Interval
    passive: Interval
    gain: Interval


def compare_probing(
    active: TuringLearning, passive: TuringLearning, seeds: list[int], generations: int
) -> Probing:
    """Run both from every seed; they differ in their interrogators' ``habitat``."""
    scores = np.array(
        [
            [
                held_out_agreement(
                    each.best_model(each.start(seed).run(generations)), each.contest.hidden, seed
                ).mean
                for each in (active, passive)
            ]
            for seed in seeds
        ]
    )
    return Probing(
        mean_interval(scores[:, 0]),
        mean_interval(scores[:, 1]),
        mean_interval(scores[:, 0] - scores[:, 1]),
    )
