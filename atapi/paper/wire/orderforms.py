"""New futures orders as they come in: which parameters a type wants, and the refusals for those it does not."""

from __future__ import annotations

from decimal import Decimal

from atapi.paper.exchange import Submit
from atapi.paper.records import Refusal
from atapi.paper.wire.params import Params, invalid

CONDITIONAL = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
UM_ANSWERS = ("ACK", "RESULT")
PREVENTION_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")


def um_order(params: Params) -> tuple[Submit, str]:
    """Read a USD-M order and the kind of answer it wants."""
    symbol, side, kind = params.symbol(), params.side(), _um_type(params)
    answer = params.maybe("newOrderRespType") or "ACK"
    if answer not in UM_ANSWERS:
        raise invalid("newOrderRespType")
    if params.flag("closePosition"):
        raise Refusal(-4136, f"Target strategy invalid for orderType {kind},closePosition true")
    if params.maybe("priceMatch") not in (None, "NONE"):
        raise invalid("priceMatch")
    prevention = params.maybe("selfTradePreventionMode") or "EXPIRE_MAKER"
    if prevention not in PREVENTION_MODES:
        raise invalid("selfTradePreventionMode")
    quantity = params.decimal("quantity")
    time_in_force: str | None = None
    price: Decimal | None = None
    if kind == "MARKET":
        if "timeInForce" in params:
            raise Refusal(-1106, "Parameter 'timeinforce' sent when not required.")
        params.forbid("price")
    else:
        time_in_force = _time_in_force(params, ("GTC", "IOC", "FOK", "GTX"))
        price = params.decimal("price")
    submit = Submit(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=quantity,
        price=price,
        time_in_force=time_in_force,
        client_order_id=_um_client_id(params),
        reduce_only=params.flag("reduceOnly"),
        position_side=params.maybe("positionSide") or "BOTH",
        self_trade_prevention=prevention,
    )
    return submit, answer


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


def _um_client_id(params: Params) -> str | None:
    try:
        return params.client_id("newClientOrderId")
    except Refusal as refusal:
        raise Refusal(-4015, "Client order id is not valid.") from refusal
