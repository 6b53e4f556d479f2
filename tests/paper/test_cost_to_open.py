"""What an order must have available: the initial margin at its assuming price, and what it loses at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import Series
from atapi.paper.records import Refusal
from tests.paper.feed_of_bars import DEFAULT, D, FeedOfBars
from tests.paper.worlds import at_market, funded, limit, world

CENT = D("0.00000001")


def accepted(exchange: Exchange, order: Submit, wallet: Decimal) -> bool:
    account = funded(exchange, f"with {wallet:f}", um_USDT=f"{wallet:f}")
    try:
        exchange.place(account, "um", order)
    except Refusal as refusal:
        if refusal.code != -2019:
            raise
        return False
    return True


@pytest.mark.parametrize(
    ("order", "cost"),
    [
        # index, mark and last are 50 000, leverage is 20
        (limit("BUY", "0.5", "49000"), D("1225")),  # 0.5 * 49 000 / 20: its own price, and no loss
        (limit("BUY", "0.5", "50500"), D("1512.5")),  # 0.5 * 50 500 / 20 + 0.5 * 500
        (limit("SELL", "0.5", "51000"), D("1275")),  # 0.5 * 51 000 / 20: above the others
        (limit("SELL", "0.5", "50010"), D("1251.875")),  # 0.5 * 50 000 * 1.0015 / 20
        (limit("SELL", "0.5", "49500"), D("1501.875")),  # 0.5 * 50 075 / 20 + 0.5 * 500
    ],
)
def test_a_limit_order_costs_its_assuming_price_and_its_open_loss(order: Submit, cost: Decimal) -> None:
    assert accepted(world(), order, cost)
    assert not accepted(world(), order, cost - CENT)


def test_a_short_is_judged_at_the_mark_where_that_is_highest() -> None:
    steps = {**DEFAULT, (Series.MARK, "BTCUSDT"): [(0, D(50100))]}  # more than 50 000 * 1.0015 = 50 075
    order = limit("SELL", "0.5", "50010")
    cost = D("0.5") * 50100 / 20 + D("0.5") * 90  # the mark, and the loss against it

    assert accepted(world(FeedOfBars(steps)), order, cost)
    assert not accepted(world(FeedOfBars(steps)), order, cost - CENT)


def test_a_market_order_that_buys_is_judged_a_little_above_the_best_ask() -> None:
    [(ask, _)] = world().depth("um", "BTCUSDT", 1)[2]
    cost = D("0.5") * ask * D("1.0005") / 20 + D("0.5") * (ask - 50000)

    assert accepted(world(), at_market("BUY", "0.5"), cost)
    assert not accepted(world(), at_market("BUY", "0.5"), cost - CENT)


def test_what_only_reduces_costs_nothing_however_it_is_priced() -> None:
    exchange = world()
    account = funded(exchange, um_USDT="2000")
    exchange.place(account, "um", at_market("BUY", "0.5"))
    spare = exchange.futures_totals(account).available
    exchange.transfer(account, "UMFUTURE_MAIN", "USDT", spare)

    order, _ = exchange.place(account, "um", limit("SELL", "0.5", "50010"))

    assert order.status == "NEW"
    with pytest.raises(Refusal, match="Margin is insufficient"):
        exchange.place(account, "um", limit("SELL", "0.6", "50020"))
