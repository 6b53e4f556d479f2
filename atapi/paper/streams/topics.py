"""From a stream's name to the stream."""

from __future__ import annotations

import re

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.coin_margined import perpetual_of
from atapi.paper.streams.books import BookTicker, DiffDepth, PartialDepth
from atapi.paper.streams.notices import AssetIndices, ContractInfo, ForceOrders
from atapi.paper.streams.spot_topics import ARRAYS as SPOT_ARRAYS
from atapi.paper.streams.spot_topics import spot_topic
from atapi.paper.streams.tape import ContinuousKlines, Klines, Trades
from atapi.paper.streams.tickers import All, IndexPrice, MarkPrice, MiniTicker, SlowMarkPrice, Ticker, Touches
from atapi.paper.streams.topic import State, Topic
from atapi.paper.wire.intervals import known

_DEPTH = re.compile(r"depth(5|10|20)?(@(0|100|250|500|1000)ms)?")
_RPI_DEPTH = re.compile(r"rpiDepth(@500ms)?")  # without orders for retail, the book as it is
_CONTINUOUS = "continuousKline_"
_PERPETUAL = "_PERPETUAL"
_STATES: dict[str, type[State]] = {
    "bookTicker": BookTicker,
    "miniTicker": MiniTicker,
    "ticker": Ticker,
    "markPrice": SlowMarkPrice,
    "markPrice@1s": MarkPrice,
}
_CM_STATES: dict[str, type[State]] = {"indexPrice": IndexPrice, "indexPrice@1s": IndexPrice}
_FUTURES_ARRAYS: dict[str, type[State]] = {
    "!miniTicker@arr": MiniTicker,
    "!ticker@arr": Ticker,
    "!markPrice@arr": SlowMarkPrice,
    "!markPrice@arr@1s": MarkPrice,
}
_FUTURES_NOTICES: dict[str, type[Topic]] = {
    "!bookTicker": Touches,
    "!forceOrder@arr": ForceOrders,
    "!contractInfo": ContractInfo,
    "!assetIndex@arr": AssetIndices,
}
# Binance's own pages and some clients ask for it at a pace; all are told when it changes.
_PACED = {f"!miniTicker@arr{pace}": MiniTicker for pace in ("", "@1000ms", "@3000ms")}
_ARRAYS: dict[str, dict[str, type[State]]] = {
    "spot": {**_PACED, **SPOT_ARRAYS},
    "um": _FUTURES_ARRAYS,
    "cm": _FUTURES_ARRAYS,
}


def topic_of(exchange: Exchange, market: str, name: str) -> Topic | None:
    """Make the stream of a name; None where there is none such."""
    if name.startswith("!"):
        return _topic_of_all(exchange, market, name)
    lower, at, kind = name.partition("@")
    symbol = lower.upper()
    if market != "spot" and at and lower == lower.lower():
        made = _topic_of_futures(exchange, market, symbol, kind)
        if made is not None:
            return made
    if market == "cm" and kind in _CM_STATES:
        symbol = perpetual_of(symbol)  # they are of a pair
    if not at or lower != lower.lower() or symbol not in exchange.catalogue.symbols(market):
        return None
    if market == "spot" and (found := spot_topic(exchange, symbol, kind)) is not None:
        return found
    if kind.startswith("kline_"):
        interval = kind.removeprefix("kline_")
        return Klines(exchange, market, symbol, interval) if known(interval, market) else None
    depth = _DEPTH.fullmatch(kind)
    if depth is not None:
        rows = depth.group(1)
        return (
            PartialDepth(exchange, market, symbol, int(rows)) if rows else DiffDepth(exchange, market, symbol)
        )
    if kind in ("trade", "aggTrade"):
        return Trades(exchange, market, symbol, aggregated=kind == "aggTrade")
    each = (_STATES | (_CM_STATES if market == "cm" else {})).get(kind)
    if each is None or (issubclass(each, MarkPrice) and market == "spot"):
        return None
    return each(exchange, market, symbol)


def _topic_of_futures(exchange: Exchange, market: str, symbol: str, kind: str) -> Topic | None:
    if kind == "assetIndex":
        return AssetIndices(exchange, market, symbol)
    if kind.startswith(_CONTINUOUS) and symbol.endswith(_PERPETUAL):
        pair, interval = symbol.removesuffix(_PERPETUAL), kind.removeprefix(_CONTINUOUS)
        listed = perpetual_of(pair) if market == "cm" else pair
        if listed in exchange.catalogue.symbols(market) and known(interval, market):
            return ContinuousKlines(exchange, market, listed, interval)
    if symbol not in exchange.catalogue.symbols(market):
        return None
    if kind == "forceOrder":
        return ForceOrders(exchange, market, symbol)
    return DiffDepth(exchange, market, symbol) if _RPI_DEPTH.fullmatch(kind) else None


def _topic_of_all(exchange: Exchange, market: str, name: str) -> Topic | None:
    if market != "spot" and name in _FUTURES_NOTICES:
        return _FUTURES_NOTICES[name](exchange, market, "")
    each = _ARRAYS[market].get(name)
    return None if each is None else All(exchange, market, each)
