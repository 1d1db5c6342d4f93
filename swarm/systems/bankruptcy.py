"""Debts are kept, paid in order of rank, and those who cannot pay for long go bankrupt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from economy import waterfall
from swarm.population import Column, PopulationError
from swarm.systems.royalties import Royalties
from swarm.systems.settlement import Settlement
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World

REPAID = 11
ROYALTY, RENT = 0, 1
"""Ranks of debts, the first paid first: to authors, and to the treasury."""

CLAIM = ("debtor", "creditor", "rank", "amount")


class Bankruptcy(System):
    """What could not be paid is owed; whoever owes for longer than the grace dies of it.

    Rent and royalties that this tick left unpaid join the debts. Then every debtor's tokens go to
    its creditors by `economy.waterfall`: authors first, the treasury after them, pro rata within
    a rank. Debts to the dead are owed to the treasury, which inherits. Who is still in debt after
    `grace` ticks dies at the end of this one. Whoever dies in debt, of whatever cause, leaves to
    its creditors first what it had tied up until then; the rest of the debt is written off. What
    is on hold in the ledger pays no debts.

    Stands after `Settlement`, after `Royalties` where there are any, and after all that give back
    to the dead what they had tied up: `Reputation`, `GoodsMarket`.

    Args:
        grace: ticks that one may be in debt.

    Attributes:
        claims: debtor and creditor (ids; -1 is the treasury), rank, and amount, int64[c] each.
        failed: agents that went bankrupt in this tick.
        repaid, written_off: tokens of this tick, its deaths included.

    Columns: `debt` int64, tokens owed; `arrears` int32, ticks in debt without a break.
    """

    columns: ClassVar[Mapping[str, Column]] = {
        "debt": Column(np.int64),
        "arrears": Column(np.int32),
    }

    def __init__(self, grace: int = 8):
        if grace < 0:
            raise PopulationError(f"Bankruptcy: grace is 0 or more ticks, such as 8; got {grace}")
        self.grace = grace
        self.claims = {name: np.empty(0, np.int64) for name in CLAIM}
        self.failed = 0
        self.repaid = 0
        self.written_off = 0

    def setup(self, world: World) -> None:
        """There has to be something to owe."""
        world.system(Settlement)

    def __call__(self, world: World) -> None:
        """New debts, payments, ends."""
        population = world.population
        self.repaid = self.written_off = 0
        self._record(world)
        self._repay(world, self.claims["amount"] > 0)
        debtor = np.searchsorted(population["id"], self.claims["debtor"])
        debt = np.zeros(len(population), np.int64)
        np.add.at(debt, debtor, self.claims["amount"])
        population["debt"][:] = debt
        population["arrears"][:] = np.where(debt > 0, population["arrears"] + 1, 0)
        failing = population["alive"] & (population["arrears"] > self.grace)
        self.failed = int(failing.sum())
        if self.failed:
            population.kill(failing)

    def _record(self, world: World) -> None:
        """Debts of this tick join the claims."""
        ids = world.population["id"]
        short = world.system(Settlement).shortfall
        rows = np.flatnonzero(short)
        self._owe(ids[rows], np.full(len(rows), -1), RENT, short[rows])
        royalties = world.find(Royalties)
        if royalties is not None:
            payer, payee, amount = royalties.unpaid
            self._owe(ids[payer], ids[payee], ROYALTY, amount)

    def _owe(self, debtor: np.ndarray, creditor: np.ndarray, rank: int, amount: np.ndarray) -> None:
        new = (debtor, creditor, np.full(len(debtor), rank), amount)
        for name, column in zip(CLAIM, new, strict=True):
            self.claims[name] = np.concatenate([self.claims[name], column])

    def _repay(self, world: World, which: np.ndarray) -> None:
        """All that debtors have, to their creditors; bool[c] says which claims are on it."""
        if not which.any():
            return
        population, ledger = world.population, world.ledger
        ids, accounts = population["id"], population["account"]
        debtor, creditor, rank, amount = (self.claims[name][which] for name in CLAIM)
        debtors, group = np.unique(debtor, return_inverse=True)
        rows = np.searchsorted(ids, debtors)
        estates = ledger.available(accounts[rows])
        paid = waterfall(estates, amount, rank, group).paid
        private = creditor >= 0
        payee = np.searchsorted(ids, np.maximum(creditor, 0))
        to = np.where(private, accounts[np.minimum(payee, len(ids) - 1)], world.treasury)
        some = paid > 0
        ledger.transfer(accounts[rows][group[some]], to[some], paid[some], code=REPAID)
        self.repaid += int(paid.sum())
        # Rent has been taken off the profit when it fell due; royalties are when they are paid.
        gain = np.zeros(len(population), np.int64)
        np.subtract.at(gain, rows[group[private]], paid[private])
        np.add.at(gain, payee[private], paid[private])
        world.system(Settlement).book(world, gain)
        self.claims["amount"][which] -= paid
        self._keep(self.claims["amount"] > 0)

    def _keep(self, which: np.ndarray) -> None:
        self.claims = {name: column[which] for name, column in self.claims.items()}

    def on_death(self, world: World, rows: np.ndarray) -> None:
        """The dead pay with what they leave; what they were owed, the treasury is."""
        dead = world.population["id"][rows]
        inherited = np.isin(self.claims["creditor"], dead)
        self.claims["creditor"] = np.where(inherited, -1, self.claims["creditor"])
        self._repay(world, np.isin(self.claims["debtor"], dead))
        gone = np.isin(self.claims["debtor"], dead)
        self.written_off += int(self.claims["amount"][gone].sum())
        self._keep(~gone)

    def state(self) -> dict[str, Any]:
        """The debts."""
        return {name: column.copy() for name, column in self.claims.items()}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Take up the debts."""
        self.claims = {name: np.array(state[name], np.int64) for name in CLAIM}
