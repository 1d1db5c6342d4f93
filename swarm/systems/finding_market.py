"""Authors sell findings that are not public yet to agents whose tasks they bear on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from economy import Side, call_auction
from evolution import Locus, Real
from swarm.genes import PROTOCOLS
from swarm.gossip import rows_of
from swarm.memory import FOREVER
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
        funds = world.ledger.available(population["account"]) // SPARE
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
        population, memory = world.population, world.system(Remembering)
        n, heard = len(population), population["heard"]
        public = memory.facts.public_count(world.steps, memory.embargo)
        answered = self._answered(world, query, public)
        author = rows_of(population["id"], memory.facts.columns()["author"][public:])
        which, way = np.nonzero(answered >= 0)
        place = answered[which, way]
        wrote = author[which]
        mind, slot = np.nonzero(heard >= public)
        told = answered[heard[mind, slot] - public]
        pairs = [place[wrote >= 0] * n + wrote[wrote >= 0]]
        pairs += [told[told[:, w] >= 0, w] * n + mind[told[:, w] >= 0] for w in (0, 1)]
        lives = np.flatnonzero(wrote >= 0)
        lives = lives[population["alive"][wrote[lives]]]
        lives = lives[np.argsort(place[lives], kind="stable")]
        return place[lives], which[lives] + public, wrote[lives], np.concatenate(pairs)

    def _answered(self, world: World, query: np.ndarray, public: int) -> np.ndarray:
        """int64[m, 2]: place of the query that private findings answer, forward and backward.

        -1 where the board does not ask it, the answer is not on its list, or it was taken back.
        """
        findings = world.system(Remembering).facts
        subject, relation, object_ = (
            findings.columns()[name][public:] for name in ("subject", "relation", "object")
        )
        key, _ = world.system(Tasks).problem.table.block.heard(
            np.stack([subject, object_], axis=1),
            np.stack([relation, relation + findings.relations], axis=1),
            np.stack([object_, subject], axis=1),
        )
        place = np.minimum(np.searchsorted(query, key), max(len(query) - 1, 0))
        if not len(query):
            return np.full(key.shape, -1)
        stands = findings.columns()["ended"][public:, None] == FOREVER
        return np.where(stands & (query[place] == key), place, -1)

    def _worth(self, world: World, relation: int) -> tuple[np.ndarray, np.ndarray]:
        """Bids and asks int64[n] for a finding about a relation."""
        expected = np.maximum(world.system(Practising).expected(world, relation), 0)
        bid, ask = (world.genes(f"finding {name}")[:, 0].astype(float) for name in ("bid", "ask"))
        bids, asks = np.floor(bid * expected), np.ceil(ask * expected)
        return bids.astype(np.int64), asks.astype(np.int64)

    def _settle(
        self,
        world: World,
        buyer: np.ndarray,
        seller: np.ndarray,
        finding: np.ndarray,
        price: np.ndarray,
    ) -> None:
        """Findings go to the minds of buyers, and tokens to sellers for what arrived there."""
        accounts = world.population["account"]
        world.system(Gossip).tell(world, buyer, finding)
        arrived = (world.population["heard"][buyer] == finding[:, None]).any(axis=1)
        buyer, seller, price = buyer[arrived], seller[arrived], price[arrived]
        paid = price > 0
        world.ledger.transfer(
            accounts[buyer[paid]], accounts[seller[paid]], price[paid], code=FINDING_SOLD
        )
        gain = np.zeros(len(accounts), np.int64)
        np.add.at(gain, seller, price)
        np.subtract.at(gain, buyer, price)
        world.system(Settlement).book(world, gain)
        self.sold, self.turnover = len(buyer), int(price.sum())


def _traded(
    bidder: np.ndarray, bid: np.ndarray, author: np.ndarray, ask: np.ndarray, lot: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows of who buys, which of the offers int64[k] each gets, and the price."""
    trader = np.concatenate([bidder, author])
    side = np.where(np.arange(len(trader)) < len(bidder), Side.BUY, Side.SELL)
    copies = np.where(side == Side.BUY, 1, len(bidder))
    call = call_auction(side, np.concatenate([bid, ask[author]]), copies, priority=lot[trader])
    buyers = bidder[call.filled[: len(bidder)] > 0]
    sold = np.repeat(np.arange(len(author)), call.filled[len(bidder) :])
    return buyers, sold, call.price or 0
