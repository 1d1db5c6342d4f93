"""Populations of genomes and states of searches in files and as text, read back bit for bit.

>>> write_genomes("front.parquet", spec, genomes)
>>> spec, genomes = read_genomes("front.parquet")
>>> save_state("search.npz", search.state())
>>> search.restore(load_state("search.npz"))

A Parquet file has a column per locus, lists of fixed size, which pandas and DuckDB read too;
its metadata hold the spec. A state is a zip of ``.npy`` arrays and one ``facts.json``, without
pickle, so reading one runs no code; ``np.load`` opens its arrays as well.

Guarantees: a file appears under its name whole or not at all; what is read is bit for bit what was
written, and has been checked. Errors: `GenomeError` for files and text that hold something else,
are cut short or damaged, and for values that cannot be written; OSError from the file system.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from evolution.genomes.base import GenomeError
from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.state import State

# Where Parquet keeps the spec, among what else writers put into the metadata of a schema.
_SPEC_KEY = b"evolution.genome_spec"
_FACTS = "facts.json"
# What a zip that is none, or is damaged, makes its readers raise.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def genomes_to_json(spec: GenomeSpec, genomes: Genomes) -> str:
    """A population as JSON text, its spec included: ``{"spec": ..., "genomes": {name: rows}}``."""
    spec.validate(genomes)
    rows = {name: genomes[name].tolist() for name in spec.names}
    return json.dumps({"spec": spec.schema, "genomes": rows})


def genomes_from_json(text: str, spec: GenomeSpec | None = None) -> tuple[GenomeSpec, Genomes]:
    """Read the spec and the genomes of `genomes_to_json`; ``spec``, if given, must be the same."""
    try:
        content = json.loads(text)
        schema, rows = content["spec"], dict(content["genomes"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise GenomeError(
            f'not a population: {error!r}; expected {{"spec": ..., "genomes": {{name: rows}}}}, '
            "as genomes_to_json writes it"
        ) from error
    found = _agreed(schema, spec, "the text")
    genomes = {name: _column(found, name, listed) for name, listed in rows.items()}
    found.validate(genomes)
    return found, genomes


def write_genomes(path: str | os.PathLike[str], spec: GenomeSpec, genomes: Genomes) -> None:
    """Write a population and its spec to a Parquet file, a column per locus."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    spec.validate(genomes)
    schema = json.dumps(spec.schema)
    try:
        columns = {
            name: pa.FixedSizeListArray.from_arrays(
                pa.array(np.ascontiguousarray(genomes[name]).reshape(-1)), locus.size
            )
            for name, locus in spec.loci.items()
        }
        table = pa.table(columns).replace_schema_metadata({_SPEC_KEY: schema})
    except (pa.ArrowException, TypeError) as error:
        dtypes = {name: str(locus.dtype) for name, locus in spec.loci.items()}
        raise GenomeError(f"Parquet cannot hold these columns, {dtypes}: {error}") from error
    _replace(Path(path), lambda partial: pq.write_table(table, partial, write_page_checksum=True))


def read_genomes(
    path: str | os.PathLike[str], spec: GenomeSpec | None = None
) -> tuple[GenomeSpec, Genomes]:
    """Read the spec and the genomes of `write_genomes`; ``spec``, if given, must be the same."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open(path, "rb") as file:
            table = pq.read_table(file, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the file system's: no such file, no permission
        raise GenomeError(
            f"{path} is no Parquet file, or is cut short ({error}); write it with write_genomes"
        ) from error
    metadata = table.schema.metadata or {}
    if _SPEC_KEY not in metadata:
        raise GenomeError(
            f"{path} holds no spec of genomes, only columns {table.column_names}; write it with "
            "write_genomes(path, spec, genomes)"
        )
    found = _agreed(_parsed(metadata[_SPEC_KEY], f"the spec in {path}"), spec, str(path))
    genomes = {}
    for name in table.column_names:
        flat = table.column(name).combine_chunks()
        if not pa.types.is_fixed_size_list(flat.type) or flat.null_count or name not in found.loci:
            raise GenomeError(
                f"{path}: column {name!r} is {flat.type} with {flat.null_count} nulls; the loci "
                f"are {sorted(found.loci)}, each a list of fixed size without nulls"
            )
        genes = flat.flatten().to_numpy(zero_copy_only=False)
        genomes[name] = np.array(genes).reshape(len(flat), flat.type.list_size)
    found.validate(genomes)
    return found, genomes


def save_state(path: str | os.PathLike[str], state: State) -> None:
    """Write the state of a search, arrays and facts, to one file.

    Facts must be what JSON gives back unchanged: dicts with text as keys, lists, numbers, text.
    """
    arrays, facts = state
    _check_facts(facts, "facts")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            raise GenomeError(
                f"array {name!r} is {getattr(array, 'dtype', type(array).__name__)}; a state holds "
                "arrays of numbers or text: put anything else into the facts"
            )
    _replace(Path(path), lambda partial: _write_state(partial, arrays, facts))


def load_state(path: str | os.PathLike[str]) -> State:
    """Read what `save_state` wrote, for `Search.restore`."""
    with open(path, "rb") as file:
        try:
            return _read_state(file)
        except _BROKEN as error:
            raise GenomeError(
                f"{path} is no state of a search, or is cut short or damaged ({error}); save_state("
                "path, search.state()) writes one, whole or not at all, so look for an earlier one"
            ) from error


def _read_state(file: BinaryIO) -> State:
    with zipfile.ZipFile(file) as archive:
        # Members are read whole, which compares their checksums, before they are believed; the
        # list of names notices those that a damaged directory of the zip has lost.
        content = json.loads(archive.read(_FACTS))
        arrays = {}
        for name in content["arrays"]:
            member = io.BytesIO(archive.read(f"{name}.npy"))
            arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
        return arrays, content["facts"]


def _write_state(
    partial: Path, arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]
) -> None:
    # A fixed date, so that equal states are equal files.
    with zipfile.ZipFile(partial, "w") as archive:
        content = json.dumps({"arrays": list(arrays), "facts": facts})
        archive.writestr(zipfile.ZipInfo(_FACTS), content)
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Write under a temporary name beside the file, then rename: all or nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _parsed(text: str | bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise GenomeError(f"{what} is no JSON: {error}") from error


def _agreed(schema: Any, spec: GenomeSpec | None, where: str) -> GenomeSpec:
    """The spec of a schema, which has to be the expected one if there is one."""
    found = GenomeSpec.from_schema(schema)
    if spec is None:
        return found
    if spec.schema == found.schema:
        return spec
    different = [
        f"{name!r} is {found.loci.get(name)}, expected {spec.loci.get(name)}"
        for name in {**spec.loci, **found.loci}
        if found.loci.get(name) != spec.loci.get(name)
    ] or [f"the order of loci is {list(found.names)}, expected {list(spec.names)}"]
    raise GenomeError(f"{where} has genomes of another spec: {'; '.join(different)}")


def _column(spec: GenomeSpec, name: str, rows: Any) -> npt.NDArray[Any]:
    """A column from lists of numbers, none of which may change by becoming the locus's dtype."""
    if name not in spec.loci:
        raise GenomeError(f"there are genes of {name!r}; the spec has {sorted(spec.loci)}")
    locus = spec.loci[name]
    if not isinstance(rows, list):
        raise GenomeError(f"locus {name!r} is {rows!r}; expected a list of {locus.size} per genome")
    columns = [locus.row(row) for row in rows]
    return np.concatenate([np.empty((0, locus.size), locus.dtype), *columns])


def _check_facts(value: Any, where: str) -> None:
    """Raise where JSON would give back something else."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise GenomeError(
                    f"{where} has the key {key!r}; JSON turns keys into text: use text"
                )
            _check_facts(item, f"{where}[{key!r}]")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check_facts(item, f"{where}[{i}]")
    elif not (value is None or isinstance(value, bool | int | float | str)):
        raise GenomeError(
            f"{where} is a {type(value).__name__}; JSON gives back only dicts, lists, numbers, "
            "text, True, False and None: turn tuples into lists and numpy's numbers into Python's "
            "(evolution.search.plain), or put it into the arrays"
        )
