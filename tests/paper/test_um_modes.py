"""Hedge mode, isolated margin, multi-assets mode; modified orders and chosen prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import FundingRecord
from atapi.paper.order_terms import PLAIN
from atapi.paper.records import Refusal
from atapi.paper.um_amend import Amendment
from tests.paper.feed_of_bars import DEFAULT, HOUR, T0, D, FeedOfBars
from tests.paper.worlds import at_market, free, funded, limit, world


def refused(call: Any, *args: Any) -> int:
    with pytest.raises(Refusal) as caught:
        call(*args)
    return caught.value.code


def hedged(exchange: Exchange, **amounts: str) -> str:
    account = funded(exchange, **amounts)
    exchange.futures.settings.set_hedged(account, True)
    return account


def legs(exchange: Exchange, account: str) -> dict[str, Decimal]:
    return {v.position.position_side: v.position.quantity for v in exchange.positions(account)}


# --- hedge mode -------------------------------------------------------------------------------------------------
def test_a_symbol_is_held_long_and_short_at_once() -> None:
    exchange = world()
    account = hedged(exchange)

    exchange.place(account, "um", at_market("BUY", "0.3", position_side="LONG"))
    exchange.place(account, "um", at_market("SELL", "0.2", position_side="SHORT"))

    assert legs(exchange, account) == {"LONG": D("0.3"), "SHORT": D("-0.2")}
    totals = exchange.futures_totals(account)
    assert totals.position_margin == 1250  # (0.3 + 0.2) * 50 000 / 20: the legs do not offset
    assert totals.maintenance_margin == 100  # 25 000 * 0.4 %
    exchange.place(account, "um", at_market("SELL", "0.3", position_side="LONG"))
    assert legs(exchange, account) == {"SHORT": D("-0.2")}


def test_sides_must_fit_the_mode() -> None:
    exchange = world()
    one_way, two_way = funded(exchange, "one"), hedged(exchange)

    assert refused(exchange.place, one_way, "um", at_market("BUY", "0.1", position_side="LONG")) == -4061
    assert refused(exchange.place, two_way, "um", at_market("BUY", "0.1")) == -4061
    with_flag = at_market("BUY", "0.1", position_side="LONG", reduce_only=False)
    assert refused(exchange.place, two_way, "um", with_flag) == -1106
    too_much = at_market("SELL", "0.1", position_side="LONG")  # there is no long to close
    assert refused(exchange.place, two_way, "um", too_much) == -2022


def test_an_order_that_leaves_a_leg_needs_no_margin_and_never_outlives_it() -> None:
    exchange = world()
    account = hedged(exchange, um_USDT="600")
    exchange.place(account, "um", at_market("BUY", "0.2", position_side="LONG"))
    resting, _ = exchange.place(account, "um", limit("SELL", "0.2", "51000", position_side="LONG"))

    assert resting.reduce_only
    assert exchange.futures_totals(account).order_margin == 0
    exchange.place(account, "um", at_market("SELL", "0.2", position_side="LONG"))

    assert exchange.open_orders(account, "um", None) == []


def test_the_mode_changes_only_with_nothing_open() -> None:
    exchange = world()
    account = funded(exchange)
    switch = exchange.futures.settings.set_hedged

    assert refused(switch, account, False) == -4059
    order, _ = exchange.place(account, "um", limit("BUY", "0.1", "49000"))
    assert refused(switch, account, True) == -4067
    exchange.cancel(account, "um", "BTCUSDT", order_id=order.order_id, client_order_id=None)
    exchange.place(account, "um", at_market("BUY", "0.1"))
    assert refused(switch, account, True) == -4068
    exchange.place(account, "um", at_market("SELL", "0.1"))
    switch(account, True)
    assert exchange.futures.settings.hedged(account)


def test_legs_and_modes_survive_a_restart(tmp_path: Any) -> None:
    path = str(tmp_path / "exchange.sqlite")
    exchange = world(path=path)
    account = hedged(exchange)
    exchange.futures.settings.set_isolated(account, "BTCUSDT", True)
    exchange.place(account, "um", at_market("BUY", "0.3", position_side="LONG"))
    exchange.place(account, "um", at_market("SELL", "0.2", position_side="SHORT"))
    before = exchange.positions(account)
    exchange._store.close()

    assert world(path=path).positions(account) == before


# --- isolated margin --------------------------------------------------------------------------------------------
def test_an_isolated_position_takes_its_margin_with_it_and_gives_it_back() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.futures.settings.set_isolated(account, "BTCUSDT", True)

    exchange.place(account, "um", limit("BUY", "1", "50005", time_in_force="IOC"))
    [view] = exchange.positions(account)
    put_aside = D("50005") / 20
    assert (view.position.margin, view.position.quantity) == (
        put_aside * view.position.quantity,
        view.position.quantity,
    )
    totals = exchange.futures_totals(account)
    assert totals.cross_wallet == totals.wallet_balance - view.position.margin == totals.available

    exchange.place(account, "um", at_market("SELL", str(view.position.quantity / 2)))
    [half] = exchange.positions(account)
    assert half.position.margin == view.position.margin / 2
    exchange.place(account, "um", at_market("SELL", str(half.position.quantity)))
    totals = exchange.futures_totals(account)
    assert totals.cross_wallet == totals.wallet_balance == free(exchange, account, "USDT", "um")


def test_funding_falls_on_the_isolated_margin() -> None:
    paid = FundingRecord(T0 + HOUR, D("0.01"), 8)
    exchange = world(FeedOfBars(DEFAULT, funding={"BTCUSDT": [paid]}))
    account = funded(exchange)
    exchange.futures.settings.set_isolated(account, "BTCUSDT", True)
    exchange.place(account, "um", at_market("BUY", "0.1"))
    [before] = exchange.positions(account)

    exchange.advance(HOUR)

    [after] = exchange.positions(account)
    assert before.position.margin - after.position.margin == 50  # 0.1 * 50 000 * 1 %
    assert before.liquidation_price < after.liquidation_price


def test_margin_is_added_and_taken_off() -> None:
    exchange = world()
    account = funded(exchange, um_USDT="1000")
    settings = exchange.futures.settings
    assert refused(settings.change_margin, account, "BTCUSDT", "BOTH", D(1), 1) == -4049
    settings.set_isolated(account, "BTCUSDT", True)
    assert refused(settings.change_margin, account, "BTCUSDT", "BOTH", D(1), 1) == -4054
    exchange.place(account, "um", limit("BUY", "0.1", "50005", time_in_force="IOC"))
    [before] = exchange.positions(account)

    settings.change_margin(account, "BTCUSDT", "BOTH", D(100), 1)
    [more] = exchange.positions(account)
    assert more.position.margin == before.position.margin + 100
    # each USDT of margin moves the price by 1 / (0.1 * (1 - 0.4 %))
    assert abs(before.liquidation_price - more.liquidation_price - 1000 / D("0.996")) < D("1E-7")

    assert refused(settings.change_margin, account, "BTCUSDT", "BOTH", D(101), 2) == -4051
    settings.change_margin(account, "BTCUSDT", "BOTH", D(99), 2)
    kinds = [(c.kind, c.amount) for c in settings.margin_changes(account, "BTCUSDT")]
    assert kinds == [(1, 100), (2, 99)]


def test_the_margin_type_changes_only_with_nothing_in_the_symbol() -> None:
    exchange = world()
    account = funded(exchange)
    settings = exchange.futures.settings

    assert refused(settings.set_isolated, account, "BTCUSDT", False) == -4046
    order, _ = exchange.place(account, "um", limit("BUY", "0.1", "49000"))
    assert refused(settings.set_isolated, account, "BTCUSDT", True) == -4047
    settings.set_isolated(account, "ETHUSDT", True)
    exchange.cancel(account, "um", "BTCUSDT", order_id=order.order_id, client_order_id=None)
    exchange.place(account, "um", at_market("BUY", "0.1"))
    assert refused(settings.set_isolated, account, "BTCUSDT", True) == -4048
    exchange.place(account, "um", at_market("BUY", "0.1", symbol="ETHUSDT"))
    exchange.set_leverage(account, "ETHUSDT", 30)
    assert refused(exchange.set_leverage, account, "ETHUSDT", 10) == -4161
    assert refused(settings.set_joined, account, True) == -4167


# --- multi-assets mode ------------------------------------------------------------------------------------------
def test_all_assets_margin_all_positions_less_their_haircut() -> None:
    exchange = world()
    account = funded(exchange, um_USDT="100", um_BNB="2")
    exchange.futures.settings.set_joined(account, True)
    assert refused(exchange.futures.settings.set_joined, account, True) == -4171
    assert refused(exchange.futures.settings.set_isolated, account, "BTCUSDT", True) == -4168

    totals = exchange.futures_totals(account)

    assert totals.available == 1050  # 100 + 2 * 500 * 0.95
    order, _ = exchange.place(account, "um", at_market("BUY", "0.4"))
    assert order.status == "FILLED"  # 20 000 / 20 = 1000: USDT alone would not do
    assert exchange.futures.spendable(account, "BNB", exchange.now_ms()) < D("0.2")


# --- modify -----------------------------------------------------------------------------------------------------
def change(order_id: int, quantity: str, price: str, side: str = "BUY") -> Amendment:
    return Amendment(symbol="BTCUSDT", side=side, quantity=D(quantity), price=D(price), order_id=order_id)


def test_a_modified_order_keeps_its_id_and_its_margin_follows() -> None:
    exchange = world()
    account = funded(exchange)
    order, _ = exchange.place(account, "um", limit("BUY", "1", "49000", client_order_id="mine"))

    changed = exchange.futures.amend(account, change(order.order_id, "0.5", "48000"))

    assert (changed.order_id, changed.client_order_id) == (order.order_id, "mine")
    assert (changed.price, changed.quantity, changed.status) == (48000, D("0.5"), "NEW")
    assert exchange.futures_totals(account).order_margin == 1200  # 0.5 * 48 000 / 20
    assert exchange.cancel_all(account, "um", "BTCUSDT")[0].order_id == order.order_id
    assert exchange.futures_totals(account).order_margin == 0


def test_a_modified_order_goes_behind_those_at_its_price() -> None:
    exchange = world()
    first, second, taker = (funded(exchange, name) for name in ("first", "second", "taker"))
    mine, _ = exchange.place(first, "um", limit("BUY", "0.1", "49999"))
    exchange.place(second, "um", limit("BUY", "0.1", "50000"))
    exchange.futures.amend(first, change(mine.order_id, "0.1", "50000"))

    exchange.place(taker, "um", limit("SELL", "0.1", "50000"))

    assert legs(exchange, second) == {"BOTH": D("0.1")}
    assert legs(exchange, first) == {}


def test_a_modified_order_may_match_at_once() -> None:
    exchange = world()
    account = funded(exchange)
    order, _ = exchange.place(account, "um", limit("BUY", "0.1", "49000"))

    changed = exchange.futures.amend(account, change(order.order_id, "0.1", "50010"))

    assert (changed.status, legs(exchange, account)) == ("FILLED", {"BOTH": D("0.1")})


@pytest.mark.parametrize(
    ("quantity", "price", "side", "code"),
    [
        ("1", "49000", "BUY", -5027),
        ("1", "48000", "SELL", -1130),
        ("0.001", "49000", "BUY", -5029),
        ("1", "49000.05", "BUY", -4014),
        ("50", "49000", "BUY", -2019),
    ],
)
def test_a_refused_change_leaves_the_order_as_it_was(quantity: str, price: str, side: str, code: int) -> None:
    exchange = world()
    account = funded(exchange)
    order, _ = exchange.place(account, "um", limit("BUY", "1", "49000"))
    before = exchange.futures_totals(account), exchange.depth("um", "BTCUSDT", 99)[1:]

    assert refused(exchange.futures.amend, account, change(order.order_id, quantity, price, side)) == code

    assert exchange.open_orders(account, "um", None) == [order]
    assert (exchange.futures_totals(account), exchange.depth("um", "BTCUSDT", 99)[1:]) == before


def test_a_post_only_order_that_would_take_after_its_change_is_canceled() -> None:
    exchange = world()
    account = funded(exchange)
    order, _ = exchange.place(account, "um", limit("BUY", "1", "49000", time_in_force="GTX"))

    changed = exchange.futures.amend(account, change(order.order_id, "1", "50005"))

    assert (changed.status, exchange.open_orders(account, "um", None)) == ("CANCELED", [])


def test_a_change_to_no_more_than_was_filled_cancels_the_rest() -> None:
    exchange = world()
    maker, taker = funded(exchange, "maker"), funded(exchange, "taker")
    order, _ = exchange.place(maker, "um", limit("BUY", "1", "50000"))
    exchange.place(taker, "um", limit("SELL", "0.4", "50000"))

    changed = exchange.futures.amend(maker, change(order.order_id, "0.4", "49990"))

    assert (changed.status, changed.executed) == ("CANCELED", D("0.4"))


# --- prices the exchange chooses ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mode", "side", "of_bids", "level"),
    [
        ("QUEUE", "BUY", True, 1),
        ("QUEUE_5", "BUY", True, 5),
        ("OPPONENT", "BUY", False, 1),
        ("OPPONENT_5", "SELL", True, 5),
        ("QUEUE_10", "SELL", False, 10),
    ],
)
def test_a_price_is_chosen_from_the_book(mode: str, side: str, of_bids: bool, level: int) -> None:
    exchange = world()
    account = funded(exchange)
    _, bids, asks = exchange.depth("um", "BTCUSDT", 20)
    wanted = (bids if of_bids else asks)[level - 1][0]
    asked = limit(side, "0.1", "1", terms=PLAIN.but(price_match=mode))

    order, _ = exchange.place(account, "um", asked)

    assert (order.price, order.terms.price_match) == (wanted, mode)


def test_deleveraging_on_request_closes_at_the_mark() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "0.5"))

    exchange.futures.deleverage(account, "BTCUSDT", "BOTH", D("0.2"))

    [order] = [o for o in exchange.orders(account, "um", None) if o.terms.forced]
    assert (order.client_order_id, order.status, order.quote_executed) == ("adl_autoclose", "FILLED", 10000)
    assert legs(exchange, account) == {"BOTH": D("-0.3")}
