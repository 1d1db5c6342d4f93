"""Where a pool's tokens lie: an account in each of two ledgers, and payments in both or neither.

Whether both payments can be made is checked before either is, so that a swap moves both its legs
or none, and nothing has to be taken back.
"""

from __future__ import annotations

from economy.ledger import ISSUER, Ledger, post
from economy.ledger.posting import refused
from economy.pools.errors import PoolError, SwapRefusal


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
        of its account. Returns ``SwapRefusal.OK``, ``UNKNOWN_ACCOUNT`` or ``INSUFFICIENT``.
        """
        books = [ledger.open_books(1) for ledger in self.ledgers]
        legs = []
        refusal = SwapRefusal.OK
        for opened, till, account, amount in zip(
            books, self.accounts, trader, amounts, strict=True
        ):
            if amount == 0:
                continue
            debit, credit = (account, till) if amount > 0 else (till, account)
            if not ISSUER < account < opened.available.size or account == till:
                refusal = refusal or SwapRefusal.UNKNOWN_ACCOUNT
            elif refused(opened.available, debit, credit, abs(amount)):
                refusal = refusal or SwapRefusal.INSUFFICIENT
            legs.append((opened, debit, credit, abs(amount)))
        for leg in legs if refusal == SwapRefusal.OK else []:
            post(*leg, code)
        for ledger, opened in zip(self.ledgers, books, strict=True):
            ledger.close_books(opened)
        return refusal
