"""A large graph with planted structure, from a seed: what sparse reasoning is tried on.

12,000 entities of 30 kinds, each kind in clusters of about 20; 100,000 facts of 101 relations:

- `is_a` leads from an entity to one that stands for its kind: hubs;
- `link` relations lead from clusters to clusters of another kind, one fact in ten anywhere;
- `back` relations are inverses of links, four facts in five;
- `first` and `second` relations lead from an entity to a random one, nothing tells which;
- `planted` relations hold where a first and a second meet: nothing else tells either.
"""

from pathlib import Path

import numpy as np

ENTITIES, KINDS, CLUSTER = 12_000, 30, 20
LINKS, BACKS, PLANTED = 60, 20, 5
FACTS = 100_000


def facts(seed: int, number: int = FACTS) -> list[tuple[str, str, str]]:
    """Exactly `number` different facts by name, in random order."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, KINDS, ENTITIES)
    members = [np.flatnonzero(kind == k) for k in range(KINDS)]
    found: list[tuple[int, str, int]] = []
    for entities in members:
        some = entities[rng.random(len(entities)) < 0.7]
        found += [(int(x), "is_a", int(entities[0])) for x in some]
    for i in range(PLANTED):
        one, other, last = (members[k] for k in rng.choice(KINDS, 3, replace=False))
        middle = {int(x): int(z) for x, z in zip(one, rng.choice(other, len(one)), strict=True)}
        end = {int(z): int(y) for z, y in zip(other, rng.choice(last, len(other)), strict=True)}
        found += [(x, f"first_{i}", z) for x, z in middle.items()]
        found += [(z, f"second_{i}", y) for z, y in end.items()]
        found += [(x, f"planted_{i}", end[z]) for x, z in middle.items()]
    missing = number - len(found)
    per_link = int(missing / (LINKS + 0.8 * BACKS)) + 150
    links: list[tuple[int, str, int]] = []
    for i in range(LINKS):
        one, other = (members[k] for k in rng.choice(KINDS, 2, replace=False))
        leads_to = rng.integers(0, len(other) // CLUSTER, len(one) // CLUSTER + 1)
        source = rng.integers(0, len(one), per_link)
        target = leads_to[source // CLUSTER] * CLUSTER + rng.integers(0, CLUSTER, per_link)
        anywhere = rng.random(per_link) < 0.1
        target[anywhere] = rng.integers(0, len(other), anywhere.sum())
        each = {
            (int(one[s]), f"link_{i}", int(other[t])) for s, t in zip(source, target, strict=True)
        }
        links += sorted(each)
        if i < BACKS:
            links += [(y, f"back_{i}", x) for x, _, y in sorted(each) if rng.random() < 0.8]
    kept = rng.permutation(len(links))[:missing]
    found += [links[j] for j in kept.tolist()]
    assert len(found) == len(set(found)) == number
    order = rng.permutation(number).tolist()
    return [(f"e{found[j][0]}", found[j][1], f"e{found[j][2]}") for j in order]


def write_graph(folder: Path, seed: int = 0, number: int = FACTS) -> Path:
    """Write the facts as train (90%), valid and test files, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(fact) for fact in facts(seed, number)]
    edges = [0, int(0.9 * number), int(0.95 * number), number]
    for name, start, stop in zip(("train", "valid", "test"), edges, edges[1:], strict=False):
        (folder / f"{name}.txt").write_text("\n".join(lines[start:stop]) + "\n")
    return folder
