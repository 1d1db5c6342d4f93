"""Populations and states in files: bit for bit, whole or not at all, and never quietly wrong."""

import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from evolution import (
    NSGA2,
    Categorical,
    GenomeError,
    GenomeSpec,
    Integer,
    Network,
    Permutation,
    Real,
    Simplex,
)
from evolution.genomes.adaptive import SelfAdaptive
from evolution.genomes.mutations import GaussianMutation
from evolution.genomes.storage import (
    genomes_from_json,
    genomes_to_json,
    load_state,
    read_genomes,
    save_state,
    write_genomes,
)

SPEC = GenomeSpec(
    {
        "weights": Simplex(3),
        "order": Permutation(7),
        "long order": Permutation(200),
        "gates": Categorical(2, (3, 5)),
        "depth": Integer(2, (0, -5), (10, 5)),
        "bias": Real(2, -1.0, (1.0, 3.0), mutation=GaussianMutation(0.2)),
        "small": Real(1, 0.1, 0.7, precision="float32"),
        "net": Network(2, 1, hidden=2, links=6),
        "steps": SelfAdaptive(2),
    }
)


def generator(seed=1):
    return np.random.default_rng(seed)


def assert_same(genomes, others):
    assert list(genomes) == list(others)
    for name, column in genomes.items():
        assert others[name].dtype == column.dtype
        assert others[name].shape == column.shape
        assert others[name].tobytes() == column.tobytes()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(0, 20))
def test_populations_come_back_bit_for_bit(tmp_path_factory, seed, n):
    genomes = SPEC.sample(n, generator(seed))
    genomes["bias"][: n // 2] = -0.0
    path = tmp_path_factory.mktemp("genomes") / "some genomes.parquet"
    write_genomes(path, SPEC, genomes)
    for spec, again in (
        read_genomes(path),
        read_genomes(path, SPEC),
        genomes_from_json(genomes_to_json(SPEC, genomes)),
        genomes_from_json(genomes_to_json(SPEC, genomes), SPEC),
    ):
        assert spec == SPEC
        assert_same(genomes, again)
        for column in again.values():
            assert column.flags.writeable
    assert [p.name for p in path.parent.iterdir()] == ["some genomes.parquet"]


def test_other_readers_see_lists_of_fixed_size(tmp_path):
    path = tmp_path / "genomes.parquet"
    genomes = SPEC.sample(5, generator())
    write_genomes(path, SPEC, genomes)
    table = pq.read_table(path)
    assert table.schema.field("order").type == pa.list_(pa.int8(), 7)
    assert table.schema.field("small").type == pa.list_(pa.float32(), 1)
    np.testing.assert_array_equal(np.stack(table.to_pandas()["bias"]), genomes["bias"])


def test_invalid_genomes_are_not_written(tmp_path):
    path = tmp_path / "genomes.parquet"
    genomes = SPEC.sample(5, generator())
    write_genomes(path, SPEC, genomes)
    before = path.read_bytes()
    genomes["gates"][2, 1] = 9
    with pytest.raises(GenomeError, match="'gates', row 2, gene 1: value 9"):
        write_genomes(path, SPEC, genomes)
    with pytest.raises(GenomeError, match="'gates', row 2, gene 1: value 9"):
        genomes_to_json(SPEC, genomes)
    assert path.read_bytes() == before


OTHER = GenomeSpec({**SPEC.loci, "gates": Categorical(2, (3, 6))})


def test_a_file_of_another_spec_is_refused(tmp_path):
    path = tmp_path / "genomes.parquet"
    genomes = SPEC.sample(3, generator())
    write_genomes(path, SPEC, genomes)
    with pytest.raises(GenomeError, match=r"another spec: 'gates' is .*\(3, 5\).*, expected .*6\)"):
        read_genomes(path, OTHER)
    with pytest.raises(GenomeError, match="another spec: 'gates' is"):
        genomes_from_json(genomes_to_json(SPEC, genomes), OTHER)
    turned = GenomeSpec(dict(reversed(SPEC.loci.items())))
    with pytest.raises(GenomeError, match="the order of loci is"):
        read_genomes(path, turned)


def test_a_parquet_file_cut_short_or_of_something_else_is_refused(tmp_path):
    path = tmp_path / "genomes.parquet"
    write_genomes(path, SPEC, SPEC.sample(3, generator()))
    whole = path.read_bytes()
    for kept in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(GenomeError, match="is no Parquet file, or is cut short"):
            read_genomes(path)
    pq.write_table(pa.table({"a": [1, 2]}), path)
    with pytest.raises(GenomeError, match=r"holds no spec of genomes, only columns \['a'\]"):
        read_genomes(path)
    with pytest.raises(FileNotFoundError):
        read_genomes(tmp_path / "nowhere.parquet")


def rewritten(path, change):
    """Write the file again with its table changed."""
    table = pq.read_table(path)
    pq.write_table(change(table), path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["gates"]), "the spec has"),
        (lambda t: t.append_column("more", t.column("gates")), "column 'more' is fixed_size_list"),
        (
            lambda t: t.set_column(0, "weights", pa.array([1.0, 2.0, 3.0])),
            "column 'weights' is double with 0 nulls",
        ),
        (
            lambda t: t.set_column(
                0, "weights", pa.array([[1.0, 0.0, 0.0], None, None], pa.list_(pa.float64(), 3))
            ),
            "with 2 nulls",
        ),
        (
            lambda t: t.set_column(
                0, "weights", pa.array([[1.0, 0.0, 0.5]] * 3, pa.list_(pa.float64(), 3))
            ),
            "'weights', row 0, gene 0: value 1.0; allowed: 3 shares",
        ),
        (
            lambda t: t.set_column(
                0, "weights", pa.array([[1.0, 0.0]] * 3, pa.list_(pa.float64(), 2))
            ),
            r"expected float64\[3, 3\]",
        ),
        (lambda t: t.replace_schema_metadata({"evolution.genome_spec": "{"}), "is no JSON"),
        (lambda t: t.replace_schema_metadata({"evolution.genome_spec": "{}"}), "not a spec"),
    ],
)
def test_parquet_files_that_contradict_themselves_are_refused(tmp_path, change, message):
    path = tmp_path / "genomes.parquet"
    write_genomes(path, SPEC, SPEC.sample(3, generator()))
    rewritten(path, change)
    with pytest.raises(GenomeError, match=message):
        read_genomes(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gates": [[1]]}, "expected one number, or 2 numbers"),
        ({"gates": 3}, "locus 'gates' is 3; expected a list"),
        ({"gates": [[1, 2.5]]}, "whole numbers that fit int16"),
        ({"gates": [[1, 9]]}, "'gates', row 0, gene 1: value 9"),
        ({"gates": []}, r"locus 'gates' is int16\[0, 2\]; expected int16\[1, 2\]"),
        ({"more": [[1]]}, "there are genes of 'more'"),
    ],
)
def test_json_that_is_no_population_is_refused(change, message):
    content = json.loads(genomes_to_json(SPEC, SPEC.sample(1, generator())))
    content["genomes"] |= change
    with pytest.raises(GenomeError, match=message):
        genomes_from_json(json.dumps(content))


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"spec": {}}', "[" * 10**5])
def test_text_that_is_no_population_is_refused(text):
    with pytest.raises(GenomeError, match=r"not a population: .*expected"):
        genomes_from_json(text)


# States

plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
anything = hnp.arrays(
    st.sampled_from(["f8", "f4", "i8", "u1", "?", "c16", "U3", ">i4", "f8,i4"]),
    hnp.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4),
)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    arrays=st.dictionaries(names, anything, max_size=4),
    facts=st.dictionaries(st.text(), plain_values, max_size=3),
    fortran=st.booleans(),
)
def test_states_come_back_bit_for_bit(tmp_path_factory, arrays, facts, fortran):
    if fortran:
        arrays = {name: np.asfortranarray(array) for name, array in arrays.items()}
    path = tmp_path_factory.mktemp("states") / "state.npz"
    save_state(path, (arrays, facts))
    again, known = load_state(path)
    assert known == facts
    assert json.dumps(known) == json.dumps(facts)
    assert_same(arrays, again)
    first = path.read_bytes()
    save_state(path, (again, known))
    assert path.read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == ["state.npz"]


def test_numpy_opens_the_arrays(tmp_path):
    save_state(tmp_path / "state.npz", ({"own.x": np.arange(3)}, {"a": 1}))
    with np.load(tmp_path / "state.npz", allow_pickle=False) as opened:
        assert opened["own.x"].tolist() == [0, 1, 2]


def test_a_search_goes_on_from_its_file(tmp_path):
    def told(search):
        search.tell(np.stack([search.ask()["bias"][:, 0], -search.asked["small"][:, 0]], axis=1))

    search = NSGA2(SPEC, 8, rng=3)
    told(search)
    told(search)
    search.ask()
    save_state(tmp_path / "state.npz", search.state())
    again = NSGA2(SPEC, 8, rng=4)
    again.restore(load_state(tmp_path / "state.npz"))
    assert_same(again.asked, search.asked)
    for one in (search, again):
        one.tell(np.arange(16.0).reshape(8, 2))
        told(one)
    assert_same(search.genomes, again.genomes)
    assert search.ask()["net"].tobytes() == again.ask()["net"].tobytes()


def test_a_state_cut_short_or_damaged_anywhere_is_noticed(tmp_path):
    path = tmp_path / "state.npz"
    arrays = {"own.x": np.arange(40.0), "own.y": np.zeros((3, 2), np.int8)}
    facts = {"generation": 3, "text": "something"}
    save_state(path, (arrays, facts))
    whole = path.read_bytes()
    for kept in range(0, len(whole), 11):
        path.write_bytes(whole[:kept])
        with pytest.raises(GenomeError, match=r"is no state of a search, or is cut short"):
            load_state(path)
    noticed = 0
    for at in range(0, len(whole), 4):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        try:
            again, known = load_state(path)
        except GenomeError:
            noticed += 1
        else:  # what no reader looks at, such as a date
            assert known == facts
            assert {name: array.tobytes() for name, array in again.items()} == {
                name: array.tobytes() for name, array in arrays.items()
            }
    assert noticed > len(whole) / 4 / 2


def test_files_that_are_no_states_are_refused(tmp_path):
    np.savez(tmp_path / "arrays.npz", x=np.arange(3))
    with pytest.raises(GenomeError, match=r"no state of a search.*'facts\.json'"):
        load_state(tmp_path / "arrays.npz")
    with zipfile.ZipFile(tmp_path / "pickled.npz", "w") as archive:
        archive.writestr("facts.json", '{"arrays": ["x"], "facts": {}}')
        with archive.open("x.npy", "w") as file:
            np.lib.format.write_array(file, np.array([{}], object))
    with pytest.raises(GenomeError, match="allow_pickle=False"):
        load_state(tmp_path / "pickled.npz")
    with pytest.raises(FileNotFoundError):
        load_state(tmp_path / "nothing.npz")
    with pytest.raises(FileNotFoundError):
        save_state(tmp_path / "nowhere" / "state.npz", ({}, {}))


@pytest.mark.parametrize(
    ("arrays", "facts", "message"),
    [
        ({}, {"a": {"b": (1, 2)}}, r"facts\['a'\]\['b'\] is a tuple.*turn tuples into lists"),
        ({}, {"a": [0, {3: 1}]}, r"facts\['a'\]\[1\] has the key 3; JSON turns keys into text"),
        ({}, {"a": np.int64(3)}, r"facts\['a'\] is a int64"),
        ({}, {"a": {1, 2}}, r"facts\['a'\] is a set"),
        ({"x": np.array([None])}, {}, "array 'x' is object"),
        ({"x": [1, 2]}, {}, "array 'x' is list"),
    ],
)
def test_what_would_not_come_back_is_not_written(tmp_path, arrays, facts, message):
    path = tmp_path / "state.npz"
    save_state(path, ({}, {"kept": True}))
    with pytest.raises(GenomeError, match=message):
        save_state(path, (arrays, facts))
    assert load_state(path) == ({}, {"kept": True})
    assert [p.name for p in tmp_path.iterdir()] == ["state.npz"]
