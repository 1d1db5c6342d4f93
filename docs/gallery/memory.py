"""How far two hops reach, and how far a lie.

A memory of random facts. From one entity the second hop reaches many more than the first; and of
findings that rest on others, a lie takes with it all that was derived from it.
"""

import matplotlib.pyplot as plt
import numpy as np

from swarm.memory import Facts
from swarm.memory.facts import withdraw_author

ENTITIES, LIAR = 2_000, 0


def draw():
    """Entities reached by one and two hops, and what is withdrawn with a liar's findings."""
    rng = np.random.default_rng(1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    degrees, one, two = range(1, 13), [], []
    for degree in degrees:
        memory = Facts(entities=ENTITIES, relations=1)
        ends = rng.integers(0, ENTITIES, (2, degree * ENTITIES))
        memory.writer(1).append(ends[0], 0, ends[1], tick=0)
        one.append(len(memory.neighbours(range(200), direction="out").neighbours) / 200)
        two.append(len(memory.two_hops(range(200)).values) / 200)
    left.plot(degrees, one, "o-", label="one hop")
    left.plot(degrees, two, "o-", label="two hops")
    left.set(xlabel="facts an entity", ylabel="entities reached from one", yscale="log")
    left.legend(frameon=False)
    shares = np.linspace(0, 0.5, 11)
    for grounds, colour in ((1, "#56B4E9"), (2, "#0072B2"), (4, "#D55E00")):
        right.plot(shares, [lost(share, grounds, rng) for share in shares], "o-", color=colour,
                   label=f"{grounds} grounds a finding")  # fmt: skip
    right.set(
        xlabel="share of the first findings that are lies", ylabel="share withdrawn with them"
    )
    right.legend(frameon=False)
    return figure


def lost(share, grounds, rng):
    """Of 2,000 findings, each on some of the 200 before it, the share that rests on a lie."""
    memory = Facts(entities=ENTITIES, relations=1)
    liar, honest = memory.writer(LIAR), memory.writer(1)
    for number in range(0, 2_000, 50):
        author = honest
        if number < 100:
            lies = round(share * 50)
            liar.append(range(lies), 0, range(lies), tick=0)
            honest.append(range(lies, 50), 0, range(lies, 50), tick=0)
            continue
        rests = rng.integers(max(number - 200, 0), number, (50, grounds)).ravel()
        places = rng.integers(0, ENTITIES, (2, 50))
        author.append(*(places[0], 0, places[1]), tick=1, evidence=(rests, [grounds] * 50))
    return len(withdraw_author(memory, LIAR, tick=2).ended) / 2_000


if __name__ == "__main__":
    draw()
    plt.show()
