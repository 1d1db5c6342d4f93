"""A registry of staked reputation to try things with."""

import numpy as np

from economy import Ledger
from economy.reputation import StakedReputation, StakeRefusal

OK = StakeRefusal.OK


def reputation_with(tokens, names=1, **rates):
    """A registry and its names, each of an account with so many tokens."""
    ledger = Ledger()
    treasury = int(ledger.open()[0])
    accounts = ledger.open(names)
    tokens = np.broadcast_to(tokens, names)
    ledger.mint(accounts[tokens > 0], tokens[tokens > 0])
    reputation = StakedReputation(ledger, treasury, **rates)
    return ledger, reputation, reputation.join(accounts)
