"""Individuals and matrices of genes: from one to the other, and copies without ``deepcopy``.

An individual is a flat sequence of genes: `ArrayIndividual`, or the ``list`` and ``array.array``
of other DEAP programs. Its genes must be of one type to be a row of a matrix.
"""

from __future__ import annotations

import array
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from evolution.deap.toolbox import ToolboxError
from evolution.variation import Column, VariationError

Any_ = TypeVar("Any_")

# How many individuals share the memory of their genes when they are born together.
_BLOCK = 16


class ArrayIndividual(np.ndarray[Any, Any]):
    """An individual whose genes are a numpy row, for ``creator.create``.

    >>> creator.create("Individual", ArrayIndividual, fitness=creator.FitnessMin)
    >>> individual = creator.Individual([0.5, 1.5])

    As with any array, ``==`` compares gene by gene, so a ``HallOfFame`` needs
    ``similar=numpy.array_equal``, and a slice is a view, not a copy.
    """

    def __new__(cls, genes: Iterable[Any] = (), *_: Any, **__: Any) -> ArrayIndividual:
        """The genes, copied; they decide the dtype."""
        known = genes if isinstance(genes, np.ndarray) else list(genes)
        return np.array(known).view(cls)

    def __init__(self, genes: Iterable[Any] = ()) -> None:
        """Nothing more; ``creator.create`` adds the fitness before it comes here."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> ArrayIndividual:
        """With its attributes, which ``numpy.ndarray`` would drop."""
        return clone(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """With its attributes and class, as a pool of processes needs."""
        return _rebuilt, (type(self), np.array(self), self.__dict__)


def _rebuilt(kind: type[ArrayIndividual], genes: Column, attributes: Any) -> ArrayIndividual:
    individual = genes.view(kind)
    individual.__dict__.update(attributes)
    return individual


def clone(individual: Any_) -> Any_:
    """A copy for ``toolbox.register("clone", clone)``: as ``deepcopy``, many times faster.

    The genes of a list are taken over as they are: they must be such as never change, as numbers
    are. Whatever is no list, ``array.array`` or array, or copies itself, goes to ``deepcopy``.
    """
    if not _is_flat(individual):
        return deepcopy(individual)
    return children_of([individual], None)[0]


def _is_flat(individual: Any) -> bool:
    """Whether this is a row of genes with attributes, copied by nobody's rules but DEAP's."""
    if not hasattr(individual, "__dict__"):
        return False
    if isinstance(individual, list):
        return not hasattr(individual, "__deepcopy__")
    return isinstance(individual, np.ndarray | array.array)


def rows_of(individuals: Sequence[Any]) -> Column:
    """The genes ``[n, size]`` of n ≥ 1 individuals, a copy."""
    dtype = _common_dtype(individuals)
    if dtype is not None:
        # Their bytes one after the other are the matrix, much faster than number by number.
        return np.frombuffer(bytearray(b"".join(individuals)), dtype).reshape(len(individuals), -1)
    try:
        genes = np.array(individuals)
    except ValueError:  # numpy's word for rows of different lengths
        genes = np.empty(0, dtype=object)
    if genes.ndim != 2 or genes.dtype == object:
        raise VariationError(
            "individuals must be flat and of one length and type to be rows of a matrix, e.g. "
            f"[0.5, 1.5]; the first is {individuals[0]!r:.60}"
        )
    return genes


def _common_dtype(individuals: Sequence[Any]) -> np.dtype[Any] | None:
    """The dtype of all genes where all are an ``array.array`` of numbers, as long and as wide."""
    first = individuals[0]
    kinds = set(map(type, individuals))
    if len(kinds) > 1 or not isinstance(first, array.array) or first.typecode == "u":
        return None
    codes, sizes = set(map(attrgetter("typecode"), individuals)), set(map(len, individuals))
    return np.dtype(first.typecode) if len(codes) == len(sizes) == 1 and len(first) else None


def children_of(
    parents: Sequence[Any_], rows: Column | None, changed: Sequence[bool] | None = None
) -> list[Any_]:
    """Copies of the parents with these rows as genes, or with their own; all of one class.

    Attributes are copied as ``deepcopy`` would; whoever changed loses the values of its fitness.
    """
    if not parents:
        return []
    children = _with_genes(parents, rows)
    plain: dict[type, bool] = {}
    lost = repeat(False) if changed is None else changed
    for child, parent, loses in zip(children, parents, lost, strict=False):
        for name, value in parent.__dict__.items():
            kind: Any = type(value)
            if kind not in plain:
                plain[kind] = _is_plain_fitness(kind)
            if plain[kind]:  # one for each individual, so by a shorter way than deepcopy
                copy = object.__new__(kind)
                if not (loses and name == "fitness"):
                    copy.wvalues = value.wvalues
            else:
                copy = deepcopy(value)
                if loses and name == "fitness":
                    del copy.values
            setattr(child, name, copy)
    return children


def _with_genes(parents: Sequence[Any], rows: Column | None) -> list[Any]:
    kind: Any = type(parents[0])
    if isinstance(parents[0], np.ndarray):
        if rows is None:
            return [parent.copy() for parent in parents]
        rows = rows.astype(np.result_type(*set(map(attrgetter("dtype"), parents))), copy=False)
        rows = rows.view(kind)
        # Views of one matrix would keep all of it alive as long as any of them lives.
        blocks = (rows[i : i + _BLOCK].copy() for i in range(0, len(rows), _BLOCK))
        return list(chain.from_iterable(blocks))
    if isinstance(parents[0], array.array):
        code = parents[0].typecode
        pieces = parents if rows is None else _pieces(rows, code)
        # Past its own __new__, which would have to take the genes apart.
        return [array.array.__new__(kind, code, own) for own in pieces]
    children = [kind.__new__(kind) for _ in parents]
    for child, own in zip(children, parents if rows is None else rows.tolist(), strict=True):
        child.extend(own)
    return children


def _pieces(rows: Column, typecode: str) -> Sequence[Any]:
    """What makes an ``array.array`` of each row: its bytes where they fit, else its numbers."""
    if rows.dtype.char != typecode or not rows.size:
        return rows.tolist()
    data, size = rows.tobytes(), rows.shape[1] * rows.itemsize
    return [data[i : i + size] for i in range(0, len(data), size)]


def _is_plain_fitness(kind: Any) -> bool:
    """Whether DEAP itself would copy nothing but the values, as it does unless told otherwise."""
    # Who has a fitness of DEAP's has imported DEAP.
    fitness = getattr(sys.modules.get("deap.base"), "Fitness", None)
    return (
        fitness is not None
        and issubclass(kind, fitness)
        and kind.__deepcopy__ is fitness.__deepcopy__
        and not vars(kind())
    )


def write(individual: Any, genes: Column) -> None:
    """Put these genes into an individual in place."""
    if isinstance(individual, np.ndarray):
        individual[:] = genes
    elif isinstance(individual, array.array):
        individual[:] = array.array(individual.typecode, genes.tolist())
    else:
        individual[:] = genes.tolist()


def map_rows(
    function: Callable[[Column], Any], individuals: Iterable[Any]
) -> Iterator[tuple[float, ...]]:
    """Evaluate all individuals in one call: ``toolbox.register("map", map_rows)``.

    ``toolbox.evaluate`` then gets the genes ``[n, size]`` of everybody, and returns a row of
    objectives for each, ``[n, M]``, or ``[n]`` for a single one.
    """
    everybody = list(individuals)
    if not everybody:
        return iter(())
    told = np.asarray(function(rows_of(everybody)), np.float64)
    if told.ndim == 1:
        told = told[:, np.newaxis]
    if told.ndim != 2 or len(told) != len(everybody):
        raise ToolboxError(
            f"map_rows: toolbox.evaluate returned {list(told.shape)}; expected "
            f"[{len(everybody)}, M], a row of objectives for each row of genes"
        )
    return zip(*told.T.tolist(), strict=True)
