"""Arenas: where strategies meet, and how one tells who is really better.

    tournaments/   round robin, Swiss, elimination, survival   iterated/      matrix games, machines
    ratings/       strengths with intervals, cycles            games/         poker, auctions
    duels.py       reasoners on the same queries               predation/     predators and prey
    coevolution/   halls of fame, detectors                    red_blue/      attacks and defences
    imitation/     forgers and judges, Turing's game           environments/  as PettingZoo has them

Names are imported when they are first used, so that one arena does not wait for the others.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
