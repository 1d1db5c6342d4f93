"""The register of exploits: a reward needs a reproduced, minimised and distinct one.

Whoever hands in a script that worked is rewarded only if it works again on seeds that neither they
nor the minimiser saw, after it was cut to what is needed, and if nothing like it is known yet.

Guarantees: nothing is entered without a reward, nor rewarded without being entered; the same script
is never rewarded twice, nor one that differs in names, queries or time alone; `state` perturbs
nothing, and a restored register goes on as the one that gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.coevolution.interval import Interval
from arenas.red_blue.defence import Defences
from arenas.red_blue.errors import RedBlueError
from arenas.red_blue.exploit import (
    Evidence,
    Signature,
    behaviour,
    minimise,
    normalised,
    reproduce,
    signature,
)
from arenas.red_blue.rules import CommonsRules
from arenas.red_blue.script import Act, checked_scripts

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Ruling(IntEnum):
    """What becomes of a script that was handed in."""

    REWARDED = 0  # it is a new exploit
    NOT_REPRODUCED = 1  # it gained nothing for sure on fresh seeds
    NOT_MINIMAL = 2  # what its minimal part gained did not hold on fresh seeds
    KNOWN = 3  # an exploit like it is in the register


@dataclass(frozen=True, eq=False)
class Exploit:
    """A script that works against a defence.

    Attributes:
        script: int64[m, 6], minimal.
        defence: float64[1, 10], the settings that it passes.
        evidence: what it gains, on seeds that it was neither found nor minimised on.
        signature, behaviour: how it is told from others.
    """

    script: Integers
    defence: Floats
    evidence: Evidence
    signature: Signature
    behaviour: Floats


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the register says of a script.

    Attributes:
        ruling: a `Ruling`.
        reward: tokens, 0 unless it is rewarded.
        exploit: what it amounts to; None where it was not reproduced.
        like: place in the register of what it resembles, or −1.
    """

    ruling: Ruling
    reward: int
    exploit: Exploit | None = None
    like: int = -1


class ExploitRegister:
    """Exploits known so far.

    >>> register = ExploitRegister(CommonsRules(), rng=1)
    >>> register.submit(script, OPEN, found_on=range(8)).ruling

    Args:
        rules: of the commons that they were found in.
        rng: a generator or seed, for fresh seeds.
        bounty: tokens for each new exploit.
        seeds: fresh seeds on which a script is tried, as many again for its minimal part.
        radius: distance in `behaviour` from which on exploits count as different.
        level: of all intervals.
    """

    def __init__(
        self,
        rules: CommonsRules,
        rng: np.random.Generator | int,
        *,
        bounty: int = 1_000,
        seeds: int = 48,
        radius: float = 0.15,
        level: float = 0.99,
    ) -> None:
        if seeds < 8 or bounty < 1 or not radius >= 0.0:
            raise RedBlueError(
                f"seeds {seeds}, bounty {bounty}, radius {radius}; at least 8, 1 and 0, such as "
                "48, 1000 and 0.15"
            )
        self.rules, self.bounty, self.seeds = rules, bounty, seeds
        self.radius, self.level = radius, level
        self.rng = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        self.exploits: list[Exploit] = []

    def __len__(self) -> int:
        return len(self.exploits)

    def submit(self, script: npt.ArrayLike, defence: Defences, found_on: npt.ArrayLike) -> Verdict:
        """Examine a script, int[M, 6], that worked against one defence on some seeds.

        Raises:
            RedBlueError: for a script or defence that is none.
        """
        rows = checked_scripts(script, self.rules)[0]
        if defence.rows != 1:
            raise RedBlueError(f"{defence.rows} defences; an exploit is handed in against one")
        rows = rows[rows[:, 0] != Act.PASS]
        first, second = self._fresh(found_on)
        if not len(rows) or not self._holds(rows, defence, first):
            return Verdict(Ruling.NOT_REPRODUCED, 0)
        minimal = minimise(rows, defence, first, self.rules)
        evidence = reproduce(minimal, defence, second, self.rules, self.level)[0]
        if not evidence.holds:
            return Verdict(Ruling.NOT_MINIMAL, 0)
        found = Exploit(
            minimal,
            defence.matrix(),
            evidence,
            signature(minimal, defence, evidence, second, self.rules),
            behaviour(minimal, evidence),
        )
        like = self.resembles(found)
        if like >= 0:
            return Verdict(Ruling.KNOWN, 0, found, like)
        self.exploits.append(found)
        return Verdict(Ruling.REWARDED, self.bounty, found)

    def resembles(self, found: Exploit) -> int:
        """The first exploit known that this one is like, or −1: same signature, form, or near."""
        form = normalised(found.script, self.rules)
        for place, known in enumerate(self.exploits):
            near = np.linalg.norm(known.behaviour - found.behaviour) < self.radius
            if (
                near
                or known.signature == found.signature
                or normalised(known.script, self.rules) == form
            ):
                return place
        return -1

    def _holds(self, rows: Integers, defence: Defences, seeds: npt.NDArray[np.uint64]) -> bool:
        return reproduce(rows, defence, seeds, self.rules, self.level)[0].holds

    def _fresh(self, found_on: npt.ArrayLike) -> npt.NDArray[np.uint64]:
        """uint64[2, seeds], none of them among those it was found on."""
        met = np.asarray(found_on, np.uint64)
        drawn = self.rng.integers(2**63, size=4 * self.seeds, dtype=np.uint64)
        fresh = np.setdiff1d(drawn, met)[: 2 * self.seeds]
        return self.rng.permutation(fresh).reshape(2, self.seeds)

    # -- state ------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """All exploits as plain arrays, and facts that JSON can hold."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        facts = []
        for place, known in enumerate(self.exploits):
            arrays[f"{place}.script"] = known.script.copy()
            arrays[f"{place}.defence"] = known.defence.copy()
            evidence = {name: list(getattr(known.evidence, name)) for name in ("misled", "profit")}
            facts.append({"evidence": evidence, "signature": known.signature.facts})
        generator = self.rng.bit_generator.state
        return arrays, {"exploits": facts, "rng": _plain(generator)}

    def restore(self, state: tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]) -> None:
        """Hold what the register that gave ``state`` held.

        Raises:
            RedBlueError: for a state that is damaged; the register stays as it was.
        """
        arrays, facts = state
        generator = np.random.default_rng(0)
        known = []
        try:
            for place, fact in enumerate(facts["exploits"]):
                script = checked_scripts(arrays[f"{place}.script"], self.rules)[0]
                defence = Defences.of_matrix(arrays[f"{place}.defence"]).matrix()
                got = {name: Interval(*fact["evidence"][name]) for name in ("misled", "profit")}
                evidence, signed = Evidence(**got), fact["signature"]
                kinds, stopped = tuple(signed["kinds"]), tuple(signed["stopped_by"])
                marks = Signature(kinds, str(signed["prize"]), stopped)
                known.append(Exploit(script, defence, evidence, marks, behaviour(script, evidence)))
            generator = type(self.rng)(type(self.rng.bit_generator)())
            generator.bit_generator.state = facts["rng"]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise RedBlueError(f"the state of a register is damaged: {error!r}") from error
        self.exploits = known
        self.rng.bit_generator.state = facts["rng"]


def _plain(value: Any) -> Any:
    """The same without numpy's types, so that JSON can hold it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
