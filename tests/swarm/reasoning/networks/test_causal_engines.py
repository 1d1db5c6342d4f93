"""The bodies of the seven faculties: planted structures, plain references, special cases."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.networks import BayesNetwork, counterfactual, monotone_model
from swarm.reasoning.networks.cases import Cases
from swarm.reasoning.networks.counting import DataError
from swarm.reasoning.networks.engines import (
    Abductive,
    Analogical,
    Body,
    Causal,
    Counterfactual,
    Deductive,
    Inductive,
    Probabilistic,
)
from swarm.reasoning.networks.engines.counterfactual import coupled
from swarm.reasoning.networks.engines.effects import effect
from swarm.reasoning.networks.estimate import back_door
from swarm.reasoning.networks.faculties import BODIES
from swarm.reasoning.networks.hill_climb import hill_climb
from swarm.reasoning.networks.necessity import causation_bounds
from swarm.reasoning.networks.questions import DOING, IMAGINING, SEEING, Questions
from swarm.reasoning.networks.restarts import WINDOW, iterated_climb
from swarm.reasoning.networks.score import FamilyScores
from tests.swarm.reasoning.networks.planted import arcs, draw_cases, exact_effect, random_tables
from tests.swarm.reasoning.networks.test_questions import ask
from tests.swarm.reasoning.networks.worlds import seeds, small_network

EVERY = [body for engine in BODIES for body in engine.variants()]


def cases_from(data: np.ndarray, cards: list[int]) -> Cases:
    names = tuple(f"v{v}" for v in range(len(cards)))
    return Cases(data, names, tuple(tuple(map(str, range(card))) for card in cards))


def random_cases(seed: int, number: int = 80) -> Cases:
    """Cases of a random network of six variables, some of one state."""
    network = small_network(seed)
    return cases_from(network.sample(number, np.random.default_rng(seed)), list(network.cards))


def random_questions(cases: Cases, seed: int, number: int = 4) -> Questions:
    """Questions of each kind about a random case; needs two variables."""
    rng, V = np.random.default_rng(seed), len(cases.cards)
    asked = []
    for kind in np.repeat([SEEING, DOING, IMAGINING], number).tolist():
        row = cases.data[rng.integers(len(cases))]
        target, cause = rng.choice(V, 2, replace=False).tolist()
        known = [v for v in range(V) if v not in (target, cause) and rng.random() < 0.4]
        facts = {v: int(row[v]) for v in known}
        setting = {} if kind == SEEING else {cause: int(rng.integers(cases.cards[cause]))}
        if kind == IMAGINING:
            facts |= {cause: int(row[cause]), target: int(row[target])}
        asked.append((kind, target, facts, setting))
    return ask(V, *asked)


@pytest.fixture(scope="module")
def confounded() -> tuple[Cases, Questions, float, float]:
    """A → X ← Z → T: X does nothing to T. P(T = 1) once X is seen, and whatever X is set to."""
    A, X, Z, T = range(4)
    likely = np.array([[0.1, 0.5], [0.5, 0.9]])  # X = 1 given A, Z
    network = BayesNetwork(
        ("a", "x", "z", "t"),
        (("0", "1"),) * 4,
        ((), (A, Z), (), (Z,)),
        (
            np.array([0.5, 0.5]),
            np.stack([1 - likely, likely], axis=-1),
            np.array([0.5, 0.5]),
            np.array([[0.95, 0.05], [0.05, 0.95]]),
        ),
    )
    data = network.sample(4000, np.random.default_rng(7))
    asked = ask(4, (SEEING, T, {X: 1}, {}), (DOING, T, {}, {X: 1}))
    return cases_from(data, [2] * 4), asked, 0.68, 0.5


@pytest.mark.parametrize("body", [Causal(), Causal(belief=0), Causal(learner="tests")])
def test_a_planted_confounder_does_not_deceive_causal_engines(
    confounded: tuple[Cases, Questions, float, float], body: Body
) -> None:
    cases, questions, _, done = confounded
    assert body.estimate(cases, questions)[1, 1] == pytest.approx(done, abs=0.03)


@pytest.mark.parametrize(
    "body",
    [Deductive(), Inductive(), Abductive(stories=8), Probabilistic(), Analogical(sharpness=30.0)],
)
def test_those_who_associate_take_setting_for_seeing(
    confounded: tuple[Cases, Questions, float, float], body: Body
) -> None:
    cases, questions, seen, done = confounded
    likely = body.estimate(cases, questions)
    assert likely[0] == pytest.approx(likely[1])
    assert likely[1, 1] == pytest.approx(seen, abs=0.03)
    assert abs(likely[1, 1] - done) > 0.1
    assert not body.interventional


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_a_planted_mediator_opens_the_front_door(seed: int) -> None:
    X, M, T, U = range(4)
    truth = arcs(4, (X, M), (M, T), (U, X), (U, T))
    tables = random_tables(truth, [2] * 4, np.random.default_rng(seed), 0.4)
    expected = exact_effect(truth, tables, X, T)
    data = draw_cases(truth, tables, 20_000, np.random.default_rng(4))[:, :3]
    cases = cases_from(data, [2] * 3)
    drawn = arcs(3, (X, M), (M, T), (X, T))  # what one would draw without U
    nothing = np.full(3, -1)
    front = [effect(cases, drawn, X, x, T, nothing, door="front") for x in (0, 1)]
    back = [effect(cases, drawn, X, x, T, nothing) for x in (0, 1)]
    assert np.abs(front - expected).max() < 0.03
    assert np.abs(back - expected).max() > 0.1


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_without_facts_the_back_door_is_the_plain_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = arcs(4, (0, 1), (0, 2), (1, 2), (3, 1))
    cards = rng.integers(2, 4, 4).tolist()
    data = draw_cases(graph, random_tables(graph, cards, rng), 60, rng)
    cases = cases_from(data, cards)
    expected = back_door(data, cards, 1, 2, (0,))
    for state, row in enumerate(expected):
        found = effect(cases, graph, 1, state, 2, np.full(4, -1))
        assert found[: len(row)] == pytest.approx(row)


def test_facts_before_the_cause_make_strata_and_later_ones_are_left_out() -> None:
    graph = arcs(4, (0, 1), (0, 2), (1, 2), (2, 3))
    rng = np.random.default_rng(5)
    tables = random_tables(graph, [2] * 4, rng)
    data = draw_cases(graph, tables, 50_000, rng)
    cases = cases_from(data, [2] * 4)
    known = np.array([1, -1, -1, -1])
    found = effect(cases, graph, 1, 0, 2, known)
    there = data[(data[:, 0] == 1) & (data[:, 1] == 0), 2]
    assert found[1] == pytest.approx(there.mean(), abs=1 / len(there))  # drawn by one case
    later = np.array([1, -1, -1, 1])
    assert (effect(cases, graph, 1, 0, 2, later) == found).all()
    upstream = effect(cases, graph, 2, 1, 0, np.full(4, -1))
    assert upstream == pytest.approx(cases.base[0], abs=1e-3)


@pytest.mark.parametrize("body", EVERY, ids=repr)
@given(seeds)
@settings(max_examples=8, deadline=None)
def test_every_estimate_is_a_distribution_over_the_answers(body: Body, seed: int) -> None:
    cases = random_cases(seed)
    if len(cases.cards) < 2:
        return
    questions = random_questions(cases, seed)
    likely = body.estimate(cases, questions)
    assert likely.shape == (len(questions), cases.answers)
    assert (likely >= 0).all()
    assert (likely[~questions.open(cases.cards)] == 0).all()
    assert likely.sum(axis=1) == pytest.approx(1)
    if body.interventional:  # nothing is set: nothing of its own to say
        seen = questions.kind == SEEING
        assert (likely[seen] == cases.base[questions.target[seen]]).all()


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_naive_bayes_is_the_product_of_its_tables(seed: int) -> None:
    cases = random_cases(seed)
    if len(cases.cards) < 2:
        return
    questions = random_questions(cases, seed)
    likely = Probabilistic().estimate(cases, questions)
    for q, target in enumerate(questions.target.tolist()):
        expected = cases.base[target, : cases.cards[target]].copy()
        for v in np.flatnonzero(questions.believed[q] >= 0).tolist():
            state = questions.believed[q, v]
            shown = cases.data[:, v] == state
            for t in range(len(expected)):
                there = cases.data[:, target] == t
                base = cases.base[v, state]
                expected[t] *= ((shown & there).sum() + base) / (there.sum() + 1) / base
        assert likely[q, : len(expected)] == pytest.approx(expected / expected.sum())


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_deduction_and_all_stories_are_the_joint_of_the_learned_network(seed: int) -> None:
    cases = random_cases(seed)
    if len(cases.cards) < 2:
        return
    questions = random_questions(cases, seed, 2)
    network = cases.models()[0][0].network
    every = np.array(list(product(*map(range, network.cards))))
    joint = np.ones(len(every))
    for v, table in enumerate(network.tables):
        joint *= table[(*every[:, network.parents[v]].T, every[:, v])]
    deduced = Deductive().estimate(cases, questions)
    told = Abductive(stories=1000).estimate(cases, questions)
    for q, target in enumerate(questions.target.tolist()):
        given_ = questions.believed[q]
        agrees = ((every == given_) | (given_ < 0)).all(axis=1)
        expected = np.bincount(every[:, target], joint * agrees, cases.answers)
        assert deduced[q] == pytest.approx(expected / expected.sum())
        assert told[q] == pytest.approx(expected / expected.sum())


def test_a_rule_follows_the_most_telling_fact_first() -> None:
    rng = np.random.default_rng(0)
    telling, noise = rng.integers(0, 2, (2, 1000))
    target = np.where(rng.random(1000) < 0.9, telling, 1 - telling)
    cases = cases_from(np.stack([noise, telling, target], axis=1), [2] * 3)
    questions = ask(3, (SEEING, 2, {0: 1, 1: 1}, {}))
    shown = target[telling == 1]
    counts = np.bincount(shown, minlength=2)
    expected = (counts + 4.0 * cases.base[2]) / (len(shown) + 4.0)
    assert Inductive(depth=1).estimate(cases, questions)[0] == pytest.approx(expected)


def test_analogy_transplants_outcomes_to_those_who_are_alike() -> None:
    rng = np.random.default_rng(1)
    z = rng.integers(0, 2, 2000)
    x = (rng.random(2000) < 0.2 + 0.6 * z).astype(int)
    t = (rng.random(2000) < 0.1 + 0.8 * z).astype(int)
    cases = cases_from(np.stack([x, z, t], axis=1), [2] * 3)
    questions = ask(3, (DOING, 2, {}, {0: 1}))
    plain = Analogical(sharpness=30.0).estimate(cases, questions)[0, 1]
    matched = Analogical(sharpness=30.0, matching=True).estimate(cases, questions)[0, 1]
    assert plain == pytest.approx(0.74, abs=0.04)  # as seen: those at x = 1 are mostly z = 1
    assert matched == pytest.approx(0.5, abs=0.08)  # as done: z as in all cases


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_kept_ranks_are_the_monotone_coupling_of_one_arrow(seed: int) -> None:
    rng = np.random.default_rng(seed)
    card = int(rng.integers(2, 5))
    table = rng.dirichlet(np.ones(card), size=2)
    table /= table.sum(axis=1, keepdims=True)
    states = (("0", "1"), tuple(map(str, range(card))))
    network = BayesNetwork(("x", "t"), states, ((), (0,)), (np.array([0.4, 0.6]), table))
    was = int(rng.integers(card))
    expected = counterfactual(monotone_model(network), "t", {"x": 0}, {"x": 1, "t": was})
    assert coupled(table[0], table[1], was, "ranks") == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.floats(0.1, 0.9))
def test_the_middle_of_the_bounds_is_that_of_necessity(
    with_x: float, without: float, x: float
) -> None:
    present, absent = np.array([1 - with_x, with_x]), np.array([1 - without, without])
    found = coupled(absent, present, 1, "bounds")[0]
    observed = np.stack([(1 - x) * absent, x * present])
    low, high = causation_bounds(observed, [without, with_x]).necessity
    assert found == pytest.approx((low + high) / 2, abs=1e-6)


def test_counterfactuals_need_a_fact_to_the_contrary() -> None:
    cases = random_cases(2, 300)
    V = len(cases.cards)
    fact = {0: 0, 1: 0}
    questions = ask(V, (DOING, 0, {}, {1: 1}), (IMAGINING, 0, fact, {1: 0}))
    likely = Counterfactual().estimate(cases, questions)
    assert (likely == cases.base[0]).all()
    everywhere = Counterfactual(anywhere=True).estimate(cases, questions)
    assert everywhere[1, 0] == pytest.approx(1)  # nothing was otherwise


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_restarts_never_end_below_a_climb(seed: int) -> None:
    cases = random_cases(seed)
    scores = FamilyScores(cases.data, cases.cards, "bdeu")
    found = iterated_climb(scores, np.random.default_rng(seed), climbs=5)
    assert found[0].score >= hill_climb(scores, parents_max=4, tabu=10).score
    assert all(found[0].score - WINDOW <= one.score <= found[0].score for one in found)
    again = iterated_climb(scores, np.random.default_rng(seed), climbs=5)
    assert [one.adjacency.tobytes() for one in again] == [one.adjacency.tobytes() for one in found]


def test_members_are_graphs_that_score_about_the_same_and_differ() -> None:
    network = small_network(4)
    cases = cases_from(network.sample(500, np.random.default_rng(0)), list(network.cards))
    members = cases.members("search", 4)
    scores = FamilyScores(cases.data, cases.cards, "bdeu")
    total = [
        sum(scores.family(v, np.flatnonzero(graph[:, v]).tolist()) for v in range(len(graph)))
        for graph, _ in members
    ]
    assert max(total) - min(total) <= WINDOW + 1e-6
    assert len({graph.tobytes() for graph, _ in members}) == len(members) > 1
    assert sum(share for _, share in members) == pytest.approx(1)


def test_another_learner_is_refused() -> None:
    with pytest.raises(DataError, match="the learner is one of climb, both, tests, search"):
        random_cases(0).graph("guess")  # type: ignore[arg-type]


def test_genes_are_told_in_words() -> None:
    assert Causal(belief=2).describe() == "belief 2"
    assert [body.describe() for body in Abductive.variants()] == ["", "stories 3", "stories 8"]
    assert len(set(EVERY)) == len(EVERY)
