"""Checkpoints: a run that was stopped goes on as if it had not been.

A checkpoint is a ZIP archive of plain arrays, numpy's ``.npz``, and holds no code. Its members:
``facts``, JSON in bytes (the format's number, the configuration's text, the keys of genomes and
what fitness they have, the record of species, and the search's own facts); ``search.*``, the arrays
of the search's state; ``best.*``, the best genome so far.

Guarantee: what is restored goes on bit for bit, as long as the fitness function does.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from evolution.neat_python.config import Config
from evolution.neat_python.reporting import BaseReporter, Members
from evolution.neat_python.species import DefaultSpeciesSet

if TYPE_CHECKING:
    from evolution.neat_python.population import Population

FORMAT = 1


class CheckpointError(ValueError):
    """A file that is no checkpoint, or one of another format."""


class Checkpointer(BaseReporter):
    """A reporter that writes a checkpoint now and then, after a generation has been bred.

    Args:
        generation_interval: one every so many generations; None for no such rule.
        time_interval_seconds: one when so much time has passed since the last; None likewise.
        filename_prefix: the file's name, but for the number of the next generation at its end.
    """

    def __init__(
        self,
        generation_interval: int | None,
        time_interval_seconds: float | None = None,
        filename_prefix: str | Path = "neat-checkpoint-",
    ) -> None:
        self.generation_interval = generation_interval
        self.time_interval_seconds = time_interval_seconds
        self.filename_prefix = str(filename_prefix)
        self.last_generation_checkpoint = 0
        self._last_time = time.monotonic()
        self._population: Population | None = None

    def attach(self, population: Population) -> None:
        """This population will be saved."""
        self._population = population
        self.last_generation_checkpoint = population.generation

    def end_generation(
        self, config: Config, population: Members, species_set: DefaultSpeciesSet
    ) -> None:
        """Write a checkpoint if one is due."""
        assert self._population is not None
        generation = self._population.generation
        passed = time.monotonic() - self._last_time
        late = self.time_interval_seconds is not None and passed >= self.time_interval_seconds
        interval = self.generation_interval
        if late or (
            interval is not None and generation - self.last_generation_checkpoint >= interval
        ):
            self.save_checkpoint(self._population, f"{self.filename_prefix}{generation}")
            self.last_generation_checkpoint = generation
            self._last_time = time.monotonic()

    @staticmethod
    def save_checkpoint(population: Population, filename: str | Path) -> None:
        """Write a checkpoint; whoever reads the file while this goes on sees the old one."""
        arrays, facts = population.state()
        facts = {"format": FORMAT, "config": population.config.text(), **facts}
        text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
        members: dict[str, Any] = {"facts": text, **arrays}
        written = Path(f"{filename}.part")
        with written.open("wb") as file:
            np.savez_compressed(file, **members)
        os.replace(written, filename)

    @staticmethod
    def restore_checkpoint(filename: str | Path, new_config: Config | None = None) -> Population:
        """The population of a checkpoint, under its own configuration or under a new one.

        Raises:
            CheckpointError: for a file that is no checkpoint, or of another format.
        """
        from evolution.neat_python.population import Population

        arrays, facts = _read(Path(filename))
        config = Config.from_text(facts["config"]) if new_config is None else new_config
        population = Population(config, seed=facts["seed"])
        population.restore((arrays, facts), same_settings=new_config is None)
        return population


def _read(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """The arrays and facts of a checkpoint."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts = json.loads(arrays.pop("facts").tobytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, AttributeError, BadZipFile) as error:
        raise CheckpointError(
            f"{path} is no checkpoint of evolution.neat_python ({error}); those of neat-python "
            "itself are pickles, which only neat-python can read"
        ) from error
    if facts.get("format") != FORMAT:
        raise CheckpointError(f"{path} has format {facts.get('format')}; only {FORMAT} is known")
    return arrays, facts
