"""MAP-Elites: the best genome for every way to behave.

Mouret & Clune 2015, "Illuminating search spaces by mapping elites", arXiv:1504.04909. Genomes are
told an objective, minimised, and measures of behaviour; each cell of measure space keeps the best
genome that fell into it, and elites are the parents of new genomes. What holds for every search
stands in `evolution.search`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.diversity.cells import DiversityError, Tessellation
from evolution.diversity.elites import Added, Elites
from evolution.diversity.emitters import Emitter, Genetic, IsoLine
from evolution.genomes.locus import Real
from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.search import Evaluated, Representation, Search
from evolution.state import packed, unpacked


class MAPElites(Search):
    """Quality diversity by ask and tell.

    >>> spec = GenomeSpec({"x": Real(10, -5.12, 5.12)})
    >>> search = MAPElites(spec, Grid([(-5, 5), (-5, 5)], (100, 100)), rng=1)
    >>> for _ in range(1000):
    ...     x = search.ask()["x"]
    ...     search.tell((x**2).sum(axis=1), measures=x[:, :2])
    >>> search.coverage, search.qd_score(offset=262.0)

    ``emitters`` share the ``batch`` evenly, the first taking what is left over; `IsoLine` if every
    locus is real and `Genetic` if not, unless given. ``founders``, any number, replace the sampled
    first batch. A genome with a NaN or infinite measure, or a NaN objective, enters no cell.

    ``learning_rate`` below 1 with a finite first ``threshold`` makes the archive soft, for
    CMA-MAE; see `evolution.diversity.elites`. `receive` needs immigrants with measures.

    Attributes: ``elites``, the archive, with its columns; ``emitters``, as they have become.
    """

    objectives_expected = 1
    measures_needed = True

    def __init__(
        self,
        spec: Representation,
        cells: Tessellation,
        rng: np.random.Generator | int,
        *,
        emitters: Sequence[Emitter] | None = None,
        batch: int = 540,
        learning_rate: float = 1.0,
        threshold: float = np.inf,
        founders: Genomes | None = None,
    ) -> None:
        super().__init__(spec, rng)
        emitters = [_customary(spec)] if emitters is None else emitters
        if not isinstance(cells, Tessellation):
            raise DiversityError(
                f"cells is {cells!r}; expected a tessellation of the measures, e.g. Grid([(0, 1), "
                "(-5, 5)], (100, 50)) or CVT([(0, 1), (-5, 5)], 1000)"
            )
        _check_emitters(emitters, batch)
        _check_softness(learning_rate, threshold)
        self.batch = batch
        self.threshold = threshold
        self._measure_width = cells.dimensions
        shares = np.arange(batch, batch + len(emitters)) // len(emitters)
        self._shares = [int(share) for share in shares[::-1]]
        self.emitters = [
            emitter.opened(spec, share)
            for emitter, share in zip(emitters, self._shares, strict=True)
        ]
        founders = spec.sample(batch, self.rng) if founders is None else founders
        spec.validate(founders)
        self._founders = spec.take(founders, slice(None))
        if not spec.count(founders):
            raise DiversityError("no founders; at least 1 is needed, or leave them to the spec")
        none = spec.take(self._founders, slice(0, 0))
        self.elites = Elites(spec, cells, none, learning_rate, threshold)
        # Whether the asked genomes are the emitters' own.
        self._emitted = False

    @property
    def coverage(self) -> float:
        """The share of the cells that hold an elite, from 0 to 1."""
        return self.elites.size / self.elites.cells.cells

    def qd_score(self, offset: float = 0.0) -> float:
        """The sum over elites of ``offset`` minus objective: quality and diversity in one number.

        With an ``offset`` no better than the worst objective there can be, no elite counts less
        than an empty cell. pyribs maximises, so its ``qd_score_offset`` is minus this one.
        """
        return float((offset - self.elites.values).sum())

    @property
    def residents(self) -> Evaluated:
        """The elites."""
        return self.elites.taken(np.argsort(self.elites.values, kind="stable"))

    def _receive(self, immigrants: Evaluated) -> None:
        """They are offered to their cells."""
        self.elites.add(immigrants)

    def _ask(self) -> Genomes:
        """The founders until there is an elite, then what the emitters make."""
        self._emitted = self.elites.size > 0
        if not self._emitted:
            return self.spec.sample(self.batch, self.rng) if self.generation else self._founders
        parts = [
            emitter.emit(self.elites, share, self.rng)
            for emitter, share in zip(self.emitters, self._shares, strict=True)
        ]
        return parts[0] if len(parts) == 1 else self.spec.concatenate(*parts)

    def _tell(self, evaluated: Evaluated) -> None:
        added = self.elites.add(evaluated)
        if not self._emitted or not self.elites.size:
            return
        first = 0
        for emitter, share in zip(self.emitters, self._shares, strict=True):
            part = slice(first, first + share)
            first += share
            if emitter.learns:
                genomes = self.spec.take(evaluated.genomes, part)
                outcome = Added(added.status[part], added.gain[part])
                emitter.learn(genomes, outcome, self.elites, self.rng)

    def _settings(self) -> dict[str, Any]:
        return {
            "cells": self.elites.cells.settings,
            "emitters": [emitter.settings for emitter in self.emitters],
            "batch": self.batch,
            "learning_rate": self.elites.learning_rate,
            # JSON knows no infinity.
            "threshold": None if self.threshold == np.inf else self.threshold,
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays = packed(self.elites.genomes, "genomes")
        arrays |= packed(self.elites.save(), "elites")
        if not self.generation:
            arrays |= packed(self._founders, "founders")
        facts = []
        for number, emitter in enumerate(self.emitters):
            learnt, fact = emitter.save()
            arrays |= packed(learnt, f"emitter{number}")
            facts.append(fact)
        return arrays, {"emitted": self._emitted, "emitters": facts}

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        founders = unpacked(arrays, "founders")
        if founders:
            self.spec.validate(founders)
            self._founders = founders
        self.elites.load(unpacked(arrays, "elites"), unpacked(arrays, "genomes"))
        self._emitted = facts["emitted"]
        for number, (emitter, fact) in enumerate(
            zip(self.emitters, facts["emitters"], strict=True)
        ):
            emitter.load(unpacked(arrays, f"emitter{number}"), fact)


def _customary(spec: Representation) -> Emitter:
    loci = spec.loci.values() if isinstance(spec, GenomeSpec) else [None]
    return IsoLine() if all(isinstance(locus, Real) for locus in loci) else Genetic()


def _check_emitters(emitters: Sequence[Emitter], batch: int) -> None:
    if not emitters or batch < len(emitters):
        raise DiversityError(
            f"{len(emitters)} emitters share a batch of {batch}; at least 1 emitter is needed, and "
            "1 genome for each, e.g. emitters=[IsoLine()], batch=540"
        )


def _check_softness(learning_rate: float, threshold: float) -> None:
    if not 0.0 <= learning_rate <= 1.0 or np.isnan(threshold) or threshold == -np.inf:
        raise DiversityError(
            f"learning_rate is {learning_rate}, threshold {threshold}; a rate is from 0 to 1, and "
            "a threshold a number above the objectives that are to enter"
        )
    if learning_rate < 1.0 and threshold == np.inf:
        raise DiversityError(
            f"learning_rate is {learning_rate}, but thresholds that start at infinity cannot fall "
            "step by step: give a threshold, the worst objective worth keeping"
        )
