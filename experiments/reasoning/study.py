"""A study of reasoning agents: a graph to reason about, and the settings of every system."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from experiments.reasoning.sections import (
    AblationSection,
    EconomySection,
    GossipSection,
    MemorySection,
    OutputSection,
    ProblemSection,
    SelectionSection,
    WorldSection,
)
from experiments.study.study import METRICS, TEST, Study, late_means
from experiments.study.toml import StudyError, did_you_mean
from swarm.reasoning import SHIPPED
from swarm.reasoning.networks import NETWORKS
from swarm.reasoning.networks.problem import RANDOM
from swarm.systems import System

if TYPE_CHECKING:
    import numpy as np

    from experiments.reasoning.assembly import ReasoningExperiment


class ReasoningStudy(Study):
    """What reasoning agents live on, a section a subject."""

    tables: ClassVar[tuple[str, ...]] = (METRICS, "agents")

    problem: ProblemSection
    world: WorldSection = WorldSection()
    economy: EconomySection = EconomySection()
    gossip: GossipSection = GossipSection()
    memory: MemorySection = MemorySection()
    selection: SelectionSection = SelectionSection()
    ablation: AblationSection = AblationSection()
    output: OutputSection = OutputSection()

    @property
    def kind(self) -> str:
        """The graph, or the network."""
        if self.problem.network is not None:
            return f"network {Path(self.problem.network).name}"
        return f"graph {Path(self.problem.graph or '').name}"

    @property
    def ticks(self) -> int:
        """Ticks of the whole run."""
        return self.world.generations * self.selection.every

    @property
    def checkpoint_ticks(self) -> int:
        """Ticks between checkpoints, which come at the ends of generations."""
        return self.output.checkpoint_every * self.selection.every

    @property
    def checkpoints_kept(self) -> int:
        """How many checkpoints are kept."""
        return self.output.keep

    def arguments(self, system: type[System]) -> dict[str, Any]:
        """What the constructor of a system is given: argument name to value."""
        given = {}
        for section, kind in self.sections().items():
            for key, field in kind.model_fields.items():
                extra = field.json_schema_extra
                if isinstance(extra, dict) and extra["system"] == system.__name__:
                    given[str(extra["parameter"])] = getattr(getattr(self, section), key)
        return given

    def resolved(self) -> Self:
        """The same study with every value written out."""
        load = self.world.tasks_per_agent or self.world.tasks
        world = self.world.model_copy(update={"tasks_per_agent": load})
        return self.model_copy(update={"world": world})

    def located(self, folder: Callable[..., Path], place: Callable[..., str]) -> Self:
        """The same study with the folder of its graph, or file of its network, absolute."""
        graph, network = self.problem.graph, self.problem.network
        if (graph is None) == (network is None):
            raise StudyError(
                f"{place('problem')}: problem: give one of graph and network, such as "
                'graph = "umls" or network = "asia"'
            )
        key = "network" if graph is None else "graph"
        value = str(network if graph is None else graph)
        known = (*NETWORKS, RANDOM) if graph is None else SHIPPED
        if value in known:
            return self
        path = folder("problem", key) / value
        if not (path.is_file() if graph is None else path.is_dir()):
            raise StudyError(
                f"{place('problem', key)}: problem.{key}: got {value!r}, allowed is "
                f"{ProblemSection.model_fields[key].description}; there is no "
                f"{'file' if graph is None else 'folder'} {path}{did_you_mean(value, known)}"
            )
        problem = self.problem.model_copy(update={key: str(path.resolve())})
        return self.model_copy(update={"problem": problem})

    def prepare(self) -> ReasoningExperiment:
        """The world of reasoning agents before its first tick; raises as `assemble`."""
        from experiments.reasoning.assembly import ReasoningExperiment

        return ReasoningExperiment(self)

    def outcome(
        self, metrics: Mapping[str, np.ndarray], results: Mapping[str, Any] | None
    ) -> dict[str, float]:
        """Late means of all that was recorded, and of an examined world its final table.

        `valid`, `cost` and `test_mrr` are the best evolved agent's; what stands beside it has its
        name behind, as in `valid_random_search`.
        """
        found = late_means(metrics, self.ticks)
        if results is not None:
            from experiments.reasoning.evaluation import EVOLVED

            for row in results["rows"]:
                whose = "" if row["name"] == EVOLVED else f"_{_as_key(row['name'])}"
                found[f"valid{whose}"] = row["valid"]
                if row["cost"] is not None:
                    found[f"cost{whose}"] = row["cost"]
                found |= {f"{TEST}{name}{whose}": row[name] for name in results["figures"]}
        return found

    def format_results(self, results: Mapping[str, Any]) -> str:
        """The final table."""
        from experiments.reasoning.evaluation import format_table

        return format_table(results)


def _as_key(name: str) -> str:
    """A name in words as the name of a column: `random search` becomes `random_search`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
