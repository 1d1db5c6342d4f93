"""The queue hands out every task once, takes no more than it needs, and sizes chunks by time."""

from hypothesis import given, settings, strategies as st

from experiments.executors.doing import Packed
from experiments.executors.queue import CHUNK_MAX, Queue

events = st.lists(
    st.tuples(
        st.sampled_from(["chunk", "took", "back", "died"]), st.sampled_from([0.0, 0.0004, 0.002])
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=200)
@given(count=st.integers(0, 400), events=events)
def test_every_task_comes_out_in_order_and_once(count, events):
    taken = 0

    def source():
        nonlocal taken
        for number in range(count):
            taken += 1
            yield Packed(number, b"")

    queue = Queue(source(), 0.005)
    expected = list(range(count))  # what is still to come out, next first
    alone = set()
    chunk = []
    for event, seconds in events:
        if event == "took":
            queue.took(seconds)
        elif event == "back" and chunk:
            queue.put_back(chunk)
            expected[:0] = [task.number for task in chunk]
            chunk = []
        elif event == "died" and chunk:
            queue.put_back([chunk[0].after_death(), *chunk[1:]])
            alone.add(chunk[0].number)
            expected[:0] = [task.number for task in chunk]
            chunk = []
        elif event == "chunk":
            chunk = queue.chunk()
            assert [task.number for task in chunk] == expected[: len(chunk)]
            assert bool(chunk) == bool(expected)
            assert len(chunk) <= CHUNK_MAX
            assert len(chunk) == 1 or not alone & {task.number for task in chunk}
            del expected[: len(chunk)]
            assert taken <= (chunk[-1].number if chunk else count) + 1 + CHUNK_MAX
    while chunk := queue.chunk():
        assert [task.number for task in chunk] == expected[: len(chunk)]
        del expected[: len(chunk)]
    assert expected == []


def test_chunks_are_a_times_worth_of_work():
    queue = Queue((Packed(number, b"") for number in range(10_000)), 0.005)
    assert len(queue.chunk()) == 1, "nothing is known yet"
    for _ in range(200):
        queue.took(0.0005)
    assert 9 <= len(queue.chunk()) <= 10
    queue.took(3.0)
    assert len(queue.chunk()) == 1
    for _ in range(500):
        queue.took(0.0)
    assert len(queue.chunk()) == CHUNK_MAX
