"""Which replicates belong together, what their groups are called, and when they are pairs."""

import json

import numpy as np
import pytest

from experiments.comparing.comparison import compare_groups
from experiments.comparing.groups import CompareError, Replicate, group_replicates
from experiments.comparing.text import as_text


def replicate(seed, rent=0, measures=None, study="nations", code="", **values):
    given = {"economy.rent": rent, "world.agents": 50, **values}
    place = f"runs/{study}-{rent}-{seed}{code}"
    return Replicate(place, study, given, seed, measures or {"accuracy": 0.5}, code)


def groups_of(*replicates):
    return group_replicates(replicates)[0]


def two(seeds_a, seeds_b, spread=0.0, gap=1.0):
    """Groups whose replicates are luck of the seed, which both share, and a little of their own."""
    rng = np.random.default_rng(0)

    def luck(seed):
        return np.random.default_rng(seed).normal(0, 5) + rng.normal(0, spread)

    return groups_of(
        *(replicate(s, 0, {"accuracy": luck(s)}) for s in seeds_a),
        *(replicate(s, 3, {"accuracy": luck(s) + gap}) for s in seeds_b),
    )


class TestGroups:
    def test_differ_in_what_is_not_the_seed(self):
        found = groups_of(replicate(2, 0), replicate(1, 3), replicate(1, 0), replicate(2, 3))
        assert [group.name for group in found] == ["economy.rent=0", "economy.rent=3"]
        assert [group.seeds for group in found] == [(1, 2), (1, 2)]

    def test_numbers_are_the_same_however_they_are_written(self):
        assert len(groups_of(replicate(1, 3), replicate(2, 3.0))) == 1

    def test_one_group_has_the_name_of_its_study(self):
        assert groups_of(replicate(1), replicate(2))[0].name == "nations"

    def test_the_same_run_twice_counts_once(self):
        first = replicate(1)
        again = Replicate("elsewhere", "nations", first.values, 1, first.measures)
        groups, notes = group_replicates([first, again, replicate(2)])
        assert groups[0].seeds == (1, 2)
        assert notes == [f"left out: elsewhere, the same study and seed as {first.place}"]

    def test_the_same_run_of_other_code_is_another_group(self):
        runs = [replicate(seed, code=code) for seed in (1, 2) for code in ("aaaa", "bbbb")]
        groups, notes = group_replicates(runs)
        assert [group.name for group in groups] == ["code=aaaa", "code=bbbb"]
        assert notes == ["not all ran from the same code: aaaa, bbbb"]

    def test_other_code_for_other_seeds_is_noted_only(self):
        groups, notes = group_replicates([replicate(1, code="aaaa"), replicate(2, code="bbbb")])
        assert len(groups) == 1
        assert "not all ran from the same code" in notes[0]

    def test_versions_are_held_against_each_other_if_they_are_counted_alike(self):
        """A commit and the digest of a sweep may well be the same code."""
        groups, notes = group_replicates([replicate(1, code="git:a"), replicate(1, code="sweep:b")])
        assert len(groups) == 1
        assert len(notes) == 1
        assert notes[0].startswith("left out: runs/nations-0-1sweep:b, the same study and seed")
        runs = [replicate(seed, code=f"sweep:{code}") for seed in (1, 2) for code in "ab"]
        groups, notes = group_replicates([replicate(3, code="git:c"), *runs])
        assert [group.name for group in groups] == ["code=c", "code=a", "code=b"]
        assert notes == ["not all ran from the same code: c, a, b"]
        assert len(groups_of(replicate(1, code="git:a"), replicate(1))) == 1

    def test_studies_that_differ_in_much_go_by_their_names(self):
        other = Replicate("x", "market", {"a": 1, "b": 2, "c": 3, "d": 4}, 1, {"accuracy": 1.0})
        names = [group.name for group in groups_of(replicate(1, 0), replicate(1, 3), other)]
        assert names == ["nations economy.rent=0", "nations economy.rent=3", "market"]

    def test_a_key_that_others_do_not_have(self):
        with_key = replicate(1, 0, extra=True)
        names = [group.name for group in groups_of(replicate(1, 0), with_key)]
        assert names == ["otherwise", "extra=true"]


class TestPairs:
    def test_are_noticed_said_and_used(self):
        paired = compare_groups(two(range(6), range(6), spread=0.1))
        apart = compare_groups(two(range(6), range(10, 16), spread=0.1))
        assert "paired by seed: the same 6 seeds as economy.rent=0" in paired.notes
        assert "not paired: the seeds differ, so Welch's test" in apart.notes
        (row,), (other,) = list(paired.records())[1:], list(apart.records())[1:]
        assert (row["test"], row["effect_size"]) == ("paired", "g_av")
        assert (other["test"], other["effect_size"]) == ("welch", "g")
        assert row["difference_high"] - row["difference_low"] < 0.5
        assert other["difference_high"] - other["difference_low"] > 5
        assert row["p_holm"] < 0.001

    def test_a_replicate_without_a_figure_takes_its_pair_along(self):
        groups = groups_of(
            *(replicate(s, 0, {"x": float(s), "y": 1.0}) for s in range(5)),
            *(replicate(s, 3, {"x": np.nan if s == 2 else s + 1.0, "y": 1.0}) for s in range(5)),
        )
        found = compare_groups(groups)
        cell = found.rows[0].cells[1]
        assert (len(cell.values), cell.difference.replicates) == (4, 4)
        assert cell.difference.mean.value == 1
        assert "replicates without a figure are left out of x" in found.notes


class TestComparison:
    def test_one_run_each_says_so(self):
        found = compare_groups(two([1], [1]))
        (note,) = found.notes
        assert note.startswith("one run each: no interval and no test; run more seeds with")
        row = list(found.records())[1]
        assert row["difference"] == pytest.approx(1)
        assert row["difference_low"] is row["effect"] is row["p"] is row["p_holm"] is None
        assert "nan" not in as_text(found)
        json.dumps(found.as_json(), allow_nan=False)

    def test_p_is_corrected_over_all_that_is_shown(self):
        rng = np.random.default_rng(1)
        groups = groups_of(
            *(
                replicate(seed, rent, {f"m{k}": rng.normal(rent, 1) for k in range(4)})
                for rent in (0, 1, 2)
                for seed in range(5)
            )
        )
        every = compare_groups(groups)
        p = [row["p"] for row in every.records() if row["p"] is not None]
        corrected = [row["p_holm"] for row in every.records() if row["p"] is not None]
        assert len(p) == 8
        assert min(corrected) == pytest.approx(8 * min(p))
        alone = compare_groups(groups, ["m0"])
        assert [row["measure"] for row in alone.records()] == ["m0"] * 3
        assert alone.rows[0].cells[1].difference.p == every.rows[0].cells[1].difference.p

    def test_baseline_and_order(self):
        found = compare_groups(two(range(3), range(3)), against="economy.rent=3")
        assert [group.name for group in found.groups] == ["economy.rent=3", "economy.rent=0"]
        assert found.rows[0].cells[1].difference.mean.value == pytest.approx(-1)

    def test_held_out_measures_are_marked(self):
        measures = {"valid": 0.4, "test_mrr": 0.5}
        found = compare_groups(groups_of(replicate(1, 0, measures), replicate(1, 3, measures)))
        assert [row.held_out for row in found.rows] == [False, True]
        text = as_text(found)
        assert "test_mrr (held out)" in text
        assert "never choose by" in text

    def test_measures_that_are_not_shared_are_named(self):
        found = compare_groups(
            groups_of(replicate(1, 0, {"x": 1.0, "y": 2.0}), replicate(1, 3, {"x": 1.0, "z": 2.0}))
        )
        assert [row.measure for row in found.rows] == ["x"]
        assert "not in all groups, and so not compared: y, z" in found.notes

    def test_nothing_shared(self):
        groups = groups_of(replicate(1, 0, {"y": 2.0}), replicate(1, 3, {"z": 2.0}))
        with pytest.raises(CompareError, match=r"share no measure: the one has y, the other z"):
            compare_groups(groups)

    def test_resampling_repeats(self):
        groups = two(range(6), range(10, 16), spread=1)
        first, again = (compare_groups(groups, method="resampling") for _ in range(2))
        assert first.as_json() == again.as_json()

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"measures": ["acuracy"]}, "did you mean 'accuracy'"),
            ({"against": "economy.rent=4"}, "no such group; there is economy.rent=0"),
            ({"method": "magic"}, "allowed is t or resampling"),
        ],
    )
    def test_what_is_not_there(self, asked, said):
        with pytest.raises(CompareError, match=said):
            compare_groups(two([1], [1]), **asked)
