"""User events: collects what the exchange tells, call by call, and makes of it what Binance would push."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from atapi.paper.algos import AlgoRecord
from atapi.paper.exchange import Exchange
from atapi.paper.funding_payments import FundingPayment
from atapi.paper.records import (
    ZERO,
    AmendRecord,
    ListRecord,
    OrderRecord,
    PositionRecord,
    PreventedRecord,
    TradeRecord,
)
from atapi.paper.streams import user_algo, user_spot, user_um
from atapi.paper.wire.shapes.spot_lists import list_status

Json = dict[str, Any]
FUTURES = ("um", "cm")
COINS = ("spot", "margin")  # markets whose events tell balances of coins
MARKETS = COINS + FUTURES


@dataclass(frozen=True, slots=True)
class Execution:
    """One thing that happened to an order."""

    order: OrderRecord
    trade: TradeRecord | None = None
    prevented: PreventedRecord | None = None
    amended: AmendRecord | None = None
    modified: bool = False  # of a futures order, by its owner


@dataclass(slots=True)
class Happening:
    """What one call did to its users: everything up to the balances that end it."""

    orders: dict[tuple[str, int], OrderRecord] = field(default_factory=dict)  # (market, id) -> latest state
    executions: list[Execution | user_algo.Event | tuple[ListRecord, str]] = field(default_factory=list)
    prevented: dict[int, PreventedRecord] = field(
        default_factory=dict
    )  # order id -> what is still to be told
    amended: dict[int, AmendRecord] = field(default_factory=dict)  # order id -> what is still to be told
    positions: dict[tuple[str, str, str], PositionRecord] = field(
        default_factory=dict
    )  # (account, symbol, position side)
    balances: list[tuple[str, str, str, Decimal, Decimal]] = field(default_factory=list)
    finished: dict[int, list[user_algo.Event]] = field(
        default_factory=dict
    )  # order id -> what is told after its last fill
    paid: dict[tuple[str, str, str], Decimal] = field(
        default_factory=dict
    )  # (account, market, asset) -> fundings, which are told each for itself


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
            for wallet in (*COINS, *FUTURES):
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
            now.executions += now.finished.pop(record.order_id, [])
        elif kind == "list":
            now.executions.append(record)
        elif kind == "prevented":
            sides = ((record.taker_id, record.taker_quantity), (record.maker_id, record.maker_quantity))
            now.prevented.update({number: record for number, lost in sides if lost is not None})
        elif kind == "amended":
            now.amended[record.order_id] = record
        elif kind == "amendment":
            now.orders[record.market, record.order_id] = record
            now.executions.append(Execution(record, modified=True))
        elif kind in user_algo.EVENTS:
            event = user_algo.EVENTS[kind](record, self._exchange.now_ms())
            if kind == "algo" and self._still_to_trade(now, record):
                now.finished.setdefault(record.order_id, []).append(event)
            else:
                now.executions.append(event)
        elif kind == "position":
            now.positions[record.account, record.symbol, record.position_side] = record
        elif kind == "balance":
            now.balances.append(record)
        elif kind == "margin_type":
            now.executions.append(self._margin_type(*record))
        elif kind == "funding_payment":
            self._take_funding(now, record)

    def _take_order(self, now: Happening, order: OrderRecord) -> None:
        now.orders[order.market, order.order_id] = order
        changed = order.market in COINS
        prevented = now.prevented.pop(order.order_id, None) if changed else None
        amended = now.amended.pop(order.order_id, None) if changed else None
        if prevented or amended or order.status not in ("PARTIALLY_FILLED", "FILLED"):
            now.executions.append(
                Execution(order, None, prevented, amended)
            )  # fills are told with their trade

    def _margin_type(
        self, account: str, market: str, symbol: str, sides: tuple[str, ...], isolated: bool
    ) -> user_algo.Event:
        rules = self._exchange.catalogue.perpetuals(market)[symbol]
        flat = [
            PositionRecord(account=account, symbol=symbol, position_side=side, isolated=isolated)
            for side in sides
        ]
        rows = [user_um.position(position, ZERO, rules) for position in flat]
        event = user_um.account_update({}, rows, "MARGIN_TYPE_CHANGE", self._exchange.now_ms())
        return user_algo.Event(account, symbol, user_um.of_market(event, rules))

    def _still_to_trade(self, now: Happening, algo: AlgoRecord) -> bool:
        """Whether the order that a conditional one became has filled, and that is told next."""
        order = now.orders.get((self._market_of(algo.symbol), algo.order_id))
        return algo.status == "FINISHED" and order is not None and order.status == "FILLED"

    def _take_funding(self, now: Happening, payment: FundingPayment) -> None:
        listed = self._exchange.catalogue.perpetuals(payment.market)
        event = user_um.funding_update(payment, listed[payment.symbol], self._exchange.now_ms())
        now.executions.append(user_algo.Event(payment.account, payment.symbol, event))
        key = (payment.account, payment.market, payment.asset)
        now.paid[key] = now.paid.get(key, ZERO) + payment.amount
        held = payment.position
        if held is not None and not any(
            isinstance(e, Execution) and e.trade is not None and e.order.symbol == held.symbol
            for e in now.executions
        ):
            now.positions.pop((held.account, held.symbol, held.position_side), None)  # it is told by now

    def drain(self, followed: Container[tuple[str, str]]) -> Iterator[tuple[str, str, Json]]:
        """Give market, account and event of what was noted of followed ones, in order, and forget all of it."""
        happenings, self._happenings = self._happenings, []
        for happening in happenings:
            for execution in happening.executions:
                if isinstance(execution, user_algo.Event):
                    yield self._market_of(execution.symbol), execution.account, execution.event
                    continue
                if isinstance(execution, tuple):
                    record, status = execution
                    yield *record.whose, list_status(record, status)
                    continue
                order, trade = execution.order, execution.trade
                if (order.market, order.account) not in followed:
                    continue
                if order.market in COINS:
                    yield order.market, order.account, self._report(execution)
                    continue
                if trade is not None and order.market == "um":
                    yield "um", order.account, user_um.trade_lite(order, trade)
                rules = self._exchange.catalogue.perpetuals(order.market)[order.symbol]
                resting = self._exchange.desk(order.market).open_notional(order.account, order.symbol)
                update = user_um.order_update(order, trade, rules, resting, amended=execution.modified)
                yield order.market, order.account, user_um.of_market(update, rules)
            yield from self._accounts(happening, followed)
        self.cancel_ids.clear()

    def _report(self, execution: Execution) -> Json:
        return user_spot.execution_report(
            execution.order,
            execution.trade,
            self.cancel_ids.get(execution.order.order_id),
            prevented=execution.prevented,
            amended=execution.amended,
        )

    def _accounts(
        self, happening: Happening, followed: Container[tuple[str, str]]
    ) -> Iterator[tuple[str, str, Json]]:
        now = self._exchange.now_ms()
        changes = self._changes(happening)
        told = dict.fromkeys([*(b[0] for b in happening.balances), *(a for a, *_ in happening.positions)])
        told = {account: None for account in told if any((of, account) in followed for of in MARKETS)}
        if not told:
            return
        executions = [execution for execution in happening.executions if isinstance(execution, Execution)]
        traded = {(e.order.account, e.order.market) for e in executions if e.trade is not None}
        ordered = {(execution.order.market, execution.order.account) for execution in executions}
        for account in told:
            for market in COINS:
                rows = [b for b in happening.balances if b[:2] == (account, market)]
                if rows:
                    yield market, account, user_spot.account_position(rows, now)
                if (market, account) in ordered:
                    continue
                for (owner, wallet, asset), delta in changes.items():
                    if (owner, wallet) == (account, market) and delta:
                        yield market, account, user_spot.balance_update(asset, delta, now)
            for market in FUTURES:
                if (market, account) not in followed:
                    continue
                moved = {
                    asset: delta
                    for (owner, wallet, asset), delta in changes.items()
                    if (owner, wallet) == (account, market)
                }
                positions = [
                    position
                    for (owner, symbol, _), position in happening.positions.items()
                    if owner == account and self._market_of(symbol) == market
                ]
                if any(moved.values()) or positions:
                    reason = _reason((account, market) in traded, sum(moved.values(), start=ZERO))
                    if not any(moved.values()) and (account, market) not in traded:
                        reason = "MARGIN_TRANSFER"  # to or from an isolated position
                        listed = self._exchange.catalogue.perpetuals(market)
                        moved = {listed[position.symbol].margin_asset: ZERO for position in positions}
                    update = self._account_update(account, market, moved, positions, reason)
                    yield market, account, update

    def _market_of(self, symbol: str) -> str:
        return "cm" if symbol in self._exchange.catalogue.cm else "um"

    def _changes(self, happening: Happening) -> dict[tuple[str, str, str], Decimal]:
        changes: dict[tuple[str, str, str], Decimal] = {}
        for account, wallet, asset, free, locked in happening.balances:
            key = (account, wallet, asset)
            known = self._known.get(key, ZERO) + happening.paid.get(key, ZERO)
            changes[key] = free + locked - known
            self._known[key] = free + locked
        return changes

    def _account_update(
        self,
        account: str,
        market: str,
        moved: dict[str, Decimal],
        positions: list[PositionRecord],
        reason: str,
    ) -> Json:
        views = {
            (v.position.symbol, v.position.position_side): v
            for v in self._exchange.positions(account, market)
        }
        balances = {
            asset: (
                self._known.get((account, market, asset), ZERO),
                self._exchange.futures_totals(account, asset, market).cross_wallet,
                delta,
            )
            for asset, delta in moved.items()
        }
        listed = self._exchange.catalogue.perpetuals(market)
        rows = []
        for position in positions:
            view = views.get((position.symbol, position.position_side))
            gain = view.unrealized if view else ZERO
            rows.append(user_um.position(position, gain, listed[position.symbol]))
        update = user_um.account_update(balances, rows, reason, self._exchange.now_ms())
        return user_um.of_market(update, next(iter(listed.values())))


def _reason(traded: bool, moved: Decimal) -> str:
    if traded:
        return "ORDER"
    return "DEPOSIT" if moved >= 0 else "WITHDRAW"
