"""The seven engines on knowledge graphs, each a recognised algorithm with genes of its own."""

from swarm.reasoning.engines.abductive import Abductive
from swarm.reasoning.engines.analogical import Analogical
from swarm.reasoning.engines.causal import Causal
from swarm.reasoning.engines.counterfactual import Counterfactual
from swarm.reasoning.engines.deductive import Deductive
from swarm.reasoning.engines.inductive import Inductive
from swarm.reasoning.engines.probabilistic import Probabilistic

__all__ = [
    "Abductive",
    "Analogical",
    "Causal",
    "Counterfactual",
    "Deductive",
    "Inductive",
    "Probabilistic",
]
