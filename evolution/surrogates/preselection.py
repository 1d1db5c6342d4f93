"""Preselection: a search whose genomes are evaluated only where a surrogate is not good enough.

The search within breeds; a surrogate predicts what its genomes would achieve; the most promising
are evaluated, a few at a time, until on evaluated genomes the surrogate's order agrees with the
true one. The rest is never evaluated. This is individual-based evolution control (Jin 2011,
"Surrogate-assisted evolutionary computation", Swarm and Evolutionary Computation 1(2)) with the
loop and the criterion, Kendall's τ, of Hansen 2019, "A global surrogate assisted CMA-ES", GECCO.
There, τ is at least 0.85 on what the model was fitted to; here, 0.7 on what its members left out.

Guarantees beyond those of `evolution.search`: ``residents`` and ``best`` have been evaluated; no
prediction is told as better than the best evaluated genome of its generation; the surrogate is a
function of the last ``window`` evaluated genomes and a seed, so a state holds no model.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.pareto.ranking import select
from evolution.search import AskTellError, Evaluated, Floats, Integers, Search, failed
from evolution.state import packed, unpacked
from evolution.surrogates.ensemble import Surrogate, usable
from evolution.surrogates.features import features

# With fewer evaluated genomes there is no surrogate, and everything is evaluated.
_FEWEST = 15
# How much more the best of the examples matter than the worst, as in Hansen 2019.
_EMPHASIS = 20.0
# The parts of a state: evaluated genomes, and arrays.
_KEPT = ("pool", "waiting")
_ARRAYS = ("examples", "values", "told", "open", "picked")


def concordance(first: Floats, second: Floats) -> float:
    """Kendall's τ-b of two rows ``[n]``: 1 for the same order; 0 where either has no order."""
    ahead = [np.sign(values[:, np.newaxis] - values) for values in (first, second)]
    agreeing, *ordered = ((a * b).sum() for a, b in (ahead, ahead[:1] * 2, ahead[1:] * 2))
    return float(agreeing / math.sqrt(ordered[0] * ordered[1])) if all(ordered) else 0.0


class Preselection(Search):
    """The search ``inner``, with fewer evaluations. It asks for different numbers of genomes.

    >>> search = Preselection(CMAES(spec, rng=1), RidgeEnsemble(), rng=2)
    >>> genomes = search.ask()
    >>> search.tell(expensive(genomes["x"]))

    Args:
        inner: any search of a `GenomeSpec` that needs no measures; from now on asked by nobody
            else.
        surrogate: what is fitted to each objective; itself left as it is.
        share: how much of a generation is evaluated at a time, at first; then half as much again.
        agreement: the least τ at which the rest is left to the surrogate; above 1, never.
        rest: what ``inner`` is told of the others: "predicted", for searches that learn from
            ranks and keep nothing, such as CMA-ES; or "failed", so that no genome survives on a
            prediction, for searches that keep the best, such as NSGA-II.
        window: how many evaluated genomes the surrogate learns from: the last ones; (d + 1)(d + 2)
            unless given, twice as many as a quadratic function has terms, within 30 to 1000.

    Attributes: ``saved``, how many genomes of ``inner`` were never evaluated.
    """

    def __init__(
        self,
        inner: Search,
        surrogate: Surrogate,
        rng: np.random.Generator | int,
        *,
        share: float = 0.1,
        agreement: float = 0.7,
        rest: str = "predicted",
        window: int | None = None,
    ) -> None:
        if inner.measures_needed or inner.asked is not None:
            raise AskTellError(
                f"inner is a {type(inner).__name__} that needs measures, or waits for tell(F); "
                "preselection takes a search of objectives alone, between tell(F) and ask()"
            )
        if not 0.0 < share <= 1.0 or rest not in ("predicted", "failed"):
            raise AskTellError(
                f"share is {share}, rest is {rest!r}; allowed: above 0 to 1, e.g. 0.1, and "
                '"predicted" or "failed"'
            )
        super().__init__(inner.spec, rng)
        self._told_width = inner.objectives_expected
        self.inner = inner
        self.receives = inner.receives
        self.surrogate = surrogate
        self.share = share
        self.agreement = agreement
        self.rest = rest
        none = self.spec.sample(0, self.rng)
        self._examples = features(self.spec, none)
        d = self._examples.shape[1]
        window = min(max((d + 1) * (d + 2), 2 * _FEWEST), 1000) if window is None else window
        self.window = window
        if self.window < _FEWEST:
            raise AskTellError(f"window is {self.window}; at least {_FEWEST}, e.g. {10 * d}")
        self._values = np.empty((0, 0))
        self._seed = 0
        self._models: list[Surrogate] = []
        self._pool = self._waiting = Evaluated(none, np.empty((0, 0)))
        # Of the generation that is open: what was told, who is not evaluated, who is asked.
        self._told = np.empty((0, 0))
        self._open = np.empty(0, dtype=np.bool_)
        self._picked = np.empty(0, dtype=np.int64)
        self._batch = 0
        self.saved = 0

    @property
    def residents(self) -> Evaluated:
        """The best evaluated genomes, as many as a generation of the search within."""
        return Evaluated(
            self.spec.take(self._pool.genomes, slice(None)), self._pool.objectives.copy()
        )

    def _receive(self, immigrants: Evaluated) -> None:
        """The search within receives them, at the latest when its generation is complete."""
        if not len(immigrants.objectives):
            return
        self._learn(immigrants)
        if self.inner.asked is None:
            self.inner.receive(immigrants)
        else:
            self._waiting = self._joined(self._waiting, immigrants)

    def _ask(self) -> Genomes:
        if self.inner.asked is None:
            n = self.spec.count(self.inner.ask())
            self._told = np.full((n, self._told_width or 1), np.nan)
            self._open = np.ones(n, dtype=np.bool_)
            self._batch = math.ceil(self.share * n)
        rows = np.flatnonzero(self._open)
        if self._models:
            rows = rows[select(self._predicted(rows), min(self._batch, len(rows)))]
        self._picked = rows
        return self.spec.take(self._generation, rows)

    def _tell(self, evaluated: Evaluated) -> None:
        if self._told.shape[1] != evaluated.objectives.shape[1]:
            # The first generation: only now is it known how many objectives there are.
            self._told = np.full((len(self._told), evaluated.objectives.shape[1]), np.nan)
        self._told[self._picked] = evaluated.objectives
        self._open[self._picked] = False
        self._batch = math.ceil(1.5 * self._batch)
        self._learn(Evaluated(evaluated.genomes, evaluated.objectives))
        if not self._open.any() or self._trusted():
            self._complete()

    @property
    def _generation(self) -> Genomes:
        """What the search within waits for."""
        assert self.inner.asked is not None
        return self.inner.asked

    def _trusted(self) -> bool:
        """Whether the surrogate orders the last genomes as they are, without having seen them."""
        done = ~self._open
        if not self._models or failed(self._told[done]).all():
            return False
        count = max(_FEWEST, min(math.ceil(1.2 * done.sum()), math.ceil(0.75 * len(done))))
        for model, values in zip(self._models, self._values.T, strict=True):
            # The last that did not fail: of a few, any order agrees now and then.
            recent = values[model.rows[-count:]]
            if concordance(model.left_out[-count:], recent) < self.agreement:
                return False
        return True

    def _complete(self) -> None:
        """Tell the search within, and let in who waited."""
        rows = np.flatnonzero(self._open)
        if len(rows) and self.rest == "predicted":
            best = np.nanmin(self._told, axis=0)
            self._told[rows] = np.maximum(self._predicted(rows), np.nextafter(best, np.inf))
        self.saved += len(rows)
        self.inner.tell(self._told)
        if len(self._waiting.objectives):
            self.inner.receive(self._waiting)
            self._waiting = self._rows(self._waiting, slice(0, 0))

    def _predicted(self, rows: Integers) -> Floats:
        """What the surrogate expects of these rows of the generation, ``[rows, M]``."""
        X = features(self.spec, self.spec.take(self._generation, rows))
        return np.column_stack([model.predict(X).mean for model in self._models])

    def _learn(self, evaluated: Evaluated) -> None:
        """Add examples, drop the oldest, keep the best, fit anew."""
        X = features(self.spec, evaluated.genomes)
        known = self._values.reshape(len(self._values), evaluated.objectives.shape[1])
        self._examples = np.concatenate([self._examples, X])[-self.window :]
        self._values = np.concatenate([known, evaluated.objectives])[-self.window :]
        pool = self._joined(self._pool, evaluated)
        size = max(len(self._told), 1)
        rows = select(pool.objectives, min(size, len(pool.objectives)))
        self._pool = self._rows(pool, rows)
        self._seed = int(self.rng.integers(2**53))
        self._fit()

    def _fit(self) -> None:
        """A surrogate for each objective; none where too few examples have not failed."""
        self._models = []
        n = len(self._values)
        if n == 0 or usable(self._values).sum(axis=0).min() < _FEWEST:
            return
        for objective, values in enumerate(self._values.T):
            weights = np.empty(n)
            weights[np.argsort(values, kind="stable")] = np.linspace(_EMPHASIS, 1.0, n)
            rng = np.random.default_rng([self._seed, objective])
            # A copy, so that the surrogate that was given stays as it is.
            self._models.append(copy.copy(self.surrogate).fit(self._examples, values, rng, weights))

    def _rows(self, evaluated: Evaluated, rows: Integers | slice) -> Evaluated:
        return Evaluated(self.spec.take(evaluated.genomes, rows), evaluated.objectives[rows])

    def _joined(self, first: Evaluated, second: Evaluated) -> Evaluated:
        known = first.objectives.reshape(len(first.objectives), second.objectives.shape[1])
        return Evaluated(
            self.spec.concatenate(first.genomes, second.genomes),
            np.concatenate([known, second.objectives]),
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "inner": self.inner.settings,
            "surrogate": self.surrogate.settings,
            "share": self.share,
            "agreement": self.agreement,
            "rest": self.rest,
            "window": self.window,
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        inner, inner_facts = self.inner.state()
        arrays = {f"inner.{name}": array for name, array in inner.items()}
        arrays |= {name: getattr(self, f"_{name}") for name in _ARRAYS}
        for name in _KEPT:
            kept: Evaluated = getattr(self, f"_{name}")
            arrays |= packed(kept.genomes, f"{name}.genomes")
            arrays[f"{name}.objectives"] = kept.objectives
        facts = {"inner": inner_facts, "seed": self._seed, "batch": self._batch}
        return arrays, facts | {"saved": self.saved}

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        kept = {
            name: Evaluated(unpacked(arrays, f"{name}.genomes"), arrays[f"{name}.objectives"])
            for name in _KEPT
        }
        for evaluated in kept.values():
            self.spec.validate(evaluated.genomes)
        self.inner.restore((unpacked(arrays, "inner"), facts["inner"]))
        self._pool, self._waiting = (kept[name] for name in _KEPT)
        for name in _ARRAYS:
            setattr(self, f"_{name}", arrays[name])
        self._seed, self._batch, self.saved = facts["seed"], facts["batch"], facts["saved"]
        self._fit()
