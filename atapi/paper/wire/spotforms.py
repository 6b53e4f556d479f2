"""New spot orders and order lists as they come in: which parameters a type wants, and the refusals for the rest.

The parameters of an order in a list carry a prefix: `aboveStopPrice`, `pendingTimeInForce`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from atapi.paper.exchange import Submit
from atapi.paper.order_terms import PLAIN, OrderTerms
from atapi.paper.pegs import MOST_LEVELS, PEGS, check_peg
from atapi.paper.records import Refusal
from atapi.paper.spot_orders import PRICED, TYPES
from atapi.paper.views import ListSubmit
from atapi.paper.waiting import CONTINGENT
from atapi.paper.wire.orderforms import either
from atapi.paper.wire.params import Params, invalid

ANSWERS = ("ACK", "RESULT", "FULL")
FORCES = ("GTC", "IOC", "FOK")
PREVENTION_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER")
TIMED = ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")  # types with a time in force
LEAST_STRATEGY_TYPE = 1_000_000


def spot_order(params: Params) -> tuple[Submit, str]:
    """Read a spot order and the kind of answer it wants."""
    symbol, side, kind = params.symbol(), params.side(), _type(params, "type")
    answer = _answer(params, "FULL" if kind in ("MARKET", "LIMIT") else "ACK")
    quantity: Decimal | None
    quote_quantity: Decimal | None = None
    if kind == "MARKET":
        quantity, quote_quantity = params.maybe_decimal("quantity"), params.maybe_decimal("quoteOrderQty")
        if quantity is None and quote_quantity is None:
            raise either("quantity", "quoteOrderQty")
        if quantity is not None and quote_quantity is not None:
            raise Refusal(-1106, "Parameter 'quoteOrderQty' sent when not required.")
    else:
        params.forbid("quoteOrderQty")
        quantity = params.decimal("quantity")
    return _leg(params, "", symbol, side, kind, quantity, quote_quantity), answer


def oco(params: Params) -> tuple[ListSubmit, str]:
    """Read an OCO: an order above the market and one below it."""
    symbol, side, quantity = params.symbol(), params.side(), params.decimal("quantity")
    answer = _answer(params, "RESULT")
    legs = _pair(params, "above", "below", symbol, side, quantity)
    return _list(params, "OCO", symbol, legs), answer


def legacy_oco(params: Params) -> tuple[ListSubmit, str]:
    """Read an OCO in the deprecated form: a LIMIT_MAKER and a stop loss, without or with a limit."""
    symbol, side, quantity = params.symbol(), params.side(), params.decimal("quantity")
    answer = _answer(params, "RESULT")
    limited = "stopLimitPrice" in params
    stop_names = {
        "price": "stopLimitPrice",
        "timeInForce": "stopLimitTimeInForce",
        "stopPrice": "stopPrice",
        "trailingDelta": "trailingDelta",
    }
    stop = _leg(
        params,
        "stop",
        symbol,
        side,
        "STOP_LOSS_LIMIT" if limited else "STOP_LOSS",
        quantity,
        names=stop_names,
    )
    limit_names = {
        "price": "price",
        "stopPrice": "limitStopPrice",
        "trailingDelta": "limitTrailingDelta",
        "timeInForce": "limitTimeInForce",
    }
    limit = _leg(params, "limit", symbol, side, "LIMIT_MAKER", quantity, names=limit_names)
    return _list(params, "OCO", symbol, (stop, limit)), answer


def oto(params: Params) -> tuple[ListSubmit, str]:
    """Read an OTO: a limit order, and one of any type that it brings in once it is filled."""
    symbol, answer = params.symbol(), _answer(params, "RESULT")
    working = _working(params, symbol)
    kind = _type(params, "pendingType")
    pending = _leg(
        params, "pending", symbol, _side(params, "pendingSide"), kind, params.decimal("pendingQuantity")
    )
    return _list(params, "OTO", symbol, (working, pending)), answer


def otoco(params: Params) -> tuple[ListSubmit, str]:
    """Read an OTOCO: a limit order, and the OCO that it brings in once it is filled."""
    symbol, answer = params.symbol(), _answer(params, "RESULT")
    working = _working(params, symbol)
    side, quantity = _side(params, "pendingSide"), params.decimal("pendingQuantity")
    pair = _pair(params, "pendingAbove", "pendingBelow", symbol, side, quantity)
    return _list(params, "OTO", symbol, (working, *pair)), answer


def opo(params: Params) -> tuple[ListSubmit, str]:
    """Read an OPO: a limit order to buy, and one that sells what it bought."""
    symbol, answer = params.symbol(), _answer(params, "RESULT")
    working = _buying(params, symbol)
    kind = _type(params, "pendingType")
    pending = _leg(params, "pending", symbol, _selling(params), kind, working.quantity)
    return _list(params, "OTO", symbol, (working, pending), opo=True), answer


def opoco(params: Params) -> tuple[ListSubmit, str]:
    """Read an OPOCO: a limit order to buy, and the OCO that sells what it bought."""
    symbol, answer = params.symbol(), _answer(params, "RESULT")
    working = _buying(params, symbol)
    assert working.quantity is not None
    pair = _pair(params, "pendingAbove", "pendingBelow", symbol, _selling(params), working.quantity)
    return _list(params, "OTO", symbol, (working, *pair), opo=True), answer


def _buying(params: Params, symbol: str) -> Submit:
    working = _working(params, symbol)
    if working.side != "BUY":
        raise Refusal(-1222, "Working order in an OPO list must be a bid.")
    return working


def _selling(params: Params) -> str:
    if _side(params, "pendingSide") != "SELL":
        raise Refusal(-1223, "Pending orders in an OPO list must be asks.")
    return "SELL"


def _working(params: Params, symbol: str) -> Submit:
    kind = params.text("workingType")
    if kind not in ("LIMIT", "LIMIT_MAKER"):
        raise Refusal(-1116, "Invalid orderType.")
    return _leg(
        params, "working", symbol, _side(params, "workingSide"), kind, params.decimal("workingQuantity")
    )


def _pair(
    params: Params, above: str, below: str, symbol: str, side: str, quantity: Decimal
) -> tuple[Submit, ...]:
    kinds = params.text(f"{above}Type"), params.text(f"{below}Type")
    _check_sides(side, *kinds)
    legs = [
        _leg(params, prefix, symbol, side, kind, quantity)
        for prefix, kind in zip((above, below), kinds, strict=True)
    ]
    return tuple(sorted(legs, key=lambda leg: not leg.type.startswith("STOP")))  # the stop loss first


def _check_sides(side: str, above: str, below: str) -> None:
    for kind in (above, below):
        if kind not in ("LIMIT_MAKER", *CONTINGENT):
            raise Refusal(-1158, "Order type not supported in OCO.")
    if above == below == "LIMIT_MAKER":
        raise Refusal(-1168, "At least one OCO order must be contingent.")
    gain, loss = (below, above) if side == "BUY" else (above, below)  # where each belongs
    where_gain, where_loss = ("below", "above") if side == "BUY" else ("above", "below")
    buy = side == "BUY"
    name = side.lower()
    if loss == "LIMIT_MAKER":
        raise Refusal(-1165 if buy else -1166, f"A limit order in a {name} OCO must be {where_gain}.")
    if gain.startswith("STOP"):
        raise Refusal(-1196 if buy else -1197, f"A stop loss order in a {name} OCO must be {where_loss}.")
    if loss.startswith("TAKE"):
        raise Refusal(-1198 if buy else -1199, f"A take profit order in a {name} OCO must be {where_gain}.")


def _list(
    params: Params, kind: str, symbol: str, legs: tuple[Submit, ...], *, opo: bool = False
) -> ListSubmit:
    client_id = params.client_id("listClientOrderId")
    return ListSubmit(symbol=symbol, kind=kind, legs=legs, client_id=client_id, opo=opo)


def _leg(
    params: Params,
    prefix: str,
    symbol: str,
    side: str,
    kind: str,
    quantity: Decimal | None,
    quote_quantity: Decimal | None = None,
    *,
    names: dict[str, str] | None = None,
) -> Submit:
    def name(plain: str) -> str:
        if names is not None and plain in names:
            return names[plain]
        return f"{prefix}{plain[0].upper()}{plain[1:]}" if prefix else plain

    price = time_in_force = stop = delta = None
    peg, peg_level = _peg(params, name)
    if kind in PRICED:
        price = params.maybe_decimal(name("price")) if peg else params.decimal(name("price"))
    else:
        params.forbid(name("price"))
    if kind in TIMED:
        time_in_force = params.choice(name("timeInForce"), FORCES, Refusal(-1115, "Invalid timeInForce."))
    else:
        params.forbid(name("timeInForce"))
    if kind in CONTINGENT:
        stop, delta = params.maybe_decimal(name("stopPrice")), params.maybe_integer(name("trailingDelta"))
        if stop is None and delta is None:
            raise either(name("stopPrice"), name("trailingDelta"))
    else:
        params.forbid(name("stopPrice"), name("trailingDelta"))
    return Submit(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=quantity,
        quote_quantity=quote_quantity,
        price=price,
        time_in_force=time_in_force,
        client_order_id=params.client_id(name("clientOrderId") if prefix else "newClientOrderId"),
        self_trade_prevention=_prevention(params),
        stop_price=stop,
        trailing_delta=delta,
        iceberg=_iceberg(params, name("icebergQty"), kind, time_in_force, listed=bool(prefix)),
        strategy_id=params.maybe_integer(name("strategyId")),
        strategy_type=_strategy_type(params, name("strategyType")),
        terms=_pegged(kind, time_in_force, peg, peg_level),
    )


def _peg(params: Params, name: Callable[[str], str]) -> tuple[str, int | None]:
    peg, level = params.maybe(name("pegPriceType")), params.maybe_integer(name("pegOffsetValue"))
    offset = params.maybe(name("pegOffsetType"))
    if peg not in (None, *PEGS):
        raise Refusal(-1210, "Invalid pegPriceType.")
    if offset not in (None, "PRICE_LEVEL"):
        raise Refusal(-1211, "Invalid pegOffsetType.")
    fields = f"[{name('pegOffsetType')}, {name('pegOffsetValue')}]"
    if (offset is None) != (level is None):
        raise Refusal(-1128, f"Fields {fields} must be sent together or omitted entirely.")
    if peg is None and offset is not None:
        raise Refusal(-1106, f"Parameter '{name('pegOffsetType')}' sent when not required.")
    if level is not None and level > MOST_LEVELS:
        raise invalid(name("pegOffsetValue"))
    return peg or "", level


def _pegged(kind: str, time_in_force: str | None, peg: str, level: int | None) -> OrderTerms:
    if not peg:
        return PLAIN
    check_peg(kind, time_in_force, peg)
    return PLAIN.but(peg=peg, peg_level=level)


def _iceberg(
    params: Params, name: str, kind: str, time_in_force: str | None, *, listed: bool
) -> Decimal | None:
    iceberg = params.maybe_decimal(name) or None  # zero is none
    if iceberg is None:
        return None
    if kind not in PRICED:
        raise Refusal(-1106, f"Parameter '{name}' sent when not required.")
    if time_in_force not in (None, "GTC"):
        if listed:
            force = name.replace("IcebergQty", "TimeInForce")
            raise Refusal(-1160, f"Parameter '{name}' is not supported if `{force}` is not GTC.")
        raise Refusal(-1106, f"Parameter '{name}' sent when not required.")
    return iceberg


def _strategy_type(params: Params, name: str) -> int | None:
    value = params.maybe_integer(name)
    if value is not None and value < LEAST_STRATEGY_TYPE:
        raise Refusal(-1134, f"{name} was less than {LEAST_STRATEGY_TYPE}.")
    return value


def _type(params: Params, name: str) -> str:
    return params.choice(name, TYPES, Refusal(-1116, "Invalid orderType."))


def _side(params: Params, name: str) -> str:
    return params.choice(name, ("BUY", "SELL"), Refusal(-1117, "Invalid side."))


def _answer(params: Params, default: str) -> str:
    answer = params.maybe("newOrderRespType") or default
    if answer not in ANSWERS:
        raise invalid("newOrderRespType")
    return answer


def _prevention(params: Params) -> str:
    mode = params.maybe("selfTradePreventionMode") or "EXPIRE_MAKER"
    if mode not in PREVENTION_MODES:
        raise invalid("selfTradePreventionMode")
    return mode
