"""Orders as they come in: judged for form, written down, laid into a book."""

from __future__ import annotations

from decimal import Decimal

from atapi.matching.book import Iceberg, Resting
from atapi.paper.listing import Listing, RulesT
from atapi.paper.records import ZERO, OrderRecord, Refusal
from atapi.paper.views import Submit


def resting_of(listing: Listing[RulesT], order: OrderRecord) -> Resting:
    """Lay out an order as it rests in a book."""
    bid, price, lots = order.side == "BUY", listing.ticks(order.price), listing.lots(order.remaining)
    if not order.terms.iceberg:
        return Resting(order.order_id, order.account, bid, price, lots)
    peak = listing.lots(order.terms.iceberg)
    shown = peak - listing.lots(order.executed - order.terms.entered) % peak
    return Iceberg(order.order_id, order.account, bid, price, lots, peak, shown)


def check_form(
    submit: Submit,
    types: tuple[str, ...],
    forces: tuple[str, ...],
    priced: tuple[str, ...] = ("LIMIT",),
) -> None:
    """Refuse an order that no market could read; the wire has checked more by then."""
    if submit.side not in ("BUY", "SELL"):
        raise Refusal(-1117, "Invalid side.")
    if submit.type not in types:
        raise Refusal(-1116, "Invalid orderType.")
    if submit.type in priced and submit.type != "LIMIT_MAKER" and submit.time_in_force not in forces:
        raise Refusal(-1115, "Invalid timeInForce.")
    missing = []
    priced_by_book = submit.terms.price_match != "NONE" or submit.terms.peg
    if submit.type in priced and submit.price is None and not priced_by_book:
        missing.append("price")
    if submit.quantity is None and (submit.type != "MARKET" or submit.quote_quantity is None):
        missing.append("quantity")
    for name in missing:
        raise Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def new_order(
    market: str, account: str, submit: Submit, *, price: Decimal | None, quantity: Decimal, now_ms: int
) -> OrderRecord:
    """Write down an order as it was asked, without an id."""
    return OrderRecord(
        market=market,
        account=account,
        order_id=0,
        client_order_id=submit.client_order_id or "",
        symbol=submit.symbol,
        side=submit.side,
        type=submit.type,
        time_in_force=submit.time_in_force or "GTC",
        price=price if price is not None else ZERO,
        quantity=quantity,
        quote_quantity=submit.quote_quantity or ZERO,
        reduce_only=bool(submit.reduce_only),
        position_side=submit.position_side,
        self_trade_prevention=submit.self_trade_prevention,
        terms=submit.terms,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
