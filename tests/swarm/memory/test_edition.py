"""An edition beside sets: news in any order, and twice, come to the same."""

import numpy as np
from hypothesis import given, settings, strategies as st

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
    saved = Edition(4, 2)
    saved.restore(facts, editions[0].state())
    editions.append(saved)
    gone = {i for i, lost in news if lost}
    stands = sorted(set(range(n)) - gone)
    plain = Edition(4, 2)
    plain.hear(facts, stands)
    for edition in editions:
        assert edition.visible().tolist() == stands
        assert edition.has(np.arange(-1, n + 2)).tolist() == [i in stands for i in range(-1, n + 2)]
        assert edition.lost(np.arange(n)).tolist() == [i in gone for i in range(n)]
        assert edition.heard_of(np.arange(n)).tolist() == [
            i in gone | set(stands) for i in range(n)
        ]
        assert edition.tally.absorbed == len(stands)
        assert edition.tally.count.tobytes() == plain.tally.count.tobytes()
        assert edition.tally.weight.tobytes() == plain.tally.weight.tobytes()


@settings(deadline=None, max_examples=40)
@given(data=st.data(), most=st.integers(1, 3), everything=st.booleans())
def test_who_said_it_first_of_those_an_edition_has(
    data: st.DataObject, most: int, everything: bool
) -> None:
    said = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 2))
    written = data.draw(st.lists(st.tuples(said, st.integers(0, 3)), min_size=1, max_size=30))
    facts, edition = Facts(3, 2), Edition(3, 2)
    for fact, author in written:
        facts.append(*fact, author=author, tick=0)
    some = st.lists(st.integers(0, len(written) - 1), unique=True)
    came, before, lately, ended = (data.draw(some) for _ in range(4))
    edition.hear(facts, came, before)
    edition.settle()
    edition.hear(facts, (), lately)
    facts.end(ended, 1)
    asked = data.draw(st.lists(said, max_size=8))
    columns = np.array(asked, np.int64).reshape(-1, 3).T
    found = edition.first_to_say(facts, tuple(columns), most, ended=everything)
    has = set(came) - set(before)
    has -= set() if everything else set(lately) | set(ended)
    for row, wanted in zip(found.tolist(), asked, strict=True):
        first: dict[int, int] = {}
        for i, (fact, author) in enumerate(written):
            if fact == wanted and i in has:
                first.setdefault(author, i)
        ids = sorted(first.values())[:most]
        assert row == ids + [-1] * (most - len(ids))


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_who_said_it_first_as_news_come_and_go(data: st.DataObject) -> None:
    facts, edition = Facts(2, 1), Edition(2, 1)
    has: set[int] = set()
    lately: set[int] = set()
    lost: set[int] = set()
    for tick in range(6):
        n = data.draw(st.integers(1, 12))
        objects, authors = (
            data.draw(st.lists(st.integers(0, most), min_size=n, max_size=n)) for most in (1, 3)
        )
        facts.append(0, 0, objects, author=authors, tick=tick)
        some = st.sets(st.integers(0, len(facts) - 1), max_size=10)
        if data.draw(st.booleans()):
            edition.settle()
            lately = set()
        came, gone = data.draw(some), data.draw(some)
        edition.hear(facts, sorted(came), sorted(gone))
        lately |= has & gone
        lost |= gone
        has = (has | came) - lost
        facts.end(sorted(data.draw(st.sets(st.integers(0, len(facts) - 1), max_size=2))), tick)
        columns = facts.columns()
        standing = set(np.flatnonzero(columns["ended"] > tick).tolist())
        for ended, visible in ((True, has | lately), (False, has & standing)):
            most = data.draw(st.integers(1, 3))
            found = edition.first_to_say(facts, ([0, 0], [0, 0], [0, 1]), most, ended=ended)
            for object_, row in enumerate(found.tolist()):
                first: dict[int, int] = {}
                for i in sorted(visible):
                    if columns["object"][i] == object_:
                        first.setdefault(int(columns["author"][i]), i)
                ids = sorted(first.values())[:most]
                assert row == ids + [-1] * (most - len(ids))
