"""Networks one by one, as neat-python has them: ``nn.FeedForwardNetwork.create(genome, config)``.

A network is a row of its whole population, which is compiled once, when the first of its networks
is made. Where another genome has been asked about the same inputs before, as it happens with a
table of samples, all genomes are computed on these at once, and the rest of them only recall.
What comes out is the same bytes either way. `evolution.neat` runs whole populations far faster.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.neat.evaluation import Alone, FeedForward, Recurrent
from evolution.neat.program import NetworkError
from evolution.neat_python.config import Config
from evolution.neat_python.genome import Cohort, DefaultGenome

Inputs = Sequence[float] | npt.NDArray[Any]

# A network run alone costs as much as so many run as part of a batch.
_ALONE = 40
# Batches that a cohort may try before they must have paid, the inputs that it looks out for, and
# the numbers that it may remember.
_TRIALS, _WATCHED, _REMEMBERED = 8, 4096, 1_000_000
# After so many questions that nobody else has asked, a network is run alone for good.
_PATIENCE = 32


class InputError(NetworkError, RuntimeError):
    """Inputs of the wrong number; a RuntimeError too, as it is in neat-python."""


class FeedForwardNetwork:
    """A network without memory."""

    __slots__ = ("_alone", "_genome", "_patience", "_recall")

    def __init__(self, genome: DefaultGenome) -> None:
        self._genome = genome
        self._recall = genome.cohort.recall or _remembering(genome.cohort)
        self._alone: Alone | None = None
        # How many more questions may be its own until it is clear that all are.
        self._patience = _PATIENCE

    @staticmethod
    def create(genome: DefaultGenome, config: Config) -> FeedForwardNetwork:
        """The network of a genome."""
        return FeedForwardNetwork(genome)

    @property
    def input_nodes(self) -> list[int]:
        """The keys of the inputs: -1, -2, …"""
        return _input_nodes(self._recall.networks)

    @property
    def output_nodes(self) -> list[int]:
        """The keys of the outputs: 0, 1, …"""
        return list(range(self._recall.networks.outputs))

    def activate(self, inputs: Inputs) -> list[float]:
        """What the network makes of its inputs; `InputError` if they are not as many as it has."""
        if self._alone is not None and not self._patience:
            return _stepped(self._alone, inputs)
        if isinstance(inputs, np.ndarray):
            inputs = np.asarray(inputs, dtype=np.float64)
            question: Any = inputs.tobytes()
        else:
            question = tuple(inputs)
        recall = self._recall
        answers = recall.known.get(question)
        if answers is None:
            return self._first_asked(question, inputs)
        recall.recalled += 1
        first = self._genome.row * recall.outputs
        return answers[first : first + recall.outputs]

    def _first_asked(self, question: Any, inputs: Inputs) -> list[float]:
        """The answer to inputs that nobody knows the answer to."""
        networks, row = self._recall.networks, self._genome.row
        _check(inputs, networks.inputs)
        if self._recall.worth_knowing(question, row):
            self._recall.ask(question, inputs)
            return self.activate(inputs)
        if self._alone is None:
            self._alone = networks.alone(row)
        self._patience -= 1
        return self._alone.step(inputs)


class RecurrentNetwork:
    """A network with memory: in a step, nodes look at the values that the step before left."""

    __slots__ = ("_alone", "_networks")

    def __init__(self, genome: DefaultGenome) -> None:
        self._networks = genome.cohort.recurrent
        self._alone = self._networks.alone(genome.row)

    @staticmethod
    def create(genome: DefaultGenome, config: Config) -> RecurrentNetwork:
        """The network of a genome."""
        return RecurrentNetwork(genome)

    @property
    def input_nodes(self) -> list[int]:
        """The keys of the inputs: -1, -2, …"""
        return _input_nodes(self._networks)

    @property
    def output_nodes(self) -> list[int]:
        """The keys of the outputs: 0, 1, …"""
        return list(range(self._networks.outputs))

    def activate(self, inputs: Inputs) -> list[float]:
        """The next step on these inputs; `InputError` if they are not as many as there are."""
        return _stepped(self._alone, inputs)

    def reset(self) -> None:
        """Forget: all values are 0 again."""
        self._alone.reset()


class _Recall:
    """What all genomes of a cohort answer to inputs that more than one of them has been asked.

    Batches that few make use of must not cost much: after the first few they are only made as
    long as they have saved more than they took.
    """

    __slots__ = ("asked", "batches", "known", "networks", "outputs", "recalled")

    def __init__(self, networks: FeedForward) -> None:
        self.networks = networks
        self.outputs = networks.outputs
        # For each question the answers of all genomes, one after the other.
        self.known: dict[Any, list[float]] = {}
        self.asked: dict[Any, int] = {}
        self.recalled = 0
        self.batches = 0

    def worth_knowing(self, question: Any, row: int) -> bool:
        """Whether another genome was asked the same, and batches have been worth it so far."""
        asker = self.asked.get(question)
        if asker is None:
            if len(self.asked) < _WATCHED:
                self.asked[question] = row
            return False
        n = len(self.networks)
        if asker == row or (self.batches + 1) * n * self.outputs > _REMEMBERED:
            return False
        return self.batches < _TRIALS or self.recalled * _ALONE >= self.batches * n

    def ask(self, question: Any, inputs: Inputs) -> None:
        """Learn the answers of all genomes."""
        self.batches += 1
        self.known[question] = self.networks(np.array([inputs])).ravel().tolist()


def _remembering(cohort: Cohort) -> _Recall:
    """The memory of a cohort that has had none."""
    recall = cohort.recall = _Recall(cohort.feed_forward)
    return recall


def _input_nodes(networks: FeedForward | Recurrent) -> list[int]:
    return [-key - 1 for key in range(networks.inputs)]


def _stepped(alone: Alone, inputs: Inputs) -> list[float]:
    try:
        return alone.step(inputs)
    except struct.error:
        _check(inputs, alone.inputs)
        raise


def _check(inputs: Inputs, wanted: int) -> None:
    if len(inputs) != wanted:
        raise InputError(
            f"{len(inputs)} inputs for a network that has {wanted}: activate({[0.0] * wanted}), say"
        )
