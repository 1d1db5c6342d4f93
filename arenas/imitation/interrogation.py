"""One interrogation, a move at a time: the imitation game as people, programs or networks play it.

Turing 1950, "Computing machinery and intelligence", Mind 59. A coin decides who answers: the real
agent or an imitator. Turn by turn the interrogator moves and the subject answers, not knowing
the other's move of this turn; in the end the interrogator says who it was. The agent answers by
itself; the imitator, where it is the subject, is asked for its moves.

    game = Interrogation(Grudger().machine(), turns=10, rng=1)
    while not game.over:
        game.step(policies[game.mover](game.observation(game.mover)))
    game.rewards

Guarantees: observations of the interrogator do not show who the subject is; a move that is not
allowed raises and changes nothing; `state` perturbs nothing, and a restored game goes on alike.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from arenas.imitation.errors import ImitationError
from arenas.imitation.interrogators import MODEL, REAL
from arenas.iterated import Machines
from evolution.state import plain

State = tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]
Role = Literal["interrogator", "imitator"]
ROLES: tuple[Role, Role] = ("interrogator", "imitator")


class Phase(IntEnum):
    """What the next step is."""

    ASK = 0
    ANSWER = 1
    VERDICT = 2
    OVER = 3


class Interrogation:
    """A game of ``turns`` turns and a verdict.

    Attributes:
        hidden: the real agent, one machine of A actions.
        turns: of the game.
        phase: a `Phase`.
        real: whether the subject is the real agent; the interrogator is not told.
        asks, answers: lists of the moves of the turns that are complete.
        verdict: `MODEL`, `REAL`, or None before it.
    """

    def __init__(
        self,
        hidden: Machines,
        turns: int,
        rng: np.random.Generator | int,
        *,
        real: bool | None = None,
    ) -> None:
        if len(hidden) != 1 or turns < 1:
            raise ImitationError(
                f"{len(hidden)} hidden agents and {turns} turns; expected one and at least 1, "
                "such as Grudger().machine() and 10"
            )
        self.hidden, self.turns = hidden, turns
        self.rng = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        # Drawn even where it is given, so that the rest of the stream is the same.
        coin = bool(self.rng.random() < 0.5)
        self.real = coin if real is None else real
        self.phase = Phase.ASK
        self.asks: list[int] = []
        self.answers: list[int] = []
        self.verdict: int | None = None
        self._asked: int | None = None
        self._place = int(hidden.start[0])

    @property
    def over(self) -> bool:
        """Whether the verdict has been given."""
        return self.phase == Phase.OVER

    @property
    def mover(self) -> Role | None:
        """Who has to step: "interrogator", "imitator", or None when the game is over."""
        if self.over:
            return None
        return "imitator" if self.phase == Phase.ANSWER else "interrogator"

    @property
    def actions(self) -> int:
        """How many moves are allowed now, 0 .. that − 1: A, 2 for a verdict, 0 when over."""
        if self.over:
            return 0
        return 2 if self.phase == Phase.VERDICT else self.hidden.actions

    @property
    def rewards(self) -> dict[Role, float]:
        """1 for a right verdict to the interrogator; 1 to an imitator that was taken for real."""
        if self.verdict is None:
            return dict.fromkeys(ROLES, 0.0)
        right = (self.verdict == REAL) == self.real
        return {"interrogator": float(right), "imitator": float(not self.real and not right)}

    def observation(self, role: Role) -> npt.NDArray[np.float32]:
        """What a role sees, float32[turns·2·A + 2].

        Its own moves and the other's, one-hot for each turn, zeros where not played yet, own moves
        first; then the share of turns played, and whether it is the verdict that is due.
        """
        if role not in ROLES:
            raise ImitationError(f"role is {role!r}; allowed: {', '.join(ROLES)}")
        A, played = self.hidden.actions, len(self.asks)
        shown = np.zeros((self.turns, 2, A), np.float32)
        rows = np.arange(played)
        mine, theirs = (self.asks, self.answers) if role == ROLES[0] else (self.answers, self.asks)
        shown[rows, 0, np.array(mine, np.int64)] = 1.0
        shown[rows, 1, np.array(theirs, np.int64)] = 1.0
        ending = [played / self.turns, self.phase == Phase.VERDICT]
        return np.concatenate([shown.ravel(), np.array(ending, np.float32)])

    def step(self, action: int) -> None:
        """Let the `mover` move.

        Raises:
            ImitationError: for a move that is not allowed, or once the game is over.
        """
        if self.over:
            raise ImitationError("the interrogation is over: begin another with a new generator")
        if isinstance(action, bool | float) or not 0 <= action < self.actions:
            raise ImitationError(
                f"{self.mover} plays {action!r}; allowed: 0 to {self.actions - 1}"
                + (f", {MODEL} for model, {REAL} for real" if self.phase == Phase.VERDICT else "")
            )
        if self.phase == Phase.VERDICT:
            self.verdict, self.phase = int(action), Phase.OVER
        elif self.phase == Phase.ANSWER:
            self._complete(int(action))
        else:
            self._asked, self.phase = int(action), Phase.ANSWER
            if self.real:
                self._complete(self._agent_move())

    def _agent_move(self) -> int:
        chances = np.cumsum(self.hidden.plays[self._place])
        return int((self.rng.random() >= chances[:-1]).sum())

    def _complete(self, answer: int) -> None:
        """End a turn: both moves are open, and the agent, if it is it, moves on."""
        asked = self._asked
        assert asked is not None  # nobody answers before the interrogator has moved
        if self.real:
            self._place = int(self.hidden.moves_on[self._place, answer, asked])
        self.asks.append(asked)
        self.answers.append(answer)
        self._asked = None
        self.phase = Phase.VERDICT if len(self.asks) == self.turns else Phase.ASK

    def state(self) -> State:
        """The moves as arrays, and the facts that JSON can hold."""
        arrays = {
            "asks": np.array(self.asks, np.int64),
            "answers": np.array(self.answers, np.int64),
        }
        facts = {
            "turns": self.turns,
            "actions": self.hidden.actions,
            "phase": int(self.phase),
            "real": self.real,
            "verdict": self.verdict,
            "asked": self._asked,
            "place": self._place,
            "rng": plain(self.rng.bit_generator.state),
        }
        return arrays, facts

    def restore(self, state: State) -> None:
        """Go on where the game that gave ``state`` stood, with the same agent and turns.

        Raises:
            ImitationError: for a state of another game, or a damaged one; nothing changes then.
        """
        try:
            arrays, facts = state
            asks, answers = arrays["asks"].tolist(), arrays["answers"].tolist()
            phase, place, asked = Phase(facts["phase"]), int(facts["place"]), facts["asked"]
            verdict, real, rng = facts["verdict"], bool(facts["real"]), facts["rng"]
            alike = (facts["turns"], facts["actions"]) == (self.turns, self.hidden.actions)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ImitationError(f"that is no state of an interrogation: {error!r}") from error
        played, A = len(asks), self.hidden.actions
        due = played == self.turns
        whole = (
            alike
            and played == len(answers) <= self.turns
            and all(move in range(A) for move in asks + answers)
            and 0 <= place < len(self.hidden.plays)
            and (phase in (Phase.VERDICT, Phase.OVER)) == due
            and (asked is not None) == (phase == Phase.ANSWER)
            and (asked is None or asked in range(A))
            and (verdict is not None) == (phase == Phase.OVER)
            and verdict in (None, MODEL, REAL)
        )
        if not whole:
            raise ImitationError(
                f"the state is damaged, or of another game than this of {self.turns} turns and "
                f"{A} actions"
            )
        try:
            self.rng.bit_generator.state = rng
        except (KeyError, TypeError, ValueError) as error:
            raise ImitationError(f"the state's generator is of another kind: {error!r}") from error
        self.asks, self.answers, self.phase, self.verdict = asks, answers, phase, verdict
        self.real, self._asked, self._place = real, asked, place
