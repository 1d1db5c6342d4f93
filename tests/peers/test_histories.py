"""A seed gives one history in every peer."""

from typing import Any

import pytest

from benchmarks import peers


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: peers.MesaFlocking(20, 20, 3, seed),
        lambda seed: peers.MesaBinnedFlocking(20, 20, 3, seed),
        lambda seed: peers.MesaExampleFlocking(20, 20, 3, seed),
        lambda seed: peers.MesaSchelling(10, 70, 1, 3, seed),
        lambda seed: peers.MesaCellSchelling(10, 70, 1, 3, seed),
        lambda seed: peers.MesaWolfSheep(10, 30, 10, 5, 0.3, 0.1, seed),
        lambda seed: peers.MesaExampleWolfSheep(10, 30, 10, 5, 0.3, 0.1, seed),
        lambda seed: peers.MesaForestFire(20, 0.6, seed),
        lambda seed: peers.MesaBoltzmann(50, seed),
        lambda seed: peers.MesaExampleBoltzmann(50, seed),
    ],
)
def test_a_seed_gives_one_history(make: Any) -> None:
    def history(seed: int) -> list[dict[str, float]]:
        model = make(seed)
        measured = []
        for _ in range(5):
            model.step()
            measured.append(model.measures())
        assert all(type(value) is float for row in measured for value in row.values())
        return measured

    assert history(1) == history(1)
    assert history(1) != history(2)
