"""Orders and fills of both markets in one table each."""

from __future__ import annotations

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, Order, OrderStatus, Side
from atapi.errors import AuthenticationError
from atapi.services.network import NetworkInfo
from atapi.services.orders import OrderService
from tests.fakes import D, FakeFutures, FakeSpot, utc
from tests.services.worlds import FUTURES, SPOT, book_of, column, unwritten


def order(
    market: Market, order_id: str, at: str, *, status: OrderStatus = OrderStatus.NEW, price: str = "1"
) -> Order:
    return Order(
        market=market,
        symbol="BTCUSDT",
        order_id=order_id,
        client_order_id="c" + order_id,
        side=Side.BUY,
        type="LIMIT" if D(price) else "MARKET",
        status=status,
        quantity=D(2),
        filled=D(1),
        quote_filled=D(1),
        price=D(price),
        reduce_only=False,
        created_at=utc(at),
        updated_at=utc(at),
    )


def fill(market: Market, trade_id: str, at: str, *, realized: str | None = None) -> Fill:
    return Fill(
        market=market,
        symbol="BTCUSDT",
        trade_id=trade_id,
        order_id="7",
        side=Side.SELL,
        price=D(100),
        quantity=D("0.5"),
        fee=D("0.05"),
        fee_asset="USDT",
        realized=None if realized is None else D(realized),
        maker=False,
        at=utc(at),
    )


def service(spot: FakeSpot, futures: FakeFutures, *, key: str | None = "k") -> OrderService:
    spot.listed, futures.listed = SPOT, FUTURES
    info = NetworkInfo(name="testnet", key=key)
    return unwritten(spot, futures, book_of(spot, futures), info)


def both() -> OrderService:
    return service(
        FakeSpot(all_orders=[order(Market.SPOT, "1", "2026-01-02")]),
        FakeFutures(
            all_orders=[
                order(Market.UM, "2", "2026-01-01"),
                order(Market.UM, "3", "2026-01-03", status=OrderStatus.FILLED, price="0"),
            ]
        ),
    )


def test_open_orders_of_both_markets_come_oldest_first() -> None:
    table = both().orders()

    assert table.names == (
        "id", "time", "venue", "symbol", "side", "type", "qty", "filled", "price", "status", "differs",
    )  # fmt: skip
    assert table.rows == (
        ("2", utc("2026-01-01"), "futures", "BTCUSDT", "BUY", "LIMIT", D(2), D(1), D(1), "NEW", ""),
        ("1", utc("2026-01-02"), "spot", "BTCUSDT", "BUY", "LIMIT", D(2), D(1), D(1), "NEW", ""),
    )


def test_orders_may_be_narrowed_to_a_market_and_to_symbols() -> None:
    assert column(both().orders(market=Market.SPOT), "id") == ["1"]
    assert column(both().orders(["btc/usdt"]), "id") == ["2", "1"]
    assert column(both().orders(["ETHUSDT"]), "id") == []


def test_all_orders_include_done_ones_and_a_market_order_has_no_price() -> None:
    table = both().orders(["BTCUSDT"], every=True)

    assert column(table, "id") == ["2", "1", "3"]
    assert column(table, "price") == [D(1), D(1), None]
    assert column(table, "status") == ["NEW", "NEW", "FILLED"]


def test_without_symbols_the_default_ones_are_searched_and_named() -> None:
    table = both().orders(every=True)

    assert column(table, "id") == ["2", "1", "3"]
    assert table.notes == ("of BTCUSDT, ETHUSDT, BNBUSDT, XRPUSDT",)


def test_fills_of_both_markets_come_oldest_first() -> None:
    orders = service(
        FakeSpot(all_fills=[fill(Market.SPOT, "10", "2026-01-02")]),
        FakeFutures(all_fills=[fill(Market.UM, "11", "2026-01-01", realized="-1.5")]),
    )

    table = orders.fills(["BTCUSDT"])

    assert table.names == (
        "time", "venue", "symbol", "side", "price", "qty", "fee", "fee_asset", "realised_usdt", "order",
    )  # fmt: skip
    assert column(table, "venue") == ["futures", "spot"]
    assert column(table, "realised_usdt") == [D("-1.5"), None]
    assert column(orders.fills(["BTCUSDT"], since=utc("2026-01-02")), "venue") == ["spot"]


def test_fills_as_a_frame_have_utc_times_and_floats() -> None:
    frame = service(FakeSpot(all_fills=[fill(Market.SPOT, "1", "2026-01-02")]), FakeFutures()).fills().frame()

    assert frame.index.name == "time"
    assert str(frame["fee"].dtype) == "float64"


def test_orders_and_fills_need_a_key() -> None:
    keyless = service(FakeSpot(), FakeFutures(), key=None)

    with pytest.raises(AuthenticationError, match="orders needs keys for testnet; none are set"):
        keyless.orders()
    with pytest.raises(AuthenticationError, match="fills needs keys for testnet; none are set"):
        keyless.fills()
