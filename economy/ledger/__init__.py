"""A double-entry ledger of whole tokens."""

from economy.ledger.ledger import Ledger, LedgerError, replay
from economy.ledger.posting import ISSUER, Books, Refusal, post

__all__ = ["ISSUER", "Books", "Ledger", "LedgerError", "Refusal", "post", "replay"]
