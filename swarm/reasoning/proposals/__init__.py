"""Proposals: eight ways to answer a query, how novel answers are, and mixtures of the ways."""

from swarm.reasoning.proposals.grounds import (
    independent_lines,
    kindred,
    precedents,
    transplanted,
)
from swarm.reasoning.proposals.mixture import Proposals, apportion, deal, draw, shares_of
from swarm.reasoning.proposals.novelty import surprisal
from swarm.reasoning.proposals.slates import (
    FROM_EVIDENCE,
    TYPES,
    ProposalError,
    Views,
    log_softmax,
    slate,
)

__all__ = [
    "FROM_EVIDENCE",
    "TYPES",
    "ProposalError",
    "Proposals",
    "Views",
    "apportion",
    "deal",
    "draw",
    "independent_lines",
    "kindred",
    "log_softmax",
    "precedents",
    "shares_of",
    "slate",
    "surprisal",
    "transplanted",
]
