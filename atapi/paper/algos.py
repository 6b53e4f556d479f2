"""Conditional orders: kept apart from orders until their trigger price is reached, as Binance's algo service does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

ZERO = Decimal(0)
OPEN = "NEW"
MARK_PRICE, CONTRACT_PRICE = "MARK_PRICE", "CONTRACT_PRICE"
TRAILING = "TRAILING_STOP_MARKET"
LIMITED = ("STOP", "TAKE_PROFIT")  # types that become LIMIT orders; the others become MARKET
STOPS = ("STOP", "STOP_MARKET")
TYPES = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", TRAILING)

ALGO_DDL = """
CREATE TABLE IF NOT EXISTS algos (
    algo_id INTEGER PRIMARY KEY, account TEXT, client_algo_id TEXT, symbol TEXT, status TEXT, created_ms INTEGER,
    record TEXT
);
CREATE INDEX IF NOT EXISTS algos_of ON algos (account, symbol, algo_id);
CREATE INDEX IF NOT EXISTS algos_open ON algos (status) WHERE status IN ('NEW', 'TRIGGERED');
"""


@dataclass(slots=True, kw_only=True)
class AlgoRecord:
    """One conditional order."""

    account: str
    algo_id: int
    client_algo_id: str
    symbol: str
    side: str
    type: str
    position_side: str = "BOTH"
    time_in_force: str = "GTC"
    quantity: Decimal = ZERO  # 0 where it closes the position
    price: Decimal = ZERO  # of the LIMIT order it becomes
    price_match: str = "NONE"
    trigger_price: Decimal = ZERO  # 0 for a trailing one
    activate_price: Decimal | None = None  # None: active at once
    callback_rate: Decimal = ZERO  # percent
    working_type: str = CONTRACT_PRICE
    close_position: bool = False
    price_protect: bool = False
    reduce_only: bool = False
    self_trade_prevention: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    status: str = OPEN  # NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, REJECTED, EXPIRED
    failure: str = ""  # why it was rejected or expired
    order_id: int = 0  # of the order it became
    order_type: str = ""  # of that order
    executed: Decimal = ZERO  # of that order, once it has ended
    mean_price: Decimal = ZERO
    active: bool = False  # of a trailing one: whether its extreme is followed
    extreme: Decimal = ZERO  # best price since it became active
    seen_ms: int = 0  # up to when prices have been looked at
    created_ms: int = 0
    updated_ms: int = 0
    triggered_ms: int = 0

    @property
    def closes(self) -> bool:
        """Whether it can only close: by its own word, or because its side leaves the position's side."""
        return (
            self.reduce_only
            or self.close_position
            or (self.position_side, self.side) in (("LONG", "SELL"), ("SHORT", "BUY"))
        )


_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(AlgoRecord).decode


def algo_row(algo: AlgoRecord) -> tuple[Any, ...]:
    """Write a conditional order as a row: what it is found by, and the whole of it."""
    record = _encode(algo).decode()
    return (
        algo.algo_id, algo.account, algo.client_algo_id, algo.symbol, algo.status, algo.created_ms, record,
    )  # fmt: skip


def algo_of(row: tuple[Any, ...]) -> AlgoRecord:
    """Read it back."""
    return _decode(row[0])
