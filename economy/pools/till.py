"""Where a pool's tokens lie: an account in each of two ledgers, and payments in both or neither.

Whether both payments can be made is checked before either is, so that a swap moves both its legs
or none, and nothing has to be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence

from economy.ledger import ISSUER, Ledger, Refusal, post
from economy.ledger.posting import refused
from economy.pools.errors import PoolError, SwapRefusal, tokens, whole

Leg = tuple[Ledger, int, int, int]
"""A payment: its ledger, the debited and the credited account, the tokens."""


class Till:
    """A pool's accounts in the ledgers of its two tokens.

    >>> from economy.pools import ConcentratedPool
    >>> gold, grain = Ledger(), Ledger()
    >>> till, pool = Till(gold, grain), ConcentratedPool()
    >>> alice = gold.open()[0], grain.open()[0]
    >>> gold.mint(alice[0], 10**6), grain.mint(alice[1], 10**6)
    (None, None)
    >>> till.settle(alice, pool.cost(-60, 60, 10**7)).name
    'OK'
    >>> pool.mint(1, -60, 60, 10**7)
    (29954, 29954)
    >>> swap = pool.quote(1000)
    >>> if till.settle(alice, swap.amounts) == SwapRefusal.OK:
    ...     pool.commit(swap)
    >>> till.balances
    (30954, 28958)
    """

    def __init__(self, token0: Ledger, token1: Ledger) -> None:
        if token0 is token1:
            raise PoolError("a pool needs two ledgers, one for each token; got the same one twice")
        self.ledgers = token0, token1
        self.accounts = int(token0.open()[0]), int(token1.open()[0])

    @property
    def balances(self) -> tuple[int, int]:
        """Tokens 0 and 1 in the till."""
        first, second = (
            ledger.balance(account)
            for ledger, account in zip(self.ledgers, self.accounts, strict=True)
        )
        return first, second

    def settle(
        self, trader: tuple[int, int], amounts: tuple[int, int], *, code: int = 0
    ) -> SwapRefusal:
        """Move both amounts between a trader's accounts and the till, or neither.

        ``trader`` is an account in each ledger, ``amounts`` what the till receives of each token;
        negative: what it pays, each within int64. An amount of 0 moves nothing and asks nothing
        of its account. Returns ``SwapRefusal.OK``, ``UNKNOWN_ACCOUNT`` or ``INSUFFICIENT``; raises
        ``PoolError`` for amounts that are not whole or beyond int64.
        """
        legs: list[Leg] = []
        amounts = whole("amounts[0]", amounts[0]), whole("amounts[1]", amounts[1])
        for amount in amounts:
            tokens("an amount to settle", abs(amount))
        for ledger, till, account, amount in zip(
            self.ledgers, self.accounts, trader, amounts, strict=True
        ):
            if amount and (not ISSUER < account < len(ledger) or account == till):
                return SwapRefusal.UNKNOWN_ACCOUNT
            debit, credit = (account, till) if amount > 0 else (till, account)
            legs.append((ledger, debit, credit, abs(amount)))
        return move_all(legs, code)


def move_all(legs: Sequence[Leg], code: int) -> SwapRefusal:
    """Make payments in different ledgers, all or none; those of 0 tokens are left out.

    Returns ``SwapRefusal.OK``, ``INSUFFICIENT`` or, for a mint beyond 2**63 - 1, ``FULL``.
    """
    legs = [leg for leg in legs if leg[3]]
    books = [ledger.open_books(1) for ledger, *_ in legs]
    refusals = [
        refused(opened.available, debit, credit, amount)
        for opened, (_, debit, credit, amount) in zip(books, legs, strict=True)
    ]
    for opened, (ledger, debit, credit, amount) in zip(books, legs, strict=True):
        if not any(refusals):
            post(opened, debit, credit, amount, code)
        ledger.close_books(opened)
    if not any(refusals):
        return SwapRefusal.OK
    return SwapRefusal.FULL if Refusal.OVERFLOW in refusals else SwapRefusal.INSUFFICIENT
