"""Red and blue: attacks on a shared memory and a market, and what defends them.

`play` and `gains` try scripts of typed actions against defences, thousands at once on the real
memory, ledger and register of stakes; `Commons` is the same tick by tick, for whoever acts.
`ExploitRegister` rewards reproduced, minimised and distinct exploits alone; `RedBlueContest` lets
both sides coevolve; `attacks` are those by hand that a defence is tested on.
"""

from arenas.red_blue.attacks import Attack, attacks
from arenas.red_blue.commons import Commons
from arenas.red_blue.contest import RedBlueContest, harm
from arenas.red_blue.defence import (
    LIMITS,
    OPEN,
    Defences,
    Endorsement,
    defence_genomes,
    defence_spec,
    defences,
    guarded,
)
from arenas.red_blue.errors import RedBlueError
from arenas.red_blue.exploit import Evidence, Signature, minimise, normalised, reproduce
from arenas.red_blue.minimise import ddmin
from arenas.red_blue.register import Exploit, ExploitRegister, Ruling, Verdict
from arenas.red_blue.rules import CommonsRules
from arenas.red_blue.script import Act, as_genomes, described, script_spec, scripts
from arenas.red_blue.trial import Gains, Outcomes, gains, play

__all__ = [
    "LIMITS",
    "OPEN",
    "Act",
    "Attack",
    "Commons",
    "CommonsRules",
    "Defences",
    "Endorsement",
    "Evidence",
    "Exploit",
    "ExploitRegister",
    "Gains",
    "Outcomes",
    "RedBlueContest",
    "RedBlueError",
    "Ruling",
    "Signature",
    "Verdict",
    "as_genomes",
    "attacks",
    "ddmin",
    "defence_genomes",
    "defence_spec",
    "defences",
    "described",
    "gains",
    "guarded",
    "harm",
    "minimise",
    "normalised",
    "play",
    "reproduce",
    "script_spec",
    "scripts",
]
