"""Names and ids against a plain dictionary; metadata; what is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.durable import DurableError, Names

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("ab\U0010ffff"),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=25)
@given(batches=st.lists(st.lists(texts, max_size=6), max_size=4), prefix=texts)
def test_names_are_a_dictionary_that_stays(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]], prefix: str
) -> None:
    path = tmp_path_factory.mktemp("names") / "names.sqlite"
    model: dict[str, int] = {}
    names = Names(path)
    for batch in batches:
        for name in batch:
            model.setdefault(name, len(model))
        assert names.entities.add(batch).tolist() == [model[name] for name in batch]
        assert len(names.entities) == len(model)
    names.close()
    names = Names(path, read_only=True)
    assert len(names.entities) == len(model)
    assert len(names.relations) == 0
    assert names.entities.ids([*model, "unknown name"]).tolist() == [*model.values(), -1]
    assert names.entities.names(list(model.values())) == list(model)
    assert names.entities.starting_with(prefix, 100) == {
        name: model[name] for name in sorted(model) if name.startswith(prefix)
    }
    names.close()


def test_names_in_bulk_and_prefixes_in_order(tmp_path: Path) -> None:
    names = Names(tmp_path / "names.sqlite")
    many = [f"gene {i}" for i in range(3000)]
    assert names.entities.add(many).tolist() == list(range(3000))
    assert names.entities.ids(many[::-1]).tolist() == list(range(3000))[::-1]
    assert names.entities.starting_with("gene 29", 3) == {
        "gene 29": 29,
        "gene 290": 290,
        "gene 2900": 2900,
    }
    names.close()


def test_metadata_is_a_mapping_that_stays(tmp_path: Path) -> None:
    names = Names(tmp_path / "names.sqlite")
    names.metadata["source"] = {"book": "Gray", "pages": [1, 2]}
    names.metadata["seed"] = 7
    names.metadata["seed"] = 8
    names.metadata["gone"] = None
    del names.metadata["gone"]
    names.close()
    names = Names(tmp_path / "names.sqlite")
    assert dict(names.metadata) == {"source": {"book": "Gray", "pages": [1, 2]}, "seed": 8}
    with pytest.raises(KeyError):
        names.metadata["gone"]
    names.close()


def test_what_is_no_name_or_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "names.sqlite"
    names = Names(path)
    for wrong in ("", "a\0b", 3):
        with pytest.raises(DurableError, match="a name is some text"):
            names.entities.add(["good", wrong])  # type: ignore[list-item]
    assert len(names.entities) == 0, "none of a batch that is refused"
    names.entities.add(["a", "b", "c"])
    with pytest.raises(DurableError, match="entity 3 has no name; there are 3"):
        names.entities.names([1, 3])
    names._connection.execute("DELETE FROM entity WHERE id = 1")
    names.close()
    with pytest.raises(DurableError, match="has 2 names, but ids up to 2"):
        Names(path)
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DurableError, match=r"names\.sqlite: file is not a database"):
        Names(path)
    with pytest.raises(DurableError, match="unable to open"):
        Names(tmp_path / "none.sqlite", read_only=True)
