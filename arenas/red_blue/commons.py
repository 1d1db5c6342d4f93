"""The commons step by step: two sides act at once, tick by tick, and see what they may see.

One lane of `arenas.red_blue.lanes` behind the interface of an environment: red acts by typed
actions, blue by settings of its defence, which it may change in every tick. The game is zero-sum;
the rewards of red add up to the harm done.

    commons = Commons(CommonsRules(), seed=1)
    while not commons.over:
        red, blue = commons.step(actions, settings)

Guarantees: the same rules, seed and actions give the same commons bit for bit, and the same as
`play` does; observing perturbs nothing; `state` perturbs nothing, and a restored commons goes on
bit for bit; a step that is refused changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from arenas.red_blue.defence import Defences
from arenas.red_blue.errors import RedBlueError
from arenas.red_blue.lanes import Lanes
from arenas.red_blue.rules import CommonsRules
from arenas.red_blue.script import checked_scripts
from swarm.memory import Tally

State = tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]
SIDES: tuple[str, str] = ("red", "blue")
_COLUMNS = (
    "reserves", "name_lane", "name_slot", "name_of", "struck", "spoken", "endorses", "pending",
    "prices", "traded", "oracle", "wrong", "newcomers",
)  # fmt: skip
_GROWING = ("name_lane", "name_slot", "struck", "pending")
_PARTS = ("credits", "tokens", "staked", "findings")


class Commons:
    """One commons, of red and blue.

    Attributes:
        rules: see `CommonsRules`.
        seed: 0..2⁶⁴−1, what decides everything that chance does.
        lanes: the one lane, for reading.
        defence: the settings in force.
    """

    def __init__(self, rules: CommonsRules, seed: int) -> None:
        if not 0 <= seed < 2**64:
            raise RedBlueError(f"seed is {seed}; a whole number from 0 to 2**64 - 1 is needed")
        self.rules, self.seed = rules, seed
        self.lanes = Lanes(rules, np.array([seed], np.uint64))
        self.defence = Defences()

    @property
    def tick(self) -> int:
        """Ticks done."""
        return self.lanes.tick

    @property
    def over(self) -> bool:
        """Whether all queries have closed."""
        return self.lanes.over

    @property
    def harm(self) -> float:
        """What red has done so far: the share of all readers misled, and its profit in purses."""
        return float(self.lanes.harm[0])

    def step(
        self, red_action: npt.ArrayLike, blue_action: npt.ArrayLike | Defences | None = None
    ) -> tuple[float, float]:
        """Take one tick.

        Args:
            red_action: int[k, 5], actions as in a script but without their tick, in order; none
                of them, or ``Act.PASS``, is silence.
            blue_action: settings float[10] in the order of `LIMITS`, one `Defences`, or None to
                leave them as they are.

        Returns:
            The rewards of red and of blue: the harm of this tick, and minus that.

        Raises:
            RedBlueError: once it is over, or for other actions; nothing changes then.
        """
        if self.over:
            raise RedBlueError("the commons is over: begin another with a new seed")
        rows = np.asarray(red_action)
        rows = np.empty((0, 5), np.int64) if rows.size == 0 else rows
        if rows.ndim != 2 or rows.shape[1] != 5 or rows.dtype.kind not in "iu":
            raise RedBlueError(
                f"red acts by {rows.dtype}{list(rows.shape)}; expected whole numbers [k, 5]: kind, "
                "actor, target, answer, amount, such as [[1, 0, 3, 1, 1]]"
            )
        now = np.full((len(rows), 1), self.tick)
        actions = checked_scripts(np.concatenate([rows, now], axis=1), self.rules)[0, :, :5]
        defence = self.defence if blue_action is None else blue_action
        if not isinstance(defence, Defences):
            defence = Defences.of_matrix(defence)
        if defence.rows != 1:
            raise RedBlueError(f"{defence.rows} defences; a commons has one")
        before, self.defence = self.harm, defence
        self.lanes.advance(defence, np.zeros(len(actions), np.int64), np.ascontiguousarray(actions))
        done = self.harm - before
        return done, -done

    def observe(self, side: Literal["red", "blue"]) -> npt.NDArray[np.float32]:
        """What a side sees, float32[n], each within about 0 to 1.

        Both: time, price and oracle (of four times par), names made in this tick, the ten settings
        over their ranges; for each query whether it is open, how much is said of it, and each
        answer's share of that. Red sees answers counted from the truth as in its scripts, and the
        funds and marks of its actors; blue sees answers as they are called, and how much of the
        bonds is staked.
        """
        if side not in SIDES:
            raise RedBlueError(f"side is {side!r}; allowed: 'red', 'blue'")
        rules, lanes = self.rules, self.lanes
        shared = [
            self.tick / rules.ticks,
            float(lanes.price[0]) / (4.0 * rules.par),
            float(lanes.oracle[0]) / (4.0 * rules.par),
            float(np.tanh(lanes.newcomers[0] / 8.0)),
        ]
        parts = [np.array(shared), self.defence.scaled()[0], self._memory(side).ravel()]
        return np.concatenate([*parts, self._own(side)]).astype(np.float32)

    def _memory(self, side: str) -> npt.NDArray[np.float64]:
        """float64[Q, 2 + C], whether a query is open, how much is said, and what."""
        rules, lanes = self.rules, self.lanes
        weight = np.stack([lanes.said(query)[0] for query in range(rules.queries)])
        total = weight.sum(axis=1, keepdims=True).astype(np.float64)
        share = weight / np.where(total > 0.0, total, 1.0)
        if side == "red":
            shift = lanes.plan.truth[0].copy()
            shift[-1] = 0
            turned = (np.arange(rules.answers) + shift[:, np.newaxis]) % rules.answers
            share = np.take_along_axis(share, turned, axis=1)
        ready = (rules.opens <= self.tick) & (self.tick <= rules.closes)
        return np.column_stack([ready, np.tanh(total / rules.honest), share])

    def _own(self, side: str) -> npt.NDArray[np.float64]:
        rules, lanes = self.rules, self.lanes
        if side == "blue":
            bonds, staked = lanes.staked.bonds.sum(), lanes.staked.staked.sum()
            return np.array([staked / max(int(bonds), 1)])
        slots = np.arange(rules.honest, rules.actors)
        credits = lanes.credits.balance(lanes.first[0] + slots) / (4.0 * rules.credits)
        tokens = lanes.tokens.balance(lanes.first[1] + slots) / (4.0 * rules.tokens)
        return np.concatenate([credits, tokens, lanes.struck[lanes.name_of[0, slots]]])

    # -- state ------------------------------------------------------------------------------

    def state(self) -> State:
        """Everything as plain arrays, and facts that JSON can hold."""
        lanes = self.lanes
        arrays = {name: getattr(lanes, name).copy() for name in _COLUMNS}
        for part in _PARTS:
            kept = getattr(lanes, part).state()
            arrays |= {f"{part}.{name}": column for name, column in kept.items()}
        arrays["defence"] = self.defence.matrix()
        return arrays, {"rules": asdict(self.rules), "seed": self.seed, "tick": self.tick}

    def restore(self, state: State) -> None:
        """Go on where the commons that gave ``state`` stood; rules and seed must be the same.

        Raises:
            RedBlueError: for a state of another commons, or a damaged one; nothing changes then.
        """
        arrays, facts = state
        mine = {"rules": asdict(self.rules), "seed": self.seed}
        if any(facts.get(name) != value for name, value in mine.items()):
            raise RedBlueError("the state is of a commons with other rules or another seed")
        lanes = Lanes(self.rules, np.array([self.seed], np.uint64))
        try:
            for part in _PARTS:
                getattr(lanes, part).restore(_part(arrays, part))
            for name in _COLUMNS:
                own, given = getattr(lanes, name), arrays[name]
                grown = name in _GROWING and given.ndim == own.ndim
                fits = given.shape[1:] == own.shape[1:] if grown else given.shape == own.shape
                if given.dtype != own.dtype or not fits:
                    raise RedBlueError(f"{name} has to be {own.dtype}{list(own.shape)}")
                setattr(lanes, name, given.copy())
            lanes.tick = int(facts["tick"])
            if not 0 <= lanes.tick <= self.rules.ticks:
                raise RedBlueError(f"the tick is {lanes.tick}, of {self.rules.ticks}")
            defence = Defences.of_matrix(arrays["defence"])
        except (KeyError, TypeError, ValueError) as error:
            raise RedBlueError(f"the state of the commons is damaged: {error}") from error
        lanes.tally = Tally(lanes.findings.entities, lanes.findings.relations)
        lanes.tally.absorb(lanes.findings, np.arange(len(lanes.findings)))
        self.lanes, self.defence = lanes, defence


def _part(arrays: dict[str, npt.NDArray[Any]], name: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of one part of a state."""
    prefix = f"{name}."
    return {
        key.removeprefix(prefix): column for key, column in arrays.items() if key.startswith(prefix)
    }
