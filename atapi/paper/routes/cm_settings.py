"""COIN-M settings: leverage, margin tables and type; the position mode is USD-M's too. Listen keys are its own."""

from __future__ import annotations

from typing import Any

from atapi.matching.margin import max_notional
from atapi.paper.records import Refusal
from atapi.paper.routes.listen_keys import listen_keys
from atapi.paper.routes.um_settings import position_mode, set_position_mode, unsupported
from atapi.paper.wire.call import Call
from atapi.paper.wire.coins import cm_rules, wanted
from atapi.paper.wire.figures import bare
from atapi.paper.wire.params import invalid
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import cm

router = Router()
router.include_router(listen_keys("cm", "/dapi/v1/listenKey"))
router.signed("GET", "/dapi/v1/positionSide/dual", weight=30)(position_mode)
router.signed("POST", "/dapi/v1/positionSide/dual")(set_position_mode)

Json = dict[str, Any]


@router.signed("POST", "/dapi/v1/leverage")
def set_leverage(call: Call) -> Json:
    """Set the leverage of a symbol; the most it then may hold is told in coins."""
    symbol, leverage = call.params.symbol(), call.params.integer("leverage")
    call.exchange.set_leverage(call.account, symbol, leverage, "cm")
    most = max_notional(cm_rules(call, symbol).brackets, leverage)
    return {"leverage": leverage, "maxQty": bare(most), "symbol": symbol}


@router.signed("GET", "/dapi/v1/leverageBracket")
@router.signed("GET", "/dapi/v2/leverageBracket")
def leverage_brackets(call: Call) -> list[Json]:
    """Show the margin tables: of a symbol, of a pair, or all."""
    symbols = wanted(call)
    assert call.account
    return [cm.brackets(cm_rules(call, symbol)) for symbol in symbols]


@router.signed("POST", "/dapi/v1/marginType")
def set_margin_type(call: Call) -> Json:
    """Refuse: every symbol is on cross margin already, and isolated margin is not simulated."""
    cm_rules(call, call.params.symbol())
    kind = call.params.text("marginType")
    assert call.account
    if kind == "CROSSED":
        raise Refusal(-4046, "No need to change margin type.")
    raise unsupported() if kind == "ISOLATED" else invalid("marginType")
