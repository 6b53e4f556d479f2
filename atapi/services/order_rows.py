"""Single orders as rows: before they are sent, what became of them, and how both sides have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atapi.domain.numbers import ZERO, plain, to_ledger
from atapi.domain.orders import Fill, Order, OrderType, TimeInForce
from atapi.execution.effects import Attempt, AttemptState
from atapi.services.order_finder import VENUE_WORDS, KnownOrder, said_to_differ
from atapi.services.order_plan import OrderPlan
from atapi.services.trading import OrderResult

DIFFERS = "<>"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRow:
    """One order that was sent."""

    id: str
    symbol: str
    side: str
    type: str
    qty: Decimal  # asked, base asset
    price: Decimal | None  # limit; None for a market order
    status: str
    filled: Decimal  # base asset
    avg_price: Decimal | None  # None where nothing filled
    fee: str  # with its asset


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order."""

    id: str
    time: datetime | None  # None where only the journal has it
    venue: str
    symbol: str
    side: str
    type: str
    qty: Decimal  # asked, base asset
    filled: Decimal  # base asset
    price: Decimal | None  # limit; None for a market order
    status: str
    differs: str  # how the journal and the exchange do


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlanRow:
    """One order before it is sent."""

    symbol: str
    side: str
    type: str
    qty: Decimal  # base asset
    price: Decimal  # expected
    limit: Decimal
    notional_usdt: Decimal
    fee_usdt: Decimal
    slippage_bp: Decimal


def placed_rows(result: OrderResult) -> list[PlacedRow]:
    """List what was sent for one order."""
    return [_placed(row, [f for f in result.fills if f.order_id == row.order_id]) for row in result.attempts]


def plan_row(plan: OrderPlan) -> OrderPlanRow:
    """Show a plan."""
    return OrderPlanRow(
        symbol=plan.instrument.symbol,
        side=plan.side,
        type=type_of(OrderType.LIMIT, plan.time_in_force),
        qty=plan.quantity,
        price=plan.expected_price,
        limit=plan.limit,
        notional_usdt=plan.notional,
        fee_usdt=plan.fee,
        slippage_bp=plan.slippage * 10_000,
    )


def described(plan: OrderPlan) -> list[str]:
    """Say a plan: side, quantity, symbol, price; then notional and cost. Lines fit 80 columns."""
    instrument, quote = plan.instrument, plan.instrument.quote_asset
    how = f"{type_of(OrderType.LIMIT, plan.time_in_force)} at {plain(plan.limit)}"
    cost = f"fee as a taker {plan.fee:.2f} {quote}"
    if plan.takes:
        how = f"{'at most' if plan.side.sign > 0 else 'at least'} {plain(plan.limit)}"
        cost = f"fee {plan.fee:.2f} {quote}, slippage {plan.slippage * 10_000:.2f}bp"
    closing = ", reduce-only" if plan.reduce_only else ""
    return [
        f"{plan.side.lower()} {plain(plan.quantity)} {instrument.symbol} on {VENUE_WORDS[instrument.market]},"
        f" {how}{closing}",
        f"  {plan.notional:.2f} {quote}, {cost}",
    ]


def order_row(known: KnownOrder) -> OrderRow:
    """Show one order as the exchange has it, else as the journal has it."""
    order, row = known.order, known.attempt
    if order is None:
        assert row is not None
        request = row.request
        return OrderRow(
            id=known.id,
            time=None,
            venue=VENUE_WORDS[request.market],
            symbol=request.symbol,
            side=request.side.value,
            type=request.type.value,
            qty=request.quantity,
            filled=row.executed,
            price=request.price,
            status=row.state.value,
            differs=said_to_differ(known),
        )
    return OrderRow(
        id=order.order_id,
        time=order.created_at,
        venue=VENUE_WORDS[order.market],
        symbol=order.symbol,
        side=order.side.value,
        type=order.type,
        qty=order.quantity,
        filled=order.filled,
        price=order.price or None,
        status=order.status.value,
        differs=said_to_differ(known),
    )


def order_fields(known: KnownOrder) -> list[tuple[str, str, str, str]]:
    """List what the journal and the exchange have of one order: field, journal, exchange, whether they differ."""
    journal = {} if known.attempt is None else _journal_fields(known.attempt)
    exchange = {"state": "not shown"} if known.order is None else _exchange_fields(known.order)
    return [
        (name, journal.get(name, ""), exchange.get(name, ""), DIFFERS if name in known.differences else "")
        for name in {**journal, **exchange}
    ]


def type_of(kind: OrderType, time_in_force: TimeInForce | None) -> str:
    """Say the type of an order with how long it lives."""
    return kind.value if time_in_force is None else f"{kind.value} {time_in_force.value}"


def fees_of(fills: Iterable[Fill]) -> str:
    """Sum fees by asset."""
    by_asset: dict[str, Decimal] = {}  # asset -> fee
    for fill in fills:
        by_asset[fill.fee_asset] = by_asset.get(fill.fee_asset, ZERO) + fill.fee
    return " + ".join(f"{plain(fee)} {asset}" for asset, fee in by_asset.items())


def status_of(attempt: Attempt) -> str:
    """Say where an order stands."""
    if attempt.state is AttemptState.RESTING and attempt.executed:
        return "RESTING, part filled"
    return attempt.state.value


def _journal_fields(row: Attempt) -> dict[str, str]:
    request = row.request
    told = {
        "order_id": row.order_id or "",
        "client_order_id": request.client_order_id,
        "venue": VENUE_WORDS[request.market],
        "symbol": request.symbol,
        "side": request.side.value,
        "type": type_of(request.type, request.time_in_force),
        "reduce_only": "yes" if request.reduce_only else "",
        "state": row.state.value,
        "price": plain(request.price) if request.price else "",
        "qty": plain(request.quantity),
        "filled": plain(row.executed),
    }
    return told | {"reason": row.reason} if row.reason else told


def _exchange_fields(order: Order) -> dict[str, str]:
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "venue": VENUE_WORDS[order.market],
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type,
        "reduce_only": "yes" if order.reduce_only else "",
        "state": order.status.value,
        "price": plain(order.price) if order.price else "",
        "qty": plain(order.quantity),
        "filled": plain(order.filled),
        "created": f"{order.created_at:%Y-%m-%d %H:%M:%S}",
        "updated": f"{order.updated_at:%Y-%m-%d %H:%M:%S}",
    }


def _placed(row: Attempt, fills: list[Fill]) -> PlacedRow:
    request = row.request
    quantity = sum((f.quantity for f in fills), ZERO)
    average = to_ledger(sum((f.notional for f in fills), ZERO) / quantity) if quantity else None
    return PlacedRow(
        id=row.order_id or request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        type=type_of(request.type, request.time_in_force),
        qty=request.quantity,
        price=request.price,
        status=status_of(row),
        filled=row.executed,
        avg_price=average,
        fee=fees_of(fills),
    )
