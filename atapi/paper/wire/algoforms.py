"""New conditional orders as they come in."""

from __future__ import annotations

from decimal import Decimal

from atapi.paper.algos import CONTRACT_PRICE, LIMITED, MARK_PRICE, TRAILING, TYPES, AlgoRecord
from atapi.paper.records import ZERO, Refusal
from atapi.paper.wire.orderforms import (
    UM_ANSWERS,
    good_till,
    matched_or_priced,
    position_side,
    price_match,
    um_client_id,
    um_prevention,
)
from atapi.paper.wire.params import Params, invalid, missing

FORCES = ("GTC", "IOC", "FOK", "GTX", "GTD", "GTE_GTC")


def algo_order(params: Params, account: str) -> AlgoRecord:
    """Read a conditional order; it has no id yet."""
    if params.text("algoType") != "CONDITIONAL":
        raise invalid("algoType")
    symbol, side, kind = params.symbol(), params.side(), params.text("type")
    if kind not in TYPES:
        raise Refusal(-1116, "Invalid orderType.")
    if (params.maybe("newOrderRespType") or "ACK") not in UM_ANSWERS:
        raise invalid("newOrderRespType")
    working = params.maybe("workingType") or CONTRACT_PRICE
    if working not in (CONTRACT_PRICE, MARK_PRICE):
        raise invalid("workingType")
    force = params.maybe("timeInForce") or "GTC"
    if force not in FORCES:
        raise Refusal(-1115, "Invalid timeInForce.")
    closes = params.flag("closePosition")
    return AlgoRecord(
        account=account,
        algo_id=0,
        client_algo_id=um_client_id(params, "clientAlgoId") or "",
        symbol=symbol,
        side=side,
        type=kind,
        position_side=position_side(params),
        time_in_force=force,
        quantity=(params.maybe_decimal("quantity") or ZERO) if closes else params.decimal("quantity"),
        price=(matched_or_priced(params) or ZERO) if kind in LIMITED else ZERO,
        price_match=price_match(params) if kind in LIMITED else "NONE",
        trigger_price=ZERO if kind == TRAILING else _trigger(params),
        activate_price=params.maybe_decimal("activatePrice") if kind == TRAILING else None,
        callback_rate=params.decimal("callbackRate") if kind == TRAILING else ZERO,
        working_type=working,
        close_position=closes,
        price_protect=params.flag("priceProtect"),
        reduce_only=params.flag("reduceOnly"),
        self_trade_prevention=um_prevention(params),
        good_till_ms=good_till(params, force),
    )


def algo_key(params: Params) -> tuple[int | None, str | None]:
    """Read which conditional order is meant: `algoId`, `clientAlgoId`, or both."""
    algo_id, client_id = params.maybe_integer("algoId"), params.maybe("clientAlgoId")
    if algo_id is None and client_id is None:
        raise missing("algoId")
    return algo_id, client_id


def _trigger(params: Params) -> Decimal:
    price = params.decimal("triggerPrice")
    if price <= 0:
        raise Refusal(-4006, "Stop price less than zero.")
    return price
