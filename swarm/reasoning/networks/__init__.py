"""Bayesian networks and structural causal models: exact answers, discovery, identification."""

from swarm.reasoning.networks.adjustment import (
    Identification,
    back_door_set,
    front_door_set,
    identify,
    is_back_door,
    is_front_door,
)
from swarm.reasoning.networks.bif import NETWORKS, bif_text, load_network, write_bif
from swarm.reasoning.networks.bif_reader import parse_bif
from swarm.reasoning.networks.counterfactuals import counterfactual, counterfactual_all
from swarm.reasoning.networks.counting import DataError
from swarm.reasoning.networks.elimination import joint, probability, query, query_all
from swarm.reasoning.networks.equivalence import (
    close_under_meek,
    equivalent,
    extension,
    pattern_of,
    structural_distance,
)
from swarm.reasoning.networks.estimate import (
    back_door,
    conditional,
    effect,
    front_door,
    overlap,
    weighted,
)
from swarm.reasoning.networks.explanation import Explanation, k_most_probable, most_probable
from swarm.reasoning.networks.hill_climb import Climb, hill_climb
from swarm.reasoning.networks.learning import learn_graph
from swarm.reasoning.networks.necessity import Causation, causation_bounds, monotone_causation
from swarm.reasoning.networks.network import BayesNetwork
from swarm.reasoning.networks.pc import Discovery, discover, independence
from swarm.reasoning.networks.random_models import (
    PartlyHidden,
    random_dag,
    random_model,
    random_network,
    with_confounders,
)
from swarm.reasoning.networks.sampling import likelihood_weighting, weighted_samples
from swarm.reasoning.networks.score import FamilyScores
from swarm.reasoning.networks.separation import (
    StructureError,
    ancestors,
    connections,
    d_separated,
    descendants,
)
from swarm.reasoning.networks.structural import (
    StructuralModel,
    independent_model,
    monotone_model,
)
from swarm.reasoning.networks.validity import NetworkError

__all__ = [
    "NETWORKS",
    "BayesNetwork",
    "Causation",
    "Climb",
    "DataError",
    "Discovery",
    "Explanation",
    "FamilyScores",
    "Identification",
    "NetworkError",
    "PartlyHidden",
    "StructuralModel",
    "StructureError",
    "ancestors",
    "back_door",
    "back_door_set",
    "bif_text",
    "causation_bounds",
    "close_under_meek",
    "conditional",
    "connections",
    "counterfactual",
    "counterfactual_all",
    "d_separated",
    "descendants",
    "discover",
    "effect",
    "equivalent",
    "extension",
    "front_door",
    "front_door_set",
    "hill_climb",
    "identify",
    "independence",
    "independent_model",
    "is_back_door",
    "is_front_door",
    "joint",
    "k_most_probable",
    "learn_graph",
    "likelihood_weighting",
    "load_network",
    "monotone_causation",
    "monotone_model",
    "most_probable",
    "overlap",
    "parse_bif",
    "pattern_of",
    "probability",
    "query",
    "query_all",
    "random_dag",
    "random_model",
    "random_network",
    "structural_distance",
    "weighted",
    "weighted_samples",
    "with_confounders",
    "write_bif",
]
