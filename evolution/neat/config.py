"""The settings of NEAT, under the names that neat-python 2.0 gives them in its INI files.

`NetworkConfig` says what networks are and how they vary, `NEATConfig` how a population of them is
split into species and bred. The defaults are those of the XOR example that neat-python ships.

Errors: `ConfigError` (a ValueError).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evolution.neat.functions import activation_code, aggregation_code

CONNECTIVITY = (
    "unconnected",
    "fs_neat",
    "fs_neat_nohidden",
    "fs_neat_hidden",
    "full",
    "full_nodirect",
    "full_direct",
    "partial",
    "partial_nodirect",
    "partial_direct",
)
"""The ways to begin; a partial one is followed by its share, as in "partial_direct 0.5"."""

SPECIES_FITNESS = ("max", "min", "mean", "median", "median2")
"""How a species' fitness follows from its members'; "median" is the upper middle one."""

_TRUE = ("1", "yes", "true", "on")
_FALSE = ("0", "no", "false", "off")
_EITHER = ("random", "none")
_NUMBERS = ("bias", "response", "weight")


class ConfigError(ValueError):
    """A setting that is not allowed; the message names it and says what is."""


class NumberRule(NamedTuple):
    """How a real attribute begins and mutates, for kernels."""

    mean: float
    stdev: float
    even: bool
    low: float
    high: float
    mutate_rate: float
    replace_rate: float
    power: float


class Rules(NamedTuple):
    """A `NetworkConfig` as kernels take it."""

    inputs: int
    outputs: int
    feed_forward: bool
    bias: NumberRule
    response: NumberRule
    weight: NumberRule
    activation_options: npt.NDArray[np.int8]
    activation_start: int
    activation_rate: float
    aggregation_options: npt.NDArray[np.int8]
    aggregation_start: int
    aggregation_rate: float
    enabled_start: int
    enabled_rate_if_on: float
    enabled_rate_if_off: float
    conn_add: float
    conn_delete: float
    node_add: float
    node_delete: float
    single: bool
    surer: bool


@dataclass(frozen=True)
class NetworkConfig:
    """What a network is and how it varies: the section ``[DefaultGenome]`` of an INI file.

    >>> NetworkConfig(num_inputs=4, num_outputs=1, activation_default="tanh",
    ...               activation_options=("tanh", "relu"), activation_mutate_rate=0.05)

    The real attributes ``bias``, ``response`` and ``weight`` begin at ``init_mean`` and
    ``init_stdev`` ("gaussian", or "uniform" within two ``init_stdev``), are redrawn at
    ``replace_rate`` and shifted by ``mutate_power`` standard deviations at ``mutate_rate``. A
    default of "random" draws among the options.
    """

    num_inputs: int
    num_outputs: int
    num_hidden: int = 0
    feed_forward: bool = True
    initial_connection: str = "full_direct"
    compatibility_disjoint_coefficient: float = 1.0
    compatibility_weight_coefficient: float = 0.5
    conn_add_prob: float = 0.5
    conn_delete_prob: float = 0.5
    node_add_prob: float = 0.2
    node_delete_prob: float = 0.2
    single_structural_mutation: bool = False
    structural_mutation_surer: str = "default"
    activation_default: str = "sigmoid"
    activation_options: tuple[str, ...] = ("sigmoid",)
    activation_mutate_rate: float = 0.0
    aggregation_default: str = "sum"
    aggregation_options: tuple[str, ...] = ("sum",)
    aggregation_mutate_rate: float = 0.0
    bias_init_mean: float = 0.0
    bias_init_stdev: float = 1.0
    bias_init_type: str = "gaussian"
    bias_replace_rate: float = 0.1
    bias_mutate_rate: float = 0.7
    bias_mutate_power: float = 0.5
    bias_max_value: float = 30.0
    bias_min_value: float = -30.0
    response_init_mean: float = 1.0
    response_init_stdev: float = 0.0
    response_init_type: str = "gaussian"
    response_replace_rate: float = 0.0
    response_mutate_rate: float = 0.0
    response_mutate_power: float = 0.0
    response_max_value: float = 30.0
    response_min_value: float = -30.0
    weight_init_mean: float = 0.0
    weight_init_stdev: float = 1.0
    weight_init_type: str = "gaussian"
    weight_replace_rate: float = 0.1
    weight_mutate_rate: float = 0.8
    weight_mutate_power: float = 0.5
    weight_max_value: float = 30.0
    weight_min_value: float = -30.0
    enabled_default: str = "true"
    enabled_mutate_rate: float = 0.01
    enabled_rate_to_true_add: float = 0.0
    enabled_rate_to_false_add: float = 0.0

    def __post_init__(self) -> None:
        for name in ("activation_options", "aggregation_options"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("enabled_default", "structural_mutation_surer"):
            object.__setattr__(self, name, str(getattr(self, name)).lower())
        _check_counts(self)
        _check_words(self)
        _check_numbers(self)

    @property
    def connectivity(self) -> tuple[str, float]:
        """How a network begins, and the share of its connections that it begins with."""
        way, _, share = self.initial_connection.partition(" ")
        return way, float(share) if share else 1.0

    def rules(self, rate: float | None = None, scale: float = 1.0) -> Rules:
        """The settings for kernels; ``rate`` replaces the mutate rates of the real attributes."""
        starts = [self.activation_default, self.aggregation_default]
        codes = [activation_code, aggregation_code]
        first = [
            -1 if start in _EITHER else code(start)
            for start, code in zip(starts, codes, strict=True)
        ]
        surer = self.structural_mutation_surer
        return Rules(
            inputs=self.num_inputs,
            outputs=self.num_outputs,
            feed_forward=self.feed_forward,
            bias=self._number("bias", rate, scale),
            response=self._number("response", rate, scale),
            weight=self._number("weight", rate, scale),
            activation_options=_codes(self.activation_options, activation_code),
            activation_start=first[0],
            activation_rate=float(self.activation_mutate_rate),
            aggregation_options=_codes(self.aggregation_options, aggregation_code),
            aggregation_start=first[1],
            aggregation_rate=float(self.aggregation_mutate_rate),
            enabled_start=_start(self.enabled_default),
            enabled_rate_if_on=float(self.enabled_mutate_rate + self.enabled_rate_to_false_add),
            enabled_rate_if_off=float(self.enabled_mutate_rate + self.enabled_rate_to_true_add),
            conn_add=float(self.conn_add_prob),
            conn_delete=float(self.conn_delete_prob),
            node_add=float(self.node_add_prob),
            node_delete=float(self.node_delete_prob),
            single=self.single_structural_mutation,
            surer=self.single_structural_mutation if surer == "default" else surer in _TRUE,
        )

    def _number(self, name: str, rate: float | None, scale: float) -> NumberRule:
        def setting(what: str) -> float:
            return float(getattr(self, f"{name}_{what}"))

        return NumberRule(
            mean=setting("init_mean"),
            stdev=setting("init_stdev"),
            even="uniform" in getattr(self, f"{name}_init_type").lower(),
            low=setting("min_value"),
            high=setting("max_value"),
            mutate_rate=setting("mutate_rate") if rate is None else rate,
            replace_rate=setting("replace_rate"),
            power=setting("mutate_power") * scale,
        )


@dataclass(frozen=True)
class NEATConfig:
    """How a population becomes species and breeds: the other sections of an INI file.

    ``compatibility_threshold`` bounds a species. A species whose fitness (``species_fitness_func``
    of its members') has not risen for ``max_stagnation`` generations dies, but for the best
    ``species_elitism`` species. In each, the ``elitism`` best go on unchanged and the best share
    ``survival_threshold`` become parents. ``reset_on_extinction`` begins anew when all have died.
    """

    compatibility_threshold: float = 3.0
    species_fitness_func: str = "max"
    max_stagnation: int = 20
    species_elitism: int = 2
    elitism: int = 2
    survival_threshold: float = 0.2
    min_species_size: int = 2
    reset_on_extinction: bool = False

    def __post_init__(self) -> None:
        if self.species_fitness_func not in SPECIES_FITNESS:
            raise ConfigError(
                f"species_fitness_func is {self.species_fitness_func!r}; "
                f"allowed: {', '.join(SPECIES_FITNESS)}"
            )
        if not 0.0 <= self.survival_threshold <= 1.0:
            raise ConfigError(
                f"survival_threshold is {self.survival_threshold}; a share from 0 to 1, e.g. 0.2"
            )
        for name in ("max_stagnation", "species_elitism", "elitism", "min_species_size"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must not be negative")

    def plain(self) -> dict[str, Any]:
        """The settings by name, in the types that JSON knows."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _codes(names: tuple[str, ...], code: Any) -> npt.NDArray[np.int8]:
    return np.array([code(name) for name in names], dtype=np.int8)


def _start(default: str) -> int:
    """Whether connections begin enabled: 1, 0, or -1 for either."""
    return -1 if default in _EITHER else int(default in _TRUE)


def _check_counts(config: NetworkConfig) -> None:
    for name, least in (("num_inputs", 1), ("num_outputs", 1), ("num_hidden", 0)):
        if getattr(config, name) < least:
            raise ConfigError(f"{name} is {getattr(config, name)}; it must be at least {least}")


def _check_words(config: NetworkConfig) -> None:
    way, _, share = config.initial_connection.partition(" ")
    try:
        good = way in CONNECTIVITY and (0.0 <= float(share) <= 1.0 if "partial" in way else True)
    except ValueError:
        good = False
    if not good:
        raise ConfigError(
            f"initial_connection is {config.initial_connection!r}; allowed: "
            f"{', '.join(CONNECTIVITY)}, the partial ones with a share, e.g. 'partial_direct 0.5'"
        )
    if config.enabled_default not in _TRUE + _FALSE + _EITHER:
        raise ConfigError(f"enabled_default is {config.enabled_default!r}; true, false or random")
    if config.structural_mutation_surer not in (*_TRUE, *_FALSE, "default"):
        raise ConfigError(
            f"structural_mutation_surer is {config.structural_mutation_surer!r}; "
            "true, false or default"
        )
    for name in ("activation", "aggregation"):
        default, options = getattr(config, f"{name}_default"), getattr(config, f"{name}_options")
        if not options or default not in (*options, *_EITHER):
            raise ConfigError(
                f"{name}_default is {default!r}; one of {name}_options {options}, or 'random'"
            )


def _check_numbers(config: NetworkConfig) -> None:
    for name in _NUMBERS:
        low, high = getattr(config, f"{name}_min_value"), getattr(config, f"{name}_max_value")
        if not low <= high:
            raise ConfigError(f"{name}_min_value is {low} and {name}_max_value {high}")
        kind = getattr(config, f"{name}_init_type").lower()
        if not any(word in kind for word in ("gauss", "normal", "uniform")):
            raise ConfigError(f"{name}_init_type is {kind!r}; gaussian or uniform")
