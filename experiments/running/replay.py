"""The past of a run: any tick is rebuilt exactly, and checked against what was recorded then.

    world = replay("runs/nations-1", tick=37)
    table = episodes("runs/nations-1", agent=12, first=30, last=37)

A run is deterministic, so its log is its study and its seed; its checkpoints are where one need
not begin anew. The nearest readable one at or before the tick is taken, or the beginning if there
is none (`output.keep` in a study keeps more of them), and the run is lived on from there.

Guarantees:
- the world is that of the tick to the last bit: its checkpoint is the one that was, or would have
  been, saved there;
- on the way every row that is observed is compared with the recorded one, bit by bit. Where they
  differ, as with other code or other data, `ReplayError` names the tick and the column;
- the folder of the run is only read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reasoning.study import ReasoningStudy
from experiments.running.episodes import named
from experiments.running.folder import RunFolder, tick_of
from experiments.running.interventions import Interventions
from experiments.running.manifest import changes_since
from experiments.running.run import prepare_again
from experiments.study.study import METRICS, Experiment
from swarm.checkpoint import CheckpointError, read_checkpoint
from swarm.systems import Episodes, Observation
from swarm.world import World

if TYPE_CHECKING:
    import pandas as pd

    from experiments.reasoning.assembly import ReasoningExperiment

Say = Callable[[str], None]


class ReplayError(ValueError):
    """A past cannot be rebuilt, or is not the one on record; says where, and what would help."""


def replay(run: str | Path | RunFolder, tick: int, say: Say = lambda text: None) -> World:
    """The world of a run as it was after a tick.

    What a tick leaves beside the state, such as the answers of `Reasoning`, is there if the tick
    was lived again, not if it came from a checkpoint.

    Args:
        run: its folder; it may be unfinished.
        tick: 0 for the beginning, up to the last on record.
        say: is told of checkpoints that cannot be used.

    Raises:
        ReplayError: no such tick, or what is recorded is not what comes of it now.
        RunError: no run is there, it is damaged, or its sources have changed.
    """
    back = Replay(run, say)
    back.go(tick)
    return back.world


def episodes(
    run: str | Path | RunFolder,
    agent: int,
    first: int = 1,
    last: int | None = None,
    say: Say = lambda text: None,
) -> pd.DataFrame:
    """What an agent did, a row for each task it began; see `experiments.running.episodes.named`.

    Args:
        run: its folder; of reasoning agents.
        agent: its id.
        first, last: ticks; to the last on record if left out.
        say: is told of checkpoints that cannot be used.

    Raises:
        ReplayError: a run of a model, no such agent or ticks, or as `replay`.
        RunError: as `replay`.
    """
    back = Replay(run, say)
    return back.episodes(agent, first, back.end if last is None else last)


class Replay:
    """A run lived again.

    Args:
        run: its folder; it may be unfinished.
        say: is told of checkpoints that cannot be used.

    Attributes:
        folder: the run.
        end: the last tick on record.
        began: the tick where it was taken up.
        checked: rows found to be as recorded since then.

    Raises:
        RunError: no run is there, or it is damaged.
    """

    def __init__(self, run: str | Path | RunFolder, say: Say = lambda text: None):
        self.folder = run if isinstance(run, RunFolder) else RunFolder(run)
        self.began = self.checked = 0
        self._say = say
        self._experiment: Experiment | None = None
        self._interventions = Interventions(self.folder.path)
        self._recorded = {table: self.folder.recorded(table) for table in self.folder.study.tables}
        metrics = self._recorded[METRICS]
        self.end = int(metrics["tick"][-1]) if metrics else 0

    @property
    def experiment(self) -> Experiment:
        """The run as it stands; at its beginning before `go` is called."""
        if self._experiment is None:
            self.go(0)
        assert self._experiment is not None
        return self._experiment

    @property
    def world(self) -> World:
        """Its world."""
        return self.experiment.world

    def go(self, tick: int) -> None:
        """Be after a tick; taken up anew if that lies before where the world is."""
        self._check_tick(tick)
        if self._experiment is None or self._experiment.world.steps > tick:
            self._take_up(tick)
        while self.world.steps < tick:
            self._interventions.catch_up(self.experiment)
            self.world.step()
            self.experiment.look()
            self._compare()

    def describe(self) -> str:
        """The run, the tick, how it was rebuilt, and the world in a line."""
        tick, start = self.world.steps, "the beginning"
        if self.began:
            start = f"the checkpoint of tick {self.began}"
        how = f"rebuilt from {start}"
        if tick > self.began:
            how += f", {self.checked:,} rows as recorded"
        observation = self.world.find(Observation)
        if observation is not None and not observation.latest:
            observation.latest = self._row(tick)
        if observation is not None and not observation.latest:
            about = f"{len(self.world.population):,} agents before the first tick"
        else:
            about = self.experiment.describe()
        return f"{self.folder.path} · tick {tick} of {self.folder.study.ticks} · {how}\n{about}"

    def episodes(self, agent: int, first: int, last: int) -> pd.DataFrame:
        """What an agent did in some ticks; see the function of that name."""
        study = self.folder.study
        if not isinstance(study, ReasoningStudy):
            raise ReplayError(
                f"{self.folder.path}: a run of a {study.kind}; episodes are of reasoning agents, "
                "of a model any tick can be rebuilt"
            )
        self._check_tick(last)
        if not 1 <= first <= last:
            raise ReplayError(
                f"ticks {first} to {last}: the first is 1 or more and not after the last, such as "
                f"1 to {max(self.end, 1)}"
            )
        self.go(first - 1)
        log = Episodes([agent])
        self.world.systems.append(log)
        log.setup(self.world)
        try:
            self.go(last)
        finally:
            self.world.systems.remove(log)
        self._check_agent(agent)
        experiment: ReasoningExperiment = self.experiment  # type: ignore[assignment]
        return named(log.frame(), study, experiment.subject.problem)

    # Where to begin

    def _take_up(self, tick: int) -> None:
        """Be at the nearest readable checkpoint at or before a tick, or at the beginning."""
        self._experiment = prepare_again(self.folder)
        self._interventions = Interventions(self.folder.path)
        self.began = self.checked = 0
        for path in self.folder.checkpoints:
            if tick_of(path) > tick:
                continue
            try:
                state = read_checkpoint(path)
                if state.get("steps") != tick_of(path):
                    raise CheckpointError(f"{path}: holds tick {state.get('steps')}")
                self.world.restore(state)
            except CheckpointError as error:
                self._say(f"{error}; it is passed over")
            except (KeyError, IndexError, TypeError, ValueError) as error:
                # Saved by other code. What it has filled by now is of no use.
                self._say(f"{path}: cannot be taken up by this version ({error}); passed over")
                self._experiment = prepare_again(self.folder)
            else:
                self.began = tick_of(path)
                return
        self.experiment.look()
        self._compare()

    def _check_tick(self, tick: int) -> None:
        if not 0 <= tick <= self.end:
            path, whole = self.folder.path, self.folder.study.ticks
            more = "" if self.end >= whole else f" of {whole}; noosphere resume {path} goes on"
            raise ReplayError(f"{path}: no tick {tick}, recorded are 0 to {self.end}{more}")

    def _check_agent(self, agent: int) -> None:
        born = int(self.world.population.state()["next_id"])
        if not 0 <= agent < born:
            raise ReplayError(
                f"{self.folder.path}: no agent {agent} up to tick {self.world.steps}; their ids "
                f"are 0 to {born - 1}"
            )

    # Whether it is the past

    def _row(self, tick: int) -> dict[str, Any]:
        """The metrics of a tick; empty if none are recorded."""
        kept = self._kept(METRICS, tick)
        return {name: column[0].item() for name, column in kept.items() if len(column)}

    def _kept(self, table: str, tick: int) -> dict[str, np.ndarray]:
        columns = self._recorded[table]
        if not columns:
            return {}
        rows = slice(*np.searchsorted(columns["tick"], [tick, tick + 1]))
        return {name: column[rows] for name, column in columns.items()}

    def _compare(self) -> None:
        """Whether what was observed in this tick is what was recorded."""
        tick, observed = self.world.steps, self.experiment.drain()
        if not self._recorded[METRICS]:
            return  # the run ended before anything was written
        for table, found in observed.items():
            kept = self._kept(table, tick)
            for name in {**kept, **found}:
                difference = _difference(kept.get(name), found.get(name))
                if difference:
                    raise ReplayError(self._differs(tick, table, name, difference))
            self.checked += len(next(iter(found.values()), ()))

    def _differs(self, tick: int, table: str, name: str, difference: str) -> str:
        changes = ", ".join(changes_since(self.folder.manifest))
        since = f" ({changes} since the run began)" if changes else ""
        return (
            f"{self.folder.path}: tick {tick}: {name} of {table}: {difference}; the record has "
            f"been changed, or the code that made it{since}: put back what was, or begin the run "
            f"anew with noosphere run {self.folder.path / 'study.toml'}"
        )


def _difference(kept: np.ndarray | None, found: np.ndarray | None) -> str:
    """How two columns differ in any bit, in words; nothing if they do not."""
    kept = np.empty(0) if kept is None else kept
    found = np.empty(0) if found is None else found
    if len(kept) != len(found):
        return f"{len(kept)} rows are recorded, and now there are {len(found)}"
    if not len(kept):
        return ""
    # A column of whole numbers is one of fractions if any row of its part was.
    if kept.dtype.hasobject or not np.can_cast(found.dtype, kept.dtype, "safe"):
        return f"recorded as {kept.dtype}, and now it is {found.dtype}"
    same = np.ascontiguousarray(found.astype(kept.dtype)), np.ascontiguousarray(kept)
    width = kept.dtype.itemsize
    bits = [column.view(np.uint8).reshape(len(kept), width) for column in same]
    wrong = np.flatnonzero((bits[0] != bits[1]).any(axis=1))
    if not len(wrong):
        return ""
    was, now = kept[wrong[0]].item(), same[0][wrong[0]].item()
    return f"recorded is {was!r}, and now it comes to {now!r}"


def look_back(
    run: str | Path,
    tick: int | None = None,
    agent: int | None = None,
    first: int | None = None,
    last: int | None = None,
    say: Say = lambda text: None,
) -> tuple[str | None, pd.DataFrame | None]:
    """A summary of the world after a tick, and the episodes of an agent: what is asked for.

    Args:
        run: its folder.
        tick: to be summed up; agent: whose episodes are read.
        first, last: ticks of the episodes; of `tick` alone if both are left out, or all.
        say: is told of checkpoints that cannot be used.

    Raises:
        ReplayError: nothing to do is given, or as `replay` and `episodes`.
        RunError: as `replay`.
    """
    if tick is None and agent is None:
        raise ReplayError("give --tick T for the world after a tick, --agent ID for its episodes")
    if agent is None and (first, last) != (None, None):
        raise ReplayError("--from and --to are of the episodes of an agent: give --agent ID too")
    back = Replay(run, say)
    for asked in (tick, last):
        if asked is not None:
            back._check_tick(asked)
    table = None
    if agent is not None:
        if last is None:
            last = back.end if tick is None else max(tick, 1)
            first = last if first is None and tick is not None else first
        table = back.episodes(agent, 1 if first is None else first, last)
    if tick is None:
        return None, table
    back.go(tick)
    return back.describe(), table
