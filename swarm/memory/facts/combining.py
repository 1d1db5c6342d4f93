"""How far the standing facts support a statement: noisy-or of independent voices.

A claim is a fact that says so; its weight is confidence times credence. Claims that depend on one
another are one voice, as loud as its strongest claim, and

    belief = 1 − Π over voices v of (1 − weight of v)

(noisy-or: J. Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988, section 4.3.2; for
facts with many sources: X. Yin, J. Han and P. Yu, "Truth discovery with multiple conflicting
information providers on the web", IEEE TKDE 20, 2008, equation 3; that copies must not count: X.
Dong, L. Berti-Équille and D. Srivastava, "Integrating conflicting data: the role of source
dependence", VLDB 2009).

Two claims of a statement depend on one another if
- one author made both: it counts once, by its surest claim;
- one is among the grounds of the other, or they have a ground in common. Grounds are followed
  `depth` links of evidence back, through facts of any kind, ended ones too.
Dependence is transitive: a voice is a connected component. A claim of weight 0 is not heard, and
joins nobody: whoever is given credence 0 cannot tie the voices of others together.

Guarantees: belief does not depend on the order of the claims, does not fall when the weight of a
claim that is heard rises, and does not rise when an author repeats itself or when somebody who is
not surer repeats what it cites. It is cautious: claims that share one of many grounds count as one,
so that a claim from the grounds of two voices makes one of them, and belief may fall by it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import FactError, different, share, whole
from swarm.memory.facts.facts import Facts
from swarm.memory.facts.voices import first_of_voice

Ids = NDArray[np.int64]
Numbers = NDArray[np.float64]

DEPTH = 2
"""How many links of evidence back two claims may meet, unless told otherwise."""


class Contested(NamedTuple):
    """Objects that contradict each other, one row each.

    Rows of one (subject, relation) stand together, the most believed object first.
    """

    subject: Ids
    relation: Ids
    object: Ids
    belief: Numbers


def belief(
    facts: Facts,
    subject: ArrayLike,
    relation: ArrayLike,
    object: ArrayLike,
    *,
    credence: ArrayLike | None = None,
    as_of: int | None = None,
    valid_at: int | None = None,
    before: int | None = None,
    depth: int = DEPTH,
) -> Numbers:
    """Return how far m statements are supported, float64[m] in [0, 1]; 0 if nobody says so.

    Args:
        facts: the memory.
        subject, relation, object: int[m] or scalars, statements in their canonical direction.
        credence: float[authors] in [0, 1], how far each author is believed now, indexed by its
            id; what was stored with each fact if left out.
        as_of: support at the end of this tick; now, if left out.
        valid_at: count facts that hold in this tick.
        before: look at ids 0..before−1 alone, such as the public ones.
        depth: how many links of evidence back claims may meet, 0 or more; 0 for authors alone.

    Raises:
        FactError: for statements out of range, lengths that differ, or credence that is missing
            for an author.

    O(facts of the subject) for each statement, less where it has many, and O(c log c) for the c
    claims and their grounds.

    >>> belief(memory, 3, 7, [9, 11])
    """
    statements = _statements(facts, subject, relation, object)
    if depth < 0:
        raise FactError(f"depth must be 0 or more links of evidence, such as 2; got {depth}.")
    unique, place = _unique(statements)
    offsets, ids = facts.match_many(*unique, as_of=as_of, valid_at=valid_at, before=before)
    of = np.repeat(np.arange(unique.shape[1]), np.diff(offsets))
    weight = _weights(facts, ids, credence)
    heard = weight > 0
    ids, of, weight = ids[heard], of[heard], weight[heard]
    # Most statements have one claim, and nothing to join.
    joint = np.flatnonzero(np.bincount(of, minlength=1)[of] > 1)
    voice = np.arange(ids.size)
    voice[joint] = joint[first_of_voice(facts, ids[joint], of[joint], depth)]
    # As loud as its strongest claim; those that are not the first of their voice stay silent.
    loudest = np.zeros(ids.size)
    np.maximum.at(loudest, voice, weight)
    doubt = np.ones(unique.shape[1])
    np.multiply.at(doubt, of, 1.0 - loudest)
    return (1.0 - doubt)[place]


def contested(
    facts: Facts,
    subject: ArrayLike | None,
    relation: ArrayLike,
    *,
    credence: ArrayLike | None = None,
    as_of: int | None = None,
    valid_at: int | None = None,
    before: int | None = None,
    depth: int = DEPTH,
) -> Contested:
    """Return the objects in conflict where a relation is functional: has one object a subject.

    Args:
        facts: the memory.
        subject: int[m] or a scalar; every subject if None.
        relation: int[m] or a scalar, functional relations.
        credence, as_of, valid_at, before, depth: as `belief` takes them. Without `valid_at`
            objects of different times are in conflict too.

    Returns:
        Two or more objects for each (subject, relation) that has them, and how far each is
        believed; by subject, relation, then belief from the highest, then object.

    >>> contested(memory, 3, relation=7).object
    """
    if subject is None:
        wanted = whole("relation", relation, 0, facts.relations - 1)
        ids = facts.match(as_of=as_of, valid_at=valid_at, before=before)
        ids = ids[np.isin(facts.columns()["relation"][ids], wanted)]
    else:
        pairs = different(_pairs(facts, _statements(facts, subject, relation, 0)))
        asked = np.divmod(pairs, facts.relations)
        ids = facts.match_many(*asked, as_of=as_of, valid_at=valid_at, before=before).values
    said, _ = _unique(_said(facts, ids))
    _, place, count = np.unique(_pairs(facts, said), return_inverse=True, return_counts=True)
    rivals = said[:, count[place] > 1]
    support = belief(
        facts,
        *rivals,
        credence=credence,
        as_of=as_of,
        valid_at=valid_at,
        before=before,
        depth=depth,
    )
    order = np.lexsort((rivals[2], -support, rivals[1], rivals[0]))
    subjects, links, objects = rivals[:, order]
    return Contested(subjects, links, objects, support[order])


def _statements(facts: Facts, subject: ArrayLike, relation: ArrayLike, object: ArrayLike) -> Ids:
    """int64[3, m], one statement a column."""
    columns = (
        whole("subject", subject, 0, facts.entities - 1),
        whole("relation", relation, 0, facts.relations - 1),
        whole("object", object, 0, facts.entities - 1),
    )
    try:
        shape = np.broadcast_shapes((1,), *(column.shape for column in columns))
    except ValueError:
        raise FactError(
            "statements are columns of one length, or scalars, such as (3, 7, [9, 11]); got "
            f"lengths {[column.size for column in columns]}."
        ) from None
    return np.stack([np.broadcast_to(column, shape) for column in columns]).astype(np.int64)


def _unique(statements: Ids) -> tuple[Ids, Ids]:
    """Different statements in ascending order, and which of them each one is."""
    order = np.lexsort(statements[::-1])
    ordered = statements[:, order]
    new = np.ones(order.size, bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    place = np.empty(order.size, np.int64)
    place[order] = np.cumsum(new) - 1
    return ordered[:, new], place


def _said(facts: Facts, ids: Ids) -> Ids:
    """What facts say, int64[3, m]."""
    columns = facts.columns()
    names = ("subject", "relation", "object")
    return np.stack([columns[name][ids] for name in names]).astype(np.int64)


def _pairs(facts: Facts, statements: Ids) -> Ids:
    """One number for each (subject, relation): below 2⁶²."""
    return statements[0] * facts.relations + statements[1]


def _weights(facts: Facts, ids: Ids, credence: ArrayLike | None) -> Numbers:
    columns = facts.columns()
    confidence = columns["confidence"][ids].astype(np.float64)
    if credence is None:
        return confidence * columns["credence"][ids]
    given = np.atleast_1d(share("credence", credence))
    authors = columns["author"][ids]
    if authors.max(initial=-1) >= given.size:
        raise FactError(
            "credence must hold a number for every author, indexed by its id: author "
            f"{authors.max()} made a claim; got {given.size} numbers."
        )
    return confidence * given[authors]
