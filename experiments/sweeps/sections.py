"""The keys of a sweep file, what each means, and what it may be."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from pydantic import Field

from experiments.study.section import Section
from experiments.study.study import FOLDER_NAME

Kind = Literal["grid", "random", "latin-hypercube", "optuna"]
Sampler = Literal["tpe", "cma-es", "nsga-ii", "nsga-iii", "qmc", "gp", "random"]
Direction = Literal["max", "min"]

REPLICATES_MAX = 10_000
TRIALS_MAX = 10**6


class SweepError(ValueError):
    """A sweep cannot be read, begun or gone on with; the message names the place and the remedy."""


class DesignSection(Section):
    """Which points are tried."""

    kind: Kind = Field(default="grid", description=f"one of {', '.join(get_args(Kind))}")
    trials: int | None = Field(
        default=None, ge=1, le=TRIALS_MAX, description="points to try, of all kinds but a grid"
    )
    levels: int = Field(default=5, ge=2, le=10_000, description="points of a range in a grid")
    sampler: Sampler = Field(
        default="tpe", description=f"of Optuna, one of {', '.join(get_args(Sampler))}"
    )
    batch: int = Field(
        default=4, ge=1, le=10_000, description="points that Optuna is asked for at a time"
    )
    objective: str | None = Field(
        default=None, min_length=1, description="the measure that Optuna or halving looks at"
    )
    direction: Direction = Field(
        default="max", description="max or min: which values of the objective are good"
    )


class HalvingSection(Section):
    """Successive halving: all points live a little, the best of them longer."""

    factor: int = Field(
        default=3, ge=2, le=100, description="one in so many points goes on, to live so much longer"
    )
    rungs: int = Field(default=3, ge=2, le=20, description="lengths of life; the last is the whole")


class MeasureSection(Section):
    """What is found out about each trial."""

    examine: bool = Field(
        default=True,
        description="true or false: whether reasoning agents sit the final examination",
    )


class SweepFile(Section):
    """A sweep file but for its free tables, [set] and [vary]."""

    owner: ClassVar[str] = "a sweep"

    name: str = Field(
        pattern=FOLDER_NAME,
        max_length=64,
        description="names the folder of the sweep: up to 64 letters, digits and . _ -",
    )
    study: str = Field(
        min_length=1, description="a study that ships, a study file, or my_world.py:MyWorld"
    )
    description: str = Field(default="", description="one line on what the sweep is for")
    seed: int = Field(
        default=1, ge=0, le=2**63 - 1, description="of the replicates' seeds and of the design"
    )
    replicates: int = Field(
        default=5, ge=1, le=REPLICATES_MAX, description="trials of each point, each with its seed"
    )
    design: DesignSection = DesignSection()
    halving: HalvingSection | None = Field(
        default=None, description="a section; successive halving if it is there"
    )
    measure: MeasureSection = MeasureSection()

    @classmethod
    def sections(cls) -> dict[str, type[Section]]:
        """The sections with keys of their own, by name."""
        return {"design": DesignSection, "halving": HalvingSection, "measure": MeasureSection}
