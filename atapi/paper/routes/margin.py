"""Cross margin: the account, borrowing and repaying, and what may still be borrowed or taken out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.matching.credit import BARS, LIQUIDATION_BAR
from atapi.paper.records import ZERO, OrderRecord, Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.params import Params, invalid
from atapi.paper.wire.router import Router
from atapi.paper.wire.rows import DAY_MS, WEEK_MS, page_of, span_of
from atapi.paper.wire.shapes import margin

router = Router()

Json = dict[str, Any]
BORROW_REPAY = "/sapi/v1/margin/borrow-repay"
EVER_MS = 10**15


@router.signed("GET", "/sapi/v1/margin/account", weight=10)
def account(call: Call) -> Json:
    """Show the cross margin account."""
    caller = call.account
    standing = call.exchange.margin.standing(caller)
    price = call.exchange.margin.price("BTC")
    orders = call.exchange.open_orders(caller, "margin", None)
    return margin.account(standing, price, sum((_loss(call, order) for order in orders), ZERO))


@router.signed("GET", "/sapi/v1/margin/tradeCoeff", weight=10)
def bars(call: Call) -> Json:
    """Tell at which levels borrowing ends, the owner is warned, the account is liquidated."""
    levels = call.exchange.margin.standing(call.account).bars
    return {
        "normalBar": bare(levels.normal),
        "marginCallBar": bare(levels.call),
        "forceLiquidationBar": bare(LIQUIDATION_BAR),
    }


@router.signed("POST", "/sapi/v1/margin/max-leverage", weight=3000)
def max_leverage(call: Call) -> Json:
    """Set the most leverage of the account: three or five. Ten is for accounts of another kind."""
    leverage = call.params.integer("maxLeverage")
    if leverage not in BARS:
        raise invalid("maxLeverage")
    call.exchange.margin.set_leverage(call.account, leverage)
    return {"success": True}


@router.signed("POST", BORROW_REPAY, weight=1500, by_account=True)
def borrow_repay(call: Call) -> Json:
    """Borrow or repay."""
    kind, asset, amount = _kind(call.params), call.params.text("asset"), call.params.decimal("amount")
    check_cross(call.params)
    desk, caller = call.exchange.margin, call.account
    record = (desk.borrow if kind == "BORROW" else desk.repay)(caller, asset, amount)
    return {"tranId": record.loan_id}


@router.signed("GET", BORROW_REPAY, weight=10)
def loans(call: Call) -> Json:
    """List borrowings or repayments, newest first; the last week unless asked otherwise."""
    kind, asset, number = _kind(call.params), call.params.maybe("asset"), call.params.maybe_integer("txId")
    page = page_of(call.params)
    start, end = span_of(call.params, call.now_ms, usual_ms=WEEK_MS, most_ms=30 * DAY_MS)
    if number is not None:
        start, end = 0, EVER_MS
    rows = [
        record
        for record in call.exchange.margin.loans(call.account, kind, start, end)
        if asset in (None, record.asset) and number in (None, record.loan_id)
    ]
    return page.shown(rows, [margin.loan(record) for record in page.of(rows)])


@router.signed("GET", "/sapi/v1/margin/interestHistory")
def interest(call: Call) -> Json:
    """List interest, newest first; the last week unless asked otherwise."""
    asset, page = call.params.maybe("asset"), page_of(call.params)
    start, end = span_of(call.params, call.now_ms, usual_ms=WEEK_MS, most_ms=30 * DAY_MS)
    rows = [
        record
        for record in call.exchange.margin.interest(call.account, start, end)
        if asset in (None, record.raw_asset)
    ]
    return page.shown(rows, [margin.interest(record) for record in page.of(rows)])


@router.signed("GET", "/sapi/v1/margin/maxBorrowable", weight=50)
def max_borrowable(call: Call) -> Json:
    """Tell how much of an asset may be borrowed now, and a user's limit."""
    asset = call.params.text("asset")
    check_isolated_symbol(call.params)
    amount, limit = call.exchange.margin.borrowable(call.account, asset)
    return {"amount": bare(amount), "borrowLimit": bare(limit)}


@router.signed("GET", "/sapi/v1/margin/maxTransferable", weight=50)
def max_transferable(call: Call) -> Json:
    """Tell how much of an asset may leave the account."""
    asset = call.params.text("asset")
    check_isolated_symbol(call.params)
    return {"amount": bare(call.exchange.margin.transferable(call.account, asset))}


@router.signed("GET", "/sapi/v1/margin/capital-flow", weight=100)
def capital_flow(call: Call) -> list[Json]:
    """List what went in and out of the wallet, newest first, or oldest first from an id."""
    asset, kind = call.params.maybe("asset"), call.params.maybe("type")
    first, limit = call.params.maybe_integer("fromId"), call.params.limit(500, 1000, clip=True)
    check_isolated_symbol(call.params, "symbol")
    start, end = span_of(call.params, call.now_ms, usual_ms=WEEK_MS, most_ms=WEEK_MS)
    rows = [margin.flow(record) for record in call.exchange.margin.flows(call.account, start, end)]
    rows = [row for row in rows if asset in (None, row["asset"]) and kind in (None, row["type"])]
    return [row for row in rows if row["id"] > first][:limit] if first is not None else rows[::-1][:limit]


@router.signed("GET", "/sapi/v1/margin/transfer")
def transfers(call: Call) -> Json:
    """List transfers in and out, newest first."""
    asset, way, page = call.params.maybe("asset"), call.params.maybe("type"), page_of(call.params)
    start, end = span_of(call.params, call.now_ms, usual_ms=WEEK_MS, most_ms=30 * DAY_MS)
    rows = [
        {
            "amount": bare(record.amount),
            "asset": record.asset,
            "status": "CONFIRMED",
            "timestamp": record.time_ms,
            "txId": record.transfer_id,
            "type": "ROLL_IN" if record.kind.endswith("_MARGIN") else "ROLL_OUT",
            "transFrom": _party(record.kind.partition("_")[0]),
            "transTo": _party(record.kind.partition("_")[2]),
        }
        for record in reversed(call.exchange.transfers(call.account))
        if "MARGIN" in record.kind.split("_") and start <= record.time_ms <= end
    ]
    rows = [row for row in rows if asset in (None, row["asset"]) and way in (None, row["type"])]
    return page.shown(rows, page.of(rows))


def check_cross(params: Params) -> None:
    """Refuse what is meant for an isolated account, which nobody has here."""
    params.skip("symbol")
    if params.flag("isIsolated"):
        raise Refusal(-3003, "Margin account does not exist.")


def check_isolated_symbol(params: Params, name: str = "isolatedSymbol") -> None:
    """Refuse a question about an isolated account."""
    if params.maybe(name) is not None:
        raise Refusal(-3003, "Margin account does not exist.")


def _kind(params: Params) -> str:
    return params.choice("type", ("BORROW", "REPAY"), invalid("type"))


def _party(name: str) -> str:
    return {"MAIN": "SPOT", "MARGIN": "CROSS_MARGIN"}.get(name, name)


def _loss(call: Call, order: OrderRecord) -> Decimal:
    # What an open order would lose if it filled at once: its own price against the market's.
    last = call.exchange.last_price("spot", order.symbol)
    worse = order.price - last if order.side == "BUY" else last - order.price
    quote = call.exchange.catalogue.spot[order.symbol].quote_asset
    return max(ZERO, worse) * order.remaining * (call.exchange.margin.price(quote) or ZERO)
