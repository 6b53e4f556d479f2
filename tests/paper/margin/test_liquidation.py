"""Liquidation: when prices make collateral too little, at the minute they do, down to the last debt."""

from __future__ import annotations

from pathlib import Path

import pytest

from atapi.matching.ledger import INSURANCE
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Series
from tests.paper.feed_of_bars import DEFAULT, HOUR, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import at_market, free, funded, limit, world

ALWAYS = (0, 10**15)


def moving(*steps: tuple[int, str]) -> FeedOfBars:
    """BTC at 50 000, then at other prices from these minutes on."""
    feed = dict(DEFAULT)
    feed[Series.SPOT, "BTCUSDT"] = [
        (0, D(50_000)), *((T0 + minute * MINUTE, D(price)) for minute, price in steps)
    ]  # fmt: skip
    return FeedOfBars(feed)


def leveraged(exchange: Exchange) -> str:
    """Two BTC at about 50 000, one of them on borrowed money."""
    account = funded(exchange, margin_BTC="1", margin_USDT="100")
    exchange.place(account, "margin", at_market("BUY", "1", side_effect="MARGIN_BUY"))
    return account


def test_a_long_is_sold_when_the_level_meets_the_bar() -> None:
    exchange = world(moving((20, "28000"), (40, "26000")))
    account = leveraged(exchange)
    debt = exchange.margin.standing(account).debts["USDT"].total

    exchange.advance(30 * MINUTE)
    assert exchange.margin.standing(account).margin_level == D("1.999") * 28_000 / debt  # 1.12: not closed
    exchange.advance(15 * MINUTE)

    standing = exchange.margin.standing(account)
    assert standing.debts == {}
    [order] = exchange.margin.liquidations(account)
    assert (order.symbol, order.side, order.status) == ("BTCUSDT", "SELL", "FILLED")
    assert order.created_ms == T0 + 40 * MINUTE  # 1.999 * 26 000 / 49 907 is 1.04
    flows = {flow.kind: flow.amount for flow in exchange.margin.flows(account, *ALWAYS)}
    assert flows["REPAY_LIQUIDATION"] == -debt
    assert flows["LIQUIDATION_FEE"] == -(debt * D("0.02")).quantize(D("1e-8"))
    coins, money = (free(exchange, account, asset, "margin") for asset in ("BTC", "USDT"))
    assert coins == D("1.999") - order.executed
    assert abs(money - (order.quote_executed * D("0.999") - debt + flows["LIQUIDATION_FEE"])) < D("1e-6")
    assert 0 <= money < 60  # no more was sold than debts and fees took


def test_a_short_is_bought_back() -> None:
    exchange = world(moving((20, "150000")))
    account = funded(exchange, margin_USDT="101000")
    exchange.place(account, "margin", at_market("SELL", "1", side_effect="MARGIN_BUY"))

    exchange.advance(30 * MINUTE)

    assert exchange.margin.standing(account).debts == {}
    assert {order.side for order in exchange.margin.liquidations(account)} == {"BUY"}
    assert all(order.created_ms == T0 + 20 * MINUTE for order in exchange.margin.liquidations(account))


def test_open_orders_are_canceled_first() -> None:
    exchange = world(moving((20, "26000")))
    account = leveraged(exchange)
    exchange.place(account, "margin", limit("SELL", "1.9", "60000"))

    exchange.advance(30 * MINUTE)

    assert exchange.open_orders(account, "margin", None) == []
    assert exchange.margin.standing(account).debts == {}


def test_insurance_pays_what_collateral_cannot() -> None:
    exchange = world(moving((20, "20000")))
    account = leveraged(exchange)

    exchange.advance(30 * MINUTE)

    assert exchange.margin.standing(account).debts == {}
    assert exchange.balances(account, "margin") == {}
    # 1.999 * 20 000 is about 39 980 of the 49 905 owed
    assert D(-10_300) < exchange.balances(INSURANCE, "margin")["USDT"][0] < D(-9_900)


def test_who_is_not_reached_is_left_alone() -> None:
    exchange = world(moving((20, "28000"), (25, "50000")))
    account = leveraged(exchange)

    exchange.advance(HOUR)

    assert exchange.margin.liquidations(account) == []
    assert len(exchange.margin.standing(account).debts) == 1


@pytest.mark.parametrize("step", [10_000, 61_000, 7 * MINUTE, 2 * HOUR])
def test_any_steps_liquidate_at_the_same_minute(step: int) -> None:
    exchange = world(moving((40, "26000"), (42, "50000")))
    account = leveraged(exchange)

    for _ in range(2 * HOUR // step + 1):
        exchange.advance(step)

    [order] = exchange.margin.liquidations(account)
    assert (order.created_ms, order.quote_executed) == (T0 + 40 * MINUTE, D("51001.9592940"))


def test_it_happens_in_the_order_of_time_with_the_account_s_own_orders() -> None:
    exchange = world(moving((20, "49000"), (40, "26000")))
    account = funded(exchange, margin_BTC="1", margin_USDT="100")
    exchange.margin.borrow(account, "USDT", D(49_000))
    buys = exchange.place(account, "margin", limit("BUY", "0.98", "49500"))[0]

    exchange.advance(HOUR)

    first, *_ = exchange.trades(account, "margin", None)
    assert first.order_id == buys.order_id
    assert [o.created_ms for o in exchange.margin.liquidations(account)] == [T0 + 40 * MINUTE]


def test_a_liquidation_while_nobody_was_there_happened_when_it_did(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite")
    exchange = world(moving((40, "26000"), (42, "50000")), path=path)
    account = leveraged(exchange)

    again = world(moving((40, "26000"), (42, "50000")), at_ms=T0 + 5 * HOUR, path=path)

    [order] = again.margin.liquidations(account)
    assert order.created_ms == T0 + 40 * MINUTE
    assert len(again.margin.interest(account, *ALWAYS)) == 1
    assert free(again, account, "BTC", "margin") > 0


def test_what_a_halted_market_cannot_sell_waits_for_it() -> None:
    exchange = world(moving((20, "26000")))
    account = leveraged(exchange)
    exchange.change_rules("spot", "BTCUSDT", {"status": "HALT"})

    exchange.advance(30 * MINUTE)
    assert exchange.margin.liquidations(account) == []
    assert free(exchange, account, "BTC", "margin") == D("1.999")
    exchange.change_rules("spot", "BTCUSDT", {"status": "TRADING"})
    exchange.advance(MINUTE)

    [order] = exchange.margin.liquidations(account)
    assert order.created_ms == T0 + 31 * MINUTE
    assert exchange.margin.standing(account).debts == {}
