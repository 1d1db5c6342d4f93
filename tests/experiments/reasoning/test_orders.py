"""`noosphere orders`: the best and the worst order, the same for every number of workers."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from experiments.reasoning.orders import orders, try_orders
from swarm.reasoning.orders import OrdersError

RELATIONS = ("parent", "child", "friend", "rival")


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """A small world in which `child` is `parent` turned round and half of the rest is chance."""
    rng = np.random.default_rng(0)
    pairs = {tuple(rng.choice(14, 2, replace=False)) for _ in range(60)}
    facts = [f"n{a}\tparent\tn{b}" for a, b in pairs] + [f"n{b}\tchild\tn{a}" for a, b in pairs]
    for a, b in sorted(pairs)[::2]:
        facts.append(f"n{b}\t{RELATIONS[2 + (a + b) % 2]}\tn{(a * b) % 14}")
    facts = sorted(set(facts))
    rng.shuffle(facts)
    folder = tmp_path_factory.mktemp("family")
    cuts = {"train": facts[:-30], "valid": facts[-30:-15], "test": facts[-15:]}
    for part, lines in cuts.items():
        (folder / f"{part}.txt").write_text("\n".join(lines) + "\n")
    return str(folder)


def test_the_command_shows_both_ends_and_what_it_cost(graph):
    done = CliRunner().invoke(orders, [graph, "--queries", "6", "--beam", "1"])
    assert done.exit_code == 0, done.output
    assert "5,040 orders of 7 engines on 6 validation queries" in done.output
    assert done.output.count(" > ") == 6 * 10
    assert "in place of 211,680 order by order" in done.output
    assert "caches: across workers" in done.output


def test_json_has_every_order_best_first(graph):
    done = CliRunner().invoke(orders, [graph, "--queries", "5", "--json", "--seed", "3"])
    found = json.loads(done.output)
    assert found["queries"] == 5
    assert len({tuple(row["order"]) for row in found["orders"]}) == 5040
    credit = [row["credit"] for row in found["orders"]]
    assert credit == sorted(credit, reverse=True)
    assert found["credit"]["most"] == credit[0]
    assert found["mrr"]["least"] <= found["mrr"]["median"] <= found["mrr"]["most"]
    again = try_orders(graph, queries=5, seed=3)
    assert again.search.credit.max() == credit[0]
    assert again.rates["across workers"].share == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"queries": 0}, "--queries 0"),
        ({"workers": -1}, "--workers -1"),
        ({"beam": 0.0}, "--beam 0"),
        ({"memory": -1.0}, "--memory -1"),
        ({"memory": float("nan")}, "--memory nan"),
        ({"commit": float("inf")}, "--commit inf"),
        ({"seed": -1}, "--seed -1"),
    ],
)
def test_what_makes_no_search_is_told(graph, change, words):
    with pytest.raises(OrdersError, match=words):
        try_orders(graph, **change)


@pytest.mark.slow
def test_two_workers_find_the_same(graph):
    alone, together = (try_orders(graph, queries=8, workers=n, memory=0.5) for n in (1, 2))
    assert alone.search.credit.tobytes() == together.search.credit.tobytes()
    assert alone.search.cost.tobytes() == together.search.cost.tobytes()
