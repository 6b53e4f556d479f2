"""USD-M settings: leverage, margin type and isolated margin, position mode, margin assets, fee burning."""

from __future__ import annotations

from typing import Any

from atapi.matching.margin import max_notional
from atapi.paper.um_modes import CROSSED, ISOLATED
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
    caller, settings = call.account, call.exchange.futures.settings
    rows = []
    for name in call.exchange.catalogue.um if symbol is None else [symbol]:
        leverage = call.exchange.leverage(caller, name)
        brackets = call.exchange.catalogue.um[name].brackets
        rows.append(
            {
                "symbol": name,
                "marginType": ISOLATED if settings.isolated(caller, name) else CROSSED,
                "isAutoAddMargin": False,
                "leverage": leverage,
                "maxNotionalValue": bare(max_notional(brackets, leverage)),
            }
        )
    return rows


@router.signed("POST", "/fapi/v1/marginType")
def set_margin_type(call: Call) -> Json:
    """Switch a symbol between cross and isolated margin."""
    return switch_margin_type(call, "um")


def switch_margin_type(call: Call, market: str) -> Json:
    """Switch the margin type of a symbol of a futures market."""
    symbol, kind = call.params.symbol(), call.params.text("marginType")
    if kind not in (CROSSED, ISOLATED):
        raise invalid("marginType")
    call.exchange.desk(market).settings.set_isolated(call.account, symbol, kind == ISOLATED)
    return DONE


@router.signed("GET", "/fapi/v1/positionSide/dual", weight=30)
def position_mode(call: Call) -> Json:
    """Tell whether the account is in hedge mode."""
    return {"dualSidePosition": call.exchange.futures.settings.hedged(call.account)}


@router.signed("POST", "/fapi/v1/positionSide/dual")
def set_position_mode(call: Call) -> Json:
    """Switch hedge mode."""
    if "dualSidePosition" not in call.params:
        raise missing("dualSidePosition")
    hedged = call.params.flag("dualSidePosition")
    call.exchange.futures.settings.set_hedged(call.account, hedged)
    return DONE


@router.signed("GET", "/fapi/v1/multiAssetsMargin", weight=30)
def multi_assets_mode(call: Call) -> Json:
    """Tell whether all assets margin all positions."""
    return {"multiAssetsMargin": call.exchange.futures.settings.joined(call.account)}


@router.signed("POST", "/fapi/v1/multiAssetsMargin")
def set_multi_assets_mode(call: Call) -> Json:
    """Switch multi-assets mode."""
    if "multiAssetsMargin" not in call.params:
        raise missing("multiAssetsMargin")
    wanted = call.params.flag("multiAssetsMargin")
    call.exchange.futures.settings.set_joined(call.account, wanted)
    return DONE


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
