"""Bankruptcy: who gets what of an estate that cannot pay everybody, exact to the token.

The priority waterfall pays class after class: nobody of a class receives a token before the
classes above it are paid in full, and the class at which the estate runs out shares what is left
in proportion. What remains when every claim is paid belongs to the owners.

Within one class other rules are known (B. O'Neill, "A problem of rights arbitration from the
Talmud", Mathematical Social Sciences 2, 1982; R. J. Aumann & M. Maschler, "Game theoretic analysis
of a bankruptcy problem from the Talmud", Journal of Economic Theory 36, 1985): equal awards, equal
losses, and the Talmud's, which divides half the claims equally and then the other half of the
losses, and is the nucleolus of the game that the claimants play.

Guarantees, held by the tests: awards are whole tokens from 0 to the claim; they sum to the lesser
of the estate and its claims, and with the residual to the estate; each is within one token of what
the rule awards in fractions (the largest remainders are rounded up, among equals the earlier
claim's). Every function serves many estates at once.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.split import split_exactly

LARGEST_ESTATE = 2**53
"""The largest estate, and the largest sum of the claims on one, in tokens."""


class BankruptcyError(ValueError):
    """Estates or claims that cannot be divided."""


class DivisionRule(IntEnum):
    """How claims of equal rank share an estate."""

    PROPORTIONAL = 0  # the same part of every claim
    EQUAL_AWARDS = 1  # the same award, but nobody more than the claim
    EQUAL_LOSSES = 2  # the same loss, but nobody more than the claim
    TALMUD = 3  # equal awards up to half the claims, equal losses beyond


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What a waterfall paid.

    Attributes:
        paid: int64[n], tokens by claim.
        residual: int64[G], what is left of each estate for its owners.
    """

    paid: NDArray[np.int64]
    residual: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BankruptcyReport:
    """How often, and how hard, a population went bankrupt.

    Attributes:
        rate: the bankrupt as a part of those at risk; 0 where nobody was.
        recovery: tokens paid as a part of tokens claimed; 1 where nothing was claimed.
        recovery_of_class: the same for each class of claims, most senior first.
        shortfall: tokens claimed but not paid.
        wiped_out: estates of which the owners got nothing.
    """

    rate: float
    recovery: float
    recovery_of_class: dict[int, float]
    shortfall: int
    wiped_out: int


def waterfall(
    estate: ArrayLike,
    claim: ArrayLike,
    seniority: ArrayLike,
    group: ArrayLike | None = None,
) -> Settled:
    """Pay claims class by class, pro rata within the class at which the estate runs out.

    ``estate`` is int64[G] tokens; ``claim`` int64[n] tokens; ``seniority`` int64[n], any whole
    numbers, the lower paid first; ``group`` int64[n], the estate each claim is on, 0 to G - 1
    (left out: all on the one estate). Estates, and the sums of the claims on each, are 0 to 2**53.

    O(n log n). Raises ``BankruptcyError``.

    >>> settled = waterfall(100, claim=[70, 40, 20, 5], seniority=[0, 1, 1, 2])
    >>> settled.paid.tolist(), settled.residual.tolist()
    ([70, 20, 10, 0], [0])
    """
    estates, claims, member = _checked(estate, claim, group)
    rank = whole_numbers("seniority", seniority, BankruptcyError)
    if rank.size != claims.size:
        raise BankruptcyError(f"{claims.size} claims, but {rank.size} seniorities; one per claim")
    if not claims.size:
        return Settled(claims, estates.copy())
    order = np.lexsort((rank, member))
    member_in_order, rank_in_order = member[order], rank[order]
    opens = np.ones(order.size, bool)
    opens[1:] = np.diff(member_in_order) != 0
    first = np.flatnonzero(opens)
    opens[1:] |= rank_in_order[1:] != rank_in_order[:-1]
    tier = np.cumsum(opens) - 1
    start = np.flatnonzero(opens)
    owed = np.add.reduceat(claims[order], start)
    # What the classes above were owed: a running sum that begins anew with each estate. It is
    # taken modulo 2**64, which the difference undoes, as the claims on one estate fit int64.
    running = np.cumsum(owed) - owed
    tiers_above = running - running[tier[first]][np.searchsorted(first, start, "right") - 1]
    pots = np.clip(estates[member_in_order[start]] - tiers_above, 0, owed)
    paid = np.empty_like(claims)
    paid[order] = split_exactly(pots, claims[order].astype(np.float64), tier)
    residual = estates.copy()
    np.subtract.at(residual, member, paid)
    return Settled(paid, residual)


def divide(
    estate: ArrayLike,
    claim: ArrayLike,
    rule: DivisionRule = DivisionRule.PROPORTIONAL,
    group: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Divide estates among claims of equal rank by one of the classic rules.

    Arguments as for ``waterfall``. Returns the awards, int64[n] tokens. O(n log n). Raises
    ``BankruptcyError``.

    >>> for estate in (100, 200, 300):
    ...     divide(estate, [100, 200, 300], DivisionRule.TALMUD).tolist()
    [34, 33, 33]
    [50, 75, 75]
    [50, 100, 150]
    """
    estates, claims, member = _checked(estate, claim, group)
    rule = DivisionRule(rule)
    total = np.zeros(estates.size, np.int64)
    np.add.at(total, member, claims)
    pots = np.minimum(estates, total)
    if rule is DivisionRule.PROPORTIONAL:
        return split_exactly(pots, claims.astype(np.float64), member)
    if rule is DivisionRule.TALMUD:
        caps, by_losses = claims, 2 * pots > total
    else:
        caps, by_losses = 2 * claims, np.full(pots.size, rule is DivisionRule.EQUAL_LOSSES)
    divided = np.where(by_losses, total - pots, pots)
    order = np.lexsort((caps, member))
    start = np.searchsorted(member[order], np.arange(estates.size + 1))
    shares = np.zeros(claims.size, np.int64)
    _equal_shares(divided, caps, by_losses, order, start, shares)
    return np.where(by_losses[member], claims - shares, shares) if claims.size else shares


def bankruptcy_report(
    failed: int, at_risk: int, claim: ArrayLike, seniority: ArrayLike, settled: Settled
) -> BankruptcyReport:
    """Report how many of those at risk failed, and what their claimants recovered.

    ``claim`` and ``seniority`` are those that ``settled`` was made of. Raises ``BankruptcyError``.
    """
    claims = whole_numbers("claim", claim, BankruptcyError)
    rank = whole_numbers("seniority", seniority, BankruptcyError)
    if not claims.size == rank.size == settled.paid.size:
        raise BankruptcyError(
            f"{claims.size} claims, {rank.size} seniorities and {settled.paid.size} payments; "
            "report on the claims that were settled"
        )
    if not 0 <= failed <= at_risk:
        raise BankruptcyError(f"{failed} failed of {at_risk} at risk; 0 <= failed <= at_risk")
    paid, owed = int(settled.paid.sum()), int(claims.sum())
    by_class = {}
    for level in np.unique(rank):
        mine = rank == level
        owed_here = int(claims[mine].sum())
        by_class[int(level)] = int(settled.paid[mine].sum()) / owed_here if owed_here else 1.0
    return BankruptcyReport(
        rate=failed / at_risk if at_risk else 0.0,
        recovery=paid / owed if owed else 1.0,
        recovery_of_class=by_class,
        shortfall=owed - paid,
        wiped_out=int((settled.residual == 0).sum()),
    )


@njit(cache=True, nogil=True)
def _equal_shares(
    pots: NDArray[np.int64],
    caps: NDArray[np.int64],
    losses: NDArray[np.bool_],
    order: NDArray[np.int64],
    start: NDArray[np.int64],
    shares: NDArray[np.int64],
) -> None:
    """Give everyone the same of each pot, but nobody more than half the cap, in place.

    Caps are in half tokens and rise along ``order`` within each pot's rows, ``start[g]`` to
    ``start[g + 1]``. Of equal remainders the earlier claim's is rounded up, or of losses the
    later's, so that awards favour the earlier.
    """
    remainder = np.zeros(shares.size, np.int64)  # in parts of `equal`
    for g in range(pots.size):
        begin, end = start[g], start[g + 1]
        left = 2 * pots[g]  # in half tokens
        row = begin
        while row < end and caps[order[row]] <= left // (end - row):
            left -= caps[order[row]]
            row += 1
        # Rows up to here get their cap, the others left / (end - row) each.
        equal = 2 * max(end - row, 1)
        for i in order[begin:row]:
            shares[i], remainder[i] = caps[i] // 2, caps[i] % 2 * (equal // 2)
        for i in order[row:end]:
            shares[i], remainder[i] = left // equal, left % equal
        over = pots[g]
        for i in order[begin:end]:
            over -= shares[i]
        members = np.sort(order[begin:end])
        if losses[g]:
            members = members[::-1]
        # No more than two remainders differ: of the capped a half, and that of all others.
        half, rest = equal // 2, left % equal
        for level in (max(half, rest), min(half, rest)):
            for i in members:
                if over > 0 and remainder[i] == level:
                    shares[i] += 1
                    remainder[i] = 0
                    over -= 1


def _checked(
    estate: ArrayLike, claim: ArrayLike, group: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return estates, claims and the estate of each claim, as columns."""
    estates = whole_numbers("estate", estate, BankruptcyError)
    claims = whole_numbers("claim", claim, BankruptcyError)
    if group is None:
        if estates.size != 1:
            raise BankruptcyError(
                f"{estates.size} estates need group, int64[n]: which estate each claim is on"
            )
        member = np.zeros(claims.size, np.int64)
    else:
        member = whole_numbers("group", group, BankruptcyError)
    if member.size != claims.size:
        raise BankruptcyError(f"{claims.size} claims, but group has {member.size} rows")
    if member.size and not 0 <= member.min() <= member.max() < estates.size:
        raise BankruptcyError(
            f"group must name estates 0 to {estates.size - 1}; got {member.min()} to {member.max()}"
        )
    for name, column in (("estates", estates), ("claims", claims)):
        if column.size and not 0 <= column.min() <= column.max() <= LARGEST_ESTATE:
            raise BankruptcyError(
                f"{name} are 0 to 2**53 tokens; got {column.min()} to {column.max()}"
            )
    total = np.zeros(estates.size, np.int64)
    np.add.at(total, member, claims)
    # The sum in float64 notices what would have wrapped around.
    rough = np.bincount(member, weights=claims, minlength=estates.size)
    if total.size and max(rough.max() / 2, total.max()) > LARGEST_ESTATE:
        raise BankruptcyError(
            f"the claims on estate {int(rough.argmax())} sum to {rough.max():.0f}; "
            "at most 2**53 tokens can be claimed of one estate"
        )
    return estates, claims, member
