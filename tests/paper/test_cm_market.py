"""COIN-M perpetuals: contracts, margin and profit in the coin, funding, wallets, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from atapi.domain.numbers import to_ledger
from atapi.matching.ledger import Holder
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange, PositionView
from atapi.paper.feeds.base import FundingRecord, Series
from atapi.paper.records import Refusal
from atapi.paper.store import Store
from tests.paper.feed_of_bars import DEFAULT, HOUR, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import at_market, counted_keys, free, funded, limit, world

BTC, ETH = "BTCUSD_PERP", "ETHUSD_PERP"


def moving(*prices: tuple[int, str], **more: Any) -> FeedOfBars:
    """A BTC perpetual whose spot and futures price change together."""
    steps = dict(DEFAULT)
    for series in (Series.SPOT, Series.UM):
        steps[series, "BTCUSDT"] = [(0, D(50000)), *((T0 + at, D(price)) for at, price in prices)]
    return FeedOfBars(steps, **more)


def holder_of_coins(exchange: Exchange, **amounts: str) -> str:
    return funded(exchange, **(amounts or {"cm_BTC": "1", "spot_BTC": "2", "um_USDT": "1000"}))


def position(exchange: Exchange, account: str) -> PositionView:
    [view] = exchange.positions(account, "cm")
    return view


def refusal(call: Any, *args: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        call(*args)
    return caught.value.code, caught.value.message


def test_a_long_is_opened_in_contracts_and_margined_in_coin() -> None:
    exchange = world()
    account = holder_of_coins(exchange)

    order, trades = exchange.place(account, "cm", at_market("BUY", "10", BTC))

    [trade] = trades
    view = position(exchange, account)
    assert (order.status, trade.price, trade.quantity) == ("FILLED", D(50005), 10)
    value = D(1000) / 50005  # 10 contracts of 100 USD
    assert to_ledger(view.position.cost) == to_ledger(value)
    assert (trade.fee, trade.fee_asset) == (to_ledger(value * D("0.0005")), "BTC")
    assert view.mark_price == 50000
    assert view.notional == D("0.02")  # 1000 / 50000
    assert view.initial_margin == D("0.001")  # 0.02 / 20
    assert view.maintenance_margin == D("0.00008")  # 0.02 * 0.4 %
    assert view.unrealized == to_ledger(value - D("0.02"))  # bought above the mark: a loss of coins
    totals = exchange.futures_totals(account, "BTC", "cm")
    assert totals.wallet_balance == 1 - trade.fee
    assert totals.available == 1 - trade.fee + view.unrealized - D("0.001")
    assert exchange.positions(account) == []
    assert exchange.income(account, "um") == exchange.income(account)
    assert [line.kind for line in exchange.income(account, "cm")] == ["TRANSFER", "COMMISSION"]


def test_a_round_trip_realizes_coins_by_the_reciprocals() -> None:
    exchange = world(moving((MINUTE, "40000")))
    account = holder_of_coins(exchange)
    exchange.place(account, "cm", at_market("SELL", "100", BTC))
    exchange.advance(MINUTE)

    exchange.place(account, "cm", at_market("BUY", "30", BTC, reduce_only=True))
    exchange.place(account, "cm", at_market("BUY", "70", BTC, reduce_only=True))

    fills = exchange.trades(account, "cm", BTC)
    paid = sum(t.quantity * 100 / t.price * (1 if t.side == "BUY" else -1) for t in fills)
    realized = sum(t.realized for t in fills)
    assert realized == to_ledger(Decimal(paid))  # short 10000 USD at 50000, covered at 40000: about 0.05 BTC
    assert D("0.049") < realized < D("0.05")
    fees = sum(t.fee for t in fills)
    assert free(exchange, account, "BTC", "cm") == 1 + realized - fees
    assert exchange.positions(account, "cm") == []


def test_a_resting_order_is_margined_and_let_go_of_to_the_last_digit() -> None:
    exchange = world()
    account = holder_of_coins(exchange)

    order, _ = exchange.place(account, "cm", limit("BUY", "300", "48000.7", BTC))

    needed = to_ledger(D(30_000) / D("48000.7") / 20)
    assert exchange.futures_totals(account, "BTC", "cm").order_margin == needed
    exchange.cancel(account, "cm", BTC, order_id=order.order_id, client_order_id=None)
    assert exchange.futures_totals(account, "BTC", "cm").available == 1


def test_an_order_rests_until_the_market_trades_beyond_it() -> None:
    exchange = world(moving((MINUTE, "47900")))
    account = holder_of_coins(exchange)
    order, _ = exchange.place(account, "cm", limit("BUY", "300", "48000", BTC))

    exchange.advance(3 * MINUTE)

    filled = exchange.order(account, "cm", BTC, order_id=order.order_id, client_order_id=None)
    [trade] = exchange.trades(account, "cm", BTC)
    assert (filled.status, trade.maker, trade.price) == ("FILLED", True, 48000)
    assert filled.quote_executed == D("0.625")  # 300 * 100 / 48000, coins
    assert trade.fee == D("0.000125")  # 0.625 * 0.02 %


def test_more_margin_than_there_is_is_refused() -> None:
    exchange = world()
    account = holder_of_coins(exchange, cm_BTC="0.01")

    # 0.01 BTC at 20x carries 0.2 BTC: 100 contracts at 50000; the open loss leaves room for fewer
    assert refusal(exchange.place, account, "cm", at_market("BUY", "101", BTC)) == (
        -2019,
        "Margin is insufficient.",
    )
    assert exchange.place(account, "cm", at_market("BUY", "90", BTC))[0].status == "FILLED"


def test_brackets_bound_the_notional_in_coins() -> None:
    exchange = world()
    account = holder_of_coins(exchange, cm_BTC="500")
    exchange.set_leverage(account, BTC, 125, "cm")

    # 5 BTC at 125x: 2500 contracts at 50000
    far = limit("BUY", "2600", "49000", BTC)
    assert refusal(exchange.place, account, "cm", far)[0] == -2027
    assert refusal(exchange.set_leverage, account, BTC, 126, "cm") == (-4028, "Leverage 126 is not valid")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (limit("BUY", "1.5", "50000", BTC), -1111),
        (limit("BUY", "0", "50000", BTC), -4003),
        (limit("BUY", "1", "50000.05", BTC), -1111),
        (limit("BUY", "1", "52600", BTC), -4016),
        (limit("SELL", "1", "47400", BTC), -4024),
        (limit("BUY", "1", "50000", "BTCUSDT"), -1121),
        (at_market("SELL", "1", BTC, reduce_only=True), -2022),
        (limit("BUY", "1", "50010", BTC, time_in_force="GTX"), -5022),
    ],
)
def test_refusals_are_those_of_futures(order: Any, code: int) -> None:
    exchange = world()

    assert refusal(exchange.place, holder_of_coins(exchange), "cm", order)[0] == code


def test_one_contract_is_enough_there_is_no_least_notional() -> None:
    exchange = world()

    assert exchange.place(holder_of_coins(exchange), "cm", at_market("BUY", "1", BTC))[0].executed == 1


def test_funding_is_paid_in_coin_from_longs_to_shorts() -> None:
    paid = FundingRecord(T0 + HOUR, D("0.001"), 8)
    exchange = world(moving((30 * MINUTE, "40000"), funding={"BTCUSDT": [paid]}))
    long, short = (funded(exchange, name, cm_BTC="1") for name in ("long", "short"))
    exchange.place(long, "cm", at_market("BUY", "100", BTC))
    exchange.place(short, "cm", at_market("SELL", "40", BTC))

    exchange.advance(2 * HOUR)

    fees = [
        [line.amount for line in exchange.income(account, "cm") if line.kind == "FUNDING_FEE"]
        for account in (long, short)
    ]
    assert fees == [[D("-0.00025")], [D("0.0001")]]  # 100 * 100 / 40000 * 0.001
    [settled] = exchange.funding_history(BTC, T0, None, 10, "cm")
    assert (settled.symbol, settled.rate, settled.mark_price) == (BTC, D("0.001"), 40000)


def test_a_short_of_no_more_than_its_coins_is_never_liquidated() -> None:
    exchange = world()
    account = holder_of_coins(exchange, cm_BTC="1.1")
    exchange.place(account, "cm", at_market("SELL", "500", BTC))

    assert position(exchange, account).liquidation_price == 0
    exchange.place(account, "cm", at_market("SELL", "500", BTC))
    assert position(exchange, account).liquidation_price > 60000


def test_coins_move_between_spot_and_the_coin_wallet_and_no_more_than_is_free() -> None:
    exchange = world()
    account = holder_of_coins(exchange, spot_BTC="2")

    exchange.transfer(account, "MAIN_CMFUTURE", "BTC", D("1.5"))
    exchange.place(account, "cm", at_market("BUY", "100", BTC))
    left = exchange.futures_totals(account, "BTC", "cm").available

    assert refusal(exchange.transfer, account, "CMFUTURE_MAIN", "BTC", left + D("0.00000001"))[0] == -5013
    exchange.transfer(account, "CMFUTURE_MAIN", "BTC", left)
    assert free(exchange, account, "BTC") == D("0.5") + left
    assert exchange.futures_totals(account, "BTC", "cm").available == 0
    assert [line.kind for line in exchange.income(account)] == []  # no line of it on USD-M


def test_each_coin_carries_its_own_positions() -> None:
    exchange = world()
    account = holder_of_coins(exchange, cm_BTC="1", cm_ETH="10")

    exchange.place(account, "cm", at_market("SELL", "300", ETH))  # 3000 USD

    assert exchange.futures_totals(account, "BTC", "cm").initial_margin == 0
    assert exchange.futures_totals(account, "ETH", "cm").position_margin == D("0.05")  # 3000 / 3000 / 20


def entries_sum(store: Store) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for _, _, _, _, asset, amount in store.entries():
        sums[asset] = sums.get(asset, D(0)) + amount
    return sums


def test_a_restart_finds_positions_orders_income_and_margin_as_they_were(tmp_path: Any) -> None:
    path = str(tmp_path / "exchange.sqlite")
    clock = PaperClock.still(T0, wall=lambda: T0)
    store = Store(path)
    exchange = Exchange(moving(), clock, store, make_key=counted_keys())
    account = holder_of_coins(exchange)
    exchange.place(account, "cm", at_market("BUY", "77", BTC))
    exchange.place(account, "cm", limit("BUY", "13", "48000", BTC))
    before = (
        exchange.positions(account, "cm"),
        exchange.futures_totals(account, "BTC", "cm"),
        exchange.income(account, "cm"),
        exchange.open_orders(account, "cm", None),
    )
    store.close()

    again = Exchange(moving(), PaperClock.still(T0, wall=lambda: T0), Store(path))

    assert before == (
        again.positions(account, "cm"),
        again.futures_totals(account, "BTC", "cm"),
        again.income(account, "cm"),
        again.open_orders(account, "cm", None),
    )


def test_nothing_appears_or_is_lost_between_two_accounts_the_crowd_and_funding() -> None:
    store = Store(":memory:")
    feed = moving(
        *((i * 20 * MINUTE, str(50000 + (i * 7919) % 2400 - 1200)) for i in range(1, 60)),
        premium=lambda symbol, at_ms: D(at_ms // HOUR % 5 - 2).scaleb(-3),
    )
    exchange = Exchange(feed, PaperClock.still(T0, wall=lambda: T0), store, make_key=counted_keys())
    accounts = [funded(exchange, name, cm_BTC="3", um_USDT="9000") for name in ("ann", "bob")]
    for step in range(60):
        account, side = accounts[step % 2], ("BUY", "SELL")[step * 5 % 7 % 2]
        price = exchange.last_price("cm", BTC) + step % 9 - 4
        exchange.place(account, "cm", limit(side, str(1 + step * 37 % 211), str(price), BTC))
        exchange.place(account, "um", at_market(side, "0.01"))
        exchange.advance(20 * MINUTE)

    assert not any(entries_sum(store).values())
    balances = {(holder, asset): balance for holder, asset, balance in store.balances()}
    for account in accounts:
        fills = exchange.trades(account, "cm", BTC)
        held = {view.position.symbol: view.position for view in exchange.positions(account, "cm")}
        signed = [(t.quantity if t.side == "BUY" else -t.quantity, t.price) for t in fills]
        paid = sum(((q * 100 / p).quantize(D("1E-16")) for q, p in signed), D(0))
        left = held[BTC].cost + held[BTC].carry if BTC in held else D(0)
        assert left + sum(t.realized for t in fills) == paid
        explained = sum(line.amount for line in exchange.income(account, "cm"))
        assert balances[Holder(account, "cm"), "BTC"] == explained
        assert len(fills) > 10
