"""User events: collects what the exchange tells, call by call, and makes of it what Binance would push."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from atapi.paper.exchange import Exchange
from atapi.paper.records import ZERO, OrderRecord, PositionRecord, TradeRecord
from atapi.paper.streams import user_algo, user_spot, user_um

Json = dict[str, Any]


class Execution(NamedTuple):
    """Something that happened to an order."""

    order: OrderRecord
    trade: TradeRecord | None = None
    amended: bool = False


class Told(NamedTuple):
    """An event of USD-M that is no execution."""

    account: str
    event: Json


@dataclass(slots=True)
class Happening:
    """What one call did to its users: everything up to the balances that end it."""

    orders: dict[tuple[str, int], OrderRecord] = field(default_factory=dict)  # (market, id) -> latest state
    executions: list[Execution] = field(default_factory=list)
    told: list[Execution | Told] = field(default_factory=list)  # executions and what else is told, in order
    positions: dict[tuple[str, str, str], PositionRecord] = field(
        default_factory=dict
    )  # (account, symbol, position side)
    balances: list[tuple[str, str, str, Decimal, Decimal]] = field(default_factory=list)
    funding: str | None = None  # symbol a funding was settled of

    def execute(self, execution: Execution) -> None:
        """Note an execution."""
        self.executions.append(execution)
        self.told.append(execution)


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
            for wallet in ("spot", "um"):
                for asset, (free, locked) in exchange.balances(record.account, wallet).items():
                    self._known[record.account, wallet, asset] = free + locked

    def take(self, kind: str, record: Any) -> None:
        """Note one event; what follows balances belongs to another call."""
        if not self._happenings or (kind != "balance" and self._happenings[-1].balances):
            self._happenings.append(Happening())
        now = self._happenings[-1]
        if kind == "order":
            now.orders[record.market, record.order_id] = record
            if record.status not in ("PARTIALLY_FILLED", "FILLED"):  # those are told with their trade
                now.execute(Execution(record))
        elif kind == "trade":
            order = now.orders[record.market, record.order_id]
            now.execute(Execution(order, record))
        elif kind == "amendment":
            now.orders[record.market, record.order_id] = record
            now.execute(Execution(record, amended=True))
        elif kind == "position":
            now.positions[record.account, record.symbol, record.position_side] = record
        elif kind in user_algo.EVENTS:
            now.told.append(Told(*user_algo.EVENTS[kind](record, self._exchange.now_ms())))
        elif kind == "balance":
            now.balances.append(record)
        elif kind == "funding":
            now.funding = record.symbol

    def drain(self) -> Iterator[tuple[str, str, Json]]:
        """Give market, account and event of everything noted, in order, and forget it."""
        happenings, self._happenings = self._happenings, []
        for happening in happenings:
            for told in happening.told:
                if isinstance(told, Told):
                    yield "um", *told
                    continue
                order, trade, amended = told
                if order.market == "spot":
                    yield (
                        "spot",
                        order.account,
                        user_spot.execution_report(order, trade, self.cancel_ids.get(order.order_id)),
                    )
                    continue
                if trade is not None:
                    yield "um", order.account, user_um.trade_lite(order, trade)
                yield "um", order.account, user_um.order_update(order, trade, amended=amended)
            yield from self._accounts(happening)
        self.cancel_ids.clear()

    def _accounts(self, happening: Happening) -> Iterator[tuple[str, str, Json]]:
        now = self._exchange.now_ms()
        changes = self._changes(happening)
        traded = {trade.account for _, trade, _ in happening.executions if trade is not None}
        ordered = {order.account for order, *_ in happening.executions}
        for account in dict.fromkeys(
            [*(b[0] for b in happening.balances), *(a for a, *_ in happening.positions)]
        ):
            spot = [b for b in happening.balances if b[0] == account and b[1] == "spot"]
            if spot:
                yield "spot", account, user_spot.account_position(spot, now)
            if account not in ordered:
                for (owner, wallet, asset), delta in changes.items():
                    if owner == account and wallet == "spot" and delta:
                        yield "spot", account, user_spot.balance_update(asset, delta, now)
            moved = {
                asset: delta for (owner, w, asset), delta in changes.items() if owner == account and w == "um"
            }
            positions = [p for (owner, *_), p in happening.positions.items() if owner == account]
            if any(moved.values()) or positions:
                reason = _reason(account in traded, happening.funding, sum(moved.values(), start=ZERO))
                if not (
                    any(moved.values()) or account in traded
                ):  # margin went to or from an isolated position
                    reason, moved = "MARGIN_TRANSFER", {user_um.MARGIN_ASSET: ZERO}
                yield (
                    "um",
                    account,
                    self._account_update(account, moved, positions, reason, happening.funding),
                )

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
        moved: dict[str, Decimal],
        positions: list[PositionRecord],
        reason: str,
        funding: str | None,
    ) -> Json:
        views = {(v.position.symbol, v.position.position_side): v for v in self._exchange.positions(account)}
        balances = {
            asset: (self._known.get((account, "um", asset), ZERO), self._cross_wallet(account, asset), delta)
            for asset, delta in moved.items()
        }
        shown = [p for p in positions if p.isolated or reason != "FUNDING_FEE"]
        rows = [user_um.position(p, views.get((p.symbol, p.position_side))) for p in shown]
        symbol = funding if reason == "FUNDING_FEE" else None
        return user_um.account_update(balances, rows, reason, self._exchange.now_ms(), symbol)

    def _cross_wallet(self, account: str, asset: str) -> Decimal:
        return self._exchange.futures_totals(account, asset).cross_wallet


def _reason(traded: bool, funding: str | None, moved: Decimal) -> str:
    if traded:
        return "ORDER"
    if funding is not None:
        return "FUNDING_FEE"
    return "DEPOSIT" if moved >= 0 else "WITHDRAW"
