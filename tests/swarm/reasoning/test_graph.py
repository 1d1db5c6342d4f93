"""Graphs: those that ship, a user's own folder, and splits."""

import string
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning import SHIPPED, GraphError, KnowledgeGraph, load_graph

THIRTY = (0.3, 0.2, 0.5)


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def named(graph: KnowledgeGraph, rows: np.ndarray) -> list[tuple[str, str, str]]:
    return [(graph.entities[h], graph.relations[r], graph.entities[t]) for h, r, t in rows]


def as_set(rows: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(row) for row in rows.tolist()}


@pytest.mark.parametrize(
    ("name", "entities", "relations", "sizes"),
    [
        ("umls", 135, 46, (5216, 652, 661)),
        ("kinships", 104, 25, (8544, 1068, 1074)),
        ("nations", 14, 55, (1592, 199, 201)),
    ],
)
def test_shipped_graphs_have_the_published_counts(
    name: str, entities: int, relations: int, sizes: tuple[int, int, int]
) -> None:
    graph = load_graph(name)
    assert graph.name == name
    assert (len(graph.entities), len(graph.relations)) == (entities, relations)
    assert (len(graph.train), len(graph.valid), len(graph.test)) == sizes
    assert len(as_set(graph.facts)) == sum(sizes), "no fact stands twice or in two parts"
    assert graph.entities == tuple(sorted(graph.entities))
    assert graph.relations == tuple(sorted(graph.relations))
    for part in (graph.train, graph.valid, graph.test):
        assert part.dtype == np.int32


def test_all_shipped_graphs_are_attributed() -> None:
    attribution = Path(load_graph.__globals__["__file__"]).parent / "graphs" / "ATTRIBUTION.md"
    text = attribution.read_text(encoding="utf-8")
    for name in SHIPPED:
        graph = load_graph(name)
        sizes = f"{len(graph.train)} / {len(graph.valid)} / {len(graph.test)}"
        row = f"| {name} | {len(graph.entities)} | {len(graph.relations)} | {sizes} |"
        assert row in text


# A user's own folder


def test_a_folder_brings_its_own_split(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "mine",
        {
            "train.txt": "b\tr\ta\na\ts\tc\nb\tr\ta\n",  # a fact said twice counts once
            "valid.tsv": " c \tr\tb\n",
            "test.txt": "a\tr\tb",
            "notes.txt": "not a fact, and not read either",
        },
    )
    graph = load_graph(folder)
    assert graph.name == "mine"
    assert graph.entities == ("a", "b", "c")
    assert graph.relations == ("r", "s")
    assert named(graph, graph.train) == [("b", "r", "a"), ("a", "s", "c")]
    assert named(graph, graph.valid) == [("c", "r", "b")]
    assert named(graph, graph.test) == [("a", "r", "b")]
    assert load_graph(str(folder)).entities == graph.entities


def test_a_folder_without_a_split_is_read_whole(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {"one.tsv": "a\tr\tb\n", "two.txt": "b\tr\tc\r\na\tr\tb\r\n", "image.png": "?"},
    )
    graph = load_graph(folder)
    assert named(graph, graph.train) == [("a", "r", "b"), ("b", "r", "c")]
    assert len(graph.valid) == len(graph.test) == 0


words = st.text(string.ascii_letters + "äß日 _-", min_size=1, max_size=6).map(
    lambda text: f"x{text}x"
)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.tuples(words, words, words), min_size=1, max_size=20))
def test_what_is_written_is_read(facts: set[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = ["\t".join(fact) + "\n" for fact in sorted(facts)]
        write(Path(folder), {"facts.tsv": "".join(lines)})
        graph = load_graph(folder)
    assert named(graph, graph.train) == sorted(facts)


FACT = "a\tr\tb\n"
WRONG_FOLDERS = {
    "no file of facts": ({"facts.csv": FACT}, "no .txt or .tsv file with facts in it; example"),
    "valid is missing": (
        {"train.txt": FACT, "test.txt": "b\tr\ta\n"},
        "a split needs train, valid and test files; missing: valid",
    ),
    "empty part": (
        {"train.txt": FACT, "valid.txt": "", "test.txt": "b\tr\ta\n"},
        "no facts for valid; example",
    ),
    "empty file": ({"facts.txt": ""}, "no facts for train; example"),
}
WRONG_LINES = {
    "empty line": ({"f.txt": FACT + "\n" + FACT}, "f.txt:2: empty line"),
    "blank line": ({"f.txt": FACT + " \t \n"}, "f.txt:2: empty line"),
    "two fields": (
        {"f.txt": FACT + FACT + "a\tr\n"},
        r"f.txt:3: expected 3 fields separated by tabs, got 2: 'a\tr'; example",
    ),
    "four fields": ({"f.txt": "a\tr\tb\tc\n"}, "f.txt:1: expected 3 fields"),
    "empty field": ({"f.txt": "a\t \tc\n"}, "f.txt:1: expected 3 fields separated by tabs, got 2"),
    "spaces for tabs": ({"f.txt": "a r b\n"}, "f.txt:1: expected 3 fields separated by tabs"),
    "line in the second file": ({"a.txt": FACT, "b.tsv": "x\n"}, "b.tsv:1: expected 3 fields"),
    "fact in two parts": (
        {"train.txt": "x\tr\tb\na\tr\tb\n", "valid.txt": "b\tr\tc\n", "test.txt": FACT},
        "train.txt:2: this fact also stands in test.txt:1",
    ),
}


@pytest.mark.parametrize(("files", "message"), WRONG_FOLDERS.values(), ids=WRONG_FOLDERS)
def test_a_wrong_folder_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(GraphError) as error:
        load_graph(write(tmp_path, files))
    assert str(error.value).startswith(f"{tmp_path}: {message}")


@pytest.mark.parametrize(("files", "message"), WRONG_LINES.values(), ids=WRONG_LINES)
def test_a_wrong_line_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(GraphError) as error:
        load_graph(write(tmp_path, files))
    assert str(error.value).startswith(f"{tmp_path}/{message}")
    assert "\n" not in str(error.value)


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_bytes(FACT.encode() + b"caf\xe9\tr\tb\n")
    with pytest.raises(GraphError, match=r"f\.txt:2: not UTF-8 text; save the file as UTF-8"):
        load_graph(tmp_path)


@pytest.mark.parametrize("missing", ["freebase", "/no/such/folder"])
def test_an_unknown_graph_lists_those_that_ship(missing: str) -> None:
    with pytest.raises(GraphError) as error:
        load_graph(missing)
    for known in (missing, *SHIPPED, "folder"):
        assert known in str(error.value)


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"facts.tsv": FACT})
    with pytest.raises(GraphError, match=r"neither a graph that ships .* nor a folder"):
        load_graph(tmp_path / "facts.tsv")


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("a\tr\tb\na\tr\tc\n", encoding="utf-8-sig")
    assert load_graph(tmp_path).entities == ("a", "b", "c")


def test_two_files_for_one_part_are_refused_or_both_read(tmp_path: Path) -> None:
    files = {"train.txt": FACT, "train.tsv": "c\tr\td\n", "valid.txt": "e\tr\tf\n"}
    folder = write(tmp_path, files | {"test.txt": "g\tr\th\n"})
    try:
        graph = load_graph(folder)
    except GraphError:
        return
    assert len(graph.train) == 2


# Splits


@pytest.mark.parametrize("name", SHIPPED)
def test_a_split_is_seeded_disjoint_and_whole(name: str) -> None:
    graph = load_graph(name)
    split, again, other = (graph.resplit(THIRTY, seed) for seed in (0, 0, 1))
    parts = [as_set(rows) for rows in (split.train, split.valid, split.test)]
    assert set.union(*parts) == as_set(graph.facts)
    assert sum(map(len, parts)) == len(graph.facts)
    for share, part in zip(THIRTY, parts, strict=True):
        assert abs(len(part) - share * len(graph.facts)) <= 1
    for part_name in ("train", "valid", "test"):
        rows = getattr(split, part_name)
        np.testing.assert_array_equal(rows, getattr(again, part_name))
        assert as_set(rows) != as_set(getattr(other, part_name))
    assert (split.entities, split.relations) == (graph.entities, graph.relations)


def test_splitting_leaves_the_graph_as_it_was() -> None:
    graph = load_graph("nations")
    before = graph.facts
    graph.resplit(THIRTY)
    np.testing.assert_array_equal(graph.facts, before)


@pytest.mark.parametrize(
    "fractions", [(0.5, 0.5, 0.0), (0.6, 0.6, -0.2), (0.3, 0.2, 0.4), (1.0, 1.0, 1.0)]
)
def test_a_split_that_is_none_is_refused(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(GraphError, match=r"three positive shares that sum to 1, such as"):
        load_graph("nations").resplit(fractions)


def test_four_shares_are_refused() -> None:
    with pytest.raises(GraphError, match="three positive shares"):
        load_graph("nations").resplit((0.25, 0.25, 0.25, 0.25))  # type: ignore[arg-type]


def test_too_few_facts_to_split_are_refused(tmp_path: Path) -> None:
    graph = load_graph(write(tmp_path / "tiny", {"f.txt": FACT + "b\tr\ta\n"}))
    with pytest.raises(GraphError, match="tiny: 2 facts are too few for the split"):
        graph.resplit(THIRTY)
