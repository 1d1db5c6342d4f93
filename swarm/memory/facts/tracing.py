"""Where a fact comes from, for people to read: who said it, when, how sure, and from what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from swarm.memory.facts.columns import FOREVER, FactError, whole
from swarm.memory.facts.facts import Facts


def trace(
    facts: Facts,
    id: int,
    *,
    entities: Sequence[str] | None = None,
    relations: Sequence[str] | None = None,
    most: int = 50,
) -> str:
    """Return a fact and its evidence, and the evidence of that, as a tree to print.

    Args:
        facts: the memory.
        id: the fact at the root.
        entities, relations: names to print in place of numbers, indexed by id.
        most: lines to print, 1 or more; a last one says if there are others. A fact that stands
            in the tree already is not followed again.

    Raises:
        FactError: for an unknown id.

    >>> print(trace(memory, 5))
    5: 3 -7-> 9, said by 12 in tick 4, confidence 0.8 × credence 0.5
    ├─ 1: 3 -2-> 4, said by 7 in tick 0, confidence 1 × credence 1
    └─ 4: 4 -7-> 9, said by 8 in tick 2, confidence 0.9 × credence 1, ended in tick 6
    """
    whole("id", id, 0, len(facts) - 1)
    if most < 1:
        raise FactError(f"most must be 1 or more lines, such as 50; got {most}.")
    lines: list[str] = []
    for fact, indent, again in _walk(facts, int(id)):
        if len(lines) == most:
            return "\n".join([*lines, f"... and more: trace(facts, {id}, most={2 * most})"])
        said = f"{fact}: as above" if again else _line(facts, fact, entities, relations)
        lines.append(indent + said)
    return "\n".join(lines)


def _walk(facts: Facts, root: int) -> Iterator[tuple[int, str, bool]]:
    """Each fact of the tree, depth first, what stands before it, and whether it came before."""
    seen: set[int] = set()
    # By hand and not by recursion: a chain of evidence may be longer than the stack is deep.
    waiting = [(root, "", "")]
    while waiting:
        fact, indent, beneath = waiting.pop()
        again = fact in seen
        yield fact, indent, again
        seen.add(fact)
        evidence = [] if again else facts.evidence(fact)[0].tolist()
        for place, ground in reversed(list(enumerate(evidence, 1))):
            last = place == len(evidence)
            branch, trunk = ("└─ ", "   ") if last else ("├─ ", "│  ")
            waiting.append((ground, beneath + branch, beneath + trunk))


def _line(
    facts: Facts, fact: int, entities: Sequence[str] | None, relations: Sequence[str] | None
) -> str:
    row = {name: column[fact].item() for name, column in facts.columns().items()}
    subject, object_ = (
        row[name] if entities is None else entities[row[name]] for name in ("subject", "object")
    )
    relation = row["relation"] if relations is None else relations[row["relation"]]
    ended = "" if row["ended"] == FOREVER else f", ended in tick {row['ended']}"
    return (
        f"{fact}: {subject} -{relation}-> {object_}, said by {row['author']} in tick "
        f"{row['tick']}, confidence {row['confidence']:.3g} × credence {row['credence']:.3g}{ended}"
    )
