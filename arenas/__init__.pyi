from .coevolution import (
    Coevolution as Coevolution,
    HallOfFame as HallOfFame,
)
from .duels import (
    DuelContest as DuelContest,
    DuelError as DuelError,
    DuelResults as DuelResults,
    duel as duel,
    rank_truth as rank_truth,
)
from .games import (
    Kuhn as Kuhn,
    Leduc as Leduc,
    TreeContest as TreeContest,
    payoff_matrix as payoff_matrix,
)
from .imitation import (
    Adversaries as Adversaries,
    Interrogation as Interrogation,
    TuringLearning as TuringLearning,
)
from .iterated import (
    IteratedContest as IteratedContest,
    Machines as Machines,
    Player as Player,
)
from .predation import (
    Chase as Chase,
    LotkaVolterra as LotkaVolterra,
)
from .ratings import (
    Elo as Elo,
    GaussianSkill as GaussianSkill,
    Glicko2 as Glicko2,
    RatingError as RatingError,
    Ratings as Ratings,
    rate as rate,
)
from .red_blue import (
    Commons as Commons,
    CommonsRules as CommonsRules,
    ExploitRegister as ExploitRegister,
)
from .tournaments import (
    FORMATS as FORMATS,
    Contest as Contest,
    DoubleElimination as DoubleElimination,
    Forfeit as Forfeit,
    Results as Results,
    RoundRobin as RoundRobin,
    SingleElimination as SingleElimination,
    Survival as Survival,
    Swiss as Swiss,
    Tournament as Tournament,
    TournamentError as TournamentError,
    WinChances as WinChances,
    double_elimination as double_elimination,
    round_robin as round_robin,
    single_elimination as single_elimination,
    survival as survival,
    swiss as swiss,
)
