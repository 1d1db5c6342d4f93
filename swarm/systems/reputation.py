"""Agents stake tokens on what they write, and are believed for what they were right with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from economy import StakedReputation
from swarm.population import Column, PopulationError
from swarm.systems.reasoning import Reasoning
from swarm.systems.remembering import Remembering
from swarm.systems.settlement import Settlement
from swarm.systems.standing import Standing
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

CERTAIN = 1000
"""A report of full confidence, per mille."""

SPARE = 10
"""Of what they own, agents bond at most one part of this many in a tick."""


class Reputation(Standing):
    """Every finding is a claim that its author stakes tokens on; the referee says which held.

    Reputation is `economy.StakedReputation`: a name begins at weight 0, earns by being right with
    tokens at risk, forfeits stakes by being wrong, and fades. A finding counts, in memory and as
    hearsay, by the credence floor + (1 - floor) w / (w + half) that its author's weight w gave
    when it was written. Nobody is believed less than a newcomer, so a new name gains nothing. Those
    who cannot stake write all the same, and earn nothing by it.

    Stands after `Settlement` and `Remembering`. What is forfeited goes to the treasury; what the
    dead have bonded goes to their estate.

    Args:
        stake: tokens staked on each finding.
        bond: stakes that agents keep bonded, as far as they can.
        floor: credence of a newcomer, in [0, 1].
        half: stakes' worth of weight at which credence is half way from floor to 1, > 0.

    Attributes:
        staked: the register of names, bonds and weights.
        forfeited: tokens lost by wrong findings in this tick.

    Columns: `standing` float32, credence now; `name` int64, in the register.
    """

    columns: ClassVar[Mapping[str, Column]] = {
        "standing": Column(np.float32),
        "name": Column(np.int64, default=-1),
    }

    def __init__(self, stake: int = 1_000, bond: int = 8, floor: float = 0.1, half: float = 4.0):
        if stake < 1 or bond < 1 or not 0 <= floor <= 1 or not half > 0:
            raise PopulationError(
                "Reputation: stake and bond are 1 or more, floor a share in [0, 1] and half more "
                f"than 0, such as 1000, 8, 0.1 and 4; got {stake}, {bond}, {floor} and {half}"
            )
        self.stake = stake
        self.bond = bond
        self.floor = floor
        self.half = half
        self.forfeited = 0
        self.staked: StakedReputation

    def setup(self, world: World) -> None:
        """Findings have to be written, and judged."""
        for kind in (Remembering, Settlement):
            world.system(kind)
        self.staked = StakedReputation(world.ledger, world.treasury, shared=0)

    def credence(self, world: World) -> np.ndarray:
        """float32[n]: how far each agent is believed."""
        weight = self.staked.weights[world.population["name"]] / self.stake
        believed: np.ndarray = self.floor + (1 - self.floor) * weight / (weight + self.half)
        return believed.astype(np.float32)

    def __call__(self, world: World) -> None:
        """Bond, stake on this tick's findings, reveal, settle."""
        population = world.population
        self._keep_bonded(world)
        self.forfeited = 0
        author, _, answer = world.system(Remembering).written
        if len(author):
            claims = self.staked.open_claims(len(author))
            reports = np.full(len(author), CERTAIN)
            self.staked.attest(population["name"][author], claims, reports, self.stake)
            revealed = self.staked.reveal(claims, np.where(self._right(world)[answer], CERTAIN, 0))
            self.forfeited = int(revealed.forfeited.sum())
            gain = np.zeros(len(population), np.int64)
            rows = np.searchsorted(population["name"], revealed.name)  # names ascend, as ids do
            np.add.at(gain, rows, revealed.shared - revealed.forfeited)
            world.system(Settlement).book(world, gain)
        self.staked.fade()
        population["standing"][:] = self.credence(world)

    def _keep_bonded(self, world: World) -> None:
        population = world.population
        names = population["name"]
        missing = self.bond * self.stake - self.staked.bonds[names]
        spare = world.ledger.available(population["account"]) // SPARE
        missing = np.minimum(missing, spare)
        rows = np.flatnonzero((missing > 0) & population["alive"])
        self.staked.bond(names[rows], missing[rows])

    def _right(self, world: World) -> np.ndarray:
        """bool[T]: which answers were the truth of their task."""
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        assert reasoning.answers is not None, "Reputation comes after Reasoning"
        best = reasoning.answers.best[reasoning.in_time]
        right: np.ndarray = best == tasks.problem.referee.truth[tasks.board[reasoning.place]]
        return right

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """The born have a name, at the floor."""
        world.population["name"][rows] = self.staked.join(world.population["account"][rows])
        world.population["standing"][rows] = self.floor

    def on_death(self, world: World, rows: np.ndarray) -> None:
        """Bonds go back, into the estate."""
        names = world.population["name"][rows]
        bonds = self.staked.bonds[names]
        held = bonds > 0
        self.staked.unbond(names[held], bonds[held])

    def state(self) -> dict[str, Any]:
        """The register."""
        return {"staked": self.staked.state()}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Take up the register; the ledger is already restored."""
        self.staked.restore(state["staked"])
