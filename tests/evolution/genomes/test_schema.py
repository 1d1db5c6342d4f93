"""Specs as plain data, and made again from it."""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from evolution import (
    Categorical,
    GenomeError,
    GenomeSpec,
    Integer,
    Locus,
    Network,
    Permutation,
    Real,
    Simplex,
)
from evolution.genomes.adaptive import SelfAdaptive
from evolution.genomes.crossovers import OnePointCrossover, SimulatedBinaryCrossover
from evolution.genomes.mutations import GaussianMutation, Mutation


@dataclass(frozen=True)
class Shift(Mutation):
    """An operator of a user's own."""

    suits: ClassVar[tuple[str, ...]] = ("Real",)
    by: float = 0.25

    def __call__(self, locus, column, rng, rate, scale):
        return (column + self.by) % 1.0


@dataclass(frozen=True)
class Letters(Locus):
    """A kind of a user's own, with a parameter that is no number."""

    alphabet: str = "ab"
    pick: Any = field(default=max)

    @property
    def dtype(self):
        return np.dtype(np.uint8)

    @property
    def allowed(self):
        return f"letters of {self.alphabet}"

    def draw(self, n, rng):
        return rng.integers(0, len(self.alphabet), (n, self.size), dtype=np.uint8)

    def wrong(self, column):
        return column >= len(self.alphabet)

    def mutate(self, column, rng, rate, scale):
        return self.draw(len(column), rng)


PICKS = {"max": max, "min": min}


@dataclass(frozen=True)
class Named(Letters):
    """The same, written by names."""

    def parameters(self):
        return {**super().parameters(), "pick": self.pick.__name__}

    @classmethod
    def from_parameters(cls, parameters):
        return cls(**{**parameters, "pick": PICKS[parameters["pick"]]})


@dataclass(frozen=True)
class Scale:
    """A part of a locus."""

    notes: tuple[str, ...]
    pitch: float = 440.0


@dataclass(frozen=True)
class Tune(Letters):
    """A kind with a part of its own."""

    parts: ClassVar[tuple[type, ...]] = (Scale,)
    pick: Any = None
    scale: Scale = field(default=Scale(("a", "b")))


SPEC = GenomeSpec(
    {
        "shares": Simplex(3, initial=(0.5, 0.25, 0.25)),
        "order": Permutation(4, initial=(3, 1, 0, 2), mutation="insertion"),
        "kinds": Categorical(2, (3, 5)),
        "number": Integer(2, (0, -5), 10, initial=1),
        "x": Real(3, 0.1, (1.0, 2.0, 1e30), precision="float32"),
        "y": Real(
            2, mutation=GaussianMutation(0.3), recombination=SimulatedBinaryCrossover(eta=3.5)
        ),
        "z": Real(2, mutation=Shift(0.5), recombination=OnePointCrossover()),
        "net": Network(2, 1, hidden=3, names=("a", "b", "out")),
        "steps": SelfAdaptive(4, steps="each"),
        "letters": Named(3, "xyz", min),
        "tune": Tune(2, scale=Scale(("c", "d"), 432.0)),
    }
)


def through_json(spec):
    return GenomeSpec.from_schema(json.loads(json.dumps(spec.schema)))


def test_every_kind_comes_back_equal():
    again = through_json(SPEC)
    assert again == SPEC
    assert repr(again) == repr(SPEC)
    assert again.names == SPEC.names


def test_numbers_of_numpy_come_back_as_plain_ones():
    spec = GenomeSpec({"x": Real(2, np.float64(0.1), np.array([1.0, 2.0]))})
    assert through_json(spec) == GenomeSpec({"x": Real(2, 0.1, (1.0, 2.0))})


def test_a_parameter_that_json_cannot_hold_is_refused():
    spec = GenomeSpec({"word": Letters(2)})
    with pytest.raises(GenomeError, match=r"'word', a Letters: pick is a builtin.*parameters\(\)"):
        _ = spec.schema


def changed(**entry):
    schema = json.loads(json.dumps(GenomeSpec({"x": Real(2)}).schema))
    schema["loci"][0].update(entry)
    return schema


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, r"not a spec: KeyError.*expected e\.g\. "),
        (3, "not a spec"),
        ({"loci": [3]}, "not a spec"),
        ({"loci": []}, "at least one locus"),
        (changed(kind="Tape", module="my.tapes"), r"no kind 'Tape' of my\.tapes is loaded; import"),
        (changed(kind="Locus"), r"Loaded are .*Categorical, .*Real"),
        (changed(parameters={"width": 3}), "'x': a Real cannot be made of .*'width'"),
        (changed(parameters={"size": 0}), "Real: size is 0"),
        (changed(parameters={"mutation": {"kind": "Leap", "parameters": {}}}), "kind 'Leap'"),
        (changed(parameters={"mutation": {"leap": 3}}), "not a spec"),
        (changed(parameters={"low": {"kind": "Scale", "parameters": {}}}), "no kind 'Scale'"),
    ],
)
def test_data_that_is_no_spec_is_refused(schema, message):
    with pytest.raises(GenomeError, match=message):
        GenomeSpec.from_schema(schema)


def test_a_kind_is_found_wherever_its_module_went():
    assert GenomeSpec.from_schema(changed(module="somewhere.else")) == GenomeSpec({"x": Real(2)})


def test_the_module_tells_kinds_of_one_name_apart():
    here = type("Real", (Real,), {"__module__": __name__})
    try:
        spec = GenomeSpec({"a": Real(2), "b": here(3)})
        again = through_json(spec)
        assert [type(locus) for locus in again.loci.values()] == [Real, here]
        with pytest.raises(GenomeError, match=r"the kind 'Real' is in .*say which one"):
            GenomeSpec.from_schema(changed(module="somewhere.else"))
    finally:
        here.__qualname__ = "Gone"  # classes stay known until they are collected
