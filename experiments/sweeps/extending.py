"""When one sweep is more of another: more replicates, more levels, or more trials.

The finished trials of the smaller are then trials of the larger, with the same ids. Everything else
is another sweep, and is refused with what has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.sweeps.identity import NOT_LIVED
from experiments.sweeps.plan import Sweep
from experiments.sweeps.sections import SweepError


def refuse_other(place: str, before: Sweep, after: Sweep) -> None:
    """Raise SweepError, with all reasons, if `after` is neither `before` nor more of it.

    Args:
        place: of the folder, for the error.
    """
    reasons = list(_differences(before, after))
    if reasons:
        raise SweepError(
            f"{place}: holds another sweep: {'; '.join(reasons)}. Give this one a --name or --out "
            "of its own"
        )


def _differences(before: Sweep, after: Sweep) -> Iterator[str]:
    old, new = before.file, after.file
    keys = [factor.key for factor in before.factors]
    yield from _changed(_study(before), _study(after), "")
    if keys != [factor.key for factor in after.factors]:
        now = [factor.key for factor in after.factors]
        yield f"it varies {_listed(keys)}, and this one {_listed(now)}"
        return
    yield from _changed({"seed": old.seed}, {"seed": new.seed}, "")
    yield from _changed({"kind": old.design.kind}, {"kind": new.design.kind}, "design.")
    yield from _changed({"examine": before.examine}, {"examine": after.examine}, "measure.")
    chosen = before.chooses
    if chosen:
        names = ("objective", "direction")
        yield from _changed(_picked(old.design, names), _picked(new.design, names), "design.")
    if old.design.kind == "optuna":
        names = ("sampler", "batch")
        yield from _changed(_picked(old.design, names), _picked(new.design, names), "design.")
    yield from _changed(_dump(old.halving), _dump(new.halving), "halving.")
    yield from _levels(before, after)
    yield from _counts(before, after, chosen)


def _levels(before: Sweep, after: Sweep) -> Iterator[str]:
    """Levels that are gone, or that may not come to these."""
    grid = before.file.design.kind == "grid" and before.file.halving is None
    for old, new in zip(before.factors, after.factors, strict=True):
        had, has = _values(before, old), _values(after, new)
        if grid and not set(had) <= set(has):
            yield f"{old.key} was {old} and is {new}, which has not all of those"
        if not grid and (had != has or type(old) is not type(new)):
            yield f"{old.key} was {old} and is {new}; levels can be added to a grid alone"


def _values(sweep: Sweep, factor: Any) -> tuple[Any, ...]:
    """The levels of a grid as the study takes them; of another design what is drawn from."""
    if sweep.file.design.kind == "grid":
        spread = factor.spread(sweep.file.design.levels)
        return tuple(sweep.meant.get((factor.key, value), value) for value in spread)
    return (*factor.ends, getattr(factor, "log", None))


def _counts(before: Sweep, after: Sweep, chosen: bool) -> Iterator[str]:
    """Replicates and trials that have become fewer, or that may not become more."""
    old, new = before.file, after.file
    if new.replicates < old.replicates:
        yield f"replicates were {old.replicates} and are {new.replicates}; they can only be added"
    elif new.replicates > old.replicates and chosen:
        yield (
            f"replicates were {old.replicates} and are {new.replicates}, which would change the "
            "means by which points were chosen"
        )
    had, has = old.design.trials or 0, new.design.trials or 0
    if has < had:
        yield f"trials were {had} and are {has}; they can only be added"
    elif has > had and old.halving is not None:
        yield f"trials were {had} and are {has}, which would change who goes on to the next rung"
    elif has > had and old.design.kind == "latin-hypercube":
        yield (
            f"trials were {had} and are {has}; the points of a Latin hypercube of {had} are not "
            f"among those of one of {has}"
        )


def _study(sweep: Sweep) -> dict[str, Any]:
    """All that all trials have in common, dotted key to value."""
    varied = {factor.key for factor in sweep.factors}
    flat: dict[str, Any] = {}
    for name, value in sweep.study.model_dump().items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            flat[name] = value
    left_out = {*NOT_LIVED, *varied, "seed"}
    return {k: v for k, v in flat.items() if not {k, k.partition(".")[0]} & left_out}


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], section: str) -> Iterator[str]:
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        if was != now:
            yield f"{section}{key} was {_word(was)} and is {_word(now)}"


def _word(value: Any) -> str:
    return "left out" if value is None else repr(value)


def _picked(section: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(section, name) for name in names}


def _dump(section: Any) -> dict[str, Any]:
    return section.model_dump() if section is not None else {}


def _listed(keys: list[str]) -> str:
    return " and ".join(keys) or "nothing"
