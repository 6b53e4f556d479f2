"""Fees, by a table."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.matching.models.fees import Fee, Purse, fee

D = Decimal


@pytest.mark.parametrize(
    ("rate", "received", "asset", "notional", "purse", "expected"),
    [
        # Spot BUY of 1 BTC at 100: 0.1 % of the coin; SELL: 0.1 % of the quote asset.
        ("0.001", "1", "BTC", "100", None, ("0.001", "BTC")),
        ("0.001", "100", "USDT", "100", None, ("0.1", "USDT")),
        # In BNB at 500: 100 * 0.001 * 0.75 / 500.
        ("0.001", "1", "BTC", "100", ("5", "500", "0.75"), ("0.00015", "BNB")),
        # Futures in BNB: 50 000 * 0.0005 * 0.90 / 500.
        ("0.0005", "50000", "USDT", "50000", ("1", "500", "0.90"), ("0.045", "BNB")),
        # BNB just enough, and short by the ledger's last digit: back to the normal asset, undiscounted.
        ("0.001", "1", "BTC", "100", ("0.00015", "500", "0.75"), ("0.00015", "BNB")),
        ("0.001", "1", "BTC", "100", ("0.00014999", "500", "0.75"), ("0.001", "BTC")),
        # Half to even at the eighth decimal.
        ("0.001", "0.000015", "BTC", "1", None, ("0.00000002", "BTC")),
        ("0.001", "0.000005", "BTC", "1", None, ("0.00000000", "BTC")),
    ],
)
def test_what_a_fill_costs(
    rate: str,
    received: str,
    asset: str,
    notional: str,
    purse: tuple[str, str, str] | None,
    expected: tuple[str, str],
) -> None:
    opened = None if purse is None else Purse(*(D(part) for part in purse))

    cost = fee(rate=D(rate), received=D(received), asset=asset, notional=D(notional), purse=opened)

    assert cost == Fee(D(expected[0]), expected[1])
