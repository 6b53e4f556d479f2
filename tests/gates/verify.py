"""Holds what an exchange tells after its restart against what its users had been told before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.gates.line import Line
from tests.gates.traders import DONE, FINAL, KINDS, REFUSED, SENT, SYMBOL, Move, Notes, Order

ALL = {"spot": "/api/v3/allOrders", "margin": "/sapi/v1/margin/allOrders", "um": "/fapi/v1/allOrders"}
TRADES = {"spot": "/api/v3/myTrades", "margin": "/sapi/v1/margin/myTrades", "um": "/fapi/v1/userTrades"}
LOANS = ("BORROW", "REPAY")
MOST = {"spot": 1000, "margin": 500, "um": 1000}
Row = dict[str, Any]


def check(notes: Notes, lines: Mapping[str, Line], first: Mapping[tuple[str, str], Decimal]) -> None:
    """Check one account.

    Args:
        first: What each wallet began with, by wallet and asset.
    """
    seen = look(lines)
    for market, rows in seen.orders.items():
        _orders(market, notes, rows)
        _fills(market, rows, seen.trades[market])
    for market, event in notes.events:
        _heard(event, seen.orders[market], seen.trades[market])
    _algos(notes, {row["clientAlgoId"]: row for row in seen.algos})
    _moves(notes.transfers, seen.transfers)
    # What margin orders borrow and repay on their own has no name of ours.
    _moves(notes.loans, [row for row in seen.loans if bare(row["amount"]) in notes.loans])
    _spot(seen, first)
    _margin(seen, first)
    _futures(seen)
    notes.settle()


@dataclass(frozen=True)
class Seen:
    """What an exchange tells an account, all of one moment."""

    orders: dict[str, dict[str, Row]]  # market -> client id -> order
    trades: dict[str, list[Row]]  # market -> fills
    algos: list[Row]
    transfers: list[Row]
    loans: list[Row]
    spot: dict[str, Row]  # asset -> balance
    margin: dict[str, Row]
    income: list[Row]
    futures: Row
    positions: list[Row]


def look(lines: Mapping[str, Line]) -> Seen:
    """Ask for everything until nothing has happened meanwhile: where the clock goes, orders fill."""
    spot, um = lines["spot"], lines["um"]
    while True:
        orders = _all_orders(lines)
        borrow_repay = "/sapi/v1/margin/borrow-repay"
        seen = Seen(
            orders=orders,
            trades={market: _rows(lines[market], path, MOST[market]) for market, path in TRADES.items()},
            algos=um.told("/fapi/v1/allAlgoOrders", symbol=SYMBOL, limit=1000),
            transfers=[row for kind in KINDS for row in _pages(spot, "/sapi/v1/asset/transfer", type=kind)],
            loans=[row | {"type": kind} for kind in LOANS for row in _pages(spot, borrow_repay, type=kind)],
            spot={row["asset"]: row for row in spot.told("/api/v3/account")["balances"]},
            margin={row["asset"]: row for row in spot.told("/sapi/v1/margin/account")["userAssets"]},
            income=um.told("/fapi/v1/income", limit=1000),
            futures=next(row for row in um.told("/fapi/v2/balance") if row["asset"] == "USDT"),
            positions=um.told("/fapi/v2/positionRisk", symbol=SYMBOL),
        )
        if _all_orders(lines) == orders:
            assert len(seen.income) < 1000, "the life is too long to be checked in one page"
            return seen


def _all_orders(lines: Mapping[str, Line]) -> dict[str, dict[str, Row]]:
    return {
        market: {row["clientOrderId"]: row for row in _rows(lines[market], path, MOST[market])}
        for market, path in ALL.items()
    }


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
def _orders(market: str, notes: Notes, rows: Mapping[str, Row]) -> None:
    mine = {client_id: order for (where, client_id), order in notes.orders.items() if where == market}
    unknown = rows.keys() - mine.keys()
    assert not unknown, f"{market}: nobody sent {unknown}"
    for client_id, order in mine.items():
        row = rows.get(client_id)
        assert row is not None or order.fate != DONE, f"{market}: {client_id} was acknowledged and is gone"
        assert row is None or order.fate != REFUSED, f"{market}: {client_id} was refused and is there"
        if row is not None:
            _order(order, row)


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
    executed = {key: value for key, value in executed.items() if value}
    assert executed == filled, (
        f"{market}: orders and fills differ, {set(executed.items()) ^ set(filled.items())}"
    )


def _heard(event: Row, rows: Mapping[str, Row], trades: list[Row]) -> None:
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


def _algos(notes: Notes, rows: Mapping[str, Row]) -> None:
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
            number = int(row["tranId"] if "tranId" in row else row["txId"])
            assert row["type"] == move.kind
            assert move.fate == SENT or number == move.number, (move, row)
            move.fate, move.number = DONE, number
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


def _spot(seen: Seen, first: Mapping[tuple[str, str], Decimal]) -> None:
    held, traded = seen.spot, _traded(seen.trades["spot"])
    traded["USDT"] += _moved("spot", seen.transfers)
    for asset in ("BTC", "USDT", "BNB", "ETH"):
        now = Decimal(held[asset]["free"]) + Decimal(held[asset]["locked"])
        assert now == first["spot", asset] + traded[asset], (asset, now, first["spot", asset] + traded[asset])
    needs: dict[tuple[int, str], Decimal] = defaultdict(Decimal)  # the orders of a list hold funds once
    for row in seen.orders["spot"].values():
        if row["status"] in ("NEW", "PARTIALLY_FILLED"):
            left = Decimal(row["origQty"]) - Decimal(row["executedQty"])
            buys = row["side"] == "BUY"
            key = (
                row["orderListId"] if row["orderListId"] > 0 else -row["orderId"],
                "USDT" if buys else "BTC",
            )
            needs[key] = max(needs[key], left * (Decimal(row["price"]) if buys else 1))
    locked: dict[str, Decimal] = defaultdict(Decimal)
    for (_, asset), amount in needs.items():
        locked[asset] += amount
    assert {asset: Decimal(held[asset]["locked"]) for asset in ("BTC", "USDT")} == {
        asset: locked[asset] for asset in ("BTC", "USDT")
    }


def _margin(seen: Seen, first: Mapping[tuple[str, str], Decimal]) -> None:
    moved, owed = _traded(seen.trades["margin"]), defaultdict[str, Decimal](Decimal)
    moved["USDT"] += _moved("margin", seen.transfers)
    for row in seen.loans:
        sign = 1 if row["type"] == "BORROW" else -1
        moved[row["asset"]] += sign * Decimal(row["amount"])
        owed[row["asset"]] += sign * Decimal(row["principal"])
    for asset in ("BTC", "USDT"):
        row = seen.margin.get(asset, dict.fromkeys(("free", "locked", "borrowed"), "0"))
        now = Decimal(row["free"]) + Decimal(row["locked"])
        assert now == first.get(("margin", asset), Decimal(0)) + moved[asset], (asset, now, moved[asset])
        assert Decimal(row["borrowed"]) == owed[asset], (row, owed[asset])


def _futures(seen: Seen) -> None:
    explained = sum((Decimal(row["income"]) for row in seen.income if row["asset"] == "USDT"), Decimal(0))
    assert Decimal(seen.futures["balance"]) == explained, (seen.futures, explained)
    signed = [Decimal(row["qty"]) * (1 if row["side"] == "BUY" else -1) for row in seen.trades["um"]]
    shown = sum(Decimal(row["positionAmt"]) for row in seen.positions)
    assert shown == sum(signed), (shown, sum(signed))
