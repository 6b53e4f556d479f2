"""What one call to the exchange did: rows to keep and events to tell, both in order.

Collaborators note what they changed here; a call ends with one commit, and what it did becomes durable at once or not at
all. Only what is durable is told to listeners. A call that is refused notes nothing.

A host that answers many calls at once may have them made durable together: see `defer`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from atapi.matching.ledger import Entry, Holder
from atapi.paper.algos import AlgoRecord
from atapi.paper.funding_payments import FundingPayment
from atapi.paper.records import (
    AccountRecord,
    AmendRecord,
    IncomeRecord,
    ListRecord,
    MarginChange,
    OrderRecord,
    PositionRecord,
    PreventedRecord,
    SettledFunding,
    TradeRecord,
    TransferRecord,
)

Listener = Callable[[str, Any], None]
CHANGING = ("order", "amendment", "position", "algo")


class Posting(NamedTuple):
    """Ledger entries that sum to zero, and why."""

    time_ms: int
    kind: str  # DEPOSIT, TRANSFER, TRADE and its PAYMENT, COMMISSION, REALIZED_PNL, FUNDING_FEE …
    entries: tuple[Entry, ...]


class Batch(msgspec.Struct, omit_defaults=True):
    """Rows one commit writes."""

    accounts: list[AccountRecord] = []
    postings: list[Posting] = []
    balances: dict[tuple[Holder, str], Decimal] = {}  # (holder, asset) -> balance
    orders: dict[tuple[str, int], OrderRecord] = {}  # (market, id) -> order
    lists: dict[int, ListRecord] = {}  # id -> order list
    prevented: list[PreventedRecord] = []
    amends: list[AmendRecord] = []
    algos: dict[int, AlgoRecord] = {}  # algo id -> conditional order
    margin_changes: list[MarginChange] = []
    trades: list[TradeRecord] = []
    positions: dict[tuple[str, str, str], PositionRecord] = {}
    income: list[IncomeRecord] = []
    transfers: list[TransferRecord] = []
    settings: dict[tuple[str, str], str] = {}  # (account, name) -> value
    meta: dict[str, str] = {}
    rows: dict[str, list[tuple[Any, ...]]] = {}  # table -> rows, new or changed

    def freeze(self) -> None:
        """Keep records that go on changing as they are now."""
        self.orders = {key: copy(order) for key, order in self.orders.items()}
        if self.positions:
            self.positions = {key: copy(position) for key, position in self.positions.items()}
        if self.lists:
            self.lists = {key: copy(record) for key, record in self.lists.items()}
        if self.algos:
            self.algos = {key: copy(algo) for key, algo in self.algos.items()}


class Effects:
    """Collects what a call does until it is committed.

    Args:
        stage: Takes up what one whole call did.
        flush: Makes everything staged durable, all of it or none.
        balance_of: Tells free and locked of a wallet's asset, for balance events.
    """

    def __init__(
        self,
        stage: Callable[[Batch], None],
        flush: Callable[[], None],
        balance_of: Callable[[Holder, str], tuple[Decimal, Decimal]],
    ) -> None:
        self._stage = stage
        self._flush = flush
        self._balance_of = balance_of
        self._listeners: list[Listener] = []
        self._untold: list[tuple[str, Any]] = []  # of whole calls, told once they are durable
        self._soon: Callable[[], None] | None = None  # asks for a flush
        self._later: dict[str, Callable[[], str]] = {}  # name of a fact -> what it will be
        self._clear()

    def defer(self, soon: Callable[[], None]) -> None:
        """Make calls durable together from now on.

        Args:
            soon: Called after each call that changed something; `flush` has to follow, before anything that the
                call returned, or that is read after it, is shown to anybody.
        """
        self._soon = soon

    def subscribe(self, listener: Listener) -> None:
        """Tell this listener every event from now on."""
        self._listeners.append(listener)

    def account(self, record: AccountRecord) -> None:
        """Note a new account."""
        self._batch.accounts.append(record)

    def posting(self, time_ms: int, kind: str, entries: tuple[Entry, ...], balances: list[Decimal]) -> None:
        """Note a posting and the balances it left, entry by entry."""
        self._batch.postings.append(Posting(time_ms, kind, entries))
        for (holder, asset, _), balance in zip(entries, balances, strict=True):
            self._batch.balances[holder, asset] = balance
            self._touched[holder, asset] = None

    def locked(self, holder: Holder, asset: str) -> None:
        """Note that the locked part of a balance changed."""
        self._touched[holder, asset] = None

    def order(self, record: OrderRecord) -> None:
        """Note a new or changed order."""
        self._batch.orders[record.market, record.order_id] = record
        self._tell("order", record)

    def keep(self, record: OrderRecord) -> None:
        """Note an order whose owner sees no change."""
        self._batch.orders[record.market, record.order_id] = record

    def order_list(self, record: ListRecord, status: str) -> None:
        """Note a new or changed order list; `status` is EXEC_STARTED, UPDATED or ALL_DONE."""
        self._batch.lists[record.list_id] = record
        self._tell("list", (copy(record), status))

    def prevented(self, record: PreventedRecord) -> None:
        """Note that an account did not trade with itself; the orders it changed are noted after it."""
        self._batch.prevented.append(record)
        self._tell("prevented", record)

    def amended(self, record: AmendRecord) -> None:
        """Note that an order has another quantity; the order is noted after it."""
        self._batch.amends.append(record)
        self._tell("amended", record)

    def amendment(self, record: OrderRecord) -> None:
        """Note that a futures order was changed by its owner and lost its place on the book."""
        self._batch.orders[record.market, record.order_id] = record
        self._tell("amendment", record)

    def algo(self, record: AlgoRecord, *, quiet: bool = False) -> None:
        """Note a new or changed conditional order; `quiet` where only what it remembers changed."""
        self._batch.algos[record.algo_id] = record
        if not quiet:
            self._tell("algo", record)

    def margin_call(self, record: object) -> None:
        """Note that an account was warned."""
        self._tell("margin_call", record)

    def configured(self, account: str, change: dict[str, Any]) -> None:
        """Note that a setting was changed that streams tell."""
        self._tell("config", (account, change))

    def margin_type(
        self, account: str, market: str, symbol: str, sides: tuple[str, ...], isolated: bool
    ) -> None:
        """Note that a symbol stands on margin of its own now, or no more; it has no position."""
        self._tell("margin_type", (account, market, symbol, sides, isolated))

    def margin_change(self, record: MarginChange) -> None:
        """Note a change of isolated margin."""
        self._batch.margin_changes.append(record)

    def trade(self, record: TradeRecord) -> None:
        """Note a fill."""
        self._batch.trades.append(record)
        self._tell("trade", record)

    def position(self, record: PositionRecord) -> None:
        """Note a changed position."""
        self._batch.positions[record.account, record.symbol, record.position_side] = record
        self._tell("position", record)

    def income(self, record: IncomeRecord) -> None:
        """Note a line of income."""
        self._batch.income.append(record)

    def transfer(self, record: TransferRecord) -> None:
        """Note a transfer."""
        self._batch.transfers.append(record)

    def funding_payment(self, record: FundingPayment) -> None:
        """Note what a settled funding did to one position."""
        self._tell("funding_payment", record)

    def funding(self, record: SettledFunding) -> None:
        """Note that a funding was settled."""
        self._tell("funding", record)

    def setting(self, account: str, name: str, value: str) -> None:
        """Note a setting."""
        self._batch.settings[account, name] = value

    def row(self, table: str, row: tuple[Any, ...]) -> None:
        """Note a row of a table that its owner alone reads, its key first; it comes with a posting or an order."""
        self._batch.rows.setdefault(table, []).append(row)

    def meta(self, name: str, value: str) -> None:
        """Note a fact about the exchange itself."""
        self._batch.meta[name] = value

    def later(self, name: str, value: Callable[[], str]) -> None:
        """Note a fact that is written down as it is when this call becomes durable, once for all calls until then."""
        self._later[name] = value

    def book(self, market: str, symbol: str) -> None:
        """Note that a book changed."""
        self._books[market, symbol] = None

    @property
    def durable(self) -> bool:
        """Whether there is anything to write."""
        batch = self._batch
        # A position may change alone: margin added to an isolated one moves no money.
        changed = batch.postings or batch.orders or batch.positions or batch.algos
        return bool(changed or batch.accounts or batch.settings or batch.meta)

    @property
    def pending(self) -> bool:
        """Whether anything has been noted since the last commit."""
        return bool(self.durable or self._events or self._books or self._touched)

    def commit(self) -> None:
        """End a call: what it noted becomes durable and is told, now or with the calls after it."""
        if not self.pending:
            return
        if self.durable:
            self._stage(self._batch)
        if self._listeners:
            self._untold += self._events
            for holder, asset in self._touched:
                if not holder.account.startswith("@"):
                    self._untold.append(("balance", (*holder, asset, *self._balance_of(holder, asset))))
            self._untold.extend(("book", key) for key in self._books)
        self._clear()
        if self._soon is None:
            self.flush()
        else:
            self._soon()

    def flush(self) -> None:
        """Make every call that has ended durable, then tell what they did."""
        self._flush()
        untold, self._untold = self._untold, []
        for kind, record in untold:
            for listener in self._listeners:
                listener(kind, record)

    def complete(self) -> None:
        """Write down what was left for later, so that everything that has ended can become durable."""
        if self._later:
            facts, self._later = self._later, {}
            self._stage(Batch(meta={name: value() for name, value in facts.items()}))

    def _tell(self, kind: str, record: object) -> None:
        if self._listeners:
            # Records that change later are told as they are now.
            self._events.append((kind, copy(record) if kind in CHANGING else record))

    def _clear(self) -> None:
        self._batch = Batch()
        self._events: list[tuple[str, Any]] = []
        self._touched: dict[tuple[Holder, str], None] = {}  # in order of first change
        self._books: dict[tuple[str, str], None] = {}
