"""A small real graph as the subject of several files, posed once: not to be changed."""

from functools import cache
from pathlib import Path

from experiments.reasoning.subject import Subject, graph_subject
from swarm.reasoning import KnowledgeGraph, load_graph


@cache
def nations() -> KnowledgeGraph:
    """Nations, two fifths of whose facts are known to everybody."""
    return load_graph("nations").resplit((0.4, 0.2, 0.4), seed=0)


@cache
def nations_subject() -> Subject:
    """Its problem, and the examination of it."""
    return graph_subject(nations())


def write_eight_relations(folder: Path) -> Path:
    """The facts of its first eight relations, as a folder of files: posed in a moment."""
    graph = load_graph("nations")
    folder.mkdir()
    (folder / "eight.tsv").write_text(
        "".join(
            f"{graph.entities[head]}\t{graph.relations[relation]}\t{graph.entities[tail]}\n"
            for head, relation, tail in graph.facts[graph.facts[:, 1] < 8]
        ),
        encoding="utf-8",
    )
    return folder
