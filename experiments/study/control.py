"""What can be changed of a world while it lives: a lever for each, within the study's bounds.

`SteerError` (a ValueError) names the lever, what it was given, and what is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from experiments.study.section import Section


class SteerError(ValueError):
    """A lever that is not there, or a value that it cannot take."""


@dataclass(frozen=True)
class Control:
    """What a watcher is told of a lever.

    Attributes:
        name: the key of the study, such as `economy.rent`, or `speed` of a model.
        value: in force now.
        low, high: bounds; None where there is none. A bound may itself be excluded.
        whole: whether only whole numbers are taken.
        meaning: in words.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    whole: bool
    meaning: str


@dataclass(frozen=True)
class Lever:
    """A number that a world reads every tick, and the field of the study that bounds it.

    Attributes:
        name: of the control.
        section, key: of the study.
        owner, attribute: where the number is read.
    """

    name: str
    section: Section
    key: str
    owner: Any
    attribute: str

    @property
    def control(self) -> Control:
        """As it stands."""
        field = type(self.section).model_fields[self.key]
        value = getattr(self.owner, self.attribute)
        low, high = self._bound("ge", "gt"), self._bound("le", "lt")
        whole = isinstance(getattr(self.section, self.key), int)
        return Control(self.name, value, low, high, whole, str(field.description))

    def move(self, value: Any) -> None:
        """Put the lever somewhere; SteerError if the study does not allow it there."""
        try:
            given = {**self.section.model_dump(), self.key: value}
            allowed = type(self.section).model_validate(given)
        except ValidationError:
            raise SteerError(f"{self.name}: got {value!r}, allowed is {self._allowed()}") from None
        setattr(self.owner, self.attribute, getattr(allowed, self.key))

    def _bound(self, *names: str) -> float | None:
        for limit in type(self.section).model_fields[self.key].metadata:
            for name in names:
                if getattr(limit, name, None) is not None:
                    return float(getattr(limit, name))
        return None

    def _allowed(self) -> str:
        words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
        bounds = [f"{word} {self._bound(n):,g}" for n, word in words.items() if self._has(n)]
        kind = "a whole number" if self.control.whole else "a number"
        return f"{kind} {' and '.join(bounds)}".strip() + f" ({self.control.meaning})"

    def _has(self, name: str) -> bool:
        return self._bound(name) is not None
