"""Posing a hidden network: cases for everybody, questions, and a referee who knows the truth.

    problem = pose_network("asia")
    table, referee = held_out(problem, "asia")

Agents and engines see the cases alone; tables and arrows stay with the examiner. The questions of
the final exam are drawn by `held_out`, which needs the hidden network once more: a problem holds
nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.networks.bif import load_network
from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.examiner import ASKED, HELD_OUT, Examiner
from swarm.reasoning.networks.faculties import NetworkFaculties
from swarm.reasoning.networks.network import BayesNetwork, NetworkError, Variable
from swarm.reasoning.networks.questions import Questions
from swarm.reasoning.networks.random_models import (
    PartlyHidden,
    random_dag,
    random_network,
    with_confounders,
)
from swarm.reasoning.networks.referee import DistributionReferee
from swarm.reasoning.networks.structural import monotone_model

RANDOM = "random"
VARIABLES, CONFOUNDERS = 12, 3
"""Of a random network: variables that are seen, and hidden causes of two of them each."""

CASES_SEED, SHUFFLE_SEED = 0x63617365, 0x73687566
"""Key the streams of the cases and of the order of variables, beside the seed of the problem."""


@dataclass(frozen=True)
class NetworkProblem:
    """What agents reason from, what they are asked, and who judges them.

    Attributes:
        evidence: the cases.
        faculties: the engines over them.
        questions: the tasks. table: what every engine says of each.
        referee: the true answers of the tasks.
    """

    evidence: Cases
    faculties: NetworkFaculties
    questions: Questions
    table: ScoreTable
    referee: DistributionReferee


def pose_network(
    network: BayesNetwork | str,
    cases: int = 2_000,
    queries: int = 600,
    seed: int = 0,
    hidden: Sequence[Variable] | None = None,
) -> NetworkProblem:
    """The problem of a hidden network; counterfactuals are those of `monotone_model`.

    Args:
        network: a network, a name that ships, a file, or "random" for one that the seed draws,
            with hidden confounders.
        cases: rows that everybody sees, ≥ 1.
        queries: questions for tasks, a third of each kind; fewer where there are no more.
        seed: of cases and questions.
        hidden: variables that nobody sees; none if left out.

    Raises:
        NetworkError: unknown names, everything hidden, or too few cases or questions.
    """
    world = hidden_world(network, seed, hidden)
    evidence = cases_of(world, cases, seed, queries)
    faculties = NetworkFaculties(evidence)
    questions, truth = Examiner(world, seed).draw(queries, ASKED)
    table = faculties.table(questions)
    return NetworkProblem(evidence, faculties, questions, table, _referee(table, questions, truth))


def held_out(
    problem: NetworkProblem,
    network: BayesNetwork | str,
    queries: int = 600,
    seed: int = 0,
    hidden: Sequence[Variable] | None = None,
) -> tuple[ScoreTable, DistributionReferee]:
    """The exam of a problem: questions that no agent was asked, and their judge.

    Args:
        problem: as posed.
        network, queries, seed, hidden: what it was posed with.

    Raises:
        NetworkError: as `pose_network`.
    """
    questions, truth = Examiner(hidden_world(network, seed, hidden), seed).draw(queries, HELD_OUT)
    table = problem.faculties.table(questions)
    return table, _referee(table, questions, truth)


def hidden_world(
    network: BayesNetwork | str, seed: int = 0, hidden: Sequence[Variable] | None = None
) -> PartlyHidden:
    """The model behind a problem: variables shuffled, noise coupled as in `monotone_model`.

    Args, raises: as `pose_network`; "random" hides its own confounders and takes no others.
    """
    if network == RANDOM:
        if hidden is not None:
            raise NetworkError("a random network hides its own confounders; leave hidden out")
        rng = np.random.default_rng([seed, VARIABLES])
        arrows = random_dag(VARIABLES, rng, mean_parents=1.3, parents_max=3)
        arrows, unseen = with_confounders(arrows, CONFOUNDERS, rng)
        return PartlyHidden(monotone_model(random_network(arrows, rng)), unseen)
    if isinstance(network, str):
        network = load_network(network)
    away = [network.names[network.number(v)] for v in hidden or ()]
    network = shuffled(network, np.random.default_rng([SHUFFLE_SEED, seed]))
    return PartlyHidden(monotone_model(network), np.isin(network.names, away))


def shuffled(network: BayesNetwork, rng: np.random.Generator) -> BayesNetwork:
    """The same network with its variables in a random order.

    Files list causes before effects, and learners that meet two graphs of equal score take the
    one whose arrows follow the numbers: they would be right more often than they know.
    """
    order = rng.permutation(len(network))
    place = np.argsort(order).tolist()
    return BayesNetwork(
        tuple(network.names[v] for v in order),
        tuple(network.states[v] for v in order),
        tuple(tuple(place[p] for p in network.parents[v]) for v in order),
        tuple(network.tables[v] for v in order),
    )


def cases_of(world: PartlyHidden, number: int, seed: int = 0, questions: int = 0) -> Cases:
    """Cases of the visible variables, drawn with a stream of their own, for so many questions."""
    if number < 1:
        raise NetworkError(f"agents need cases to reason from, such as 2000; got {number}")
    network = world.model.network
    names = tuple(network.names[v] for v in world.visible)
    states = tuple(network.states[v] for v in world.visible)
    drawn = world.sample(number, np.random.default_rng([CASES_SEED, seed]))
    return Cases(drawn, names, states, questions)


def _referee(
    table: ScoreTable, questions: Questions, truth: NDArray[np.float64]
) -> DistributionReferee:
    return DistributionReferee(truth, table.block.open, questions.kind)
