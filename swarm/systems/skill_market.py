"""Agents trade tasks: who is good with a relation buys its tasks from those who are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from economy import Side, call_auction
from evolution import Locus, Real
from swarm.population import PopulationError
from swarm.systems.practising import Practising
from swarm.systems.settlement import Settlement
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

TASK_SOLD = 15

SPARE = 10
"""Of what they own, agents spend at most one part of this many on tasks in a tick."""


class SkillMarket(System):
    """One call auction for each place of the board: who has its task asks, who lacks it bids.

    What a task is worth to an agent is what it expects of the relation (`Practising`). It bids a
    share of that and asks a multiple of it, in whole tokens, so that both sides of every trade
    expect to gain. All trade at one price (`economy.auctions.call`), ties by lot. A sold task is
    the buyer's: it answers, and is paid the pot's share. As every auction is for one place, nobody
    has a task twice.

    Stands after `Tasks` and before `ComputeMarket` and `Reasoning`.

    Args:
        most: most tasks that an agent may hold, as a multiple of those that it is given; >= 1.

    Attributes:
        traded: tasks that changed hands in this tick.
        turnover: tokens paid for them.

    Genes: `task bid` in [0, 1], the share of what it expects that an agent offers; `task ask` in
    [1, 2], the multiple that it wants.
    """

    def __init__(self, most: float = 2.0):
        if not 1 <= most < np.inf:
            raise PopulationError(
                "SkillMarket: most is a multiple of the tasks that an agent is given, 1 or more, "
                f"such as 2.0; got {most}"
            )
        self.most = most
        self.traded = 0
        self.turnover = 0

    def loci(self, world: World) -> Mapping[str, Locus]:
        """How hard to bargain."""
        return {
            "task bid": Real(1, 0.0, 1.0, precision="float32"),
            "task ask": Real(1, 1.0, 2.0, precision="float32"),
        }

    def setup(self, world: World) -> None:
        """There have to be records, and tasks that some have and others have not."""
        for kind in (Practising, Settlement):
            world.system(kind)
        tasks = world.system(Tasks)
        if tasks.load == tasks.per_tick:
            raise PopulationError(
                "SkillMarket trades tasks that some agents have and others have not, but Tasks "
                f"gives all {tasks.per_tick} of the board to everybody; give each a part: "
                f"Tasks(problem, {tasks.per_tick}, per_agent={max(tasks.per_tick // 4, 1)})"
            )

    def __call__(self, world: World) -> None:
        """Auctions in the order of the board, then payment for all of them."""
        population, tasks = world.population, world.system(Tasks)
        n = len(population)
        room = int(self.most * tasks.load) - np.bincount(tasks.agent, minlength=n)
        room = np.where(population["alive"], room, 0)
        funds = world.ledger.available(population["account"]) // SPARE
        lot = world.stream(self.name).permutation(n)
        worth = self._worth(world)
        relation = tasks.problem.table.block.relation[tasks.board]
        by_place = np.argsort(tasks.place, kind="stable")
        begin = np.searchsorted(tasks.place[by_place], np.arange(len(tasks.board) + 1))
        sales = [(lot[:0],) * 3]
        for place in range(len(tasks.board)):
            task = by_place[begin[place] : begin[place + 1]]
            holders = tasks.agent[task]
            bid, ask = worth[int(relation[place])]
            offered = np.where(room > 0, np.minimum(bid, funds), 0)
            offered[holders] = 0
            sellers, buyers, price = _traded(holders, ask[holders], offered, lot)
            room[holders[sellers]] += 1
            room[buyers] -= 1
            funds[buyers] -= price
            sales.append((task[sellers], buyers, np.full(len(buyers), price)))
        self._settle(world, *(np.concatenate(column) for column in zip(*sales, strict=True)))

    def _worth(self, world: World) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Bids and asks int64[n] by relation, of those on the board."""
        tasks, practising = world.system(Tasks), world.system(Practising)
        share = world.genes("task bid")[:, 0].astype(float)
        multiple = world.genes("task ask")[:, 0].astype(float)
        worth = {}
        for relation in np.unique(tasks.problem.table.block.relation[tasks.board]).tolist():
            expected = np.maximum(practising.expected(world, relation), 0)
            bid, ask = np.floor(share * expected), np.ceil(multiple * expected)
            worth[relation] = bid.astype(np.int64), ask.astype(np.int64)
        return worth

    def _settle(self, world: World, task: np.ndarray, buyer: np.ndarray, price: np.ndarray) -> None:
        """Tasks (places in `Tasks.agent`) go to their buyers, and tokens to the sellers."""
        tasks, accounts = world.system(Tasks), world.population["account"]
        seller = tasks.agent[task]
        some = price > 0
        world.ledger.transfer(
            accounts[buyer[some]], accounts[seller[some]], price[some], code=TASK_SOLD
        )
        gain = np.zeros(len(accounts), np.int64)
        np.add.at(gain, seller, price)
        np.subtract.at(gain, buyer, price)
        world.system(Settlement).book(world, gain)
        tasks.hand_over(task, buyer)
        self.traded, self.turnover = len(task), int(price.sum())


def _traded(
    holders: np.ndarray, ask: np.ndarray, offered: np.ndarray, lot: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Which of the holders of a task sell it (bool), the rows of who buys, and the price."""
    bidders = np.flatnonzero(offered)
    trader = np.concatenate([bidders, holders])
    side = np.where(np.arange(len(trader)) < len(bidders), Side.BUY, Side.SELL)
    prices = np.concatenate([offered[bidders], ask])
    call = call_auction(side, prices, np.ones_like(prices), priority=lot[trader])
    filled = call.filled > 0
    return filled[len(bidders) :], bidders[filled[: len(bidders)]], call.price or 0
