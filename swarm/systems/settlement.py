"""Truth is revealed to the referee; rewards and costs settle in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from economy import split_exactly
from swarm.population import Column
from swarm.systems.compute_market import ComputeMarket
from swarm.systems.reasoning import Reasoning
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

REWARD, LEFTOVER, REFUND, REVENUE, RENT, ENDOWMENT = range(3, 9)


class Settlement(System):
    """Pays for answers, refunds unused compute, collects rent, endows the born.

    The pot of a task holds `pot` tokens for each of its answerers and is split among them in
    proportion to credit ** sharpness. Pay is relative, as in competitive fitness sharing
    (Rosin & Belew 1997): a hard task pays its few solvers well. Rent takes the mean net income
    back from everybody, so that the treasury's budget balances and whoever earns less than the
    mean loses tokens, whatever the level of play.

    Args:
        endowment: tokens given to each agent at birth, as far as the treasury can.
        rent: share of the mean net income of a tick that every agent owes.
        sharpness: how much more a better answer earns.
        reserve_ticks: the treasury begins with the bounties of that many ticks.

    Attributes:
        credit: float64[T] in (0, 1], of this tick's answers (`Reasoning.agent`, `.place`).
        reward: int64[T], tokens that each of them earned.
        due: tokens that each agent owed in rent.
        shortfall: int64[n], what of it the living could not pay, by row.

    Columns: `credits` (less the luck of the draw, `Tasks.luck`) and `answered` float64, over
    sealed tasks, fading by generation;
    `profit` float64, tokens earned less tokens paid, fading likewise; `insolvent` bool, could
    not pay its rent in full in this tick.
    """

    columns: ClassVar[Mapping[str, Column]] = {
        "credits": Column(np.float64),
        "answered": Column(np.float64),
        "profit": Column(np.float64),
        "insolvent": Column(np.bool_),
    }

    def __init__(
        self,
        endowment: int = 10_000_000,
        rent: float = 1.0,
        sharpness: float = 2.0,
        reserve_ticks: int = 20,
    ):
        self.endowment = endowment
        self.rent = rent
        self.sharpness = sharpness
        self.reserve_ticks = reserve_ticks
        self.credit = np.empty(0)
        self.reward = np.empty(0, np.int64)
        self.due = 0
        self.shortfall = np.empty(0, np.int64)
        self._founded = False

    def __call__(self, world: World) -> None:
        """Judge, pay, refund, collect."""
        population, ledger = world.population, world.ledger
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        agent, answers = reasoning.agent, reasoning.answers
        assert answers is not None, "Settlement comes after Reasoning"
        referee = tasks.problem.referee
        query = tasks.board[reasoning.begun]
        self.credit = referee.marks(answers.scores, query)[reasoning.in_time]
        n = len(population)
        first_hand = tasks.sealed[reasoning.place]
        sealed_by = agent[first_hand]
        # Agents of different ages had different tasks: the luck of the draw is taken off.
        merit = self.credit[first_hand] - tasks.luck[tasks.board[reasoning.place[first_hand]]]
        population["credits"][:] += np.bincount(sealed_by, merit, minlength=n)
        population["answered"][:] += np.bincount(sealed_by, minlength=n)

        accounts = population["account"]
        answerers = np.bincount(reasoning.place, minlength=len(tasks.board))
        self.reward = split_exactly(
            tasks.pot * answerers, self.credit**self.sharpness, reasoning.place
        )
        earned = np.bincount(agent, self.reward, minlength=n).astype(np.int64)
        winners = np.flatnonzero(earned)
        ledger.transfer(world.escrow, accounts[winners], earned[winners], code=REWARD)
        _sweep(world, world.escrow, LEFTOVER)
        paid = self._settle_compute(world)

        living = population["alive"]
        income = int(self.rent * (earned.sum() - paid.sum()))
        self.due = max(income // max(int(living.sum()), 1), 0)
        wealth = ledger.available(accounts)
        rent = np.where(living, np.minimum(self.due, wealth), 0)
        self.shortfall = np.where(living, self.due - rent, 0)
        population["insolvent"][:] = wealth < self.due
        population["profit"][:] += earned - paid - self.due
        payers = np.flatnonzero(rent)
        ledger.transfer(accounts[payers], world.treasury, rent[payers], code=RENT)

    def _settle_compute(self, world: World) -> np.ndarray:
        """Unused compute is paid back; int64[n], what each agent has paid for the rest."""
        population = world.population
        market = world.find(ComputeMarket)
        if market is None:
            return np.zeros(len(population), np.int64)
        refund = (population["quota"] - population["spent"]) * market.price
        owed = np.flatnonzero(refund)
        accounts = population["account"][owed]
        world.ledger.transfer(world.compute, accounts, refund[owed], code=REFUND)
        _sweep(world, world.compute, REVENUE)
        return population["spent"] * market.price

    def book(self, world: World, gain: np.ndarray) -> None:
        """Count int[n] tokens that agents gained, or lost, elsewhere towards their profit."""
        world.population["profit"][:] += gain

    def fade(self, world: World, share: float) -> None:
        """Credit and profit of earlier generations count less."""
        for name in ("credits", "answered", "profit"):
            world.population[name][:] *= share

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """Endowments; the founders' also found the treasury."""
        if not self._founded:
            tasks = world.system(Tasks)
            bounties = tasks.bounty * tasks.load * len(rows)
            supply = self.endowment * len(rows) + self.reserve_ticks * bounties
            world.ledger.mint(world.treasury, supply)
            self._founded = True
        affordable = int(world.ledger.available(world.treasury)) // len(rows)
        gift = min(self.endowment, affordable)
        if gift:
            accounts = world.population["account"][rows]
            world.ledger.transfer(world.treasury, accounts, gift, code=ENDOWMENT)

    def state(self) -> dict[str, bool]:
        """Whether the treasury has been founded."""
        return {"founded": self._founded}

    def restore(self, world: World, state: Mapping[str, bool]) -> None:
        """The treasury is not founded twice."""
        self._founded = state["founded"]


def _sweep(world: World, account: int, code: int) -> None:
    """Everything an account holds goes to the treasury."""
    held = int(world.ledger.available(account))
    if held:
        world.ledger.transfer(account, world.treasury, held, code=code)
