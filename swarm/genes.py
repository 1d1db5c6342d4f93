"""What the genes of a reasoner mean: loci in, strategies out.

`evolution` knows loci without meaning and `swarm.reasoning` knows strategies without genes;
this is where the one becomes the other. Protocols are rectified: a gene at or below zero
switches the protocol off, so that each is one mutation away. Gate genes are cubed, so that a
gene drawn evenly mostly leaves the order of the engines alone. Every genome carries a linear gate
and a network; the gene `gate kind` says which of the two is asked, so that a population mixes
both and the other one drifts until it is switched to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from evolution import Categorical, Integer, Locus, Network, Permutation, Real
from swarm.reasoning import Engines, GateNetworks, Strategies
from swarm.reasoning.strategy import STATE_FEATURES

PROTOCOLS = {
    "consensus": 1.0,
    "novelty": 0.6,
    "council": 2.0,
    "inversion": 2.0,
    "trust": 1.0,
    "memory": 1.0,
}
"""Protocols and the most their genes can make of them."""

GATE_KINDS = ("linear", "network")
GATE_REACH = 1.5
HIDDEN, LINKS = 4, 32
"""Most hidden nodes and links of a gate network."""


def strategy_loci(faculties: Engines, without: Collection[str] = ()) -> Mapping[str, Locus]:
    """The loci that `decode` reads, for K engines.

    Args:
        faculties: the engines and what gates see.
        without: "gates", or protocols other than consensus, that genomes cannot switch on; for
            ablations.
    """
    K = len(faculties.names)
    seen = (*STATE_FEATURES, *faculties.feature_names)
    gated = 0.0 if "gates" in without else 1.0
    off = {name for name in PROTOCOLS if name in without or name not in faculties.protocols}
    most = [0.0 if name in off - {"consensus"} else high for name, high in PROTOCOLS.items()]
    return {
        "order": Permutation(K),
        "length": Integer(1, 1, K),
        "variant": Categorical(K, tuple(len(settings) for settings in faculties.variants)),
        "weight": Real(K, 0.0, 3.0, precision="float32"),
        "beam": Real(K, 0.5, 8.0, precision="float32"),
        "commit": Real(K, 0.2, 5.0, precision="float32"),
        "gate kind": Categorical(1, len(GATE_KINDS) if gated else 1),
        "gate": Real((K + 1) * len(seen), -gated, gated, precision="float32"),
        "gate network": gate_network(len(seen) - 1, K + 1, (*seen[1:], *faculties.names, "stop")),
        "protocol": Real(
            len(PROTOCOLS),
            (0.1 if any(most[1:4]) else 1.0, *(-1.0 for _ in most[1:])),
            tuple(most),
            precision="float32",
        ),
    }


def gate_network(inputs: int, outputs: int, names: tuple[str, ...] = ()) -> Network:
    """The locus of gate networks: from what a gate sees, less the bias, to the drives."""
    return Network(inputs, outputs, HIDDEN, LINKS, reach=GATE_REACH, names=names)


def decode(genes: Callable[[str], np.ndarray]) -> Strategies:
    """Strategies of N genomes; `genes(locus)` gives a column [N, size], as `world.genes` does."""
    order = genes("order")
    drives = order.shape[1] + 1
    gate = genes("gate").reshape(len(order), drives, genes("gate").shape[1] // drives)
    protocol = np.maximum(genes("protocol"), 0)
    networked = genes("gate kind")[:, 0] == GATE_KINDS.index("network")
    locus = gate_network(gate.shape[2] - 1, gate.shape[1])
    wiring = locus.wiring(genes("gate network"))
    return Strategies(
        order=np.ascontiguousarray(order, np.int8),
        length=np.ascontiguousarray(genes("length")[:, 0], np.int32),
        variant=np.ascontiguousarray(genes("variant"), np.int16),
        weight=np.ascontiguousarray(genes("weight")),
        beam=np.ascontiguousarray(genes("beam")),
        commit=np.ascontiguousarray(genes("commit")),
        gate=np.float32(GATE_REACH) * gate * gate * gate,
        networked=networked,
        networks=GateNetworks.compile(locus.inputs, locus.outputs, *wiring, asked=networked),
        **{name: protocol[:, i].copy() for i, name in enumerate(PROTOCOLS)},
    )
