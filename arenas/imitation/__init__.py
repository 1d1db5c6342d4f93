"""Imitation: makers who learn to pass for real, and judges who learn to tell them apart.

`Adversaries` evolve generators against discriminators on a `Mixture` whose modes are known
(`ring`, `grid`, `line`): `mode_coverage` measures what is reached and what collapsed,
`compare_remedies` what helps. `TuringLearning` is the imitation game: models of a hidden agent
against interrogators; `Interrogation` is one such game, a move at a time. `classifier_test` and
`discrepancy_test` are judges that neither side has met.
"""

from arenas.imitation.adversaries import Adversaries, Remedy, RemedyScore, compare_remedies
from arenas.imitation.agreement import agreement, askers, transcript_rows
from arenas.imitation.coverage import Coverage, mode_coverage
from arenas.imitation.discriminators import AdversarialContest, Discriminators
from arenas.imitation.errors import ImitationError
from arenas.imitation.generators import Generators, MixtureGenerators, NetworkGenerators
from arenas.imitation.interrogation import Interrogation, Phase
from arenas.imitation.interrogators import MODEL, REAL, Interrogators, TuringContest
from arenas.imitation.judges import (
    Discrepancy,
    Judged,
    classifier_test,
    discrepancy_test,
    proportion_interval,
)
from arenas.imitation.targets import Mixture, grid, line, ring
from arenas.imitation.turing_learning import (
    Probing,
    TuringLearning,
    compare_probing,
    held_out_agreement,
    held_out_judge,
)

__all__ = [
    "MODEL",
    "REAL",
    "AdversarialContest",
    "Adversaries",
    "Coverage",
    "Discrepancy",
    "Discriminators",
    "Generators",
    "ImitationError",
    "Interrogation",
    "Interrogators",
    "Judged",
    "Mixture",
    "MixtureGenerators",
    "NetworkGenerators",
    "Phase",
    "Probing",
    "Remedy",
    "RemedyScore",
    "TuringContest",
    "TuringLearning",
    "agreement",
    "askers",
    "classifier_test",
    "compare_probing",
    "compare_remedies",
    "discrepancy_test",
    "grid",
    "held_out_agreement",
    "held_out_judge",
    "line",
    "mode_coverage",
    "proportion_interval",
    "ring",
    "transcript_rows",
]
