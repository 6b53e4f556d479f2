"""Rows of the journal as values, and values as rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from atapi.clock import from_ms, to_ms
from atapi.domain.instruments import Market
from atapi.domain.margin import Interest
from atapi.domain.orders import Fill, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.execution.effects import Attempt, AttemptState

ATTEMPT = (
    "client_order_id, intent_id, leg, number, market, symbol, side, type, quantity, price, time_in_force,"
    " reduce_only, state, order_id, executed, net, reason, reason_code, reducing, borrows, repays"
)
FILL = (
    "market, symbol, trade_id, intent_id, leg, order_id, side, price, quantity, fee, fee_asset, realized, maker,"
    " at_ms"
)
INTENT = "intent_id, spread_id, kind, terms, done, created_ms"
SPREAD = (
    "spread_id, symbol, spot_symbol, base_asset, quote_asset, multiplier, state, tag, created_ms, reverse"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What was meant to be done."""

    intent_id: int
    spread_id: int | None  # None where a single order belongs to no spread
    kind: str
    terms: dict[str, str]
    created_at: datetime


def attempt_values(attempt: Attempt) -> tuple[object, ...]:
    """Spread an attempt over the columns of `ATTEMPT`."""
    r = attempt.request
    return (
        r.client_order_id, attempt.intent_id, attempt.leg, attempt.number, r.market, r.symbol, r.side, r.type,
        str(r.quantity), None if r.price is None else str(r.price), r.time_in_force, int(r.reduce_only),
        attempt.state, attempt.order_id, str(attempt.executed), str(attempt.net), attempt.reason,
        attempt.reason_code, int(r.reducing), int(r.borrows), int(r.repays),
    )  # fmt: skip


def attempt_of(row: tuple[Any, ...]) -> Attempt:
    """Read an attempt from the columns of `ATTEMPT`."""
    return Attempt(
        intent_id=row[1],
        leg=LegName(row[2]),
        number=row[3],
        request=OrderRequest(
            client_order_id=row[0],
            market=Market(row[4]),
            symbol=row[5],
            side=Side(row[6]),
            type=OrderType(row[7]),
            quantity=Decimal(row[8]),
            price=None if row[9] is None else Decimal(row[9]),
            time_in_force=None if row[10] is None else TimeInForce(row[10]),
            reduce_only=bool(row[11]),
            reducing=bool(row[18]),
            borrows=bool(row[19]),
            repays=bool(row[20]),
        ),
        state=AttemptState(row[12]),
        order_id=row[13],
        executed=Decimal(row[14]),
        net=Decimal(row[15]),
        reason=row[16],
        reason_code=row[17],
    )


def fill_values(intent_id: int, leg: LegName, fill: Fill) -> tuple[object, ...]:
    """Spread a fill over the columns of `FILL`."""
    return (
        fill.market, fill.symbol, fill.trade_id, intent_id, leg, fill.order_id, fill.side, str(fill.price),
        str(fill.quantity), str(fill.fee), fill.fee_asset, None if fill.realized is None else str(fill.realized),
        int(fill.maker), to_ms(fill.at),
    )  # fmt: skip


def fill_of(row: tuple[Any, ...]) -> tuple[LegName, Fill]:
    """Read a fill, and the leg it belongs to, from the columns of `FILL`."""
    fill = Fill(
        market=Market(row[0]),
        symbol=row[1],
        trade_id=row[2],
        order_id=row[5],
        side=Side(row[6]),
        price=Decimal(row[7]),
        quantity=Decimal(row[8]),
        fee=Decimal(row[9]),
        fee_asset=row[10],
        realized=None if row[11] is None else Decimal(row[11]),
        maker=bool(row[12]),
        at=from_ms(row[13]),
    )
    return LegName(row[4]), fill


def intent_of(row: tuple[Any, ...]) -> Intent:
    """Read an intent from the columns of `INTENT`."""
    return Intent(
        intent_id=row[0],
        spread_id=row[1],
        kind=row[2],
        terms=json.loads(row[3]),
        created_at=from_ms(row[5]),
    )


def interest_values(line: Interest) -> list[object]:
    """Write one hour's interest as it stands in an event."""
    return [
        line.interest_id, line.owed_asset, line.asset, str(line.amount), str(line.principal), int(line.on_borrow),
        to_ms(line.at),
    ]  # fmt: skip


def interest_of(values: list[Any]) -> Interest:
    """Read one hour's interest from an event."""
    return Interest(
        interest_id=values[0],
        owed_asset=values[1],
        asset=values[2],
        amount=Decimal(values[3]),
        principal=Decimal(values[4]),
        on_borrow=bool(values[5]),
        at=from_ms(values[6]),
    )


def spread_values(spread_id: int, spread: Spread) -> tuple[object, ...]:
    """Spread a spread over the columns of `SPREAD`."""
    return (
        spread_id, spread.symbol, spread.spot_symbol, spread.base_asset, spread.quote_asset, str(spread.multiplier),
        spread.state, spread.tag, to_ms(spread.created_at), int(spread.reverse),
    )  # fmt: skip


def spread_of(
    row: tuple[Any, ...], fills: tuple[tuple[LegName, Fill], ...], interest: list[Interest]
) -> Spread:
    """Read a spread from the columns of `SPREAD`."""
    return Spread(
        spread_id=row[0],
        symbol=row[1],
        spot_symbol=row[2],
        base_asset=row[3],
        quote_asset=row[4],
        multiplier=Decimal(row[5]),
        state=SpreadState(row[6]),
        tag=row[7],
        created_at=from_ms(row[8]),
        reverse=bool(row[9]),
        fills=fills,
        interest=sum((line.amount for line in interest if line.asset == row[3]), Decimal(0)),
    )
