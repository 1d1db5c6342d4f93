"""What everybody may see of an order book: best prices, depth, the orders that rest."""

import numpy as np
from numpy.typing import NDArray

from economy.book.messages import Side, Terms
from economy.book.queues import BEST_ASK, BEST_BID, RESTING, Queues, resting


class OrderBook:
    """The resting orders of one good, for reading; an `Exchange` fills it."""

    _book: Queues
    _terms: Terms

    def __len__(self) -> int:
        """Return the number of resting orders."""
        return int(self._book.marks[RESTING])

    @property
    def lowest(self) -> int:
        """The lowest price that the book takes."""
        return self._terms.lowest

    @property
    def highest(self) -> int:
        """The highest price that the book takes."""
        return self._terms.lowest + self._book.queues.size - 1

    @property
    def best_bid(self) -> int | None:
        """The highest price bid, None if nobody bids."""
        row = int(self._book.marks[BEST_BID])
        return None if row < 0 else self.lowest + row

    @property
    def best_ask(self) -> int | None:
        """The lowest price asked, None if nobody asks."""
        row = int(self._book.marks[BEST_ASK])
        return None if row == self._book.queues.size else self.lowest + row

    @property
    def spread(self) -> int | None:
        """The best ask less the best bid, at least 1; None if either is missing."""
        bid, ask = self.best_bid, self.best_ask
        return None if bid is None or ask is None else ask - bid

    def orders(self) -> dict[str, NDArray[np.int64]]:
        """Return the resting orders as columns int64[m], lowest price first, oldest first at each.

        The columns are order (the id), account, side, price and quantity (what is left).
        """
        columns = resting(self._book)
        return {
            "order": columns["order"],
            "account": columns["account"],
            "side": columns["side"],
            "price": columns["row"] + self.lowest,
            "quantity": columns["left"],
        }

    def depth(self, side: int, prices: int = 10) -> dict[str, NDArray[np.int64]]:
        """Return the best prices of a side, best first: columns price, quantity, orders int64[m].

        ``prices`` is how many are wanted at most. O(orders that rest).
        """
        orders = self.orders()
        own = orders["side"] == Side(side)
        price, where, count = np.unique(
            orders["price"][own], return_inverse=True, return_counts=True
        )
        quantity = np.zeros(price.size, np.int64)
        np.add.at(quantity, where, orders["quantity"][own])
        best = slice(None, None, -1) if side == Side.BUY else slice(None)
        found = {"price": price, "quantity": quantity, "orders": count}
        return {name: column[best][:prices].copy() for name, column in found.items()}
