"""Venues with something of everything: prices, books, funding, funds, a short position, an order, a fill."""

from __future__ import annotations

from datetime import timedelta

from atapi.domain.account import Balance, FeeRates, Income, Position, Wallet
from atapi.domain.instruments import Market
from atapi.domain.market import FundingRate, Level, MarkPrice, Ticker
from atapi.domain.orders import Fill, Order, OrderStatus, Side
from tests.fakes import NOON, D, FakeFutures, FakeSpot, bars, quote, utc

DAYS = {"BTCUSDT": ["100", "101", "102.5"], "ETHUSDT": ["10", "11", "12"], "BNBUSDT": ["1", "2"]}
PAID_AT = utc("2026-01-01T08:00")
SHORT = Position(
    symbol="BTCUSDT",
    position_side="BOTH",
    quantity=D("-0.016"),
    entry_price=D("60000.5"),
    mark_price=D(60000),
    liquidation_price=D(90000),
    leverage=D(10),
    initial_margin=D(96),
    maintenance_margin=D(4),
    unrealized=D("-0.00000001"),
    adl=2,
)
RESTING = Order(
    market=Market.SPOT,
    symbol="BTCUSDT",
    order_id="17",
    client_order_id="ours",
    side=Side.BUY,
    type="LIMIT",
    status=OrderStatus.NEW,
    quantity=D("0.5"),
    filled=D("0.1"),
    quote_filled=None,
    price=D(59000),
    reduce_only=False,
    created_at=PAID_AT,
    updated_at=PAID_AT,
)
SOLD = Fill(
    market=Market.UM,
    symbol="BTCUSDT",
    trade_id="4",
    order_id="18",
    side=Side.SELL,
    price=D("60000.5"),
    quantity=D("0.016"),
    fee=D("0.480004"),
    fee_asset="USDT",
    realized=D(0),
    maker=False,
    at=PAID_AT,
)


def stocked_spot() -> FakeSpot:
    """Make a spot market with three days, one book, one order and some funds."""
    return FakeSpot(
        now=NOON,
        last_prices={"BTCUSDT": D("60000.5")},
        day={
            "BTCUSDT": Ticker(
                symbol="BTCUSDT",
                last=D("60000.5"),
                open=D(59000),
                high=D(61000),
                low=D(58000),
                volume=D("1234.56789"),
                turnover=D("74000000.5"),
            )
        },
        quotes={"BTCUSDT": quote("BTCUSDT", "99990", "100000")},
        books={"BTCUSDT": ([Level(D(99), D(2)), Level(D(98), D(1))], [Level(D(101), D(3))])},
        history={(s, "1d"): bars("1d", utc("2026-01-01"), closes) for s, closes in DAYS.items()},
        all_orders=[RESTING],
        rates={"BTCUSDT": FeeRates(maker=D("0.001"), taker=D("0.001"))},
        held=[
            Balance(wallet=Wallet.SPOT, asset="USDT", free=D("812.4"), locked=D(0)),
            Balance(wallet=Wallet.SPOT, asset="BTC", free=D("0.00001"), locked=D(0)),
        ],
    )


def stocked_futures() -> FakeFutures:
    """Make a futures market with ten fundings, one fill and a short position."""
    return FakeFutures(
        quotes={"BTCUSDT": quote("BTCUSDT", "100050", "100060")},
        books={"BTCUSDT": ([Level(D(100), D(2))], [Level(D(101), D(1))])},
        history={("BTCUSDT", "1d"): bars("1d", utc("2026-01-01"), ["102", "102", "103"])},
        all_fills=[SOLD],
        rates={"BTCUSDT": FeeRates(maker=D("0.0002"), taker=D("0.0005"))},
        held=[Balance(wallet=Wallet.FUTURES, asset="USDT", free=D(900), locked=D(100))],
        open_positions=[SHORT],
        running=[
            MarkPrice(
                symbol="BTCUSDT",
                mark_price=D(100000),
                index_price=D(100000),
                funding_rate=D("0.0001"),
                next_funding_at=utc("2026-01-01T16:00"),
                at=NOON,
            )
        ],
        settled=[
            FundingRate(
                symbol="BTCUSDT",
                at=PAID_AT - timedelta(hours=8 * i),
                rate=D("0.0001"),
                mark_price=D("60000.5"),
            )
            for i in reversed(range(10))
        ],
        lines=[
            Income(
                symbol="BTCUSDT",
                kind="FUNDING_FEE",
                amount=D("0.0960008"),
                asset="USDT",
                at=at,
                income_id="1",
            )
            for at in (utc("2025-12-30"), PAID_AT)
        ],
    )
