"""What NSGA-II, NSGA-III and SPEA2 have in common: resuming, failures, immigrants."""

import json

import numpy as np
import pytest

from evolution.genomes import Categorical, GenomeSpec, Permutation, Real
from evolution.pareto import NSGA2, NSGA3, SPEA2, das_dennis
from evolution.search import AskTellError, Evaluated, ObjectiveError

SPEC = GenomeSpec({"order": Permutation(5), "x": Real(4), "kind": Categorical(3, 4)})
SEARCHES = {
    "NSGA2": lambda rng: NSGA2(SPEC, 21, rng),
    "NSGA3": lambda rng: NSGA3(SPEC, 21, rng, directions=das_dennis(3, 4)),
    "SPEA2": lambda rng: SPEA2(SPEC, 21, rng),
}
every_search = pytest.mark.parametrize("new", SEARCHES.values(), ids=SEARCHES)


def evaluate(genomes):
    F = np.column_stack(
        [
            genomes["x"].sum(axis=1) + genomes["order"][:, 0],
            (1.0 - genomes["x"]).sum(axis=1) + genomes["kind"].sum(axis=1),
            np.abs(genomes["x"] - 0.3).max(axis=1),
        ]
    )
    F[genomes["kind"][:, 0] == 3] = np.nan
    return F


def run(search, generations):
    while search.generation < generations:
        search.tell(evaluate(search.ask() if search.asked is None else search.asked))
    return search


def everything(search):
    arrays, facts = search.state()
    others = {"front": search.front}
    for name in ("ranks", "crowding", "fitness"):
        if hasattr(search, name):
            others[name] = getattr(search, name)
    return arrays | others, json.dumps(facts)


def assert_same(first, second):
    arrays, facts = everything(first)
    other_arrays, other_facts = everything(second)
    assert facts == other_facts
    assert arrays.keys() == other_arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, other_arrays[name], err_msg=name)


@every_search
@pytest.mark.parametrize("stop", [0, 1, 4])
@pytest.mark.parametrize("asked", [False, True])
def test_a_resumed_search_goes_on_bit_for_bit(new, stop, asked, tmp_path):
    through = run(new(1), 9)
    stopped = run(new(1), stop)
    if asked:
        stopped.ask()
    arrays, facts = stopped.state()
    np.savez(tmp_path / "state.npz", **arrays)
    (tmp_path / "state.json").write_text(json.dumps(facts))
    resumed = new(99)
    with np.load(tmp_path / "state.npz") as saved:
        resumed.restore((dict(saved), json.loads((tmp_path / "state.json").read_text())))
    assert_same(stopped, resumed)
    assert_same(through, run(resumed, 9))
    assert_same(through, run(stopped, 9))


@every_search
def test_saving_never_perturbs(new):
    plain, saving = new(3), new(3)
    for generation in range(1, 6):
        run(plain, generation)
        saving.state()
        genomes = saving.ask()
        for array in saving.state()[0].values():
            array.fill(0)
        F = evaluate(genomes)
        for column in genomes.values():
            column.fill(0)
        saving.tell(F)
        F.fill(7.0)
        residents = saving.residents
        residents.objectives.fill(0.0)
    assert_same(plain, saving)


@every_search
def test_generations_that_fail_altogether_are_survived(new):
    search = new(4)
    for _ in range(3):
        search.ask()
        search.tell(np.full((21, 3), np.nan))
        assert len(search.front) == 0
        assert np.isnan(search.objectives).all()
    run(search, 4)
    fine = int((~np.isnan(search.objectives[:, 0])).sum())
    assert fine > 5
    search.ask()
    search.tell(np.full((21, 3), np.nan))
    # The living are kept, in front of those who failed.
    assert (~np.isnan(search.objectives[:, 0])).tolist() == [True] * fine + [False] * (21 - fine)
    assert set(search.front) <= set(range(fine))


@every_search
def test_good_immigrants_are_taken_in_and_bad_ones_are_not(new):
    search = run(new(5), 6)
    genomes = SPEC.sample(4, np.random.default_rng(6))
    here = search.objectives[~np.isnan(search.objectives).any(axis=1)]
    ideal, worst = here.min(axis=0), here.max(axis=0)
    bad = np.stack([worst + 1.0, worst + 2.0, np.full(3, np.nan), worst + 3.0])
    before = {tuple(row) for row in search.objectives.tolist()}
    search.receive(Evaluated(genomes, bad))
    assert {tuple(row) for row in search.objectives.tolist()} <= before
    search.receive(Evaluated(genomes, ideal - np.eye(4, 3)))
    assert len(search.objectives) == 21
    newcomers = (ideal - np.eye(4, 3)).tolist()
    # Three dominate all who were there, and the fourth; they bring their genomes.
    found = {
        tuple(point): genes.tolist()
        for point, genes in zip(
            search.objectives[search.front].tolist(),
            search.genomes["x"][search.front],
            strict=True,
        )
    }
    assert found == {tuple(newcomers[i]): genomes["x"][i].tolist() for i in range(3)}
    assert search.best.objectives.tolist()[0] in newcomers[:3]
    run(search, 7)


@every_search
def test_nobody_immigrates_out_of_turn_or_with_other_objectives(new):
    search = new(7)
    immigrants = Evaluated(SPEC.sample(2, np.random.default_rng(1)), np.zeros((2, 3)))
    assert len(search.residents.objectives) == 0
    with pytest.raises(AskTellError, match="between a tell"):
        search.receive(immigrants)
    run(search, 1)
    with pytest.raises(ObjectiveError, match=r"objectives are \[2, 4\]; expected \[2, 3\]"):
        search.receive(Evaluated(immigrants.genomes, np.zeros((2, 4))))
    search.ask()
    with pytest.raises(AskTellError, match="between a tell"):
        search.receive(immigrants)


@every_search
def test_one_objective_is_enough_for_a_search_without_directions(new):
    search = new(8)
    if isinstance(search, NSGA3):
        search = NSGA3(SPEC, 21, 8, directions=das_dennis(1, 1))
    for _ in range(15):
        search.tell(search.ask()["x"].sum(axis=1))
    assert search.best.objectives[0, 0] == search.objectives.min() < 0.2
