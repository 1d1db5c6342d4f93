"""A study of a model: one of `experiments.models`, its parameters, and how long it is lived.

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
from collections.abc import Mapping
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Self,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import Field, create_model

from experiments.models import MODELS
from experiments.study.section import KEPT, KEPT_MEANS, Section
from experiments.study.study import Study
from swarm.world import World

if TYPE_CHECKING:
    from experiments.modelling.experiment import ModelExperiment

WHOLE_MAX = 10**7
"""Of a parameter without a bound of its own: more agents than that no machine lives with."""
TICKS_MAX = 10**9
TICKS = 100
CHECKPOINTS = 4
"""In a run whose study does not say when."""


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
    """What a model is given; `study_of` makes the class for each, with its own parameters."""

    first_tick: ClassVar[int] = 0
    home: ClassVar[str] = "parameters"

    model: str = Field(description=f"a model that ships ({', '.join(MODELS)})")
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

    @property
    def world_type(self) -> type[World]:
        """The class of the model."""
        return MODELS[self.model]()

    def resolved(self) -> Self:
        """The same study with every value written out."""
        output = self.output.model_copy(update={"checkpoint_every": self.checkpoint_ticks})
        return self.model_copy(update={"output": output})

    def prepare(self) -> ModelExperiment:
        """The world of the model before its first tick; StudyError if it refuses its parameters."""
        from experiments.modelling.experiment import ModelExperiment

        return ModelExperiment(self)

    def format_results(self, results: Mapping[str, Any]) -> str:
        """What was measured."""
        from experiments.modelling.experiment import format_measures

        return format_measures(results)


@cache
def study_of(name: str) -> type[ModelStudy]:
    """The class of the studies of a model, by its name."""
    model = MODELS[name]()
    parameters = create_model(f"{model.__name__}Parameters", __base__=Section, **_fields(model))
    parameters.owner = name
    about, ticks = ModelStudy.model_fields["description"], ModelStudy.model_fields["ticks"]
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
        parameters=(parameters, Field(default_factory=parameters)),
    )
    study.owner = f"a study of {name}"
    return study


def what_it_is(model: type[World]) -> list[str]:
    """Paragraphs on a model: those of its module, or its own if the module has none."""
    text = inspect.getdoc(sys.modules[model.__module__]) or inspect.getdoc(model) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


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
