"""The report of a run of reasoning agents: the final table, the pictures, and the best agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from experiments.reasoning.baselines import BEST_SINGLE
from experiments.reasoning.evaluation import EVOLVED, FIGURE_NAMES, RANDOM_SEARCH
from experiments.reports.pictures import PICTURES, Contents, Record


def _results(record: Record) -> Iterator[str]:
    """The final table, its notes as footnotes."""
    results = record.results
    rows = results["rows"]
    notes = list(dict.fromkeys(row["note"] for row in rows if row["note"]))
    yield f"<p>{escape(_finding(results))}</p>"
    figures = results["figures"]
    heads = "".join(f"<th>{escape(FIGURE_NAMES.get(name, name))}</th>" for name in figures)
    yield f"<table><tr><th>on held-out queries</th>{heads}<th>validation</th><th>cost</th></tr>"
    for row in rows:
        number = f"<sup>{notes.index(row['note']) + 1}</sup>" if row["note"] else ""
        cost = "–" if row["cost"] is None else f"{row['cost']:,.0f}"
        best = ' class="best"' if row["name"] == EVOLVED else ""
        shown = "".join(f"<td>{row[name]:.3f}</td>" for name in figures)
        yield f"<tr{best}><td>{escape(row['name'])}{number}</td>{shown}"
        yield f"<td>{row['valid']:.3f}</td><td>{cost}</td></tr>"
    yield "</table>"
    yield f'<ol class="note">{"".join(f"<li>{escape(note)}</li>" for note in notes)}</ol>'
    yield "".join(f'<p class="note">{escape(n)}</p>' for n in results.get("notes", ()))


def _finding(results: Mapping[str, Any]) -> str:
    """What the table says, in one sentence."""
    figure = results["figures"][0]
    value = {row["name"]: row[figure] for row in results["rows"]}
    if not {EVOLVED, BEST_SINGLE, RANDOM_SEARCH} <= value.keys():
        return ""
    ahead = value[EVOLVED] - value[RANDOM_SEARCH]
    verdict = "beats" if (ahead < 0 if figure == "error" else ahead > 0) else "does not beat"
    named = {"mrr": "an MRR", "error": "a mean absolute error"}[figure]
    return (
        f"The best evolved agent reaches {named} of {value[EVOLVED]:.3f} on queries that nobody "
        f"in the world has seen; it {verdict} random search with as many evaluations "
        f"({value[RANDOM_SEARCH]:.3f}). The best single engine reaches {value[BEST_SINGLE]:.3f}."
    )


def _best(record: Record) -> Iterator[str]:
    """The best agent in words."""
    best = record.results.get("best", {})
    if not best:
        return
    yield "<h2>The best agent</h2>"
    yield f"<p>Agent {best['id']}, born in tick {best['born']}:</p>"
    yield f"<pre>{escape(best['words'])}</pre>"


CONTENTS = Contents(_results, lambda record: PICTURES, _best)
