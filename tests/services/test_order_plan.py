"""Plans of single orders: what is refused before anything is sent, and in which words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest

from atapi.domain.account import FuturesAccount
from atapi.domain.amounts import BPS, parse_amount
from atapi.domain.market import Depth, Level
from atapi.domain.orders import Side, TimeInForce
from atapi.errors import Refused, UsageError
from atapi.services.order_plan import OrderFacts, Wish, plan_order
from tests.fakes import perpetual, spot_instrument

BOOK = Depth(
    symbol="BTCUSDT",
    bids=(Level(D(99), D(1)), Level(D(98), D(9))),
    asks=(Level(D(100), D(1)), Level(D(101), D(9))),
)
SPOT = OrderFacts(
    instrument=spot_instrument("BTCUSDT"), book=BOOK, taker_fee=D("0.001"), base_free=D(2), quote_free=D(500)
)
ACCOUNT = FuturesAccount(
    wallet_balance=D(1000), margin_balance=D(1000), available=D(1000), initial_margin=D(0), maintenance_margin=D(0),
    multi_assets=False, hedge_mode=False,
)  # fmt: skip
FUTURES = OrderFacts(
    instrument=perpetual("BTCUSDT"), book=BOOK, taker_fee=D("0.0005"), futures=ACCOUNT, leverage=2
)


def wish(side: Side, amount: str, **changes: Any) -> Wish:
    return Wish(side=side, amount=parse_amount(amount), **changes)


def test_what_slips_further_than_allowed_is_refused_with_what_fits() -> None:
    with pytest.raises(Refused) as refusal:
        plan_order(SPOT, wish(Side.BUY, "3btc", max_slippage=5 * BPS))

    # (1 * 100 + 2 * 101) / 3 = 100.667: 66.7bp beyond the touch
    assert refusal.value.message == "expected slippage 66.7bp is over 5.0bp at 300 USDT"
    assert refusal.value.hint == "up to 100 USDT fits; or --max-slippage"


def test_a_purchase_is_capped_beyond_the_touch() -> None:
    plan = plan_order(SPOT, wish(Side.BUY, "300usdt", max_slippage=100 * BPS))

    assert (plan.quantity, plan.limit, plan.time_in_force) == (3, 101, TimeInForce.IOC)
    assert plan.notional == 302
    assert not plan.reducing


def test_a_sale_of_coins_takes_risk_away_unless_a_spread_stands_on_them() -> None:
    guarded = replace(SPOT, needed=D("1.5"), spreads=(12,))

    assert plan_order(SPOT, wish(Side.SELL, "1btc")).reducing
    assert plan_order(guarded, wish(Side.SELL, "0.5btc")).reducing
    assert not plan_order(guarded, wish(Side.SELL, "1btc", from_spread=True)).reducing
    with pytest.raises(Refused, match=r"1\.5 of 2 BTC on spot belong to spread #12"):
        plan_order(guarded, wish(Side.SELL, "1btc"))


@pytest.mark.parametrize(
    ("position", "needed", "side", "quantity", "allowed"),
    [
        ("-2", "-2", Side.BUY, "1btc", False),
        ("-2", "-2", Side.SELL, "1btc", True),
        ("-3", "-2", Side.BUY, "1btc", True),
        ("-3", "-2", Side.BUY, "2btc", False),
        ("-1", "-2", Side.BUY, "1btc", False),  # a part of the hedge is gone already
        ("2", "2", Side.SELL, "1btc", False),
        ("2", "2", Side.BUY, "1btc", True),
        ("3", "2", Side.SELL, "1btc", True),
    ],
)
def test_a_position_keeps_what_spreads_stand_on(
    position: str, needed: str, side: Side, quantity: str, allowed: bool
) -> None:
    facts = replace(FUTURES, position=D(position), needed=D(needed), spreads=(3,))

    if allowed:
        plan_order(facts, wish(side, quantity, max_slippage=200 * BPS))
    else:
        with pytest.raises(Refused, match="belong to spread #3"):
            plan_order(facts, wish(side, quantity, max_slippage=200 * BPS))


def test_margin_is_for_what_an_order_adds() -> None:
    long = replace(FUTURES, position=D(10))

    assert plan_order(long, wish(Side.SELL, "1btc")).quantity == 1
    with pytest.raises(Refused, match=r"futures margin would be 93% used \(limit 80%\)"):
        plan_order(
            replace(long, futures=replace(ACCOUNT, initial_margin=D(500), available=D(500))),
            wish(Side.BUY, "8.6btc", max_slippage=100 * BPS),
        )


def test_hedge_mode_and_a_symbol_that_does_not_trade_are_refused() -> None:
    with pytest.raises(Refused, match="hedge mode"):
        plan_order(replace(FUTURES, futures=replace(ACCOUNT, hedge_mode=True)), wish(Side.BUY, "1btc"))
    with pytest.raises(Refused, match="BTCUSDT on spot is BREAK, not TRADING"):
        plan_order(
            replace(SPOT, instrument=spot_instrument("BTCUSDT", status="BREAK")), wish(Side.BUY, "1btc")
        )


def test_an_empty_book_and_an_order_that_is_too_large_are_refused() -> None:
    with pytest.raises(Refused, match="book of BTCUSDT is empty"):
        plan_order(replace(SPOT, book=replace(BOOK, asks=())), wish(Side.BUY, "1btc"))
    with pytest.raises(Refused, match="10000 BTC is over BTCUSDT's maximum of 9000"):
        plan_order(
            replace(SPOT, quote_free=D(10) ** 9),
            wish(Side.BUY, "10000btc", price=D(99), time_in_force=TimeInForce.GTC),
        )


def test_a_multiplied_perpetual_takes_coins_and_no_other_asset() -> None:
    facts = replace(FUTURES, instrument=perpetual("1000PEPEUSDT"))

    assert plan_order(facts, wish(Side.BUY, "1000pepe")).quantity == 1
    with pytest.raises(UsageError, match="trades PEPE against USDT"):
        plan_order(facts, wish(Side.BUY, "1btc"))
