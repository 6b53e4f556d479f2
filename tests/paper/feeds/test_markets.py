from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from atapi.paper.feeds.base import Series
from atapi.paper.feeds.brackets import TIERS, brackets
from atapi.paper.feeds.markets import by_perpetual, catalogue, crowd_book, find, markets
from atapi.paper.feeds.paths import common_unit


@pytest.mark.parametrize("name", sorted(TIERS))
def test_maintenance_margin_is_continuous_where_tiers_meet(name: str) -> None:
    tiers = brackets(name)

    assert tiers[0].floor == tiers[0].offset == 0
    for lower, upper in pairwise(tiers):
        assert lower.cap == upper.floor
        assert lower.leverage > upper.leverage
        at_lower = upper.floor * lower.maintenance_rate - lower.offset
        at_upper = upper.floor * upper.maintenance_rate - upper.offset
        assert at_lower == at_upper
    assert tiers[-1].leverage == 1


def test_offsets_are_those_binance_lists() -> None:
    btc = [int(tier.offset) for tier in brackets("BTC")]
    bnb = [int(tier.offset) for tier in brackets("BNB")]

    assert btc == [
        0, 300, 1_500, 12_000, 132_000, 482_000, 2_982_000, 14_482_000, 26_482_000, 41_482_000,
        121_482_000, 421_482_000,
    ]  # fmt: skip
    assert bnb[:6] == [0, 10, 210, 2_210, 9_710, 84_710]


def test_every_initial_margin_covers_the_maintenance_margin() -> None:
    for rules in catalogue().um.values():
        for tier in rules.brackets:
            assert tier.maintenance_rate < Decimal(1) / tier.leverage


def test_about_thirty_coins_are_listed_and_one_has_no_perpetual() -> None:
    listed = catalogue()

    assert len(listed.spot) == 31
    assert len(listed.um) == 30
    assert markets()["NEXOUSDT"].um is None
    assert {rules.interval_hours for rules in listed.um.values()} == {1, 4, 8}


def test_rules_of_btc_are_binances() -> None:
    spot, um = catalogue().spot["BTCUSDT"], catalogue().um["BTCUSDT"]

    assert (spot.tick_size, spot.lot_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert (um.tick_size, um.lot_size) == (Decimal("0.10"), Decimal("0.001"))
    assert (spot.min_notional, um.min_notional) == (Decimal(5), Decimal(50))
    assert (um.price_precision, um.quantity_precision, um.interval_hours) == (2, 3, 8)
    assert (um.funding_cap, um.funding_floor) == (Decimal("0.003"), Decimal("-0.003"))
    assert catalogue().um["ETHUSDT"].min_notional == 20


def test_a_perpetual_on_a_thousand_coins_follows_one_coin() -> None:
    pepe = by_perpetual()["1000PEPEUSDT"]

    assert pepe.spot.symbol == "PEPEUSDT"
    assert pepe.multiplier == 1000
    assert find(Series.UM, "1000PEPEUSDT") is find(Series.SPOT, "PEPEUSDT") is pepe
    assert find(Series.UM, "PEPEUSDT") is None


def test_rules_fit_each_other() -> None:
    for symbol, market in markets().items():
        assert market.price / market.spot.tick_size > 500, symbol
        unit = common_unit(market)
        assert unit % market.spot.lot_size == 0
        if rules := market.um:
            assert unit % (rules.lot_size * market.multiplier) == 0
            assert rules.tick_size % Decimal(1).scaleb(-rules.price_precision) == 0
            assert rules.lot_size % Decimal(1).scaleb(-rules.quantity_precision) == 0
            assert rules.base_asset == rules.symbol.removesuffix("USDT")


def test_large_coins_are_quoted_tighter_and_deeper() -> None:
    deep, small = crowd_book("deep", Series.UM), crowd_book("small", Series.UM)

    assert deep.half_spread_bps < small.half_spread_bps
    assert deep.top_notional > small.top_notional
    assert crowd_book("deep", Series.SPOT).top_notional < deep.top_notional
