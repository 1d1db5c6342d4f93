"""SplitMix64 in plain numbers, for references of kernels that draw for each agent apart."""

WORD = 2**64


def mixed(state: int) -> int:
    """Scramble a state into its draw."""
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB % WORD
    return state ^ (state >> 31)


class Chance:
    """The stream of one agent, keyed by seed and id."""

    GAMMA = 0x9E3779B97F4A7C15

    def __init__(self, seed: int, agent: int) -> None:
        self.state = mixed((seed + (agent + 1) * self.GAMMA) % WORD)

    def draw(self) -> int:
        self.state = (self.state + self.GAMMA) % WORD
        return mixed(self.state)

    def uniform(self) -> float:
        return (self.draw() >> 11) / 2**53

    def below(self, bound: int) -> int:
        return (self.draw() >> 32) * bound >> 32
