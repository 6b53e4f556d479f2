"""Spot orders, from the first judgement to the last balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.exchange import Submit
from atapi.paper.feeds.base import Series
from atapi.paper.records import Refusal
from tests.paper.feed_of_bars import DEFAULT, HOUR, T0, D, FeedOfBars
from tests.paper.worlds import at_market, free, funded, limit, world


def refusal(call: Any, *args: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        call(*args)
    return caught.value.code, caught.value.message


def test_a_market_order_walks_the_crowds_levels_and_each_is_a_trade() -> None:
    exchange = world()
    account = funded(exchange)
    _, _, asks = exchange.depth("spot", "BTCUSDT", 2)

    order, trades = exchange.place(account, "spot", at_market("BUY", "1.5"))

    assert order.status == "FILLED"
    assert [(t.price, t.quantity) for t in trades] == [asks[0], (asks[1][0], D("1.5") - asks[0][1])]
    assert order.quote_executed == sum(t.price * t.quantity for t in trades)
    assert free(exchange, account, "USDT") == 1_000_000 - order.quote_executed
    assert free(exchange, account, "BTC") == D(10) + D("1.5") - sum(t.fee for t in trades)
    assert all(t.fee == t.quantity * D("0.001") and t.fee_asset == "BTC" and not t.maker for t in trades)


def test_what_was_taken_stays_taken_while_the_clock_stands() -> None:
    exchange = world()
    account = funded(exchange)
    _, bids, before = exchange.depth("spot", "BTCUSDT", 5)

    exchange.place(account, "spot", at_market("BUY", "1"))
    _, same_bids, after = exchange.depth("spot", "BTCUSDT", 4)
    assert same_bids == bids[:4]
    assert after == [(before[1][0], before[0][1] + before[1][1] - 1), *before[2:5]]

    exchange.advance(1000)
    _, _, anew = exchange.depth("spot", "BTCUSDT", 5)
    assert anew[0][0] == before[0][0]


def test_a_limit_order_that_crosses_fills_at_the_books_prices_and_rests_with_what_is_left() -> None:
    exchange = world()
    account = funded(exchange)
    _, _, asks = exchange.depth("spot", "BTCUSDT", 1)
    [(ask, there)] = asks

    order, trades = exchange.place(account, "spot", limit("BUY", "2", "50007"))

    assert (order.status, order.executed, [t.price for t in trades]) == ("PARTIALLY_FILLED", there, [ask])
    [resting] = exchange.open_orders(account, "spot", "BTCUSDT")
    assert resting == order
    locked = (2 - there) * 50007
    assert exchange.balances(account, "spot")["USDT"] == (1_000_000 - there * ask - locked, locked)
    assert exchange.depth("spot", "BTCUSDT", 1)[1] == [(D(50007), 2 - there)]


@pytest.mark.parametrize(
    ("submit", "status", "reason"),
    [
        (limit("BUY", "2", "50007", time_in_force="IOC"), "EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED"),
        (limit("BUY", "2", "50007", time_in_force="FOK"), "EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED"),
        (limit("BUY", "0.5", "50007", time_in_force="FOK"), "FILLED", None),
        (at_market("SELL", "10"), "FILLED", None),
    ],
)
def test_how_orders_end(submit: Submit, status: str, reason: str | None) -> None:
    exchange = world()
    account = funded(exchange)

    order, trades = exchange.place(account, "spot", submit)

    assert (order.status, order.expiry_reason) == (status, reason)
    assert order.executed == sum(t.quantity for t in trades)
    assert not exchange.open_orders(account, "spot", None)
    assert all(not held for _, held in exchange.balances(account, "spot").values())


def test_a_fok_that_cannot_fill_trades_nothing() -> None:
    exchange = world()
    account = funded(exchange)

    order, trades = exchange.place(account, "spot", limit("BUY", "2", "50007", time_in_force="FOK"))

    assert (order.executed, trades) == (0, [])


def test_a_market_order_larger_than_the_book_expires_with_what_it_got() -> None:
    exchange = world()
    account = funded(exchange, spot_BTC="1000")

    order, trades = exchange.place(account, "spot", at_market("SELL", "100"))
    rest, none = exchange.place(account, "spot", at_market("SELL", "100"))

    assert order.status == "FILLED"
    assert len(trades) > 10
    assert (rest.status, rest.expiry_reason) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")
    assert D(0) < rest.executed < 100
    assert none
    assert free(exchange, account, "BTC") == 1000 - order.executed - rest.executed


def test_before_its_first_price_a_symbol_is_closed() -> None:
    exchange = world(FeedOfBars({(Series.SPOT, "BTCUSDT"): [(T0 + 1, D(50000))]}))
    account = funded(exchange)

    assert refusal(exchange.place, account, "spot", at_market("SELL", "1")) == (-2010, "Market is closed.")


def test_in_a_gap_of_the_feed_there_is_no_book_and_a_market_order_expires() -> None:
    gap = [(0, D(50000)), (T0 - HOUR, None)]
    exchange = world(FeedOfBars({(Series.SPOT, "BTCUSDT"): gap}))
    account = funded(exchange)

    order, trades = exchange.place(account, "spot", at_market("SELL", "1"))

    assert (order.status, order.expiry_reason, trades) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY", [])


def test_buying_for_an_amount_of_quote_asset_rounds_down_to_whole_lots() -> None:
    exchange = world()
    account = funded(exchange)
    [(ask, _)] = exchange.depth("spot", "BTCUSDT", 1)[2]

    submit = Submit(symbol="BTCUSDT", side="BUY", type="MARKET", quote_quantity=D(1000))
    order, _ = exchange.place(account, "spot", submit)

    assert order.status == "FILLED"
    assert order.executed == D("0.01999")  # 1000 / 50005 = 0.019998…
    assert order.quantity == order.executed
    assert order.quote_executed == order.executed * ask


def test_selling_for_an_amount_of_quote_asset() -> None:
    exchange = world()
    account = funded(exchange)

    submit = Submit(symbol="BTCUSDT", side="SELL", type="MARKET", quote_quantity=D(200_000))
    order, trades = exchange.place(account, "spot", submit)

    assert order.status == "FILLED"
    assert 199_999 < order.quote_executed <= 200_000
    assert len(trades) > 1


def test_an_amount_of_quote_asset_that_the_book_cannot_give_expires() -> None:
    exchange = world()
    account = funded(exchange, spot_BTC="1000")

    while exchange.depth("spot", "BTCUSDT", 1)[1]:
        submit = Submit(symbol="BTCUSDT", side="SELL", type="MARKET", quote_quantity=D(4_000_000))
        order, trades = exchange.place(account, "spot", submit)

    assert (order.status, order.expiry_reason) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")
    assert order.quantity == order.executed == sum(t.quantity for t in trades)
    assert exchange.balances(account, "spot")["BTC"][1] == 0


@pytest.mark.parametrize(
    ("submit", "code", "message"),
    [
        (limit("BUY", "1", "50000", symbol="NOSUCH"), -1121, "Invalid symbol."),
        (limit("BUY", "1", "50000.001"), -1013, "Filter failure: PRICE_FILTER"),
        (limit("BUY", "0.00001", "50000"), -1013, "Filter failure: NOTIONAL"),
        (limit("BUY", "1", "70000"), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (limit("BUY", "21", "50000"), -2010, "Account has insufficient balance for requested action."),
        (limit("SELL", "10.00001", "60000"), -2010, "Account has insufficient balance for requested action."),
        (at_market("BUY", "25"), -2010, "Account has insufficient balance for requested action."),
        (at_market("SELL", "11"), -2010, "Account has insufficient balance for requested action."),
        (
            Submit(symbol="BTCUSDT", side="BUY", type="MARKET", quote_quantity=D("1000000.01")),
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        (
            Submit(symbol="BTCUSDT", side="BUY", type="LIMIT_MAKER", quantity=D(1), price=D(50005)),
            -2010,
            "Order would immediately match and take.",
        ),
    ],
)
def test_a_refused_order_changes_nothing(submit: Submit, code: int, message: str) -> None:
    exchange = world()
    account = funded(exchange)
    before = exchange.balances(account, "spot"), exchange.depth("spot", "BTCUSDT", 99)

    assert refusal(exchange.place, account, "spot", submit) == (code, message)
    assert refusal(exchange.test, account, "spot", submit) == (code, message)

    assert (exchange.balances(account, "spot"), exchange.depth("spot", "BTCUSDT", 99)) == before
    assert not exchange.orders(account, "spot", None)


def test_a_tested_order_is_judged_and_not_booked() -> None:
    exchange = world()
    account = funded(exchange)

    exchange.test(account, "spot", at_market("BUY", "1"))

    assert free(exchange, account, "USDT") == 1_000_000
    assert not exchange.orders(account, "spot", None)


def test_a_client_id_is_taken_only_while_its_order_is_open() -> None:
    exchange = world()
    account, other = funded(exchange), funded(exchange, "other")
    mine = limit("BUY", "1", "49000", client_order_id="mine")
    first, _ = exchange.place(account, "spot", mine)

    assert refusal(exchange.place, account, "spot", mine) == (-2010, "Duplicate order sent.")
    exchange.place(other, "spot", mine)  # another account's ids are its own

    exchange.cancel(account, "spot", "BTCUSDT", order_id=None, client_order_id="mine")
    second, _ = exchange.place(account, "spot", mine)
    found = exchange.order(account, "spot", "BTCUSDT", order_id=None, client_order_id="mine")
    assert found.order_id == second.order_id > first.order_id


def test_a_canceled_order_lets_its_funds_go() -> None:
    exchange = world()
    account = funded(exchange)
    order, _ = exchange.place(account, "spot", limit("SELL", "4", "55000"))
    assert exchange.balances(account, "spot")["BTC"] == (6, 4)

    canceled = exchange.cancel(account, "spot", "BTCUSDT", order_id=order.order_id, client_order_id=None)

    assert canceled.status == "CANCELED"
    assert exchange.balances(account, "spot")["BTC"] == (10, 0)
    again = refusal(
        lambda: exchange.cancel(account, "spot", "BTCUSDT", order_id=order.order_id, client_order_id=None)
    )
    assert again == (-2011, "Unknown order sent.")


def test_nobody_sees_or_cancels_anothers_order() -> None:
    exchange = world()
    account, other = funded(exchange), funded(exchange, "other")
    order, _ = exchange.place(account, "spot", limit("BUY", "1", "49000"))
    key = {"order_id": order.order_id, "client_order_id": None}

    assert refusal(lambda: exchange.order(other, "spot", "BTCUSDT", **key))[0] == -2013
    assert refusal(lambda: exchange.cancel(other, "spot", "BTCUSDT", **key))[0] == -2011
    assert exchange.cancel_all(other, "spot", "BTCUSDT") == []
    assert refusal(lambda: exchange.order(account, "spot", "BNBUSDT", **key))[0] == -2013
    assert exchange.order(account, "spot", "BTCUSDT", **key) == order


def test_every_open_order_of_a_symbol_is_canceled_at_once() -> None:
    exchange = world()
    account = funded(exchange)
    for price in ("49000", "48000", "47000"):
        exchange.place(account, "spot", limit("BUY", "1", price))
    exchange.place(account, "spot", limit("BUY", "1", "490", symbol="BNBUSDT"))

    canceled = exchange.cancel_all(account, "spot", "BTCUSDT")

    assert [o.price for o in canceled] == [49000, 48000, 47000]
    assert [o.symbol for o in exchange.open_orders(account, "spot", None)] == ["BNBUSDT"]
    assert exchange.balances(account, "spot")["USDT"][1] == 490


def test_two_accounts_trade_with_each_other_inside_the_crowds_spread() -> None:
    exchange = world()
    maker, taker = funded(exchange), funded(exchange, "taker")
    resting, _ = exchange.place(maker, "spot", limit("SELL", "1", "50001"))

    order, [trade] = exchange.place(taker, "spot", limit("BUY", "1", "50004"))

    assert (trade.price, trade.quantity, trade.maker) == (50001, 1, False)
    assert order.status == "FILLED"
    [theirs] = exchange.trades(maker, "spot", "BTCUSDT")
    assert (theirs.trade_id, theirs.order_id, theirs.maker) == (trade.trade_id, resting.order_id, True)
    assert (theirs.fee, theirs.fee_asset) == (D("50.001"), "USDT")
    assert free(exchange, maker, "USDT") == 1_000_000 + 50001 - D("50.001")
    assert free(exchange, taker, "BTC") == 11 - D("0.001")
    found = exchange.order(maker, "spot", "BTCUSDT", order_id=resting.order_id, client_order_id=None)
    assert found.status == "FILLED"


def test_an_account_does_not_trade_with_itself() -> None:
    exchange = world()
    account = funded(exchange)
    resting, _ = exchange.place(account, "spot", limit("SELL", "1", "50001"))

    order, trades = exchange.place(account, "spot", limit("BUY", "0.1", "50005"))

    key = {"order_id": resting.order_id, "client_order_id": None}
    assert exchange.order(account, "spot", "BTCUSDT", **key).status == "EXPIRED_IN_MATCH"
    assert [t.price for t in trades] == [50005]  # the crowd's
    assert order.status == "FILLED"


def test_at_most_two_hundred_orders_are_open_in_a_symbol() -> None:
    exchange = world()
    account = funded(exchange)
    for _ in range(200):
        exchange.place(account, "spot", limit("BUY", "0.001", "49000"))

    assert refusal(exchange.place, account, "spot", limit("BUY", "0.001", "49000")) == (
        -1013,
        "Filter failure: MAX_NUM_ORDERS",
    )


# --- fees in BNB ----------------------------------------------------------------------------------------------
def test_a_fee_paid_in_bnb_is_a_quarter_less_and_leaves_the_purchase_whole() -> None:
    exchange = world()
    account = funded(exchange, bnb=True, spot_USDT="100000", spot_BNB="1")

    _, trades = exchange.place(account, "spot", limit("BUY", "0.5", "50005"))

    # 0.5 * 50005 * 0.001 * 0.75 / 500
    assert [(t.fee, t.fee_asset) for t in trades] == [(D("0.03750375"), "BNB")]
    assert free(exchange, account, "BTC") == D("0.5")
    assert free(exchange, account, "BNB") == D("0.96249625")


def test_a_fee_falls_back_to_the_normal_asset_when_bnb_runs_short() -> None:
    exchange = world()
    account = funded(exchange, bnb=True, spot_USDT="100000", spot_BNB="0.04")

    _, [first] = exchange.place(account, "spot", limit("BUY", "0.5", "50005"))
    _, [second] = exchange.place(account, "spot", limit("BUY", "0.1", "50005"))

    assert first.fee_asset == "BNB"
    # 0.1 * 50005 * 0.001 * 0.75 / 500 = 0.00750075 BNB, of which 0.00249625 are left
    assert (second.fee, second.fee_asset) == (D("0.0001"), "BTC")
    assert free(exchange, account, "BNB") == D("0.00249625")


def test_bnb_that_an_order_holds_pays_no_fee() -> None:
    exchange = world()
    account = funded(exchange, bnb=True, spot_USDT="100000", spot_BNB="1")
    exchange.place(account, "spot", limit("SELL", "1", "600", symbol="BNBUSDT"))

    _, [trade] = exchange.place(account, "spot", limit("BUY", "0.1", "50005"))

    assert trade.fee_asset == "BTC"


def test_events_tell_an_order_before_its_fills_and_balances_last() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.depth("spot", "BTCUSDT", 1)
    told: list[tuple[str, Any]] = []
    exchange.subscribe(lambda kind, record: told.append((kind, record)))

    order, [trade] = exchange.place(account, "spot", at_market("BUY", "0.1"))

    assert [kind for kind, _ in told] == ["order", "order", "trade", "balance", "balance", "book"]
    assert [told[0][1].status, told[1][1].status] == ["NEW", "FILLED"]
    assert told[1][1] == order
    assert told[2][1] == trade
    balances: dict[str, Decimal] = {record[2]: record[3] for kind, record in told if kind == "balance"}
    assert balances == {
        "USDT": free(exchange, account, "USDT"),
        "BTC": free(exchange, account, "BTC"),
    }


def test_a_symbol_that_is_halted_takes_no_orders() -> None:
    from dataclasses import replace

    from tests.paper.feed_of_bars import BTC_SPOT

    exchange = world(FeedOfBars(DEFAULT, spot=[replace(BTC_SPOT, status="BREAK")]))
    account = funded(exchange)

    assert refusal(exchange.place, account, "spot", at_market("BUY", "1")) == (-2010, "Market is closed.")
