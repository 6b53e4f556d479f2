"""Worth in USDT, exact to the ledger's last digit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.account import Balance, Wallet
from atapi.services.valuation import equity, money, price_of, value_holdings, value_of
from tests.fakes import D

CENTS = st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False)
SATS = st.decimals(min_value=0, max_value=10**6, places=8, allow_nan=False)


def test_usdt_is_one_and_an_asset_is_worth_its_usdt_symbol() -> None:
    prices = {"BTCUSDT": D(60000), "ETHBTC": D("0.05")}

    assert price_of("USDT", {}) == 1
    assert price_of("BTC", prices) == 60000
    assert price_of("ETH", prices) is None


def test_values_are_rounded_half_to_even_at_the_eighth_decimal() -> None:
    assert value_of(D("0.00000001"), D("0.5")) == D("0")
    assert value_of(D("0.00000003"), D("0.5")) == D("0.00000002")
    assert value_of(D("-0.00000003"), D("0.5")) == D("-0.00000002")


@given(free=CENTS, locked=SATS, price=CENTS, unrealized=SATS)
def test_equity_is_the_sum_of_what_is_shown(
    free: Decimal, locked: Decimal, price: Decimal, unrealized: Decimal
) -> None:
    held = [
        Balance(wallet=Wallet.FUTURES, asset="USDT", free=free, locked=locked),
        Balance(wallet=Wallet.SPOT, asset="BTC", free=locked, locked=free),
    ]

    rows = value_holdings(held, {"BTCUSDT": price}, {"USDT": -unrealized})

    assert equity(rows) == free + locked - unrealized + value_of(free + locked, price)


def test_profit_of_positions_counts_once_though_other_wallets_hold_usdt() -> None:
    held = [Balance(wallet=w, asset="USDT", free=D(10), locked=D(0)) for w in Wallet]

    rows = value_holdings(held, {}, {"USDT": D(5)})

    assert [row.value for row in rows] == [D(10), D(10), D(15), D(10)]  # spot, margin, futures, funding


@pytest.mark.parametrize(
    ("value", "asset", "text"),
    [
        ("812.4", "USDT", "812.40 USDT"),
        ("1000.75", "USDT", "1000.75 USDT"),
        ("0.00000001", "USDT", "0.00000001 USDT"),
        ("1000", "USDT", "1000.00 USDT"),
        ("-0.5", "USDT", "-0.50 USDT"),
        ("0.01000000", "BTC", "0.01 BTC"),
        ("1E+3", "BTC", "1000 BTC"),
    ],
)
def test_money_in_messages_has_every_digit_there_is(value: str, asset: str, text: str) -> None:
    assert money(D(value), asset) == text


def test_profit_in_an_asset_the_wallet_lacks_is_valued_at_its_own_price() -> None:
    [row] = value_holdings([], {"USDCUSDT": D("0.999")}, {"USDC": D(10), "USDT": D(0)})

    assert (row.asset, row.total, row.value) == ("USDC", D(0), D("9.99"))
