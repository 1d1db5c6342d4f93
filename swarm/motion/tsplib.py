"""Travelling-salesman instances in the format of TSPLIB 95, and the lengths of tours.

Reinelt 1991, "TSPLIB: a traveling salesman problem library", ORSA Journal on Computing 3, and the
description of the format that came with it in 1995. Distances are whole numbers, rounded as that
description says, since the optimal lengths that are published hold for those alone. Read are
symmetric instances with distances of EUC_2D, CEIL_2D, GEO, ATT, or EXPLICIT ones as FULL_MATRIX,
UPPER_ROW, LOWER_ROW, UPPER_DIAG_ROW or LOWER_DIAG_ROW.

`berlin52` and `eil51` are shipped, with the lengths of their optimal tours.

Guarantees: distances are symmetric, int64, ≥ 0 and 0 from a city to itself; what `tsplib_text`
writes is read back as the same instance; every fault of a file is told with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

INSTANCES = Path(__file__).parent / "instances"

OPTIMA = {"berlin52": 7542, "eil51": 426}
"""Lengths of the optimal tours of the shipped instances, as TSPLIB states them."""

CITIES_MAX = 100_000
"""The largest DIMENSION that is read."""

_DIGITS_MAX = 15  # of a weight, so that sums stay within int64
_COORDINATE_MAX = 2.0**53  # whole numbers up to here are floats; beyond, distances lose their sense
_PI = 3.141592  # as TSPLIB writes it: more digits would give other distances
_EARTH_KM = 6378.388


class TsplibError(ValueError):
    """A file that is no TSPLIB instance, or not one of those that are read; names its line."""


@dataclass(frozen=True, eq=False)
class Instance:
    """Cities and how far they are apart.

    Attributes:
        name: such as "berlin52".
        distances: int64[n, n], symmetric.
        coordinates: float64[n, 2] as the file has them, None for EXPLICIT distances.
        kind: the EDGE_WEIGHT_TYPE, such as "EUC_2D".
        optimum: length of the optimal tour where it is known, else None.
        comment: what the file says of itself.
    """

    name: str
    distances: NDArray[np.int64]
    coordinates: NDArray[np.float64] | None = None
    kind: str = "EXPLICIT"
    optimum: int | None = None
    comment: str = ""

    def __len__(self) -> int:
        return len(self.distances)


def load_instance(name_or_path: str | Path) -> Instance:
    """Read a shipped instance by its name, or any by the path of its file.

    Raises:
        TsplibError: for a name that is not shipped, or a file that cannot be read.

    >>> load_instance("berlin52").optimum
    7542
    """
    shipped = str(name_or_path) in OPTIMA
    path = INSTANCES / f"{name_or_path}.tsp" if shipped else Path(name_or_path)
    if not path.is_file():
        raise TsplibError(
            f"no instance {str(name_or_path)!r}. Shipped are {', '.join(sorted(OPTIMA))}; "
            "for another give the path of its file, such as Path('instances/kroA100.tsp')."
        )
    optimum = OPTIMA[str(name_or_path)] if shipped else None
    # Old files have umlauts of Latin-1 in their comments, which are no UTF-8.
    text = path.read_text(encoding="utf-8", errors="replace")
    return parse_instance(text, path.name, optimum)


def tour_length(distances: ArrayLike, order: ArrayLike) -> int:
    """Length of the closed tour that visits the cities int[n] in this order."""
    tour = np.asarray(order, dtype=np.int64)
    return int(np.asarray(distances)[tour, np.roll(tour, -1)].sum())


def parse_instance(text: str, source: str = "text", optimum: int | None = None) -> Instance:
    """Read an instance from the text of its file.

    Args:
        text: in the format of TSPLIB.
        source: the name that errors give before the line, such as "berlin52.tsp".
        optimum: length of the optimal tour where it is known.

    Raises:
        TsplibError: with source and line, for whatever the text lacks or has wrong.
    """
    return _Reader(text, source).instance(optimum)


def tsplib_text(instance: Instance) -> str:
    """Write an instance as TSPLIB has it: its coordinates, or its distances as UPPER_ROW."""
    lines = [f"NAME: {' '.join(instance.name.splitlines())}", "TYPE: TSP"]
    lines += [f"COMMENT: {line}" for line in instance.comment.splitlines()]
    lines += [f"DIMENSION: {len(instance)}", f"EDGE_WEIGHT_TYPE: {instance.kind}"]
    if instance.coordinates is None:
        lines += ["EDGE_WEIGHT_FORMAT: UPPER_ROW", "EDGE_WEIGHT_SECTION"]
        rows = (instance.distances[i, i + 1 :].tolist() for i in range(len(instance) - 1))
        lines += [" ".join(map(str, row)) for row in rows]
    else:
        lines.append("NODE_COORD_SECTION")
        for city, (x, y) in enumerate(instance.coordinates.tolist(), start=1):
            lines.append(f"{city} {_plain(x)} {_plain(y)}")
    return "\n".join([*lines, "EOF", ""])


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


# Distances


def _differences(places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = places.T
    return x[:, None] - x, y[:, None] - y


def _euclidean(places: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = _differences(places)
    return np.floor(np.sqrt(x * x + y * y) + 0.5)


def _ceiling(places: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = _differences(places)
    return np.ceil(np.sqrt(x * x + y * y))


def _pseudo_euclidean(places: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = _differences(places)
    exact = np.sqrt((x * x + y * y) / 10.0)
    near = np.floor(exact + 0.5)
    return np.where(near < exact, near + 1, near)


def _geographical(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kilometres on the globe; places are degrees.minutes of latitude and longitude."""
    # The description rounds the degrees, but the published optima hold for cutting them off.
    degrees = np.trunc(places)
    radians = _PI * (degrees + 5.0 * (places - degrees) / 3.0) / 180.0
    latitude, longitude = radians.T
    q1 = np.cos(longitude[:, None] - longitude)
    q2 = np.cos(latitude[:, None] - latitude)
    q3 = np.cos(latitude[:, None] + latitude)
    cosine = np.clip(0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3), -1.0, 1.0)
    return np.floor(_EARTH_KM * np.arccos(cosine) + 1.0)


_METRICS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "EUC_2D": _euclidean,
    "CEIL_2D": _ceiling,
    "GEO": _geographical,
    "ATT": _pseudo_euclidean,
}
_FORMATS = ("FULL_MATRIX", "UPPER_ROW", "LOWER_ROW", "UPPER_DIAG_ROW", "LOWER_DIAG_ROW")


# Reading


class _Reader:
    """The lines of one file, and the place of each in it."""

    def __init__(self, text: str, source: str) -> None:
        self.lines = text.splitlines()
        self.source = source
        self.fields: dict[str, tuple[str, int]] = {}
        self.section_at: dict[str, int] = {}

    def instance(self, optimum: int | None) -> Instance:
        self._survey()
        kind = self._field("EDGE_WEIGHT_TYPE", (*_METRICS, "EXPLICIT"))
        if "TYPE" in self.fields:
            self._field("TYPE", ("TSP",))
        cities = self._dimension()
        places = None
        if kind == "EXPLICIT":
            distances = self._matrix(cities)
        else:
            places = self._places(cities)
            distances = _METRICS[kind](places).astype(np.int64)
        np.fill_diagonal(distances, 0)
        name = self.fields.get("NAME", (Path(self.source).stem, 0))[0]
        comment = self.fields.get("COMMENT", ("", 0))[0]
        return Instance(name, distances, places, kind, optimum, comment)

    def fault(self, line: int, message: str) -> TsplibError:
        return TsplibError(f"{self.source}:{line + 1}: {message}")

    def _survey(self) -> None:
        """Find the fields, and the line where each section begins."""
        for at, line in enumerate(self.lines):
            word, colon, rest = line.partition(":")
            key = word.strip().upper()
            if key == "EOF":
                break
            if key.endswith("_SECTION"):
                self.section_at[key] = at
            elif colon:
                known = self.fields.setdefault(key, (rest.strip(), at))
                if key == "COMMENT" and known[1] < at:  # of several all hold
                    self.fields[key] = (f"{known[0]}\n{rest.strip()}", known[1])
            elif key and not self.section_at:
                raise self.fault(
                    at, f"expected 'KEY: value' or a section, as 'DIMENSION: 52'; got {line!r}."
                )

    def _field(self, key: str, allowed: tuple[str, ...]) -> str:
        if key not in self.fields:
            raise self.fault(
                0, f"{key} is missing; add a line such as '{key}: {allowed[0]}' before the data."
            )
        value, at = self.fields[key]
        word = "".join(value.upper().split()[:1])  # some add a remark: 'TSP (M.~Hofmeister)'
        if word not in allowed:
            raise self.fault(at, f"{key} must be one of {', '.join(allowed)}; got {value!r}.")
        return word

    def _dimension(self) -> int:
        value, at = self.fields.get("DIMENSION", ("", 0))
        cities = _whole(value)
        if not 1 <= cities <= CITIES_MAX:
            raise self.fault(
                at,
                f"DIMENSION must be the number of cities, 1..{CITIES_MAX}, as 'DIMENSION: 52'; "
                f"got {value[:40]!r}.",
            )
        return cities

    def _rows(self, section: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the lines of a section, split into words, each with its place."""
        if section not in self.section_at:
            raise self.fault(len(self.lines) - 1, f"the file ends without its {section}.")
        for at in range(self.section_at[section] + 1, len(self.lines)):
            words = self.lines[at].split()
            if words and words[0][0].isalpha():  # the next section, or EOF
                return
            if words:
                yield at, words

    def _places(self, cities: int) -> NDArray[np.float64]:
        places = np.full((cities, 2), np.nan)
        for at, words in self._rows("NODE_COORD_SECTION"):
            if len(words) != 3 or not words[0].isdecimal():
                raise self.fault(
                    at, f"a city is a number and two coordinates, as '1 565 575'; got {words}."
                )
            city = _whole(words[0])
            if not 1 <= city <= cities:
                raise self.fault(
                    at, f"cities are numbered 1..{cities}, the DIMENSION; got {words[0][:40]}."
                )
            if not np.isnan(places[city - 1, 0]):
                raise self.fault(at, f"city {city} comes twice.")
            places[city - 1] = [self._number(word, at) for word in words[1:]]
        missing = np.flatnonzero(np.isnan(places[:, 0])) + 1
        if missing.size:
            raise self.fault(
                self.section_at["NODE_COORD_SECTION"],
                f"{missing.size} of {cities} cities have no coordinates, first {missing[0]}.",
            )
        return places

    def _number(self, word: str, at: int) -> float:
        try:
            number = float(word)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise self.fault(at, f"expected a number, such as 565 or 5.65e+02; got {word!r}.")
        if abs(number) > _COORDINATE_MAX:
            raise self.fault(at, f"a coordinate must lie within ±2**53; got {word!r}.")
        return number

    def _matrix(self, cities: int) -> NDArray[np.int64]:
        layout = self._field("EDGE_WEIGHT_FORMAT", _FORMATS)
        size = _size(layout, cities)
        given = list(self._rows("EDGE_WEIGHT_SECTION"))
        read = sum(len(words) for _, words in given)
        if read < size:  # told before anything of that size is made
            at = given[-1][0] if given else self.section_at["EDGE_WEIGHT_SECTION"]
            raise self.fault(
                at, f"{layout} of {cities} cities has {size} weights; the file has {read}."
            )
        rows, columns = _cells(layout, cities)
        matrix = np.zeros((cities, cities), dtype=np.int64)
        read = 0
        for at, words in given:
            weights = [self._weight(word, at) for word in words]
            if read + len(weights) > size:
                raise self.fault(at, f"{layout} of {cities} cities has {size} weights only.")
            here = slice(read, read + len(weights))
            matrix[rows[here], columns[here]] = weights
            read += len(weights)
        if layout != "FULL_MATRIX":
            return np.maximum(matrix, matrix.T)
        if (matrix != matrix.T).any():
            i, j = np.argwhere(matrix != matrix.T)[0] + 1
            raise self.fault(
                self.section_at["EDGE_WEIGHT_SECTION"],
                f"distances must be the same both ways; from {i} to {j} they differ.",
            )
        return matrix

    def _weight(self, word: str, at: int) -> int:
        weight = _whole(word)
        if weight < 0:
            raise self.fault(
                at,
                f"weights are whole numbers of 0 or more, of {_DIGITS_MAX} digits or fewer; "
                f"got {word[:40]!r}.",
            )
        return weight


def _whole(word: str) -> int:
    """The number a word says; −1 if it says none, or has too many digits."""
    return int(word) if word.isdecimal() and len(word) <= _DIGITS_MAX else -1


def _size(layout: str, cities: int) -> int:
    """How many weights a format lists."""
    if layout == "FULL_MATRIX":
        return cities * cities
    return cities * (cities + (1 if "DIAG" in layout else -1)) // 2


def _cells(layout: str, cities: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the matrix in the order in which a format lists its weights."""
    diagonal = 0 if "DIAG" in layout else 1
    if layout.startswith("UPPER"):
        rows, columns = np.triu_indices(cities, diagonal)
    elif layout.startswith("LOWER"):
        rows, columns = np.tril_indices(cities, -diagonal)
    else:
        rows, columns = np.divmod(np.arange(cities * cities), cities)
    return rows.astype(np.int64), columns.astype(np.int64)
