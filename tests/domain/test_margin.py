"""Levels of a margin account, by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from atapi.domain.margin import NO_DEBT, MarginAccount, MarginAsset

D = Decimal
CLEAN = MarginAccount(
    level=NO_DEBT, collateral_level=NO_DEBT, collateral=D(1000), may_borrow=True, may_trade=True,
    assets=(MarginAsset(asset="USDT", free=D(1000), locked=D(0), borrowed=D(0), interest=D(0)),),
)  # fmt: skip
OWING = replace(CLEAN, level=D("2.5"), collateral_level=D("2.4"), collateral=D(2400))


def test_debts_follow_from_the_level() -> None:
    assert CLEAN.debts == 0
    assert OWING.debts == 1000  # 2400 / 2.4


def test_a_sale_of_borrowed_coins_is_collateral_and_debt() -> None:
    assert CLEAN.level_after(D(1000), D(1000)) == 2  # (1000 + 1000) / 1000
    assert OWING.level_after(D(200), D(200)) == D(2600) / D(1200)


def test_room_is_what_brings_the_level_down_to_the_floor() -> None:
    assert CLEAN.room(D(2)) == 1000
    assert OWING.room(D(2)) == 400  # (2400 - 2 * 1000) / (2 - 1)
    assert OWING.level_after(D(400), D(400)) == 2
    assert OWING.room(D(3)) == 0


def test_an_asset_that_is_not_listed_is_neither_held_nor_owed() -> None:
    btc = CLEAN.of("BTC")

    assert (btc.asset, btc.free, btc.owed) == ("BTC", 0, 0)
