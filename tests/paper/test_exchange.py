"""What the exchange's front adds to the nouns behind it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.errors import StorageError
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import PerpetualRules, Series, SpotRules
from atapi.paper.records import Refusal
from atapi.paper.store import Store
from tests.paper.feed_of_bars import BTC_UM, DEFAULT, HOUR, T0, D, FeedOfBars
from tests.paper.worlds import at_market, counted_keys, free, funded, limit, world


@pytest.mark.parametrize(
    "ask",
    [
        lambda x, a: x.last_price("spot", "NOSUCH"),
        lambda x, a: x.depth("um", "NOSUCH", 5),
        lambda x, a: x.bars(Series.SPOT, "NOSUCH", HOUR, None, None, 5),
        lambda x, a: x.public_trades("spot", "NOSUCH", 5),
        lambda x, a: x.mark("NOSUCH"),
        lambda x, a: x.funding_history("NOSUCH", None, None, 5),
        lambda x, a: x.open_interest("NOSUCH"),
        lambda x, a: x.place(a, "um", at_market("BUY", "1", symbol="NOSUCH")),
        lambda x, a: x.cancel_all(a, "spot", "NOSUCH"),
        lambda x, a: x.open_orders(a, "spot", "NOSUCH"),
        lambda x, a: x.orders(a, "spot", "NOSUCH"),
        lambda x, a: x.trades(a, "um", "NOSUCH"),
        lambda x, a: x.fee_rates(a, "spot", "NOSUCH"),
        lambda x, a: x.leverage(a, "NOSUCH"),
        lambda x, a: x.set_leverage(a, "NOSUCH", 5),
    ],
)
def test_an_unknown_symbol_is_refused_everywhere(ask: Any) -> None:
    exchange = world()
    account = funded(exchange)

    with pytest.raises(Refusal) as caught:
        ask(exchange, account)

    assert (caught.value.code, caught.value.message) == (-1121, "Invalid symbol.")


def test_fee_rates_are_a_regular_users() -> None:
    exchange = world()
    account = funded(exchange)

    assert exchange.fee_rates(account, "spot", "BTCUSDT") == (D("0.001"), D("0.001"))
    assert exchange.fee_rates(account, "um", "BTCUSDT") == (D("0.0002"), D("0.0005"))


def test_the_last_price_looks_back_over_a_gap() -> None:
    steps = {**DEFAULT, (Series.SPOT, "BTCUSDT"): [(0, D(41000)), (T0 - 5 * HOUR, None)]}

    assert world(FeedOfBars(steps)).last_price("spot", "BTCUSDT") == 41000


def test_before_any_price_there_is_none_to_tell() -> None:
    exchange = world(FeedOfBars({}))

    for ask in (lambda: exchange.last_price("spot", "BTCUSDT"), lambda: exchange.mark("BTCUSDT")):
        with pytest.raises(Refusal, match="Invalid symbol"):
            ask()
    assert exchange.depth("spot", "BTCUSDT", 5)[1:] == ([], [])
    account = funded(exchange)
    with pytest.raises(Refusal) as caught:
        exchange.place(account, "um", at_market("BUY", "1"))
    assert caught.value.code == -4140


def test_the_index_of_a_multiplied_perpetual_is_that_many_coins() -> None:
    pepe = SpotRules(
        symbol="PEPEUSDT",
        base_asset="PEPE",
        quote_asset="USDT",
        tick_size=D("0.00000001"),
        lot_size=D(1),
        min_notional=D(5),
    )
    thousand = PerpetualRules(
        symbol="1000PEPEUSDT",
        base_asset="1000PEPE",
        quote_asset="USDT",
        tick_size=D("0.0000001"),
        lot_size=D(1),
        min_notional=D(5),
        price_precision=7,
        quantity_precision=0,
        brackets=BTC_UM.brackets,
    )
    steps = {
        (Series.SPOT, "PEPEUSDT"): [(0, D("0.00001234"))],
        (Series.UM, "1000PEPEUSDT"): [(0, D("0.01235"))],
    }
    exchange = world(FeedOfBars(steps, spot=[pepe], um=[thousand]))

    assert exchange.mark("1000PEPEUSDT").index_price == D("0.01234")


class Flickering(FeedOfBars):
    """A feed whose files are gone while `dark`."""

    dark = False
    lost = "BNBUSDT"

    def price(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        if self.dark and symbol == self.lost:
            raise OSError("the recordings are gone")
        return super().price(series, symbol, now_ms)


def test_a_call_that_broke_off_half_done_is_not_built_upon() -> None:
    feed = Flickering(DEFAULT)
    exchange = world(feed)
    account = funded(exchange, bnb=True, spot_USDT="100000", spot_BNB="1")
    exchange.depth("spot", "BTCUSDT", 1)

    feed.dark = True  # what BNB costs is asked for in the middle of a fill
    with pytest.raises(OSError, match="gone"):
        exchange.place(account, "spot", at_market("BUY", "0.1"))

    with pytest.raises(StorageError, match="broke off"):
        exchange.balances(account, "spot")


def test_time_that_could_not_be_lived_through_is_lived_later() -> None:
    feed = Flickering(DEFAULT)
    feed.lost = "BTCUSDT"
    store = Store(":memory:")
    exchange = Exchange(feed, PaperClock.still(T0), store, make_key=counted_keys())
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "0.5"))

    feed.dark = True
    with pytest.raises(OSError, match="gone"):
        exchange.advance(9 * HOUR)
    feed.dark = False

    assert exchange.now_ms() == T0 + 9 * HOUR
    exchange.settle()
    assert store.meta("clock") == f"still {T0 + 9 * HOUR}"
    assert store.meta("settled") == str(T0 + 9 * HOUR)
    assert [i.amount for i in exchange.income(account) if i.kind == "FUNDING_FEE"] == [D("2.5")]


def test_a_listener_that_fails_does_not_undo_what_is_durable() -> None:
    exchange = world()
    account = funded(exchange)

    def broken(kind: str, record: Any) -> None:
        raise RuntimeError("a listener broke")

    exchange.subscribe(broken)
    with pytest.raises(RuntimeError):
        exchange.place(account, "spot", at_market("BUY", "0.1"))

    assert [order.status for order in exchange.orders(account, "spot", None)] == ["FILLED"]


def test_one_assets_totals_do_not_count_anothers() -> None:
    exchange = world()
    account = funded(exchange, um_USDT="1000", um_USDC="700")

    assert exchange.futures_totals(account).available == 1000
    assert exchange.futures_totals(account, "USDC").available == 700
    assert free(exchange, account, "USDC", "um") == 700


def test_update_ids_rise_with_every_change_of_a_book() -> None:
    exchange = world()
    account = funded(exchange)
    ids = [exchange.depth("spot", "BTCUSDT", 5)[0]]
    exchange.place(account, "spot", limit("BUY", "0.1", "49999"))
    ids.append(exchange.depth("spot", "BTCUSDT", 5)[0])
    exchange.cancel_all(account, "spot", "BTCUSDT")
    ids.append(exchange.depth("spot", "BTCUSDT", 5)[0])
    exchange.advance(1000)
    ids.append(exchange.depth("spot", "BTCUSDT", 5)[0])

    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("submit", "code"),
    [
        (Submit(symbol="BTCUSDT", side="HOLD", type="MARKET", quantity=D(1)), -1117),
        (Submit(symbol="BTCUSDT", side="BUY", type="WISH", quantity=D(1)), -1116),
        (Submit(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity=D(1), price=D(50000)), -1115),
        (
            Submit(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity=D(1), time_in_force="GTC"),
            -1102,
        ),
        (Submit(symbol="BTCUSDT", side="BUY", type="MARKET"), -1102),
    ],
)
@pytest.mark.parametrize("market", ["spot", "um"])
def test_an_order_nobody_could_read_is_refused(market: str, submit: Submit, code: int) -> None:
    exchange = world()

    with pytest.raises(Refusal) as caught:
        exchange.test(funded(exchange), market, submit)

    assert caught.value.code == code
