"""Which questions are asked here."""

from collections.abc import Mapping

QUESTIONS: Mapping[str, str] = {
    "market": "Does a market help?",
    "gossip": "Does gossip beat broadcast?",
    "novelty": "Does novelty pay?",
    "red_blue": "Red against blue: do defences hold?",
    "specialists": "Do specialists emerge, and do they pay?",
    "scale": "Do more agents know more?",
}
"""Names of the questions, and the questions."""
