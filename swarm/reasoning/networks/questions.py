"""Questions to a hidden network: what is seen, what is done, what is imagined; and their truth.

The three rungs of Pearl 2009, "Causality" (and Bareinboim et al. 2022, "On Pearl's hierarchy and
the foundations of causal inference"):

- *seeing*, P(T | e): facts were observed;
- *doing*, P(T | do(x), w): X is set; what is known besides, w, X has no influence on;
- *imagining*, P(T had X been x' | x, t, w): in fact X was x and T was t, and more may be known.

Guarantees: `truth_of` is exact: elimination for the first two, twin networks for the third.
Counterfactuals are those of the model given; `monotone_model` states its coupling.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.counterfactuals import counterfactual_all
from swarm.reasoning.networks.elimination import query_all
from swarm.reasoning.networks.network import UNSEEN, NetworkError
from swarm.reasoning.networks.random_models import PartlyHidden
from swarm.reasoning.queries import Block

KINDS = ("seeing", "doing", "imagining")
SEEING, DOING, IMAGINING = range(3)


@dataclass(frozen=True)
class Questions:
    """Q questions about V visible variables, as agents see them.

    Attributes:
        number: int32[Q], each question's own number; findings are filed under it.
        kind: int8[Q], a place in `KINDS`, ascending.
        target: int32[Q], T.
        facts: int16[Q, V], what was seen; −1 where nothing was.
        setting: int16[Q, V], what is set, one variable for doing and imagining; −1 elsewhere.

    Raises:
        NetworkError: for kinds that do not ascend, a setting too many or too few, facts about
            what is set by doing, or facts about the target of any kind but imagining.
    """

    number: NDArray[np.int32]
    kind: NDArray[np.int8]
    target: NDArray[np.int32]
    facts: NDArray[np.int16]
    setting: NDArray[np.int16]

    def __post_init__(self) -> None:
        set_, seen = self.setting != UNSEEN, self.facts != UNSEEN
        rows = np.arange(len(self))
        doing = self.kind == DOING
        about = seen[rows, self.target]
        wrong = (
            (set_.sum(axis=1) != (self.kind != SEEING))
            | (doing & (set_ & seen).any(axis=1))
            | (about & (self.kind != IMAGINING))
            | set_[rows, self.target]
        )
        if wrong.any() or (np.diff(self.kind) < 0).any():
            row = int(wrong.argmax())
            raise NetworkError(
                "questions come kind by kind (0 seeing, 1 doing, 2 imagining); seeing sets "
                "nothing, the others one variable other than the target; doing has no fact about "
                "what it sets, and only imagining has one about the target: "
                f"question {row} is of kind {self.kind[row]}, target {self.target[row]}, "
                f"facts {self.facts[row].tolist()}, setting {self.setting[row].tolist()}"
            )

    def __len__(self) -> int:
        """Q, the number of questions."""
        return len(self.number)

    def take(self, rows: NDArray) -> Questions:
        """The questions of some rows, ascending."""
        return Questions(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def set_variable(self) -> NDArray[np.int64]:
        """int64[Q]: the variable that is set; −1 for seeing."""
        return np.where(self.kind == SEEING, UNSEEN, (self.setting != UNSEEN).argmax(axis=1))

    @property
    def believed(self) -> NDArray[np.int16]:
        """int16[Q, V]: facts and setting taken for one, as by somebody who sees no difference.

        What is set replaces a fact to the contrary; what is asked about is left out.
        """
        merged = np.where(self.setting != UNSEEN, self.setting, self.facts)
        merged[np.arange(len(self)), self.target] = UNSEEN
        return merged

    def open(self, cards: NDArray[np.integer]) -> NDArray[np.bool_]:
        """bool[Q, C]: which answers there are, the states of each target of cards int[V]."""
        return np.arange(int(cards.max())) < cards[self.target][:, None]

    def block(self, cards: NDArray[np.integer]) -> Block:
        """The questions as a block: source is the number, relation the kind."""
        return Block(
            self.number.astype(np.int32), self.kind.astype(np.int32), self.open(cards), None
        )

    def describe(self, q: int, names: tuple[str, ...], states: tuple[tuple[str, ...], ...]) -> str:
        """Question q in words, such as `P(lung | do(bronc = yes), smoke = no)`."""

        def said(row: NDArray) -> str:
            seen = np.flatnonzero(row != UNSEEN).tolist()
            return ", ".join(f"{names[v]} = {states[v][row[v]]}" for v in seen)

        name, facts = names[self.target[q]], said(self.facts[q])
        setting = said(self.setting[q])
        match self.kind[q]:
            case 0:
                return f"P({name} | {facts})"
            case 1:
                return f"P({name} | do({setting}){', ' if facts else ''}{facts})"
        return f"P({name} had {setting} | {facts})"


def truth_of(world: PartlyHidden, questions: Questions) -> NDArray[np.float64]:
    """The exact distributions that Q questions ask for.

    Args:
        world: the whole model; questions number its visible variables.
        questions: facts that are possible in it.

    Returns:
        float64[Q, C], C the most states of any visible variable.

    Raises:
        NetworkError: for impossible facts, or an elimination that is too large.
    """
    model, visible = world.model, world.visible
    C = max(model.network.cards[v] for v in visible)
    target = visible[questions.target]
    facts = everywhere(questions.facts, visible, len(model))
    setting = everywhere(questions.setting, visible, len(model))
    imagined = questions.kind == IMAGINING
    truth = np.empty((len(questions), max(model.network.cards)))
    plain = ~imagined
    truth[plain] = query_all(model.network, target[plain], facts[plain], setting[plain])
    truth[imagined] = counterfactual_all(
        model, target[imagined], setting[imagined], facts[imagined]
    )
    return truth[:, :C]


def everywhere(rows: NDArray, visible: NDArray[np.int64], variables: int) -> NDArray[np.int64]:
    """Rows about the visible variables, int[Q, V], as rows about all, int64[Q, V + hidden]."""
    whole = np.full((len(rows), variables), UNSEEN, dtype=np.int64)
    whole[:, visible] = rows
    return whole
