"""The public tape: the accounts' trades among prints of the crowd.

Assumes: the crowd trades each ten seconds, at the feed's price of that moment, a sixth of what the minute before
traded. A print is the same whenever it is asked for. Accounts' trades are shown once, from the taker's side.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from zlib import crc32

from msgspec.structs import replace

from atapi.domain.numbers import floor_to
from atapi.paper.feeds.base import Feed, Print, Series
from atapi.paper.ids import TRADES_A_MS
from atapi.paper.prices import HOUR, MINUTE
from atapi.paper.records import ZERO, TradeRecord
from atapi.paper.store import Store

PRINT_EVERY_MS = 10_000
PRINTS_A_MINUTE = MINUTE // PRINT_EVERY_MS


class Tape:
    """Newest trades of every symbol."""

    def __init__(self, feed: Feed, store: Store) -> None:
        self._feed = feed
        self._store = store

    def newest(
        self, market: str, series: Series, symbol: str, lot: Decimal, limit: int, now_ms: int
    ) -> list[TradeRecord]:
        """List the newest trades, oldest first; `side` is the taker's."""
        prints = self.prints(market, series, symbol, lot, limit, now_ms)
        since = _since(limit, now_ms)
        if self._feed.recorded is not None:
            since = prints[0].time_ms if prints else 0
        trades = {trade.trade_id: trade for trade in self._of_accounts(market, symbol, since, limit)}
        trades |= {trade.trade_id: trade for trade in prints}
        return [trades[trade_id] for trade_id in sorted(trades)][-limit:]

    def prints(
        self, market: str, series: Series, symbol: str, lot: Decimal, limit: int, now_ms: int
    ) -> list[TradeRecord]:
        """List the crowd's newest trades only, or the recorded ones, oldest first."""
        recorded = self._feed.recorded
        if recorded is not None:
            return _numbered(market, symbol, recorded.prints(series, symbol, limit, now_ms))
        since = _since(limit, now_ms)
        quantities = self._quantities(series, symbol, lot, since, now_ms)
        prints = []
        for time_ms in range(since, now_ms + 1, PRINT_EVERY_MS):
            price = self._feed.price(series, symbol, time_ms)
            if price is not None:
                quantity = quantities.get(time_ms // MINUTE - 1, lot)
                prints.append(_print(market, symbol, price, quantity, time_ms))
        return prints

    def _of_accounts(self, market: str, symbol: str, since_ms: int, limit: int) -> list[TradeRecord]:
        shown: dict[int, TradeRecord] = {}
        for trade in self._store.trades_of_symbol(market, symbol, since_ms, 2 * limit):
            if not trade.maker:
                shown[trade.trade_id] = trade
            elif trade.trade_id not in shown:
                shown[trade.trade_id] = of_taker(trade)
        return list(shown.values())

    def _quantities(
        self, series: Series, symbol: str, lot: Decimal, since_ms: int, now_ms: int
    ) -> dict[int, Decimal]:
        # Quantity of one print by the number of a minute that is over; without minutes, the hour before stands in.
        minutes = self._feed.bars(series, symbol, MINUTE, since_ms - 2 * MINUTE, now_ms, now_ms)
        if minutes:
            return {bar.open_ms // MINUTE: _share(bar.volume, PRINTS_A_MINUTE, lot) for bar in minutes}
        hours = self._feed.bars(series, symbol, HOUR, since_ms - 2 * HOUR, now_ms, now_ms)
        return {
            bar.open_ms // MINUTE + 60 + minute: _share(bar.volume, PRINTS_A_MINUTE * 60, lot)
            for bar in hours
            for minute in range(60)
        }


def of_taker(trade: TradeRecord) -> TradeRecord:
    """Show a maker's fill from the side of who took it."""
    return replace(trade, side="BUY" if trade.side == "SELL" else "SELL", maker=False)


def _since(limit: int, now_ms: int) -> int:
    return now_ms // PRINT_EVERY_MS * PRINT_EVERY_MS - (limit - 1) * PRINT_EVERY_MS


def _numbered(market: str, symbol: str, prints: Sequence[tuple[int, Print]]) -> list[TradeRecord]:
    # Ids of recorded trades begin halfway through their millisecond: after the crowd's, apart from accounts'.
    shown = []
    for time_ms, each in prints:
        trade = _print(market, symbol, each.price, each.quantity, time_ms)
        trade_id = trade.trade_id + TRADES_A_MS // 2 + each.number
        shown.append(replace(trade, trade_id=trade_id, side=each.side))
    return shown


def _share(volume: Decimal, parts: int, lot: Decimal) -> Decimal:
    return max(lot, floor_to(volume / parts, lot))


def _print(market: str, symbol: str, price: Decimal, quantity: Decimal, time_ms: int) -> TradeRecord:
    buys = crc32(f"{market}:{symbol}:{time_ms}".encode()) & 1
    return TradeRecord(
        market=market,
        account="",
        trade_id=time_ms * TRADES_A_MS,
        order_id=0,
        symbol=symbol,
        side="BUY" if buys else "SELL",
        price=price,
        quantity=quantity,
        fee=ZERO,
        fee_asset="",
        realized=ZERO,
        maker=False,
        position_side="BOTH",
        time_ms=time_ms,
    )
