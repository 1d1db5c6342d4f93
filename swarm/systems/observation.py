"""Observers record what can be seen of the world, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from economy.wealth import gini
from swarm.emergence import division_of_labour
from swarm.systems.bankruptcy import Bankruptcy
from swarm.systems.companies import Companies
from swarm.systems.compute_market import ComputeMarket
from swarm.systems.exploring import Exploring
from swarm.systems.finding_market import FindingMarket
from swarm.systems.gossip import Gossip
from swarm.systems.practising import Practising
from swarm.systems.reasoning import Reasoning
from swarm.systems.remembering import Remembering
from swarm.systems.replicating import Replicating
from swarm.systems.reputation import Reputation
from swarm.systems.royalties import Royalties
from swarm.systems.selection import Selection
from swarm.systems.settlement import Settlement
from swarm.systems.skill_market import SkillMarket
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

TRAITS = ("accuracy", "novelty", "cost", "front", "born")
GENES_SHOWN = ("order", "length", "weight", "protocol")


class Observation(System):
    """One row a tick of the whole, and one row an agent at the end of each generation.

    Rows wait here until `drain` fetches them; a world that nobody watches keeps the last
    tick's row alone.

    Args:
        keep: keep rows for `drain`.

    Attributes:
        latest: this tick's row, name to number.
    """

    def __init__(self, keep: bool = False):
        self.keep = keep
        self.latest: dict[str, float] = {}
        self._ticks: list[dict[str, float]] = []
        self._agents: list[dict[str, Any]] = []

    def __call__(self, world: World) -> None:
        """Look, and write down."""
        self.latest = self._look(world)
        if not self.keep:
            return
        self._ticks.append(self.latest)
        selection = world.find(Selection)
        if selection is not None and world.steps % selection.every == 0:
            self._agents.append(self._portrait(world))

    def drain(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Rows since the last call, as columns: ticks, and agents. Empty dicts if none."""
        ticks, self._ticks = self._ticks, []
        agents, self._agents = self._agents, []
        return (
            {name: np.array([row[name] for row in ticks]) for name in (ticks[0] if ticks else ())},
            {
                name: np.concatenate([portrait[name] for portrait in agents])
                for name in (agents[0] if agents else ())
            },
        )

    def _look(self, world: World) -> dict[str, float]:
        population = world.population
        row: dict[str, float] = {"tick": world.steps, "alive": population.next_size}
        wealth = world.ledger.balance(population["account"])
        row |= {"supply": world.ledger.supply, "wealth_gini": gini(wealth) if len(wealth) else 0.0}
        if (selection := world.find(Selection)) is not None:
            row |= {"generation": selection.generation, "bankrupt": selection.bankrupt}
        if (settlement := world.find(Settlement)) is not None:
            row |= self._accuracy(world, settlement.credit)
        if (market := world.find(ComputeMarket)) is not None:
            row |= {"price": market.price, "sold": market.sold, "demand": market.demand}
        if (gossip := world.find(Gossip)) is not None:
            row |= {"messages": gossip.sent, "heard": gossip.delivered}
        if (memory := world.find(Remembering)) is not None:
            row |= {"findings": len(memory.facts), "public": memory.public}
        if (exploring := world.find(Exploring)) is not None:
            row |= {"originality": exploring.mean}
        if (replicas := world.find(Replicating)) is not None:
            row |= {"replica_bytes": replicas.bytes, "replicas_behind": replicas.behind}
        if (reputation := world.find(Reputation)) is not None:
            standing = float(population["standing"].mean())
            row |= {"forfeited": reputation.forfeited, "standing_mean": standing}
        if (royalties := world.find(Royalties)) is not None:
            row |= {"royalties": royalties.paid, "findings_used": royalties.used}
        if (bankruptcy := world.find(Bankruptcy)) is not None:
            row |= {"failed": bankruptcy.failed, "debt": int(population["debt"].sum())}
        row |= self._trade(world)
        if (reasoning := world.find(Reasoning)) is not None and reasoning.answers is not None:
            names = world.system(Tasks).problem.faculties.names
            used = reasoning.answers.used[reasoning.in_time]
            shares = {f"use_{name}": _share(used >> e & 1) for e, name in enumerate(names)}
            row |= {"evaluations": reasoning.evaluations, **shares}
        return row

    def _trade(self, world: World) -> dict[str, float]:
        """What companies and markets did in this tick, and how work is divided."""
        row: dict[str, float] = {}
        if (companies := world.find(Companies)) is not None:
            members = int((world.population["company"] >= 0).sum())
            row |= {"companies": int(companies.register.alive.sum()), "members": members}
            row |= {"wages": companies.wages, "dividends": companies.dividends}
        if (tasks := world.find(SkillMarket)) is not None:
            row |= {"tasks_traded": tasks.traded, "task_turnover": tasks.turnover}
        if (findings := world.find(FindingMarket)) is not None:
            row |= {"findings_sold": findings.sold, "finding_turnover": findings.turnover}
        if world.find(Practising) is not None:
            row |= {"division": division_of_labour(world.population["practice"]).by_task}
        return row

    def _accuracy(self, world: World, credit: np.ndarray) -> dict[str, float]:
        """Mean credit of this tick, of everybody and of the best agent so far."""
        population = world.population
        answered = population["answered"]
        each = population["credits"] / np.maximum(answered, 1)
        best = 0.0
        if answered.any():
            best = each[answered >= np.median(answered)].max()
        mean = float(credit.mean()) if len(credit) else 0.0
        tasks = world.system(Tasks)
        luck = tasks.luck[tasks.board].mean()
        return {
            "answered": len(credit),
            "accuracy_mean": mean,
            "accuracy_best": float(best),
            "luck": float(luck),
        }

    def _portrait(self, world: World) -> dict[str, np.ndarray]:
        population = world.population
        columns: dict[str, Any] = {
            "tick": np.full(len(population), world.steps, np.int32),
            "id": population["id"].copy(),
            "alive": population["alive"].copy(),
            "wealth": world.ledger.balance(population["account"]),
        }
        columns |= {name: population[name].copy() for name in TRAITS if name in population}
        if world.genome is not None:
            for locus in GENES_SHOWN:
                if locus in world.genome.names:
                    columns |= {
                        f"{locus}_{i}": gene.copy() for i, gene in enumerate(world.genes(locus).T)
                    }
        return columns

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Rows of the time after the checkpoint are forgotten; they will be seen again."""
        self._ticks, self._agents = [], []


def _share(mask: np.ndarray) -> float:
    return float(mask.mean()) if len(mask) else 0.0
