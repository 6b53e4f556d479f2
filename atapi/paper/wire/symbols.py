"""Which symbols a request is about: `symbol`, `symbols`, or all."""

from __future__ import annotations

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.params import Params


def priced_symbols(exchange: Exchange, market: str) -> list[str]:
    """List the symbols of a market that have a price now; before its listing one has none."""
    return [symbol for symbol in exchange.catalogue.symbols(market) if _priced(exchange, market, symbol)]


def um_rules(call: Call, symbol: str) -> PerpetualRules:
    """Find the rules of a USD-M perpetual; refusal -1121 where nobody lists it."""
    return perpetual_rules(call, "um", symbol)


def perpetual_rules(call: Call, market: str, symbol: str) -> PerpetualRules:
    """Find the rules of a perpetual of `um` or `cm`; refusal -1121 where nobody lists it."""
    rules = call.exchange.catalogue.perpetuals(market).get(symbol)
    if rules is None:
        raise Refusal(-1121, "Invalid symbol.")
    return rules


def wanted_symbols(params: Params) -> list[str] | None:
    """Read `symbol` or `symbols`; None where neither is sent.

    Raises:
        Refusal: -1128 for both, -1151 for a symbol named twice, -1100 for a list that is none.
    """
    one = params.maybe_symbol()
    many = params.json_list("symbols")
    if one is not None and many is not None:
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    if many is not None:
        names = [str(name) for name in many]
        if len(set(names)) < len(names):
            raise Refusal(-1151, "Symbol is present multiple times in the list.")
        return names
    return None if one is None else [one]


def _priced(exchange: Exchange, market: str, symbol: str) -> bool:
    try:
        exchange.last_price(market, symbol)
    except Refusal:
        return False
    return True
