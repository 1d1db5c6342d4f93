"""A bonding curve: tokens issued and redeemed against a reserve, exact to the token.

E. Hertzog, G. Benartzi & G. Benartzi 2017, "Bancor Protocol: continuous liquidity for
cryptographic tokens through their smart contracts". A supply S stands against a reserve R that is
kept at a constant part F, the weight, of what the supply is worth at the going price R / (S F).
Depositing dR issues S ((1 + dR/R)**F - 1) tokens; redeeming dS pays R (1 - (1 - dS/S)**(1/F)).

The weight is a fraction p/q, so that whether some tokens may be issued is a question about whole
numbers: (S + dS)**q R**p <= S**q (R + dR)**p. Sixty decimal digits guess the answer, the whole
numbers settle it.

Guarantees, held by the tests: amounts are the formulas' exact values, rounded against whoever
deposits or redeems, so that R**p / S**q never falls and no round trip earns a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction

from economy.pools.errors import PoolError, tokens, whole

FINEST_WEIGHT = 1000
"""The largest denominator of a weight: powers so high are still taken in well under 1 ms."""


class BondingCurve:
    """A supply, its reserve and the weight between them; whole tokens up to 2**63 - 1.

    >>> curve = BondingCurve(supply=1000, reserve=250, weight=Fraction(1, 2))
    >>> curve.buy(110)  # 1000 * ((360 / 250) ** 0.5 - 1)
    200
    >>> curve.sell(200)
    110
    """

    def __init__(self, supply: int, reserve: int, weight: Fraction | float | str) -> None:
        self.supply, self.reserve = tokens("supply", supply, 1), tokens("reserve", reserve, 1)
        self.weight = _weight(weight)

    @property
    def price(self) -> float:
        """Reserve tokens that the next small part of a token costs, R / (S F)."""
        return self.reserve / (self.supply * float(self.weight))

    def tokens_for(self, deposit: int) -> int:
        """Tokens that `buy` would issue for a deposit, rounded down; changes nothing."""
        paid = tokens("deposit", deposit, 1)
        p, q = self.weight.as_integer_ratio()
        after = tokens("the reserve after the deposit", self.reserve + paid)
        # The most T with T**q R**p <= S**q (R + paid)**p.
        limit, scale = self.supply**q * after**p, self.reserve**p
        guess = _scaled(self.supply, after, self.reserve, self.weight)
        while guess**q * scale > limit:
            guess -= 1
        while (guess + 1) ** q * scale <= limit:
            guess += 1
        return tokens("the supply after the deposit", guess) - self.supply

    def cost(self, issue: int) -> int:
        """The least deposit that issues so many tokens; changes nothing."""
        p, q = self.weight.as_integer_ratio()
        after = tokens("the supply after", self.supply + tokens("issue", issue, 1))
        return self._least_reserve(after, p, q) - self.reserve

    def refund(self, redeem: int) -> int:
        """Reserve tokens that `sell` would pay, rounded down; changes nothing."""
        given = tokens("redeem", redeem, 1)
        if given >= self.supply:
            raise PoolError(
                f"cannot redeem {given} of {self.supply} tokens: one must stay, or the curve ends"
            )
        p, q = self.weight.as_integer_ratio()
        return self.reserve - max(self._least_reserve(self.supply - given, p, q), 1)

    def buy(self, deposit: int, *, least: int = 1) -> int:
        """Deposit reserve tokens and return the tokens issued.

        Raises ``PoolError`` where less than ``least`` would be issued; then nothing changes.
        """
        issued = self.tokens_for(deposit)
        if issued < max(least, 1):
            raise PoolError(f"{deposit} buys {issued} tokens, below the least asked for, {least}")
        # Plain integers: powers of NumPy's would overflow.
        self.supply += issued
        self.reserve += whole("deposit", deposit)
        return issued

    def sell(self, redeem: int, *, least: int = 1) -> int:
        """Redeem tokens and return the reserve tokens paid.

        Raises ``PoolError`` where less than ``least`` would be paid; then nothing changes.
        """
        paid = self.refund(redeem)
        if paid < max(least, 1):
            raise PoolError(f"{redeem} tokens fetch {paid}, below the least asked for, {least}")
        self.supply -= whole("redeem", redeem)
        self.reserve -= paid
        return paid

    def _least_reserve(self, supply: int, p: int, q: int) -> int:
        """The least reserve with which each of ``supply`` tokens is backed as well as now."""
        # The least V with V**p S**q >= supply**q R**p.
        limit, scale = supply**q * self.reserve**p, self.supply**q
        guess = _scaled(self.reserve, supply, self.supply, 1 / self.weight)
        while guess**p * scale < limit:
            guess += 1
        while guess > 0 and (guess - 1) ** p * scale >= limit:
            guess -= 1
        return guess

    def state(self) -> dict[str, object]:
        """Everything, as JSON values."""
        weight = list(self.weight.as_integer_ratio())
        return {"supply": self.supply, "reserve": self.reserve, "weight": weight}

    def restore(self, state: Mapping[str, object]) -> None:
        """Become the curve that wrote ``state``; on ``PoolError`` this one is unchanged."""
        match state:
            case {
                "supply": int(supply),
                "reserve": int(reserve),
                "weight": [int(p), int(q)],
            } if q > 0:
                vars(self).update(vars(BondingCurve(supply, reserve, Fraction(p, q))))
            case _:
                raise PoolError(
                    "not the state of a bonding curve: needs supply, reserve and weight [p, q]; "
                    f"got {dict(state)}"
                )


def _weight(weight: Fraction | float | str) -> Fraction:
    try:
        exact = Fraction(weight)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):  # not finite, or no number
        exact = Fraction(0)
    found = exact.limit_denominator(FINEST_WEIGHT)
    if not 0 < found <= 1 or abs(found - exact) > Fraction(1, 10**12):
        raise PoolError(
            f"weight is a fraction above 0, up to 1, with a denominator up to {FINEST_WEIGHT}, as "
            f"in Fraction(1, 2) or 0.25; got {weight!r}"
        )
    return found


def _scaled(value: int, top: int, bottom: int, power: Fraction) -> int:
    """About value * (top / bottom)**power, to some fifty digits, rounded down."""
    with localcontext() as context:
        context.prec = 60
        exponent = Decimal(power.numerator) / Decimal(power.denominator)
        scaled = Decimal(value) * (Decimal(top) / Decimal(bottom)) ** exponent
        if scaled.adjusted() > 25:
            raise PoolError(f"the answer, about {scaled:.3e} tokens, is beyond 2**63 - 1")
        return int(scaled)
