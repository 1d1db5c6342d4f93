"""The ground of the commons: how many write, what they are asked, and what they own.

Queries open one after another, each for ``span`` ticks; the last one, the headline, is open all
the time, and a token trades on whether its answer 0 is right: its price follows what the memory
says of it, and nobody can know beforehand whether it will rise or fall.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from arenas.red_blue.errors import RedBlueError

SHARES = ("accuracy", "attention", "alone")


@dataclass(frozen=True)
class CommonsRules:
    """Numbers of the commons; tokens and credits are whole.

    Attributes:
        honest: names that write what they found, right ``accuracy`` of the time.
        red: names that the red side begins with.
        queries: short ones and the headline, which is the last.
        answers: candidates of each query.
        gap: ticks from one query's opening to the next.
        span: ticks that a short query is open.
        accuracy: chance that an honest finding is right; else any other answer.
        attention: chance that an honest name writes about a query at all.
        readers: who act on what the memory says of a query when it closes.
        alone: chance that a reader who is left to itself is right.
        belief: how far traders follow the memory: 0 not at all, 1 fully.
        par: credits that a token is worth to whoever knows nothing.
        depth: tokens in the pool at the beginning, with ``par`` credits for each.
        fee: of the pool, in millionths.
        haircut: part in millionths that the treasury keeps when it redeems at the oracle's price.
        credits, tokens: what each red name begins with.
        unit: tokens in one unit of a trade.
        purse: credits of red's profit that weigh as much as all readers misled.
    """

    honest: int = 12
    red: int = 6
    queries: int = 8
    answers: int = 4
    gap: int = 4
    span: int = 8
    accuracy: float = 0.6
    attention: float = 0.75
    readers: int = 10
    alone: float = 0.5
    belief: float = 0.4
    par: int = 10
    depth: int = 2_000
    fee: int = 10_000
    haircut: int = 20_000
    credits: int = 6_000
    tokens: int = 300
    unit: int = 25
    purse: int = 20_000

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name in (*SHARES, "belief"):
                if not 0.0 <= value <= 1.0:
                    raise RedBlueError(f"{name} is {value}; it is a share from 0 to 1, e.g. 0.6")
            elif not (isinstance(value, int) and 1 <= value < 2**24):
                raise RedBlueError(f"{name} is {value}; a whole number from 1 to 2**24 is needed")
        if self.honest < 4 or self.queries < 2 or self.answers < 2:
            raise RedBlueError(
                f"{self.honest} honest, {self.queries} queries, {self.answers} answers; at least "
                "4, 2 and 2, such as 12, 8 and 4"
            )
        if max(self.fee, self.haircut) >= 10**6:
            raise RedBlueError("fee and haircut are millionths below 1,000,000, such as 10_000")

    @property
    def actors(self) -> int:
        """Honest names, rows 0 to honest − 1, and red ones after them."""
        return self.honest + self.red

    @property
    def ticks(self) -> int:
        """How long it lasts."""
        return (self.queries - 2) * self.gap + self.span

    @property
    def opens(self) -> npt.NDArray[np.int64]:
        """int64[Q], the first tick at which a query may be written about."""
        opens = np.arange(self.queries) * self.gap
        opens[-1] = 0
        return opens

    @property
    def closes(self) -> npt.NDArray[np.int64]:
        """int64[Q], the tick at whose end readers act on it: the last at which it is open."""
        closes = self.opens + self.span - 1
        closes[-1] = self.ticks - 1
        return closes
