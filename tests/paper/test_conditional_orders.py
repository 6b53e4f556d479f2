"""Conditional orders: when they trigger, what they become, how they end."""

from __future__ import annotations

from typing import Any

import pytest

from atapi.paper.algos import AlgoRecord
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Series
from atapi.paper.order_terms import PLAIN
from atapi.paper.records import Refusal
from tests.paper.feed_of_bars import DAY, DEFAULT, HOUR, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import at_market, funded, limit, world


def moving(
    *steps: tuple[int, str], mark: tuple[tuple[int, str], ...] = (), path: str = ":memory:"
) -> Exchange:
    """A BTC perpetual at 50 000 that moves at these times after the start; its mark with it unless told otherwise."""
    prices = dict(DEFAULT)
    for series in (Series.SPOT, Series.UM):
        prices[series, "BTCUSDT"] = [(0, D(50_000)), *((T0 + at, D(price)) for at, price in steps)]
    if mark:
        prices[Series.MARK, "BTCUSDT"] = [(0, D(50_000)), *((T0 + at, D(price)) for at, price in mark)]
    return world(FeedOfBars(prices), path=path)


def algo(
    account: str, side: str, kind: str, trigger: str = "0", quantity: str = "0.1", **more: Any
) -> AlgoRecord:
    return AlgoRecord(
        account=account,
        algo_id=0,
        client_algo_id=more.pop("client_algo_id", ""),
        symbol="BTCUSDT",
        side=side,
        type=kind,
        trigger_price=D(trigger),
        quantity=D(quantity),
        **more,
    )


def trailing(account: str, side: str, rate: str, **more: Any) -> AlgoRecord:
    return algo(account, side, "TRAILING_STOP_MARKET", callback_rate=D(rate), **more)


def found(exchange: Exchange, record: AlgoRecord) -> AlgoRecord:
    return exchange.futures.algo(record.account, record.algo_id, None)


def became(exchange: Exchange, record: AlgoRecord) -> Any:
    return exchange.order(
        record.account, "um", "BTCUSDT", order_id=found(exchange, record).order_id, client_order_id=None
    )


@pytest.mark.parametrize(
    ("side", "kind", "trigger", "price"),
    [
        ("SELL", "STOP_MARKET", "49000", "49000"),
        ("BUY", "STOP_MARKET", "51000", "51000"),
        ("SELL", "TAKE_PROFIT_MARKET", "51000", "51500"),
        ("BUY", "TAKE_PROFIT_MARKET", "49000", "48500"),
    ],
)
def test_each_kind_triggers_on_its_side_and_becomes_a_market_order(
    side: str, kind: str, trigger: str, price: str
) -> None:
    exchange = moving((90_000, "50100" if price > "50000" else "49900"), (100_000, price), (110_000, "50000"))
    account = funded(exchange)
    placed = exchange.futures.place_algo(algo(account, side, kind, trigger, client_algo_id="mine"))
    assert (placed.status, exchange.orders(account, "um", None)) == ("NEW", [])

    exchange.advance(99_000)
    assert found(exchange, placed).status == "NEW"
    exchange.advance(HOUR)

    ended, order = found(exchange, placed), became(exchange, placed)
    assert (ended.status, ended.triggered_ms) == ("FINISHED", T0 + 100_000)
    assert (order.client_order_id, order.type, order.status) == ("mine", "MARKET", "FILLED")
    assert abs(order.quote_executed / order.executed / D(price) - 1) < D("0.0002")  # the crowd of that second
    assert exchange.futures.open_algos(account, None) == []


def test_a_stop_limit_rests_as_an_ordinary_order_and_finishes_with_it() -> None:
    exchange = moving((MINUTE, "48900"), (10 * MINUTE, "49300"), (11 * MINUTE, "48000"))
    account = funded(exchange)
    exchange.place(account, "um", at_market("BUY", "0.1"))
    placed = exchange.futures.place_algo(algo(account, "SELL", "STOP", "49000", price=D(49200)))

    exchange.advance(5 * MINUTE)
    [resting] = exchange.open_orders(account, "um", None)
    assert (resting.type, resting.price, found(exchange, placed).status) == ("LIMIT", 49200, "TRIGGERED")
    exchange.advance(HOUR)

    assert (became(exchange, placed).status, found(exchange, placed).status) == ("FILLED", "FINISHED")
    assert exchange.positions(account) == []


def test_no_margin_is_asked_for_until_it_triggers_and_then_it_may_be_rejected() -> None:
    exchange = moving((MINUTE, "51000"))
    account = funded(exchange, um_USDT="100")

    placed = exchange.futures.place_algo(algo(account, "BUY", "STOP_MARKET", "51000", quantity="1"))
    assert exchange.futures_totals(account).available == 100
    exchange.advance(HOUR)

    ended = found(exchange, placed)
    assert (ended.status, ended.failure, ended.order_id) == ("REJECTED", "Margin is insufficient.", 0)
    assert exchange.orders(account, "um", None) == []


def test_the_mark_price_triggers_where_it_is_asked_for() -> None:
    exchange = moving((MINUTE, "48000"), mark=((5 * MINUTE, "48900"),))
    account = funded(exchange)
    by_mark = exchange.futures.place_algo(
        algo(account, "SELL", "STOP_MARKET", "49000", working_type="MARK_PRICE")
    )
    by_last = exchange.futures.place_algo(algo(account, "SELL", "STOP_MARKET", "49000"))

    exchange.advance(HOUR)

    times = [found(exchange, each).triggered_ms - T0 for each in (by_mark, by_last)]
    assert times == [5 * MINUTE, MINUTE]


def test_a_protected_order_is_rejected_where_last_and_mark_are_apart() -> None:
    exchange = moving((MINUTE, "46000"), mark=((MINUTE, "50000"),))
    account = funded(exchange)
    placed = exchange.futures.place_algo(algo(account, "SELL", "STOP_MARKET", "49000", price_protect=True))

    exchange.advance(HOUR)

    assert found(exchange, placed).status == "REJECTED"  # 4000 / 50000 is more than 5 %


@pytest.mark.parametrize("step", [HOUR, 13_000, 1000])
def test_a_trailing_stop_follows_the_best_price_from_its_activation(step: int) -> None:
    moves = (
        (60_000, "50400"),
        (120_000, "50600"),
        (180_000, "51200"),
        (240_000, "50700"),
        (300_000, "50600"),
    )
    exchange = moving(*moves)
    account = funded(exchange)
    placed = exchange.futures.place_algo(trailing(account, "SELL", "1", activate_price=D(50500)))
    assert not placed.active

    for _ in range(6 * MINUTE // step + 1):
        exchange.advance(step)

    # active at 50 600, best 51 200, turns at 51 200 * 0.99 = 50 688
    ended = found(exchange, placed)
    assert (ended.status, ended.extreme, ended.triggered_ms - T0) == ("FINISHED", 51200, 300_000)


def test_a_trailing_stop_remembers_its_best_price_when_the_exchange_is_opened_again(tmp_path: Any) -> None:
    path = str(tmp_path / "exchange.sqlite")
    exchange = moving((MINUTE, "51200"), path=path)
    account = funded(exchange)
    placed = exchange.futures.place_algo(trailing(account, "SELL", "1"))
    exchange.advance(2 * MINUTE)
    exchange._store.close()

    prices = {series: [(0, D(51000)), (T0 + 4 * MINUTE, D(50687))] for series in (Series.SPOT, Series.UM)}
    feed = FeedOfBars(DEFAULT | {(series, "BTCUSDT"): steps for series, steps in prices.items()})
    again = world(feed, at_ms=T0 + 2 * MINUTE, path=path)
    again.advance(HOUR)

    assert (found(again, placed).extreme, found(again, placed).triggered_ms - T0) == (51200, 4 * MINUTE)


def test_closing_the_position_takes_whatever_it_is_by_then() -> None:
    exchange = moving((10 * MINUTE, "48900"))
    account = funded(exchange)
    exchange.place(account, "um", at_market("BUY", "0.1"))
    placed = exchange.futures.place_algo(
        algo(account, "SELL", "STOP_MARKET", "49000", quantity="0", close_position=True)
    )
    exchange.place(account, "um", at_market("BUY", "0.2"))

    exchange.advance(HOUR)

    assert (became(exchange, placed).executed, exchange.positions(account)) == (D("0.3"), [])


def test_one_for_the_life_of_a_position_ends_with_it() -> None:
    exchange = moving()
    account = funded(exchange)
    with pytest.raises(Refusal) as caught:
        exchange.futures.place_algo(algo(account, "SELL", "STOP_MARKET", "49000", time_in_force="GTE_GTC"))
    assert caught.value.code == -4509
    exchange.place(account, "um", at_market("BUY", "0.1"))
    placed = exchange.futures.place_algo(
        algo(account, "SELL", "STOP_MARKET", "49000", time_in_force="GTE_GTC", reduce_only=True)
    )

    exchange.place(account, "um", at_market("SELL", "0.1", reduce_only=True))

    assert found(exchange, placed).status == "EXPIRED"


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (("SELL", "STOP_MARKET", "50000"), -2021),
        (("BUY", "STOP_MARKET", "49999"), -2021),
        (("SELL", "TAKE_PROFIT_MARKET", "49999"), -2021),
        (("BUY", "TAKE_PROFIT_MARKET", "50001"), -2021),
        (("SELL", "STOP_MARKET", "49000.05"), -4014),
        (("SELL", "STOP_MARKET", "49000", "0.0001"), -1111),
        (("SELL", "STOP_MARKET", "49000", "0.001"), -4164),
    ],
)
def test_a_conditional_order_is_refused_at_once(record: tuple[str, ...], code: int) -> None:
    exchange = moving()
    account = funded(exchange)

    with pytest.raises(Refusal) as caught:
        exchange.futures.place_algo(algo(account, *record))

    assert caught.value.code == code
    assert exchange.futures.algos(account, None) == []


def test_an_account_has_two_hundred_at_most() -> None:
    exchange = moving()
    account = funded(exchange)
    for _ in range(200):
        exchange.futures.place_algo(algo(account, "SELL", "STOP_MARKET", "40000"))

    with pytest.raises(Refusal) as caught:
        exchange.futures.place_algo(algo(account, "SELL", "STOP_MARKET", "40000"))

    assert (caught.value.code, caught.value.message) == (-4045, "Reach max stop order limit.")


def test_a_stop_closes_before_the_price_that_would_liquidate() -> None:
    exchange = moving((MINUTE, "49000"), (2 * MINUTE, "40000"))
    account = funded(exchange, um_USDT="3000")
    exchange.place(account, "um", at_market("BUY", "1"))
    exchange.futures.place_algo(
        algo(account, "SELL", "STOP_MARKET", "49500", quantity="0", close_position=True)
    )

    exchange.advance(DAY)

    assert [o.terms.forced for o in exchange.orders(account, "um", None)] == ["", ""]
    assert exchange.balances(account, "um")["USDT"][0] > 1900  # 3000 - 1010, less fees


def test_what_triggers_opens_a_position_that_pays_funding_and_can_be_liquidated() -> None:
    exchange = moving((HOUR, "51000"), (10 * HOUR, "40000"))
    account = funded(exchange, um_USDT="3000")
    exchange.futures.place_algo(algo(account, "BUY", "STOP_MARKET", "51000", quantity="1"))

    exchange.advance(DAY)

    kinds = {line.kind for line in exchange.income(account)}
    assert {"FUNDING_FEE", "INSURANCE_CLEAR"} <= kinds
    assert exchange.positions(account) == []


# --- deadlines --------------------------------------------------------------------------------------------------
def test_a_good_till_date_order_expires_on_the_exchanges_clock() -> None:
    exchange = moving()
    account = funded(exchange)
    until = T0 + 11 * MINUTE
    order, _ = exchange.place(
        account,
        "um",
        limit("BUY", "0.1", "49000", time_in_force="GTD", terms=PLAIN.but(good_till_ms=until)),
    )

    exchange.advance(11 * MINUTE - 1)
    assert len(exchange.open_orders(account, "um", None)) == 1
    exchange.advance(1)

    ended = exchange.order(account, "um", "BTCUSDT", order_id=order.order_id, client_order_id=None)
    assert (ended.status, ended.updated_ms) == ("EXPIRED", until)


def test_a_countdown_cancels_unless_it_is_called_again(tmp_path: Any) -> None:
    path = str(tmp_path / "exchange.sqlite")
    exchange = moving(path=path)
    account = funded(exchange)
    exchange.place(account, "um", limit("BUY", "0.1", "49000"))
    exchange.place(account, "um", limit("BUY", "1", "2900", symbol="ETHUSDT"))

    exchange.futures.count_down(account, "BTCUSDT", 120_000)
    exchange.advance(60_000)
    exchange.futures.count_down(account, "BTCUSDT", 120_000)
    exchange.advance(119_999)
    assert len(exchange.open_orders(account, "um", None)) == 2
    exchange._store.close()
    again = world(FeedOfBars(DEFAULT), at_ms=T0 + 179_999, path=path)  # it survives a restart
    again.advance(1)

    assert [order.symbol for order in again.open_orders(account, "um", None)] == ["ETHUSDT"]
    assert [o.status for o in again.orders(account, "um", "BTCUSDT")] == ["CANCELED"]
