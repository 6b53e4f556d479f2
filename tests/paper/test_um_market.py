"""Perpetual orders: margin, positions, reduce-only, refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.exchange import Exchange, PositionView, Submit
from atapi.paper.feeds.base import Series
from atapi.paper.records import Refusal
from tests.paper.feed_of_bars import DEFAULT, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import at_market, free, funded, limit, world


def refusal(call: Any, *args: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        call(*args)
    return caught.value.code, caught.value.message


def position(exchange: Exchange, account: str) -> PositionView:
    [view] = exchange.positions(account)
    return view


def moving(*prices: tuple[int, str]) -> FeedOfBars:
    """A BTC perpetual whose spot and futures price change together."""
    steps = dict(DEFAULT)
    for series in (Series.SPOT, Series.UM):
        steps[series, "BTCUSDT"] = [(0, D(50000)), *((T0 + at, D(price)) for at, price in prices)]
    return FeedOfBars(steps)


def test_a_short_is_opened_and_its_view_follows_from_the_mark() -> None:
    exchange = world()
    account = funded(exchange)

    order, trades = exchange.place(account, "um", at_market("SELL", "0.5"))

    [(bid, _)] = {(t.price, t.maker) for t in trades}
    view = position(exchange, account)
    assert (order.status, bid) == ("FILLED", 49995)
    assert view.position.quantity == D("-0.5")
    assert view.position.entry_price == 49995
    assert view.mark_price == 50000
    assert view.unrealized == D("-2.5")  # -0.5 * (50000 - 49995)
    assert view.notional == -25000
    assert view.initial_margin == 1250  # 25000 / 20
    assert view.maintenance_margin == 100  # 25000 * 0.4 %
    totals = exchange.futures_totals(account)
    fee = D("0.5") * 49995 * D("0.0005")
    assert totals.wallet_balance == 100_000 - fee
    assert totals.available == 100_000 - fee - D("2.5") - 1250


def test_a_round_trip_posts_what_the_fills_say_to_the_last_digit() -> None:
    exchange = world(moving((MINUTE, "48000")))
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "1.234"))
    exchange.advance(MINUTE)

    exchange.place(account, "um", at_market("BUY", "0.5", reduce_only=True))
    exchange.place(account, "um", at_market("BUY", "0.734", reduce_only=True))

    fills = exchange.trades(account, "um", "BTCUSDT")
    paid = sum(t.price * t.quantity * (1 if t.side == "SELL" else -1) for t in fills)
    assert exchange.positions(account) == []
    assert sum(t.realized for t in fills) == paid
    assert free(exchange, account, "USDT", "um") == 100_000 + paid - sum(t.fee for t in fills)
    by_kind: dict[str, Decimal] = {}
    for line in exchange.income(account):
        by_kind[line.kind] = by_kind.get(line.kind, D(0)) + line.amount
    assert by_kind == {"TRANSFER": 100_000, "REALIZED_PNL": paid, "COMMISSION": -sum(t.fee for t in fills)}


def test_an_order_turns_a_position_round() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("BUY", "0.1"))

    order, trades = exchange.place(account, "um", at_market("SELL", "0.3"))

    view = position(exchange, account)
    assert view.position.quantity == D("-0.2")
    assert view.position.entry_price == 49995
    assert sum(t.realized for t in trades) == D("-1.0")  # 0.1 * (49995 - 50005)
    assert order.status == "FILLED"


def test_what_one_account_loses_against_another_the_other_gains() -> None:
    exchange = world()
    long, short = funded(exchange, "long"), funded(exchange, "short")
    exchange.place(long, "um", limit("BUY", "1", "50000"))
    exchange.place(short, "um", limit("SELL", "1", "50000"))
    exchange.place(long, "um", limit("SELL", "1", "50001"))
    exchange.place(short, "um", limit("BUY", "1", "50001"))

    realized = {a: sum(t.realized for t in exchange.trades(a, "um", None)) for a in (long, short)}
    assert realized == {long: 1, short: -1}
    assert exchange.positions(long) == exchange.positions(short) == []


@pytest.mark.parametrize(
    ("submit", "code", "message"),
    [
        (limit("BUY", "1", "50000", symbol="NOSUCH"), -1121, "Invalid symbol."),
        (
            limit("BUY", "1", "50000", position_side="LONG"),
            -4061,
            "Order's position side does not match user's setting.",
        ),
        (limit("BUY", "1", "50000.05"), -4014, "Price not increased by tick size."),
        (
            limit("BUY", "0.001", "49000"),
            -4164,
            "Order's notional must be no smaller than 50.0 (unless you choose reduce only)",
        ),
        (limit("BUY", "1", "52500.1"), -4016, "Price is higher than mark price multiplier cap."),
        (limit("BUY", "50", "40000.1"), -2019, "Margin is insufficient."),
        (limit("BUY", "61", "50000"), -2027, "Exceeded the maximum allowable position at current leverage."),
        (at_market("SELL", "1", reduce_only=True), -2022, "ReduceOnly Order is rejected."),
        (
            limit("BUY", "1", "50005", time_in_force="GTX"),
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected.",
        ),
        (
            limit("BUY", "2", "50005", time_in_force="FOK"),
            -5021,
            "Due to the order could not be filled immediately, the FOK order has been rejected.",
        ),
    ],
)
def test_a_refused_order_changes_nothing(submit: Submit, code: int, message: str) -> None:
    exchange = world()
    account = funded(exchange)
    before = exchange.futures_totals(account), exchange.depth("um", "BTCUSDT", 99)

    assert refusal(exchange.place, account, "um", submit) == (code, message)
    assert refusal(exchange.test, account, "um", submit) == (code, message)

    assert (exchange.futures_totals(account), exchange.depth("um", "BTCUSDT", 99)) == before
    assert exchange.orders(account, "um", None) == []


def test_a_client_id_is_taken_only_while_its_order_is_open() -> None:
    exchange = world()
    account = funded(exchange)
    mine = limit("BUY", "0.1", "49000", client_order_id="mine")
    exchange.place(account, "um", mine)

    assert refusal(exchange.place, account, "um", mine) == (-4116, "ClientOrderId is duplicated.")

    exchange.cancel(account, "um", "BTCUSDT", order_id=None, client_order_id="mine")
    exchange.place(account, "um", mine)


def test_resting_orders_need_margin_and_give_it_back() -> None:
    exchange = world()
    account = funded(exchange)

    exchange.place(account, "um", limit("BUY", "1", "49000"))
    exchange.place(account, "um", limit("SELL", "1", "51000"))
    totals = exchange.futures_totals(account)
    assert totals.order_margin == 2550  # the worse side: 51000 / 20
    assert totals.available == 100_000 - 2550

    exchange.cancel_all(account, "um", "BTCUSDT")
    assert exchange.futures_totals(account).order_margin == 0


def test_closing_needs_no_margin() -> None:
    exchange = world()
    account = funded(exchange, um_USDT="2600")
    exchange.place(account, "um", at_market("SELL", "1"))
    assert exchange.futures_totals(account).available < 80

    assert refusal(exchange.place, account, "um", at_market("SELL", "0.1"))[0] == -2019
    order, _ = exchange.place(account, "um", limit("BUY", "1", "49000"))  # rests, and only closes
    exchange.place(account, "um", at_market("BUY", "1", reduce_only=True))

    assert order.status == "NEW"
    assert exchange.positions(account) == []


def test_opening_costs_margin_and_what_it_loses_against_the_mark_at_once() -> None:
    exchange = world()
    [(ask, there)] = exchange.depth("um", "BTCUSDT", 1)[2]
    assert there > D("0.9")
    cost = D("0.9") * ask * D("1.0005") / 20 + D("0.9") * (ask - 50000)
    poor, rich = funded(exchange, um_USDT=f"{cost - D('0.01'):f}"), funded(exchange, um_USDT=f"{cost:f}")

    assert refusal(exchange.place, poor, "um", at_market("BUY", "0.9")) == (-2019, "Margin is insufficient.")
    assert exchange.place(rich, "um", at_market("BUY", "0.9"))[0].status == "FILLED"


# --- reduce-only ------------------------------------------------------------------------------------------------
def test_a_reduce_only_order_never_turns_a_position_round() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("BUY", "0.2"))

    order, _ = exchange.place(account, "um", at_market("SELL", "0.5", reduce_only=True))

    assert (order.status, order.quantity, order.executed) == ("EXPIRED", D("0.5"), D("0.2"))
    assert exchange.positions(account) == []


def test_a_reduce_only_order_on_the_wrong_side_is_refused() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("BUY", "0.2"))

    assert refusal(exchange.place, account, "um", at_market("BUY", "0.1", reduce_only=True))[0] == -2022


def test_reduce_only_orders_are_exempt_from_the_least_notional() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("BUY", "0.002"))

    order, _ = exchange.place(account, "um", limit("SELL", "0.001", "49000", reduce_only=True))

    assert order.status == "FILLED"


def test_resting_reduce_only_orders_stay_within_the_position() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("BUY", "1"))
    far, _ = exchange.place(account, "um", limit("SELL", "0.8", "52000", reduce_only=True))
    near, _ = exchange.place(account, "um", limit("SELL", "0.7", "51000", reduce_only=True))

    # 0.7 at the better price stays whole, 0.3 is left for the other.
    quantities = {o.order_id: o.quantity for o in exchange.open_orders(account, "um", "BTCUSDT")}
    assert quantities == {far.order_id: D("0.3"), near.order_id: D("0.7")}

    exchange.place(account, "um", at_market("SELL", "0.5"))
    quantities = {o.order_id: o.quantity for o in exchange.open_orders(account, "um", "BTCUSDT")}
    assert quantities == {near.order_id: D("0.5")}

    exchange.place(account, "um", at_market("SELL", "0.5"))
    assert exchange.open_orders(account, "um", "BTCUSDT") == []
    key = {"order_id": near.order_id, "client_order_id": None}
    assert exchange.order(account, "um", "BTCUSDT", **key).status == "EXPIRED"


def test_a_reduce_only_order_behind_another_of_the_same_sweep_is_not_overfilled() -> None:
    exchange = world()
    maker, taker = funded(exchange, "maker"), funded(exchange, "taker")
    exchange.place(maker, "um", at_market("BUY", "1"))
    exchange.place(maker, "um", limit("SELL", "1", "50001"))
    exchange.place(maker, "um", limit("SELL", "1", "50002", reduce_only=True))

    order, trades = exchange.place(taker, "um", limit("BUY", "2", "50004", time_in_force="IOC"))

    assert exchange.positions(maker) == []
    assert [t.price for t in trades] == [50001]
    assert order.status == "EXPIRED"


# --- leverage ---------------------------------------------------------------------------------------------------
def test_leverage_moves_the_margin() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "0.5"))

    exchange.set_leverage(account, "BTCUSDT", 50)

    assert exchange.leverage(account, "BTCUSDT") == 50
    assert position(exchange, account).initial_margin == 500
    assert exchange.leverage(account, "ETHUSDT") == 20


@pytest.mark.parametrize(
    ("leverage", "code", "message"),
    [
        (0, -4028, "Leverage 0 is not valid"),
        (101, -4028, "Leverage 101 is not valid"),
        (100, -2027, "Exceeded the maximum allowable position at current leverage."),
        (1, -2028, "Leverage is smaller than permitted: insufficient margin balance."),
    ],
)
def test_leverage_is_refused(leverage: int, code: int, message: str) -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "6.1"))  # 305 000 USDT

    assert refusal(exchange.set_leverage, account, "BTCUSDT", leverage) == (code, message)


# --- what a market order may pay ----------------------------------------------------------------------------------
def test_a_market_order_trades_no_further_from_the_mark_than_its_bound() -> None:
    steps = dict(DEFAULT)
    steps[Series.MARK, "BTCUSDT"] = [(0, D(47630))]  # 1.05 times is 50 011.5
    exchange = world(FeedOfBars(steps))
    account = funded(exchange)

    order, trades = exchange.place(account, "um", at_market("BUY", "5"))

    assert (order.status, order.expiry_reason) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")
    assert max(t.price for t in trades) == 50010


def test_a_market_order_is_refused_when_the_best_price_is_beyond_its_bound() -> None:
    steps = dict(DEFAULT)
    steps[Series.MARK, "BTCUSDT"] = [(0, D(47000))]
    exchange = world(FeedOfBars(steps))
    account = funded(exchange)

    assert refusal(exchange.place, account, "um", at_market("BUY", "1")) == (
        -4131,
        "The counterparty's best price does not meet the PERCENT_PRICE filter limit",
    )


def test_fees_in_bnb_come_from_the_futures_wallet() -> None:
    exchange = world()
    account = funded(exchange, bnb=True, um_USDT="10000", um_BNB="0.01", spot_BNB="5")

    _, [first] = exchange.place(account, "um", at_market("SELL", "0.1"))
    _, [second] = exchange.place(account, "um", at_market("SELL", "0.1"))

    # 0.1 * 49995 * 0.0005 * 0.90 / 500 = 0.00449955
    assert (first.fee, first.fee_asset) == (D("0.00449955"), "BNB")
    assert second.fee_asset == "BNB"
    [view] = exchange.positions(account)
    assert view.position.fees == 2 * D("2.249775")  # 0.00449955 BNB at 500
    _, [third] = exchange.place(account, "um", at_market("SELL", "0.1"))
    assert (third.fee, third.fee_asset) == (D("2.49975"), "USDT")
    assert free(exchange, account, "BNB", "um") == D("0.01") - 2 * D("0.00449955")
