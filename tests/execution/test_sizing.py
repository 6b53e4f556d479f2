"""Sizes meet both markets' lots and never exceed what was asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.instruments import Instrument, Market
from atapi.domain.numbers import floor_to
from atapi.domain.spreads import Pair
from atapi.errors import Refused, UsageError
from atapi.execution.course import spot_for
from atapi.execution.sizing import by_notional, by_quantity, check_asset, common_lot, least

D = Decimal


def pair(
    spot_lot: str = "0.00001", perp_lot: str = "0.001", base: str = "BTC", perp_base: str | None = None
) -> Pair:
    def instrument(market: Market, asset: str, lot: str, least_notional: str) -> Instrument:
        return Instrument(
            market=market, symbol=asset + "USDT", base_asset=asset, quote_asset="USDT", status="TRADING",
            perpetual=market is Market.UM, tick_size=D("0.01"), lot_size=D(lot), min_quantity=D(lot),
            max_quantity=D(10**9), min_notional=D(least_notional),
        )  # fmt: skip

    return Pair(
        spot=instrument(Market.SPOT, base, spot_lot, "5"),
        perp=instrument(Market.UM, perp_base or base, perp_lot, "50"),
    )


@pytest.mark.parametrize(
    ("spot_lot", "perp_lot", "common"),
    [
        ("0.00001", "0.001", "0.001"),
        ("0.1", "0.1", "0.1"),
        ("0.04", "0.06", "0.12"),  # neither divides the other
        ("1", "0.1", "1"),
    ],
)
def test_the_common_lot_is_the_least_common_multiple(spot_lot: str, perp_lot: str, common: str) -> None:
    assert common_lot(pair(spot_lot, perp_lot)) == D(common)


def test_a_multiplied_perpetual_counts_its_coins() -> None:
    pepe = pair("1", "1", base="PEPE", perp_base="1000PEPE")

    assert pepe.multiplier == 1000
    assert common_lot(pepe) == 1  # one contract is 1000 whole coins
    assert by_quantity(pepe, D(5000)) == 5
    assert spot_for(pepe, D(5), D("0.001")) == 5006  # 5000 / 0.999 = 5005.005…, up to the lot


def test_quote_amounts_round_down_to_the_lot() -> None:
    # 1000 / 67 067.07 (67 000 plus the fee kept in base) = 0.01491…
    assert by_notional(pair(), D(1000), D("67067.07")) == D("0.014")


def test_base_amounts_must_be_whole_lots() -> None:
    with pytest.raises(Refused, match=r"0\.0149 BTC is no multiple of 0\.001") as refusal:
        by_quantity(pair(), D("0.0149"))

    assert refusal.value.hint == "0.014btc; or give usdt and the shell rounds down"


def test_the_least_quantity_passes_every_minimum() -> None:
    # the perpetual's 50 USDT at 67 000 is 0.000746…, up to its lot of 0.001
    assert least(pair(), D(67000), D(67000)) == D("0.001")
    assert least(pair(), D(50000), D(50000)) == D("0.001")  # exactly one lot is enough


def test_an_amount_in_a_foreign_asset_is_refused() -> None:
    check_asset(pair(), "USDT", "5usdt")
    check_asset(pair(), "BTC", "5btc")

    with pytest.raises(UsageError, match="amount '5eth' is in ETH, BTCUSDT trades BTC against USDT"):
        check_asset(pair(), "ETH", "5eth")


@given(
    st.decimals("0.01", "1000000", places=2),
    st.decimals("0.01", "100000", places=2),
    st.sampled_from(["0.00001", "0.001", "0.04", "1"]),
    st.sampled_from(["0.001", "0.06", "1", "10"]),
)
def test_sizing_never_asks_for_more_than_was_said(
    notional: Decimal, price: Decimal, spot_lot: str, perp_lot: str
) -> None:
    both = pair(spot_lot, perp_lot)

    quantity = by_notional(both, notional, price)

    assert quantity * price <= notional
    assert quantity % D(spot_lot) == quantity % D(perp_lot) == 0
    assert notional - quantity * price < common_lot(both) * price  # and one lot more would


@given(st.integers(1, 10**6), st.sampled_from(["0", "0.001", "0.00075", "0.02"]))
def test_spot_bought_covers_the_perpetual_by_less_than_a_lot(lots: int, fee: str) -> None:
    both = pair()
    perp = lots * D("0.001")

    spot = spot_for(both, perp, D(fee))

    left = spot * (1 - D(fee)) - perp
    assert 0 <= left < D("0.00001")
    assert spot == floor_to(spot, D("0.00001"))
