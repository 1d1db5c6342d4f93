"""Novelty: how surprising an answer is, given how often such a thing has already been said.

The novelty of answer c to (x, r', ?) is its surprisal -log p(c | r') in nats (Shannon 1948; used
for the novelty of recommendations by Zhou et al. 2010). p is the share of what has been said in
this place of the relation that was c: facts of the evidence, and what memory says of the very
query, smoothed towards how often c is spoken of at all (Dirichlet prior, Zhai & Lafferty 2004):

    p(c | r') = (n(r', c) + m(q, c) + mu * b(c)) / (n(r') + m(q) + mu).

So "nobody ever answered that here" is novel, and a bit more so if hardly anything is known of c.
The score w_c * consensus + w_n * novelty of a mode is, for equal weights, pointwise mutual
information (Church & Hanks 1990; as an objective for diverse answers, Li et al. 2016).
"""

from __future__ import annotations

import numpy as np

from swarm.reasoning.evidence import Evidence
from swarm.reasoning.queries import Block

PRIOR = 10.0
"""mu: how many sayings the prior is worth."""


def surprisal(
    block: Block,
    evidence: Evidence | None = None,
    said: np.ndarray | None = None,
    prior: float = PRIOR,
) -> np.ndarray:
    """Nats of surprise float32[Q, C] at every candidate of Q queries.

    Args:
        block: the queries.
        evidence: the facts that count as said; none if left out.
        said: int[Q, C], how often memory says each candidate of each query (`Hearsay.count`).
        prior: mu > 0.

    Returns:
        -log p, so that exp of its negative sums to 1 over all candidates of a query.

    Raises:
        ValueError: prior is not positive.
    """
    if not prior > 0:
        raise ValueError(f"prior {prior} must be more than 0, such as {PRIOR:g}")
    queries, candidates = block.open.shape
    count = np.zeros((queries, candidates))
    base = np.ones(candidates)
    if evidence is not None:
        count += evidence.cube.sum(axis=1)[block.relation]
        base += evidence.degree
    if said is not None:
        count += said
    share = (count + prior * base / base.sum()) / (count.sum(axis=1, keepdims=True) + prior)
    return -np.log(share).astype(np.float32)
