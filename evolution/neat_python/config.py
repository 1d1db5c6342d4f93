"""The configuration of a run, read from an INI file as neat-python 2.0 has it.

``Config(DefaultGenome, DefaultReproduction, DefaultSpeciesSet, DefaultStagnation, path)``, as
there. What is wrong is said at once, with what would be right; a setting that ``[DefaultGenome]``
does not have is a warning, since neat-python passes over it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from configparser import ConfigParser, Error as ParserError
from pathlib import Path
from typing import Any

from evolution.neat.config import ConfigError, NEATConfig, NetworkConfig
from evolution.neat.functions import FunctionError
from evolution.neat.networks import NetworkSpec
from evolution.neat_python import sections
from evolution.neat_python.genome import DefaultGenome
from evolution.neat_python.sections import (
    ConfigFileError,
    Section,
    Setting,
    UnknownConfigItemError,
)
from evolution.neat_python.species import DefaultSpeciesSet


class DefaultReproduction:
    """Names the section of an INI file that says how species breed; `evolution.neat` does it."""


class DefaultStagnation:
    """Names the section that says when a species dies for lack of progress."""


_CRITERIA = ("max", "min", "mean")


class GenomeSection(Section):
    """The settings of ``[DefaultGenome]``, and the keys of inputs and outputs."""

    @property
    def input_keys(self) -> list[int]:
        """-1, -2, …"""
        return [-key - 1 for key in range(self.num_inputs)]

    @property
    def output_keys(self) -> list[int]:
        """0, 1, …"""
        return list(range(self.num_outputs))

    def add_activation(self, name: str, function: Any) -> None:
        """Not here: compiled networks know the built-in functions only."""
        raise _no_own_functions("activation", name)

    def add_aggregation(self, name: str, function: Any) -> None:
        """Not here: compiled networks know the built-in functions only."""
        raise _no_own_functions("aggregation", name)


class Config:
    """The settings of a run.

    Attributes: those of ``[NEAT]`` by name; ``genome_config``, ``species_set_config``,
    ``stagnation_config`` and ``reproduction_config`` with those of the other sections. They may be
    changed until a `Population` is made of them.

    Raises:
        FileNotFoundError: where there is no such file.
        ConfigFileError: for a setting that is missing or not allowed; a ValueError, and, as in
            neat-python, a RuntimeError.
        UnknownConfigItemError: for a setting that there is none of; also a NameError.
    """

    pop_size: int
    fitness_criterion: str
    fitness_threshold: float
    reset_on_extinction: bool
    no_fitness_termination: bool
    seed: int | None

    def __init__(
        self,
        genome_type: type = DefaultGenome,
        reproduction_type: type = DefaultReproduction,
        species_set_type: type = DefaultSpeciesSet,
        stagnation_type: type = DefaultStagnation,
        filename: str | Path = "",
        config_information: Any = None,
    ) -> None:
        self.genome_type = _ours(genome_type, DefaultGenome)
        self.reproduction_type = _ours(reproduction_type, DefaultReproduction)
        self.species_set_type = _ours(species_set_type, DefaultSpeciesSet)
        self.stagnation_type = _ours(stagnation_type, DefaultStagnation)
        self.config_information = config_information
        path = Path(filename)
        if not path.is_file():
            raise FileNotFoundError(f"there is no configuration file {path.absolute()}")
        self._read(path.read_text(encoding="utf-8"), path.name)
        self.spec()
        self.neat_config()

    @classmethod
    def from_text(cls, text: str) -> Config:
        """The configuration that a file of this text would give."""
        config = cls.__new__(cls)
        config.genome_type, config.reproduction_type = DefaultGenome, DefaultReproduction
        config.species_set_type, config.stagnation_type = DefaultSpeciesSet, DefaultStagnation
        config.config_information = None
        config._read(text, "the text")
        config.spec()
        config.neat_config()
        return config

    def _read(self, text: str, where: str) -> None:
        parser = ConfigParser()
        try:
            parser.read_string(text, where)
        except ParserError as error:
            raise ConfigFileError(f"{where} is not an INI file: {error}") from error

        def given(title: str) -> Mapping[str, str]:
            if not parser.has_section(title):
                raise ConfigFileError(f"{where} has no section [{title}], which must be there")
            return dict(parser.items(title))

        def read(title: str, settings: tuple[Setting, ...]) -> dict[str, Any]:
            strange = sections.unknown(title, settings, given(title), where)
            if strange and title == "DefaultGenome":
                warnings.warn(strange, stacklevel=5)
            elif strange:
                raise UnknownConfigItemError(strange)
            return sections.read(title, settings, given(title), where)

        self.__dict__.update(read("NEAT", sections.NEAT))
        genome = read("DefaultGenome", sections.GENOME)
        self.genome_config = GenomeSection(sections.GENOME, genome)
        for title, (name, settings) in _OTHERS.items():
            setattr(self, name, Section(settings, read(title, settings)))
        self._check()

    def _check(self) -> None:
        if self.pop_size < 2:
            raise ConfigFileError(f"pop_size is {self.pop_size}; at least 2 are needed, e.g. 150")
        if self.fitness_criterion not in _CRITERIA and not self.no_fitness_termination:
            raise ConfigFileError(
                f"fitness_criterion is {self.fitness_criterion!r}; allowed: {', '.join(_CRITERIA)}"
            )
        rates = ("init_stdev", "replace_rate", "mutate_rate")
        if any(getattr(self.genome_config, f"time_constant_{rate}") for rate in rates):
            warnings.warn(
                "time constants do not vary here: only continuous-time networks use them, and "
                "there are only feed-forward and recurrent ones",
                stacklevel=6,
            )

    def spec(self) -> NetworkSpec:
        """What networks are, for the searches of `evolution`."""
        values = self.genome_config.values()
        kept = {name: value for name, value in values.items() if name not in sections.TIME_CONSTANT}
        for name in ("activation_options", "aggregation_options"):
            kept[name] = tuple(kept[name])
        try:
            spec = NetworkSpec(NetworkConfig(**kept))
            spec.config.rules()  # knows the functions by name, or says so
            return spec
        except (ConfigError, FunctionError) as error:
            raise ConfigFileError(f"[DefaultGenome]: {error}") from error

    def neat_config(self) -> NEATConfig:
        """How a population becomes species and breeds, for `evolution.neat`."""
        values: dict[str, Any] = {"reset_on_extinction": self.reset_on_extinction}
        for name, _ in _OTHERS.values():
            values |= getattr(self, name).values()
        try:
            return NEATConfig(**values)
        except ConfigFileError:
            raise
        except ConfigError as error:
            raise ConfigFileError(f"[{_title_of(error)}]: {error}") from error

    def text(self) -> str:
        """The file that gives this configuration."""
        own = Section(sections.NEAT, {name: getattr(self, name) for name, *_ in sections.NEAT})
        parts = [own.text("NEAT"), self.genome_config.text("DefaultGenome")]
        parts += [getattr(self, name).text(title) for title, (name, _) in _OTHERS.items()]
        return "\n".join(parts)

    def save(self, filename: str | Path) -> None:
        """Write the file that gives this configuration."""
        Path(filename).write_text(self.text(), encoding="utf-8")


_OTHERS = {
    "DefaultSpeciesSet": ("species_set_config", sections.SPECIES_SET),
    "DefaultStagnation": ("stagnation_config", sections.STAGNATION),
    "DefaultReproduction": ("reproduction_config", sections.REPRODUCTION),
}
"""The sections besides those of the run and of genomes: the attribute of each, its settings."""


def _title_of(error: ConfigError) -> str:
    """The section with the setting that an error begins with."""
    name = str(error).split(" ", 1)[0]
    for title, (_, settings) in _OTHERS.items():
        if name in [setting.name for setting in settings]:
            return title
    return "NEAT"


def _ours(given: type, ours: type) -> type:
    """The class, if it is one of this module's own."""
    if given is not ours:
        raise ConfigFileError(
            f"{given!r} cannot be used here: genomes, species and their rules are arrays, so that "
            f"only evolution.neat_python.{ours.__name__} will do; classes of your own need "
            "neat-python itself"
        )
    return given


def _no_own_functions(what: str, name: str) -> ConfigFileError:
    return ConfigFileError(
        f"the {what} function {name!r} cannot be added: networks are compiled with the built-in "
        f"ones, see evolution.neat.functions; {what} functions of your own need neat-python itself"
    )
