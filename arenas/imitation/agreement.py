"""How alike a model and the hidden agent behave, measured on opponents of a test.

`agreement` lets a model shadow the agent: it is shown the agent's match so far, and the measure is
how likely it makes the agent's next move. `transcript_rows` turns matches into rows of numbers that
a judge of `arenas.imitation.judges` can learn from. `askers` are opponents to test against, drawn
anew: no interrogator of a training run has any part in them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.imitation.errors import ImitationError
from arenas.imitation.interrogators import MachineColumns, columns_of, play
from arenas.imitation.targets import Floats
from arenas.iterated import MachineGenomes, Machines
from swarm.chance import GAMMA, mixed

Actions = npt.NDArray[np.int8]

_WINDOW = 3


def askers(
    n: int, rng: np.random.Generator, *, states: int = 4, actions: int = 2, provoking: float = 0.5
) -> Machines:
    """n random machines that play action 1 in about this share of their states.

    They see the subject's answers, so they meet states that fixed moves would not.
    """
    if n < 1 or not 0.0 <= provoking <= 1.0:
        raise ImitationError(f"{n} askers, provoking {provoking}; at least 1, and a share 0 to 1")
    genomes = MachineGenomes(states, actions)
    drawn = genomes.spec.sample(n, rng)
    if actions == 2:
        drawn["plays"] = (rng.random((n, states)) < provoking).astype(drawn["plays"].dtype)
    return genomes.machines_of(drawn, [f"asker {i}" for i in range(n)])


def agreement(
    models: Machines, hidden: Machines, opponents: Machines, turns: int, seed: int
) -> Floats:
    """How well n models foretell the hidden agent against k opponents, float64[n, k], 0 to 1.

    The mean over turns of the probability that the model, having been shown the match so far as its
    own, gives to what the agent plays: 1 for a model that behaves alike in all it was asked.

    Args:
        models: n machines.
        hidden: one machine.
        opponents: k machines, who play against the hidden agent.
        turns: of each match.
        seed: of the chance of agent and opponents.
    """
    if len(hidden) != 1 or turns < 1:
        raise ImitationError(f"{len(hidden)} hidden agents, {turns} turns; expected 1, at least 1")
    if not models.actions == hidden.actions == opponents.actions:
        raise ImitationError("models, hidden agent and opponents play other games")
    asks, answers = _played(hidden, opponents, turns, seed)
    found = np.empty((len(models), len(opponents)))
    _shadow(
        np.array(models.state_start),
        np.array(models.start),
        np.array(models.plays, order="C"),
        np.array(models.moves_on, order="C"),
        asks,
        answers,
        found,
    )
    return found


def transcript_rows(subject: Machines, opponents: Machines, turns: int, seed: int) -> Floats:
    """One row for each match of a subject with k opponents, float64[k, d].

    How often each run of asks and answers of three turns occurred, and which answers came after
    an ask other than 0 had ever been made: what tells machines of short and of long memory apart.
    """
    asks, answers = _played(subject, opponents, turns, seed)
    A = subject.actions
    if A**6 > 4096:
        raise ImitationError(f"{A} actions make {A**6} runs of three turns; at most 4 actions")
    if turns < _WINDOW:
        raise ImitationError(f"{turns} turns; runs of three turns take at least {_WINDOW}")
    pair = asks.astype(np.int64) * A + answers
    run = (pair[:, :-2] * A**2 + pair[:, 1:-1]) * A**2 + pair[:, 2:]
    counts = np.stack([np.bincount(row, minlength=A**6) for row in run])
    provoked = np.zeros(asks.shape, np.bool_)
    provoked[:, 1:] = np.logical_or.accumulate(asks[:, :-1] > 0, axis=1)
    split = [((answers == a) & (provoked == p)).sum(axis=1) for a in range(A) for p in (0, 1)]
    return np.column_stack([counts, *split]) / turns


def _played(
    subject: Machines, opponents: Machines, turns: int, seed: int
) -> tuple[Actions, Actions]:
    """Asks and answers int8[k, turns] of a subject's matches."""
    asks = np.empty((len(opponents), turns), np.int8)
    answers = np.empty_like(asks)
    _meet(columns_of(subject), columns_of(opponents), np.uint64(seed), asks, answers)
    return asks, answers


@njit(cache=True, nogil=True)
def _meet(
    subject: MachineColumns,
    opponents: MachineColumns,
    seed: np.uint64,
    asks: Actions,
    answers: Actions,
) -> None:
    stream = np.empty(1, np.uint64)
    for j in range(len(asks)):
        stream[0] = mixed(seed + GAMMA * np.uint64(j + 1))
        mine, theirs = subject[1][0], opponents[1][j]
        for t in range(asks.shape[1]):
            ask = play(opponents, j, theirs, stream)
            answer = play(subject, 0, mine, stream)
            asks[j, t], answers[j, t] = ask, answer
            mine = subject[3][mine, answer, ask]
            theirs = opponents[3][opponents[0][j] + theirs, ask, answer]


@njit(cache=True, nogil=True)
def _shadow(
    first: npt.NDArray[np.int64],
    start: npt.NDArray[np.int32],
    plays: Floats,
    moves_on: npt.NDArray[np.int32],
    asks: Actions,
    answers: Actions,
    found: Floats,
) -> None:
    turns = asks.shape[1]
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            state, total = start[i], 0.0
            for t in range(turns):
                total += plays[first[i] + state, answers[j, t]]
                state = moves_on[first[i] + state, answers[j, t], asks[j, t]]
            found[i, j] = total / turns
