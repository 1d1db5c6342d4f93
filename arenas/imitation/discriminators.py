"""Discriminators: genomes that say how real a point looks, and the contest with generators.

A discriminator is a radial basis network (Moody & Darken 1989, "Fast learning in networks of
locally-tuned processing units", Neural Computation 1): one hidden layer of bumps on a grid, fixed
and shared, and one logistic output whose weights evolution sets. So a generator's points are turned
into features once for all discriminators, m of them are one matrix product, and each weight means
a place, which a search without gradients needs.

The contest is the zero-sum game of Goodfellow et al. 2014 with the linear pay-off: the
discriminator gets its accuracy, half the mean of D over real points and half that of 1 − D over
made ones; the generator gets the rest, and 0.5 against one that cannot tell. It is a contest in the
sense of `arenas.coevolution.contest`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arenas.imitation.errors import ImitationError
from arenas.imitation.generators import Generators
from arenas.imitation.targets import Floats, Mixture
from evolution import Genomes, GenomeSpec, Real


@dataclass(frozen=True)
class Discriminators:
    """Genomes that are output weights over a grid of bumps.

    Attributes:
        dimensions: d, of the points, 1 to 3.
        side: bumps along each axis, at least 2; F is side^d.
        reach: they lie from −reach to reach; points further out look like nothing.
        width: deviation of a bump, in distances between two of them.
        weight: bound of the output weights.
        pack: points that are judged together (Lin et al. 2018, "PacGAN: the power of two samples in
            generative adversarial networks", NeurIPS): the output sees the means over the pack of
            what the hidden layer sees, and their squares, so that it can tell a pack of
            points that are too alike.
        seed: of the hidden layer.
    """

    dimensions: int = 2
    side: int = 8
    reach: float = 1.5
    width: float = 0.7
    weight: float = 3.0
    pack: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.dimensions <= 3 or self.side < 2 or self.pack < 1:
            raise ImitationError(
                f"{self.dimensions} dimensions, {self.side} bumps along each, packs of {self.pack};"
                " allowed: 1 to 3, at least 2, at least 1"
            )
        if not min(self.reach, self.width, self.weight) > 0.0:
            raise ImitationError(f"{self}: reach, width and weight have to be above 0")

    @property
    def features(self) -> int:
        """F, nodes of the hidden layer."""
        return int(self.side**self.dimensions)

    @property
    def spec(self) -> GenomeSpec:
        """The locus ``weights``, [n, F + 1] or, with packs, [n, 2F + 1], the bias last."""
        outputs = self.features * (1 if self.pack == 1 else 2) + 1
        return GenomeSpec({"weights": Real(outputs, -self.weight, self.weight)})

    def seen(self, points: Floats) -> Floats:
        """What the hidden layer makes of points [..., d]: float64[..., F], 0 to 1."""
        line = np.linspace(-self.reach, self.reach, self.side)
        width = self.width * 2.0 * self.reach / (self.side - 1)
        # A round bump is the product of one along each axis, and these are few.
        along = np.exp(-0.5 * ((points[..., None] - line) / width) ** 2)
        known = along[..., 0, :]
        for axis in range(1, self.dimensions):
            known = known[..., :, None] * along[..., axis, None, :]
            known = known.reshape(*known.shape[:-2], -1)
        return np.asarray(known)

    def reality(self, genomes: Genomes, points: Floats) -> Floats:
        """How real m discriminators take packs to be, float64[..., N // pack, m], 0 to 1.

        Args:
            genomes: m discriminators.
            points: float64[..., N, d]; each ``pack`` in a row are judged together, a rest is not.
        """
        return self.verdicts(genomes, self.seen(points))

    def verdicts(self, genomes: Genomes, seen: Floats) -> Floats:
        """The same from what the hidden layer saw, float64[..., N, F]."""
        if self.pack > 1:
            packs = seen.shape[-2] // self.pack
            whole = seen[..., : packs * self.pack, :]
            means = whole.reshape(*seen.shape[:-2], packs, self.pack, -1).mean(axis=-2)
            seen = np.concatenate([means, means**2], axis=-1)
        weights = genomes["weights"]
        total = seen @ weights[:, :-1].T + weights[:, -1]
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * total))  # logistic, without overflow


@dataclass(frozen=True)
class AdversarialContest:
    """Generators, the first side, against discriminators, the second.

    Attributes:
        target: what is real.
        generators, discriminators: what the genomes of both sides are.
        batch: points that each generator makes, and real points, a contest.
        novelty: weight, 0 to 1, of how unlike its ``neighbours`` nearest others a generator's
            sample is. It is the distance between the means of what discriminators' hidden layer
            sees (the maximum mean discrepancy of that kernel), at most 1. All
            discriminators of a contest lose the same by it, so it does not touch their order.
        neighbours: see ``novelty``.
    """

    target: Mixture
    generators: Generators
    discriminators: Discriminators
    batch: int = 96
    novelty: float = 0.0
    neighbours: int = 3

    def __post_init__(self) -> None:
        if (
            self.batch < self.discriminators.pack
            or not 0.0 <= self.novelty < 1.0
            or self.neighbours < 1
        ):
            raise ImitationError(
                f"batch {self.batch}, novelty {self.novelty}, neighbours {self.neighbours}; at "
                "least a pack of points, 0 up to 1, and at least 1"
            )
        if self.discriminators.dimensions != self.target.dimensions:
            raise ImitationError(
                f"discriminators of {self.discriminators.dimensions} dimensions for a target of "
                f"{self.target.dimensions}"
            )

    def __call__(self, one: Genomes, other: Genomes, seed: int, /) -> Floats:
        """Outcomes float64[generators, discriminators], 0 to 1."""
        real = self.target.sample(self.batch, np.random.default_rng([1, seed]))
        seen = self.discriminators.seen(self.generators.points(one, self.batch, seed))
        made_taken = self.discriminators.verdicts(other, seen).mean(axis=1)
        real_taken = self.discriminators.reality(other, real).mean(axis=0)
        outcomes = 0.5 * (1.0 - real_taken + made_taken)
        if self.novelty:
            novel = self._novel(seen.mean(axis=1))
            outcomes = (1.0 - self.novelty) * outcomes + self.novelty * novel[:, None]
        return np.asarray(outcomes.clip(0.0, 1.0))

    def _novel(self, means: Floats) -> Floats:
        """Mean distance [n] to the nearest others, 0 to 1."""
        if len(means) < 2:
            return np.zeros(len(means))
        apart = means[:, None] - means[None]
        distance = np.sqrt((apart**2).mean(axis=2))
        np.fill_diagonal(distance, np.inf)
        near = min(self.neighbours, len(means) - 1)
        return np.asarray(np.sort(distance, axis=1)[:, :near].mean(axis=1).clip(0.0, 1.0))
