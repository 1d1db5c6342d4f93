"""Equilibria: how games are played when everybody plays well, and how far from it a play is.

Games in normal form are arrays of payoffs, games in extensive form a ``GameTree`` grown from
rules. What wants all equilibria, one, an average that converges to one, or the long run of
evolution, stands in a file of its own.
"""

from economy.equilibria.alpha_rank import alpha_rank, alpha_rank_profiles
from economy.equilibria.checks import EquilibriumError
from economy.equilibria.counterfactual_regret import CFR, CFRPlus, DiscountedCFR
from economy.equilibria.fictitious_play import FictitiousPlay
from economy.equilibria.game_tree import CHANCE, LEAF, GameTree, Rules
from economy.equilibria.normal_form import (
    action_values,
    expected_payoffs,
    exploitability,
    nash_conv,
)
from economy.equilibria.replicator import (
    replicator,
    replicator_map,
    replicator_map_pair,
    replicator_pair,
)
from economy.equilibria.sampled_regret import SampledCFR
from economy.equilibria.sequence_form import SequenceForm
from economy.equilibria.support_enumeration import Equilibria, support_enumeration
from economy.equilibria.zero_sum import ZeroSumSolution, solve_zero_sum, solve_zero_sum_tree

__all__ = [
    "CFR",
    "CHANCE",
    "LEAF",
    "CFRPlus",
    "DiscountedCFR",
    "Equilibria",
    "EquilibriumError",
    "FictitiousPlay",
    "GameTree",
    "Rules",
    "SampledCFR",
    "SequenceForm",
    "ZeroSumSolution",
    "action_values",
    "alpha_rank",
    "alpha_rank_profiles",
    "expected_payoffs",
    "exploitability",
    "nash_conv",
    "replicator",
    "replicator_map",
    "replicator_map_pair",
    "replicator_pair",
    "solve_zero_sum",
    "solve_zero_sum_tree",
    "support_enumeration",
]
