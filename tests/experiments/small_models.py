"""Settings with which every model is run in a moment, and what its report shows."""

import base64
import re
import xml.etree.ElementTree as ElementTree

from experiments.study.reading import load_study

SMALL = {
    "boltzmann": ["people=40", "ticks=12"],
    "flocking": ["birds=30", "width=20.0", "ticks=12"],
    "forest-fire": ["width=12", "ticks=12"],
    "market": ["traders=60", "ticks=12"],
    "schelling": ["residents=60", "width=10", "ticks=12"],
    "wolf-sheep": ["sheep=30", "wolves=8", "width=10", "ticks=12"],
}


def small(name, *changes):
    return load_study(name, [*SMALL[name], "seed=4", *changes])


def pictures(path):
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', path.read_text("utf-8"))
    return [ElementTree.fromstring(base64.b64decode(data)) for data in found]
