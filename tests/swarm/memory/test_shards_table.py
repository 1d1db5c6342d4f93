"""Routing tables: the laws of merging, what health and versions mean, and gossip."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.shards import ALIVE, DEAD, SUSPECTED, RoutingTable, ShardError, agree, gossip

SHARDS, CLUSTERS, WIDTH = 3, 2, 2


def announced(table: RoutingTable, shard: int, value: float) -> None:
    """Let a shard say something that `value` tells apart."""
    table.announce(shard, [[value, -value]], [abs(value)], [1.0], [1 + int(abs(value))], 0.5)


# What may happen to an entry, on any node; two writers of one shard break the rule and are allowed.
happenings = st.lists(
    st.tuples(
        st.sampled_from(["announce", "beat", "anew", "suspect", "dead"]),
        st.integers(0, SHARDS - 1),
        st.integers(0, 3),
    ),
    max_size=8,
)


@st.composite
def tables(draw: st.DrawFn) -> RoutingTable:
    table = RoutingTable(SHARDS, CLUSTERS, WIDTH)
    for what, shard, value in draw(happenings):
        if what == "announce":
            announced(table, shard, value)
        elif what == "beat" and table.incarnation[shard]:
            table.beat(shard, load_ms=value)
        elif what == "anew":
            table.start_anew(shard)
        elif what == "suspect":
            table.suspect(shard)
        elif what == "dead":
            table.declare_dead(shard)
    return table


def joined(*given: RoutingTable) -> RoutingTable:
    result = given[0].copy()
    for other in given[1:]:
        result.merge(other)
    return result


@settings(deadline=None, max_examples=15)
@given(a=tables(), b=tables(), c=tables())
def test_merging_is_commutative_associative_and_idempotent(
    a: RoutingTable, b: RoutingTable, c: RoutingTable
) -> None:
    assert agree([joined(a, b), joined(b, a)])
    assert agree([joined(joined(a, b), c), joined(a, joined(b, c))])
    assert agree([joined(a, a), a])
    assert agree([joined(a, b, a, b), joined(a, b)])


@settings(deadline=None, max_examples=15)
@given(a=tables(), b=tables())
def test_merging_equals_the_reference(a: RoutingTable, b: RoutingTable) -> None:
    merged = a.copy()
    news = merged.merge(b)
    changed = 0
    for shard in range(SHARDS):
        entries = [{name: column[shard] for name, column in t.state().items()} for t in (a, b)]
        version = [(e["incarnation"], e["heartbeat"], e["stamp"]) for e in entries]
        expected = dict(entries[1] if version[1] > version[0] else entries[0])
        if version[0] == version[1]:
            expected["health"] = max(entry["health"] for entry in entries)
        changed += any((expected[name] != entries[0][name]).any() for name in expected)
        for name, column in merged.state().items():
            assert (column[shard] == expected[name]).all(), name
    assert news == changed


def test_a_newer_heartbeat_refutes_a_suspicion_and_an_older_one_does_not() -> None:
    owner = RoutingTable(SHARDS, CLUSTERS, WIDTH)
    announced(owner, 1, 2.0)
    late, other = owner.copy(), owner.copy()
    other.declare_dead(1)
    other.suspect(1)
    assert other.health[1] == DEAD
    assert other.merge(late) == 0
    assert late.merge(other) == 1
    assert late.health[1] == DEAD
    owner.beat(1, load_ms=7.0)
    assert late.merge(owner) == 1
    assert late.health[1] == ALIVE
    assert late.load_ms[1] == 7.0
    late.suspect(1)
    assert late.health[1] == SUSPECTED
    late.trust(1)  # without a word of the owner: its heartbeat is its own
    assert late.health[1] == ALIVE
    assert late.heartbeat[1] == owner.heartbeat[1]
    late.suspect(1)
    owner.start_anew(1)  # with its heartbeats forgotten
    announced(owner, 1, 3.0)
    assert late.merge(owner) == 1
    assert late.health[1] == ALIVE
    assert late.centroids[1, 0].tolist() == [3.0, -3.0]


def ring(n: int) -> list[list[int]]:
    return [[(i + 1) % n, (i + 5) % n, -1] for i in range(n)]


def test_gossip_brings_every_table_to_the_join_even_with_losses() -> None:
    rng = np.random.default_rng(3)
    nodes = [RoutingTable(12, CLUSTERS, WIDTH) for _ in range(12)]
    for i, node in enumerate(nodes):  # every node announces a shard of its own
        announced(node, i, i + 1.0)
    join = joined(*nodes)
    rounds = 0
    while not agree(nodes):
        spread = gossip(nodes, ring(12), rng, loss=0.3)
        assert spread.messages == 3 * 12
        rounds += 1
        assert rounds < 40
    assert agree([nodes[0], join])
    last = gossip(nodes, ring(12), rng)
    assert last.news == 0
    assert last.bytes == 12 * 12 * nodes[0].digest_bytes  # versions only


def test_a_round_does_not_relay_what_is_heard_in_it() -> None:
    nodes = [RoutingTable(1, 1, 1) for _ in range(4)]
    nodes[0].announce(0, [[1.0]], [0.0], [0.0], [1])
    line = [[1], [2], [3], [-1]]
    for reached in (2, 3, 4):
        gossip(nodes, line, np.random.default_rng(0))
        assert [int(node.heartbeat[0]) for node in nodes] == [1] * reached + [0] * (4 - reached)


def test_wrong_input_is_refused_and_changes_nothing() -> None:
    table = RoutingTable(SHARDS, CLUSTERS, WIDTH)
    announced(table, 0, 1.0)
    before = table.copy()
    good = ([[1.0, 2.0]], [1.0], [1.0], [1])
    for shard, given_columns in (
        (3, good),
        (0, ([[1.0, 2.0, 3.0]], *good[1:])),
        (0, ([[np.nan, 2.0]], *good[1:])),
        (0, (good[0], [-1.0], *good[2:])),
        (0, (*good[:3], [0])),
        (0, (np.zeros((3, 2)), np.zeros(3), np.zeros(3), np.ones(3))),
    ):
        with pytest.raises(ShardError):
            table.announce(shard, *given_columns)
    with pytest.raises(ShardError, match="never announced"):
        table.beat(1)
    with pytest.raises(ShardError, match="same shards"):
        table.merge(RoutingTable(SHARDS + 1, CLUSTERS, WIDTH))
    with pytest.raises(ShardError, match="at least 1"):
        RoutingTable(0, 1, 1)
    for peers, options in (
        ([[5], [0]], {}),
        ([[1], [0]], {"fanout": 0}),
        ([[1], [0]], {"loss": 2.0}),
    ):
        with pytest.raises(ShardError):
            gossip([table, table.copy()], peers, np.random.default_rng(0), **options)
    assert agree([table, before])


def test_state_goes_on_as_if_nothing_had_happened() -> None:
    table = RoutingTable(SHARDS, CLUSTERS, WIDTH)
    announced(table, 2, 1.0)
    table.suspect(2)
    state = table.state()
    twin = RoutingTable(SHARDS, CLUSTERS, WIDTH)
    twin.restore(state)
    for each in (table, twin):
        announced(each, 1, 3.0)
        each.beat(2, 4.0)
    assert agree([table, twin])
    for name, wrong in (("health", np.full(SHARDS, 3, np.int8)), ("size", np.zeros(2, np.int64))):
        with pytest.raises(ShardError, match="not the state"):
            twin.restore(state | {name: wrong})
    with pytest.raises(ShardError, match="nothing"):
        twin.restore({name: column for name, column in state.items() if name != "stamp"})
    assert agree([table, twin])
