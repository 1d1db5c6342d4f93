"""The report of a run of reasoning agents: the final table, the pictures, and the best agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from experiments.baselines import BEST_SINGLE
from experiments.evaluation import EVOLVED, RANDOM_SEARCH
from experiments.pictures import PICTURES, Contents, Record


def _results(record: Record) -> Iterator[str]:
    """The final table, its notes as footnotes."""
    results = record.results
    rows = results["rows"]
    notes = list(dict.fromkeys(row["note"] for row in rows if row["note"]))
    yield f"<p>{escape(_finding(rows))}</p>"
    yield "<table><tr><th>on the test facts</th><th>MRR</th><th>Hits@10</th>"
    yield "<th>validation</th><th>cost</th></tr>"
    for row in rows:
        number = f"<sup>{notes.index(row['note']) + 1}</sup>" if row["note"] else ""
        cost = "–" if row["cost"] is None else f"{row['cost']:,.0f}"
        best = ' class="best"' if row["name"] == EVOLVED else ""
        yield f"<tr{best}><td>{escape(row['name'])}{number}</td><td>{row['mrr']:.3f}</td>"
        yield f"<td>{row['hits10']:.3f}</td><td>{row['valid']:.3f}</td><td>{cost}</td></tr>"
    yield "</table>"
    yield f'<ol class="note">{"".join(f"<li>{escape(note)}</li>" for note in notes)}</ol>'
    yield "".join(f'<p class="note">{escape(n)}</p>' for n in results.get("notes", ()))


def _finding(rows: list[Mapping[str, Any]]) -> str:
    """What the table says, in one sentence."""
    mrr = {row["name"]: row["mrr"] for row in rows}
    if not {EVOLVED, BEST_SINGLE, RANDOM_SEARCH} <= mrr.keys():
        return ""
    verdict = "beats" if mrr[EVOLVED] > mrr[RANDOM_SEARCH] else "does not beat"
    return (
        f"The best evolved agent reaches an MRR of {mrr[EVOLVED]:.3f} on facts that nobody in the "
        f"world has seen; it {verdict} random search with as many evaluations "
        f"({mrr[RANDOM_SEARCH]:.3f}). The best single engine reaches {mrr[BEST_SINGLE]:.3f}."
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
