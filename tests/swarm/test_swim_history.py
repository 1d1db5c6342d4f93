"""What a history of a group answers."""

import math

import numpy as np

from swarm.gossip.swim import DEAD, SUSPECT, History, Scenario, Swim
from swarm.gossip.swim.rules import rank_of


def history(rows: list[tuple[float, int, int, int]], scenario: Scenario) -> History:
    table = np.array(rows).reshape(-1, 4)
    columns = [table[:, place].astype(np.int32) for place in (1, 2, 3)]
    sent = np.full((scenario.members, 4), 5)
    return History(Swim(), scenario, table[:, 0], *columns, sent, scenario.seconds)


def test_a_history_answers() -> None:
    scenario = Scenario(5, 10.0, crashes=[(4, 1.5)], pauses=[(3, 2.0, 3.0)])
    seen = history(
        [
            (0.5, 1, 0, rank_of(SUSPECT, 0)),
            (3.0, 0, 4, rank_of(SUSPECT, 0)),
            (5.0, 0, 4, rank_of(DEAD, 0)),
            (5.5, 1, 4, rank_of(DEAD, 0)),
            (6.0, 2, 4, rank_of(DEAD, 0)),
            (7.0, 3, 4, rank_of(DEAD, 0)),
            (7.5, 3, 1, rank_of(DEAD, 0)),
            (7.6, 0, 1, rank_of(DEAD, 0)),
            (8.0, 0, 3, rank_of(DEAD, 2)),
        ],
        scenario,
    )
    assert seen.first(4, SUSPECT, 1.5) == 1.5
    assert seen.first(4, DEAD, 1.5) == 3.5
    assert seen.first(2) == math.inf
    assert seen.periods(4, 1.5) == 1
    assert (seen.spread(4, 0.5), seen.spread(4), seen.spread(2)) == (0.5, 2.0, math.inf)
    assert seen.false_positives() == 2  # of 1; the others were slow or did crash
    assert seen.false_positives(at_healthy=True) == 1
    assert seen.messages() == 2.0
