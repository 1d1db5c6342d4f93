"""The sections of an INI file of neat-python 2.0: which settings each has, read and written.

A setting is needed unless it has a default here. The defaults are neat-python's, but for
``single_structural_mutation``: left out, that is False, as neat-python documents it.

Errors: `ConfigFileError` and `UnknownConfigItemError`, both a `evolution.neat.config.ConfigError`
(a ValueError), and also what neat-python would raise, RuntimeError and NameError.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from evolution.neat.config import ConfigError


class ConfigFileError(ConfigError, RuntimeError):
    """A configuration file that cannot be read; the message says where and what is allowed."""


class UnknownConfigItemError(ConfigFileError, NameError):
    """A setting that there is none of; mostly a typing error."""


class Setting(NamedTuple):
    """A line of a section: its name, its type, an example, and the default where it has one."""

    name: str
    kind: type
    example: str
    default: Any = None


class Section:
    """The settings of a section as attributes; they may be changed until a population is made."""

    def __init__(self, settings: Iterable[Setting], values: Mapping[str, Any]) -> None:
        self._settings = tuple(settings)
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no setting is called {name!r}; {_nearest(name, self.__dict__)}")

    def values(self) -> dict[str, Any]:
        """The settings by name."""
        return {setting.name: getattr(self, setting.name) for setting in self._settings}

    def text(self, title: str) -> str:
        """The section as it stands in a file."""
        lines = [f"[{title}]"]
        width = max(len(setting.name) for setting in self._settings)
        for name, value in self.values().items():
            shown = " ".join(value) if isinstance(value, list | tuple) else value
            if value is not None:
                lines.append(f"{name:{width}} = {shown}")
        return "\n".join(lines) + "\n"


def read(
    title: str, settings: Iterable[Setting], given: Mapping[str, str], where: str
) -> dict[str, Any]:
    """The values of a section; `ConfigFileError` for one that is missing or of another type."""
    values = {}
    for setting in settings:
        if setting.name in given:
            values[setting.name] = _parsed(title, setting, given[setting.name], where)
        elif setting.example:
            raise ConfigFileError(
                f"[{title}] in {where} says nothing of {setting.name!r}, which must be there: "
                f"{setting.name} = {setting.example}"
            )
        else:
            values[setting.name] = setting.default
    return values


def unknown(title: str, settings: Iterable[Setting], given: Iterable[str], where: str) -> str:
    """What to say of settings that the section does not have; nothing if there are none."""
    names = [setting.name for setting in settings]
    strange = [name for name in given if name not in names]
    told = "; ".join(f"{name!r} ({_nearest(name, names)})" for name in strange)
    return f"[{title}] in {where} has settings that there are none of: {told}" if strange else ""


def _nearest(name: str, names: Iterable[str]) -> str:
    known = sorted(known for known in names if not known.startswith("_"))
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"


_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def _parsed(title: str, setting: Setting, text: str, where: str) -> Any:
    try:
        if setting.kind is bool:
            return _BOOLEANS[text.lower()]
        if setting.kind is tuple:
            return text.split()
        return setting.kind(text)
    except (KeyError, ValueError):
        wanted = {bool: "True or False", int: "a whole number", float: "a number"}[setting.kind]
        raise ConfigFileError(
            f"[{title}] in {where}: {setting.name} = {text}; it must be {wanted}, "
            f"e.g. {setting.name} = {setting.example or setting.default}"
        ) from None


def _numbers(name: str, mean: str, spread: str, power: str, rates: str) -> tuple[Setting, ...]:
    """The settings of a real attribute."""
    return (
        Setting(f"{name}_init_mean", float, mean),
        Setting(f"{name}_init_stdev", float, spread),
        Setting(f"{name}_init_type", str, "", "gaussian"),
        Setting(f"{name}_replace_rate", float, "0.1" if rates != "0.0" else rates),
        Setting(f"{name}_mutate_rate", float, rates),
        Setting(f"{name}_mutate_power", float, power),
        Setting(f"{name}_max_value", float, "30.0"),
        Setting(f"{name}_min_value", float, "-30.0"),
    )


def _choice(name: str, usual: str) -> tuple[Setting, ...]:
    """The settings of an attribute that is one of a list of functions."""
    return (
        Setting(f"{name}_default", str, "", "random"),
        Setting(f"{name}_options", tuple, usual),
        Setting(f"{name}_mutate_rate", float, "0.0"),
    )


NEAT = (
    Setting("pop_size", int, "150"),
    Setting("fitness_criterion", str, "max"),
    Setting("fitness_threshold", float, "3.9"),
    Setting("reset_on_extinction", bool, "False"),
    Setting("no_fitness_termination", bool, "False"),
    Setting("seed", int, ""),
)
"""[NEAT]"""

TIME_CONSTANT = {
    "time_constant_init_mean": 1.0,
    "time_constant_init_stdev": 0.0,
    "time_constant_init_type": "gaussian",
    "time_constant_replace_rate": 0.0,
    "time_constant_mutate_rate": 0.0,
    "time_constant_mutate_power": 0.0,
    "time_constant_max_value": 10.0,
    "time_constant_min_value": 0.01,
}
"""What only continuous-time networks use, which there are none of here, and its defaults."""

GENOME = (
    Setting("num_inputs", int, "2"),
    Setting("num_outputs", int, "1"),
    Setting("num_hidden", int, "0"),
    Setting("feed_forward", bool, "True"),
    Setting("initial_connection", str, "", "unconnected"),
    Setting("compatibility_disjoint_coefficient", float, "1.0"),
    Setting("compatibility_weight_coefficient", float, "0.5"),
    Setting("conn_add_prob", float, "0.5"),
    Setting("conn_delete_prob", float, "0.5"),
    Setting("node_add_prob", float, "0.2"),
    Setting("node_delete_prob", float, "0.2"),
    Setting("single_structural_mutation", bool, "", False),
    Setting("structural_mutation_surer", str, "", "default"),
    *_choice("activation", "sigmoid"),
    *_choice("aggregation", "sum"),
    *_numbers("bias", "0.0", "1.0", "0.5", "0.7"),
    *_numbers("response", "1.0", "0.0", "0.0", "0.0"),
    *_numbers("weight", "0.0", "1.0", "0.5", "0.8"),
    Setting("enabled_default", str, "True"),
    Setting("enabled_mutate_rate", float, "0.01"),
    Setting("enabled_rate_to_true_add", float, "", 0.0),
    Setting("enabled_rate_to_false_add", float, "", 0.0),
    *(
        Setting(name, str if name.endswith("type") else float, "", default)
        for name, default in TIME_CONSTANT.items()
    ),
)
"""[DefaultGenome]"""

SPECIES_SET = (Setting("compatibility_threshold", float, "3.0"),)
"""[DefaultSpeciesSet]"""

STAGNATION = (
    Setting("species_fitness_func", str, "", "mean"),
    Setting("max_stagnation", int, "", 15),
    Setting("species_elitism", int, "", 0),
)
"""[DefaultStagnation]"""

REPRODUCTION = (
    Setting("elitism", int, "", 0),
    Setting("survival_threshold", float, "", 0.2),
    Setting("min_species_size", int, "", 1),
)
"""[DefaultReproduction]"""
