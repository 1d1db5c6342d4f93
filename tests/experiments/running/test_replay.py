"""The past of a run, rebuilt: the same bytes as the world that lived it, or a clear refusal."""

import shutil
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.reasoning.assembly import assemble
from experiments.reasoning.subject import split_graph
from experiments.running.folder import RunFolder, tick_of
from experiments.running.replay import Replay, ReplayError, episodes, replay
from experiments.study.reading import load_study
from swarm import Reasoning, Remembering, Tasks
from tests.experiments.small_models import small
from tests.swarm.worlds import Watch

CHANGES = (
    "memory.replicas=3",
    "memory.loss=0.3",
    "memory.embargo=1",
    "gossip.loss=0.1",
    "economy.systems=['reputation', 'royalties']",
    "output.keep=3",
)


def bytes_of(world, folder):
    world.save(folder / "bytes")
    return (folder / "bytes").read_bytes()


def live(study, out, until=None):
    """A run without its examination, and what the world was after every tick."""
    experiment = study.prepare()
    world, folder, past = experiment.world, RunFolder.create(experiment, out), []
    with folder.claimed():
        experiment.look()
        past.append(bytes_of(world, out))
        while world.steps < (until or study.ticks):
            world.step()
            experiment.look()
            past.append(bytes_of(world, out))
            if world.steps % study.checkpoint_ticks == 0 or world.steps in (until, study.ticks):
                folder.save(experiment)
        if until is None:
            folder.merge()
    return folder, past


@pytest.fixture(scope="module")
def lived(tiny, tmp_path_factory):
    """Eight ticks of eight agents, with checkpoints at 4, 6 and 8; not to be changed."""
    return live(load_study(tiny, CHANGES), tmp_path_factory.mktemp("lived"))


@pytest.fixture
def copied(lived, tmp_path):
    """A copy of it, to be damaged."""
    return RunFolder(shutil.copytree(lived[0].path, tmp_path / "copied"))


def change(folder, table, column, tick, new):
    """Write another value into a table of the record."""
    path = folder.path / f"{table}.parquet"
    rows = pq.read_table(path)
    values = rows[column].to_numpy().copy()
    row = int((rows["tick"].to_numpy() == tick).argmax())
    values[row] = new(values[row])
    place = rows.column_names.index(column)
    pq.write_table(rows.set_column(place, column, pa.array(values)), path)


class TestWorld:
    def test_every_tick_is_what_it_was(self, lived, tmp_path):
        folder, past = lived
        before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
        assert [tick_of(path) for path in folder.checkpoints] == [8, 6, 4]
        back, began = Replay(folder), {}
        for tick in (8, 7, 6, 5, 3, 0, 1, 2, 4):
            back.go(tick)
            began[tick] = back.began
            assert bytes_of(back.world, tmp_path) == past[tick]
        assert began == {8: 8, 7: 6, 6: 6, 5: 4, 3: 0, 0: 0, 1: 0, 2: 0, 4: 0}
        assert back.checked == 4 + 16  # ticks, and agents at the ends of two generations
        assert before == {path: path.read_bytes() for path in before}

    def test_from_the_beginning_where_no_checkpoint_is_left(self, lived, copied, tmp_path):
        shutil.rmtree(copied.path / "checkpoints")
        for tick in (5, 8):
            assert bytes_of(replay(copied.path, tick), tmp_path) == lived[1][tick]

    def test_checkpoints_that_cannot_be_used_are_passed_over(self, lived, copied, tmp_path):
        eight, six, four = copied.checkpoints
        eight.write_bytes(eight.read_bytes()[:-40])
        shutil.copy(four, six)
        said = []
        back = Replay(copied, said.append)
        back.go(8)
        assert back.began == 4
        assert bytes_of(back.world, tmp_path) == lived[1][8]
        assert [line.partition(":")[0] for line in said] == [str(eight), str(six)]
        assert "damaged" in said[0]
        assert "holds tick 4" in said[1]

    def test_an_unfinished_run(self, tiny, tmp_path):
        folder, past = live(load_study(tiny), tmp_path, until=3)
        assert bytes_of(replay(folder.path, 1), tmp_path) == past[1]
        with pytest.raises(ReplayError, match=r"no tick 4, recorded are 0 to 3 of 8; noosphere re"):
            replay(folder.path, 4)

    def test_a_run_that_ended_before_anything_was_written(self, tiny, tmp_path):
        study = load_study(tiny)
        folder = RunFolder.create(study.prepare(), tmp_path)
        assert replay(folder, 0).steps == 0
        with pytest.raises(ReplayError, match="no tick 1, recorded are 0 to 0 of 8"):
            replay(folder, 1)

    def test_a_model(self, tmp_path):
        folder, past = live(small("wolf-sheep", "ticks=6", "output.keep=1"), tmp_path)
        assert [tick_of(path) for path in folder.checkpoints] == [6]
        back = Replay(folder)
        for tick in (6, 0, 5):
            back.go(tick)
            assert bytes_of(back.world, tmp_path) == past[tick]
        assert "tick 5 of 6 · rebuilt from the beginning, 6 rows as recorded" in back.describe()
        change(folder, "metrics", "sheep", 3, lambda value: value + 1)
        with pytest.raises(ReplayError, match="tick 3: sheep of metrics: recorded is"):
            replay(folder, 5)
        with pytest.raises(ReplayError, match="a run of a model; episodes are of reasoning agents"):
            episodes(folder, 0, 1, 5)


class TestChecked:
    def test_the_last_bit_of_a_metric(self, copied):
        change(copied, "metrics", "accuracy_mean", 5, lambda value: np.nextafter(value, 9))
        replay(copied, 4)
        replay(copied, 7)  # from tick 6 on
        with pytest.raises(
            ReplayError, match=r"tick 5: accuracy_mean of metrics: recorded is 0\.\d+, and now"
        ):
            replay(copied, 5)

    def test_what_is_recorded_of_agents(self, copied):
        change(copied, "agents", "wealth", 2, lambda value: value - 1)
        with pytest.raises(ReplayError, match="tick 2: wealth of agents: recorded is"):
            replay(copied, 3)

    def test_columns_that_are_missing_or_of_another_kind(self, copied):
        path = copied.path / "metrics.parquet"
        rows = pq.read_table(path)
        pq.write_table(rows.drop_columns(["supply"]), path)
        with pytest.raises(ReplayError, match="tick 1: supply of metrics: 0 rows are recorded"):
            replay(copied, 1)
        pq.write_table(rows.append_column("mood", pa.array(np.ones(8))), path)
        with pytest.raises(ReplayError, match="tick 1: mood of metrics: 1 rows are recorded, and"):
            replay(copied, 1)
        place = rows.column_names.index("price")
        pq.write_table(rows.set_column(place, "price", pa.array(["dear"] * 8)), path)
        with pytest.raises(ReplayError, match="tick 1: price of metrics: recorded as object"):
            replay(copied, 1)

    def test_what_has_changed_since_is_told(self, copied):
        path = copied.path / "manifest.json"
        version = f'"numpy": "{np.__version__}"'
        path.write_text(path.read_text("utf-8").replace(version, '"numpy": "1.0"'), "utf-8")
        change(copied, "metrics", "alive", 1, lambda value: value + 1)
        with pytest.raises(ReplayError, match=r"numpy went from 1\.0 to .* since the run began"):
            replay(copied, 1)


class TestEpisodes:
    def test_they_are_what_was_seen_live(self, lived):
        study, rows = lived[0].study, []
        graph, (world, subject) = split_graph(study), assemble(study)
        R, block = len(graph.relations), subject.problem.table.block

        def look(world):
            tasks, reasoning, memory = map(world.system, (Tasks, Reasoning, Remembering))
            findings = dict(zip(memory.written[2].tolist(), memory.written[1], strict=True))
            for t, at in enumerate(reasoning.in_time.tolist()):
                query = tasks.board[reasoning.place[t]]
                inverse = block.relation[query] >= R
                rows.append(
                    {
                        "tick": world.steps,
                        "agent": world.population["id"][reasoning.agent[t]],
                        "source": graph.entities[block.source[query]],
                        "relation": graph.relations[block.relation[query] % R],
                        "asks": "subject" if inverse else "object",
                        "answer": graph.entities[reasoning.answers.best[at]],
                        "engine": subject.problem.faculties.names[reasoning.answers.proposer[at]],
                        "confidence": reasoning.answers.confidence[at],
                        "units": reasoning.answers.spent[at],
                        "finding": findings.get(t, -1),
                    }
                )

        world.systems.append(Watch(look))
        for _ in range(8):
            world.step()
        agent, _ = Counter(row["agent"] for row in rows).most_common(1)[0]
        wanted = pd.DataFrame([row for row in rows if row["agent"] == agent])
        found = episodes(lived[0], agent)
        assert set(found["asks"]) == {"subject", "object"}
        assert (found["finding"] >= 0).any()
        found = found[found["in_time"]].reset_index(drop=True)
        pd.testing.assert_frame_equal(found[list(wanted)], wanted, check_dtype=False)

        some = episodes(lived[0].path, agent, 5, 6)
        later = found[found["tick"].between(5, 6)].reset_index(drop=True)
        pd.testing.assert_frame_equal(some[some["in_time"]].reset_index(drop=True), later)

    def test_of_a_network_they_are_questions(self, tmp_path):
        changes = ("world.agents=4", "world.generations=1", "world.tasks=12", "selection.every=1")
        study = load_study("asia", [*changes, "problem.cases=100", "problem.queries=18"])
        folder, _ = live(study, tmp_path)
        table = episodes(folder, 0)
        assert set(table["relation"]) <= {"seeing", "doing", "imagining"}
        kinds = {"seeing": r"P\(\w+ \| \w+ = ", "doing": r"P\(\w+ \| do\(", "imagining": r"had \w+"}
        for row in table.itertuples():
            assert pd.Series([row.source]).str.contains(kinds[row.relation]).all()
            assert row.source.startswith(f"P({row.asks} ")
            assert row.answer in ("yes", "no")


class TestCommand:
    def call(self, *arguments):
        return CliRunner().invoke(main, ["replay", *map(str, arguments)])

    def test_summary_and_table(self, lived):
        path = lived[0].path
        done = self.call(path, "--tick", 7, "--agent", 0)
        assert (done.exit_code, done.stderr) == (0, "")
        first, world, header, *rows = done.stdout.splitlines()
        how = "rebuilt from the checkpoint of tick 6, 1 rows as recorded"
        assert first == f"{path} · tick 7 of 8 · {how}"
        assert world.startswith("gen 3 · 8 alive · accuracy ")
        assert header.split()[:6] == ["tick", "agent", "query", "source", "relation", "asks"]
        assert {row.split()[0] for row in rows} == {"7"}
        lines = self.call(path, "--tick", 6).stdout.splitlines()
        assert lines[0].endswith("rebuilt from the checkpoint of tick 6")
        assert lines[1].startswith("gen 3 · 8 alive · accuracy ")  # from the record
        assert "8 agents before the first tick" in self.call(path, "--tick", 0).stdout

    @pytest.mark.parametrize("kind", ["csv", "parquet"])
    def test_out(self, kind, lived, tmp_path):
        path = tmp_path / f"agent.{kind}"
        done = self.call(lived[0].path, "--agent", 0, "--from", 7, "--out", path)
        table = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
        assert done.stdout == f"{len(table)} episodes: {path}\n"
        wanted = episodes(lived[0], 0, 7)
        pd.testing.assert_frame_equal(table, wanted, check_dtype=False, check_exact=kind != "csv")

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            ((), "give --tick T"),
            (("--tick", 9), "no tick 9, recorded are 0 to 8"),
            (("--agent", 0, "--to", 9), "no tick 9"),
            (("--agent", 0, "--from", 9), "ticks 9 to 8: the first is 1 or more and not after"),
            (("--agent", 99, "--from", 8), "no agent 99 up to tick 8; their ids are 0 to "),
            (("--tick", 2, "--from", 1), "give --agent ID too"),
            (("--tick", 2, "--out", "a.csv"), "give --agent ID too"),
            (("--agent", 0, "--out", "a.xls"), "such as agent.csv"),
            (("--agent", 0, "--out", "nowhere/a.csv"), "there is no folder nowhere"),
        ],
    )
    def test_mistakes_are_one_line(self, arguments, complaint, lived):
        done = self.call(lived[0].path, *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert complaint in done.stderr
        assert done.stderr.count("\n") == 1

    def test_folders_that_are_none_or_damaged(self, copied, tmp_path):
        assert "no such run folder" in self.call(tmp_path / "none", "--tick", 1).stderr
        metrics = copied.path / "metrics.parquet"
        metrics.write_bytes(metrics.read_bytes()[:-9])
        done = self.call(copied.path, "--tick", 1)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
        assert "metrics.parquet: damaged" in done.stderr
