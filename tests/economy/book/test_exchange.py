"""The exchange against a plain one, one message at a time; planted bugs; its saved state."""

import inspect
import sys
from types import ModuleType
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from economy.book import Exchange, Kind, Movement, OrderError, OrderRefusal, SelfTrade, Side
from economy.book import exchange as exchange_module
from economy.book import matching, queues
from economy.ledger import Ledger, posting

sys.path.insert(0, __file__.rsplit("/", 1)[0])
