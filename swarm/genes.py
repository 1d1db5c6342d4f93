"""What the genes of a reasoner mean: loci in, strategies out.

`evolution` knows loci without meaning and `swarm.reasoning` knows strategies without genes;
this is where the one becomes the other. Protocols are rectified: a gene at or below zero
switches the protocol off, so that each is one mutation away. Gate genes are cubed, so that a
gene drawn evenly mostly leaves the order of the engines alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from evolution import Categorical, Integer, Locus, Permutation, Real
from swarm.reasoning import Faculties, Strategies
from swarm.reasoning.strategy import STATE_FEATURES

PROTOCOLS = ("consensus", "novelty", "council", "inversion", "trust")
GATE_REACH = 1.5


def strategy_loci(faculties: Faculties) -> Mapping[str, Locus]:
    """The loci that `decode` reads, for K engines."""
    K = len(faculties.engines)
    return {
        "order": Permutation(K),
        "length": Integer(1, 1, K),
        "variant": Categorical(K, tuple(len(settings) for settings in faculties.variants)),
        "weight": Real(K, 0.0, 3.0, precision="float32"),
        "beam": Real(K, 0.5, 8.0, precision="float32"),
        "commit": Real(K, 0.2, 5.0, precision="float32"),
        "gate": Real((K + 1) * len(STATE_FEATURES), -1.0, 1.0, precision="float32"),
        "protocol": Real(
            len(PROTOCOLS),
            (0.1, -1.0, -1.0, -1.0, -1.0),
            (1.0, 0.6, 2.0, 2.0, 1.0),
            precision="float32",
        ),
    }


def decode(genes: Callable[[str], np.ndarray]) -> Strategies:
    """Strategies of N genomes; `genes(locus)` gives a column [N, size], as `world.genes` does."""
    order = genes("order")
    gate = genes("gate").reshape(len(order), order.shape[1] + 1, len(STATE_FEATURES))
    protocol = np.maximum(genes("protocol"), 0)
    return Strategies(
        order=np.ascontiguousarray(order, np.int8),
        length=np.ascontiguousarray(genes("length")[:, 0], np.int32),
        variant=np.ascontiguousarray(genes("variant"), np.int16),
        weight=np.ascontiguousarray(genes("weight")),
        beam=np.ascontiguousarray(genes("beam")),
        commit=np.ascontiguousarray(genes("commit")),
        gate=np.float32(GATE_REACH) * gate * gate * gate,
        **{name: protocol[:, i].copy() for i, name in enumerate(PROTOCOLS)},
    )
