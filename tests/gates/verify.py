"""Holds what an exchange tells after its restart against what its users had been told before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.gates.line import Line
from tests.gates.traders import DONE, FINAL, KINDS, REFUSED, SENT, SYMBOL, Move, Notes, Order

ALL = {"spot": "/api/v3/allOrders", "margin": "/sapi/v1/margin/allOrders", "um": "/fapi/v1/allOrders"}
TRADES = {"spot": "/api/v3/myTrades", "margin": "/sapi/v1/margin/myTrades", "um": "/fapi/v1/userTrades"}
MOST = {"spot": 1000, "margin": 500, "um": 1000}
Row = dict[str, Any]


def check(notes: Notes, lines: Mapping[str, Line], first: Mapping[tuple[str, str], Decimal]) -> None:
    """Check one account.

    Args:
        first: What each wallet began with, by wallet and asset.
    """
    found = {market: _orders(market, notes, lines[market]) for market in ALL}
    trades = {market: _rows(lines[market], TRADES[market], MOST[market]) for market in TRADES}
    for market, rows in found.items():
        _fills(market, rows, trades[market])
    for market, event in notes.events:
        _heard(market, event, found[market], trades[market])
    _algos(notes, lines["um"])
    transfers = [row for kind in KINDS for row in _pages(lines["spot"], "/sapi/v1/asset/transfer", type=kind)]
    _moves(notes.transfers, transfers)
    loans = [
        row | {"type": kind}
        for kind in ("BORROW", "REPAY")
        for row in _pages(lines["spot"], "/sapi/v1/margin/borrow-repay", type=kind)
    ]
    # What margin orders borrow and repay on their own has no name of ours.
    _moves(notes.loans, [row for row in loans if bare(row["amount"]) in notes.loans])
    _spot(lines["spot"], found["spot"], trades["spot"], transfers, first)
    _margin(lines["spot"], trades["margin"], transfers, loans, first)
    _futures(lines["um"], trades["um"], first)
    notes.settle()


def bare(number: str) -> str:
    """Write a number as those who sent it did."""
    return format(Decimal(number).normalize(), "f")


def _rows(line: Line, path: str, most: int) -> list[Row]:
    rows: list[Row] = line.told(path, symbol=SYMBOL, limit=most)
    assert len(rows) < most, f"{path} gave {most} rows: the life is too long to be checked in one page"
    return rows


def _pages(line: Line, path: str, **params: Any) -> list[Row]:
    rows: list[Row] = []
    while True:
        page = line.told(path, size=100, current=len(rows) // 100 + 1, **params).get("rows") or []
        rows += page
        if len(page) < 100:
            return rows


# --- orders -----------------------------------------------------------------------------------------------------
def _orders(market: str, notes: Notes, line: Line) -> dict[str, Row]:
    rows = {row["clientOrderId"]: row for row in _rows(line, ALL[market], MOST[market])}
    mine = {client_id: order for (where, client_id), order in notes.orders.items() if where == market}
    unknown = rows.keys() - mine.keys()
    assert not unknown, f"{market}: nobody sent {unknown}"
    for client_id, order in mine.items():
        row = rows.get(client_id)
        assert row is not None or order.fate != DONE, f"{market}: {client_id} was acknowledged and is gone"
        assert row is None or order.fate != REFUSED, f"{market}: {client_id} was refused and is there"
        if row is not None:
            _order(order, row)
    return rows


def _order(order: Order, row: Row) -> None:
    executed, status = Decimal(row["executedQty"]), row["status"]
    if order.fate == SENT:  # it came through and its answer did not: from now on it is known
        order.fate = DONE
    elif order.status in FINAL:
        assert (status, executed) == (order.status, order.executed), (order, row)
    assert executed >= order.executed, (order, row)
    if order.cancel == DONE:
        assert status == "CANCELED", (order, row)
    if order.cancel == SENT:
        order.cancel = ""
    assert Decimal(row["origQty"]) in (order.quantity, *order.maybe_quantities), (order, row)
    order.quantity = Decimal(row["origQty"])
    if order.price:
        prices = {Decimal(price) for price in (order.price, *order.maybe_prices)}
        assert Decimal(row["price"]) in prices, (order, row)
        order.price = row["price"]
    order.maybe_quantities.clear()
    order.maybe_prices.clear()
    order.status, order.executed = status, executed


def _fills(market: str, rows: Mapping[str, Row], trades: list[Row]) -> None:
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for trade in trades:
        filled[trade["orderId"]] += Decimal(trade["qty"])
    executed = {row["orderId"]: Decimal(row["executedQty"]) for row in rows.values()}
    assert {key: value for key, value in executed.items() if value} == filled, market


def _heard(market: str, event: Row, rows: Mapping[str, Row], trades: list[Row]) -> None:
    told = event.get("o") if event.get("e") == "ORDER_TRADE_UPDATE" else event
    if not isinstance(told, dict) or event.get("e") not in ("ORDER_TRADE_UPDATE", "executionReport"):
        return
    client_id = told["C"] if told["x"] == "CANCELED" and told.get("C") else told["c"]
    row = rows.get(client_id)
    if row is None:  # a margin order is told with spot's
        return
    assert Decimal(row["executedQty"]) >= Decimal(told["z"]), (event, row)
    if told["X"] in FINAL:
        assert row["status"] == told["X"], (event, row)
    if told["t"] > 0:
        assert any(trade["id"] == told["t"] for trade in trades), event


def _algos(notes: Notes, line: Line) -> None:
    rows = {
        row["clientAlgoId"]: row for row in line.told("/fapi/v1/allAlgoOrders", symbol=SYMBOL, limit=1000)
    }
    assert not rows.keys() - notes.algos.keys()
    for client_id, algo in notes.algos.items():
        row = rows.get(client_id)
        assert row is not None or algo.fate != DONE, f"conditional {client_id} was acknowledged and is gone"
        assert row is None or algo.fate != REFUSED, f"conditional {client_id} was refused and is there"
        if row is not None:
            algo.fate, algo.status = DONE, row["algoStatus"]
            assert algo.cancel != DONE or row["algoStatus"] == "CANCELED", (algo, row)
            algo.cancel = "" if algo.cancel == SENT else algo.cancel


# --- money ------------------------------------------------------------------------------------------------------
def _moves(moves: dict[str, Move], rows: list[Row]) -> None:
    there: dict[str, Row] = {bare(row["amount"]): row for row in rows}
    assert len(there) == len(rows), "a move was made twice"
    assert not there.keys() - moves.keys(), f"nobody sent {there.keys() - moves.keys()}"
    for amount, move in moves.items():
        row = there.get(amount)
        assert row is not None or move.fate != DONE, f"{move} of {amount} was acknowledged and is gone"
        assert row is None or move.fate != REFUSED, f"{move} of {amount} was refused and is there"
        if row is not None:
            number = row.get("tranId", row.get("txId"))
            assert row["type"] == move.kind
            assert move.fate == SENT or number == move.number, (move, row)
            move.fate, move.number = DONE, int(number)
        elif move.fate == SENT:
            move.fate = REFUSED


def _moved(wallet: str, transfers: list[Row]) -> Decimal:
    kinds = {"spot": "MAIN", "margin": "MARGIN", "um": "UMFUTURE"}
    total = Decimal(0)
    for row in transfers:
        source, target = row["type"].split("_")
        total += Decimal(row["amount"]) * ((target == kinds[wallet]) - (source == kinds[wallet]))
    return total


def _traded(trades: list[Row]) -> dict[str, Decimal]:
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for trade in trades:
        sign = 1 if trade["isBuyer"] else -1
        moved["BTC"] += sign * Decimal(trade["qty"])
        moved["USDT"] -= sign * Decimal(trade["qty"]) * Decimal(trade["price"])
        moved[trade["commissionAsset"]] -= Decimal(trade["commission"])
    return moved


def _spot(
    line: Line,
    orders: Mapping[str, Row],
    trades: list[Row],
    transfers: list[Row],
    first: Mapping[tuple[str, str], Decimal],
) -> None:
    held = {row["asset"]: row for row in line.told("/api/v3/account")["balances"]}
    traded = _traded(trades)
    traded["USDT"] += _moved("spot", transfers)
    for asset in ("BTC", "USDT", "BNB", "ETH"):
        now = Decimal(held[asset]["free"]) + Decimal(held[asset]["locked"])
        assert now == first["spot", asset] + traded[asset], (asset, now, first["spot", asset] + traded[asset])
    locked: dict[str, Decimal] = defaultdict(Decimal)
    for row in orders.values():
        if row["status"] in ("NEW", "PARTIALLY_FILLED"):
            left = Decimal(row["origQty"]) - Decimal(row["executedQty"])
            buys = row["side"] == "BUY"
            locked["USDT" if buys else "BTC"] += left * (Decimal(row["price"]) if buys else 1)
    assert {asset: Decimal(held[asset]["locked"]) for asset in ("BTC", "USDT")} == {
        asset: locked[asset] for asset in ("BTC", "USDT")
    }


def _margin(
    line: Line,
    trades: list[Row],
    transfers: list[Row],
    loans: list[Row],
    first: Mapping[tuple[str, str], Decimal],
) -> None:
    shown = line.told("/sapi/v1/margin/account")["userAssets"]
    held: dict[str, Row] = defaultdict(lambda: dict.fromkeys(("free", "locked", "borrowed"), "0"))
    held.update({row["asset"]: row for row in shown})
    moved, owed = _traded(trades), defaultdict(Decimal)
    moved["USDT"] += _moved("margin", transfers)
    for row in loans:
        sign = 1 if row["type"] == "BORROW" else -1
        moved[row["asset"]] += sign * Decimal(row["amount"])
        owed[row["asset"]] += sign * Decimal(row["principal"])
    for asset in ("BTC", "USDT"):
        now = Decimal(held[asset]["free"]) + Decimal(held[asset]["locked"])
        assert now == first.get(("margin", asset), Decimal(0)) + moved[asset], (asset, now, moved[asset])
        assert Decimal(held[asset]["borrowed"]) == owed[asset], (asset, held[asset], owed[asset])


def _futures(line: Line, trades: list[Row], first: Mapping[tuple[str, str], Decimal]) -> None:
    income = line.told("/fapi/v1/income", limit=1000)
    assert len(income) < 1000, "the life is too long to be checked in one page"
    [wallet] = [row for row in line.told("/fapi/v2/balance") if row["asset"] == "USDT"]
    explained = sum((Decimal(row["income"]) for row in income if row["asset"] == "USDT"), Decimal(0))
    assert Decimal(wallet["balance"]) == explained, (wallet, explained)
    position = sum((Decimal(row["qty"]) * (1 if row["side"] == "BUY" else -1) for row in trades), Decimal(0))
    shown = sum(Decimal(row["positionAmt"]) for row in line.told("/fapi/v2/positionRisk", symbol=SYMBOL))
    assert shown == position, (shown, position)
