"""A double-entry ledger of whole tokens: transfers, holds, chains and keys, journalled."""

from economy.ledger.errors import LedgerError
from economy.ledger.journal import JOURNAL, replay, replay_held
from economy.ledger.ledger import Ledger
from economy.ledger.posting import ISSUER, Books, Entry, Refusal, post

__all__ = [
    "ISSUER",
    "JOURNAL",
    "Books",
    "Entry",
    "Ledger",
    "LedgerError",
    "Refusal",
    "post",
    "replay",
    "replay_held",
]
