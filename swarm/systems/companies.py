"""Agents found companies, which pay wages by contribution and dividends by shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy import Firms, split_exactly, sum_groups
from economy.firms import FirmRefusal
from evolution import Locus, Real
from swarm.gossip import rows_of
from swarm.population import Column, PopulationError
from swarm.systems.gossip import Gossip
from swarm.systems.reasoning import Reasoning
from swarm.systems.settlement import Settlement
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World

TITHE, WAGE, DIVIDEND = 12, 13, 14
NONE = -1
MOST_MEMBERS = 12
PARTS = math.lcm(*range(1, MOST_MEMBERS + 1))
"""Wages are counted in this part of a token, so that what up to 12 members share is exact."""
SPARE = 10
"""Agents put at most one part in this many of what they own into a company."""


class Companies(System):
    """Firms of agents, in the register `economy.Firms`.

    Founders put in the same capital and get a share for each token. In every tick members hand in
    a tithe of what their answers earned. What a set of members is worth is, summed over tasks, the
    most that any of them handed in for it; at payday wages are the Shapley value of that game,
    summed over the ticks since the last one, and what members handed in beyond it, for tasks that
    several of them solved, is profit, paid as dividends by shares. The capital stays until the
    company is dissolved. (For one task the game is that of the airport runway, whose value is
    known in closed form: Littlechild & Owen 1973, "A simple expression for the Shapley value in a
    special case", Management Science 20:370-372; and the value of a sum of games is the sum.)

    The treasury inherits the shares of the dead, as it does their tokens; wages due to them go
    to their estate. A company with fewer than two members left is dissolved by the waterfall:
    wages first, shareholders last. After payday, companies with at most half the members that
    there may be merge in pairs, by age, shares exchanged by what each owns.

    Capital is no loss until it is lost: of what a dissolution returns, only what is above or below
    the capital put in counts as profit.

    Stands after `Settlement`, and before `Bankruptcy` where there is one.

    Args:
        members: most members of a company, 2 to 12.
        capital: tokens that each founder puts in; only those found who own ten times as much.
        tithe: share of rewards that members hand in, in [0, 1].
        every: ticks between paydays.

    Attributes:
        register: the `economy.Firms` of this world; a company's number is its place there.
        founded, merged: companies of this tick.
        wages, dividends: tokens paid in this tick.

    Gene: `venture` in [0, 1], the probability that an agent without a company is ready to found
    one in a tick, with those that it knows by `Gossip`, or with anybody if there is none. Columns:
    `company` int64, -1 for none; `invested` int64, tokens paid for shares; `wage` int64, due to it
    since the last payday, in 27,720ths of a token.
    """

    columns: ClassVar[Mapping[str, Column]] = {
        "company": Column(np.int64, default=NONE),
        "invested": Column(np.int64),
        "wage": Column(np.int64),
    }

    def __init__(self, members: int = 4, capital: int = 1_000, tithe: float = 0.2, every: int = 4):
        if not (2 <= members <= MOST_MEMBERS and capital >= 1 and 0 <= tithe <= 1 and every >= 1):
            raise PopulationError(
                f"Companies: members are 2 to {MOST_MEMBERS}, capital and every 1 or more, and "
                "tithe is a share in [0, 1], such as 4, 1000, 4 and 0.2; got "
                f"{members}, {capital}, {every} and {tithe}"
            )
        self.members = members
        self.capital = capital
        self.tithe = tithe
        self.every = every
        self.founded = 0
        self.merged = 0
        self.wages = 0
        self.dividends = 0
        self.register: Firms
        self._kept = np.empty(0, np.int64)  # capital of each company, which is not paid out

    def loci(self, world: World) -> Mapping[str, Locus]:
        """How readily to found."""
        return {"venture": Real(1, 0.0, 1.0, precision="float32")}

    def setup(self, world: World) -> None:
        """There have to be earnings."""
        world.system(Settlement)
        self.register = Firms(world.ledger)

    def __call__(self, world: World) -> None:
        """Tithes; on payday wages, dividends, mergers; then new companies."""
        accounts = world.population["account"]
        before = world.ledger.balance(accounts)
        self.founded = self.merged = self.wages = self.dividends = 0
        payday = world.steps % self.every == 0
        self._collect(world)
        if payday:
            self._pay_wages(world)
            self._pay_dividends(world)
        world.system(Settlement).book(world, world.ledger.balance(accounts) - before)
        if payday:
            self._merge(world)
        self._found(world)

    def _collect(self, world: World) -> None:
        """Members hand in tithes, as far as they can, and are due wages for them."""
        population, ledger = world.population, world.ledger
        reasoning = world.system(Reasoning)
        tithe = (self.tithe * world.system(Settlement).reward).astype(np.int64)
        task = np.flatnonzero((population["company"][reasoning.agent] >= 0) & (tithe > 0))
        member, place, due = reasoning.agent[task], reasoning.place[task], tithe[task]
        accounts, n = population["account"], len(population)
        can_pay = np.minimum(sum_groups(due, member, n), ledger.available(accounts))
        given = split_exactly(can_pay, due.astype(float), member)
        total = sum_groups(given, member, n)
        payers = np.flatnonzero(total)
        company = population["company"]
        ledger.transfer(
            accounts[payers], self.register.accounts[company[payers]], total[payers], code=TITHE
        )
        population["wage"][:] += sum_groups(runway_shares(company[member], place, given), member, n)

    def _pay_wages(self, world: World) -> None:
        population = world.population
        company, wage = population["company"], population["wage"]
        rows = np.flatnonzero(company >= 0)
        pots = sum_groups(wage[rows], company[rows], len(self.register)) // PARTS
        paid = split_exactly(pots, wage[rows].astype(float), company[rows])
        rows, paid = rows[paid > 0], paid[paid > 0]
        self._pay(world, rows, paid)
        self.wages = int(paid.sum())
        population["wage"][:] = 0

    def _pay(self, world: World, rows: np.ndarray, wage: np.ndarray) -> None:
        """Wages int64[m], each more than 0, to members by row."""
        population = world.population
        self.register.pay(population["company"][rows], population["account"][rows], wage, code=WAGE)

    def _pay_dividends(self, world: World) -> None:
        """What companies own beyond their capital."""
        profit = world.ledger.balance(self.register.accounts) - self._kept
        rich = np.flatnonzero(self.register.alive & (profit > 0))
        self.register.pay_dividends(rich, profit[rich], code=DIVIDEND)
        self.dividends = int(profit[rich].sum())

    def _found(self, world: World) -> None:
        """Those who are ready, and their partners, found companies."""
        population, rng = world.population, world.stream(self.name)
        ready = rng.random(len(population)) < world.genes("venture")[:, 0]
        wealth = world.ledger.available(population["account"])
        ready &= population["alive"] & (population["company"] == NONE)
        ready &= wealth >= SPARE * self.capital
        order = rng.permutation(np.flatnonzero(ready))
        group = _gathered(order, self._known(world, order), ready, self.members)
        rows = np.flatnonzero(group >= 0)
        if not len(rows):
            return
        accounts = population["account"][rows]
        formed, _ = self.register.form(accounts, self.capital, group[rows])
        joined = formed[group[rows]]
        population["company"][rows] = joined
        population["invested"][rows] = np.where(joined >= 0, self.capital, 0)
        self.founded = int((formed >= 0).sum())
        founders = np.bincount(joined[joined >= 0], minlength=len(self.register))
        kept = np.append(self._kept, np.zeros(self.founded, np.int64))
        self._kept = kept + founders * self.capital

    def _known(self, world: World, order: np.ndarray) -> np.ndarray:
        """int64[n, k]: rows of those whom each agent may ask, -1 for none."""
        population = world.population
        if world.find(Gossip) is not None:
            return rows_of(population["id"], population["peers"])
        known = np.full((len(population), self.members - 1), NONE)
        if len(order):
            after = np.arange(len(order))[:, None] + np.arange(1, self.members)
            known[order] = order[after % len(order)]
        return known

    def _merge(self, world: World) -> None:
        """Small companies merge, the younger of each pair into the older."""
        company = world.population["company"]
        number = np.bincount(company[company >= 0], minlength=len(self.register))
        small = np.flatnonzero(self.register.alive & (number <= self.members // 2))
        owned = world.ledger.balance(self.register.accounts).tolist()
        shares = self.register.shares.tolist()
        for into, absorbed in small[: len(small) // 2 * 2].reshape(-1, 2).tolist():
            new, old = owned[absorbed] * shares[into], owned[into] * shares[absorbed]
            if self.register.merge(absorbed, into, new, old) is FirmRefusal.OK:
                company[company == absorbed] = into
                self._kept[into] += self._kept[absorbed]
                self._kept[absorbed] = 0
                self.merged += 1

    def on_death(self, world: World, rows: np.ndarray) -> None:
        """Companies too small are dissolved; from others the dead take their wages."""
        population = world.population
        company = population["company"]
        living = company[population["alive"] & (company >= 0)]
        number = np.bincount(living, minlength=len(self.register))
        self._dissolve(world, np.flatnonzero(self.register.alive & (number < 2)))
        leaving = rows[company[rows] >= 0]
        due = population["wage"][leaving] // PARTS
        self._pay(world, leaving[due > 0], due[due > 0])
        company[leaving] = NONE
        population["wage"][leaving] = 0
        table = self.register.cap_table()
        left = np.isin(table["holder"], population["account"][rows])
        self.register.transfer_shares(
            table["firm"][left], table["holder"][left], world.treasury, table["shares"][left]
        )

    def _dissolve(self, world: World, ending: np.ndarray) -> None:
        population = world.population
        accounts = population["account"]
        before = world.ledger.balance(accounts)
        members = np.flatnonzero(np.isin(population["company"], ending))
        due = population["wage"][members] // PARTS
        self.register.dissolve(
            ending,
            accounts[members][due > 0],
            due[due > 0],
            group=np.searchsorted(ending, population["company"][members][due > 0]),
        )
        gain = world.ledger.balance(accounts) - before
        gain[members] -= population["invested"][members]
        world.system(Settlement).book(world, gain)
        self._kept[ending] = 0
        for name, value in (("company", NONE), ("invested", 0), ("wage", 0)):
            population[name][members] = value

    def state(self) -> dict[str, Any]:
        """The register, and the capital of each company."""
        return {"register": self.register.state(), "kept": self._kept.copy()}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Take up the register; the ledger is already restored."""
        self.register.restore(state["register"])
        self._kept = np.array(state["kept"], np.int64)


def runway_shares(company: np.ndarray, place: np.ndarray, given: np.ndarray) -> np.ndarray:
    """int64[m]: Shapley value of each contribution, in 27,720ths of a token.

    Of those who handed in something for the same task of the same company, at most 12, each
    shares every token up to its own contribution with all who gave that much: the airport game of
    Littlechild & Owen 1973, exact.
    """
    order = np.lexsort((given, place, company))
    firm, task, amount = company[order], place[order], given[order]
    opens = np.ones(len(order), bool)
    opens[1:] = (np.diff(firm) != 0) | (np.diff(task) != 0)
    first = np.flatnonzero(opens)
    size = np.diff(np.append(first, len(order)))
    position = np.arange(len(order)) - np.repeat(first, size)
    step = np.diff(amount, prepend=0)
    step[opens] = amount[opens]
    running = np.cumsum(step * (PARTS // (np.repeat(size, size) - position)))
    shares = np.empty(len(order), np.int64)
    before = np.append(0, running)[first]
    shares[order] = running - np.repeat(before, size)
    return shares


@njit(cache=True, nogil=True)
def _gathered(
    order: NDArray[np.int64], known: NDArray[np.int64], ready: NDArray[np.bool_], most: int
) -> NDArray[np.int64]:
    """Groups int64[n], 0 and up, -1 for none: each in turn asks those it knows and who are free."""
    group = np.full(ready.size, -1, np.int64)
    groups = 0
    for i in order:
        if group[i] >= 0:
            continue
        size = 1
        for j in known[i]:
            if size < most and j >= 0 and j != i and ready[j] and group[j] < 0:
                group[j] = groups
                size += 1
        if size > 1:
            group[i] = groups
            groups += 1
    return group
