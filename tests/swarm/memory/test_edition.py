"""An edition beside sets: news in any order, and twice, come to the same."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.memory import Edition, Facts


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_news_in_any_order_come_to_the_same(data: st.DataObject) -> None:
    facts = Facts(4, 2)
    n = data.draw(st.integers(1, 12))
    rng = np.random.default_rng(n)
    facts.append(
        rng.integers(0, 4, n), rng.integers(0, 2, n), 1, author=0, tick=0, confidence=rng.random(n)
    )
    news = [(i, False) for i in range(n)]
    news += [(i, True) for i in data.draw(st.lists(st.integers(0, n - 1), unique=True))]
    news += data.draw(st.lists(st.sampled_from(news)))  # some come twice
    editions = []
    for order in (news, data.draw(st.permutations(news))):
        edition = Edition(4, 2)
        cut = data.draw(st.integers(0, len(order)))
        for part in (order[:cut], order[cut:]):
            edition.hear(
                facts,
                [i for i, gone in part if not gone],
                [i for i, gone in part if gone],
            )
        editions.append(edition)
    gone = {i for i, lost in news if lost}
    stands = sorted(set(range(n)) - gone)
    plain = Edition(4, 2)
    plain.hear(facts, stands)
    for edition in editions:
        assert edition.visible().tolist() == stands
        assert edition.has(np.arange(-1, n + 2)).tolist() == [i in stands for i in range(-1, n + 2)]
        assert edition.lost(np.arange(n)).tolist() == [i in gone for i in range(n)]
        assert edition.tally.absorbed == len(stands)
        assert edition.tally.count.tobytes() == plain.tally.count.tobytes()
        assert edition.tally.weight.tobytes() == plain.tally.weight.tobytes()
