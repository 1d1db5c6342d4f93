"""A constant-product pool between two ledgers: batches of swaps, each settled as it is made.

Every swap pays the till and is paid by it in one pass of compiled code: what comes out is worked
out, both legs are checked, and both are posted and journalled, or neither. The pool's shares are
tokens of a third ledger, which the pool owns.

Guarantees, held by the tests: a batch means the same as its swaps one by one; the reserves are
what the till holds (gifts to the till aside); the shares are those of the pool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.ledger import ISSUER, Books, Ledger, post
from economy.ledger.posting import light, refused
from economy.pools.constant_product import MINIMUM_LIQUIDITY, ConstantProduct
from economy.pools.errors import PoolError, SwapRefusal, whole
from economy.pools.swaps import kept, swap_columns, swap_refused
from economy.pools.till import Till

# Plain integers: numba would keep the enum itself in its cache.
OK, UNKNOWN_ACCOUNT, INSUFFICIENT = (
    int(reason)
    for reason in (SwapRefusal.OK, SwapRefusal.UNKNOWN_ACCOUNT, SwapRefusal.INSUFFICIENT)
)


class LiquidityPool:
    """A pool, its till and the ledger of its shares.

    >>> gold, grain = Ledger(), Ledger()
    >>> pool = LiquidityPool(gold, grain)
    >>> alice = gold.open()[0], grain.open()[0]
    >>> gold.mint(alice[0], 10**6), grain.mint(alice[1], 10**6)
    (None, None)
    >>> holder = pool.shares.open()[0]
    >>> pool.provide(holder, alice, (500_000, 100_000))
    222606
    >>> out, refusals = pool.swap(True, *alice, [1000, 0])
    >>> out.tolist(), refusals.tolist()
    ([199, 0], [0, 1])
    """

    def __init__(self, token0: Ledger, token1: Ledger, *, fee: int = 3000, code: int = 0) -> None:
        if not -(2**15) <= code < 2**15:
            raise PoolError(f"code must fit int16, -32768 to 32767; got {code}")
        self.till = Till(token0, token1)
        self.shares = Ledger()
        self._locked = int(self.shares.open()[0])
        self._pool = ConstantProduct(fee=fee)
        self.code = code
        """What the journals carry for this pool's transfers, int16."""

    @property
    def reserves(self) -> tuple[int, int]:
        """Tokens 0 and 1 that the pool trades with."""
        return self._pool.reserves

    # -- liquidity --------------------------------------------------------------------------

    def provide(self, holder: int, payer: tuple[int, int], amounts: tuple[int, int]) -> int:
        """Pay in up to ``amounts`` at the pool's price, for shares on the account ``holder``.

        Of the token that is too many for the price, only what matches the other is taken. Returns
        the new shares. Raises ``PoolError``, also with the reason why the payer cannot pay; then
        nothing moves.
        """
        taken = self._matching(*amounts)
        pool = self._copy()
        first = not pool.shares
        made = pool.mint(*taken)
        if not ISSUER < holder < len(self.shares) or holder == self._locked:
            raise PoolError(f"no account {holder} holds shares; open one: pool.shares.open()")
        self._insist(payer, taken)
        if first:
            self.shares.mint(self._locked, MINIMUM_LIQUIDITY)
        self.shares.mint(holder, made)
        self._pool = pool
        return made

    def withdraw(self, holder: int, payee: tuple[int, int], shares: int) -> tuple[int, int]:
        """Give shares back and be paid their part of both reserves, rounded down.

        Raises ``PoolError`` for shares that ``holder`` has not and accounts that are not there;
        then nothing moves.
        """
        pool = self._copy()
        paid = pool.burn(shares)
        if not ISSUER < holder < len(self.shares) or self.shares.available(holder) < shares:
            raise PoolError(f"account {holder} does not hold {shares} shares of this pool")
        self._insist(payee, (-paid[0], -paid[1]))
        self.shares.burn(holder, shares)
        self._pool = pool
        return paid

    def _matching(self, amount0: int, amount1: int) -> tuple[int, int]:
        """The most of both amounts that stand in the ratio of the reserves, rounded up."""
        # Plain integers: products of NumPy's would overflow.
        amount0, amount1 = whole("amounts[0]", amount0), whole("amounts[1]", amount1)
        x, y = self.reserves
        if not self._pool.shares or min(amount0, amount1) < 1:
            return amount0, amount1
        matching1 = -(-amount0 * y // x)
        return (amount0, matching1) if matching1 <= amount1 else (-(-amount1 * x // y), amount1)

    def _insist(self, trader: tuple[int, int], amounts: tuple[int, int]) -> None:
        refusal = self.till.settle(trader, amounts, code=self.code)
        if refusal:
            raise PoolError(f"{amounts} cannot be paid between the till and {trader}: {refusal!r}")

    def _copy(self) -> ConstantProduct:
        pool = ConstantProduct()
        pool.restore(self._pool.state())
        return pool

    # -- swaps ------------------------------------------------------------------------------

    def swap(
        self,
        zero_for_one: ArrayLike,
        account0: ArrayLike,
        account1: ArrayLike,
        amount_in: ArrayLike,
        *,
        least: ArrayLike = 1,
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Make swaps one after another, both legs of each or none.

        ``zero_for_one`` is bool[n], whether token 0 is paid in; ``account0`` and ``account1``
        int64[n], the trader's accounts in the two ledgers; ``amount_in`` int64[n] tokens paid;
        ``least`` int64[n], the least that must come out. All may be scalars.

        Returns what came out, int64[n] (0 where refused), and uint8[n] of `SwapRefusal`. O(n).
        Raises ``PoolError`` for wrong columns and while nothing has been provided.
        """
        direction, columns = swap_columns(
            zero_for_one, account0=account0, account1=account1, amount_in=amount_in, least=least
        )
        if not self._pool.shares:
            raise PoolError("this pool is empty; provide liquidity before anybody swaps")
        n = direction.size
        out, refusals = np.zeros(n, np.int64), np.empty(n, np.uint8)
        reserves = np.array(self._pool.reserves, np.int64)
        books = [ledger.open_books(n) for ledger in self.till.ledgers]
        _swap_and_settle(
            *books, *self.till.accounts, reserves, direction, *columns, *kept(self._pool.fee),
            self.code, out, refusals,
        )  # fmt: skip
        for ledger, written in zip(self.till.ledgers, books, strict=True):
            ledger.close_books(written)
        self._pool.reserves = int(reserves[0]), int(reserves[1])
        return out, refusals

    # -- state ------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything but the two ledgers, as plain arrays and JSON values."""
        return {
            "pool": self._pool.state(),
            "shares": self.shares.state(),
            "accounts": list(self.till.accounts),
            "code": self.code,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the pool that wrote ``state``, over the same two ledgers, as they were then.

        On ``PoolError`` this one is unchanged.
        """
        pool, shares = ConstantProduct(), Ledger()
        try:
            pool.restore(state["pool"])
            shares.restore(state["shares"])
            first, second = (int(account) for account in state["accounts"])
            code = int(state["code"])
        except (KeyError, TypeError, ValueError) as error:
            raise PoolError(f"not the state of a liquidity pool: {error!r}") from error
        held = []
        for ledger, account in zip(self.till.ledgers, (first, second), strict=True):
            held.append(ledger.available(account) if ISSUER < account < len(ledger) else -1)
        if not -(2**15) <= code < 2**15:
            raise PoolError(f"code must fit int16, -32768 to 32767; got {code}")
        if shares.supply != pool.shares or any(
            have < needed for have, needed in zip(held, pool.reserves, strict=True)
        ):
            raise PoolError(
                f"the state has {pool.shares} shares and reserves {pool.reserves}, but the ledgers "
                f"hold {shares.supply} and {held}; restore both ledgers first"
            )
        self._pool, self.shares, self.code = pool, shares, code
        self.till.accounts = first, second


@njit(cache=True, nogil=True)
def _swap_and_settle(
    books0: Books,
    books1: Books,
    till0: int,
    till1: int,
    reserves: NDArray[np.int64],
    zero_for_one: NDArray[np.bool_],
    account0: NDArray[np.int64],
    account1: NDArray[np.int64],
    amount_in: NDArray[np.int64],
    least: NDArray[np.int64],
    keep: int,
    whole: int,
    code: int,
    out: NDArray[np.int64],
    refusals: NDArray[np.uint8],
) -> None:
    books0, books1 = light(books0), light(books1)
    for i in range(amount_in.size):
        x = 0 if zero_for_one[i] else 1
        paid = amount_in[i]
        refusal, bought = swap_refused(reserves[x], reserves[1 - x], paid, least[i], keep, whole)
        if refusal == OK:
            first = (account0[i], till0) if x == 0 else (till0, account0[i])
            second = (till1, account1[i]) if x == 0 else (account1[i], till1)
            amount0, amount1 = (paid, bought) if x == 0 else (bought, paid)
            refusal = _leg_refused(books0.available, account0[i], till0, first, amount0)
            if refusal == OK:
                refusal = _leg_refused(books1.available, account1[i], till1, second, amount1)
            if refusal == OK:
                post(books0, first[0], first[1], amount0, code)
                post(books1, second[0], second[1], amount1, code)
                reserves[x] += paid
                reserves[1 - x] -= bought
                out[i] = bought
        refusals[i] = refusal


@njit(cache=True, nogil=True)
def _leg_refused(
    available: NDArray[np.int64], account: int, till: int, leg: tuple[int, int], amount: int
) -> int:
    if not ISSUER < account < available.size or account == till:
        return UNKNOWN_ACCOUNT
    return INSUFFICIENT if refused(available, leg[0], leg[1], amount) else OK
