"""Counterfactuals: the same case once more, but for one thing that was otherwise.

*Twin*: abduction, action, prediction on the learned network with the monotone coupling of its
noise, on a twin network (Balke & Pearl 1994; Pearl 2009, theorem 7.1.7). Answers are averaged over
`graphs` that the cases cannot well tell apart (`Cases.members`), or one of them is believed in
(`belief`, as in `causal`).

*Bounds* and *ranks* go without a model of the noise. With the effect P(t' | do(x')) estimated
from the cases, those who were not at x' would have had t' with probability

    a(t') = (P(t' | do(x')) − P(t', x')) / P(not x')      (effect on the untreated),

and in fact had t with b(t) = P(t | x). How the two hang together no data tell: *bounds* takes the
middle of max(0, a + b − 1) and min(a, b), as Tian & Pearl 2000 bound necessity and sufficiency;
*ranks* supposes that who was high stays as high (monotonicity; Doksum 1974).

Interventional. It needs a fact that the setting contradicts: where none is, there is no world to
depart from, and it states the base rate. `anywhere` lifts that for the twin network, which then
answers every kind of question: no faculty any more, but a yardstick for all of them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.cases import Cases, Learner
from swarm.reasoning.networks.counterfactuals import counterfactual_all, twin_network
from swarm.reasoning.networks.engines.body import BELIEFS, GRAPHS, Body, believed, towards
from swarm.reasoning.networks.engines.effects import effect
from swarm.reasoning.networks.network import UNSEEN, NetworkError
from swarm.reasoning.networks.questions import Questions
from swarm.reasoning.networks.sampling import likelihood_weighting
from swarm.reasoning.networks.separation import descendants
from swarm.reasoning.networks.structural import StructuralModel

Method = Literal["twin", "bounds", "ranks"]

DRAWS, DRAWS_SEED = 2_000, 0x7477696E
"""Weighted draws where a twin network is too large for elimination, and their seed."""


@dataclass(frozen=True)
class Counterfactual(Body):
    """Genes: method, learner of the graph, graphs held possible, the one believed in, smoothing.

    `belief` is a place among the graphs held possible, round and round; None averages over them.
    Without a model of the noise the learned graph is believed in.
    """

    name: ClassVar[str] = "counterfactual"
    cost: ClassVar[float] = 3.3
    interventional: ClassVar[bool] = True

    method: Method = "twin"
    learner: Learner = "search"
    graphs: int = GRAPHS
    belief: int | None = None
    smoothing: float = 1.0
    anywhere: bool = False

    @classmethod
    def variants(cls) -> tuple[Counterfactual, ...]:
        """All twin networks, the middle of the bounds, ranks that are kept, and beliefs."""
        believing = (cls(belief=belief) for belief in range(BELIEFS))
        return cls(), cls(method="bounds"), cls(method="ranks"), *believing

    def estimate(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        """float64[Q, C]; a twin network for each variable that is set, or O(Q · n · V)."""
        likely = cases.base[questions.target].copy()
        rows = np.arange(len(questions))
        set_ = questions.set_variable
        fact, setting = questions.facts[rows, set_], questions.setting[rows, set_]
        contrary = (set_ != UNSEEN) & (fact != UNSEEN) & (fact != setting)
        asked = rows if self.anywhere else np.flatnonzero(contrary)
        if len(asked) == 0:
            return likely
        if self.method == "twin":
            likely[asked] = self._twin(cases, questions.take(asked))
        else:
            for q in np.flatnonzero(contrary):
                likely[q] = self._coupled(cases, questions, int(q), int(set_[q]))
        return likely

    def _twin(self, cases: Cases, questions: Questions) -> NDArray[np.float64]:
        facts, setting = questions.facts.astype(np.int64), questions.setting.astype(np.int64)
        total = np.zeros((len(questions), cases.answers))
        models = cases.models(self.learner, self.graphs, self.smoothing)
        for model, share in believed(models, self.belief):
            try:
                found = counterfactual_all(model, questions.target, setting, facts)
            except NetworkError:  # tables too large: nothing is impossible in a fitted network
                found = _sampled(model, questions)
            total += share * found
        return total

    def _coupled(
        self, cases: Cases, questions: Questions, q: int, cause: int
    ) -> NDArray[np.float64]:
        """Without a model of the noise: float64[C]."""
        target, facts = int(questions.target[q]), questions.facts[q]
        graph = cases.graph(self.learner)
        state, fact = int(questions.setting[q, cause]), int(facts[cause])
        after = descendants(graph, cause)
        alike = cases.agree(np.where(after, UNSEEN, facts))
        had = cases.columns[cause]
        done = effect(cases, graph, cause, state, target, facts, self.smoothing)
        base = cases.base[target]
        in_fact = towards(cases.frequencies(target, alike & (had == fact)), base, self.smoothing)
        share = float((alike & (had == state)).sum() + 1) / float(alike.sum() + 2)
        there = towards(cases.frequencies(target, alike & (had == state)), done, self.smoothing)
        would = np.maximum(done - share * there, 0) + 1e-9 * base
        would /= would.sum()
        was = int(facts[target])
        if was == UNSEEN:
            return would
        if not after[target]:
            return np.eye(cases.answers)[was]
        return coupled(would, in_fact, was, self.method)


def _sampled(model: StructuralModel, questions: Questions) -> NDArray[np.float64]:
    """The same by weighted draws, float64[Q, C]: for twin networks that are too entangled."""
    likely = np.zeros((len(questions), max(model.network.cards)))
    for q, cause in enumerate(questions.set_variable.tolist()):
        twin = twin_network(model, () if cause == UNSEEN else (cause,))
        facts = {
            int(v): int(questions.facts[q, v]) for v in np.flatnonzero(questions.facts[q] >= 0)
        }
        done = {} if cause == UNSEEN else {int(twin.other[cause]): int(questions.setting[q, cause])}
        target = int(twin.other[questions.target[q]])
        rng = np.random.default_rng(DRAWS_SEED)
        found = likelihood_weighting(twin.network, target, facts, DRAWS, rng, done)
        likely[q, : len(found)] = found
    return likely


def coupled(
    would: NDArray[np.float64], in_fact: NDArray[np.float64], was: int, method: Method
) -> NDArray[np.float64]:
    """What somebody who was at `was` would have been, float64[C].

    Args:
        would: float64[C], the distribution there would have been.
        in_fact: float64[C], the one there was, positive at `was`.
        was: a state.
        method: "ranks", or "bounds" for the middle of what is possible.
    """
    if method == "ranks":
        ends, edges = np.cumsum(would), np.cumsum(in_fact)
        low, high = edges[was] - in_fact[was], edges[was]
        joint = np.minimum(ends, high) - np.maximum(ends - would, low)
    else:
        least = np.maximum(would + in_fact[was] - 1, 0)
        joint = (least + np.minimum(would, in_fact[was])) / 2
    joint = np.maximum(joint, 0) + 1e-12 * would
    shares: NDArray[np.float64] = joint / joint.sum()
    return shares
