"""What every vector index promises: numbers in, the nearest numbers out.

Guarantees, of every kind: an id is one vector, chosen by the caller or given in ascending order
and never given twice; what was removed is never found again, and its id may be added anew; a
search always answers, with -1 and an infinite distance where there are fewer than k; a call that
raises changed nothing; saving changes nothing, and what is saved holds no code (JSON, plain arrays,
and the library's own file). The kinds differ in how many of the true nearest they find, in time
and in memory.

`VectorError` is what all of them raise for wrong input, missing libraries and damaged files.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Metric = Literal["l2", "cosine", "inner_product"]
Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Folder = str | Path

NOBODY = -1
HEADER = "index.json"
FORMAT = 1
LARGEST, SMALLEST = 1e17, 1e-17  # components; what lies between can be squared in float32


class VectorError(ValueError):
    """Vectors, ids, a k or a filter that an index cannot take, or a library that is missing."""


class Neighbours(NamedTuple):
    """What was found for Q queries.

    Attributes:
        ids: int64[Q, k], nearest first, -1 where there are fewer than k.
        distances: float32[Q, k], ascending, infinite where the id is -1.
    """

    ids: Ids
    distances: Floats


class VectorIndex(ABC):
    """Vectors by id, and which of them are nearest to a query.

    Distances, smaller is nearer: "l2" is the squared Euclidean distance |q - x|², "cosine"
    1 - q·x / (|q| |x|), "inner_product" 1 - q·x. A vector of length zero has no direction: under
    "cosine" it is refused, stored or asked.

    >>> index = Exact(dimensions=64)
    >>> ids = index.add(vectors)  # float32[m, 64]
    >>> found = index.search(queries, k=10)  # found.ids, found.distances
    >>> index.search(queries, k=10, allowed=ids[:100])

    Attributes:
        kind: the name of the kind, as `choose` says it and as files have it.
        dimensions: the width d of every vector.
        metric: "l2", "cosine" or "inner_product".
    """

    kind: ClassVar[str]

    def __init__(self, dimensions: int, metric: Metric = "l2") -> None:
        if isinstance(dimensions, bool) or not isinstance(dimensions, int | np.integer):
            raise VectorError(f"dimensions must be a whole number, e.g. 64; got {dimensions!r}")
        if dimensions < 1:
            raise VectorError(f"dimensions must be at least 1, e.g. 64; got {dimensions}")
        if metric not in get_args(Metric):
            raise VectorError(
                f"metric must be one of {', '.join(get_args(Metric))}; got {metric!r}"
            )
        self.dimensions = int(dimensions)
        self.metric: Metric = metric

    @abstractmethod
    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> Ids:
        """Store vectors and return their ids.

        Args:
            vectors: float32[m, d], finite; one may be float32[d].
            ids: int64[m], ≥ 0, each once and none of them known; by default the next numbers,
                which begin above the largest that was ever used.

        Returns:
            int64[m].

        Raises:
            VectorError: for vectors or ids that are not so; nothing is added then.
        """

    @abstractmethod
    def search(self, queries: ArrayLike, k: int, allowed: ArrayLike | None = None) -> Neighbours:
        """Find the k nearest of each query.

        Args:
            queries: float32[Q, d], finite; one may be float32[d] and has one row of answers.
            k: how many, ≥ 1; more than there are is answered with -1.
            allowed: what may be found: int64 ids, of which unknown ones are ignored, or a bool
                mask indexed by id (ids beyond its end are not allowed); None for all.

        Raises:
            VectorError: for queries, a k or a filter that are not so.
        """

    @abstractmethod
    def remove(self, ids: ArrayLike) -> None:
        """Forget vectors.

        Args:
            ids: int64[m], each once and all of them known.

        Raises:
            VectorError: if one of them is unknown or repeated; nothing is removed then.
        """

    @abstractmethod
    def vectors(self, ids: ArrayLike) -> Floats:
        """The vectors of known ids, float32[m, d], as they were added or as the kind keeps them."""

    @abstractmethod
    def ids(self) -> Ids:
        """All ids, int64[n], ascending."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __contains__(self, id: object) -> bool: ...

    @abstractmethod
    def save(self, folder: Folder) -> None:
        """Write everything into a folder, which is made if there is none.

        What was saved there before stays whole until all is written, and is gone then.
        """

    @classmethod
    @abstractmethod
    def load(cls, folder: Folder) -> Self:
        """Read an index that `save` wrote.

        Raises:
            VectorError: naming the file that is missing, damaged, or of another kind.
        """

    # Checks that the kinds share

    def _checked_vectors(self, vectors: ArrayLike, what: str = "vectors") -> Floats:
        """float32[m, d], contiguous and finite; a single vector becomes one row."""
        try:
            given = np.asarray(vectors)
            with np.errstate(over="ignore"):  # too large for float32: said below
                rows = np.ascontiguousarray(given, dtype=np.float32)
        except (TypeError, ValueError) as problem:
            raise VectorError(f"{what} must be numbers, float32[m, {self.dimensions}]") from problem
        if given.dtype.kind not in "fiub":
            raise VectorError(f"{what} must be real numbers; got the type {given.dtype}")
        if given.ndim == 1 and given.size == self.dimensions:
            rows = rows.reshape(1, -1)
        if rows.ndim != 2 or rows.shape[1] != self.dimensions:
            raise VectorError(
                f"{what} must have the shape [m, {self.dimensions}], a row each, as the index has "
                f"{self.dimensions} dimensions; got {list(given.shape)}"
            )
        low, high = rows.min(initial=0.0), rows.max(initial=0.0)  # NaN if there is one
        if not (low > -LARGEST and high < LARGEST):
            row = int(np.argmin((np.abs(rows) < LARGEST).all(axis=1)))
            raise VectorError(
                f"{what} must be finite, and below {LARGEST:.0e} in size so that distances fit "
                f"float32; row {row} is not. Leave such rows out, or scale them"
            )
        if self.metric == "cosine" and rows.size:
            longest = np.maximum(rows.max(axis=1), -rows.min(axis=1))
            if longest.min() < SMALLEST:
                raise VectorError(
                    f"{what} must have a direction under the metric cosine, with a component of at "
                    f"least {SMALLEST:.0e}; row {int(np.argmin(longest))} has none. Leave it out, "
                    "scale it, or use the metric l2"
                )
        return rows

    def _checked_k(self, k: int) -> int:
        """A whole k ≥ 1."""
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
            raise VectorError(f"k must be a whole number, at least 1, e.g. 10; got {k!r}")
        return int(k)

    def _checked_ids(self, ids: ArrayLike, what: str = "ids") -> Ids:
        """int64[m], each ≥ 0 and once; one number is one id."""
        given = np.atleast_1d(np.asarray(ids))
        if given.size == 0:
            given = given.astype(np.int64)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise VectorError(
                f"{what} must be whole numbers, int64[m]; got {given.dtype}{list(given.shape)}"
            )
        if given.dtype.kind == "u" and given.size and given.max() > np.iinfo(np.int64).max:
            raise VectorError(f"{what} must fit int64; got {given.max()}")
        numbers = given.astype(np.int64)
        if numbers.size and numbers.min() < 0:
            raise VectorError(f"{what} must be at least 0; got {numbers.min()}")
        if numbers.size > 1 and not (numbers[1:] > numbers[:-1]).all():
            ordered = np.sort(numbers)
            twice = ordered[1:][ordered[1:] == ordered[:-1]]
            if twice.size:
                raise VectorError(f"{what} must be distinct; {twice[0]} comes twice")
        return numbers

    def _checked_new_ids(self, ids: ArrayLike | None, count: int, first: int) -> Ids:
        """Ids for `count` vectors: those given, or the next numbers from `first` on.

        That they are unknown is for the index itself to check.
        """
        if ids is None:
            if first + count > np.iinfo(np.int64).max:
                raise VectorError(f"no numbers are left after {first - 1}; name the ids yourself")
            return np.arange(first, first + count, dtype=np.int64)
        numbers = self._checked_ids(ids)
        if numbers.size != count:
            raise VectorError(f"{count} vectors need as many ids; got {numbers.size}")
        return numbers

    def _checked_allowed(self, allowed: ArrayLike) -> NDArray[np.bool_] | Ids:
        """A bool mask by id, or int64 ids, ascending and each once (unknown ones still in it)."""
        given = np.asarray(allowed)
        if given.ndim == 1 and given.dtype == np.bool_:
            return given
        if given.size == 0:
            given = given.astype(np.int64)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise VectorError(
                "allowed must be ids, int64[m], or a mask indexed by id, bool[largest id + 1]; got "
                f"{given.dtype}{list(given.shape)}"
            )
        numbers = given.astype(np.int64)
        if numbers.size > 1 and not (numbers[1:] > numbers[:-1]).all():
            numbers = np.unique(numbers)
        return numbers

    def _nobody(self, queries: int, k: int) -> Neighbours:
        """The answer where nothing is to be found."""
        return Neighbours(
            np.full((queries, k), NOBODY, dtype=np.int64),
            np.full((queries, k), np.inf, dtype=np.float32),
        )

    # Files that the kinds share: the header is written last, and in one step.

    def _header(self, **settings: Any) -> dict[str, Any]:
        of_all = {"format": FORMAT, "kind": self.kind}
        return {**of_all, "dimensions": self.dimensions, "metric": self.metric, **settings}

    @classmethod
    def _load_header(cls, folder: Folder, **settings: type) -> dict[str, Any]:
        """The header, which must be of this kind and have these settings, of these types."""
        header = read_header(folder)
        if header["kind"] != cls.kind:
            raise VectorError(
                f"{Path(folder) / HEADER} is of the kind {header['kind']!r}, and {cls.__name__} "
                f"reads {cls.kind!r}: use load_index(folder), which reads every kind"
            )
        for name, type_ in {"generation": int, **settings}.items():
            if not isinstance(header.get(name), type_):
                raise VectorError(
                    f"{Path(folder) / HEADER} is damaged: no {name}, a {type_.__name__}"
                )
        return header


def read_header(folder: Folder) -> dict[str, Any]:
    """The settings that a saved index has: format, kind, dimensions, metric and the kind's own.

    Raises:
        VectorError: naming the file, if it is missing, damaged or of another format.
    """
    path = Path(folder) / HEADER
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise VectorError(f"{path} cannot be read: is it the folder of an index?") from problem
    except ValueError as problem:
        raise VectorError(f"{path} is damaged: not JSON") from problem
    needed = ("format", "kind", "dimensions", "metric")
    if not isinstance(header, dict) or any(each not in header for each in needed):
        raise VectorError(f"{path} is damaged: expected an object with {', '.join(needed)}")
    if header["format"] != FORMAT:
        raise VectorError(f"{path} has format {header['format']}; this version reads {FORMAT}")
    return header
