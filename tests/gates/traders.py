"""Traders that note what they sent before they send it, and what was answered; they stop where no answer comes."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.gates.line import Answer, Gone, Line

SYMBOL = "BTCUSDT"
ORDER = {"spot": "/api/v3/order", "margin": "/sapi/v1/margin/order", "um": "/fapi/v1/order"}
TICK = {"spot": Decimal("0.01"), "margin": Decimal("0.01"), "um": Decimal("0.1")}
KINDS = ("MAIN_UMFUTURE", "UMFUTURE_MAIN", "MAIN_MARGIN", "MARGIN_MAIN", "MAIN_FUNDING", "FUNDING_MAIN")
SENT, DONE, REFUSED = "sent", "done", "refused"
FINAL = ("FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED")


@dataclass
class Order:
    """An order as its owner knows it."""

    fate: str = SENT
    status: str = ""  # the last one that was answered
    executed: Decimal = Decimal(0)
    price: str = ""
    maybe_prices: list[str] = field(default_factory=list)  # of changes not answered
    quantity: Decimal = Decimal(0)
    maybe_quantities: list[Decimal] = field(default_factory=list)
    cancel: str = ""  # fate of the cancel
    listed: bool = False  # part of a list, with which it comes and goes

    @property
    def open(self) -> bool:
        """Whether it may still be on the book, as far as is known."""
        return self.fate == DONE and self.status not in FINAL and not self.cancel and not self.listed


@dataclass
class Move:
    """A transfer or a loan; its amount is its name."""

    kind: str
    asset: str
    fate: str = SENT
    number: int = 0


class Notes:
    """What one account sent and was told, over all connections."""

    def __init__(self) -> None:
        self.orders: dict[tuple[str, str], Order] = {}  # (market, client id) -> order
        self.algos: dict[str, Order] = {}  # client id -> conditional order
        self.transfers: dict[str, Move] = {}  # amount -> transfer
        self.loans: dict[str, Move] = {}  # amount -> borrowing or repayment
        self.events: list[tuple[str, dict[str, Any]]] = []  # market, what a stream told
        self.count = 0

    def settle(self) -> None:
        """Forget what was open; after `check` nobody waits for an answer any more."""
        for order in (*self.orders.values(), *self.algos.values()):
            order.fate = REFUSED if order.fate == SENT else order.fate


class Trader:
    """Sends one thing after the other at random, until nobody answers.

    Args:
        lines: By market; `margin` and wallets go over that of spot.
        before: Called before each request.
    """

    def __init__(
        self, name: str, notes: Notes, lines: dict[str, Line], dice: random.Random, before: Callable[[], None]
    ) -> None:
        self._name = name
        self.notes = notes
        self._lines = lines | {"margin": lines["spot"]}
        self._dice = dice
        self._before = before
        self._doings: list[tuple[int, Callable[[], None]]] = [
            (35, self._limit), (18, self._at_market), (14, self._cancel), (5, self._amend), (6, self._replace),
            (5, self._modify), (10, self._transfer), (6, self._borrow), (5, self._repay), (5, self._algo), (4, self._bracket),
        ]  # fmt: skip
        self._weights, self._deeds = zip(*self._doings, strict=True)
        last = self._lines["spot"].get("/api/v3/ticker/price", symbol=SYMBOL)["price"]
        self._last = Decimal(last)
        self.thread = threading.Thread(target=self._live)

    def step(self) -> None:
        """Do one thing."""
        self._dice.choices(self._deeds, self._weights)[0]()

    def _live(self) -> None:
        try:
            while True:
                self.step()
        except Gone:
            return

    def _send(self, market: str, method: str, path: str, **params: Any) -> Answer:
        self._before()
        return self._lines[market].signed(method, path, **params)

    def _name_next(self) -> str:
        self.notes.count += 1
        return f"{self._name}-{self.notes.count}"

    # --- orders ---------------------------------------------------------------------------------------------
    def _limit(self) -> None:
        self._place(self._dice.choice(("spot", "um", "margin")), **self._limited())

    def _limited(self, market: str = "spot") -> dict[str, Any]:
        dice = self._dice
        price = (self._last * (10_000 + dice.randint(-8, 8)) / 10_000).quantize(Decimal("0.1"))
        return {
            "type": "LIMIT",
            "timeInForce": dice.choice(("GTC", "GTC", "GTC", "GTC", "IOC")),
            "price": str(price),
            "quantity": str(Decimal(dice.randint(1, 12)).scaleb(-3)),
            "side": dice.choice(("BUY", "SELL")),
        }

    def _at_market(self) -> None:
        quantity = str(Decimal(self._dice.randint(1, 9)).scaleb(-3))
        market, side = self._dice.choice(("spot", "spot", "um", "margin")), self._dice.choice(("BUY", "SELL"))
        self._place(market, type="MARKET", quantity=quantity, side=side)

    def _place(self, market: str, **params: Any) -> None:
        client_id = self._name_next()
        order = self.notes.orders[market, client_id] = Order(
            quantity=Decimal(params["quantity"]), price=params.get("price", "")
        )
        kind = "RESULT" if market == "um" else "FULL"
        extra = (
            {"sideEffectType": "AUTO_BORROW_REPAY"}
            if market == "margin" and self._dice.random() < 0.5
            else {}
        )
        _placed(
            order,
            self._send(
                market, "POST", ORDER[market], symbol=SYMBOL, newClientOrderId=client_id, newOrderRespType=kind, **params, **extra
            ),
        )  # fmt: skip

    def _pick(self, market: str) -> tuple[str, Order] | None:
        found = [
            (key[1], order) for key, order in self.notes.orders.items() if key[0] == market and order.open
        ]
        return self._dice.choice(found) if found else None

    def _cancel(self) -> None:
        market = self._dice.choice(("spot", "um", "margin"))
        if (picked := self._pick(market)) is None:
            return
        client_id, order = picked
        order.cancel = SENT
        _canceled(
            order, self._send(market, "DELETE", ORDER[market], symbol=SYMBOL, origClientOrderId=client_id)
        )

    def _amend(self) -> None:
        if (picked := self._pick("spot")) is None or picked[1].quantity <= Decimal("0.001"):
            return
        client_id, order = picked
        quantity = order.quantity - Decimal("0.001")
        order.maybe_quantities.append(quantity)
        status, _ = self._send(
            "spot", "PUT", "/api/v3/order/amend/keepPriority",
            symbol=SYMBOL, origClientOrderId=client_id, newClientOrderId=client_id, newQty=str(quantity),
        )  # fmt: skip
        order.maybe_quantities.clear()
        if status == 200:
            order.quantity = quantity

    def _modify(self) -> None:
        if (picked := self._pick("um")) is None:
            return
        client_id, order = picked
        change = self._limited() | {"quantity": str(order.quantity)}
        order.maybe_prices.append(change["price"])
        status, answer = self._send(
            "um", "PUT", ORDER["um"], symbol=SYMBOL, origClientOrderId=client_id,
            side=change["side"], quantity=change["quantity"], price=change["price"],
        )  # fmt: skip
        order.maybe_prices.clear()
        if status == 200:
            order.price = change["price"]
            order.status, order.executed = answer["status"], Decimal(answer["executedQty"])

    def _replace(self) -> None:
        if (picked := self._pick("spot")) is None:
            return
        (old_id, old), client_id, params = picked, self._name_next(), self._limited()
        new = Order(quantity=Decimal(params["quantity"]), price=params["price"])
        self.notes.orders["spot", client_id] = new
        old.cancel = SENT
        status, answer = self._send(
            "spot", "POST", "/api/v3/order/cancelReplace", symbol=SYMBOL, cancelOrigClientOrderId=old_id,
            cancelReplaceMode="STOP_ON_FAILURE", newClientOrderId=client_id, newOrderRespType="FULL", **params,
        )  # fmt: skip
        told = answer if status == 200 else answer.get("data", {})
        _canceled(
            old, (200 if told.get("cancelResult") == "SUCCESS" else 400, told.get("cancelResponse", {}))
        )
        _placed(
            new, (200 if told.get("newOrderResult") == "SUCCESS" else 400, told.get("newOrderResponse", {}))
        )

    def _bracket(self) -> None:
        """An order to buy, and once it is filled a limit and a stop to sell."""
        quantity = Decimal(self._dice.randint(2, 9)).scaleb(-3)
        ids = {name: self._name_next() for name in ("working", "pendingAbove", "pendingBelow")}
        levels = {
            name: str((self._last * share).quantize(Decimal("0.1")))
            for name, share in zip(ids, map(Decimal, ("0.9999", "1.01", "0.99")), strict=True)
        }
        prices = levels | {"pendingBelow": ""}
        for name, client_id in ids.items():
            order = Order(quantity=quantity, price=prices[name], listed=True)
            self.notes.orders["spot", client_id] = order
        params = {f"{name}ClientOrderId": client_id for name, client_id in ids.items()}
        status, answer = self._send(
            "spot", "POST", "/api/v3/orderList/otoco", symbol=SYMBOL, workingType="LIMIT", workingSide="BUY",
            workingTimeInForce="GTC", workingPrice=levels["working"], workingQuantity=str(quantity),
            pendingSide="SELL", pendingQuantity=str(quantity), pendingAboveType="LIMIT_MAKER",
            pendingAbovePrice=levels["pendingAbove"], pendingBelowType="STOP_LOSS",
            pendingBelowStopPrice=levels["pendingBelow"], newOrderRespType="FULL", **params,
        )  # fmt: skip
        reports = {report["clientOrderId"]: report for report in answer.get("orderReports", ())}
        for client_id in ids.values():
            _placed(self.notes.orders["spot", client_id], (status, reports.get(client_id, {})))

    def _algo(self) -> None:
        open_ones = [key for key, algo in self.notes.algos.items() if algo.open]
        if open_ones and self._dice.random() < 0.5:
            client_id = self._dice.choice(open_ones)
            algo = self.notes.algos[client_id]
            algo.cancel = SENT
            status, _ = self._send("um", "DELETE", "/fapi/v1/algoOrder", clientAlgoId=client_id)
            algo.cancel = DONE if status == 200 else REFUSED
            return
        client_id = self._name_next()
        algo = self.notes.algos[client_id] = Order()
        trigger = (self._last * Decimal("0.8")).quantize(Decimal("0.1"))
        status, _ = self._send(
            "um", "POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", symbol=SYMBOL, side="SELL",
            type="STOP_MARKET", quantity="0.002", triggerPrice=str(trigger), clientAlgoId=client_id,
        )  # fmt: skip
        algo.fate, algo.status = (DONE, "NEW") if status == 200 else (REFUSED, "")

    # --- money ----------------------------------------------------------------------------------------------
    def _amount(self) -> str:
        self.notes.count += 1
        return f"{self._dice.randint(1, 200)}.{self.notes.count:08d}".rstrip("0")

    def _transfer(self) -> None:
        kind, amount = self._dice.choice(KINDS), self._amount()
        self._move(self.notes.transfers, kind, amount, "/sapi/v1/asset/transfer")

    def _borrow(self) -> None:
        self._move(self.notes.loans, "BORROW", self._amount(), "/sapi/v1/margin/borrow-repay")

    def _repay(self) -> None:
        self._move(self.notes.loans, "REPAY", self._amount(), "/sapi/v1/margin/borrow-repay")

    def _move(self, moves: dict[str, Move], kind: str, amount: str, path: str) -> None:
        move = moves[amount] = Move(kind, "USDT")
        extra = {} if "asset/" in path else {"isIsolated": "FALSE"}
        status, answer = self._send("spot", "POST", path, type=kind, asset="USDT", amount=amount, **extra)
        move.fate = DONE if status == 200 else REFUSED
        move.number = answer.get("tranId", 0)


def _placed(order: Order, answered: Answer) -> None:
    status, answer = answered
    order.fate = DONE if status == 200 else REFUSED
    if status == 200:
        order.status, order.executed = answer["status"], Decimal(answer["executedQty"])


def _canceled(order: Order, answered: Answer) -> None:
    status, answer = answered
    order.cancel = DONE if status == 200 else REFUSED
    if status == 200:
        order.status, order.executed = answer["status"], Decimal(answer["executedQty"])
