"""Execution rules of spot, and the reference price they go by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.feeds.base import SpotRules
from atapi.paper.price_range import NO_REFERENCE
from atapi.paper.prices import AVERAGE_MINUTES
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import eight, places
from atapi.paper.wire.intervals import MINUTE
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.statuses import NAME as STATUS
from atapi.paper.wire.statuses import wanted_status, with_status
from atapi.paper.wire.symbols import wanted_symbols

router = Router()

Json = dict[str, Any]
MOST_WEIGHT = 40


def _weight(params: Params) -> int:
    wanted = wanted_symbols(params)
    return MOST_WEIGHT if wanted is None else min(MOST_WEIGHT, 2 * len(wanted))


@router.public("/api/v3/executionRules", weight=_weight)
def execution_rules(call: Call) -> Json:
    """List the execution rules of a symbol, of several, or of all."""
    wanted, status = wanted_symbols(call.params), wanted_status(call.params)
    if wanted is not None and status is not None:
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    listed = call.exchange.catalogue.spot
    symbols = with_status(call, list(listed) if wanted is None else wanted)
    return {"symbolRules": [_rules(listed[symbol]) for symbol in symbols]}


@router.public("/api/v3/referencePrice", weight=2)
def reference_price(call: Call) -> Json:
    """Tell a symbol's reference price; refusal -2043 where it has none."""
    symbol = call.params.symbol()
    _with_reference(call, symbol)
    return {
        "symbol": symbol,
        "referencePrice": eight(call.exchange.spot.average_price(symbol)),
        "timestamp": call.now_ms,
    }


@router.public("/api/v3/referencePrice/calculation", weight=2)
def calculation(call: Call) -> Json:
    """Tell how the reference price comes about."""
    symbol = call.params.symbol()
    call.params.skip(STATUS)
    _with_reference(call, symbol)
    return {
        "symbol": symbol,
        "calculationType": "ARITHMETIC_MEAN",
        "bucketCount": AVERAGE_MINUTES,
        "bucketWidthMs": MINUTE,
    }


def _with_reference(call: Call, symbol: str) -> None:
    [rules] = [call.exchange.catalogue.spot[name] for name in with_status(call, [symbol])]
    if rules.price_range is None:
        raise Refusal(*NO_REFERENCE)


def _rules(rules: SpotRules) -> Json:
    allowed = rules.price_range
    return {"symbol": rules.symbol, "rules": [] if allowed is None else [_price_range(*allowed)]}


def _price_range(up: Decimal, down: Decimal) -> Json:
    shown = {"Up": places(up, 4), "Down": places(down, 4)}
    limits = {f"{side}LimitMult{way}": text for side in ("bid", "ask") for way, text in shown.items()}
    return {"ruleType": "PRICE_RANGE", **limits}
