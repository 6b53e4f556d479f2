"""The spot market of Binance. Implements `SpotVenue`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from atapi.domain.account import Balance, FeeRates
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest, TimeInForce
from atapi.errors import VenueError
from atapi.exchanges.binance import parse, parse_account
from atapi.exchanges.binance.market import ORDER_RECV_WINDOW_MS, BinanceMarket
from atapi.exchanges.binance.paging import fills_since, orders_since

PAGE = 1000  # most rows of klines and myTrades
POST_ONLY = "LIMIT_MAKER"
UNKNOWN_SYMBOL = -1121
_MOST_NAMED = 100  # symbols in one question; past that all of them cost no more


class BinanceSpot(BinanceMarket):
    """Spot: /api/v3."""

    market = Market.SPOT
    _candle_page = PAGE

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book, at most 5000 levels a side."""
        payload = self.api.depth(symbol, limit=limit)
        return parse.read("depth", lambda row: parse.depth(symbol, row, limit), payload)

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once; errors as `Orders.place` says."""
        assert request.market is self.market
        rests_only = request.time_in_force is TimeInForce.GTX  # a type of its own here, not a time in force
        payload = self.api.new_order(
            symbol=request.symbol,
            side=request.side,
            type=POST_ONLY if rests_only else request.type,
            timeInForce=None if rests_only else request.time_in_force,
            quantity=request.quantity,
            price=request.price,
            newClientOrderId=request.client_order_id,
            newOrderRespType="FULL",
            recvWindow=ORDER_RECV_WINDOW_MS,
        )
        return parse_account.placed("POST order", parse_account.spot_order, payload, request)

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order."""
        payload = self.api.cancel_order(symbol, origClientOrderId=client_order_id)
        return parse.outcome("DELETE order", parse_account.spot_order, payload)

    def amend(self, amendment: Amendment) -> None:
        """Make an open order smaller; it keeps its place in the queue and its id.

        Source: https://developers.binance.com/docs/binance-spot-api-docs/faqs/order_amend_keep_priority
        """
        # by hand: the connector has no method for it. Without a new client id the venue makes one up.
        payload = self.api.sign_request(
            "PUT",
            "/api/v3/order/amend/keepPriority",
            {
                "symbol": amendment.symbol,
                "origClientOrderId": amendment.client_order_id,
                "newClientOrderId": amendment.client_order_id,
                "newQty": amendment.quantity,
                "recvWindow": ORDER_RECV_WINDOW_MS,
            },
        )
        parse_account.amended("PUT order", parse_account.spot_amended, payload, amendment)

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id."""
        payload = self.api.get_order(symbol, origClientOrderId=client_order_id)
        return parse.read("GET order", parse_account.spot_order, payload)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """List open orders."""
        return parse.read_all("openOrders", parse_account.spot_order, self.api.get_open_orders(symbol))

    def orders(self, symbol: str, *, start: datetime | None = None) -> list[Order]:
        """List orders of one symbol, open and done, oldest first: from `start` on, else the newest 1000."""

        def fetch(**cursor: int) -> list[Order]:
            return parse.read_all(
                "allOrders", parse_account.spot_order, self.api.get_orders(symbol, **cursor)
            )

        return orders_since(fetch, start, self.link.time.now, PAGE)

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills, oldest first: of one order, or from `start` on, else the newest 1000."""

        def fetch(**cursor: int) -> list[Fill]:
            rows = self.api.my_trades(symbol, **cursor)
            return parse.read_all("myTrades", parse_account.spot_fill, rows)

        return fills_since(fetch, start, self.link.time.now, PAGE, order_id=order_id)

    def fee_rates(self, symbol: str) -> FeeRates:
        """Read the account's own fee rates, before any BNB discount."""
        payload = self.api.query_commission_rates(symbol)
        return parse.read("account/commission", parse_account.spot_fees, payload)

    def balances(self) -> list[Balance]:
        """List the spot wallet; zero balances are left out."""
        payload = self.api.account(omitZeroBalances=True)
        rows = parse.read("account", lambda account: account["balances"], payload)
        return [b for b in parse.read_all("account", parse_account.spot_balance, rows) if b.total]

    def _read_instruments(self) -> dict[str, Instrument]:
        # by hand: the connector's own method cannot leave out 200 permission names a symbol, most of the answer
        payload = self.api.query("/api/v3/exchangeInfo", {"showPermissionSets": False})
        return self._rules(payload, parse.spot_instrument)

    def _read_some(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        # asked by name: all of spot is megabytes. One that is unknown spoils the answer, so then they all are read
        try:
            payload = self.api.query(
                "/api/v3/exchangeInfo", {"symbols": list(symbols), "showPermissionSets": False}
            )
        except VenueError as e:
            if e.code != UNKNOWN_SYMBOL:
                raise
            return self._read_instruments()
        return self._rules(payload, parse.spot_instrument)

    def _ask_tickers(self, symbols: Sequence[str] | None) -> Any:
        return self.api.ticker_24hr(**_named(symbols))

    def _ask_prices(self, symbols: Sequence[str] | None) -> Any:
        return self.api.ticker_price(**_named(symbols))

    def _ask_book_tickers(self, symbols: Sequence[str] | None) -> Any:
        return self.api.book_ticker(**_named(symbols))


def _named(symbols: Sequence[str] | None) -> dict[str, Any]:
    if symbols is None or len(symbols) > _MOST_NAMED:
        return {}
    return {"symbol": symbols[0]} if len(symbols) == 1 else {"symbols": list(symbols)}
