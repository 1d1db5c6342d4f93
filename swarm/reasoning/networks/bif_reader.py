"""The reader of the Bayesian Interchange Format: a text in pieces, walked block by block.

See `bif` for the format and its source; every error names the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.network import BayesNetwork, NetworkError

# Rows this close to 1 are taken for rounded ones; this close, for exact ones.
ROUNDED = 0.01
EXACT = 1e-12
PIECE = re.compile(
    r"""(?P<blank>[\s,|]+|//[^\n]*|/\*.*?\*/)
      | (?P<quoted>"[^"\n]*")
      | (?P<sign>[{}()\[\];])
      | (?P<word>[^\s,|{}()\[\];"]+)""",
    re.VERBOSE | re.DOTALL,
)
VARIABLE_EXAMPLE = "example: `variable smoke { type discrete [ 2 ] { yes, no }; }`"
ROW_EXAMPLE = "example: `(yes) 0.1, 0.9;`"


def parse_bif(text: str, source: str = "BIF") -> BayesNetwork:
    """Read a network from its text.

    Args:
        text: the whole file.
        source: what to call it in errors.

    Raises:
        NetworkError: with the source and the line.
    """
    reader = _Reader(source, list(_pieces(text, source)))
    while not reader.done:
        reader.block()
    return reader.network()


@dataclass(frozen=True)
class _Piece:
    """A word or a sign of the text, and where it stands."""

    text: str
    line: int
    word: bool


def _pieces(text: str, source: str) -> Iterator[_Piece]:
    """Cut a text into pieces, without blanks and comments."""
    place, line = 0, 1
    while place < len(text):
        match = PIECE.match(text, place)
        if match is None or (match.group().startswith("/*") and match.lastgroup != "blank"):
            raise NetworkError(f"{source}:{line}: a quote or a comment is opened and never closed")
        if match.lastgroup != "blank":
            word = match.lastgroup != "sign"
            yield _Piece(match.group().strip('"') if word else match.group(), line, word)
        line += match.group().count("\n")
        place = match.end()


@dataclass
class _Reader:
    """Walks the pieces, block by block; `states`, `parents` and `tables` fill by name."""

    source: str
    pieces: list[_Piece]
    place: int = 0
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tables: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.place == len(self.pieces)

    @property
    def next(self) -> str:
        """The next piece, read but not taken."""
        return "the end of the file" if self.done else self.pieces[self.place].text

    @property
    def line(self) -> int:
        return self.pieces[min(self.place, len(self.pieces) - 1)].line if self.pieces else 1

    def error(self, message: str, line: int | None = None) -> NetworkError:
        return NetworkError(f"{self.source}:{line or self.line}: {message}")

    def sign(self, wanted: str) -> None:
        if self.done or self.pieces[self.place].word or self.next != wanted:
            raise self.error(f"expected `{wanted}`, found {self.next!r}")
        self.place += 1

    def word(self, meaning: str) -> str:
        if self.done or not self.pieces[self.place].word:
            raise self.error(f"expected {meaning}, found {self.next!r}")
        self.place += 1
        return self.pieces[self.place - 1].text

    def words(self, end: str) -> list[str]:
        """The words up to a sign, which is taken too."""
        found = []
        while not self.done and self.pieces[self.place].word:
            found.append(self.word("a word"))
        self.sign(end)
        return found

    def block(self) -> None:
        kind = self.word("`network`, `variable` or `probability`")
        if kind == "network":
            self.name_block()
        elif kind == "variable":
            self.variable_block()
        elif kind == "probability":
            self.probability_block()
        else:
            self.place -= 1
            raise self.error(f"expected `network`, `variable` or `probability`, found {kind!r}")

    def is_property(self) -> bool:
        """Step over a property, whatever is in it."""
        if self.next != "property":
            return False
        while not self.done and self.next != ";":
            self.place += 1
        self.sign(";")
        return True

    def name_block(self) -> None:
        while self.next != "{":
            self.word("the network's name")
        self.sign("{")
        while self.next != "}":
            if not self.is_property():
                raise self.error(f"expected a property or `}}`, found {self.next!r}")
        self.sign("}")

    def variable_block(self) -> None:
        line, name = self.line, self.word("the variable's name")
        if name in self.states:
            raise self.error(f"variable {name} is declared twice; keep one of them", line)
        self.sign("{")
        while self.next != "}":
            if self.is_property():
                continue
            line = self.line
            if self.word("`type` or `property`") != "type" or self.word("`discrete`") != "discrete":
                raise self.error(
                    f"{name}: only discrete variables are known; {VARIABLE_EXAMPLE}", line
                )
            self.sign("[")
            said = self.word("the number of states")
            self.sign("]")
            self.sign("{")
            states = tuple(self.words("}"))
            self.sign(";")
            if said != str(len(states)) or len(set(states)) < len(states):
                raise self.error(
                    f"{name} is said to have {said} states; {len(set(states))} different ones are "
                    f"listed; {VARIABLE_EXAMPLE}",
                    line,
                )
            self.states[name] = states
        self.sign("}")
        if not self.states.get(name):
            raise self.error(f"variable {name} has no states; {VARIABLE_EXAMPLE}", line)

    def probability_block(self) -> None:
        line = self.line
        self.sign("(")
        named = self.words(")")
        for name in named:
            if name not in self.states:
                raise self.error(f"no variable {name!r} is declared above this line", line)
        if not named or len(set(named)) < len(named) or named[0] in self.tables:
            raise self.error(
                "a probability names a variable not described before and then its parents, each "
                f"once, such as `probability ( lung | smoke )`; found {' '.join(named) or 'none'}",
                line,
            )
        child, parents = named[0], tuple(named[1:])
        shape = tuple(len(self.states[name]) for name in (*parents, child))
        table = np.full(shape, np.nan)
        default = np.full(shape[-1], np.nan)
        self.sign("{")
        while self.next != "}":
            self.entry(child, parents, table, default)
        self.sign("}")
        table = np.where(np.isnan(table), default, table)
        if np.isnan(table).any():
            row = np.argwhere(np.isnan(table[..., 0]))[0] if parents else ()
            values = ", ".join(self.states[p][s] for p, s in zip(parents, row, strict=True))
            missing = f"row for ({values}); {ROW_EXAMPLE}" if parents else "`table` of numbers"
            raise self.error(f"{child} has no {missing}", line)
        self.parents[child], self.tables[child] = parents, table

    def entry(
        self,
        child: str,
        parents: tuple[str, ...],
        table: NDArray[np.float64],
        default: NDArray[np.float64],
    ) -> None:
        """One line of a probability block: a table, a default, a row or a property."""
        line = self.line
        if self.is_property():
            return
        if self.next == "(":
            self.sign("(")
            cell = self.cell(child, parents, self.words(")"), line)
            if not np.isnan(table[cell]).any():
                raise self.error(f"{child} has this row twice; keep one of them", line)
            table[cell] = self.distribution(child, table.shape[-1:], line)
            return
        kind = self.word("`table`, `default`, a row or `}`")
        if kind == "table":
            own_first = self.distribution(child, (table.shape[-1], *table.shape[:-1]), line)
            table[:] = np.moveaxis(own_first, 0, -1)
        elif kind == "default":
            default[:] = self.distribution(child, table.shape[-1:], line)
        else:
            raise self.error(f"expected `table`, `default` or a row, found {kind!r}", line)

    def cell(
        self, child: str, parents: tuple[str, ...], values: list[str], line: int
    ) -> tuple[int, ...]:
        if len(values) != len(parents):
            raise self.error(
                f"{child} has {len(parents)} parents ({', '.join(parents) or 'none'}) but this "
                f"row gives {len(values)} values; {ROW_EXAMPLE}",
                line,
            )
        for parent, value in zip(parents, values, strict=True):
            if value not in self.states[parent]:
                raise self.error(
                    f"{parent} has no state {value!r}, only {', '.join(self.states[parent])}", line
                )
        return tuple(self.states[p].index(value) for p, value in zip(parents, values, strict=True))

    def distribution(self, child: str, shape: tuple[int, ...], line: int) -> NDArray[np.float64]:
        """The numbers up to `;`, float64 in a shape whose first axis sums to 1."""
        words = self.words(";")
        if len(words) != np.prod(shape):
            raise self.error(
                f"{child} needs {np.prod(shape)} probabilities here, got {len(words)}; "
                f"{ROW_EXAMPLE}",
                line,
            )
        try:
            numbers = np.array(words, dtype=np.float64).reshape(shape)
        except ValueError as error:
            raise self.error(f"{error}; {ROW_EXAMPLE}", line) from None
        sums = numbers.sum(axis=0)
        if not ((numbers >= 0).all() and (np.abs(sums - 1) <= ROUNDED).all()):
            raise self.error(
                f"the probabilities of {child} must be ≥ 0 and sum to 1, got "
                f"{', '.join(words[:8])}; {ROW_EXAMPLE}",
                line,
            )
        return np.where(np.abs(sums - 1) <= EXACT, numbers, numbers / sums)

    def network(self) -> BayesNetwork:
        for name in self.states:
            if name not in self.tables:
                raise self.error(f"{name} has no probability block; add one to the file")
        number = {name: v for v, name in enumerate(self.states)}
        parents = (tuple(number[p] for p in self.parents[name]) for name in self.states)
        tables = (self.tables[name] for name in self.states)
        try:
            return BayesNetwork(
                tuple(self.states), tuple(self.states.values()), tuple(parents), tuple(tables)
            )
        except NetworkError as error:
            raise NetworkError(f"{self.source}: {error}") from None
