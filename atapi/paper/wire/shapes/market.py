"""Bars, books, tapes and tickers as they are printed, spot and futures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from atapi.matching.contracts import LINEAR
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar, PerpetualRules
from atapi.paper.records import TradeRecord
from atapi.paper.wire.figures import eight, places
from atapi.paper.wire.statistics import DayStatistics

Json = dict[str, Any]
Print = Callable[[Decimal], str]
Levels = Sequence[tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Printer:
    """How a symbol's prices, quantities and their products are printed."""

    price: Print
    quantity: Print
    quote: Print


SPOT_PRINTER = Printer(eight, eight, eight)


def um_printer(rules: PerpetualRules) -> Printer:
    """Print to the precision of a perpetual."""
    price, quantity = rules.price_precision, rules.quantity_precision
    return _printer(price, quantity, price + quantity if rules.contract is LINEAR else 8)  # of COIN-M: coins


@cache
def _printer(price: int, quantity: int, product: int) -> Printer:
    return Printer(
        price=lambda value: places(value, price),
        quantity=lambda value: places(value, quantity),
        quote=lambda value: places(value, product),
    )


def printer_of(exchange: Exchange, market: str, symbol: str) -> Printer:
    """Find how a symbol is printed; one nobody lists, as spot is."""
    listed = {} if market == "spot" else exchange.catalogue.perpetuals(market)
    return um_printer(listed[symbol]) if symbol in listed else SPOT_PRINTER


def kline(bar: Bar, close_ms: int, show: Printer) -> list[Any]:
    """Print a bar as one row of twelve."""
    return [
        bar.open_ms,
        show.price(bar.open),
        show.price(bar.high),
        show.price(bar.low),
        show.price(bar.close),
        show.quantity(bar.volume),
        close_ms,
        show.quote(bar.turnover),
        bar.trades,
        show.quantity(bar.taker_volume),
        show.quote(bar.taker_turnover),
        "0",
    ]


def price_kline(bar: Bar, close_ms: int, samples: int) -> list[Any]:
    """Print a bar of mark or index prices or of premiums: no volumes, and the number of its samples for trades."""
    prices = [eight(bar.open), eight(bar.high), eight(bar.low), eight(bar.close)]
    return [bar.open_ms, *prices, "0", close_ms, "0", samples, "0", "0", "0"]


def levels(rows: Levels, show: Printer) -> list[list[str]]:
    """Print one side of a book."""
    return [[show.price(price), show.quantity(quantity)] for price, quantity in rows]


def buyer_is_maker(trade: TradeRecord) -> bool:
    """Tell which side of a trade was resting."""
    return (trade.side == "BUY") == trade.maker


def public_trade(trade: TradeRecord, show: Printer, market: str) -> Json:
    """Print one line of the tape."""
    shape: Json = {
        "id": trade.trade_id,
        "price": show.price(trade.price),
        "qty": show.quantity(trade.quantity),
        "quoteQty": show.quote(trade.notional),
        "time": trade.time_ms,
        "isBuyerMaker": buyer_is_maker(trade),
    }
    return shape | ({"isBestMatch": True} if market == "spot" else {"isRPITrade": False})


def aggregate_trade(trade: TradeRecord, show: Printer, market: str) -> Json:
    """Print one trade as an aggregate of itself."""
    shape: Json = {
        "a": trade.trade_id,
        "p": show.price(trade.price),
        "q": show.quantity(trade.quantity),
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": trade.time_ms,
        "m": buyer_is_maker(trade),
    }
    if market == "cm":
        return shape
    return shape | ({"M": True} if market == "spot" else {"nq": show.quantity(trade.quantity)})


def mini_ticker(day: DayStatistics, show: Printer) -> Json:
    """Print a day without averages and changes."""
    return {
        "symbol": day.symbol,
        "openPrice": show.price(day.bar.open),
        "highPrice": show.price(day.bar.high),
        "lowPrice": show.price(day.bar.low),
        "lastPrice": show.price(day.last),
        "volume": show.quantity(day.bar.volume),
        "quoteVolume": show.quote(day.bar.turnover),
        "openTime": day.bar.open_ms,
        "closeTime": day.close_ms,
        "firstId": -1 if not day.bar.trades else 0,
        "lastId": -1 if not day.bar.trades else day.bar.trades - 1,
        "count": day.bar.trades,
    }


def ticker(day: DayStatistics, show: Printer, last_quantity: Decimal) -> Json:
    """Print what both markets tell of a day."""
    return {
        "priceChange": show.price(day.change),
        "priceChangePercent": places(day.change_percent, 3),
        "weightedAvgPrice": show.price(day.weighted_price),
        "lastQty": show.quantity(last_quantity),
    } | mini_ticker(day, show)


def window_ticker(day: DayStatistics, show: Printer) -> Json:
    """Print a window with its change and average."""
    shape = ticker(day, show, Decimal(0))
    del shape["lastQty"]
    return shape


def spot_ticker(day: DayStatistics, bids: Levels, asks: Levels, last_quantity: Decimal) -> Json:
    """Print a spot symbol's day with its touch."""
    touch = book_ticker(day.symbol, bids, asks, SPOT_PRINTER)
    return (
        ticker(day, SPOT_PRINTER, last_quantity)
        | {"prevClosePrice": eight(day.previous_close)}
        | {key: value for key, value in touch.items() if key != "symbol"}
    )


def book_ticker(symbol: str, bids: Levels, asks: Levels, show: Printer) -> Json:
    """Print the best bid and ask; zeros where a side is empty."""
    bid, bid_quantity = bids[0] if bids else (Decimal(0), Decimal(0))
    ask, ask_quantity = asks[0] if asks else (Decimal(0), Decimal(0))
    return {
        "symbol": symbol,
        "bidPrice": show.price(bid),
        "bidQty": show.quantity(bid_quantity),
        "askPrice": show.price(ask),
        "askQty": show.quantity(ask_quantity),
    }
