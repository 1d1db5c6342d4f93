"""Authors sell findings that are not public yet to agents whose tasks they bear on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from economy.auctions.call import BUY, SELL, call_auction
from evolution import Locus, Real
from swarm.genes import PROTOCOLS
from swarm.gossip import rows_of
from swarm.systems.gossip import Gossip
from swarm.systems.practising import Practising
from swarm.systems.remembering import Remembering
from swarm.systems.settlement import Settlement
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

FINDING_SOLD = 16

SPARE = 10
"""Of what they own, agents spend at most one part of this many on findings in a tick."""


class FindingMarket(System):
    """One call auction for each query on the board: the authors of findings ask, askers bid.

    A private finding that answers a query of the board, sealed tasks aside, is offered by its
    author, in as many copies as there are bids. Bids are for one finding, whichever is cheapest,
    from those who have the task, trust hearsay (gene `protocol`), and neither wrote nor heard
    anything private about the query. Prices are shares of what an agent expects of the relation
    (`Practising`), in whole tokens; all trade at one price, ties by lot. Buyers have the finding
    in mind at once, may use it in this tick and tell it in the next. What finds no room in a mind
    full of newer findings is not paid for.

    Stands after `Gossip` and before `Reasoning`.

    Attributes:
        sold: copies sold in this tick.
        turnover: tokens paid for them.

    Genes: `finding bid` and `finding ask` in [0, 1], shares of what an agent expects of a task.
    """

    def __init__(self) -> None:
        self.sold = 0
        self.turnover = 0

    def loci(self, world: World) -> Mapping[str, Locus]:
        """What a finding is worth."""
        return {
            name: Real(1, 0.0, 1.0, precision="float32") for name in ("finding bid", "finding ask")
        }

    def setup(self, world: World) -> None:
        """Findings have to be written, kept in mind, and of some worth."""
        for kind in (Tasks, Gossip, Remembering, Practising, Settlement):
            world.system(kind)

    def __call__(self, world: World) -> None:
        """Auctions in the order of the queries, delivery, payment."""
        population = world.population
        n = len(population)
        funds = world.ledger.balance(population["account"]) // SPARE
        lot = world.stream(self.name).permutation(n)
        query, relation = self._queries(world)
        asked, finding, author, known = self._offers(world, query)
        wanted = np.setdiff1d(self._wanted(world, query), known)
        sales = [(lot[:0],) * 4]
        for place in np.intersect1d(asked, wanted // max(n, 1)).tolist():
            bid, ask = self._worth(world, int(relation[place]))
            bidders = wanted[np.searchsorted(wanted, place * n) :]
            bidders = bidders[: np.searchsorted(bidders, (place + 1) * n)] - place * n
            offer = slice(*np.searchsorted(asked, [place, place + 1]))
            offered = np.minimum(bid, funds)[bidders]
            buyers, sold, price = _traded(
                bidders[offered > 0], offered[offered > 0], author[offer], ask, lot
            )
            funds[buyers] -= price
            sellers, copies = author[offer][sold], finding[offer][sold]
            sales.append((buyers, sellers, copies, np.full(len(buyers), price)))
        self._settle(world, *(np.concatenate(column) for column in zip(*sales, strict=True)))

    def _queries(self, world: World) -> tuple[np.ndarray, np.ndarray]:
        """Keys, ascending, and relations of the queries of the board that are not sealed."""
        tasks = world.system(Tasks)
        block, board = tasks.problem.table.block, tasks.board[~tasks.sealed]
        query, first = np.unique(block.key[board], return_index=True)
        return query, block.relation[board[first]]

    def _wanted(self, world: World, query: np.ndarray) -> np.ndarray:
        """int64[m], ascending: place of a query * n + row, of who has it and trusts hearsay."""
        tasks, population = world.system(Tasks), world.population
        trust = world.genes("protocol")[:, list(PROTOCOLS).index("trust")] > 0
        able = population["alive"] & trust
        may = ~tasks.sealed[tasks.place] & able[tasks.agent]
        key = tasks.problem.table.block.key[tasks.board[tasks.place[may]]]
        return np.unique(np.searchsorted(query, key) * len(population) + tasks.agent[may])

    def _offers(
        self, world: World, query: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Private findings that answer queries of the board, and who knows of them.

        Returns place of the query (ascending), finding, and row of its author, who lives, int64[m]
        each; and place * n + row of who has something of the kind in mind or wrote it.
        """
        memory, population = world.system(Remembering), world.population
        n, heard = len(population), population["heard"]
        public = memory.findings.public_count(world.steps, memory.embargo)
        columns = {name: column[public:] for name, column in memory.findings.columns().items()}
        place, which = self._answered(world, query, columns)
        author = rows_of(population["id"], columns["author"])
        lives = author >= 0
        lives[lives] = population["alive"][author[lives]]
        wrote = author[which]
        knowing = [place[wrote >= 0] * n + wrote[wrote >= 0]]
        mind, slot = np.nonzero(heard >= public)
        about = [np.full(len(lives), -1), np.full(len(lives), -1)]  # forward, and backward
        for way, (at, of) in enumerate(self._by_way(place, which, len(lives))):
            about[way][of] = at
            said = about[way][heard[mind, slot] - public]
            knowing.append(said[said >= 0] * n + mind[said >= 0])
        some = lives[which]
        return place[some], which[some] + public, wrote[some], np.concatenate(knowing)
