"""Many commons side by side, tick by tick: one memory, one ledger, one register hold them all.

Each lane is a commons of its own: its queries, names and accounts are nobody else's, so that what
happens in it does not depend on how many others there are, nor on which. What is shared is the
work: each tick costs a few calls of `swarm.memory.Facts` and `Tally`,
`economy.StakedReputation` and `economy.Ledger`, however many lanes there are.

A tick: honest and red findings are written, staked on and remembered; traders move the price to
what the memory says of the headline; red trades and redeems; queries that close are read, stakes
on them are settled, and those who were wrong are known for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from arenas.red_blue.defence import WINDOW_MOST, Defences
from arenas.red_blue.market import follow, oracle_prices, redeem, take_trades
from arenas.red_blue.plan import plan
from arenas.red_blue.rules import CommonsRules
from arenas.red_blue.script import Act
from arenas.red_blue.standing import circle, credence, endorsed
from arenas.red_blue.writing import STRANGER, admit, to_bond, unfold
from economy import Ledger, StakedReputation
from swarm.memory import Facts, Tally

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RICH = 2**30
"""Credits and tokens of those whose means are not the question: the treasury, the traders."""
CERTAIN = 1000
LANE, SLOT, NAME, QUERY, ANSWER, PAYER = range(6)


class Lanes:
    """L commons of the same rules.

    Attributes:
        rules: see `CommonsRules`.
        seeds: uint64[L].
        tick: ticks done.
        credits, tokens: the two ledgers.
        staked: the register of names, bonds and weights.
        findings, tally: the memory.
        wrong: int64[L, Q], readers who acted wrongly on each query that has closed.
    """

    def __init__(self, rules: CommonsRules, seeds: npt.NDArray[np.uint64]) -> None:
        self.rules, self.seeds, self.tick = rules, seeds, 0
        n, actors, queries = len(seeds), rules.actors, rules.queries
        self.plan = plan(rules, seeds)
        self._set_out_honest()
        self.credits, self.tokens = Ledger(), Ledger()
        treasuries = int(self.credits.open()[0]), int(self.tokens.open()[0])
        self.staked = StakedReputation(self.credits, treasuries[0], shared=0, earning=512, fading=0)
        self.treasuries = treasuries
        self.first = self._open(self.credits, rules.credits), self._open(self.tokens, rules.tokens)
        self.credits.mint(treasuries[0], RICH * n)
        self.reserves = np.tile(np.array([rules.depth * rules.par, rules.depth]), (n, 1))
        lane, slot = (each.ravel() for each in np.indices((n, actors)))
        self.name_lane, self.name_slot = lane, slot
        self.name_of = self.staked.join(self.account(lane, slot)).reshape(n, actors)
        self.struck = np.zeros(n * actors, bool)
        self.spoken = np.full((n, actors, queries), -1)
        self.endorses = np.tile(circle(rules.honest, actors), (n, 1, 1))
        places = n * queries
        self.findings = Facts(places * (1 + rules.answers), 1)
        self.tally = Tally(places * (1 + rules.answers), 1)
        self.pending = np.empty((0, 5), np.int64)  # claim, lane, query, name, right
        self.prices = np.full((n, WINDOW_MOST), float(rules.par))
        self.traded = np.zeros((n, WINDOW_MOST, 2))
        self.oracle = np.full(n, float(rules.par))
        self.wrong = np.zeros((n, queries), np.int64)
        self.newcomers = np.zeros(n, np.int64)

    def __len__(self) -> int:
        return len(self.seeds)

    def _set_out_honest(self) -> None:
        """Put what honest names will write into the order of time, lane by lane in each tick."""
        when = self.plan.tick.ravel()
        order = np.argsort(when, kind="stable")
        self._honest = order
        self._until = np.searchsorted(when[order], np.arange(self.rules.ticks + 1))

    def _open(self, ledger: Ledger, each: int) -> int:
        """Open and fund the accounts of all lanes: actors, a trader and a till in each."""
        rules, n = self.rules, len(self)
        accounts = ledger.open(n * (rules.actors + 2)).reshape(n, rules.actors + 2)
        funds = np.full(accounts.shape, RICH)
        funds[:, : rules.actors] = each
        funds[:, -1] = rules.depth * (rules.par if ledger is self.credits else 1)
        ledger.mint(accounts.ravel(), funds.ravel())
        return int(accounts[0, 0])

    def account(self, lane: Integers, slot: Integers) -> Integers:
        """int64[m], accounts of actors in the ledger of credits."""
        return self.first[0] + lane * (self.rules.actors + 2) + slot

    @property
    def over(self) -> bool:
        """Whether all queries have closed."""
        return self.tick >= self.rules.ticks

    @property
    def price(self) -> Floats:
        """float64[L], credits for a token now."""
        return self.reserves[:, 0] / self.reserves[:, 1]

    @property
    def profit(self) -> Integers:
        """int64[L], credits that red has won: bonds included, tokens at par."""
        rules, n = self.rules, len(self)
        lane, slot = np.indices((n, rules.red))
        place = lane * (rules.actors + 2) + slot + rules.honest
        owned = self.credits.balance((self.first[0] + place).ravel()).reshape(n, -1).sum(axis=1)
        held = self.tokens.balance((self.first[1] + place).ravel()).reshape(n, -1).sum(axis=1)
        red = self.name_slot >= rules.honest
        np.add.at(owned, self.name_lane[red], self.staked.bonds[red])
        began = rules.red * (rules.credits + rules.par * rules.tokens)
        gained: Integers = owned + rules.par * held - began
        return gained

    @property
    def harm(self) -> Floats:
        """float64[L], the share of all readers misled so far, and red's profit in purses."""
        asked = self.rules.queries * self.rules.readers
        return np.asarray(self.wrong.sum(axis=1) / asked + self.profit / self.rules.purse)

    def said(self, query: int) -> npt.NDArray[np.float32]:
        """float32[L, C], the weight of each answer of a query in the memory."""
        place = np.arange(len(self)) * self.rules.queries + query
        listed = self._answers(place)[:, np.newaxis] + np.arange(self.rules.answers)
        return self.tally.rows(place, 0, listed)[1]

    def advance(self, defences: Defences, lane: Integers, actions: Integers) -> None:
        """One tick; red's actions int64[m, 5] of lanes int64[m], ascending, in order."""
        self.credits.tick = self.tokens.tick = self.tick
        self._write(defences, lane, actions)
        self._trade(defences, lane, actions)
        for query in np.flatnonzero(self.rules.closes == self.tick).tolist():
            self._close(defences, query)
        self.tick += 1

    # -- memory -----------------------------------------------------------------------------

    def _write(self, defences: Defences, lane: Integers, actions: Integers) -> None:
        rules = self.rules
        rows, confidence = self._findings(lane, actions)
        admitted, counted = np.empty((2, len(rows)), bool)
        written = np.zeros((len(self), rules.actors), np.int64)
        settings = defences.voices, defences.limit
        times = rules.opens, rules.closes
        admit(rows, self.tick, *times, *settings, written, self.spoken, admitted, counted)
        admitted, claim = self._stake(defences, rows, admitted)
        rows, confidence, counted = rows[admitted], confidence[admitted], counted[admitted]
        lanes, name = rows[:, LANE], rows[:, NAME]
        right = rows[:, ANSWER] == self.plan.truth[lanes, rows[:, QUERY]]
        self.pending = np.concatenate(
            [self.pending, np.stack([claim, lanes, rows[:, QUERY], name, right], axis=1)]
        )
        standing = endorsed(self.endorses, rules.honest, defences.endorsement)
        known = np.where(rows[:, SLOT] == STRANGER, 0.0, standing[lanes, rows[:, SLOT]])
        weight = self.staked.weights[name]
        believed = credence(defences, lanes, weight, known, self.struck[name]) * counted
        if len(rows):
            place = lanes * rules.queries + rows[:, QUERY]
            self.findings.append(
                place,
                0,
                self._answers(place) + rows[:, ANSWER],
                author=name,
                tick=self.tick,
                engine=0,
                confidence=confidence,
                credence=believed,
            )
        self.tally.absorb(self.findings, np.arange(self.tally.absorbed, len(self.findings)))

    def _findings(
        self, lane: Integers, actions: Integers
    ) -> tuple[Integers, npt.NDArray[np.float32]]:
        """What is to be written now: rows of `unfold`, honest ones first, and how sure it is."""
        mine = self._honest[self._until[self.tick] : self._until[self.tick + 1]]
        where, query, name = np.unravel_index(mine, self.plan.tick.shape)
        said = self.plan.answer.ravel()[mine]
        honest = np.stack([where, name, self.name_of[where, name], query, said, name], axis=1)
        made = self._unfolded(lane, actions)
        sure = np.ones(len(made), np.float32)
        return (
            np.concatenate([honest, made]),
            np.concatenate([self.plan.confidence.ravel()[mine], sure]),
        )

    def _unfolded(self, lane: Integers, actions: Integers) -> Integers:
        kind, amount = actions[:, 0], actions[:, 4]
        writes, fresh = (kind == Act.WRITE) | (kind == Act.SYBIL), np.zeros(len(kind), np.int64)
        fresh[kind == Act.RENAME] = 1
        fresh[kind == Act.SYBIL] = amount[kind == Act.SYBIL]
        owner = np.repeat(lane, fresh), np.repeat(actions[:, 1], fresh) + self.rules.honest
        next_name = len(self.name_lane)
        self.newcomers = np.bincount(owner[0], minlength=len(self))
        if len(owner[0]):
            self.staked.join(self.account(*owner))
            self.name_lane = np.append(self.name_lane, owner[0])
            self.name_slot = np.append(self.name_slot, owner[1])
            self.struck = np.append(self.struck, np.zeros(len(owner[0]), bool))
        out = np.empty((int(amount[writes].sum()), 6), np.int64)
        numbers = self.rules.answers, self.rules.honest, next_name
        names = self.name_of, self.endorses
        made = unfold(lane, actions, self.plan.truth, *numbers, *names, out)
        return out[:made]

    def _stake(
        self, defences: Defences, rows: Integers, admitted: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.bool_], Integers]:
        """Stake on what was admitted, where that is asked for; who cannot pay is not admitted.

        Returns bool[m] and the claims of those still admitted, −1 for none.
        """
        stake = defences.stake[rows[:, LANE]]
        due = np.flatnonzero(admitted & (stake > 0))
        claim = np.full(len(rows), -1, np.int64)
        if len(due):
            name, asked = rows[due, NAME], stake[due]
            missing = np.empty(len(due), np.int64)
            to_bond(name, asked, self.staked.bonds, self.staked.staked, missing)
            paying = missing > 0
            self.staked.bond(name[paying], missing[paying])
            claims = self.staked.open_claims(len(due))
            refusals = self.staked.attest(name, claims, CERTAIN, asked)
            claim[due] = claims
            admitted = admitted.copy()
            admitted[due[refusals != 0]] = False
        return admitted, claim[admitted]

    def _answers(self, place: Integers) -> Integers:
        return len(self) * self.rules.queries + place * self.rules.answers

    # -- market -----------------------------------------------------------------------------

    def _trade(self, defences: Defences, lane: Integers, actions: Integers) -> None:
        rules, keep = self.rules, 10**6 - self.rules.fee
        weight = self.said(rules.queries - 1).astype(np.float64)
        # One finding's worth of doubt for each answer: what few say moves nobody far.
        share = (weight[:, 0] + 1.0) / (weight.sum(axis=1) + rules.answers)
        target = rules.par * (1.0 + rules.belief * (share * rules.answers - 1.0))
        volume = np.zeros((len(self), 2))
        ledgers = self.credits, self.tokens
        books = [ledger.open_books(len(self) + 2 * len(lane)) for ledger in ledgers]
        pools = self.reserves, volume
        follow(*books, *pools, target, self.first, rules.actors, keep)
        numbers = rules.actors, rules.honest, rules.unit
        take_trades(*books, *pools, lane, actions, self.first, *numbers, keep)
        self.prices = np.concatenate([self.prices[:, 1:], self.price[:, np.newaxis]], axis=1)
        self.traded = np.concatenate([self.traded[:, 1:], volume[:, np.newaxis]], axis=1)
        self.oracle = oracle_prices(self.prices, self.traded, defences.volume, defences.window)
        sides = self.first, self.treasuries
        redeem(*books, self.oracle, lane, actions, *sides, *numbers, rules.haircut)
        for ledger, written in zip(ledgers, books, strict=True):
            ledger.close_books(written)

    # -- readers ----------------------------------------------------------------------------

    def _close(self, defences: Defences, query: int) -> None:
        """Readers act on a query, the truth comes out, and stakes on it are settled."""
        truth = self.plan.truth[:, query]
        weight = self.said(query).astype(np.float64)
        best, pro = weight.argmax(axis=1), weight.max(axis=1)
        con = weight.sum(axis=1) - pro
        acted = (pro > 0.0) & (pro - defences.objection * con > 0.0)
        alone = self.rules.readers - self.plan.alone[:, query]
        self.wrong[:, query] = np.where(acted, self.rules.readers * (best != truth), alone)
        about = self.pending[:, 2] == query
        claim, _, _, name, right = self.pending[about].T
        self.pending = self.pending[~about]
        self.struck[name[right == 0]] = True
        staked = claim >= 0
        if staked.any():
            self.staked.reveal(claim[staked], CERTAIN * right[staked])
