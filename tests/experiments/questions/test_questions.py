"""Each question, asked in a moment, and judged on tables whose answer is planted."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.executors import executor_of
from experiments.questions import gossip, market, novelty, red_blue, scale, specialists
from experiments.questions.names import QUESTIONS
from experiments.questions.question import QuestionError, numbered, question, tried

SEEDS = 2


@pytest.fixture(scope="module")
def asked():
    """Answers by name, each asked once, quickly."""
    known = {}

    def ask(name):
        if name not in known:
            known[name] = question(name).ask(SEEDS, quick=True)
        return known[name]

    return ask


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_condition_has_the_same_seeds_and_finite_measures(asked, name):
    table = asked(name).table
    held_apart = [part for part in ("part", "loss") if part in table]
    for _, rows in table.groupby(["condition", *held_apart], dropna=False):
        assert sorted(rows["seed"]) == [1, 2]
        measures = rows.drop(columns=["condition", "seed", *held_apart]).dropna(axis=1, how="all")
        assert np.isfinite(measures.to_numpy(float)).all()
    assert asked(name).verdict in ("yes", "no", "it depends", "cannot be told")
    assert asked(name).finding.endswith(".")
    assert str(asked(name)).startswith(QUESTIONS[name])


@pytest.mark.parametrize("name", QUESTIONS)
def test_figures_show_what_the_table_holds(asked, name, tmp_path):
    answer = asked(name)
    drawn = question(name).figure(answer)
    shown = np.concatenate(
        [np.ravel(line.get_data()) for axes in drawn.axes for line in axes.lines]
    ).astype(float)
    first = {
        "market": "units",
        "gossip": "damage",
        "novelty": "diversity",
        "red_blue": "test_score",
        "specialists": "division",
        "scale": "test_best",
    }[name]
    rows = answer.table
    values = rows.loc[rows["condition"] != scale.DRAWN, first].dropna().to_numpy()
    assert len(values)
    assert np.isin(values, shown).all()
    files = answer.write(tmp_path)
    assert [path.name for path in files] == [f"{name}.svg", f"{name}.csv"]
    kept = pd.read_csv(files[1])
    pd.testing.assert_frame_equal(kept, rows, check_dtype=False, rtol=1e-5, atol=1e-9)


def test_the_same_answer_gives_the_same_files(asked, tmp_path):
    files = [asked("specialists").write(tmp_path / folder) for folder in "ab"]
    first, second = ([path.read_bytes() for path in written] for written in files)
    assert first == second


@pytest.mark.parametrize("name", ["scale", "specialists"])
def test_an_answer_repeats(asked, name):
    again = question(name).ask(SEEDS, quick=True)
    pd.testing.assert_frame_equal(again.table, asked(name).table, check_exact=True)
    assert again.finding == asked(name).finding


@pytest.mark.slow
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_pool_gives_the_same_answer(asked, name):
    with executor_of("pool", 2) as executor:
        there = question(name).ask(SEEDS, True, executor)
    pd.testing.assert_frame_equal(there.table, asked(name).table, check_exact=True)


# Planted tables


def planted(conditions, measures, effects, seeds=8, **constant):
    """Rows with the same noise under every condition, and what is planted on top."""
    rng = np.random.default_rng(5)
    base = {measure: rng.normal(0.5, 0.1, seeds) for measure in measures}
    jitter = {  # that of each condition has the mean 0
        (condition, measure): rng.permutation(np.resize([1e-3, -1e-3], seeds))
        for condition in conditions
        for measure in measures
    }
    rows = [
        {
            "condition": condition,
            "seed": seed + 1,
            **constant,
            **{
                measure: base[measure][seed]
                + effects.get((condition, measure), effects.get(condition, 0.0))
                + jitter[condition, measure][seed]
                for measure in measures
            },
        }
        for condition in conditions
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def market_table(gain):
    effects = {m: gain for _, m in market.MARKETS}
    measures = [*market.JUDGED, "test_best", "units"]
    return market.conclude(planted(market.CONDITIONS, measures, effects))


def novelty_table(gain):
    effects = dict.fromkeys(novelty.KINDS, gain)
    conditions = (novelty.NONE, *novelty.KINDS)
    return novelty.conclude(planted(conditions, [*novelty.JUDGED, "diversity"], effects))


def gossip_table(gain):
    measures = [*gossip.JUDGED, "messages", "damage", "diversity"]
    effects = {gossip.GOSSIP: gain}
    return gossip.conclude(planted(gossip.CONDITIONS, measures, effects, part=gossip.WORLD))


def scale_table(gain):
    sizes = {f"{n} agents": n for n in scale.SIZES}
    effects = {name: gain * np.log2(n) for name, n in sizes.items()}
    table = planted((*sizes, scale.DRAWN), scale.JUDGED, effects)
    return scale.conclude(table.assign(agents=table["condition"].map(sizes)))


def specialists_table(gain):
    effects = {one: gain for _, one in specialists.PAIRS}
    measures = ("division", "pay", "switching")
    return specialists.conclude(planted(specialists.CONDITIONS, measures, effects))


TABLES = {
    "market": market_table,
    "novelty": novelty_table,
    "gossip": gossip_table,
    "scale": scale_table,
    "specialists": specialists_table,
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("gain", "expected"), [(0.05, "yes"), (-0.05, "no"), (0.0, "cannot be told")]
)
def test_the_verdict_follows_from_the_table(name, gain, expected):
    answer = TABLES[name](gain)
    assert answer.verdict == expected
    if gain:
        assert f"{gain:+.2f}" in answer.finding


def test_gains_in_one_place_and_losses_in_another_depend():
    (_, ample), (_, scarce) = market.MARKETS
    measures = [*market.JUDGED, "test_best", "units"]
    table = planted(market.CONDITIONS, measures, {ample: 0.05, scarce: -0.05})
    assert market.conclude(table).verdict == "it depends"


def test_specialists_that_emerge_and_do_not_pay_are_no_yes():
    effects = {(one, "division"): 0.3 for _, one in specialists.PAIRS}
    measures = ("division", "pay", "switching")
    answer = specialists.conclude(planted(specialists.CONDITIONS, measures, effects))
    assert answer.verdict == "cannot be told"
    assert "division +0.3" in answer.finding


@pytest.mark.parametrize(
    ("off", "learnt", "expected"), [(0.3, 0.2, "yes"), (0.3, 0.0, "it depends"), (0.0, 0.0, "no")]
)
def test_red_and_blue_by_the_rule(off, learnt, expected):
    names = ["poison", "spam"]
    fought = planted(names, ("off", "on"), {}, part=red_blue.ATTACK)
    fought["off"] += off - (fought["off"] - fought["on"]).groupby(fought["condition"]).transform(
        "mean"
    )
    raced = planted(
        red_blue.DEFENDED, ["test_score"], {red_blue.CHAMPION: learnt}, part=red_blue.RACE
    )
    answer = red_blue.conclude(pd.concat([fought, raced]))
    assert answer.verdict == expected
    assert f"{2 * (off > 0)} of 2 attacks gain less for sure" in answer.finding


def test_twice_as_many_agents_are_worth_what_was_planted():
    table = scale_table(0.01).table.dropna(subset=["agents"])
    np.testing.assert_allclose(scale.doubling(table, "test_best"), 0.01, atol=2e-3)


# Refusals, and the command


def fails(payload, shared):
    raise ArithmeticError(f"{payload} is too much")


def test_a_trial_that_fails_is_named():
    with pytest.raises(QuestionError, match=r"seven.*ArithmeticError: seven is too much"):
        tried(fails, ["seven"])


def test_one_seed_is_no_interval():
    with pytest.raises(QuestionError, match="at least 2"):
        numbered(1)


def test_the_command_lists_questions():
    shown = CliRunner().invoke(main, ["answer"])
    assert shown.exit_code == 0
    assert [line.split()[0] for line in shown.output.splitlines()] == list(QUESTIONS)


def test_the_command_prints_the_finding_and_writes_the_figure(asked, tmp_path):
    out = tmp_path / "answers"
    given = ["answer", "red-blue", "--quick", "--seeds", "2", "--out", str(out)]
    shown = CliRunner().invoke(main, given)
    assert shown.exit_code == 0, shown.output
    assert str(asked("red_blue")) in shown.output
    assert sorted(path.name for path in out.iterdir()) == ["red_blue.csv", "red_blue.svg"]


@pytest.mark.parametrize("given", [["markt"], ["market", "--seeds", "1"], ["market", "--seeds=x"]])
def test_mistakes_are_one_line_and_exit_code_2(given):
    shown = CliRunner().invoke(main, ["answer", *given])
    assert shown.exit_code == 2
    assert len(shown.stderr.splitlines()) == 1
    assert "Traceback" not in shown.stderr
