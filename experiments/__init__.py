"""Studies, and what is done with them: runs, sweeps, comparisons, tournaments, a dashboard.

    from experiments import Study, compare, run, sweep

    folder = run("nations")                                    # reasoning agents
    folder = run(Study.read("flocking", "birds=400"))          # a model
    found = sweep("schelling", {"density": [0.6, 0.8]}, replicates=5)
    print(compare([found.path]).table())

From the top down: `cli` has a file a command. A study (`study`) is of reasoning agents
(`reasoning`), of a model that ships (`modelling`, `models`) or of one's own. `running` lives one,
`sweeps` many, in `executors`: in place, in processes or on a cluster; `comparing` and `reports` say
what came of it, `dash` shows a run while it lives, `tournament` plays, `questions` asks what we
wanted to know, and `starting` writes a first world of one's own.

Names are imported when they are first used, so that the command line starts at once.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
