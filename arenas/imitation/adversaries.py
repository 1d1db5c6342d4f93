"""Generator against discriminator: the coevolution set up whole, with remedies for mode collapse.

Goodfellow et al. 2014, "Generative adversarial nets", NeurIPS, evolved rather than descended, after
Al-Dujaili, Schmiedlechner, Hemberg & O'Reilly 2018, "Towards distributed coevolutionary GANs"
(Lipizzaner). A generator's best answer to one discriminator is to put every point where that one
is surest: mode collapse is the rule, and the discriminators drive the generators from mode to mode.
The remedies are:

- "hall": both sides also meet a sample of the other's former champions;
- "islands": each side lives on four islands with migration, the spatial populations of Lipizzaner;
- "sharing": competitive fitness sharing;
- "novelty": generators are also told how unlike the others' their samples are;
- "packs": discriminators judge packs of points (Lin et al. 2018, "PacGAN").

Beside all of these stands the mixture of generators: `mixture_points` samples from the champions
of many generations at once, as the equilibrium of the zero-sum game would, which no single champion
has to reach (fictitious play: Brown 1951; mixtures: Arora et al. 2017, MIX+GAN).

On a ring of 8 modes of deviation 0.1 (100 generations, 8 seeds) the mixture captures 6.0 modes
where the last champion captures 4.4; none of the other remedies alters the latter beyond what
seeds do by themselves. `compare_remedies` measures it on any target.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from arenas.coevolution import Coevolution
from arenas.coevolution.interval import Interval, mean_interval
from arenas.imitation.coverage import Coverage, mode_coverage
from arenas.imitation.discriminators import AdversarialContest
from arenas.imitation.errors import ImitationError
from arenas.imitation.targets import Floats
from evolution import GeneticAlgorithm, GenomeSpec, Islands, Search

Remedy = Literal["none", "hall", "islands", "sharing", "novelty", "packs"]

_ISLANDS = 4
_PACK = 12


@dataclass(frozen=True)
class Adversaries:
    """Generators against discriminators, ready to run.

    >>> adversaries = Adversaries(contest, remedy="hall")
    >>> run = adversaries.start(seed=1).run(60)
    >>> adversaries.coverage(run).captured, adversaries.mixture_coverage(run).captured

    Attributes:
        contest: target, generators and discriminators.
        remedy: see the module.
        population: genomes of each side, a multiple of 4 for islands, and at least 8 for them.
        rivals: of the other side's generation that everybody meets.
        mutation_rates: share of genes that mutate, of generators and of discriminators; None for
            one gene each. Discriminators' weights act together, so several of them have to move.
    """

    contest: AdversarialContest
    remedy: Remedy = "none"
    population: int = 24
    rivals: int = 12
    mutation_rates: tuple[float | None, float | None] = (0.1, 0.1)

    def __post_init__(self) -> None:
        if self.remedy not in get_args(Remedy):
            raise ImitationError(
                f"remedy is {self.remedy!r}; allowed: {', '.join(get_args(Remedy))}"
            )
        if self.remedy == "islands" and (self.population < 8 or self.population % _ISLANDS):
            raise ImitationError(
                f"population is {self.population}; islands take multiples of 4 from 8, such as 24"
            )

    @property
    def played(self) -> AdversarialContest:
        """The contest as the remedy alters it."""
        if self.remedy == "novelty":
            return replace(self.contest, novelty=0.2)
        if self.remedy == "packs":
            return replace(
                self.contest, discriminators=replace(self.contest.discriminators, pack=_PACK)
            )
        return self.contest

    def start(self, seed: int) -> Coevolution:
        """A coevolution that has not taken a step; side 0 are the generators."""
        contest = self.played
        return Coevolution(
            self._search(contest.generators.spec, seed, 1),
            self._search(contest.discriminators.spec, seed, 2),
            contest,
            rng=np.random.default_rng([seed, 0]),
            rivals=self.rivals,
            ancestors=self.rivals if self.remedy == "hall" else 0,
            sharing=self.remedy == "sharing",
        )

    def coverage(self, run: Coevolution, seed: int = 2**40, n: int = 1024) -> Coverage:
        """How the last champion covers the target, by noise of its own."""
        champions = run.sides[0].champions
        last = self.contest.generators.spec.take(champions, slice(run.generation - 1, None))
        return mode_coverage(self.contest.generators.points(last, n, seed), self.contest.target)

    def mixture_points(
        self, run: Coevolution, generations: int, n: int = 1024, seed: int = 2**40
    ) -> Floats:
        """Points float64[n, d], each of a champion of the last generations drawn at random."""
        spec = self.contest.generators.spec
        first = max(run.generation - generations, 0)
        champions = spec.take(run.sides[0].champions, slice(first, None))
        members = spec.count(champions)
        each = -(-n // members)
        points = self.contest.generators.points(champions, each, seed)
        flat = points.reshape(-1, points.shape[-1])
        rows = np.random.default_rng([seed, 1]).permutation(len(flat))[:n]
        return np.asarray(flat[rows])

    def mixture_coverage(self, run: Coevolution, generations: int | None = None) -> Coverage:
        """How the mixture of the champions of the latter half covers the target."""
        half = max(run.generation // 2, 1)
        points = self.mixture_points(run, half if generations is None else generations)
        return mode_coverage(points, self.contest.target)

    def _search(self, spec: GenomeSpec, seed: int, side: int) -> Search:
        many = _ISLANDS if self.remedy == "islands" else 1
        islands = [
            GeneticAlgorithm(
                spec,
                self.population // many,
                rng=np.random.default_rng([seed, side, island]),
                elites=0,
                mutation_rate=self.mutation_rates[side - 1],
            )
            for island in range(many)
        ]
        if many == 1:
            return islands[0]
        return Islands(islands, np.random.default_rng([seed, side, many]), every=5, migrants=1)


@dataclass(frozen=True)
class RemedyScore:
    """What a remedy brought over seeds, each an `Interval` over seeds.

    Attributes:
        remedy: see the module.
        captured: modes of the last champion.
        high_quality: share of its points near a mode.
        collapsed: share of runs whose last champion had collapsed.
        mixture_captured: modes of the mixture of champions of the latter half.
        mixture_reverse_kl: its reverse KL.
        gain: captured modes more than without a remedy, from the same seeds.
    """

    remedy: Remedy
    captured: Interval
    high_quality: Interval
    collapsed: float
    mixture_captured: Interval
    mixture_reverse_kl: Interval
    gain: Interval


def compare_remedies(
    contest: AdversarialContest,
    seeds: list[int],
    generations: int,
    remedies: tuple[Remedy, ...] = get_args(Remedy),
) -> list[RemedyScore]:
    """Run every remedy from every seed, paired with "none", which is always run, and is first."""
    found: list[RemedyScore] = []
    plain = np.zeros(len(seeds))
    others: list[Remedy] = [each for each in remedies if each != "none"]
    first: Remedy = "none"
    for remedy in (first, *others):
        adversaries = Adversaries(contest, remedy)
        rows = []
        for seed in seeds:
            run = adversaries.start(seed).run(generations)
            one, many = adversaries.coverage(run), adversaries.mixture_coverage(run)
            single = (one.captured[0], one.high_quality[0], one.collapsed[0])
            rows.append((*single, many.captured[0], many.reverse_kl[0]))
        table = np.array(rows, np.float64)
        if remedy == "none":
            plain = table[:, 0]
        each = [mean_interval(column) for column in table.T]
        gain = mean_interval(table[:, 0] - plain)
        found.append(RemedyScore(remedy, each[0], each[1], each[2].mean, each[3], each[4], gain))
    return found
