"""Reputation: staked on the truth, or read from who trusts whom."""

from economy.reputation.errors import ReputationError
from economy.reputation.hitting import SampledTrust, hitting_trust, sampled_hitting_trust
from economy.reputation.stakes import Revealed, StakedReputation
from economy.reputation.staking import StakeRefusal
from economy.reputation.trust import TrustGraph, eigentrust, flow_trust, resting_trust

__all__ = [
    "ReputationError",
    "Revealed",
    "SampledTrust",
    "StakeRefusal",
    "StakedReputation",
    "TrustGraph",
    "eigentrust",
    "flow_trust",
    "hitting_trust",
    "resting_trust",
    "sampled_hitting_trust",
]
