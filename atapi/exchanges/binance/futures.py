"""The USD-margined futures of Binance. Implements `FuturesVenue`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from atapi.clock import to_ms
from atapi.domain.account import Balance, FeeRates, FuturesAccount, Income, LeverageBracket, Position
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth, FundingRate, FundingTerms, MarkPrice
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest
from atapi.errors import VenueUnreachable
from atapi.exchanges.binance import parse, parse_account
from atapi.exchanges.binance.market import ORDER_RECV_WINDOW_MS, BinanceMarket, pick
from atapi.exchanges.binance.paging import fills_by_time, fundings_from, newest_fundings, orders_by_time

PAGE = 1000  # most rows of fundingRate, income and userTrades
WEEK = timedelta(days=7)  # the longest window userTrades takes
HOUR = timedelta(hours=1)
USUAL_INTERVAL = timedelta(hours=8)  # of a perpetual that fundingInfo does not list

_DEPTHS = (5, 10, 20, 50, 100, 500, 1000)  # the only limits `depth` takes


class BinanceFutures(BinanceMarket):
    """USD-M futures: /fapi."""

    market = Market.UM
    _candle_page = 1500

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book, at most 1000 levels a side."""
        asked = next((size for size in _DEPTHS if size >= limit), _DEPTHS[-1])
        payload = self.api.depth(symbol, limit=asked)
        return parse.read("depth", lambda row: parse.depth(symbol, row, limit), payload)

    def marks(self, symbols: Sequence[str] | None = None) -> list[MarkPrice]:
        """Quote mark, index and running funding; of all perpetuals where none is named."""
        if symbols is not None and not symbols:
            return []
        if symbols is not None and len(symbols) == 1:
            return [parse.read("premiumIndex", parse.mark, self.api.mark_price(symbols[0]))]
        rows = parse.read("premiumIndex", list, self.api.mark_price())
        # dated contracts are listed too, with no funding at all
        rows = parse.read("premiumIndex", lambda rows: [r for r in rows if r["nextFundingTime"]], rows)
        found = parse.read_all("premiumIndex", parse.mark, rows)
        return found if symbols is None else list(pick({m.symbol: m for m in found}, symbols).values())

    def funding_history(
        self, symbol: str, *, start: datetime | None = None, end: datetime | None = None, limit: int = 100
    ) -> list[FundingRate]:
        """Read settled funding, oldest first: all from `start` to `end`, else the newest `limit` up to `end`."""

        def fetch(start_ms: int | None, end_ms: int | None, limit: int) -> list[FundingRate]:
            rows = self.api.funding_rate(symbol, startTime=start_ms, endTime=end_ms, limit=limit)
            return parse.read_all("fundingRate", parse.funding_rate, rows)

        if start is not None:
            return fundings_from(fetch, start, end, PAGE)
        return newest_fundings(fetch, end, limit, PAGE)

    def funding_terms(self, symbols: Sequence[str]) -> dict[str, FundingTerms]:
        """Read interval, cap and floor by symbol; 8 h where the venue lists none."""
        # by hand: the connector's `funding_info` asks for fundingRate instead
        rows = parse.read_all("fundingInfo", parse.funding_terms, self.api.query("/fapi/v1/fundingInfo"))
        listed = {terms.symbol: terms for terms in rows}
        return {
            symbol: listed.get(symbol)
            or FundingTerms(symbol=symbol, interval=USUAL_INTERVAL, cap=None, floor=None)
            for symbol in symbols
        }

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once; errors as `Orders.place` says. What was paid is not in the answer."""
        assert request.market is self.market
        payload = self.api.new_order(
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            timeInForce=request.time_in_force,
            quantity=request.quantity,
            price=request.price,
            reduceOnly=True if request.reduce_only else None,  # the venue refuses "false" in hedge mode
            newClientOrderId=request.client_order_id,
            newOrderRespType="RESULT",  # the default says NEW even of a market order that filled
            recvWindow=ORDER_RECV_WINDOW_MS,
        )
        return parse_account.placed("POST order", parse_account.um_order, payload, request)

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order."""
        payload = self.api.cancel_order(symbol, origClientOrderId=client_order_id)
        return parse.outcome("DELETE order", parse_account.um_order, payload)

    def amend(self, amendment: Amendment) -> None:
        """Change price and quantity of an open order; it keeps its id and loses its place in the queue."""
        payload = self.api.modify_order(
            symbol=amendment.symbol,
            side=amendment.side,
            quantity=amendment.quantity,
            price=amendment.price,
            origClientOrderId=amendment.client_order_id,
            recvWindow=ORDER_RECV_WINDOW_MS,
        )
        parse_account.amended("PUT order", parse_account.um_amended, payload, amendment)

    def countdown(self, symbol: str, seconds: int) -> None:
        """Have every order of ours in a symbol canceled unless this is said again in time; 0 disarms it."""
        payload = self.api.countdown_cancel_order(symbol=symbol, countdownTime=seconds * 1000)
        armed = parse.read("countdownCancelAll", parse_account.countdown_ms, payload)
        if armed != seconds * 1000:
            raise VenueUnreachable(f"the countdown of {symbol} was answered with {armed} ms")

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id."""
        payload = self.api.query_order(symbol, origClientOrderId=client_order_id)
        return parse.read("GET order", parse_account.um_order, payload)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """List open orders."""
        # the connector's `get_orders`; its `get_open_orders` asks for a single one
        return parse.read_all("openOrders", parse_account.um_order, self.api.get_orders(symbol=symbol))

    def orders(self, symbol: str, *, start: datetime | None = None) -> list[Order]:
        """List orders of one symbol, open and done, oldest first: from `start` on, else of the last seven days."""

        def fetch(**cursor: int) -> list[Order]:
            return parse.read_all(
                "allOrders", parse_account.um_order, self.api.get_all_orders(symbol, **cursor)
            )

        now = self.link.time.now()
        # a window must be shorter than seven days here, where it may be exactly that long for fills
        return orders_by_time(fetch, now - WEEK if start is None else start, now, WEEK - HOUR, PAGE)

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills, oldest first: of one order, or from `start` on, else of the last seven days.

        The venue keeps three months.
        """

        def fetch(**cursor: int) -> list[Fill]:
            rows = self.api.get_account_trades(symbol, **cursor)
            return parse.read_all("userTrades", parse_account.um_fill, rows)

        if order_id is not None:
            return fetch(orderId=int(order_id), limit=PAGE)
        now = self.link.time.now()
        return fills_by_time(fetch, now - WEEK if start is None else start, now, WEEK, PAGE)

    def fee_rates(self, symbol: str) -> FeeRates:
        """Read the account's own fee rates, before any BNB discount."""
        return parse.read("commissionRate", parse_account.um_fees, self.api.commission_rate(symbol))

    def balances(self) -> list[Balance]:
        """List the futures wallet; zero balances are left out."""
        found = parse.read_all("balance", parse_account.um_balance, self.api.balance())
        return [balance for balance in found if balance.total]

    def account(self) -> FuturesAccount:
        """Read the wallet's totals and modes."""
        modes = self.api.futures_account_configuration()
        return parse.read("account", lambda row: parse_account.um_account(row, modes), self.api.account())

    def positions(self, symbols: Sequence[str] | None = None) -> list[Position]:
        """List open positions."""
        one = symbols[0] if symbols is not None and len(symbols) == 1 else None
        rows = self.api.get_position_risk(symbol=one)
        found = parse.read_all("positionRisk", parse_account.position, rows)
        # symbols with an open order and no position are listed too
        return [p for p in found if p.quantity and (symbols is None or p.symbol in symbols)]

    def income(
        self,
        *,
        kind: str | None = None,
        symbol: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Income]:
        """List income, oldest first; of the last seven days where no time is named, of three months at most."""
        found: dict[tuple[Any, ...], Income] = {}  # what identifies a row -> the row
        page = 1
        while True:
            rows = self.api.get_income_history(
                symbol=symbol,
                incomeType=kind,
                startTime=None if start is None else to_ms(start),
                endTime=None if end is None else to_ms(end),
                page=page,
                limit=PAGE,
            )
            parsed = parse.read_all("income", parse_account.income, rows)
            # a transaction's id is its own only within one type; a fill has several rows of one id
            found |= {
                (row.kind, row.income_id, raw.get("tradeId"), row.symbol, row.asset): row
                for row, raw in zip(parsed, rows, strict=True)
            }
            if len(parsed) < PAGE:
                return sorted(found.values(), key=lambda row: row.at)
            page += 1

    def leverage(self, symbol: str) -> int:
        """Read the leverage set for a symbol."""
        rows = parse.read_all(
            "symbolConfig",
            lambda row: (parse.text(row, "symbol"), parse.whole(row, "leverage")),
            self.api.symbol_configuration(symbol=symbol),
        )
        return pick(dict(rows), [symbol])[symbol]

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Set the leverage of a symbol.

        Raises:
            VenueUnreachable: It may or may not be set now.
        """
        answer = self.api.change_leverage(symbol, leverage)
        now = parse.read("leverage", lambda row: parse.whole(row, "leverage"), answer)
        if now != leverage:
            raise VenueUnreachable(f"leverage of {symbol} was answered with {now}, not {leverage}")

    def brackets(self, symbol: str) -> list[LeverageBracket]:
        """Read the margin table of a symbol, lowest tier first."""
        payload = self.api.leverage_brackets(symbol=symbol)
        table = payload[0] if isinstance(payload, list) and payload else payload  # the venue sends either
        rows = parse.read("leverageBracket", lambda table: table["brackets"], table)
        found = parse.read_all("leverageBracket", parse_account.bracket, rows)
        return sorted(found, key=lambda bracket: bracket.notional_floor)

    def _read_instruments(self) -> dict[str, Instrument]:
        return self._rules(self.api.exchange_info(), parse.um_instrument)

    def _ask_tickers(self, symbols: Sequence[str] | None) -> Any:
        return self.api.ticker_24hr_price_change(_only(symbols))

    def _ask_prices(self, symbols: Sequence[str] | None) -> Any:
        return self.api.ticker_price(_only(symbols))

    def _ask_book_tickers(self, symbols: Sequence[str] | None) -> Any:
        return self.api.book_ticker(_only(symbols))


def _only(symbols: Sequence[str] | None) -> str | None:
    # futures take one symbol or none; several are picked out of all
    return symbols[0] if symbols is not None and len(symbols) == 1 else None
