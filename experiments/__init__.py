"""Studies, and runs of them: from a TOML file to a folder with tables, checkpoints and a report.

    from experiments import load_study, load_tournament, play_tournament, run

    folder = run(load_study("nations"))                   # reasoning agents
    folder = run(load_study("flocking", ["birds=400"]))   # a model
    folder.results["rows"]

    print(play_tournament(load_tournament("dilemma")))

Names are imported when they are first used, so that the command line starts at once.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
