"""What became of single orders, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import ZERO, plain, to_ledger
from atapi.domain.orders import Fill, OrderType, TimeInForce
from atapi.execution.effects import Attempt, AttemptState
from atapi.services.order_plan import OrderPlan
from atapi.services.trading import OrderResult


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


def described(plan: OrderPlan) -> str:
    """Say a plan in one line: side, quantity, symbol, price, notional."""
    instrument = plan.instrument
    where = "spot" if instrument.market.value == "spot" else "futures"
    bound = "at most" if plan.side.sign > 0 else "at least"
    quote = instrument.quote_asset
    how = (
        f"{bound} {plain(plan.limit)}"
        if plan.takes
        else f"{type_of(OrderType.LIMIT, plan.time_in_force)} at {plain(plan.limit)}"
    )
    closing = ", reduce-only" if plan.reduce_only else ""
    cost = (
        f"fee {plan.fee:.2f} {quote}, slippage {plan.slippage * 10_000:.2f}bp"
        if plan.takes
        else f"fee as a taker {plan.fee:.2f} {quote}"
    )
    return (
        f"{plan.side.lower()} {plain(plan.quantity)} {instrument.symbol} on {where}, {how}{closing}:"
        f" {plan.notional:.2f} {quote}, {cost}"
    )


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
