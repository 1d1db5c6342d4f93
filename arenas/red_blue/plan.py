"""What a seed decides beforehand: the truth, and what honest names and lone readers would say.

Everything that chance does in a commons is drawn here, from its seed alone, so that red and blue
meet the same world whatever they do, and a world without red is the twin of one with it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.red_blue.rules import CommonsRules
from swarm.chance import below, seeded, uniform

Integers = npt.NDArray[np.int64]


class Plan(NamedTuple):
    """What happens in L commons if nobody interferes.

    Attributes:
        truth: int64[L, Q], the right answer of each query; of the headline, whether the claim
            holds: 0 where it does.
        alone: int64[L, Q], readers who would be right by themselves.
        tick: int64[L, Q, H], when an honest name writes about a query; −1 for never.
        answer: int64[L, Q, H], and what.
        confidence: float32[L, Q, H], and how sure it is, ½ to 1.
    """

    truth: Integers
    alone: Integers
    tick: Integers
    answer: Integers
    confidence: npt.NDArray[np.float32]


def plan(rules: CommonsRules, seeds: npt.NDArray[np.uint64]) -> Plan:
    """Draw what the seeds, uint64[L], decide."""
    shape = (len(seeds), rules.queries)
    drawn = Plan(
        np.empty(shape, np.int64),
        np.zeros(shape, np.int64),
        np.full((*shape, rules.honest), -1, np.int64),
        np.zeros((*shape, rules.honest), np.int64),
        np.zeros((*shape, rules.honest), np.float32),
    )
    numbers = (rules.answers, rules.readers, rules.accuracy, rules.attention, rules.alone)
    _draw(seeds, rules.opens, rules.closes, *numbers, *drawn)
    return drawn


@njit(cache=True, nogil=True)
def _draw(
    seeds: npt.NDArray[np.uint64],
    opens: Integers,
    closes: Integers,
    answers: int,
    readers: int,
    accuracy: float,
    attention: float,
    alone: float,
    truth: Integers,
    right_alone: Integers,
    tick: Integers,
    answer: Integers,
    confidence: npt.NDArray[np.float32],
) -> None:
    for lane in range(len(seeds)):
        stream = seeded(seeds[lane])
        for q in range(truth.shape[1]):
            truth[lane, q] = below(stream, answers)
            for _ in range(readers):
                right_alone[lane, q] += uniform(stream) < alone
            for name in range(tick.shape[2]):
                when = opens[q] + below(stream, closes[q] - opens[q] + 1)
                said = truth[lane, q]
                if uniform(stream) >= accuracy:
                    said = (said + 1 + below(stream, answers - 1)) % answers
                confidence[lane, q, name] = 0.5 + 0.5 * uniform(stream)
                answer[lane, q, name] = said
                if uniform(stream) < attention:
                    tick[lane, q, name] = when
