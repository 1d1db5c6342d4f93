from .comparing.comparison import Comparison as Comparison, compare as compare
from .comparing.groups import CompareError as CompareError
from .executors.executor import ExecutorError as ExecutorError, executor_of as executor_of
from .modelling.study import (
    ModelStudy as ModelStudy,
)
from .reasoning.assembly import (
    assemble as assemble,
)
from .reasoning.rules import (
    bodies_of as bodies_of,
    evolve_rules as evolve_rules,
    pose_with_rules as pose_with_rules,
)
from .reasoning.study import (
    ReasoningStudy as ReasoningStudy,
)
from .reasoning.subject import (
    Subject as Subject,
    split_graph as split_graph,
    subject_of as subject_of,
)
from .running.files import RunError as RunError
from .running.folder import RunFolder as RunFolder
from .running.progress import (
    Bar as Bar,
    Lines as Lines,
    Progress as Progress,
)
from .running.replay import (
    Replay as Replay,
    ReplayError as ReplayError,
    episodes as episodes,
    replay as replay,
)
from .running.run import (
    Stopped as Stopped,
    resume as resume,
    run as run,
)
from .study.control import SteerError as SteerError
from .study.reading import (
    load_study as load_study,
    to_toml as to_toml,
)
from .study.schema import study_schema as study_schema
from .study.shipped import shipped_studies as shipped_studies, study_names as study_names
from .study.study import (
    Experiment as Experiment,
    Study as Study,
)
from .study.toml import (
    StudyError as StudyError,
)
from .sweeps.folder import SweepFolder as SweepFolder
from .sweeps.run import SweepStopped as SweepStopped, resume_sweep as resume_sweep, sweep as sweep
from .sweeps.sections import SweepError as SweepError
from .tournament.file import (
    TournamentFile as TournamentFile,
    TournamentFileError as TournamentFileError,
    load_tournament as load_tournament,
    shipped_tournaments as shipped_tournaments,
)
from .tournament.play import (
    play_tournament as play_tournament,
    resume_tournament as resume_tournament,
)
