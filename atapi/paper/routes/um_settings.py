"""USD-M settings: leverage, margin and position mode, fee burning. One-way mode and cross margin only."""

from __future__ import annotations

from typing import Any

from atapi.matching.margin import max_notional
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.params import invalid, missing
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import um
from atapi.paper.wire.symbols import um_rules

router = Router()

Json = dict[str, Any]
DONE = {"code": 200, "msg": "success"}


@router.signed("POST", "/fapi/v1/leverage")
def set_leverage(call: Call) -> Json:
    """Set the leverage of a symbol."""
    symbol, leverage = call.params.symbol(), call.params.integer("leverage")
    call.exchange.set_leverage(call.account, symbol, leverage)
    most = max_notional(call.exchange.catalogue.um[symbol].brackets, leverage)
    return {"leverage": leverage, "maxNotionalValue": bare(most), "symbol": symbol}


@router.signed("GET", "/fapi/v1/leverageBracket")
def leverage_brackets(call: Call) -> list[Json]:
    """Show the margin tables; a list even for one symbol."""
    symbol = call.params.maybe_symbol()
    assert call.account
    if symbol is not None:
        return [um.brackets(um_rules(call, symbol))]
    return [um.brackets(rules) for rules in call.exchange.catalogue.um.values()]


@router.signed("GET", "/fapi/v1/symbolConfig", weight=5)
def symbol_config(call: Call) -> list[Json]:
    """Show margin type and leverage by symbol."""
    symbol = call.params.maybe_symbol()
    caller = call.account
    rows = []
    for name in call.exchange.catalogue.um if symbol is None else [symbol]:
        leverage = call.exchange.leverage(caller, name)
        brackets = call.exchange.catalogue.um[name].brackets
        rows.append(
            {
                "symbol": name,
                "marginType": "CROSSED",
                "isAutoAddMargin": False,
                "leverage": leverage,
                "maxNotionalValue": bare(max_notional(brackets, leverage)),
            }
        )
    return rows


@router.signed("POST", "/fapi/v1/marginType")
def set_margin_type(call: Call) -> Json:
    """Refuse: every symbol is on cross margin already, and isolated margin is not simulated."""
    call.params.symbol()
    kind = call.params.text("marginType")
    assert call.account
    if kind == "CROSSED":
        raise Refusal(-4046, "No need to change margin type.")
    raise unsupported() if kind == "ISOLATED" else invalid("marginType")


@router.signed("GET", "/fapi/v1/positionSide/dual", weight=30)
def position_mode(call: Call) -> Json:
    """Say that positions are one-way."""
    assert call.account
    return {"dualSidePosition": False}


@router.signed("POST", "/fapi/v1/positionSide/dual")
def set_position_mode(call: Call) -> Json:
    """Refuse: one-way mode is set already, and hedge mode is not simulated."""
    if "dualSidePosition" not in call.params:
        raise missing("dualSidePosition")
    hedged = call.params.flag("dualSidePosition")
    assert call.account
    raise unsupported() if hedged else Refusal(-4059, "No need to change position side.")


@router.signed("GET", "/fapi/v1/multiAssetsMargin", weight=30)
def multi_assets_mode(call: Call) -> Json:
    """Say that one asset margins all."""
    assert call.account
    return {"multiAssetsMargin": False}


@router.signed("POST", "/fapi/v1/multiAssetsMargin")
def set_multi_assets_mode(call: Call) -> Json:
    """Refuse: single-asset mode is set already, and the other is not simulated."""
    if "multiAssetsMargin" not in call.params:
        raise missing("multiAssetsMargin")
    wanted = call.params.flag("multiAssetsMargin")
    assert call.account
    if wanted:
        raise unsupported()
    raise Refusal(-4171, "Adjusted asset mode is currently set and does not need to be adjusted repeatedly.")


@router.signed("GET", "/fapi/v1/feeBurn", weight=30)
def fee_burn(call: Call) -> Json:
    """Tell whether fees are paid in BNB."""
    return {"feeBurn": call.exchange.bnb_burn(call.account)[1]}


@router.signed("POST", "/fapi/v1/feeBurn")
def set_fee_burn(call: Call) -> Json:
    """Switch paying fees in BNB."""
    if "feeBurn" not in call.params:
        raise missing("feeBurn")
    burn = call.params.flag("feeBurn")
    call.exchange.set_bnb_burn(call.account, um=burn)
    return DONE


def unsupported() -> Refusal:
    """Make the refusal of what Binance has and this exchange has not."""
    return Refusal(-1020, "This operation is not supported.")
