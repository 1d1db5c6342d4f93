"""Posing a hidden network: what is asked, who judges, and what nobody may see."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import Strategies, reason
from swarm.reasoning.networks import (
    BayesNetwork,
    NetworkError,
    PartlyHidden,
    load_network,
    monotone_model,
)
from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.elimination import query_all
from swarm.reasoning.networks.examiner import ASKED, HELD_OUT, MATERIAL, Examiner
from swarm.reasoning.networks.faculties import NetworkFaculties
from swarm.reasoning.networks.problem import (
    NetworkProblem,
    cases_of,
    held_out,
    hidden_world,
    pose_network,
    shuffled,
)
from swarm.reasoning.networks.questions import DOING, IMAGINING, SEEING, Questions, truth_of
from swarm.reasoning.networks.referee import (
    SCALE,
    DistributionReferee,
    estimates_of,
    scores_of,
)
from swarm.reasoning.networks.separation import descendants
from tests.swarm.reasoning.networks.worlds import seeds
from tests.swarm.reasoning.populations import no_networks


@pytest.fixture(scope="module")
def asia() -> NetworkProblem:
    return pose_network("asia", cases=500, queries=60, seed=3)


def keys(questions: Questions) -> set[tuple[int, int, bytes]]:
    """Kind, target and what is given."""
    given_ = np.where((questions.kind == SEEING)[:, None], questions.facts, questions.setting)
    return {
        (int(k), int(t), row.tobytes())
        for k, t, row in zip(questions.kind, questions.target, given_, strict=True)
    }


def test_a_third_of_the_questions_is_of_each_kind(asia: NetworkProblem) -> None:
    assert np.bincount(asia.questions.kind).tolist() == [20, 20, 20]
    assert len(asia.table) == len(asia.referee) == 60
    assert asia.faculties.names[3:5] == ("causal", "counterfactual")


def test_nothing_that_agents_are_asked_is_held_out() -> None:
    examiner = Examiner(hidden_world("sachs", 1), 1)
    (asked, _), (kept, _) = examiner.draw(150, ASKED), examiner.draw(150, HELD_OUT)
    assert keys(asked).isdisjoint(keys(kept))
    assert set(asked.number.tolist()).isdisjoint(kept.number.tolist())
    keys_of = asked.block(np.full(11, 3)).key
    assert len(np.unique(keys_of)) == len(asked)


@pytest.mark.parametrize("name", ["asia", "alarm", "random"])
def test_two_of_three_questions_are_material(name: str) -> None:
    world = hidden_world(name, 2)
    questions, truth = Examiner(world, 2).draw(90, HELD_OUT)
    network, visible = world.model.network, world.visible
    assert (truth == truth_of(world, questions)).all()
    assert truth.sum(axis=1) == pytest.approx(1)
    for kind in (SEEING, DOING):
        some = questions.take(np.flatnonzero(questions.kind == kind))
        facts = np.full((len(some), len(network)), -1)
        facts[:, visible] = some.believed if kind == DOING else -1
        other = query_all(network, visible[some.target], facts)[:, : truth.shape[1]]
        apart = np.abs(truth[questions.kind == kind] - other).sum(axis=1) / 2
        assert (apart >= MATERIAL[kind] - 1e-9).sum() >= 20
    graph = network.adjacency
    for q in np.flatnonzero(questions.kind != SEEING):
        after = descendants(graph, int(visible[questions.set_variable[q]]))[visible]
        facts_after = after & (questions.facts[q] >= 0)
        if questions.kind[q] == DOING:
            assert not facts_after.any()
        else:
            assert after[questions.target[q]]


def test_equal_seeds_give_equal_problems_and_others_differ(asia: NetworkProblem) -> None:
    again = pose_network("asia", cases=500, queries=60, seed=3)
    assert again.evidence.version == asia.evidence.version
    assert again.table.scores.tobytes() == asia.table.scores.tobytes()
    assert again.referee.truth.tobytes() == asia.referee.truth.tobytes()
    assert pose_network("asia", 500, 6, seed=4).evidence.version != asia.evidence.version


def test_tables_depend_on_the_cases_alone(asia: NetworkProblem) -> None:
    """Equal cases, other truths: not a bit of what engines say changes."""
    world = hidden_world("asia", 3)
    network = world.model.network
    other = BayesNetwork(
        network.names,
        network.states,
        network.parents,
        tuple((np.flip(table, axis=-1) + 0.1) / 1.2 for table in network.tables),
    )
    truth = truth_of(PartlyHidden(monotone_model(other), world.hidden), asia.questions)
    assert np.abs(truth - asia.referee.truth).max() > 0.1
    cases = Cases(asia.evidence.data.copy(), asia.evidence.names, asia.evidence.states)
    table = NetworkFaculties(cases).table(asia.questions)
    for name in ("scores", "favourite", "against", "inverted", "features"):
        assert getattr(table, name).tobytes() == getattr(asia.table, name).tobytes()


def test_questions_do_not_see_each_other_nor_the_final_exam(asia: NetworkProblem) -> None:
    held_out(asia, "asia", 60, 3)
    rows = np.arange(1, 60, 7)
    some = asia.faculties.table(asia.questions.take(rows))
    assert some.scores == pytest.approx(asia.table.scores[rows], abs=1e-6)
    assert (some.features == asia.table.features[rows]).all()


def test_features_say_what_is_asked(asia: NetworkProblem) -> None:
    features, questions = asia.table.features, asia.questions
    assert features.shape == (60, len(asia.faculties.feature_names))
    assert (features[:, :3].argmax(axis=1) == questions.kind).all()
    assert (features[:, :3].sum(axis=1) == 1).all()
    assert np.isfinite(features).all()
    assert (features >= 0).all()
    assert (features <= 2).all()


def test_objections_are_to_what_no_matching_case_shows(asia: NetworkProblem) -> None:
    for q in range(0, 60, 5):
        matching = asia.evidence.agree(asia.questions.believed[q])
        shown = asia.evidence.columns[asia.questions.target[q]][matching]
        n = len(shown)
        expected = [0.0 if (shown == c).any() else n / (n + 20) for c in range(2)]
        assert asia.table.against[q] == pytest.approx(expected)


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_marks_are_one_minus_the_mean_absolute_error(seed: int) -> None:
    rng = np.random.default_rng(seed)
    Q, C = 12, 4
    open_ = np.arange(C) < rng.integers(1, C + 1, Q)[:, None]
    truth = np.where(open_, rng.random((Q, C)), 0)
    truth /= truth.sum(axis=1, keepdims=True)
    kind = np.sort(rng.integers(0, 3, Q)).astype(np.int8)
    referee = DistributionReferee(truth, open_, kind)
    scores = rng.normal(0, 2, (Q, C)).astype(np.float32)
    pruned = rng.integers(0, 8, (Q, C)) * (rng.random((Q, C)) < 0.3)
    shown = np.where(open_, scores - 1000 * pruned, -np.inf).astype(np.float32)
    queries = rng.integers(0, Q, 20)
    marks = []
    for q in queries:
        mine = [max(scores[q, c] / SCALE + 1 / open_[q].sum(), 0) for c in range(C) if open_[q, c]]
        total = sum(mine)
        mine = [m / total for m in mine] if total > 0 else [1 / len(mine)] * len(mine)
        marks.append(1 - np.mean([abs(m - t) for m, t in zip(mine, truth[q], strict=False)]))
    assert referee.marks(shown[queries], queries) == pytest.approx(marks, abs=1e-3)
    figures = referee.figures(shown)
    assert figures["error"] == pytest.approx(1 - referee.marks(shown).mean())
    for k, name in enumerate(("seeing", "doing", "imagining")):
        if (kind == k).any():
            rows = np.flatnonzero(kind == k)
            assert figures[name] == pytest.approx(1 - referee.marks(shown[rows], rows).mean())
        else:
            assert name not in figures


@given(seeds)
def test_scores_stand_for_estimates_and_their_mean_for_the_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    open_ = np.arange(4) < rng.integers(1, 5, 6)[:, None]
    one, two = (np.where(open_, rng.random((6, 4)) + 0.01, 0) for _ in range(2))
    one, two = (each / each.sum(axis=1, keepdims=True) for each in (one, two))
    assert estimates_of(scores_of(one, open_), open_) == pytest.approx(one, abs=1e-6)
    mean = (scores_of(one, open_) + 3 * scores_of(two, open_)) / 4
    assert estimates_of(mean, open_) == pytest.approx((one + 3 * two) / 4, abs=1e-6)


def test_the_truth_earns_full_marks_and_silence_the_even_chances(asia: NetworkProblem) -> None:
    referee = asia.referee
    assert referee.marks(scores_of(referee.truth, referee.open)) == pytest.approx(1)
    silent = np.zeros_like(referee.truth, np.float32)
    assert referee.marks(silent) == pytest.approx(1 - np.abs(referee.truth - 0.5).mean(axis=1))
    unheard = np.full_like(silent, -np.inf)
    assert referee.marks(unheard) == pytest.approx(referee.marks(silent))


def test_strategies_walk_over_the_table(asia: NetworkProblem) -> None:
    """One engine alone, then two: the walk's scores stand for their weighted mean."""
    K, F = 7, asia.table.features.shape[1]

    def shut(value: float, *shape: int) -> np.ndarray:
        return np.full(shape, value, np.float32)

    strategy = Strategies(
        order=np.array([[0, 3, 1, 2, 4, 5, 6]], np.int8),
        length=np.array([2], np.int32),
        variant=np.zeros((1, K), np.int16),
        weight=shut(1, 1, K) * np.array([1, 0, 0, 3, 0, 0, 0], np.float32),
        beam=shut(0.5, 1, K),
        commit=shut(100, 1, K),
        gate=shut(0, 1, K + 1, 4 + F),
        networked=np.zeros(1, np.bool_),
        networks=no_networks(1),
        consensus=shut(1, 1),
        novelty=shut(0, 1),
        council=shut(0, 1),
        inversion=shut(0, 1),
        trust=shut(0, 1),
        memory=shut(0, 1),
    )
    queries = np.arange(len(asia.table))
    answers = reason(strategy, asia.table, asia.faculties.costs, np.zeros(60, int), queries)
    assert (answers.used == 0b1001).all()
    scores, first = asia.table.scores, asia.table.first
    mean = (scores[:, first[0]] + 3 * scores[:, first[3]]) / 4
    open_ = asia.table.block.open
    found, expected = (estimates_of(each, open_) for each in (answers.scores, mean))
    assert found == pytest.approx(expected, abs=1e-3)
    alone = replace(strategy, length=np.array([1], np.int32))
    answers = reason(alone, asia.table, asia.faculties.costs, np.zeros(60, int), queries)
    assert asia.referee.marks(answers.scores) == pytest.approx(
        asia.referee.marks(scores[:, first[0]]), abs=1e-3
    )


def test_setting_is_told_from_seeing_by_interventional_engines_alone() -> None:
    problem = pose_network("asia", queries=150, seed=1)
    errors = {
        engine.name: [
            min(
                problem.referee.errors(problem.table.scores[:, v])[problem.referee.kind == k].mean()
                for v in range(problem.table.first[e], problem.table.first[e + 1])
            )
            for k in range(3)
        ]
        for e, engine in enumerate(problem.faculties.engines)
    }
    best = [min(errors, key=lambda name: errors[name][k]) for k in (DOING, IMAGINING)]
    assert best == ["causal", "counterfactual"]
    associating = [e.name for e in problem.faculties.engines if not e.interventional]
    assert errors["causal"][DOING] < min(errors[name][DOING] for name in associating) / 3
    assert min(errors[name][SEEING] for name in associating) < errors["causal"][SEEING] / 5


@given(st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_shuffling_changes_nothing_but_the_order(seed: int) -> None:
    network = load_network("asia")
    mixed = shuffled(network, np.random.default_rng(seed))
    assert set(mixed.names) == set(network.names)
    names = list(network.names)
    expected = query_all(network, names, [{"smoke": "yes"}] * 8)
    assert query_all(mixed, names, [{"smoke": "yes"}] * 8) == pytest.approx(expected)


def test_what_is_hidden_is_not_among_the_cases() -> None:
    world = hidden_world("asia", 0, hidden=["smoke", "either"])
    cases = cases_of(world, 50)
    assert set(cases.names) == set(load_network("asia").names) - {"smoke", "either"}
    assert cases.data.shape == (50, 6)
    drawn = hidden_world("random", 5)
    assert drawn.hidden.sum() == 3
    assert drawn.bidirected.any()


def test_what_cannot_be_posed_is_refused() -> None:
    with pytest.raises(NetworkError, match="hides its own confounders"):
        hidden_world("random", 0, hidden=["x0"])
    with pytest.raises(NetworkError, match="need cases"):
        pose_network("asia", cases=0)
    with pytest.raises(NetworkError, match="a third of the questions"):
        pose_network("asia", queries=2)
    with pytest.raises(NetworkError, match="something left to see"):
        hidden_world("asia", 0, hidden=load_network("asia").names)
    lonely = BayesNetwork(("a",), (("0", "1"),), ((),), (np.array([0.5, 0.5]),))
    with pytest.raises(NetworkError, match="no question about"):
        pose_network(lonely, 10, 3)
