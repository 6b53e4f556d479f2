"""Liquidation: when, at what price, who pays; with the arithmetic shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.matching.ledger import INSURANCE
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import PerpetualRules, Series
from atapi.paper.liquidations import MarginCall
from tests.paper.feed_of_bars import HOUR, MINUTE, T0, D, FeedOfBars, bracket
from tests.paper.worlds import free, funded, limit, world

# One coin at 100, MMR 1 %, so that the protocol's example can be read off.
PLAIN = PerpetualRules(
    symbol="XUSDT",
    base_asset="X",
    quote_asset="USDT",
    tick_size=D("0.001"),
    lot_size=D("0.001"),
    min_notional=D(5),
    price_precision=3,
    quantity_precision=3,
    brackets=(bracket("0", "10000", 50, "0.01", "0"), bracket("10000", "1000000", 10, "0.02", "100")),
    liquidation_fee=D("0.0125"),
)


def falling(*steps: tuple[int, str], start: str = "100") -> Exchange:
    """A world whose one perpetual costs 100 and moves at these times after the start."""
    path = [(0, D(start)), *((T0 + at, D(price)) for at, price in steps)]
    return world(FeedOfBars({(Series.UM, "XUSDT"): path}, um=(PLAIN,), spot=()))


def order(side: str, quantity: str, price: str, **more: Any) -> Any:
    return limit(side, quantity, price, symbol="XUSDT", **more)


def pair(exchange: Exchange, quantity: str, *, long: str, short: str, leverage: int = 10) -> tuple[str, str]:
    """Two accounts that hold opposite positions at 100 and wallets of these sizes, having paid no fee of note."""
    longs, shorts = funded(exchange, "long", um_USDT="100000"), funded(exchange, "short", um_USDT="100000")
    for account in (longs, shorts):
        exchange.set_leverage(account, "XUSDT", leverage)
    exchange.place(longs, "um", order("BUY", quantity, "100"))
    exchange.place(shorts, "um", order("SELL", quantity, "100"))
    for account, wallet in ((longs, long), (shorts, short)):
        spare = free(exchange, account, "USDT", "um") - D(wallet)
        exchange.transfer(account, "UMFUTURE_MAIN", "USDT", spare)
    return longs, shorts


def fund(exchange: Exchange) -> Decimal:
    return exchange.futures.insurance.balance("USDT")


def forced(exchange: Exchange, account: str) -> list[Any]:
    return [o for o in exchange.orders(account, "um", "XUSDT") if o.terms.forced]


def test_the_protocols_vector_a_long_of_1_at_100_on_10_is_liquidated_at_90_909() -> None:
    exchange = falling((MINUTE, "90.92"), (2 * MINUTE, "90.90"))
    account, _ = pair(exchange, "1", long="10", short="1000")
    [view] = exchange.positions(account)
    assert view.liquidation_price == D("90.90909091")  # (10 - 100) / (0.01 - 1)

    exchange.advance(2 * MINUTE - 1)
    assert [v.position.quantity for v in exchange.positions(account)] == [1]
    exchange.advance(1)

    assert exchange.positions(account) == []
    [closing] = forced(exchange, account)
    assert closing.client_order_id.startswith("autoclose-")
    assert (closing.type, closing.time_in_force, closing.side) == ("LIMIT", "IOC", "SELL")
    assert closing.price == 90  # where its 10 are used up
    assert (closing.status, closing.created_ms) == ("FILLED", T0 + 2 * MINUTE)


def test_what_the_book_gives_beyond_the_bankruptcy_price_pays_the_fee_and_the_rest_stays() -> None:
    exchange = falling((MINUTE, "90.90"))
    account, _ = pair(exchange, "1", long="10", short="1000")

    exchange.advance(MINUTE)

    [closing] = forced(exchange, account)
    [fill] = [t for t in exchange.trades(account, "um", "XUSDT") if t.order_id == closing.order_id]
    assert D("90.88") < fill.price < D("90.90")  # the crowd's bid, a basis point below
    assert (fill.fee, fill.realized) == (0, fill.price - 100)
    left = 10 + fill.realized  # 0.89
    wanted = fill.price * D("0.0125")  # 1.136: more than is left
    assert wanted > left
    [clear] = [line for line in exchange.income(account) if line.kind == "INSURANCE_CLEAR"]
    assert clear.amount == -left
    assert free(exchange, account, "USDT", "um") == 0
    assert fund(exchange) == 1_000_000 + left


def test_a_short_is_liquidated_above() -> None:
    exchange = falling((MINUTE, "108.90"), (2 * MINUTE, "108.92"))
    _, account = pair(exchange, "1", long="1000", short="10")

    exchange.advance(2 * MINUTE - 1)
    assert exchange.positions(account)[0].liquidation_price == D("108.91089109")  # (10 + 100) / (0.01 + 1)
    exchange.advance(1)

    [closing] = forced(exchange, account)
    assert (closing.side, closing.price, exchange.positions(account)) == ("BUY", 110, [])


def test_open_orders_are_canceled_first() -> None:
    exchange = falling((MINUTE, "90"))
    account, _ = pair(exchange, "1", long="15", short="1000")
    resting, _ = exchange.place(account, "um", order("BUY", "0.1", "80"))

    exchange.advance(HOUR)

    found = exchange.order(account, "um", "XUSDT", order_id=resting.order_id, client_order_id=None)
    assert exchange.positions(account)[0].position.quantity == 1  # 15 - 10 is more than 0.9
    assert found.status == "NEW"

    exchange = falling((MINUTE, "85"))
    account, _ = pair(exchange, "1", long="15", short="1000")
    resting, _ = exchange.place(account, "um", order("BUY", "0.1", "80"))
    exchange.advance(HOUR)

    found = exchange.order(account, "um", "XUSDT", order_id=resting.order_id, client_order_id=None)
    assert (found.status, found.expiry_reason) == ("EXPIRED", "LIQUIDATION")
    assert exchange.positions(account) == []


def test_where_the_market_gapped_through_the_fund_takes_over_at_the_bankruptcy_price() -> None:
    exchange = falling((MINUTE, "80"))
    account, _ = pair(exchange, "1", long="10", short="1000")

    exchange.advance(MINUTE)

    [closing] = forced(exchange, account)
    assert (closing.price, closing.quote_executed) == (90, 90)
    assert free(exchange, account, "USDT", "um") == 0  # 10 - 10
    assert fund(exchange) == 1_000_000 - 10  # took 1 over at 90, closed at 80


def test_where_the_fund_cannot_bear_it_who_gains_is_deleveraged() -> None:
    exchange = falling((MINUTE, "80"))
    exchange.futures.insurance.spend("USDT", D(999_995), exchange.now_ms())
    account, other = pair(exchange, "1", long="10", short="1000")

    exchange.advance(MINUTE)

    [closing], [deleveraged] = forced(exchange, account), forced(exchange, other)
    assert (closing.price, free(exchange, account, "USDT", "um")) == (90, 0)
    assert (deleveraged.client_order_id, deleveraged.side) == ("adl_autoclose", "BUY")
    assert (deleveraged.quote_executed, deleveraged.status) == (90, "FILLED")  # not the 80 it might have had
    assert exchange.positions(other) == []
    assert free(exchange, other, "USDT", "um") == 1010
    assert fund(exchange) == 5


def test_those_are_deleveraged_first_that_gain_most_by_their_leverage() -> None:
    exchange = falling((MINUTE, "80"))
    _, calm = pair(exchange, "1", long="1000", short="1000", leverage=2)
    _, keen = pair(exchange, "1", long="1000", short="1000", leverage=20)
    exchange.advance(MINUTE)

    ranks = {account: exchange.positions(account)[0].adl for account in (calm, keen)}

    assert ranks == {keen: 4, calm: 2}  # 0.2 * 20 before 0.2 * 2


def test_a_large_position_is_reduced_tier_by_tier() -> None:
    exchange = falling((MINUTE, "90.97"))
    account, _ = pair(exchange, "120", long="1201", short="90000")
    # 12 000 lie in the second tier: at 90.97 they need 0.02 * 10 916.4 - 100 = 118.33, and 1201 - 1083.6 = 117.4 are left

    exchange.advance(MINUTE)

    first, *_ = forced(exchange, account)
    assert first.quantity == D("10.074")  # 120 - 10 000 / 90.97


def test_isolated_margin_is_all_that_a_position_can_lose() -> None:
    exchange = falling((MINUTE, "80"))
    longs = funded(exchange, "long", um_USDT="1000")
    shorts = funded(exchange, "short", um_USDT="1000")
    exchange.set_leverage(longs, "XUSDT", 10)
    exchange.futures.settings.set_isolated(longs, "XUSDT", True)
    exchange.place(longs, "um", order("BUY", "1", "100"))
    exchange.place(shorts, "um", order("SELL", "1", "100"))
    fee = D("0.02")  # maker, of 100
    [view] = exchange.positions(longs)
    assert (view.position.margin, view.liquidation_price) == (10, D("90.90909091"))

    exchange.advance(MINUTE)

    [closing] = forced(exchange, longs)
    assert (closing.price, exchange.positions(longs)) == (90, [])
    assert free(exchange, longs, "USDT", "um") == 1000 - fee - 10


def test_the_other_leg_keeps_a_hedged_position_alive() -> None:
    exchange = falling((MINUTE, "80"))
    account, other = funded(exchange, "hedger", um_USDT="20"), funded(exchange, "other", um_USDT="1000")
    exchange.futures.settings.set_hedged(account, True)
    for side, leg, opposite in (("BUY", "LONG", "SELL"), ("SELL", "SHORT", "BUY")):
        exchange.place(account, "um", order(side, "1", "100", position_side=leg))
        exchange.place(other, "um", order(opposite, "1", "100"))

    exchange.advance(HOUR)

    quantities = {v.position.position_side: v.position.quantity for v in exchange.positions(account)}
    assert quantities == {"LONG": 1, "SHORT": -1}


def test_an_account_is_warned_once_before() -> None:
    exchange = falling((MINUTE, "91.1"), (2 * MINUTE, "91.05"), (3 * MINUTE, "95"), (4 * MINUTE, "91.1"))
    account, _ = pair(exchange, "1", long="10", short="1000")
    calls: list[MarginCall] = []
    exchange.subscribe(lambda kind, record: calls.append(record) if kind == "margin_call" else None)

    exchange.advance(HOUR)

    # 0.911 of 1.1 is more than 80 %; at 95 it is safe, and then it is not
    assert [(c.account, c.time_ms - T0, c.cross_wallet) for c in calls] == [
        (account, MINUTE, 10),
        (account, 4 * MINUTE, 10),
    ]
    assert exchange.positions(account) != []


@pytest.mark.parametrize("step", [MINUTE, 7 * 1000, HOUR])
def test_small_steps_liquidate_as_one_large_step_does(step: int) -> None:
    exchange = falling((90_000, "90.9"), (100_000, "100"))
    account, _ = pair(exchange, "1", long="10", short="1000")

    for _ in range(HOUR // step + 1):
        exchange.advance(step)

    [closing] = forced(exchange, account)
    assert closing.created_ms == T0 + 90_000


def test_the_ledger_conserves_through_it_all() -> None:
    exchange = falling((MINUTE, "80"), (2 * MINUTE, "300"))
    account, other = pair(exchange, "1", long="10", short="30")

    exchange.advance(HOUR)

    assert exchange.positions(account) == exchange.positions(other) == []
    sums: dict[str, Decimal] = {}
    for _, _, _, _, asset, amount in exchange._store.entries():
        sums[asset] = sums.get(asset, D(0)) + amount
    assert not any(sums.values())
    assert exchange.balances(INSURANCE, "um")["USDT"][0] == fund(exchange)
