"""What all searches have in common: ask for genomes, tell how they did, stop and go on anywhere.

Objectives are minimised, everywhere: give ``-fitness`` where more is better. A NaN is a failed
evaluation: it ranks behind everything else, and never makes a search fail.

Guarantees: a result depends on nothing but the arguments and the generator's stream; `Search.state`
perturbs nothing, and a restored search goes on bit for bit; nothing that was handed out or taken
in is altered later.

Errors (all ValueErrors): `ObjectiveError` for objectives or measures of the wrong shape,
`AskTellError` for calls out of turn, settings that contradict each other and states of another run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.state import State, plain, unpacked

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class ObjectiveError(ValueError):
    """Objectives or measures of the wrong shape, or a count that they cannot give."""


class AskTellError(ValueError):
    """A call out of turn, contradictory settings, or a state that belongs to another run."""


class Representation(Protocol):
    """What a search knows of genomes: `evolution.GenomeSpec`, or anything that does the same.

    A population of genomes is a dict of arrays; only its representation knows their layout.
    """

    def sample(self, n: int, rng: np.random.Generator) -> Genomes:
        """``n`` genomes to begin with."""

    def count(self, genomes: Genomes) -> int:
        """How many genomes these arrays hold."""

    def validate(self, genomes: Genomes) -> None:
        """Raise `evolution.GenomeError` where one is not allowed."""

    def take(self, genomes: Genomes, rows: npt.NDArray[Any] | slice) -> Genomes:
        """A copy of these rows: indices, a mask, or a slice."""

    def concatenate(self, *parts: Genomes) -> Genomes:
        """The genomes of all parts, one after the other."""

    def crossover(
        self, mothers: Genomes, fathers: Genomes, rng: np.random.Generator, rate: float = 0.9
    ) -> Genomes:
        """One child per pair."""

    def mutate(
        self,
        genomes: Genomes,
        rng: np.random.Generator,
        rate: float | None = None,
        scale: float = 1.0,
    ) -> Genomes:
        """Mutated copies."""


class Evaluated(NamedTuple):
    """Genomes with what was told of them: objectives ``[n, M]``, measures ``[n, K]`` or None."""

    genomes: Genomes
    objectives: Floats
    measures: Floats | None = None


class Search(ABC):
    """The algorithms by ask and tell: ``ask()`` genomes, evaluate them, ``tell(F)``, repeat.

    A new algorithm is a subclass with `_ask`, `_tell`, `_receive`, `residents` and what its
    state is: `_settings`, `_save` and `_load`.

    Attributes: ``spec``, what the genomes are; ``generation``, the number of ``tell`` so far;
    ``evaluations``, the number of genomes told; ``asked``, the genomes that wait for their
    objectives, or None.

    ``rng`` is a generator, which the search then draws from, or a seed.
    """

    # How many objectives tell() takes: None for any number, as long as it stays the same.
    objectives_expected: int | None = None
    # Whether tell() needs measures of behaviour.
    measures_needed: bool = False
    # Whether receive() is possible at all.
    receives: bool = True

    def __init__(self, spec: Representation, rng: np.random.Generator | int) -> None:
        self.spec = spec
        self.rng = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        self.generation = 0
        self.evaluations = 0
        self.asked: Genomes | None = None
        self._told_width: int | None = self.objectives_expected
        self._measure_width: int | None = None

    def ask(self) -> Genomes:
        """The genomes to evaluate next; a copy, so altering it alters nothing here."""
        if self.asked is not None:
            raise AskTellError(
                "ask() twice in a row: evaluate the genomes of the last ask(), which are also "
                "in .asked, and give their objectives to tell(F) first"
            )
        self.asked = self._ask()
        return self.spec.take(self.asked, slice(None))

    def tell(self, F: npt.ArrayLike, measures: npt.ArrayLike | None = None) -> None:
        """Take what the asked genomes achieved, a row each, in the order asked.

        Args:
            F: objectives ``[n]`` or ``[n, M]``, minimised; NaN marks a failed evaluation.
            measures: behaviour ``[n]`` or ``[n, K]``, for searches that look at it.
        """
        if self.asked is None:
            raise AskTellError("tell(F) before ask(): F are the objectives of the asked genomes")
        n = self.spec.count(self.asked)
        told = self._check_objectives(F, n)
        behaviour = self._check_measures(measures, n)
        self._told_width = told.shape[1]
        if behaviour is not None:
            self._measure_width = behaviour.shape[1]
        genomes, self.asked = self.asked, None
        self._tell(Evaluated(genomes, told, behaviour))
        self.generation += 1
        self.evaluations += n

    def state(self) -> State:
        """Everything a resumed run needs, as plain arrays and a dict that JSON can hold."""
        arrays, facts = self._save()
        arrays = {f"own.{name}": np.array(array) for name, array in arrays.items()}
        if self.asked is not None:
            arrays |= {f"asked.{name}": array.copy() for name, array in self.asked.items()}
        facts = {
            "own": facts,
            "settings": self.settings,
            "generation": self.generation,
            "evaluations": self.evaluations,
            "asked": self.asked is not None,
            "widths": [self._told_width, self._measure_width],
            "rng": plain(self.rng.bit_generator.state),
        }
        return arrays, facts

    def restore(self, state: State) -> None:
        """Go on where the search that gave ``state`` stood; spec and settings must be the same.

        A state that is refused, or turns out to be damaged, leaves the search as it was.
        """
        arrays, facts = _checked_state(state)
        if facts["settings"] != self.settings:
            mine, theirs = self.settings, facts["settings"]
            keys = [key for key in {**theirs, **mine} if theirs.get(key) != mine.get(key)]
            raise AskTellError(
                f"the state is of a search with { {key: theirs.get(key) for key in keys} }; "
                f"this one has { {key: mine.get(key) for key in keys} }"
            )
        asked = unpacked(arrays, "asked") if facts["asked"] else None
        if asked is not None:
            self.spec.validate(asked)
        before, known = self.state()
        try:
            self._load(unpacked(arrays, "own"), facts["own"])
            self.rng.bit_generator.state = facts["rng"]
        except BaseException as error:
            self._load(unpacked(before, "own"), known["own"])
            if isinstance(error, KeyError | TypeError):  # an array or a fact that is not there
                raise AskTellError(f"restore(state): the state is damaged: {error!r}") from error
            raise
        self.asked = asked
        self.generation = facts["generation"]
        self.evaluations = facts["evaluations"]
        self._told_width, self._measure_width = facts["widths"]

    def __repr__(self) -> str:
        lived = f"generation {self.generation}, {self.evaluations} evaluations"
        return f"<{type(self).__name__}: {lived}>"

    @property
    def settings(self) -> dict[str, Any]:
        """What must be equal for a state to be restored, in the types that JSON knows."""
        settings: dict[str, Any] = plain(
            {
                "algorithm": type(self).__name__,
                "spec": repr(self.spec),
                "bit_generator": type(self.rng.bit_generator).__name__,
                **self._settings(),
            }
        )
        return settings

    @property
    def best(self) -> Evaluated:
        """The best genome known, as one row: the first of the `residents`."""
        genomes, objectives, measures = self.residents
        if not len(objectives):
            raise AskTellError(
                "no genome has been evaluated yet: ask(), evaluate and tell(F) first"
            )
        first = slice(0, 1)
        taken = self.spec.take(genomes, first)
        return Evaluated(taken, objectives[first], None if measures is None else measures[first])

    @property
    @abstractmethod
    def residents(self) -> Evaluated:
        """The genomes that the search stands on, best first; none before the first ``tell``."""

    def receive(self, immigrants: Evaluated) -> None:
        """Take in evaluated genomes from elsewhere, between a ``tell`` and the next ``ask``."""
        if not self.receives:
            raise AskTellError(
                f"{type(self).__name__} as it is set receives nobody: what others were told is of "
                "another kind"
            )
        if self.asked is not None or not self.generation:
            raise AskTellError(
                "receive(immigrants) out of turn: between a tell(F) and the next ask() only"
            )
        self.spec.validate(immigrants.genomes)
        n = self.spec.count(immigrants.genomes)
        if not _fits(immigrants.objectives, n, self._told_width):
            raise ObjectiveError(
                f"receive(immigrants): their objectives are {list(immigrants.objectives.shape)}; "
                f"expected [{n}, {self._told_width}], as tell(F) takes here"
            )
        measures = immigrants.measures
        if self.measures_needed and (
            measures is None or not _fits(measures, n, self._measure_width)
        ):
            raise ObjectiveError(
                f"receive(immigrants): {type(self).__name__} needs their measures "
                f"[{n}, {self._measure_width}]: migrate between searches that are told the same"
            )
        self._receive(immigrants)

    @abstractmethod
    def _ask(self) -> Genomes:
        """The genomes to evaluate next; they may change from call to call in number."""

    @abstractmethod
    def _tell(self, evaluated: Evaluated) -> None:
        """Learn from the asked genomes; shapes have been checked."""

    @abstractmethod
    def _receive(self, immigrants: Evaluated) -> None:
        """Take in genomes from elsewhere; it is their turn, and their shapes have been checked."""

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """The settings of this algorithm, in the types that JSON knows."""

    @abstractmethod
    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """The state of this algorithm: arrays (names may have dots), and facts for JSON."""

    @abstractmethod
    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        """Take over what `_save` gave."""

    def _check_objectives(self, F: npt.ArrayLike, n: int) -> Floats:
        told = _numbers(F, "tell(F): F")
        if told.ndim == 1 and self._told_width in (None, 1):
            told = told[:, np.newaxis]
        if not _fits(told, n, self._told_width):
            raise ObjectiveError(
                f"tell(F): F is {list(np.shape(F))}; expected [{n}, {self._told_width or 'M'}], "
                "a row of objectives per asked genome"
            )
        return told

    def _check_measures(self, measures: npt.ArrayLike | None, n: int) -> Floats | None:
        if measures is None:
            if self.measures_needed:
                raise ObjectiveError(
                    f"{type(self).__name__} looks at behaviour: tell(F, measures) with measures "
                    f"[{n}, K], e.g. where each genome ended up"
                )
            return None
        behaviour = _numbers(measures, "tell(F, measures): measures")
        if behaviour.ndim == 1 and self._measure_width in (None, 1):
            behaviour = behaviour[:, np.newaxis]
        if not _fits(behaviour, n, self._measure_width):
            raise ObjectiveError(
                f"tell(F, measures): measures are {list(np.shape(measures))}; expected "
                f"[{n}, {self._measure_width or 'K'}], a row of behaviour per asked genome"
            )
        return behaviour


def _checked_state(state: State) -> State:
    """The state, or `AskTellError` where it is none."""
    expected = {"own", "settings", "generation", "evaluations", "asked", "widths", "rng"}
    shaped = isinstance(state, tuple | list) and len(state) == 2
    if not (shaped and isinstance(state[1], dict) and expected <= set(state[1])):
        raise AskTellError(
            "restore(state): that is no state of a search; give what state() or "
            "load_state(path) returned, a pair of arrays and facts"
        )
    return state


def _numbers(values: npt.ArrayLike, what: str) -> Floats:
    """A copy as an array of numbers."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:  # the last from tensors with gradients
        raise ObjectiveError(
            f"{what} are no array of numbers ({error}); give one row of the same length per asked "
            "genome, NaN where an evaluation failed"
        ) from error


def _fits(rows: Floats, n: int, width: int | None) -> bool:
    """Whether these are ``n`` rows of this width, or of any but none."""
    return rows.ndim == 2 and len(rows) == n and rows.shape[1] == (width or max(rows.shape[1], 1))


def founding(
    spec: Representation, population: int, rng: np.random.Generator, founders: Genomes | None
) -> Genomes:
    """The first generation: copies of the founders, checked, or a sample of this many genomes."""
    if population < 2:
        raise AskTellError(f"population is {population}; at least 2 are needed, e.g. 100")
    if founders is None:
        return spec.sample(population, rng)
    spec.validate(founders)
    if spec.count(founders) != population:
        raise AskTellError(f"{spec.count(founders)} founders for a population of {population}")
    return spec.take(founders, slice(None))


def failed(objectives: Floats) -> npt.NDArray[np.bool_]:
    """Which rows ``bool[n]`` hold a NaN: failed evaluations."""
    return np.asarray(np.isnan(objectives).any(axis=1))
