"""Reputation that is staked: weight is earned by being right with tokens at risk.

A name bonds tokens and stakes parts of its bond on reports about claims. When the truth is out,
every stake forfeits the part of it that its report was wrong by (the quadratic score: G. Brier,
"Verification of forecasts expressed in terms of probability", 1950), and a part of what was
forfeited on a claim is shared out among all who staked on it, by stake: a self-financed wagering
mechanism (N. Lambert, J. Langford et al., "Self-financed wagering mechanisms for forecasting",
EC 2008, which have all of it shared). The rest goes to the treasury, so that a ring which is wrong
among itself loses too. What was staked and not forfeited earns weight, which fades with time and
never exceeds the bond: reputation is what one has been right with lately and can still lose.

Guarantees, held by the tests:

* A name starts at the floor, weight 0, and no weight is ever below it: a new name gains nothing.
* Names do not matter: whatever several names do, one name that does the same holds the same bond
  and at least the sum of their weights. For stakes, forfeits and shares go by row; fading and
  rounding are superadditive, floor(x) + floor(y) <= floor(x + y); and the bond caps the weight,
  min(a, b) + min(c, d) <= min(a + c, b + d). So Sybil copies and split stakes gain nothing.
* Hedging does not pay: since the score is concave, reporting the mean of several reports keeps and
  earns at least as much as staking on each of them, whatever the truth, up to rounding.
* Whoever staked less than everything on a claim does best, in expected tokens, to report what they
  believe (Lambert et al., theorem 1).
* Nobody else can lower a name's weight: slander costs only the slanderer.
* No token is made or lost: custody holds exactly the bonds. All rounding is against the name.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.ledger import ISSUER, Ledger, Refusal as LedgerRefusal
from economy.reputation.claims import CLAIMS, ROWS, Claims
from economy.reputation.errors import ReputationError
from economy.reputation.staking import (
    CERTAIN,
    PARTS,
    Column,
    StakeRefusal,
    parts,
    place,
    release,
    settle,
)

NAMES = ("account", "bond", "staked", "weight")


@dataclass(frozen=True, slots=True, eq=False)
class Revealed:
    """The stakes that a truth settled, in the order they were placed.

    Attributes:
        name, claim, report, stake: int64[m], as they were placed.
        forfeited: int64[m], tokens lost by being wrong.
        shared: int64[m], tokens received of what was forfeited on the claim.
        earned: int64[m], weight earned, before the bond caps it.
        to_treasury: tokens that nobody received.
    """

    name: Column
    claim: Column
    report: Column
    stake: Column
    forfeited: Column
    shared: Column
    earned: Column
    to_treasury: int


class StakedReputation:
    """Names, their bonds and weights, and the stakes they have on open claims.

    ``treasury`` is the ledger account that receives what is not shared out. ``shared``, ``earning``
    and ``fading`` are parts of 1024: of what is forfeited, shared among the stakes; of what was
    staked and right, earned as weight; of the weight, lost by each call of ``fade``.

    >>> ledger = Ledger()
    >>> alice, bob, treasury = ledger.open(3)
    >>> ledger.mint([alice, bob], 100)
    >>> reputation = StakedReputation(ledger, treasury)
    >>> names = reputation.join([alice, bob])
    >>> reputation.bond(names, 100).tolist()
    [0, 0]
    >>> claim = reputation.open_claims()
    >>> reputation.attest(names, claim, report=[1000, 0], stake=40).tolist()
    [0, 0]
    >>> reputation.reveal(claim, truth=1000).forfeited.tolist()  # bob was wrong
    [0, 40]
    >>> reputation.bonds.tolist(), reputation.weights.tolist(), ledger.balance(int(treasury))
    ([110, 70], [10, 0], 20)
    """

    def __init__(
        self,
        ledger: Ledger,
        treasury: int | np.integer,
        *,
        shared: int = 512,
        earning: int = 256,
        fading: int = 16,
    ) -> None:
        for name, value in (("shared", shared), ("earning", earning), ("fading", fading)):
            if not 0 <= value <= PARTS:
                raise ReputationError(f"{name} is 0 to {PARTS} parts of {PARTS}; got {value}")
        if not ISSUER < treasury < len(ledger):
            raise ReputationError(f"the treasury must be an open account; got {treasury}")
        self._ledger = ledger
        self.treasury, self.custody = int(treasury), int(ledger.open()[0])
        self.shared, self.earning, self.fading = int(shared), int(earning), int(fading)
        nothing = np.zeros(0, np.int64)
        self._names = dict.fromkeys(NAMES, nothing)
        self._claims = Claims()

    # -- names ------------------------------------------------------------------------------

    def join(self, account: ArrayLike) -> Column:
        """Give each account a new name, at the floor; return the names, dense and rising."""
        accounts = whole_numbers("account", account, ReputationError)
        own = (accounts == self.custody) | (accounts == self.treasury)
        bad = accounts[(accounts <= ISSUER) | (accounts >= len(self._ledger)) | own]
        if bad.size:
            raise ReputationError(
                f"account {bad[0]} cannot have a name; use an open account of the ledger that is "
                "neither the issuer, the custody nor the treasury"
            )
        first, nothing = len(self._names["account"]), np.zeros(accounts.size, np.int64)
        new = {"account": accounts, "bond": nothing, "staked": nothing, "weight": nothing}
        self._names = {key: np.append(self._names[key], new[key]) for key in new}
        return np.arange(first, first + accounts.size)

    @property
    def bonds(self) -> Column:
        """Tokens bonded by each name, staked ones included: int64[names], a copy."""
        return self._names["bond"].copy()

    @property
    def staked(self) -> Column:
        """Tokens of each bond that are staked on claims: int64[names], a copy."""
        return self._names["staked"].copy()

    @property
    def weights(self) -> Column:
        """The reputation of each name, in tokens, 0 to its bond: int64[names], a copy."""
        return self._names["weight"].copy()

    def bond(self, name: ArrayLike, amount: ArrayLike) -> NDArray[np.uint8]:
        """Move tokens from the names' accounts into their bonds, in order; return refusals."""
        names, amounts = self._columns(name=name, amount=amount)
        refusals = np.zeros(names.size, np.uint8)
        known = (names >= 0) & (names < self._names["bond"].size)
        refusals[~known] = StakeRefusal.UNKNOWN_NAME
        refusals[amounts < 1] = StakeRefusal.NOT_POSITIVE
        rows = np.flatnonzero(refusals == StakeRefusal.OK)
        accounts = self._names["account"][names[rows]]
        made = self._ledger.transfer(accounts, self.custody, amounts[rows]) == LedgerRefusal.OK
        refusals[rows[~made]] = StakeRefusal.INSUFFICIENT
        np.add.at(self._names["bond"], names[rows[made]], amounts[rows[made]])
        return refusals

    def unbond(self, name: ArrayLike, amount: ArrayLike) -> NDArray[np.uint8]:
        """Give back free parts of bonds, in order; return refusals. Weight stays below the bond."""
        names, amounts = self._columns(name=name, amount=amount)
        refusals = np.zeros(names.size, np.uint8)
        bond, staked = self._names["bond"], self._names["staked"]
        release(names, amounts, bond, staked, refusals)
        done = refusals == StakeRefusal.OK
        np.minimum(self._names["weight"], bond, out=self._names["weight"])
        accounts = self._names["account"][names[done]]
        self._ledger.transfer(self.custody, accounts, amounts[done])
        return refusals

    def fade(self) -> None:
        """Let every weight lose ``fading`` of 1024 parts, rounded down to whole tokens."""
        weight = self._names["weight"]
        some = np.flatnonzero(weight)  # most names of a long history have none
        weight[some] = parts(weight[some], PARTS - self.fading)

    # -- claims -----------------------------------------------------------------------------

    def open_claims(self, n: int = 1) -> Column:
        """Open n claims that names can stake on; return their ids, dense and rising."""
        return self._claims.open(operator.index(n))

    def attest(
        self, name: ArrayLike, claim: ArrayLike, report: ArrayLike, stake: ArrayLike
    ) -> NDArray[np.uint8]:
        """Stake free tokens of names on reports, per mille, about claims; return refusals.

        Columns of n or scalars; rows are taken in order. A name may stake several times on a claim.
        """
        columns = self._columns(name=name, claim=claim, report=report, stake=stake)
        refusals = np.zeros(columns[0].size, np.uint8)
        bond, staked = self._names["bond"], self._names["staked"]
        names, claims, reports, stakes = columns
        status, total = self._claims.beside_settled()
        places = self._claims.places(claims)
        place(names, places, reports, stakes, bond, staked, status, total, refusals)
        done = refusals == StakeRefusal.OK
        self._claims.add([column[done] for column in columns], total[:-1])
        return refusals

    def close(self, claim: ArrayLike) -> None:
        """Take no more stakes on these claims: do so before the truth can be known."""
        self._claims.close(*self._columns(claim=claim))

    def reveal(self, claim: ArrayLike, truth: ArrayLike) -> Revealed:
        """Settle claims by their truths, per mille (1000 true, 0 false); O(stakes placed).

        Raises ``ReputationError`` for unknown, settled or repeated claims; then nothing is settled.
        """
        claims, truths = self._columns(claim=claim, truth=truth)
        if truths.size and not 0 <= truths.min() <= truths.max() <= CERTAIN:
            raise ReputationError(f"truths are 0 to {CERTAIN} per mille; got {truths[:5].tolist()}")
        rows, position = self._take(claims)
        settled = settle(position, rows["report"], rows["stake"], truths, self.shared, self.earning)
        bond, weight = self._names["bond"], self._names["weight"]
        np.add.at(bond, rows["name"], settled.shared - settled.forfeited)
        np.add.at(weight, rows["name"], settled.earned)
        np.minimum(weight, bond, out=weight)
        to_treasury = int((settled.forfeited - settled.shared).sum())
        if to_treasury:
            self._ledger.transfer(self.custody, self.treasury, to_treasury)
        return Revealed(**rows, **settled._asdict(), to_treasury=to_treasury)

    def void(self, claim: ArrayLike) -> None:
        """Settle claims whose truth will not be known: the stakes are free again."""
        self._take(*self._columns(claim=claim))

    def _take(self, claims: Column) -> tuple[dict[str, Column], Column]:
        """Settle claims: return the stakes on them, no longer held, and the claim of each."""
        settled = self._claims.settle(claims)
        np.subtract.at(self._names["staked"], settled[0]["name"], settled[0]["stake"])
        return settled

    @staticmethod
    def _columns(**arguments: ArrayLike) -> list[Column]:
        """Return the arguments as columns of one length; scalars are stretched."""
        columns = [whole_numbers(name, value, ReputationError) for name, value in arguments.items()]
        lengths = {column.size for column in columns} - {1}
        if len(lengths) > 1:
            shapes = ", ".join(
                f"{name} {column.size}" for name, column in zip(arguments, columns, strict=True)
            )
            raise ReputationError(f"columns must have one length or be scalars; got {shapes}")
        n = lengths.pop() if lengths else 1
        return [column if column.size == n else np.full(n, column) for column in columns]

    # -- audit and state --------------------------------------------------------------------

    def check(self) -> None:
        """Raise ``ReputationError`` unless custody holds the bonds and stakes and weights fit."""
        bond, staked = self._names["bond"], self._names["staked"]
        held = self._ledger.balance(self.custody)
        if held != int(bond.sum()):
            raise ReputationError(f"custody holds {held} tokens, but the bonds sum to {bond.sum()}")
        placed = np.zeros(bond.size, np.int64)
        np.add.at(placed, self._claims.rows["name"], self._claims.rows["stake"])
        weight = self._names["weight"]
        if (placed != staked).any() or (staked > bond).any() or (staked < 0).any():
            raise ReputationError("the stakes placed differ from what the names have staked")
        if ((weight < 0) | (weight > bond)).any():
            raise ReputationError("a weight is below the floor or above its bond")

    def state(self) -> dict[str, Column]:
        """Return everything but the ledger as plain arrays (copies)."""
        rates = [self.treasury, self.custody, self.shared, self.earning, self.fading]
        names = {key: column.copy() for key, column in self._names.items()}
        return {"rates": np.array(rates)} | names | self._claims.state()

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Become the registry that wrote ``state``, on the same ledger as it was then.

        On ``ReputationError`` this one is unchanged.
        """
        names = ["rates", *NAMES, "opened", *CLAIMS, *(f"row_{key}" for key in ROWS)]
        if missing := [name for name in names if name not in state]:
            raise ReputationError(f"not the state of a reputation: {missing} missing")
        columns = {name: whole_numbers(name, state[name], ReputationError).copy() for name in names}
        sizes = [columns[name].size for name in names[:5]]
        if sizes[0] != 5 or len(set(sizes[1:])) > 1:
            raise ReputationError(f"not the state of a reputation: {names[:5]} have sizes {sizes}")
        treasury, custody, *rates = columns["rates"].tolist()
        accounts = np.append(columns["account"], (treasury, custody))
        if not ISSUER < accounts.min() <= accounts.max() < len(self._ledger) or (
            min(rates) < 0 or max(rates) > PARTS
        ):
            raise ReputationError("not the state of a reputation: accounts or rates are wrong")
        restored = StakedReputation.__new__(StakedReputation)
        restored._ledger, restored.treasury, restored.custody = self._ledger, treasury, custody
        restored.shared, restored.earning, restored.fading = rates
        restored._names = {name: columns[name] for name in NAMES}
        restored._claims = Claims()
        restored._claims.restore(columns, sizes[1])
        restored.check()
        vars(self).update(vars(restored))
