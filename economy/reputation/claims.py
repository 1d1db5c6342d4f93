"""Claims that wait for their truth, and the stakes on them.

Ids of claims count from 0 and are never used twice. A settled claim is dropped with its stakes, so
that what is kept, and what each step costs, is in proportion to what is still open.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from economy.reputation.errors import ReputationError
from economy.reputation.staking import CERTAIN, CLOSED, LARGEST_CLAIM, OPEN, SETTLED, Column

CLAIMS = ("claims", "status", "stakes")
ROWS = ("name", "claim", "report", "stake")


class Claims:
    """Unsettled claims by rising id, and the stakes on them in the order they were placed.

    Attributes:
        opened: how many there ever were.
        columns: id ("claims"), open or closed ("status") and tokens staked ("stakes") of each.
        rows: name, claim, report and stake of each stake.
    """

    def __init__(self) -> None:
        self.opened = 0
        self.columns: dict[str, Column] = dict.fromkeys(CLAIMS, np.zeros(0, np.int64))
        self.rows: dict[str, Column] = dict.fromkeys(ROWS, np.zeros(0, np.int64))

    def open(self, n: int) -> Column:
        """Open n claims and return their ids."""
        if n < 0:
            raise ReputationError(f"cannot open {n} claims; n is at least 0, as in open_claims(3)")
        ids = np.arange(self.opened, self.opened + n)
        new = {"claims": ids, "status": np.full(n, OPEN), "stakes": np.zeros(n, np.int64)}
        self.columns = {key: np.append(self.columns[key], new[key]) for key in CLAIMS}
        self.opened += n
        return ids

    def places(self, claims: Column) -> Column:
        """Rows of claims in the columns; one beyond the last for settled, -1 for unknown ones."""
        ids = self.columns["claims"]
        place = np.searchsorted(ids, claims)
        found = place < ids.size
        found[found] = ids[place[found]] == claims[found]
        known = (claims >= 0) & (claims < self.opened)
        return np.where(found, place, np.where(known, ids.size, -1))

    def beside_settled(self) -> tuple[Column, Column]:
        """Copies of status and stakes, with one more row that stands for all settled claims."""
        return np.append(self.columns["status"], SETTLED), np.append(self.columns["stakes"], 0)

    def add(self, rows: list[Column], stakes: Column) -> None:
        """Take up more stakes, and what there is on each claim with them."""
        self.columns["stakes"] = stakes
        self.rows = {k: np.append(self.rows[k], new) for k, new in zip(ROWS, rows, strict=True)}

    def close(self, claims: Column) -> None:
        """Take no more stakes on these."""
        self.columns["status"][self._unsettled(claims)] = CLOSED

    def settle(self, claims: Column) -> tuple[dict[str, Column], Column]:
        """Drop claims: return the stakes there were on them, and the place in `claims` of each."""
        places = self._unsettled(claims)
        order = np.argsort(claims)
        ordered = claims[order]
        if (ordered[1:] == ordered[:-1]).any():
            raise ReputationError("a claim has one truth; a claim was given more than once")
        on = self.rows["claim"]
        place = np.minimum(np.searchsorted(ordered, on), max(ordered.size - 1, 0))
        taken = ordered[place] == on if ordered.size else np.zeros(on.size, bool)
        rows = {key: column[taken] for key, column in self.rows.items()}
        self.rows = {key: column[~taken] for key, column in self.rows.items()}
        stay = np.ones(self.columns["claims"].size, bool)
        stay[places] = False
        self.columns = {key: column[stay] for key, column in self.columns.items()}
        return rows, order[place[taken]]

    def _unsettled(self, claims: Column) -> Column:
        places = self.places(claims)
        if (places < 0).any():
            unknown = claims[places < 0][0]
            raise ReputationError(f"claim {unknown} was never opened; there are {self.opened}")
        settled = claims[places == self.columns["claims"].size]
        if settled.size:
            raise ReputationError(f"claim {settled[0]} is settled already; its truth stands")
        return places

    def state(self) -> dict[str, Column]:
        """Everything as plain arrays (copies); how many were opened is 0-d."""
        columns = self.columns | {f"row_{key}": self.rows[key] for key in ROWS}
        copies = {key: column.copy() for key, column in columns.items()}
        return {"opened": np.array(self.opened, np.int64)} | copies

    def restore(self, state: Mapping[str, Column], names: int) -> None:
        """Become the claims that wrote ``state``, in a register of so many names."""
        columns = {key: state[key] for key in CLAIMS}
        rows = {key: state[f"row_{key}"] for key in ROWS}
        opened, ids = state["opened"], columns["claims"]
        for part in (columns, rows):
            if len({column.size for column in part.values()}) > 1:
                raise ReputationError(f"not the state of a reputation: {list(part)} differ in size")
        ends = np.concatenate(([-1], ids, opened))
        if opened.size != 1 or (ends[1:] <= ends[:-1]).any():
            raise ReputationError("claims rise from 0 to below how many were opened")
        if not np.isin(columns["status"], (OPEN, CLOSED)).all():
            raise ReputationError("not the state of a reputation: status is 0, open, or 1, closed")
        restored = Claims()
        restored.opened, restored.columns, restored.rows = int(opened[0]), columns, rows
        place = restored.places(rows["claim"])
        bounds = {"name": (0, names - 1), "report": (0, CERTAIN), "stake": (1, LARGEST_CLAIM)}
        good = (place >= 0) & (place < ids.size)
        for key, (least, most) in bounds.items():
            good &= (rows[key] >= least) & (rows[key] <= most)
        if not good.all():
            raise ReputationError("not the state of a reputation: a stake on nothing known")
        placed = np.zeros(ids.size, np.int64)
        np.add.at(placed, place, rows["stake"])
        if (placed != columns["stakes"]).any():
            raise ReputationError("the stakes placed differ from what there is on the claims")
        vars(self).update(vars(restored))
