"""Plain reference of the strategy kernel: one strategy on one query, step by step, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log1p, tanh

from swarm.reasoning import Hearsay, ScoreTable, Strategies
from swarm.reasoning.walk import PRUNED

CERTAIN = 15.0
"""Margins are cut here, so that confidence stays below one in float32."""


@dataclass(frozen=True)
class Walk:
    """What came of one task; `closest` is the smallest gap, not zero, that decided anything."""

    scores: list[float]
    best: int
    confidence: float
    proposer: int
    engines: list[int]
    spent: int
    closest: float


def walk(
    strategies: Strategies,
    agent: int,
    table: ScoreTable,
    query: int,
    costs: list[int],
    hearsay: Hearsay | None = None,
) -> Walk:
    """Strategy `agent` on query `query`: hearsay, engines by the gate, deliberation."""
    open_ = [bool(free) for free in table.block.open[query]]
    candidates, engines = range(len(open_)), strategies.order.shape[1]
    closest = inf

    def above(a: float, b: float) -> bool:
        nonlocal closest
        if a != b:
            closest = min(closest, abs(a - b))
        return a > b

    def top_two(values: dict[int, float]) -> tuple[int, float, float]:
        """The first of the best, its value, and the value of the next."""
        ranked = sorted(values, key=lambda c: (-values[c], c))
        best = values[ranked[0]]
        second = values[ranked[1]] if len(ranked) > 1 else -inf
        above(best, second)
        return ranked[0], best, second

    said = [0 for _ in candidates]
    state = [0.0 for _ in candidates]
    if hearsay is not None and not hearsay.sealed[query]:
        heard = [0.0 for _ in candidates]
        for c in candidates:
            said[c] = int(hearsay.count[hearsay.replica[agent], query, c])
            heard[c] = float(hearsay.weight[hearsay.replica[agent], query, c])
        asked = int(table.block.key[query])
        for key, answer, confidence in zip(
            hearsay.key[agent], hearsay.answer[agent], hearsay.confidence[agent], strict=True
        ):
            if key == asked:
                said[answer] += 1
                heard[answer] += float(confidence)
        state = [float(strategies.trust[agent]) * log1p(h) if h > 0 else 0.0 for h in heard]

    alive = {c for c in candidates if open_[c]}
    pruned_at: dict[int, int] = {}
    x = [1.0, 0.0, 0.0, 0.0, *map(float, table.features[query])]
    order = [int(e) for e in strategies.order[agent][: strategies.length[agent]]]
    used: list[int] = []
    voices: list[tuple[float, int]] = []  # how loud, and the column of the table
    total = 1e-6
    top, trusted = -1, 0.0

    while len(used) < len(order):
        drive = drives(strategies, agent, x)
        unused = {e: drive[e] - place for place, e in enumerate(order) if e not in used}
        engine = max(unused, key=lambda e: unused[e])
        for e in unused:
            above(unused[engine], unused[e])
        if used and above(drive[engines] - engines, unused[engine]):
            break

        column = int(table.first[engine] + strategies.variant[agent, engine])
        gain = float(strategies.weight[agent, engine]) * exp(min(max(drive[engine], -3), 3))
        gain = max(gain, 1e-3)
        total += gain
        for c in candidates:
            state[c] += gain * float(table.scores[query, column, c])
            if used and table.echo.size:
                said_of_c = float(table.echo[engine, table.echo_row[query], top, c])
                state[c] += gain * float(strategies.memory[agent]) * trusted * said_of_c
        used.append(engine)
        voices.append((gain, column))

        top, best, second = top_two({c: state[c] for c in alive})
        margin = (best - second) / total
        lowest = best - float(strategies.beam[agent, engine]) * total
        for c in sorted(alive):
            if above(lowest, state[c]):
                pruned_at[c] = len(used) - 1
                alive.remove(c)
        if above(margin, float(strategies.commit[agent, engine])):
            break
        agreeing = sum(int(table.favourite[query, column]) == top for _, column in voices)
        x[1] = min(margin, 4.0)
        x[2] = agreeing / len(used)
        x[3] = len(used) / engines
        trusted = margin / (1 + margin)

    spent = sum(costs[e] for e in used)
    spent += costs[engines] if strategies.council[agent] > 0 else 0
    spent += costs[engines + 1] if strategies.inversion[agent] > 0 else 0
    values = [-inf for _ in candidates]
    scores = [-inf for _ in candidates]
    for c in candidates:
        if open_[c]:
            values[c] = (
                float(strategies.consensus[agent]) * state[c] / total
                - float(strategies.council[agent]) * float(table.against[query, c])
                + float(strategies.inversion[agent]) * float(table.inverted[query, c])
                - float(strategies.novelty[agent]) * log1p(said[c])
            )
            scores[c] = values[c]
            if c in pruned_at:
                scores[c] += float(PRUNED) * (engines - pruned_at[c])

    ranked = sorted((c for c in candidates if open_[c]), key=lambda c: (-scores[c], c))
    for rival in ranked[1:2]:
        above(scores[ranked[0]], scores[rival])
    # How clearly the runner-up was beaten, whether or not it had been pruned.
    lead = values[ranked[0]] - values[ranked[1]] if len(ranked) > 1 else inf
    confidence = 1 - exp(-min(max(lead, 0.0), CERTAIN))
    speech = {
        s: gain * float(table.scores[query, column, ranked[0]])
        for s, (gain, column) in enumerate(voices)
    }
    loudest, _, _ = top_two(speech)
    return Walk(scores, ranked[0], confidence, used[loudest], used, spent, closest)


def drives(strategies: Strategies, agent: int, x: list[float]) -> list[float]:
    """What the gate of an agent gives every engine, and stopping last."""
    if not strategies.networked[agent]:
        return [
            sum(g * f for g, f in zip(map(float, row), x, strict=True))
            for row in strategies.gate[agent]
        ]
    networks = strategies.networks
    values, outputs = list(x[1:]), []
    nodes = range(int(networks.first[agent]), int(networks.first[agent + 1]))
    for node in nodes:
        links = range(int(networks.start[node]), int(networks.start[node + 1]))
        total = float(networks.bias[node]) + sum(
            float(networks.weight[link]) * values[int(networks.source[link])] for link in links
        )
        if node < nodes.stop - networks.outputs:
            values.append(tanh(total))
        else:
            outputs.append(total)
    return outputs
