"""Islands run side by side: each goes on as soon as what it waits for is there."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import TYPE_CHECKING

from evolution.evolve import Evaluate, advance
from evolution.search import Evaluated, Search

if TYPE_CHECKING:
    from evolution.islands.islands import Islands


class Voyage:
    """One `evolution.Islands.run`: which island has come how far, and what was sent on the way."""

    def __init__(self, whole: Islands, evaluate: Evaluate, until: int) -> None:
        self.whole = whole
        self.evaluate = evaluate
        self.until = until
        n = len(whole.islands)
        self.at = [whole.generation] * n
        self.landed = [whole.generation // whole.every] * n
        # By epoch and sender; what was on its way when the voyage began belongs to the epoch then.
        self.sent: dict[int, dict[int, Evaluated]] = {}
        if whole.asynchronous:
            self.sent[self.landed[0]] = dict(enumerate(whole.mail))

    def sail(self, pool: Executor | None) -> None:
        """Advance every island to the end, whoever can at any moment."""
        under_way: dict[Future[Search], int] = {}
        try:
            self._sail(pool, under_way)
        finally:
            # After a failure: in threads, the others still change their islands.
            for leg in under_way:
                leg.cancel()
            wait(under_way)
        if self.whole.asynchronous:
            last = self.sent.get(self.until // self.whole.every, {})
            self.whole.mail = [last[place] for place in sorted(last)]

    def _sail(self, pool: Executor | None, under_way: dict[Future[Search], int]) -> None:
        while True:
            for place in self._free(set(under_way.values())):
                if pool is None:
                    self._arrive(place, advance(*self._leg(place)))
                else:
                    under_way[pool.submit(advance, *self._leg(place))] = place
            if under_way:
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for leg in sorted(done, key=under_way.__getitem__):
                    self._arrive(under_way.pop(leg), leg.result())
            elif all(self._finished(place) for place in range(len(self.at))):
                break

    def _free(self, under_way: set[int]) -> list[int]:
        """The islands that can go on now, after they received what there is for them."""
        return [
            place
            for place in range(len(self.at))
            if place not in under_way and self._land(place) and self.at[place] < self.until
        ]

    def _finished(self, place: int) -> bool:
        return self.at[place] == self.until and self._land(place)

    def _leg(self, place: int) -> tuple[Search, Evaluate, int]:
        """To the next migration, or to the end."""
        return self.whole.islands[place], self.evaluate, self._stop(place) - self.at[place]

    def _stop(self, place: int) -> int:
        every = self.whole.every
        return min(self.until, (self.at[place] // every + 1) * every)

    def _arrive(self, place: int, search: Search) -> None:
        island = self.whole.islands[place]
        if search is not island:  # it comes back from another process as a copy
            island.restore(search.state())
        self.at[place] = self._stop(place)
        epoch, more = divmod(self.at[place], self.whole.every)
        if not more:
            self.sent.setdefault(epoch, {})[place] = self.whole.emigrants(place, epoch)

    def _land(self, place: int) -> bool:
        """Receive what was sent at the last migration, if all of it is there."""
        epoch = self.at[place] // self.whole.every
        if self.landed[place] == epoch:
            return True
        wanted = epoch - 1 if self.whole.asynchronous else epoch
        mail = self.sent.get(wanted, {})
        if wanted > 0 and len(mail) < len(self.at):
            return False
        self.whole.land(place, [mail[sender] for sender in sorted(mail)], wanted)
        self.landed[place] = epoch
        for past in [sent for sent in self.sent if sent < min(self.landed)]:
            del self.sent[past]  # everybody has it
        return True
