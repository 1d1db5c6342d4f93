"""The settings of SWIM: how long suspicions last, how often news is sent, what is refused."""

import math

import numpy as np
import pytest

from swarm.gossip.swim import MembershipError, Swim


def test_suspicion_lasts_as_memberlist_has_it() -> None:
    assert Swim().suspicion_seconds(1000).tolist() == pytest.approx(
        [72, 72 - 60 * math.log(2) / math.log(3), 12]
    )
    assert Swim().suspicion_seconds(5).tolist() == pytest.approx([24, 24 - 20 * 0.630930, 4])
    assert Swim().suspicion_seconds(3).tolist() == [4]  # nobody to confirm
    assert Swim().without_lifeguard().suspicion_seconds(100).tolist() == [8]
    three = Swim(suspicion_multiplier=5, confirmations=3).suspicion_seconds(128)
    assert three[0] == pytest.approx(5 * math.log10(128) * 6)
    assert (np.diff(three) < 0).all()


def test_limits_grow_with_the_logarithm() -> None:
    limits = [Swim().retransmit_limit(n) for n in (2, 9, 10, 100, 1000, 100_000)]
    assert limits == [4, 4, 8, 12, 16, 24]
    assert [Swim().sync_seconds(n) for n in (8, 32, 64, 1000)] == [30, 30, 60, 180]
    assert Swim(sync_interval=0).sync_seconds(100) == math.inf


def test_errors_say_what_is_allowed() -> None:
    with pytest.raises(MembershipError, match="probe_timeout < probe_interval"):
        Swim(probe_timeout=1.0)
    with pytest.raises(MembershipError, match="updates_per_message must be at least 1"):
        Swim(updates_per_message=0)
    with pytest.raises(MembershipError, match="indirect must be at least 0"):
        Swim(indirect=-1)
