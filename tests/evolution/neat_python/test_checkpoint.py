"""A run that was stopped goes on as if it had not been."""

import numpy as np
import pytest

from evolution import neat_python as neat
from evolution.neat_python.checkpoint import CheckpointError
from evolution.search import AskTellError
from tests.evolution.neat_python.exclusive_or import all_at_once, content, one_by_one, population
from tests.evolution.neat_python.samples import VARIED, ini


def state(run):
    arrays, facts = run.state()
    return {name: array.tobytes() for name, array in arrays.items()}, facts


def endless(**changes):
    return population(pop_size=40, no_fitness_termination=True, **changes)


@pytest.mark.parametrize("way", ["run", "run_batch"])
def test_a_restored_run_goes_on_bit_for_bit(tmp_path, way):
    evaluate = {"run": one_by_one, "run_batch": all_at_once}[way]
    whole, watched = endless(**VARIED), endless(**VARIED)
    watched.add_reporter(neat.Checkpointer(3, filename_prefix=tmp_path / "at-"))
    with np.errstate(all="ignore"):
        getattr(whole, way)(evaluate, 9)
        getattr(watched, way)(evaluate, 7)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["at-3", "at-6"]
        again = neat.Checkpointer.restore_checkpoint(tmp_path / "at-3")
        assert again.generation == 3
        getattr(again, way)(evaluate, 6)
    ours, theirs = state(again), state(whole)
    # The record of species is kept for reporters only.
    for facts in (ours[1], theirs[1]):
        del facts["species"]
    assert ours == theirs
    assert content(again.best_genome) == content(whole.best_genome)


def test_the_elite_of_a_checkpoint_have_their_fitness(tmp_path):
    run = endless()
    run.run(one_by_one, 2)
    neat.Checkpointer.save_checkpoint(run, tmp_path / "here")
    again = neat.Checkpointer.restore_checkpoint(tmp_path / "here")
    before = {key: genome.fitness for key, genome in run.population.items()}
    assert {key: genome.fitness for key, genome in again.population.items()} == before
    assert set(before.values()) != {None}


def test_species_keep_their_record(tmp_path):
    run = endless()
    run.add_reporter(neat.StatisticsReporter())
    run.run_batch(all_at_once, 5)
    neat.Checkpointer.save_checkpoint(run, tmp_path / "here")
    again = neat.Checkpointer.restore_checkpoint(tmp_path / "here")
    for key, each in run.species.species.items():
        other = again.species.species[key]
        assert (other.fitness_history, other.created) == (each.fitness_history, each.created)
        assert list(other.members) == list(each.members)


def test_a_run_that_met_its_threshold_can_be_saved(tmp_path):
    run = population(fitness_threshold="0.1", pop_size=10)
    winner = run.run(one_by_one, 5)
    neat.Checkpointer.save_checkpoint(run, tmp_path / "done")
    again = neat.Checkpointer.restore_checkpoint(tmp_path / "done")
    assert content(again.best_genome) == content(winner)


def test_a_new_configuration_holds_from_then_on(tmp_path):
    run = endless()
    run.run_batch(all_at_once, 2)
    neat.Checkpointer.save_checkpoint(run, tmp_path / "here")
    config = neat.Config.from_text(ini(pop_size=60, no_fitness_termination=True))
    again = neat.Checkpointer.restore_checkpoint(tmp_path / "here", config)
    again.run_batch(all_at_once, 2)
    assert len(again.population) == 60
    other = population(pop_size=60)
    with pytest.raises(AskTellError, match="state is of a search"):
        other.restore(run.state())


def test_checkpoints_come_by_time_too(tmp_path):
    run = endless()
    run.add_reporter(neat.Checkpointer(None, 0.0, tmp_path / "at-"))
    run.add_reporter(neat.Checkpointer(None, 1e6, tmp_path / "never-"))
    run.run_batch(all_at_once, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at-1", "at-2"]


def test_other_files_are_refused(tmp_path):
    other = tmp_path / "neat-checkpoint-4"
    other.write_bytes(b"\x80\x05]\x94.")
    with pytest.raises(CheckpointError, match=r"no checkpoint.*are pickles"):
        neat.Checkpointer.restore_checkpoint(other)
    np.savez(tmp_path / "arrays.npz", facts=np.frombuffer(b'{"format": 9}', dtype=np.uint8))
    with pytest.raises(CheckpointError, match="format 9; only 1 is known"):
        neat.Checkpointer.restore_checkpoint(tmp_path / "arrays.npz")
    with pytest.raises(FileNotFoundError):
        neat.Checkpointer.restore_checkpoint(tmp_path / "nowhere")
