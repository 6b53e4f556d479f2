"""Which COIN-M symbols a request is about: `symbol`, `pair`, or all."""

from __future__ import annotations

from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.feeds.coin_margined import pair_of, perpetual_of
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.params import Params
from atapi.paper.wire.symbols import perpetual_rules, priced_symbols


def cm_rules(call: Call, symbol: str) -> PerpetualRules:
    """Find the rules of a perpetual; refusal -1121 where nobody lists it."""
    return perpetual_rules(call, "cm", symbol)


def wanted(call: Call, *, priced: bool = False) -> list[str]:
    """List the symbols that `symbol` or `pair` names, or all; one that is named must exist.

    Args:
        priced: Whether of all, only those that have a price now.
    """
    symbol = symbol_of(call.params)
    if symbol is not None:
        return [cm_rules(call, symbol).symbol]
    return priced_symbols(call.exchange, "cm") if priced else call.exchange.catalogue.symbols("cm")


def symbol_of(params: Params) -> str | None:
    """Read `symbol` or `pair`: the symbol meant, None where neither is sent, refusal -1128 for both of different."""
    symbol, pair = params.maybe_symbol(), params.maybe("pair")
    if symbol is not None and pair is not None and pair_of(symbol) != pair:
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    return perpetual_of(pair) if symbol is None and pair is not None else symbol
