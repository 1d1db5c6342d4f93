"""Fast evaluators: surrogates that predict what genomes would achieve, and what they save."""

from evolution.surrogates.ensemble import Prediction, Surrogate, SurrogateError
from evolution.surrogates.features import features
from evolution.surrogates.forest import ForestEnsemble
from evolution.surrogates.neural import NeuralEnsemble
from evolution.surrogates.preselection import Preselection
from evolution.surrogates.ridge import RidgeEnsemble

__all__ = [
    "ForestEnsemble",
    "NeuralEnsemble",
    "Prediction",
    "Preselection",
    "RidgeEnsemble",
    "Surrogate",
    "SurrogateError",
    "features",
]
