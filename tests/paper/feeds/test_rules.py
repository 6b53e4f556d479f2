from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.paper.feeds.rules import (
    coins_per_contract,
    perpetual_rules,
    split_symbol,
    spot_rules,
    spot_symbol,
)


def test_known_symbols_have_their_shipped_rules() -> None:
    rules = spot_rules("BTCUSDT", 2, Decimal(30000))

    assert (rules.tick_size, rules.lot_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert rules.min_notional == 5


def test_a_tick_is_never_coarser_than_what_was_recorded() -> None:
    assert spot_rules("XRPUSDT", 5, Decimal("0.21953")).tick_size == Decimal("0.00001")
    assert spot_rules("XRPUSDT", 3, Decimal("0.219")).tick_size == Decimal("0.0001")

    um = perpetual_rules("BTCUSDT", 3, Decimal("33125.111"))

    assert (um.tick_size, um.price_precision) == (Decimal("0.001"), 3)


@pytest.mark.parametrize(
    ("price", "digits", "tick", "lot"),
    [("43000", 2, "0.01", "0.00001"), ("25", 3, "0.001", "0.01"), ("0.0007", 6, "0.000001", "1")],
)
def test_unknown_symbols_get_lots_worth_about_a_dollar(price: str, digits: int, tick: str, lot: str) -> None:
    um = perpetual_rules("NEWUSDT", digits, Decimal(price))

    assert (um.tick_size, um.lot_size) == (Decimal(tick), Decimal(lot))
    assert um.quantity_precision == max(-um.lot_size.as_tuple().exponent, 0)  # type: ignore[operator]  # finite
    assert (um.base_asset, um.quote_asset) == ("NEW", "USDT")
    assert str(um.max_quantity).isdigit()


def test_unknown_spot_symbols_get_finer_lots() -> None:
    rules = spot_rules("NEWBTC", 8, Decimal("0.00001234"))

    assert (rules.base_asset, rules.quote_asset) == ("NEW", "BTC")
    assert rules.lot_size == 1


@pytest.mark.parametrize(
    ("symbol", "base", "quote"), [("BTCUSDT", "BTC", "USDT"), ("ETHBTC", "ETH", "BTC"), ("BTC", "BTC", ""), ("FDUSDUSDT", "FDUSD", "USDT")]
)  # fmt: skip
def test_symbols_are_split_by_known_quote_assets(symbol: str, base: str, quote: str) -> None:
    assert split_symbol(symbol) == (base, quote)


@pytest.mark.parametrize(
    ("perpetual", "coins", "spot"),
    [("BTCUSDT", 1, "BTCUSDT"), ("1000PEPEUSDT", 1000, "PEPEUSDT"), ("1000000MOGUSDT", 1000000, "MOGUSDT"),
     ("1INCHUSDT", 1, "1INCHUSDT"), ("4USDT", 1, "4USDT")],
)  # fmt: skip
def test_a_perpetual_on_many_coins_follows_one(perpetual: str, coins: int, spot: str) -> None:
    assert coins_per_contract(perpetual) == coins
    assert spot_symbol(perpetual) == spot
