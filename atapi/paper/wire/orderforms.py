"""New futures orders as they come in: which parameters a type wants, and the refusals for those it does not."""

from __future__ import annotations

from decimal import Decimal

from atapi.paper.exchange import Submit
from atapi.paper.order_terms import PLAIN
from atapi.paper.price_match import LEVELS
from atapi.paper.records import Refusal
from atapi.paper.um_amend import Amendment
from atapi.paper.wire.params import Params, invalid

CONDITIONAL = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
UM_ANSWERS = ("ACK", "RESULT")
UM_FORCES = ("GTC", "IOC", "FOK", "GTX", "GTD", "RPI")
POSITION_SIDES = ("BOTH", "LONG", "SHORT")
PREVENTION_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")


def um_order(params: Params) -> tuple[Submit, str]:
    """Read a USD-M order and the kind of answer it wants."""
    symbol, side, kind = params.symbol(), params.side(), _um_type(params)
    answer = params.maybe("newOrderRespType") or "ACK"
    if answer not in UM_ANSWERS:
        raise invalid("newOrderRespType")
    if params.flag("closePosition"):
        raise Refusal(-4136, f"Target strategy invalid for orderType {kind},closePosition true")
    quantity = params.decimal("quantity")
    time_in_force: str | None = None
    price: Decimal | None = None
    if kind == "MARKET":
        if "timeInForce" in params:
            raise Refusal(-1106, "Parameter 'timeinforce' sent when not required.")
        params.forbid("price")
        if price_match(params) != "NONE":
            raise Refusal(-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT")
    else:
        time_in_force = _time_in_force(params, UM_FORCES)
        price = matched_or_priced(params)
    submit = Submit(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=quantity,
        price=price,
        time_in_force=time_in_force,
        client_order_id=um_client_id(params, "newClientOrderId"),
        reduce_only=params.flag("reduceOnly") if "reduceOnly" in params else None,
        position_side=position_side(params),
        self_trade_prevention=um_prevention(params),
        terms=PLAIN.but(good_till_ms=good_till(params, time_in_force), price_match=price_match(params)),
    )
    return submit, answer


def um_amendment(params: Params) -> Amendment:
    """Read what an open USD-M order is to become."""
    order_id, client_id = order_key(params)
    return Amendment(
        symbol=params.symbol(),
        side=params.side(),
        quantity=params.decimal("quantity"),
        price=matched_or_priced(params),
        price_match=price_match(params),
        order_id=order_id,
        client_order_id=client_id,
        reduce_only=params.flag("reduceOnly"),
        modify_id=params.maybe_integer("modifyId"),
    )


def position_side(params: Params) -> str:
    """Read which position an order is for."""
    side = params.maybe("positionSide") or "BOTH"
    if side not in POSITION_SIDES:
        raise Refusal(-4060, "Invalid position side.")
    return side


def um_prevention(params: Params) -> str:
    """Read a USD-M self-trade prevention mode."""
    mode = params.maybe("selfTradePreventionMode") or "EXPIRE_MAKER"
    if mode not in PREVENTION_MODES:
        raise Refusal(-5039, "Invalid self trade prevention mode")
    return mode


def price_match(params: Params) -> str:
    """Read how the exchange is to choose a price."""
    mode = params.maybe("priceMatch") or "NONE"
    if mode != "NONE" and mode not in LEVELS:
        raise Refusal(-5037, "Invalid price match")
    return mode


def matched_or_priced(params: Params) -> Decimal | None:
    """Read a price, which must not be there where the exchange is to choose one."""
    if price_match(params) == "NONE":
        return params.decimal("price")
    params.forbid("price")
    return None


def good_till(params: Params, time_in_force: str | None) -> int:
    """Read when an order ends, to the second; 0 where it has no end."""
    if time_in_force == "GTD":
        return params.integer("goodTillDate") // 1000 * 1000
    params.skip("goodTillDate")
    return 0


def order_key(params: Params) -> tuple[int | None, str | None]:
    """Read which order is meant: `orderId`, `origClientOrderId`, or both."""
    order_id, client_id = params.maybe_integer("orderId"), params.maybe("origClientOrderId")
    if order_id is None and client_id is None:
        raise either("origClientOrderId", "orderId")
    return order_id, client_id


def either(first: str, second: str) -> Refusal:
    """Make the refusal of a request that names neither of two parameters."""
    return Refusal(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def _um_type(params: Params) -> str:
    kind = params.text("type")
    if kind in CONDITIONAL:
        raise Refusal(
            -4120,
            "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
        )
    if kind not in ("LIMIT", "MARKET"):
        raise Refusal(-1116, "Invalid orderType.")
    return kind


def _time_in_force(params: Params, allowed: tuple[str, ...]) -> str:
    return params.choice("timeInForce", allowed, Refusal(-1115, "Invalid timeInForce."))


def um_client_id(params: Params, name: str) -> str | None:
    """Read a client id of a USD-M order, conditional or not."""
    try:
        return params.client_id(name)
    except Refusal as refusal:
        raise Refusal(-4015, "Client order id is not valid.") from refusal
