"""A batch of facts checked before it is logged: whatever is in the log, `Facts` will take.

The rules are those of `Facts.append`; they are checked here first, because what is logged cannot
be taken back once memory has refused it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts import FOREVER, FactError, Facts
from swarm.memory.facts.columns import AUTHOR_MAX, COLUMNS, IDS_MAX, share, whole

GIVEN = tuple(name for name in COLUMNS if name not in ("sequence", "ended"))
"""The columns that a writer gives; the others follow from them."""


def checked_batch(
    facts: Facts,
    given: Mapping[str, ArrayLike],
    evidence: tuple[ArrayLike, ArrayLike] | None,
    earliest: int,
) -> tuple[dict[str, NDArray], int]:
    """Return a batch as columns of one length or of one value, with evidence, and its size.

    Args:
        given: the columns of GIVEN.
        evidence: as `Facts.append` takes it.
        earliest: the tick before which no fact may be.

    Raises:
        FactError: as `Facts.append` does.
    """
    highest = {
        "subject": facts.entities - 1,
        "relation": facts.relations - 1,
        "object": facts.entities - 1,
        "author": AUTHOR_MAX,
        "valid_to": FOREVER,
        "engine": 127,
        "encoder": 2**15 - 1,
    }
    batch: dict[str, NDArray] = {}
    for name in GIVEN:
        if issubclass(COLUMNS[name], np.floating):
            column = share(name, given[name])
        else:
            column = whole(name, given[name], int(name == "valid_to"), highest.get(name, IDS_MAX))
        batch[name] = np.atleast_1d(column).astype(COLUMNS[name], copy=False)
    size = _common_size(batch)
    _check_times(batch, size, earliest)
    grounds, counts = _checked_evidence(evidence, size, len(facts))
    return batch | {"evidence": grounds, "evidence_count": counts}, size


def checked_end(facts: Facts, ids: ArrayLike, tick: int, earliest: int) -> NDArray[np.int64]:
    """Return which of these facts stand until now, ascending.

    Raises:
        FactError: as `Facts.end` does, and for a tick before `earliest`.
    """
    column = np.atleast_1d(whole("ids", ids, 0, len(facts) - 1)).astype(np.int64)
    chosen = np.unique(column)
    columns = facts.columns()
    standing = chosen[columns["ended"][chosen] == FOREVER]
    written = int(columns["tick"][standing].max(initial=0))
    if not written <= tick < FOREVER:
        raise FactError(
            f"facts end in or after the tick in which they were written, {written}; got {tick}."
        )
    if standing.size and tick < earliest:
        raise _backwards(f"an end in tick {tick}", earliest)
    return standing


def superseded(
    facts: Facts, batch: Mapping[str, NDArray], size: int, everyone: bool
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return what a checked batch will supersede by the rule of `Facts.supersede`: ids, and ticks.

    Facts that stand, and those of the batch, end at the tick of the next of the batch that has the
    same subject and relation and, unless `everyone` gives way, the same author.
    """
    first = len(facts)
    new = {
        name: np.broadcast_to(batch[name], size)
        for name in ("subject", "relation", "author", "tick")
    }
    pair = new["subject"].astype(np.int64) * facts.relations + new["relation"]
    asked = np.unique(pair)
    offsets, old = facts.match_many(*np.divmod(asked, facts.relations))
    keys = np.stack(
        [
            np.concatenate([np.repeat(asked, np.diff(offsets)), pair]),
            np.concatenate([facts.columns()["author"][old], new["author"]]) * (not everyone),
        ]
    )
    group = np.unique(keys, axis=1, return_inverse=True)[1].ravel()
    ids = np.concatenate([old, np.arange(first, first + size)])
    order = np.lexsort((ids, group))
    ids, group = ids[order], group[order]
    # Behind each its next of the batch: new ones are last in their group, so it is the next one
    # for them, and the first new one for the old.
    following = np.where(ids >= first, np.arange(ids.size), ids.size)
    following = np.append(np.minimum.accumulate(following[::-1])[::-1][1:], ids.size)
    ends = following < ids.size
    ends[ends] = group[following[ends]] == group[ends]
    return ids[ends], new["tick"][ids[following[ends]] - first]


def _common_size(batch: Mapping[str, NDArray]) -> int:
    sizes = {name: column.size for name, column in batch.items()}
    several = set(sizes.values()) - {1}
    if len(several) > 1:
        raise FactError(f"the columns of a batch must have one length, or be scalars; got {sizes}.")
    return several.pop() if several else 1


def _check_times(batch: Mapping[str, NDArray], size: int, earliest: int) -> None:
    if not size:
        return
    ticks = batch["tick"]
    if ticks[0] < earliest:
        raise _backwards(f"a fact of tick {ticks[0]}", earliest)
    if (ticks[1:] < ticks[:-1]).any():
        at = int(np.argmax(ticks[1:] < ticks[:-1]))
        raise _backwards(f"a fact of tick {ticks[at + 1]}", int(ticks[at]))
    if (batch["valid_from"] >= batch["valid_to"]).any():
        raise FactError(
            "a fact holds from valid_from up to, and not in, valid_to, such as 3 and 9; got "
            "one that begins when it has ended."
        )


def _checked_evidence(
    evidence: tuple[ArrayLike, ArrayLike] | None, size: int, known: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    if evidence is None:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    grounds: NDArray[Any] = np.atleast_1d(whole("evidence", evidence[0], 0, IDS_MAX))
    counts: NDArray[Any] = np.atleast_1d(whole("counts of evidence", evidence[1], 0, IDS_MAX))
    if counts.size != size or counts.sum(dtype=np.int64) != grounds.size:
        raise FactError(
            "evidence is the ids of grounds, one fact's after another's, and how many each of "
            f"the {size} facts has, such as ([4, 7, 4], [2, 1]); got {grounds.size} ids and "
            f"{counts.size} counts that add up to {counts.sum()}."
        )
    counts = counts.astype(np.int32)
    own = known + np.repeat(np.arange(size), counts)
    if (grounds >= own).any():
        at = int(np.argmax(grounds >= own))
        raise FactError(
            f"a fact is derived from earlier ones: {grounds[at]} cannot be evidence of {own[at]}."
        )
    return grounds.astype(np.int32), counts


def _backwards(what: str, earliest: int) -> FactError:
    return FactError(
        f"time runs forward: {what} cannot follow what was written in tick {earliest}. Write in "
        "the order in which things happened."
    )
