"""The interchange format: what is written is read, and what is wrong is named."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import networks
from swarm.reasoning.networks import (
    NETWORKS,
    BayesNetwork,
    NetworkError,
    bif_text,
    load_network,
    parse_bif,
    write_bif,
)
from tests.swarm.reasoning.networks.worlds import seeds, small_network

SHIPPED = {"asia": (8, 8, 18), "sachs": (11, 17, 178), "alarm": (37, 46, 509)}


def assert_same(one: BayesNetwork, other: BayesNetwork) -> None:
    assert (one.names, one.states, one.parents) == (other.names, other.states, other.parents)
    for table, again in zip(one.tables, other.tables, strict=True):
        np.testing.assert_array_equal(table, again)


@pytest.mark.parametrize(("name", "sizes"), SHIPPED.items())
def test_shipped_networks_have_the_published_sizes(name: str, sizes: tuple[int, int, int]) -> None:
    network = load_network(name)
    free = sum(t.size // c * (c - 1) for t, c in zip(network.tables, network.cards, strict=True))
    assert (len(network), network.adjacency.sum(), free) == sizes
    attribution = Path(networks.__path__[0]) / "data" / "ATTRIBUTION.md"
    row = f"| {name} | {sizes[0]} | {sizes[1]} | {sizes[2]} |"
    assert row in attribution.read_text(encoding="utf-8")


def test_every_network_that_ships_is_tested() -> None:
    assert set(NETWORKS) == set(SHIPPED)


labels = st.text(min_size=1, max_size=5).filter(lambda text: not set(text) & set('"\n'))


@settings(deadline=None, max_examples=60)
@given(seed=seeds, data=st.data())
def test_what_is_written_is_read_to_the_bit(seed: int, data: st.DataObject) -> None:
    plain = small_network(seed)
    named = st.lists(labels, min_size=len(plain), max_size=len(plain), unique=True)
    network = BayesNetwork(
        tuple(data.draw(named)),
        tuple(
            tuple(data.draw(st.lists(labels, min_size=card, max_size=card, unique=True)))
            for card in plain.cards
        ),
        plain.parents,
        plain.tables,
    )
    assert_same(parse_bif(bif_text(network)), network)


@pytest.mark.parametrize("file", ["asia.bif", "asia.bif.gz"])
def test_files_are_written_and_read(tmp_path: Path, file: str) -> None:
    network = load_network("asia")
    write_bif(network, tmp_path / file)
    assert_same(load_network(tmp_path / file), network)
    content = (tmp_path / file).read_bytes()
    write_bif(network, str(tmp_path / file))
    assert (tmp_path / file).read_bytes() == content


WHOLE = """
network "my own" { property version 1.1 ; property author (nobody, known); }
/* a comment
   over two lines */
variable smoke { property position = (73, 165) ; type discrete [ 2 ] { yes, no }; }
variable lung  // with a comment
{ type discrete[3]{ none mild "very bad" }; }
variable cough { type discrete [ 2 ] { yes, no }; }
probability ( smoke ) { table 0.25 0.75 ; }
probability ( lung smoke ) { table 0.1, 0.9, 0.3, 0.1, 0.6, 0.0; }
probability ( cough | lung, smoke ) {
  default 0.5, 0.5;
  property origin guessed;
  ("very bad", yes) 1, 0;
  (none, no) 1e-3, 0.999;
}
"""


def test_everything_the_format_knows_is_read() -> None:
    network = parse_bif(WHOLE)
    assert network.names == ("smoke", "lung", "cough")
    assert network.states[1] == ("none", "mild", "very bad")
    assert network.parents == ((), (0,), (1, 0))
    assert network.tables[0].tolist() == [0.25, 0.75]
    # `table` runs over the variable slowest, over its last parent fastest.
    assert network.tables[1].tolist() == [[0.1, 0.3, 0.6], [0.9, 0.1, 0.0]]
    expected = np.full((3, 2, 2), 0.5)
    expected[2, 0] = 1, 0
    expected[0, 1] = 0.001, 0.999
    assert network.tables[2].tolist() == expected.tolist()


def test_rounded_rows_are_read_as_meant() -> None:
    text = WHOLE.replace("0.1, 0.9, 0.3, 0.1, 0.6, 0.0", "0.3333, 1, 0.3333, 0, 0.3333, 0")
    np.testing.assert_allclose(parse_bif(text).tables[1][0], [1 / 3] * 3, rtol=1e-15)


def changed(old: str, new: str) -> str:
    assert WHOLE.count(old) == 1
    return WHOLE.replace(old, new)


WRONG = {
    "unknown block": (changed("network", "net"), "2: expected `network`, `variable` or"),
    "stray sign": (changed("/* a", "} /* a"), r"3: expected `network`, .* found '}'"),
    "open comment": (changed("lines */", "lines"), "3: a quote or a comment is opened and never"),
    "open quote": (changed('bad" }', "bad }"), "7: a quote or a comment is opened and never"),
    "open block": (changed("author (nobody, known); }", "author;"), "5: expected a property or"),
    "open file": (WHOLE.rstrip().removesuffix("}"), "15: expected `table`.* 'the end of the file'"),
    "variable twice": (
        changed("variable cough", "variable smoke"),
        "8: variable smoke is declared twice; keep one of them",
    ),
    "not discrete": (
        changed("discrete[3]", "continuous[3]"),
        "7: lung: only discrete variables are known; example: `variable smoke",
    ),
    "miscounted": (
        changed("[3]", "[4]"),
        "7: lung is said to have 4 states; 3 different ones are listed; example",
    ),
    "no states": (
        changed(' type discrete[3]{ none mild "very bad" };', ""),
        "6: variable lung has no states; example",
    ),
    "undeclared": (
        changed("cough | lung, smoke", "cough | lung, smog"),
        "11: no variable 'smog' is declared above this line",
    ),
    "described twice": (
        changed("( lung smoke )", "( smoke )"),
        "10: a probability names a variable not described before and then its parents",
    ),
    "own parent": (changed("lung, smoke )", "lung, lung )"), "11: a probability names"),
    "not described": (
        changed("probability ( smoke ) { table 0.25 0.75 ; }", ""),
        "16: smoke has no probability block; add one to the file",
    ),
    "too few numbers": (
        changed("0.25 0.75", "0.25"),
        "9: smoke needs 2 probabilities here, got 1; example: `",
    ),
    "no number": (changed("0.75", "O.75"), "9: .*O.75.*; example: `"),
    "negative": (
        changed("0.25 0.75", "-0.25 1.25"),
        "9: the probabilities of smoke must be ≥ 0 and sum to 1, got -0.25, 1.25; example",
    ),
    "no sum": (changed("1, 0;", "1, 1;"), "14: the probabilities of cough must be"),
    "no such state": (
        changed("(none, no)", "(nine, no)"),
        "15: lung has no state 'nine', only none, mild, very bad",
    ),
    "too few values": (
        changed("(none, no)", "(none)"),
        r"15: cough has 2 parents \(lung, smoke\) but this row gives 1 values; example",
    ),
    "row twice": (
        changed("(none, no)", '("very bad", yes)'),
        "15: cough has this row twice; keep one of them",
    ),
    "no row": (
        changed("  default 0.5, 0.5;\n", ""),
        r"11: cough has no row for \(none, yes\); example: `\(yes\) 0.1, 0.9;`",
    ),
    "no table": (changed("table 0.25 0.75 ;", ""), "9: smoke has no `table` of numbers"),
    "unknown entry": (
        changed("property origin guessed", "origin guessed"),
        "13: expected `table`, `default` or a row, found 'origin'",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "wrong.bif"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NetworkError) as error:
        load_network(file)
    assert re.match(f"{re.escape(str(file))}:{message}", str(error.value)), error.value


def test_a_circle_is_named_with_its_file() -> None:
    text = changed("probability ( smoke ) { table 0.25 0.75 ; }", "").replace(
        "probability ( lung smoke )",
        "probability ( smoke | cough ) { default 0.5, 0.5; } probability ( lung smoke )",
    )
    with pytest.raises(NetworkError, match=r"^here: the arrows run in a circle: .*lung → cough"):
        parse_bif(text, "here")


def test_an_empty_file_holds_no_network(tmp_path: Path) -> None:
    (tmp_path / "empty.bif").write_text("")
    with pytest.raises(NetworkError, match=r"empty.bif: a network needs at least one variable"):
        load_network(tmp_path / "empty.bif")


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "latin.bif").write_bytes(b"network caf {\n}\n// caf\xe9\n")
    with pytest.raises(NetworkError, match=r"latin.bif:3: not UTF-8 text; save the file as UTF-8"):
        load_network(tmp_path / "latin.bif")
    whole = gzip.compress(bif_text(load_network("asia")).encode())
    for broken in (b"no gzip", whole[:-20], whole[:40] + b"\0\0\0\0" + whole[44:]):
        (tmp_path / "broken.bif.gz").write_bytes(broken)
        with pytest.raises(NetworkError, match=r"broken.bif.gz: not a whole gzip file"):
            load_network(tmp_path / "broken.bif.gz")


@pytest.mark.parametrize("missing", ["cancer", "no/such/file.bif"])
def test_an_unknown_network_lists_those_that_ship(missing: str) -> None:
    with pytest.raises(NetworkError, match=f"{missing}: neither .*alarm, asia, sachs.*load_net"):
        load_network(missing)


@pytest.mark.parametrize("name", ["", 'a "b"', "a\nb"])
def test_names_that_cannot_be_written_are_refused(name: str) -> None:
    network = BayesNetwork((name,), (("a", "b"),), ((),), (np.array([0.5, 0.5]),))
    with pytest.raises(NetworkError, match=r"cannot be written as BIF: .*'no_answer'"):
        bif_text(network)
