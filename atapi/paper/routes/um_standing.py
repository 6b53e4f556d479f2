"""How a USD-M account stands with the exchange: no rule broken, no portfolio margin, no stocks; the book for retail."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.routes.um_market import book
from atapi.paper.wire.auth import unknown_key
from atapi.paper.wire.call import Call
from atapi.paper.wire.params import invalid
from atapi.paper.wire.router import Router

router = Router()

Json = dict[str, Any]
RPI_LEVELS = 1000


@router.signed("GET", "/fapi/v1/apiTradingStatus", weight=lambda params: 1 if "symbol" in params else 10)
def trading_status(call: Call) -> Json:
    """List quantitative rules that the account broke: here none is ever applied."""
    symbol = call.params.maybe_symbol()
    if symbol is not None and symbol not in call.exchange.catalogue.um:
        raise Refusal(-1121, "Invalid symbol.")
    assert call.account
    return {"indicators": {}, "updateTime": call.now_ms}


@router.signed("GET", "/fapi/v1/pmAccountInfo", weight=5)
def portfolio_margin(call: Call) -> Json:
    """Refuse, as to any account that has not joined portfolio margin."""
    call.params.text("asset")
    assert call.account
    raise unknown_key()


@router.signed("POST", "/fapi/v1/stock/contract", weight=50)
def stock_contract(call: Call) -> Json:
    """Sign the agreement about perpetuals on stocks, of which there are none here."""
    assert call.account
    return {"code": 200, "msg": "success"}


@router.public("/fapi/v1/tradingSchedule", weight=5)
def trading_schedule(call: Call) -> Json:
    """Tell when perpetuals on stocks and metals trade: there are none."""
    return {"updateTime": call.now_ms, "marketSchedules": {}}


@router.public("/fapi/v1/rpiDepth", weight=20)
def retail_depth(call: Call) -> Json:
    """Show the book with orders for retail, which rest in it like any other here."""
    symbol = call.params.symbol()
    if (call.params.maybe_integer("limit") or RPI_LEVELS) != RPI_LEVELS:
        raise invalid("limit")
    return book(call, symbol, RPI_LEVELS)
