"""The bodies that the seven faculties have in the causal domain, in the order of genomes."""

from swarm.reasoning.networks.engines.abductive import Abductive
from swarm.reasoning.networks.engines.analogical import Analogical
from swarm.reasoning.networks.engines.body import Body
from swarm.reasoning.networks.engines.causal import Causal
from swarm.reasoning.networks.engines.counterfactual import Counterfactual
from swarm.reasoning.networks.engines.deductive import Deductive
from swarm.reasoning.networks.engines.inductive import Inductive
from swarm.reasoning.networks.engines.probabilistic import Probabilistic

__all__ = [
    "Abductive",
    "Analogical",
    "Body",
    "Causal",
    "Counterfactual",
    "Deductive",
    "Inductive",
    "Probabilistic",
]
