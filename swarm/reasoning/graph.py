"""Knowledge graphs: facts (head, relation, tail), where they come from and how they are split.

A graph is either one that ships (`umls`, `kinships`, `nations`) or a user's own folder of
tab-separated facts, one `head<TAB>relation<TAB>tail` a line:

- with `train`, `valid` and `test` files (`.txt` or `.tsv`), the folder brings its own split;
- otherwise every `.txt` and `.tsv` file is read and the facts have to be split with `resplit`.

`GraphError` (a ValueError) names the file, the line, what was found and what would be right.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

PARTS = ("train", "valid", "test")
SUFFIXES = (".txt", ".tsv")
SHIPPED = ("kinships", "nations", "umls")
EXAMPLE = "example: `aspirin<TAB>treats<TAB>headache`"


class GraphError(ValueError):
    """A graph cannot be read or split; the message names the file and the line."""


@dataclass(frozen=True)
class KnowledgeGraph:
    """Facts as integers, in three parts.

    Attributes:
        name: what to call the graph in tables.
        entities: E names, sorted; entity i is `entities[i]`.
        relations: R names, sorted.
        train, valid, test: int32[n, 3] rows (head, relation, tail). Agents are shown `train`,
            paid and tuned on `valid`; `test` is for the final report alone.
    """

    name: str
    entities: tuple[str, ...]
    relations: tuple[str, ...]
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray

    @property
    def facts(self) -> np.ndarray:
        """All facts, int32[n, 3]: train, then valid, then test."""
        return np.concatenate([self.train, self.valid, self.test])

    def resplit(self, fractions: tuple[float, float, float], seed: int = 0) -> KnowledgeGraph:
        """The same facts in a seeded random split, named by its share of train: `umls-30`.

        Args:
            fractions: shares of train, valid and test; positive, summing to 1.
            seed: of the shuffle; the same seed gives the same split.

        Raises:
            GraphError: if a share is not positive, they do not sum to 1, or a part would be empty.
        """
        if len(fractions) != 3 or not (min(fractions) > 0 and abs(sum(fractions) - 1) <= 1e-9):
            raise GraphError(
                f"split {fractions} must be three positive shares that sum to 1, "
                "such as (0.3, 0.2, 0.5)"
            )
        facts = self.facts
        np.random.default_rng(seed).shuffle(facts)
        first = int(fractions[0] * len(facts))
        second = int((fractions[0] + fractions[1]) * len(facts))
        train, valid, test = np.split(facts, [first, second])
        if not (len(train) and len(valid) and len(test)):
            raise GraphError(
                f"{self.name}: {len(facts)} facts are too few for the split {fractions}: "
                "every part needs at least one"
            )
        name = f"{self.name}-{100 * fractions[0]:.0f}"
        return KnowledgeGraph(name, self.entities, self.relations, train, valid, test)


def load_graph(source: str | Path) -> KnowledgeGraph:
    """Read a graph that ships, by name, or a folder of tab-separated facts.

    A folder without train, valid and test files comes back with every fact in `train`;
    give it parts with `resplit`.

    Raises:
        GraphError: unknown name, missing folder, or a line that is not a fact.
    """
    if isinstance(source, str) and source in SHIPPED:
        return _shipped(source)
    folder = Path(source)
    if not folder.is_dir():
        raise GraphError(
            f"{source}: neither a graph that ships ({', '.join(SHIPPED)}) nor a folder of "
            f"tab-separated facts; {EXAMPLE}"
        )
    return _folder(folder)


def _shipped(name: str) -> KnowledgeGraph:
    packed = resources.files(__package__).joinpath("graphs", f"{name}.tsv.gz").read_bytes()
    parts: dict[str, list[tuple[str, str, str]]] = {part: [] for part in PARTS}
    for line in gzip.decompress(packed).decode("utf-8").splitlines():
        part, head, relation, tail = line.split("\t")
        parts[part].append((head, relation, tail))
    return _encode(name, parts)


def _folder(folder: Path) -> KnowledgeGraph:
    files = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and p.is_file())
    if not files:
        raise GraphError(f"{folder}: no {' or '.join(SUFFIXES)} file with facts in it; {EXAMPLE}")
    by_part = {path.stem: path for path in files if path.stem in PARTS}
    if twice := [p.name for p in files if by_part.get(p.stem, p) != p]:
        raise GraphError(
            f"{folder}: {twice[0]} and {by_part[Path(twice[0]).stem].name} are both the same part; "
            "keep one of them"
        )
    if by_part and len(by_part) < len(PARTS):
        missing = ", ".join(part for part in PARTS if part not in by_part)
        raise GraphError(
            f"{folder}: a split needs train, valid and test files; missing: {missing}. "
            "Without any of the three, all files are read and split by the study"
        )
    parts: dict[str, list[tuple[str, str, str]]] = {part: [] for part in PARTS}
    first_seen: dict[tuple[str, str, str], tuple[str, str]] = {}
    for part, path in by_part.items() if by_part else (("train", p) for p in files):
        for number, fact in _lines(path):
            seen = first_seen.setdefault(fact, (part, f"{path.name}:{number}"))
            if seen[0] != part:
                raise GraphError(
                    f"{path}:{number}: this fact also stands in {seen[1]}; a fact may be in one "
                    f"part only, or the answer is given away: {' '.join(fact)}"
                )
            if seen[1] == f"{path.name}:{number}":
                parts[part].append(fact)
    for part in PARTS if by_part else ("train",):
        if not parts[part]:
            raise GraphError(f"{folder}: no facts for {part}; {EXAMPLE}")
    return _encode(folder.resolve().name, parts)


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig").removesuffix("\n")
    except UnicodeDecodeError as error:
        place = path.read_bytes()[: error.start].count(b"\n") + 1
        raise GraphError(f"{path}:{place}: not UTF-8 text; save the file as UTF-8") from None
    for number, line in enumerate(text.split("\n") if text else (), 1):
        fields = [field.strip() for field in line.split("\t")]
        if not line.strip():
            raise GraphError(f"{path}:{number}: empty line; each line holds one fact, {EXAMPLE}")
        if len(fields) != 3 or not all(fields):
            raise GraphError(
                f"{path}:{number}: expected 3 fields separated by tabs, "
                f"got {len([f for f in fields if f])}: {line[:60]!r}; {EXAMPLE}"
            )
        yield number, (fields[0], fields[1], fields[2])


def _encode(name: str, parts: dict[str, list[tuple[str, str, str]]]) -> KnowledgeGraph:
    facts = [fact for part in PARTS for fact in parts[part]]
    entities = sorted({name for head, _, tail in facts for name in (head, tail)})
    relations = sorted({relation for _, relation, _ in facts})
    entity = {name: i for i, name in enumerate(entities)}
    relation_of = {name: i for i, name in enumerate(relations)}

    def rows(part: str) -> np.ndarray:
        coded = [(entity[h], relation_of[r], entity[t]) for h, r, t in parts[part]]
        return np.array(coded, dtype=np.int32).reshape(-1, 3)

    return KnowledgeGraph(name, tuple(entities), tuple(relations), *map(rows, PARTS))
