"""A study of a model: which it is, its parameters, and how long it is lived.

A model is one of `experiments.models`, or a class of a file of one's own, `my_world.py:MyWorld`: a
`World` whose constructor takes plain values and a `seed`.

The parameters are those of the model's constructor: their types and defaults are taken from its
signature, what they mean from the `Args` of its docstring. A bound is what `typing.Annotated`
says, such as `birds: Annotated[int, Ge(1)] = 200` with `Ge` of `annotated_types`; where it says
none, whole numbers are at least 0, and what is described as a probability is one. A whole number
without an upper bound of its own is at most `WHOLE_MAX`.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import Field, create_model

from experiments.models import MODELS
from experiments.study.section import KEPT, KEPT_MEANS, Section
from experiments.study.study import Study, late_means
from experiments.study.toml import StudyError, did_you_mean
from experiments.study.written import guarded, is_written, written
from swarm.world import World

if TYPE_CHECKING:
    import numpy as np

    from experiments.modelling.experiment import ModelExperiment

WHOLE_MAX = 10**7
"""Of a parameter without a bound of its own: more agents than that no machine lives with."""
TICKS_MAX = 10**9
TICKS = 100
CHECKPOINTS = 4
"""In a run whose study does not say when."""
EXAMPLE = "my_world.py:MyWorld"
PLAIN = (int, float, bool, str)
"""What a parameter may be: what TOML can say, alone or in a list."""


class ModelOutputSection(Section):
    """What is written."""

    checkpoint_every: int | None = Field(
        default=None,
        ge=1,
        le=TICKS_MAX,
        description="ticks between checkpoints; a quarter of the run if left out",
    )
    keep: int = Field(default=KEPT, ge=1, le=10**6, description=KEPT_MEANS)


class ModelStudy(Study):
    """What a model is given; `study_of` makes the class for each, with its own parameters.

    Attributes:
        world_type: the class of the model.
        fingerprint: of the file that the model is written in; empty for one that ships.
    """

    first_tick: ClassVar[int] = 0
    home: ClassVar[str] = "parameters"
    world_type: ClassVar[type[World]]
    fingerprint: ClassVar[str] = ""

    model: str = Field(
        description=f"a model that ships ({', '.join(MODELS)}) or a class of a file, {EXAMPLE}"
    )
    ticks: int = Field(default=TICKS, ge=1, le=TICKS_MAX, description="ticks to live")
    parameters: Section
    output: ModelOutputSection = ModelOutputSection()

    @property
    def kind(self) -> str:
        """A model."""
        return "model"

    @property
    def checkpoint_ticks(self) -> int:
        """Ticks between checkpoints."""
        return self.output.checkpoint_every or -(-self.ticks // CHECKPOINTS)

    @property
    def checkpoints_kept(self) -> int:
        """How many checkpoints are kept."""
        return self.output.keep

    def located(self, folder: Callable[..., Path], place: Callable[..., str]) -> Self:
        """The same study with the file of its model absolute."""
        if not is_written(self.model):
            return self
        model = named(self.model, folder("model"), place("model"))
        return self.model_copy(update={"model": model})

    def resolved(self) -> Self:
        """The same study with every value written out."""
        output = self.output.model_copy(update={"checkpoint_every": self.checkpoint_ticks})
        return self.model_copy(update={"output": output})

    def prepare(self) -> ModelExperiment:
        """The world of the model before its first tick; StudyError if it refuses its parameters."""
        from experiments.modelling.experiment import ModelExperiment

        return ModelExperiment(self)

    def outcome(
        self, metrics: Mapping[str, np.ndarray], results: Mapping[str, Any] | None
    ) -> dict[str, float]:
        """The late mean of each measure under its own name, its last value as `NAME_last`."""
        found: dict[str, float] = {}
        for name, mean in late_means(metrics, self.ticks).items():
            found |= {name: mean, f"{name}_last": float(metrics[name][-1])}
        return found

    def format_results(self, results: Mapping[str, Any]) -> str:
        """What was measured."""
        from experiments.modelling.experiment import format_measures

        return format_measures(results)


def study_of(given: Any, folder: Path = Path(), place: str = "study") -> type[ModelStudy]:
    """The class of the studies of a model.

    Args:
        given: its name, or a file and a class.
        folder: where the path of a file begins.
        place: where the model is named, for an error.

    Raises:
        StudyError: there is no such model, or it cannot be made from plain values and a seed.
    """
    if not is_written(given):
        if not isinstance(given, str) or given not in MODELS:
            allowed = ModelStudy.model_fields["model"].description
            near = did_you_mean(str(given), MODELS)
            raise StudyError(f"{place}: model: got {given!r}, allowed is {allowed}{near}")
        model: Any = MODELS[given]()
        return _study_class(given, model, "")
    place = f"{place}: model"
    theirs = written(place, given, folder, StudyError, EXAMPLE)
    found: Any = theirs.found
    if problem := guarded(place, theirs.path, StudyError, lambda: _no_model(found)):
        raise StudyError(f"{place}: {theirs.path.name}: {theirs.name} {problem}")
    return _study_class(str(theirs), found, theirs.fingerprint)


def named(given: str, folder: Path, place: str) -> str:
    """A file and a class, the file absolute."""
    return str(written(f"{place}: model", given, folder, StudyError, EXAMPLE))


@cache
def _study_class(name: str, model: Any, fingerprint: str) -> type[ModelStudy]:
    """Of one edition of a file there is one class."""
    parameters = create_model(f"{model.__name__}Parameters", __base__=Section, **_fields(model))
    parameters.owner = Path(name).name
    about, ticks = ModelStudy.model_fields["description"], ModelStudy.model_fields["ticks"]
    given = any(field.is_required() for field in parameters.model_fields.values())
    study = create_model(
        f"{model.__name__}Study",
        __base__=ModelStudy,
        description=(str, Field(default=what_it_is(model)[0], description=about.description)),
        ticks=(
            int,
            Field(
                default=getattr(model, "ticks", TICKS),
                ge=1,
                le=TICKS_MAX,
                description=ticks.description,
            ),
        ),
        parameters=(parameters, ... if given else Field(default_factory=parameters)),
    )
    study.owner = f"a study of {Path(name).name}"
    study.world_type, study.fingerprint = model, fingerprint
    return study


def _no_model(kind: type) -> str:
    """Why a class is no model, and what would make it one; nothing if it is."""
    if not issubclass(kind, World):
        return "is no World; write `class MyWorld(World)`, with World from swarm"
    if kind.__init__ is World.__init__:
        return (
            "has no constructor of its own; write `def __init__(self, people: int = 100, "
            "seed: int | None = None)`, with what can be varied"
        )
    parameters = inspect.signature(kind).parameters
    if "seed" not in parameters:
        return "takes no seed; add `seed: int | None = None` and hand it to super().__init__"
    hints = get_type_hints(kind.__init__, include_extras=True)
    for name, parameter in parameters.items():
        if name != "seed" and (
            parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
            or not _is_plain(hints.get(name))
        ):
            return (
                f"takes {name!r}, which is no plain value; a parameter is an int, float, bool, "
                "str or a list of them and says so, such as `people: int = 100`"
            )
    return ""


def _is_plain(hint: Any) -> bool:
    """Whether TOML can say such a value."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    parts = get_args(hint)
    if get_origin(hint) in (list, tuple):
        return all(part is Ellipsis or _is_plain(part) for part in parts)
    return hint in PLAIN or (get_origin(hint) is Literal and {type(p) for p in parts} <= set(PLAIN))


def what_it_is(model: type[World]) -> list[str]:
    """Paragraphs on a model: those of its module, or its own if the module has none."""
    own = inspect.cleandoc(model.__doc__ or "")  # not what it inherits
    text = inspect.getdoc(sys.modules[model.__module__]) or own
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return [each for each in paragraphs if not each.startswith("Args:")] or [""]


def _fields(model: type[World]) -> dict[str, Any]:
    """The parameters of a constructor, all but the seed, as fields."""
    hints = get_type_hints(model.__init__, include_extras=True)
    meanings = descriptions(model)
    fields = {}
    for name, parameter in list(inspect.signature(model).parameters.items()):
        if name != "seed":
            default = ... if parameter.default is parameter.empty else parameter.default
            meaning = meanings.get(name, f"{name} of the model")
            about: dict[str, Any] = {"description": meaning, **_customary(hints[name], meaning)}
            fields[name] = (hints[name], Field(default, **about))
    return fields


def _customary(hint: Any, meaning: str) -> dict[str, float]:
    """Bounds of a parameter where it names none."""
    if get_origin(hint) is Annotated:
        kind, *bounds = get_args(hint)
        return {} if kind is not int or any(map(_is_upper, bounds)) else {"le": WHOLE_MAX}
    if hint is float and meaning.startswith("probability"):
        return {"ge": 0, "le": 1}
    return {"ge": 0, "le": WHOLE_MAX} if hint is int else {}


def _is_upper(bound: Any) -> bool:
    return any(getattr(bound, name, None) is not None for name in ("le", "lt"))


def descriptions(model: type[World]) -> dict[str, str]:
    """What the `Args` of a docstring say, parameter to words."""
    said = inspect.getdoc(model) or ""
    args = re.search(r"^Args:\n((?:[ ]+.*\n?|\n)*)", said, re.MULTILINE)
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", args[1] if args else "", re.MULTILINE)
    return {name: " ".join(words.split()).rstrip(".") for name, words in entries}
