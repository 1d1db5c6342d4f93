"""What may befall a group, and in which order."""

import pytest
from hypothesis import given, settings, strategies as st

from swarm.gossip.swim import MembershipError, Scenario


def test_a_scenario_puts_its_happenings_in_order() -> None:
    scenario = Scenario(
        6,
        30.0,
        crashes=[(1, 9.0)],
        joins=[(2, 4.0), (1, 12.0)],
        pauses=[(0, 3.0, 5.0)],
        partitions=[(10.0, 20.0, [0, 1])],
    )
    assert [each[0] for each in scenario.happenings] == [3, 4, 5, 9, 10, 12, 20]
    assert scenario.late.tolist() == [False, False, True, False, False, False]


@settings(max_examples=5, deadline=None)
@given(seconds=st.floats(0, 1e6))
def test_a_quiet_scenario_has_no_happenings(seconds: float) -> None:
    assert Scenario(3, seconds).happenings == ()


def test_errors_say_what_is_allowed() -> None:
    with pytest.raises(MembershipError, match="members ≥ 2"):
        Scenario(1, 5.0)
    with pytest.raises(MembershipError, match=r"members are 0\.\.2"):
        Scenario(3, 5.0, crashes=[(3, 1.0)])
    with pytest.raises(MembershipError, match=r"cannot crash at 2\.0"):
        Scenario(3, 5.0, crashes=[(1, 1.0), (1, 2.0)])
    with pytest.raises(MembershipError, match=r"cannot join at 2\.0"):
        Scenario(3, 5.0, joins=[(1, 1.0), (1, 2.0)])
    with pytest.raises(MembershipError, match="from < until"):
        Scenario(3, 5.0, pauses=[(1, 2.0, 2.0)])
    with pytest.raises(MembershipError, match="one partition at a time"):
        Scenario(3, 9.0, partitions=[(1.0, 5.0, [0]), (4.0, 6.0, [1])])
