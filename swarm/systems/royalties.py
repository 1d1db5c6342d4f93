"""Royalties flow to the authors of findings that others' right answers used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from economy import split_exactly, sum_groups
from swarm.genes import PROTOCOLS
from swarm.population import Column, PopulationError
from swarm.systems.reasoning import Reasoning
from swarm.systems.remembering import Remembering
from swarm.systems.settlement import Settlement
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

ROYALTY_OWED, ROYALTY_PAID = 9, 10


class Royalties(System):
    """Pays a share of what a right answer earned to those who had said so first, in public.

    An answer used a finding if it was not sealed, if its agent trusts hearsay (gene `protocol`),
    and if a public finding said just that. The royalty goes in equal parts to the authors of the
    earliest findings of the fact, as far as they live; the parts of one who used a finding of their
    own stay with them. Repeating what is public earns nothing (see `swarm.memory.facts.discovery`),
    and neither does what was superseded or withdrawn. Whoever cannot pay in full pays what there
    is, in proportion.

    Stands after `Settlement` and `Remembering`.

    Args:
        rate: share of a reward that is owed, in [0, 1].
        authors: most authors of a fact that share it.

    Attributes:
        paid: tokens paid in this tick.
        used: answers of this tick that used a finding of somebody alive.
        unpaid: payers and payees (rows) and tokens that could not be paid, int64[m] each.

    Column: `royalties` int64, tokens received so far.
    """

    columns: ClassVar[Mapping[str, Column]] = {"royalties": Column(np.int64)}

    def __init__(self, rate: float = 0.1, authors: int = 3):
        if not 0 <= rate <= 1 or authors < 1:
            raise PopulationError(
                f"Royalties: rate is a share in [0, 1] and authors 1 or more, such as 0.1 and 3; "
                f"got {rate} and {authors}"
            )
        self.rate = rate
        self.authors = authors
        self.paid = 0
        self.used = 0
        self.unpaid = (np.empty(0, np.int64),) * 3

    def setup(self, world: World) -> None:
        """Findings have to be written, and answers paid for."""
        for kind in (Remembering, Settlement):
            world.system(kind)

    def __call__(self, world: World) -> None:
        """Look up who said so first, and pay."""
        population, ledger = world.population, world.ledger
        reasoning, settlement = world.system(Reasoning), world.system(Settlement)
        royalty = (self.rate * settlement.reward).astype(np.int64)
        owing = np.flatnonzero(self._right(world) & (royalty > 0))
        authors = self._authors(world, reasoning.place[owing], reasoning.agent[owing])
        payer = np.broadcast_to(reasoning.agent[owing, None], authors.shape)
        owed = _equal_parts(royalty[owing], authors >= 0)
        owed[authors == payer] = 0
        self.used = int((owed.sum(axis=1) > 0).sum())
        payer, payee, part = payer[owed > 0], authors[owed > 0], owed[owed > 0]
        n = len(population)
        accounts = population["account"]
        can_pay = np.minimum(sum_groups(part, payer, n), ledger.available(accounts))
        due, part = part, split_exactly(can_pay, part, payer)
        short = due > part
        self.unpaid = (payer[short], payee[short], (due - part)[short])
        paid, received = sum_groups(part, payer, n), sum_groups(part, payee, n)
        for who, amount, code in ((paid, paid, ROYALTY_OWED), (received, received, ROYALTY_PAID)):
            rows = np.flatnonzero(who)
            ends = (accounts[rows], world.escrow)
            debit, credit = ends if code == ROYALTY_OWED else ends[::-1]
            ledger.transfer(debit, credit, amount[rows], code=code)
        self.paid = int(paid.sum())
        population["royalties"][:] += received
        settlement.book(world, received - paid)

    def _right(self, world: World) -> np.ndarray:
        """bool[T]: right answers, in the open, of those who trust hearsay."""
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        answers = reasoning.answers
        assert answers is not None, "Royalties come after Reasoning"
        query = tasks.board[reasoning.place]
        right = answers.best[reasoning.in_time] == tasks.problem.referee.truth[query]
        trust = world.genes("protocol")[:, list(PROTOCOLS).index("trust")]
        used: np.ndarray = right & (trust > 0)[reasoning.agent] & ~tasks.sealed[reasoning.place]
        return used

    def _authors(self, world: World, place: np.ndarray, reader: np.ndarray) -> np.ndarray:
        """int64[m, most]: rows of the living who first said what answers places of the board.

        As far as the readers (rows) could know of it; -1 for none.
        """
        tasks, memory = world.system(Tasks), world.system(Remembering)
        block, board = tasks.problem.table.block, tasks.board
        truth = tasks.problem.referee.truth[board]
        known = truth >= 0  # others are not on the list of their query: nobody can say them
        source, relation = block.source[board], block.relation[board]
        answer = np.where(known, block.entity(board, np.maximum(truth, 0)), 0)
        R = memory.facts.relations
        forward = relation < R
        fact = np.where(forward, source, answer), relation % R, np.where(forward, answer, source)
        first = np.full((len(place), self.authors), -1)
        replica = memory.replica(world)[reader]
        for number, edition in enumerate(memory.editions):
            mine = np.flatnonzero((replica == number) & known[place])
            said = [column[place[mine]] for column in fact]
            first[mine] = edition.first_to_say(memory.facts, said, self.authors)
        ids = world.population["id"]  # which ascend
        if not (len(memory.facts) and len(ids)):
            return np.full_like(first, -1)
        author = memory.facts.columns()["author"][np.maximum(first, 0)]
        row = np.minimum(np.searchsorted(ids, author), len(ids) - 1)
        lives = (first >= 0) & (ids[row] == author) & world.population["alive"][row]
        return np.where(lives, row, -1)


def _equal_parts(amount: np.ndarray, among: np.ndarray) -> np.ndarray:
    """int64[m, most]: amounts int64[m] in equal whole parts among bool[m, most], first first."""
    number = among.sum(axis=1)
    part, left = np.divmod(amount, np.maximum(number, 1))
    place = np.cumsum(among, axis=1) - 1
    parts: np.ndarray = np.where(among, part[:, None] + (place < left[:, None]), 0)
    return parts
