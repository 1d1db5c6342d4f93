"""Evolution strategies: searches that adapt the distribution they draw from."""

from evolution.strategies.cma_es import CMAES

__all__ = ["CMAES"]
