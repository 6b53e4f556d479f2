"""Cross margin on Binance: spot's books, traded with borrowed coins. Implements `MarginVenue`.

/sapi exists on the live network and in the embedded exchange; demo and testnet have none.
Source: https://developers.binance.com/docs/margin_trading
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.account import FeeRates
from atapi.domain.instruments import Market
from atapi.domain.margin import Interest, MarginAccount
from atapi.domain.market import Depth
from atapi.domain.numbers import ZERO, wire
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest, TimeInForce
from atapi.errors import Refused
from atapi.exchanges.binance import parse, parse_account, parse_margin
from atapi.exchanges.binance.market import ORDER_RECV_WINDOW_MS, pick
from atapi.exchanges.binance.paging import fills_since, orders_since, windows
from atapi.exchanges.binance.spot import POST_ONLY, BinanceSpot

ORDERS_PAGE = 500
FILLS_PAGE = 1000
INTEREST_PAGE = 100
MONTH = timedelta(days=30)  # the longest window interestHistory takes
SIDE_EFFECTS = {
    (False, False): None,
    (True, False): "MARGIN_BUY",
    (False, True): "AUTO_REPAY",
    (True, True): "AUTO_BORROW_REPAY",
}  # (borrows, repays) -> the venue's word


class BinanceMargin:
    """Cross margin: /sapi/v1/margin."""

    market = Market.MARGIN

    def __init__(self, spot: BinanceSpot) -> None:
        self._spot = spot
        self.link = spot.link

    @property
    def api(self) -> Any:
        """The connector's endpoint methods over our transport."""
        return self._spot.api

    # --- orders -------------------------------------------------------------------------------------------------
    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book; margin orders trade in spot's."""
        return self._spot.depth(symbol, limit)

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once; errors as `Orders.place` says."""
        assert request.market is self.market
        rests_only = request.time_in_force is TimeInForce.GTX  # a type of its own here, not a time in force
        payload = self.api.new_margin_order(
            request.symbol,
            request.side,
            POST_ONLY if rests_only else request.type,
            timeInForce=None if rests_only else request.time_in_force,
            quantity=request.quantity,
            price=request.price,
            sideEffectType=SIDE_EFFECTS[request.borrows, request.repays],
            newClientOrderId=request.client_order_id,
            newOrderRespType="FULL",
            recvWindow=ORDER_RECV_WINDOW_MS,
        )
        return parse_account.placed("POST margin/order", parse_margin.order, payload, request)

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order."""
        payload = self.api.cancel_margin_order(symbol, origClientOrderId=client_order_id)
        at = self.link.time.now()
        return parse.outcome("DELETE margin/order", lambda row: parse_margin.canceled(row, at), payload)

    def amend(self, amendment: Amendment) -> None:
        """Refuse: the venue changes no margin order in place.

        Raises:
            Refused: Always; nothing was sent.
        """
        raise Refused(
            f"order {amendment.client_order_id} is on margin, where no order is changed in place",
            hint="cancel it, then send another",
        )

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id."""
        payload = self.api.margin_order(symbol, origClientOrderId=client_order_id)
        return parse.read("GET margin/order", parse_margin.order, payload)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """List open orders."""
        rows = self.api.margin_open_orders(symbol=symbol)
        return parse.read_all("margin/openOrders", parse_margin.order, rows)

    def orders(self, symbol: str, *, start: datetime | None = None) -> list[Order]:
        """List orders of one symbol, open and done, oldest first: from `start` on, else the newest 500."""

        def fetch(**cursor: int) -> list[Order]:
            rows = self.api.margin_all_orders(symbol, **cursor)
            return parse.read_all("margin/allOrders", parse_margin.order, rows)

        return orders_since(fetch, start, self.link.time.now, ORDERS_PAGE)

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills, oldest first: of one order, or from `start` on, else the newest 1000."""

        def fetch(**cursor: int) -> list[Fill]:
            rows = self.api.margin_my_trades(symbol, **cursor)
            return parse.read_all("margin/myTrades", parse_margin.fill, rows)

        return fills_since(fetch, start, self.link.time.now, FILLS_PAGE, order_id=order_id)

    def fee_rates(self, symbol: str) -> FeeRates:
        """Read the account's own fee rates, before any BNB discount: spot's."""
        return self._spot.fee_rates(symbol)

    # --- credit -------------------------------------------------------------------------------------------------
    def account(self) -> MarginAccount:
        """Read what is held, what is owed and the levels."""
        return parse.read("margin/account", parse_margin.account, self.api.margin_account())

    def max_borrowable(self, asset: str) -> Decimal:
        """Tell how much of an asset collateral and limits allow to borrow now."""
        payload = self.api.margin_max_borrowable(asset)
        return parse.read("margin/maxBorrowable", lambda row: parse.number(row, "amount"), payload)

    def inventory(self, asset: str) -> Decimal:
        """Tell how much of an asset lenders have left; zero where they do not list it."""
        payload = self.api.margin_available_inventory("MARGIN")
        assets = parse.read("margin/available-inventory", lambda row: row["assets"], payload)
        return parse.read(
            "margin/available-inventory",
            lambda row: parse.number(row, asset) if asset in row else ZERO,
            assets,
        )

    def hourly_rate(self, asset: str) -> Decimal:
        """Tell the interest of the next hour, as a fraction of what is borrowed."""
        rows = self.api.get_a_future_hourly_interest_rate(asset, False)
        found = parse.read_all("margin/next-hourly-interest-rate", parse_margin.hourly_rate, rows)
        return pick(dict(found), [asset])[asset]

    def interest(self, asset: str | None, *, start: datetime, end: datetime | None = None) -> list[Interest]:
        """List the interest charged on a debt of an asset, or on all, oldest first, paging as needed."""
        found: dict[str, Interest] = {}  # interest id -> line
        for opens_ms, closes_ms in windows(start, end or self.link.time.now(), MONTH):
            for line in self._interest(opens_ms, closes_ms):
                found[line.interest_id] = line
        ours = (line for line in found.values() if asset in (None, line.owed_asset))
        return sorted(ours, key=lambda line: (line.at, int(line.interest_id)))

    def borrow(self, asset: str, amount: Decimal) -> str:
        """Borrow and tell the loan's id.

        Raises:
            OutcomeUnknown: It may or may not have been made.
        """
        return self._move("BORROW", asset, amount)

    def repay(self, asset: str, amount: Decimal) -> str:
        """Repay, interest first, and tell the repayment's id.

        Raises:
            OutcomeUnknown: It may or may not have been made.
        """
        return self._move("REPAY", asset, amount)

    def _move(self, kind: str, asset: str, amount: Decimal) -> str:
        # by hand: the connector's own method insists on an isolated symbol
        what = {"asset": asset, "isIsolated": "FALSE", "amount": wire(amount), "type": kind}
        payload = self.api.sign_request("POST", "/sapi/v1/margin/borrow-repay", what)
        return parse.outcome("margin/borrow-repay", lambda row: str(parse.whole(row, "tranId")), payload)

    def _interest(self, opens_ms: int, closes_ms: int) -> list[Interest]:
        # not narrowed to an asset: interest charged in BNB may be listed under either name
        lines: list[Interest] = []
        page = 1
        while True:
            payload = self.api.margin_interest_history(
                startTime=opens_ms, endTime=closes_ms, current=page, size=INTEREST_PAGE
            )
            rows = parse.read("margin/interestHistory", lambda answer: answer["rows"], payload)
            lines += parse.read_all("margin/interestHistory", parse_margin.interest, rows)
            if len(rows) < INTEREST_PAGE:
                return lines
            page += 1
