"""What a fill costs.

Assumes the entry tier of every market. A fee is taken from what the fill brings (spot) or in the margin asset (futures),
unless the owner pays in BNB and holds enough of it at that moment. Fees round to the ledger's last digit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from atapi.domain.numbers import to_ledger

BNB = "BNB"


class Rates(NamedTuple):
    """Fractions of notional."""

    maker: Decimal
    taker: Decimal


RATES = {  # market -> rates of a regular user
    "spot": Rates(Decimal("0.001"), Decimal("0.001")),
    "um": Rates(Decimal("0.0002"), Decimal("0.0005")),
    "cm": Rates(Decimal("0.0002"), Decimal("0.0005")),
}
RPI_RATE = Decimal("0.00005")  # of a futures maker whose order was for retail
BNB_MULTIPLIER = {
    "spot": Decimal("0.75"),
    "um": Decimal("0.90"),
}  # market -> what is left of a fee paid in BNB


class Fee(NamedTuple):
    """What a fill cost."""

    amount: Decimal
    asset: str


class Purse(NamedTuple):
    """The BNB a fee may be paid from."""

    free: Decimal  # BNB
    price: Decimal  # quote asset per BNB
    multiplier: Decimal


def fee(*, rate: Decimal, received: Decimal, asset: str, notional: Decimal, purse: Purse | None) -> Fee:
    """Price one fill.

    Args:
        rate: Fraction of notional.
        received: What the rate is taken of when BNB does not pay, in `asset`.
        asset: The asset the fee is taken in when BNB does not pay.
        notional: Price times quantity, quote asset; what the rate is taken of when BNB pays.
        purse: The owner's BNB, or None where fees are not paid in BNB.
    """
    if purse is not None and purse.price > 0:
        in_bnb = to_ledger(notional * rate * purse.multiplier / purse.price)
        if in_bnb <= purse.free:
            return Fee(in_bnb, BNB)
    return Fee(to_ledger(received * rate), asset)
