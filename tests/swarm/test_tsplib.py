"""TSPLIB instances: distances by the letter of the format, published optima, faults by line."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.motion.tsplib import (
    OPTIMA,
    Instance,
    TsplibError,
    load_instance,
    parse_instance,
    tour_length,
    tsplib_text,
)

# The optimal tours that TSPLIB publishes, cities from 1 on.
OPTIMAL_TOURS = {
    "berlin52": (
        "1 49 32 45 19 41 8 9 10 43 33 51 11 52 14 13 47 26 27 28 12 25 4 6 15 5 24 48 38 37 40 39 "
        "36 35 34 44 46 16 29 50 20 23 30 2 7 42 21 17 3 18 31 22"
    ),
    "eil51": (
        "1 22 8 26 31 28 3 36 35 20 2 29 21 16 50 34 30 9 49 10 39 33 45 15 44 42 40 19 41 13 25 "
        "14 24 43 7 23 48 6 27 51 46 12 47 18 4 17 37 5 38 11 32"
    ),
}
BURMA14 = """NAME: burma14
TYPE: TSP
DIMENSION: 14
EDGE_WEIGHT_TYPE: GEO
EDGE_WEIGHT_FORMAT: FUNCTION
NODE_COORD_SECTION
1 16.47 96.10
2 16.47 94.44
3 20.09 92.54
4 22.39 93.37
5 25.23 97.24
6 22.00 96.05
7 20.47 97.02
8 17.20 96.29
9 16.30 97.38
10 14.05 98.12
11 16.53 97.38
12 21.52 95.59
13 19.41 97.13
14 20.09 94.55
EOF
"""
ULYSSES16 = (
    "38.24 20.42 39.57 26.15 40.56 25.32 36.26 23.12 33.48 10.54 37.56 12.19 38.42 13.11 37.52 "
    "20.44 41.23 9.10 41.17 13.05 36.08 -5.21 38.47 15.13 38.15 15.35 37.51 15.17 35.49 14.32 "
    "39.36 19.56"
)
GR17 = """NAME : gr17
TYPE : TSP
DIMENSION : 17
EDGE_WEIGHT_TYPE : EXPLICIT
EDGE_WEIGHT_FORMAT : LOWER_DIAG_ROW
EDGE_WEIGHT_SECTION
 0 633 0 257 390 0 91 661 228 0 412 227
 169 383 0 150 488 112 120 267 0 80 572 196
 77 351 63 0 134 530 154 105 309 34 29 0
 259 555 372 175 338 264 232 249 0 505 289 262
 476 196 360 444 402 495 0 353 282 110 324 61
 208 292 250 352 154 0 324 638 437 240 421 329
 297 314 95 578 435 0 70 567 191 27 346 83
 47 68 189 439 287 254 0 211 466 74 182 243
 105 150 108 326 336 184 391 145 0 268 420 53
 239 199 123 207 165 383 240 140 448 202 57 0
 246 745 472 237 528 364 332 349 202 685 542 157
 289 426 483 0 121 518 142 84 297 35 29 36
 236 390 238 301 55 96 153 336 0
EOF
"""


def shortest(distances: NDArray[np.int64]) -> int:
    """The length of the optimal tour (Held & Karp 1962), for a few cities."""
    last = len(distances) - 1
    sets = np.arange(1 << last)
    cost = np.full((1 << last, last), np.iinfo(np.int64).max // 2)
    cost[1 << np.arange(last), np.arange(last)] = distances[last, :last]
    for size in range(2, last + 1):
        of_size = sets[np.bitwise_count(sets) == size]
        for city in range(last):
            visited = of_size[of_size >> city & 1 == 1]
            before = cost[visited ^ (1 << city)] + distances[:last, city]
            cost[visited, city] = before.min(axis=1)
    return int((cost[-1] + distances[:last, last]).min())


def geo_text(coordinates: str) -> str:
    pairs = np.array(coordinates.split()).reshape(-1, 2).tolist()
    lines = [f"{city} {' '.join(pair)}" for city, pair in enumerate(pairs, 1)]
    head = [f"DIMENSION: {len(pairs)}", "EDGE_WEIGHT_TYPE: GEO", "NODE_COORD_SECTION"]
    return "\n".join(head + lines)


@pytest.mark.parametrize("name", sorted(OPTIMA))
def test_published_tours_have_the_published_lengths(name: str) -> None:
    instance = load_instance(name)
    order = np.array(OPTIMAL_TOURS[name].split(), dtype=int) - 1
    assert sorted(order.tolist()) == list(range(len(instance)))
    assert tour_length(instance.distances, order) == OPTIMA[name] == instance.optimum


@pytest.mark.parametrize(
    ("text", "optimum"), [(BURMA14, 3323), (geo_text(ULYSSES16), 6859), (GR17, 2085)]
)
def test_exact_search_meets_the_published_optima(text: str, optimum: int) -> None:
    assert shortest(parse_instance(text).distances) == optimum


def plain_distance(kind: str, a: tuple[float, float], b: tuple[float, float]) -> int:
    dx, dy = a[0] - b[0], a[1] - b[1]
    if kind == "EUC_2D":
        return int(math.sqrt(dx * dx + dy * dy) + 0.5)
    if kind == "CEIL_2D":
        return math.ceil(math.sqrt(dx * dx + dy * dy))
    if kind == "ATT":
        exact = math.sqrt((dx * dx + dy * dy) / 10)
        return int(exact + 0.5) + (int(exact + 0.5) < exact)
    angles = []
    for degrees in (*a, *b):
        whole = int(degrees)
        angles.append(3.141592 * (whole + 5 * (degrees - whole) / 3) / 180)
    q1 = math.cos(angles[1] - angles[3])
    q2 = math.cos(angles[0] - angles[2])
    q3 = math.cos(angles[0] + angles[2])
    cosine = 0.5 * ((1 + q1) * q2 - (1 - q1) * q3)
    return int(6378.388 * math.acos(min(1.0, cosine)) + 1)


hundredths = st.integers(-8000, 8000).map(lambda whole: whole / 100)
places = st.lists(st.tuples(hundredths, hundredths), min_size=2, max_size=8)


@settings(deadline=None, max_examples=200)
@given(kind=st.sampled_from(["EUC_2D", "CEIL_2D", "ATT", "GEO"]), cities=places)
def test_distances_follow_the_format(kind: str, cities: list[tuple[float, float]]) -> None:
    lines = [f"{i} {x!r} {y:.6e}" for i, (x, y) in enumerate(cities, 1)]
    head = [f"DIMENSION: {len(cities)}", f"EDGE_WEIGHT_TYPE: {kind}", "NODE_COORD_SECTION"]
    found = parse_instance("\n".join([*head, *lines, "EOF"])).distances
    expected = [
        [0 if i == j else plain_distance(kind, a, b) for j, b in enumerate(cities)]
        for i, a in enumerate(cities)
    ]
    assert found.dtype == np.int64
    if kind == "GEO":  # the library's cosines may differ in the last bit
        assert np.abs(found - expected).max() <= 1
        assert np.mean(found == expected) > 0.7
    else:
        assert found.tolist() == expected


@settings(deadline=None, max_examples=60)
@given(cities=st.integers(2, 7), seed=st.integers(0, 2**32), words=st.integers(1, 9))
def test_every_layout_of_weights_gives_the_same_matrix(cities: int, seed: int, words: int) -> None:
    half = np.triu(np.random.default_rng(seed).integers(0, 100, (cities, cities)), 1)
    matrix = (half + half.T).tolist()
    each = range(cities)
    listings = {
        "FULL_MATRIX": [matrix[i][j] for i in each for j in each],
        "UPPER_ROW": [matrix[i][j] for i in each for j in range(i + 1, cities)],
        "LOWER_ROW": [matrix[i][j] for i in each for j in range(i)],
        "UPPER_DIAG_ROW": [matrix[i][j] for i in each for j in range(i, cities)],
        "LOWER_DIAG_ROW": [matrix[i][j] for i in each for j in range(i + 1)],
    }
    for layout, weights in listings.items():
        lines = [
            " ".join(map(str, weights[at : at + words])) for at in range(0, len(weights), words)
        ]
        head = f"DIMENSION: {cities}\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: {layout}\n"
        text = head + "EDGE_WEIGHT_SECTION\n" + "\n".join(lines)
        assert parse_instance(text).distances.tolist() == matrix


@pytest.mark.parametrize("text", [BURMA14, GR17])
def test_what_is_written_is_read_back(text: str, tmp_path: Path) -> None:
    instance = parse_instance(text)
    path = tmp_path / "copy.tsp"
    path.write_text(tsplib_text(instance), encoding="utf-8")
    again = load_instance(path)
    assert (again.name, again.kind) == (instance.name, instance.kind)
    assert (again.distances == instance.distances).all()
    if instance.coordinates is not None:
        assert again.coordinates is not None
        assert (again.coordinates == instance.coordinates).all()


def test_odd_coordinates_survive_writing() -> None:
    places = np.array([[0.1, 1e300], [-3.0, 2.5e-7]])
    written = Instance("odd", np.array([[0, 1], [1, 0]]), places, "EUC_2D", comment="a: b")
    text = tsplib_text(written)
    assert "1 0.1 1e+300\n2 -3 2.5e-07" in text
    assert "COMMENT: a: b" in text


def test_sections_that_are_not_needed_are_passed_over() -> None:
    extra = "DISPLAY_DATA_TYPE: COORD_DISPLAY\nNODE_COORD_SECTION"
    text = BURMA14.replace("NODE_COORD_SECTION", extra).replace(
        "EOF", "FIXED_EDGES_SECTION\n1 2\n-1\nEOF\nnoise after the end"
    )
    assert (parse_instance(text).distances == parse_instance(BURMA14).distances).all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("TYPE: TSP", "TYPE: ATSP", r"x\.tsp:2: TYPE must be one of TSP; got 'ATSP'"),
        ("DIMENSION: 14", "DIMENSION: many", r"x\.tsp:3: DIMENSION .*'many'"),
        ("TYPE: GEO", "TYPE: MAN_2D", r"x\.tsp:4: EDGE_WEIGHT_TYPE must be one of EUC_2D, .*MAN"),
        ("EDGE_WEIGHT_TYPE: GEO\n", "", r"x\.tsp:1: EDGE_WEIGHT_TYPE is missing"),
        ("NODE_COORD_SECTION", "cities", r"x\.tsp:6: expected 'KEY: value'.*'cities'"),
        ("2 16.47 94.44", "2 16.47", r"x\.tsp:8: a city is a number and two coordinates"),
        ("2 16.47 94.44", "1 16.47 94.44", r"x\.tsp:8: city 1 comes twice"),
        ("2 16.47 94.44", "15 16.47 94.44", r"x\.tsp:8: cities are numbered 1\.\.14.*got 15"),
        ("2 16.47 94.44", "2 16,47 94.44", r"x\.tsp:8: expected a number.*'16,47'"),
        ("2 16.47 94.44\n", "", r"x\.tsp:6: 1 of 14 cities have no coordinates, first 2"),
    ],
)
def test_faults_are_told_with_their_line(old: str, new: str, message: str) -> None:
    assert old in BURMA14
    with pytest.raises(TsplibError, match=message):
        parse_instance(BURMA14.replace(old, new, 1), "x.tsp")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("153 336 0", "153 336", r"x\.tsp:19: LOWER_DIAG_ROW .* has 153 weights; the file has 152"),
        ("153 336 0", "153 336 0 7", r"x\.tsp:19: LOWER_DIAG_ROW .* has 153 weights only"),
        ("153 336 0", "153 -336 0", r"x\.tsp:19: weights are whole numbers.*'-336'"),
        ("LOWER_DIAG_ROW", "UPPER_COL", r"x\.tsp:5: EDGE_WEIGHT_FORMAT must be one of FULL_MATRIX"),
        ("EDGE_WEIGHT_SECTION", "DISPLAY_DATA_SECTION", r"without its EDGE_WEIGHT_SECTION"),
    ],
)
def test_faults_of_weights_are_told_with_their_line(old: str, new: str, message: str) -> None:
    assert old in GR17
    with pytest.raises(TsplibError, match=message):
        parse_instance(GR17.replace(old, new, 1), "x.tsp")


def test_a_one_way_matrix_and_an_unknown_name_are_refused() -> None:
    text = "DIMENSION: 2\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: FULL_MATRIX\n"
    with pytest.raises(TsplibError, match="from 1 to 2 they differ"):
        parse_instance(text + "EDGE_WEIGHT_SECTION\n0 1 2 0\n")
    with pytest.raises(TsplibError, match="Shipped are berlin52, eil51"):
        load_instance("berlin53")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2 16.47 94.44", "2 1e25 94.44", r"x\.tsp:8: a coordinate must lie within"),
        ("2 16.47 94.44", "2 inf 94.44", r"x\.tsp:8: expected a number"),
        ("2 16.47 94.44", f"{'9' * 5000} 1 1", r"x\.tsp:8: cities are numbered"),
        ("DIMENSION: 14", "DIMENSION: 100001", r"x\.tsp:3: DIMENSION .*1\.\.100000"),
        ("DIMENSION: 14", f"DIMENSION: {'9' * 5000}", r"x\.tsp:3: DIMENSION .*1\.\.100000"),
    ],
)
def test_numbers_too_large_are_told_with_their_line(old: str, new: str, message: str) -> None:
    with pytest.raises(TsplibError, match=message):
        parse_instance(BURMA14.replace(old, new, 1), "x.tsp")


def test_weights_too_large_or_too_few_are_told_before_room_is_made_for_them() -> None:
    with pytest.raises(TsplibError, match=r"x\.tsp:19: weights .* 15 digits"):
        parse_instance(GR17.replace("153 336 0", "153 99999999999999999999 0", 1), "x.tsp")
    with pytest.raises(TsplibError, match="has 5000050000 weights; the file has 153"):
        parse_instance(re.sub(r"(DIMENSION *: *)17", r"\g<1>100000", GR17), "x.tsp")


def test_remarks_and_letters_of_old_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.tsp"
    text = BURMA14.replace("TYPE: TSP", "TYPE: TSP (M.~Hofmeister)\nCOMMENT: Städte", 1)
    path.write_bytes(text.encode("latin-1"))
    read = load_instance(path)
    assert (read.distances == parse_instance(BURMA14).distances).all()
    assert read.comment == "St\ufffddte"


def test_comments_of_several_lines_are_read_back() -> None:
    comment = "one: two\nEOF\n\nDIMENSION: 3"
    written = Instance("x\nEOF", np.array([[0, 5], [5, 0]]), comment=comment)
    read = parse_instance(tsplib_text(written))
    assert read.comment == comment
    assert read.name == "x EOF"
    assert (read.distances == written.distances).all()
