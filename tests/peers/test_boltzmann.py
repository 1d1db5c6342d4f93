"""Mesa's wealth goes where the draws say."""

import pytest
from hypothesis import given, settings, strategies as st

from benchmarks.peers import MesaBoltzmann, MesaExampleBoltzmann
from tests.peers.draws import same_chance, seeds

KINDS = (MesaBoltzmann, MesaExampleBoltzmann)


@settings(deadline=None, max_examples=40)
@given(kind=st.sampled_from(KINDS), agents=st.integers(1, 30), seed=seeds)
def test_wealth_goes_where_the_draws_say(kind: type[MesaBoltzmann], agents: int, seed: int) -> None:
    model = kind(agents, seed)
    wealth = [1] * agents
    for _ in range(4):
        chance = same_chance(model)
        order = list(range(agents))
        chance.shuffle(order)
        for giver in order:
            if wealth[giver]:
                wealth[giver] -= 1
                wealth[chance.choice(range(agents))] += 1
        model.step()
        assert model.agents.get("wealth") == wealth
        assert sum(wealth) == agents
    gaps = sum(abs(a - b) for a in wealth for b in wealth)
    assert model.measures() == pytest.approx(
        {"gini": gaps / (2 * agents * agents), "poor": wealth.count(0) / agents}
    )


def test_gini_of_planted_wealth() -> None:
    model = MesaBoltzmann(4, seed=1)
    assert model.measures() == {"gini": 0, "poor": 0}
    for person, wealth in zip(model.people, (0, 4, 0, 0), strict=True):
        person.wealth = wealth
    assert model.measures() == {"gini": 0.75, "poor": 0.75}
    with pytest.raises(ValueError, match="at least 1 agent"):
        MesaBoltzmann(0, seed=1)
