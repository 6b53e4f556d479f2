"""User events: collects what the exchange tells, call by call, and makes of it what Binance would push."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.records import (
    ZERO,
    AmendRecord,
    ListRecord,
    OrderRecord,
    PositionRecord,
    PreventedRecord,
    TradeRecord,
)
from atapi.paper.streams import user_spot, user_um
from atapi.paper.wire.shapes.spot_lists import list_status

Json = dict[str, Any]
FUTURES = ("um", "cm")


@dataclass(frozen=True, slots=True)
class Execution:
    """One thing that happened to an order."""

    order: OrderRecord
    trade: TradeRecord | None = None
    prevented: PreventedRecord | None = None
    amended: AmendRecord | None = None


@dataclass(slots=True)
class Happening:
    """What one call did to its users: everything up to the balances that end it."""

    orders: dict[tuple[str, int], OrderRecord] = field(default_factory=dict)  # (market, id) -> latest state
    executions: list[Execution | tuple[ListRecord, str]] = field(default_factory=list)
    prevented: dict[int, PreventedRecord] = field(
        default_factory=dict
    )  # order id -> what is still to be told
    amended: dict[int, AmendRecord] = field(default_factory=dict)  # order id -> what is still to be told
    positions: dict[tuple[str, str], PositionRecord] = field(default_factory=dict)  # (account, symbol)
    balances: list[tuple[str, str, str, Decimal, Decimal]] = field(default_factory=list)
    fundings: dict[str, str] = field(default_factory=dict)  # market -> symbol a funding was settled of


class UserEvents:
    """Makes user events of what the exchange tells.

    Args:
        exchange: Asked once for the balances that changes are told against.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.cancel_ids: dict[int, str] = {}  # spot order id -> id its cancel was sent with
        self._happenings: list[Happening] = []
        self._known: dict[tuple[str, str, str], Decimal] = {}  # (account, wallet, asset) -> free and locked
        for record in exchange.accounts():
            for wallet in ("spot", *FUTURES):
                for asset, (free, locked) in exchange.balances(record.account, wallet).items():
                    self._known[record.account, wallet, asset] = free + locked

    def take(self, kind: str, record: Any) -> None:
        """Note one event; what follows balances belongs to another call."""
        if not self._happenings or (kind != "balance" and self._happenings[-1].balances):
            self._happenings.append(Happening())
        now = self._happenings[-1]
        if kind == "order":
            self._take_order(now, record)
        elif kind == "trade":
            order = now.orders[record.market, record.order_id]
            now.executions.append(Execution(order, record))
        elif kind == "list":
            now.executions.append(record)
        elif kind == "prevented":
            sides = ((record.taker_id, record.taker_quantity), (record.maker_id, record.maker_quantity))
            now.prevented.update({number: record for number, lost in sides if lost is not None})
        elif kind == "amended":
            now.amended[record.order_id] = record
        elif kind == "position":
            now.positions[record.account, record.symbol] = record
        elif kind == "balance":
            now.balances.append(record)
        elif kind == "funding":
            now.fundings[self._market_of(record.symbol)] = record.symbol

    def _take_order(self, now: Happening, order: OrderRecord) -> None:
        now.orders[order.market, order.order_id] = order
        changed = order.market == "spot"
        prevented = now.prevented.pop(order.order_id, None) if changed else None
        amended = now.amended.pop(order.order_id, None) if changed else None
        if prevented or amended or order.status not in ("PARTIALLY_FILLED", "FILLED"):
            now.executions.append(
                Execution(order, None, prevented, amended)
            )  # fills are told with their trade

    def drain(self) -> Iterator[tuple[str, str, Json]]:
        """Give market, account and event of everything noted, in order, and forget it."""
        happenings, self._happenings = self._happenings, []
        for happening in happenings:
            for execution in happening.executions:
                if isinstance(execution, tuple):
                    record, status = execution
                    yield "spot", record.account, list_status(record, status)
                    continue
                order, trade = execution.order, execution.trade
                if order.market == "spot":
                    yield "spot", order.account, self._report(execution)
                    continue
                if trade is not None and order.market == "um":
                    yield "um", order.account, user_um.trade_lite(order, trade)
                rules = self._exchange.catalogue.perpetuals(order.market)[order.symbol]
                yield order.market, order.account, user_um.order_update(order, trade, rules)
            yield from self._accounts(happening)
        self.cancel_ids.clear()

    def _report(self, execution: Execution) -> Json:
        return user_spot.execution_report(
            execution.order,
            execution.trade,
            self.cancel_ids.get(execution.order.order_id),
            prevented=execution.prevented,
            amended=execution.amended,
        )

    def _accounts(self, happening: Happening) -> Iterator[tuple[str, str, Json]]:
        now = self._exchange.now_ms()
        changes = self._changes(happening)
        executions = [execution for execution in happening.executions if isinstance(execution, Execution)]
        traded = {(e.order.account, e.order.market) for e in executions if e.trade is not None}
        ordered = {execution.order.account for execution in executions}
        for account in dict.fromkeys(
            [*(b[0] for b in happening.balances), *(a for a, _ in happening.positions)]
        ):
            spot = [b for b in happening.balances if b[0] == account and b[1] == "spot"]
            if spot:
                yield "spot", account, user_spot.account_position(spot, now)
            if account not in ordered:
                for (owner, wallet, asset), delta in changes.items():
                    if owner == account and wallet == "spot" and delta:
                        yield "spot", account, user_spot.balance_update(asset, delta, now)
            for market in FUTURES:
                moved = {
                    asset: delta
                    for (owner, wallet, asset), delta in changes.items()
                    if (owner, wallet) == (account, market)
                }
                positions = [
                    position
                    for (owner, symbol), position in happening.positions.items()
                    if owner == account and self._market_of(symbol) == market
                ]
                if any(moved.values()) or positions:
                    funding = happening.fundings.get(market)
                    reason = _reason((account, market) in traded, funding, sum(moved.values(), start=ZERO))
                    update = self._account_update(account, market, moved, positions, reason, funding)
                    yield market, account, update

    def _market_of(self, symbol: str) -> str:
        return "cm" if symbol in self._exchange.catalogue.cm else "um"

    def _changes(self, happening: Happening) -> dict[tuple[str, str, str], Decimal]:
        changes: dict[tuple[str, str, str], Decimal] = {}
        for account, wallet, asset, free, locked in happening.balances:
            key = (account, wallet, asset)
            changes[key] = free + locked - self._known.get(key, ZERO)
            self._known[key] = free + locked
        return changes

    def _account_update(
        self,
        account: str,
        market: str,
        moved: dict[str, Decimal],
        positions: list[PositionRecord],
        reason: str,
        funding: str | None,
    ) -> Json:
        views = {v.position.symbol: v for v in self._exchange.positions(account, market)}
        balances = {asset: (self._known[account, market, asset], delta) for asset, delta in moved.items()}
        shown = [] if reason == "FUNDING_FEE" else positions
        listed = self._exchange.catalogue.perpetuals(market)
        rows = [user_um.position(p, views.get(p.symbol), listed[p.symbol]) for p in shown]
        symbol = funding if reason == "FUNDING_FEE" else None
        return user_um.account_update(balances, rows, reason, self._exchange.now_ms(), symbol)


def _reason(traded: bool, funding: str | None, moved: Decimal) -> str:
    if traded:
        return "ORDER"
    if funding is not None:
        return "FUNDING_FEE"
    return "DEPOSIT" if moved >= 0 else "WITHDRAW"
