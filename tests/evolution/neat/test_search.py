"""NEAT as a search: it solves XOR, resumes bit for bit, and survives whatever it is told."""

import json

import numpy as np
import pytest

from evolution.neat import NEAT, ExtinctionError, NEATConfig, NetworkConfig, NetworkSpec
from evolution.neat.evaluation import FeedForward
from evolution.search import AskTellError, Evaluated

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
WANTED = np.array([0.0, 1.0, 1.0, 0.0])
SPEC = NetworkSpec(NetworkConfig(num_inputs=2, num_outputs=1))


def xor(genomes):
    """Four less the squared errors, negated."""
    outputs = FeedForward(SPEC, genomes)(INPUTS)[:, :, 0]
    return ((outputs - WANTED) ** 2).sum(axis=1) - 4.0


def run(search, generations):
    for _ in range(generations):
        search.tell(xor(search.ask()))
    return search


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
        assert one[name].dtype == other[name].dtype


def test_xor_is_solved():
    search = NEAT(SPEC, 150, 1)
    while search.generation < 300 and not (
        search.generation and search.best.objectives[0, 0] <= -3.9
    ):
        run(search, 1)
    genomes, objectives, _ = search.best
    outputs = FeedForward(SPEC, genomes)(INPUTS)[0, :, 0]
    assert (np.round(outputs) == WANTED).all()
    np.testing.assert_array_equal(xor(genomes), objectives[:, 0])


@pytest.mark.parametrize("threshold", [3.0, 0.8])
def test_a_restored_search_goes_on_bit_for_bit(threshold):
    config = NEATConfig(compatibility_threshold=threshold, max_stagnation=3)
    search = run(NEAT(SPEC, 40, 3, config=config), 6)
    untouched = run(NEAT(SPEC, 40, 3, config=config), 6)
    for pending in (False, True):
        if pending:
            search.ask()
            untouched.ask()
        arrays, facts = search.state()
        other = NEAT(SPEC, 40, 99, config=config)
        other.restore((arrays, json.loads(json.dumps(facts))))
        for each in (search, other, untouched):
            if pending:
                each.tell(xor(each.asked))
            run(each, 5)
        same(other.ask(), untouched.ask())
        same(search.ask(), untouched.asked)
        for each in (search, other, untouched):
            np.testing.assert_array_equal(each.labels, untouched.labels)
            each.tell(xor(each.asked))
        same(other.state()[0], search.state()[0])
        assert other.state()[1] == search.state()[1]


def test_a_state_before_the_first_ask():
    search, other = NEAT(SPEC, 10, 1), NEAT(SPEC, 10, 2)
    other.restore(search.state())
    same(run(other, 3).ask(), run(search, 3).ask())


def test_a_state_of_other_settings_is_refused():
    with pytest.raises(AskTellError, match="the state is of"):
        NEAT(SPEC, 10, 1).restore(NEAT(SPEC, 10, 1, config=NEATConfig(elitism=1)).state())


def test_equal_seeds_give_equal_runs():
    same(run(NEAT(SPEC, 30, 5), 8).ask(), run(NEAT(SPEC, 30, 5), 8).ask())
    assert not np.array_equal(NEAT(SPEC, 30, 5).ask()["bias"], NEAT(SPEC, 30, 6).ask()["bias"])


def test_generations_are_valid_and_of_the_size_asked_for():
    search = NEAT(SPEC, 50, 7, config=NEATConfig(compatibility_threshold=1.0))
    for _ in range(25):
        genomes = search.ask()
        SPEC.validate(genomes)
        assert SPEC.count(genomes) == len(search.labels) == 50
        assert set(search.labels) == set(range(len(search.species.number)))
        assert SPEC.count(search.representatives) == len(search.species.number)
        assert (np.diff(search.species.number) > 0).all()
        search.tell(xor(genomes))


def test_innovation_numbers_mean_the_same_in_all_networks_of_a_generation():
    search = run(NEAT(SPEC, 100, 8), 20)
    genomes, between = search.genomes, {}
    for number, *pair in zip(
        *(genomes[name].tolist() for name in ("innovation", "source", "target")), strict=True
    ):
        assert between.setdefault(number, pair) == pair
    assert search._counters.innovation > max(between)
    assert search._counters.node > genomes["key"].max()


def test_species_outnumber_the_places():
    """neat-python raises here: 30 places, and a species for nearly every network."""
    config = NEATConfig(compatibility_threshold=0.05, min_species_size=3)
    search = run(NEAT(SPEC, 30, 9, config=config), 1)
    assert len(search.species.number) * 3 > 30
    for _ in range(10):
        assert SPEC.count(search.ask()) == 30
        search.tell(xor(search.asked))


def test_failed_evaluations_never_stop_it():
    search = NEAT(SPEC, 20, 10)
    for generation in range(12):
        F = xor(search.ask())
        F[: [20, 5, 19, 0][generation % 4]] = np.nan
        search.tell(F)
    assert np.isfinite(search.best.objectives).all()
    everything = run(NEAT(SPEC, 20, 11), 0)
    for _ in range(5):
        everything.ask()
        everything.tell(np.full(20, np.nan))
    assert SPEC.count(everything.residents.genomes) == 20


def test_a_failed_network_is_nobodys_parent_while_others_are_there():
    config = NEATConfig(compatibility_threshold=100.0, survival_threshold=0.1)
    quiet = NetworkConfig(2, 1, bias_mutate_rate=0.0, bias_replace_rate=0.0, node_add_prob=0.0)
    search = NEAT(NetworkSpec(quiet), 20, 12, config=config)
    search.ask()
    F = np.full(20, np.nan)
    F[[3, 7]] = 1.0
    search.tell(F)
    parents = set(search.genomes["bias"][[3, 7]])
    assert set(search.ask()["bias"]) == parents


def told_nothing(search, generations):
    for _ in range(generations):
        search.ask()
        search.tell(np.zeros(20))


def test_stagnant_species_die_and_all_may():
    settings = {"max_stagnation": 2, "species_elitism": 0, "compatibility_threshold": 100.0}
    search = NEAT(SPEC, 20, 13, config=NEATConfig(**settings))
    told_nothing(search, 3)
    with pytest.raises(ExtinctionError, match="species_elitism"):
        search.ask()
    spared = NEAT(SPEC, 20, 13, config=NEATConfig(**(settings | {"species_elitism": 1})))
    told_nothing(spared, 6)
    assert spared.species.number.tolist() == [1]
    again = NEAT(SPEC, 20, 13, config=NEATConfig(**settings, reset_on_extinction=True))
    told_nothing(again, 3)
    fresh = again.ask()
    assert set(np.diff(fresh["link_start"])) == {2}  # as in the beginning
    assert not set(again.genomes["bias"]) & set(fresh["bias"])
    assert again.species.number.tolist() == [2]


def test_the_best_is_the_best_ever_and_residents_are_sorted():
    search = NEAT(SPEC, 20, 14, config=NEATConfig(elitism=0, min_species_size=1))
    with pytest.raises(AskTellError, match="no genome"):
        _ = search.best
    seen = []
    for _ in range(10):
        seen.append(xor(search.ask()))
        search.tell(seen[-1])
        assert search.best.objectives[0, 0] == min(F.min() for F in seen)
        genomes, objectives, _ = search.residents
        assert (np.diff(objectives[:, 0]) >= 0).all()
        np.testing.assert_array_equal(xor(genomes), objectives[:, 0])


def test_immigrants_join_species_and_become_parents():
    search, home = run(NEAT(SPEC, 30, 15), 5), run(NEAT(SPEC, 30, 16), 30)
    genomes, objectives, _ = home.residents
    immigrants = Evaluated(SPEC.take(genomes, slice(0, 4)), objectives[:4] - 10.0)
    with pytest.raises(AskTellError, match="receive"):
        NEAT(SPEC, 30, 1).receive(immigrants)
    search.receive(immigrants)
    assert len(search.labels) == 34
    assert search.best.objectives[0, 0] == objectives[0, 0] - 10.0
    children = search.ask()
    SPEC.validate(children)
    assert SPEC.count(children) == 30
    assert search._counters.innovation > immigrants.genomes["innovation"].max()
    bias = slice(0, immigrants.genomes["node_start"][1])
    elite = [children["bias"][start : start + bias.stop] for start in children["node_start"][:-1]]
    assert any(np.array_equal(one, immigrants.genomes["bias"][bias]) for one in elite)


def test_wrong_founders_are_told():
    with pytest.raises(AskTellError, match="3 founders"):
        NEAT(SPEC, 4, 1, founders=SPEC.sample(3, np.random.default_rng(0)))
    with pytest.raises(AskTellError, match="at least 2"):
        NEAT(SPEC, 1, 1)
