"""A bonding curve between two ledgers: deposits are kept, tokens issued and redeemed, or neither.

The reserve lies on the desk's account in the ledger of the money. Tokens come from the issuer of
their own ledger and go back to it, so that the curve's supply is the ledger's.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from economy.ledger import ISSUER, Ledger
from economy.pools.bonding_curve import BondingCurve
from economy.pools.errors import PoolError, SwapRefusal
from economy.pools.till import move_all


class CurveDesk:
    """A bonding curve, the account of its reserve and the ledger of its tokens.

    ``founder``, an account in each ledger, pays the first ``reserve`` and receives the first
    ``supply`` tokens, of which there must be none yet. Raises ``PoolError`` where that cannot be.

    >>> money, shares = Ledger(), Ledger()
    >>> alice = money.open()[0], shares.open()[0]
    >>> money.mint(alice[0], 1000)
    >>> desk = CurveDesk(money, shares, alice, supply=1000, reserve=250, weight=0.5)
    >>> desk.buy(alice, 110)
    (200, <SwapRefusal.OK: 0>)
    >>> desk.sell(alice, 200), money.balance(alice[0])
    ((110, <SwapRefusal.OK: 0>), 750)
    """

    def __init__(
        self,
        money: Ledger,
        shares: Ledger,
        founder: tuple[int, int],
        *,
        supply: int,
        reserve: int,
        weight: Fraction | float | str,
        code: int = 0,
    ) -> None:
        if money is shares:
            raise PoolError("a desk needs two ledgers, of the money and of the tokens it issues")
        if not -(2**15) <= code < 2**15:
            raise PoolError(f"code must fit int16, -32768 to 32767; got {code}")
        if shares.supply:
            raise PoolError(f"{shares.supply} tokens exist before the curve; start with none")
        self.money, self.shares, self.code = money, shares, code
        self.curve = BondingCurve(supply, reserve, weight)
        self.account = int(money.open()[0])
        refusal = self._exchange(founder, reserve, supply)
        if refusal:
            raise PoolError(f"{founder} cannot pay {reserve} for {supply} tokens: {refusal!r}")

    def buy(
        self, trader: tuple[int, int], deposit: int, *, least: int = 1
    ) -> tuple[int, SwapRefusal]:
        """Deposit money for tokens, both or neither; return the tokens issued and the refusal.

        ``trader`` is an account in each ledger; fewer than ``least`` tokens are refused.
        """
        if deposit < 1:
            return 0, SwapRefusal.NOT_POSITIVE
        issued = self.curve.tokens_for(deposit)
        refusal = _too_few(issued, least) or self._exchange(trader, deposit, issued)
        return (0, refusal) if refusal else (self.curve.buy(deposit), refusal)

    def sell(
        self, trader: tuple[int, int], redeem: int, *, least: int = 1
    ) -> tuple[int, SwapRefusal]:
        """Redeem tokens for money, both or neither; return the money paid and the refusal."""
        if redeem < 1:
            return 0, SwapRefusal.NOT_POSITIVE
        if redeem >= self.curve.supply:
            return 0, SwapRefusal.INSUFFICIENT
        paid = self.curve.refund(redeem)
        refusal = _too_few(paid, least) or self._exchange(trader, -paid, -redeem)
        return (0, refusal) if refusal else (self.curve.sell(redeem), refusal)

    def _exchange(self, trader: tuple[int, int], deposit: int, issued: int) -> SwapRefusal:
        """Move money in and tokens out, or the other way where both are negative."""
        payer, holder = trader
        if not (ISSUER < payer < len(self.money) and ISSUER < holder < len(self.shares)):
            return SwapRefusal.UNKNOWN_ACCOUNT
        if payer == self.account:
            return SwapRefusal.UNKNOWN_ACCOUNT
        legs = [
            (self.money, payer, self.account, deposit),
            (self.shares, ISSUER, holder, issued),
        ]
        if deposit < 0:
            legs = [(ledger, credit, debit, -amount) for ledger, debit, credit, amount in legs]
        return move_all(legs, self.code)

    def state(self) -> dict[str, Any]:
        """Everything but the two ledgers, as JSON values."""
        return {"curve": self.curve.state(), "account": self.account, "code": self.code}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the desk that wrote ``state``, over the same two ledgers, as they were then.

        On ``PoolError`` this one is unchanged.
        """
        curve = BondingCurve(1, 1, 1)
        try:
            curve.restore(state["curve"])
            account, code = int(state["account"]), int(state["code"])
        except (KeyError, TypeError, ValueError) as error:
            raise PoolError(f"not the state of a curve's desk: {error!r}") from error
        known = ISSUER < account < len(self.money)
        held = self.money.available(account) if known else 0
        if held < curve.reserve or self.shares.supply != curve.supply:
            raise PoolError(
                f"the state has {curve.supply} tokens and a reserve of {curve.reserve}, but the "
                f"ledgers hold {self.shares.supply} and {held}; restore both ledgers first"
            )
        self.curve, self.account, self.code = curve, account, code


def _too_few(out: int, least: int) -> SwapRefusal:
    if out < 1:
        return SwapRefusal.NOTHING_OUT
    return SwapRefusal.BELOW_LIMIT if out < least else SwapRefusal.OK
