"""What can go wrong with firms: an error for wrong arguments, reason codes for what is refused."""

from enum import IntEnum


class FirmError(ValueError):
    """Arguments, a game or a state that no firm can be made of."""


class FirmRefusal(IntEnum):
    """Why something was not done; where several reasons hold, the first in this order."""

    OK = 0  # it was done
    NOT_POSITIVE = 1  # an amount or a number of shares is below 1
    UNKNOWN_FIRM = 2  # no such firm
    DISSOLVED = 3  # the firm, or the firm that would hold the shares, is no more
    UNKNOWN_ACCOUNT = 4  # the account is the issuer's or was never opened
    OWN_SHARES = 5  # a firm would hold shares in itself, or seller and buyer are one
    INSUFFICIENT = 6  # who pays holds fewer tokens
    INSUFFICIENT_SHARES = 7  # the seller holds fewer shares
    TOO_MANY_SHARES = 8  # the firm would have more than 2**53 shares
    HOLDS_SHARES = 9  # the firm still holds shares in others: sell or merge them first
    PENDING = 10  # some of the firm's tokens are on hold: post or void that first
    LINKED = 11  # nothing wrong with it, but with another founder of the same firm
