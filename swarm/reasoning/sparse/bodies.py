"""Which function scores a shortlist for which engine: the sparse bodies of the faculties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines import (
    Abductive,
    Analogical,
    Causal,
    Counterfactual,
    Deductive,
    Inductive,
    Probabilistic,
)
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.abductive import abductive
from swarm.reasoning.sparse.adding_up import causal, counterfactual, inductive
from swarm.reasoning.sparse.analogical import analogical
from swarm.reasoning.sparse.deductive import deductive
from swarm.reasoning.sparse.probabilistic import probabilistic

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence

BODIES: dict[type[Engine], Callable[[Any, SparseEvidence, Block], np.ndarray]] = {
    Deductive: deductive,
    Inductive: inductive,
    Abductive: abductive,
    Causal: causal,
    Counterfactual: counterfactual,
    Probabilistic: probabilistic,
    Analogical: analogical,
}

GENES: dict[type[Engine], tuple[str, ...]] = {
    Deductive: (
        "threshold",
        "rounds",
        "support_min",
        "pseudo_count",
        "top",
        "decay",
        "aggregation",
    ),
    Inductive: ("top", "aggregation", "unary", "support_min", "pseudo_count"),
    Abductive: ("confidence_min", "miss", "prior", "top", "support_min", "pseudo_count"),
    Causal: ("kinds", "top", "support_min", "shrinkage"),
    Counterfactual: ("penalty", "top", "support_min", "pseudo_count"),
    Probabilistic: ("temperature", "smoothing", "both_sides"),
    Analogical: ("sharpness", "neighbours", "source_share"),
}
"""The genes that sparse bodies express; the others have to be as they are by default."""


def score(engine: Engine, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C] of an engine for a block with a shortlist.

    Raises:
        TypeError: for an engine without a sparse body.
        ValueError: for a gene without one that is not as it is by default.
    """
    body = BODIES.get(type(engine))
    if body is None:
        raise TypeError(
            f"the engine {type(engine).__name__} scores small graphs alone; on graphs with "
            f"shortlists there are {', '.join(kind.__name__ for kind in BODIES)}"
        )
    for gene in fields(engine):  # type: ignore[arg-type]
        value = getattr(engine, gene.name)
        if gene.name not in GENES[type(engine)] and value != gene.default:
            raise ValueError(
                f"{type(engine).__name__}({gene.name}={value!r}) scores small graphs alone; on "
                f"graphs with shortlists {gene.name} is {gene.default!r}, and what may differ is "
                f"{', '.join(GENES[type(engine)])}"
            )
    return body(engine, evidence, block)
