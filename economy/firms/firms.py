"""Firms: accounts in the ledger that are owned in shares.

Founders' capital goes to the firm's own account and comes back as shares; wages and dividends are
paid from that account; a merger exchanges shares, and a dissolution pays claims by the waterfall
of bankruptcy and gives what is left to the shareholders.

Guarantees, held by the tests:

* Tokens move only in the ledger, and every split of them sums exactly.
* A firm's shares are whole, and its holdings sum to its shares outstanding, 1 to 2**53 while it
  lives and 0 ever after. Nobody holds shares in itself.
* What is refused changes nothing, and its ``FirmRefusal`` says why. Wrong arguments raise
  ``FirmError``, and then nothing is changed either.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.bankruptcy import BankruptcyError, waterfall
from economy.columns import whole_numbers
from economy.firms.cap_table import Column
from economy.firms.errors import FirmError, FirmRefusal
from economy.firms.register import MOST_SHARES, NOBODY, Register, stretched, sums
from economy.firms.shapley import shapley_split
from economy.ledger import Refusal as LedgerRefusal
from economy.split import split_exactly

_REASONS = np.full(max(LedgerRefusal) + 1, FirmRefusal.INSUFFICIENT, np.uint8)
_REASONS[LedgerRefusal.OK] = FirmRefusal.OK
_REASONS[LedgerRefusal.NOT_POSITIVE] = FirmRefusal.NOT_POSITIVE
_REASONS[LedgerRefusal.SAME_ACCOUNT] = FirmRefusal.OWN_SHARES
_REASONS[LedgerRefusal.UNKNOWN_ACCOUNT] = FirmRefusal.UNKNOWN_ACCOUNT
_REASONS[LedgerRefusal.LINKED] = FirmRefusal.LINKED


@dataclass(frozen=True, slots=True, eq=False)
class Dissolution:
    """How firms were dissolved.

    Attributes:
        refusals: uint8[k] of ``FirmRefusal``, by firm.
        paid: int64[n], tokens by claim; 0 where the firm was refused.
        residual: int64[k], tokens that went to the shareholders, by firm.
    """

    refusals: NDArray[np.uint8]
    paid: Column
    residual: Column


class Firms(Register):
    """All firms of a ledger, and everything they do.

    Holders are ledger accounts, so a firm can hold shares in another.

    >>> from economy import Ledger
    >>> ledger = Ledger()
    >>> alice, bob, carol = ledger.open(3)
    >>> ledger.mint([alice, bob, carol], 100)
    >>> firms = Firms(ledger)
    >>> firm, refusals = firms.form([alice, bob], [60, 30])
    >>> firms.pay(firm, carol, 9).tolist()  # wages
    [0]
    >>> firms.pay_dividends(firm, 10).tolist()
    [0]
    >>> ledger.balance([alice, bob, carol]).tolist()
    [47, 73, 109]
    """

    # -- capital and shares -----------------------------------------------------------------

    def form(
        self, founder: ArrayLike, capital: ArrayLike, group: ArrayLike = 0
    ) -> tuple[Column, NDArray[np.uint8]]:
        """Form firms of founders' capital, a share for each token.

        ``founder`` (accounts), ``capital`` (tokens) and ``group`` (which of the new firms, 0 to
        G - 1; all of one by default) are columns of n or scalars. A firm is formed whole or not at
        all, in the order of the groups: if one founder is refused so are the others, ``LINKED``.

        Returns the firms, int64[G] (-1 where refused), and refusals, uint8[n].
        """
        founders, capitals, groups = stretched(founder=founder, capital=capital, group=group)
        if groups.size and groups.min() < 0:
            raise FirmError(f"groups are 0 or more; got {groups.min()}")
        count = int(groups.max()) + 1 if groups.size else 0
        if np.unique(groups).size != count:
            raise FirmError(f"groups must be 0 to {count - 1}, each with a founder")
        refusals = np.where(capitals < 1, FirmRefusal.NOT_POSITIVE, self._unfit(founders))
        refusals = refusals.astype(np.uint8)
        total = sums(groups, np.maximum(capitals, 0), count)
        refusals[(refusals == 0) & (total[groups] > MOST_SHARES)] = FirmRefusal.TOO_MANY_SHARES
        refused = np.bincount(groups, refusals, count) > 0
        refusals[(refusals == 0) & refused[groups]] = FirmRefusal.LINKED

        accounts = self._accounts_for(count)
        order = np.argsort(groups, kind="stable")
        order = order[~refused[groups[order]]]
        if order.size:
            chain = groups[order]
            linked = np.append(chain[1:] == chain[:-1], False)
            made = self._ledger.transfer(
                founders[order], accounts[chain], capitals[order], linked=linked
            )
            refusals[order] = _REASONS[made]
            refused |= np.bincount(groups, refusals, count) > 0
        formed = np.full(count, NOBODY)
        formed[~refused] = np.arange(len(self), len(self) + (~refused).sum())
        in_a_firm = refusals == FirmRefusal.OK
        self._spare = np.concatenate((accounts[refused], self._spare))
        self._append(accounts[~refused])
        self._give(formed[groups[in_a_firm]], founders[in_a_firm], capitals[in_a_firm])
        return formed, refusals

    def issue(
        self, firm: ArrayLike, holder: ArrayLike, shares: ArrayLike, price: ArrayLike = 0
    ) -> NDArray[np.uint8]:
        """Issue new shares to holders, who pay ``price`` tokens for all of a row, to the firm.

        Columns of n or scalars, taken in order; a price of 0 is a grant. If the rows of a firm that
        are otherwise in order would bring it beyond 2**53 shares, they are all refused. Returns
        uint8[n] of ``FirmRefusal``.
        """
        rows = stretched(firm=firm, holder=holder, shares=shares, price=price)
        firms, holders, numbers, prices = rows
        refusals = np.where(
            (numbers < 1) | (prices < 0), FirmRefusal.NOT_POSITIVE, self._dead(firms)
        ).astype(np.uint8)
        unfit = self._unfit(holders, firms)
        refusals = np.where(refusals == 0, unfit, refusals).astype(np.uint8)
        fine = np.flatnonzero(refusals == 0)
        total = sums(firms[fine], numbers[fine], len(self)) + self._columns["shares"]
        refusals[fine[total[firms[fine]] > MOST_SHARES]] = FirmRefusal.TOO_MANY_SHARES
        paying = np.flatnonzero((refusals == 0) & (prices > 0))
        accounts = self._columns["account"]
        made = self._ledger.transfer(holders[paying], accounts[firms[paying]], prices[paying])
        refusals[paying] = _REASONS[made]
        done = refusals == 0
        self._give(firms[done], holders[done], numbers[done])
        return refusals

    def transfer_shares(
        self, firm: ArrayLike, seller: ArrayLike, buyer: ArrayLike, shares: ArrayLike
    ) -> NDArray[np.uint8]:
        """Move shares from sellers to buyers, in order; return uint8[n] of ``FirmRefusal``."""
        rows = stretched(firm=firm, seller=seller, buyer=buyer, shares=shares)
        firms, sellers, buyers, numbers = rows
        refusals = np.where(numbers < 1, FirmRefusal.NOT_POSITIVE, self._dead(firms))
        for reasons in (
            self._unfit(sellers),
            self._unfit(buyers, firms),
            np.where(sellers == buyers, FirmRefusal.OWN_SHARES, 0),
        ):
            refusals = np.where(refusals == 0, reasons, refusals)
        refusals = refusals.astype(np.uint8)
        fine = refusals == 0
        refusals[fine] = self._table.move(*(column[fine] for column in rows))
        return refusals

    # -- payments ---------------------------------------------------------------------------

    def pay(
        self, firm: ArrayLike, worker: ArrayLike, wage: ArrayLike, *, code: ArrayLike = 0
    ) -> NDArray[np.uint8]:
        """Pay workers (accounts) their wages from the firms, in order, each if it can be.

        Returns uint8[n] of ``FirmRefusal``.
        """
        firms, workers, wages = stretched(firm=firm, worker=worker, wage=wage)
        refusals = np.where(wages < 1, FirmRefusal.NOT_POSITIVE, self._dead(firms))
        refusals = np.where(refusals == 0, self._unfit(workers, firms), refusals).astype(np.uint8)
        fine = refusals == 0
        payer = self._columns["account"][firms[fine]]
        made = self._ledger.transfer(payer, workers[fine], wages[fine], code=code)
        refusals[fine] = _REASONS[made]
        return refusals

    def pay_dividends(
        self, firm: ArrayLike, amount: ArrayLike, *, code: ArrayLike = 0
    ) -> NDArray[np.uint8]:
        """Pay amounts (tokens, up to 2**53) to the shareholders of firms, by shares, exactly.

        Rows are taken in order; each is paid whole or not at all. Equal remainders are served by
        the lower account first. Returns uint8[k] of ``FirmRefusal``.
        """
        firms, amounts = stretched(firm=firm, amount=amount)
        if amounts.size and amounts.max() > MOST_SHARES:
            raise FirmError(f"at most 2**53 tokens are split exactly; got {amounts.max()}")
        refusals = np.where(amounts < 1, FirmRefusal.NOT_POSITIVE, self._dead(firms))
        refusals = refusals.astype(np.uint8)
        fine = np.flatnonzero(refusals == 0)
        place, holder, shares = self._table.holders(firms[fine])
        parts = split_exactly(amounts[fine], shares.astype(np.float64), place)
        place, holder, parts = place[parts > 0], holder[parts > 0], parts[parts > 0]
        if place.size:
            payer = self._columns["account"][firms[fine[place]]]
            linked = np.append(place[1:] == place[:-1], False)
            made = self._ledger.transfer(payer, holder, parts, code=code, linked=linked)
            unpaid = np.unique(place[made != LedgerRefusal.OK])
            refusals[fine[unpaid]] = FirmRefusal.INSUFFICIENT
        return refusals

    def pay_by_contribution(self, firm: int, member: ArrayLike, worth: ArrayLike) -> FirmRefusal:
        """Pay what members (accounts) earned together to them, from the firm, by Shapley value.

        ``worth`` is int64[2**n], tokens that each coalition of the n members would have earned: see
        ``shapley_split``. All or nothing.
        """
        members = whole_numbers("member", member, FirmError)
        parts = shapley_split(worth)
        if parts.size != members.size:
            raise FirmError(f"{members.size} members, but worth is of a game of {parts.size}")
        firms = np.full(members.size, firm, np.int64)
        reasons = np.append(self._dead(firms[:1]), self._unfit(members, firms))
        if reasons.any():
            return FirmRefusal(int(reasons[reasons > 0][0]))
        paid = parts > 0
        payer = int(self._columns["account"][firm])
        made = self._ledger.transfer(payer, members[paid], parts[paid], linked=True)
        return FirmRefusal.INSUFFICIENT if made.any() else FirmRefusal.OK

    # -- mergers and dissolution ------------------------------------------------------------

    def merge(self, absorbed: int, into: int, new: int, old: int) -> FirmRefusal:
        """Merge one firm into another: its holders get ``new`` shares for every ``old`` ones.

        The tokens and the portfolio of the absorbed firm go to the other. The shares exchanged,
        floor(all held * new / old), are divided by the largest remainders, so none is lost. Shares
        that the two held in each other are cancelled. ``PENDING`` while tokens are on hold;
        ``NOT_POSITIVE`` if no share would be left of the merged firm.
        """
        pair = whole_numbers("firm", [absorbed, into], FirmError)
        if new < 0 or old < 1:
            raise FirmError(f"the ratio is new >= 0 shares for old >= 1; got {new} for {old}")
        if (reasons := self._dead(pair)).any():
            return FirmRefusal(int(reasons.max()))
        if absorbed == into:
            return FirmRefusal.OWN_SHARES
        giver, taker = self._columns["account"][pair].tolist()
        if self._ledger.held(giver):
            return FirmRefusal.PENDING
        _, holder, shares = self._table.holders(pair[:1])
        holder, shares = holder[holder != taker], shares[holder != taker]
        exchanged = int(shares.sum()) * int(new) // int(old)
        cancelled = int(self._table.held(pair[1:], np.array([giver]))[0])
        total = int(self._columns["shares"][into]) - cancelled + exchanged
        if total > MOST_SHARES:
            return FirmRefusal.TOO_MANY_SHARES
        if total < 1:
            return FirmRefusal.NOT_POSITIVE

        given = split_exactly(exchanged, shares.astype(np.float64))
        self._table.take(self._table.firm == absorbed)
        portfolio, _, held = self._table.take(self._table.holder == giver)
        kept = portfolio != into
        self._table.add(portfolio[kept], np.full(kept.sum(), taker), held[kept])
        self._columns["shares"][into] -= cancelled
        self._give(np.full(holder.size, into), holder, given)
        self._end(pair[:1], into)
        if tokens := self._ledger.available(giver):
            self._ledger.transfer(giver, taker, tokens)
        return FirmRefusal.OK

    def dissolve(
        self,
        firm: ArrayLike,
        claimant: ArrayLike = (),
        claim: ArrayLike = (),
        seniority: ArrayLike = 0,
        group: ArrayLike = 0,
    ) -> Dissolution:
        """Dissolve firms: claims are paid by the waterfall, and the holders share what is left.

        ``firm`` is int64[k], each once; ``claimant`` (accounts), ``claim`` (tokens), ``seniority``
        (the lower paid first) and ``group`` (the place in ``firm`` that the claim is on) columns of
        n or scalars. Estates and the sums of their claims are at most 2**53 tokens. A firm that
        holds shares of others is refused, and one that has tokens on hold. What is sent to the
        account of a dissolved firm afterwards stays there.
        """
        firms = whole_numbers("firm", firm, FirmError)
        columns = stretched(claimant=claimant, claim=claim, seniority=seniority, group=group)
        claimants, claims, ranks, groups = columns if np.size(claimant) else [firms[:0]] * 4
        self._check_claims(firms, claimants, groups)
        refusals = self._dead(firms)
        living = np.flatnonzero(refusals == 0)
        accounts = self._columns["account"][firms[living]]
        holding = np.isin(accounts, self._table.holder)
        refusals[living[self._ledger.held(accounts) > 0]] = FirmRefusal.PENDING
        refusals[living[holding]] = FirmRefusal.HOLDS_SHARES
        fine = refusals == 0
        estates, owners = np.zeros(firms.size, np.int64), np.zeros(firms.size, np.int64)
        owners[living] = accounts
        estates[fine] = self._ledger.available(owners[fine])
        if estates.size and estates.max() > MOST_SHARES:
            raise FirmError(f"at most 2**53 tokens are split exactly; got {estates.max()}")
        try:
            settled = waterfall(estates, np.where(fine[groups], claims, 0), ranks, groups)
        except BankruptcyError as error:
            raise FirmError(f"claims that no estate can pay: {error}") from error

        place, holder, shares = self._table.holders(firms[fine])
        place = np.flatnonzero(fine)[place]
        parts = split_exactly(settled.residual, shares.astype(np.float64), place)
        payer = owners[np.append(groups, place)]
        payee, due = np.append(claimants, holder), np.append(settled.paid, parts)
        self._ledger.transfer(payer[due > 0], payee[due > 0], due[due > 0])
        self._table.take(np.isin(self._table.firm, firms[fine]))
        self._end(firms[fine], NOBODY)
        return Dissolution(refusals, settled.paid, settled.residual)

    def _check_claims(self, firms: Column, claimants: Column, groups: Column) -> None:
        if np.unique(firms).size != firms.size:
            raise FirmError("a firm is dissolved once; one was given more than once")
        if groups.size and not 0 <= groups.min() <= groups.max() < firms.size:
            raise FirmError(f"group must be a place in firm, 0 to {firms.size - 1}")
        own = self._columns["account"][firms[(firms >= 0) & (firms < len(self))]]
        bad = claimants[(self._unfit(claimants) > 0) | np.isin(claimants, own)]
        if bad.size:
            raise FirmError(
                f"account {bad[0]} cannot be paid: claimants are open accounts other than the "
                "issuer and those of firms that are dissolved, before or now"
            )
