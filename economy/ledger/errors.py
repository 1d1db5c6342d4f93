"""The one error of the ledger."""


class LedgerError(ValueError):
    """Wrong arguments, a mint or burn that cannot be made, or books that do not balance."""
