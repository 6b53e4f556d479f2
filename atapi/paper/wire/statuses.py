"""`symbolStatus` of spot's market data: only symbols that are in this state."""

from __future__ import annotations

from collections.abc import Sequence

from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.params import Params

STATUSES = ("TRADING", "HALT", "BREAK")
NAME = "symbolStatus"


def wanted_status(params: Params) -> str | None:
    """Read the state; refusal -1122 where it is none."""
    status = params.maybe(NAME)
    if status not in (None, *STATUSES):
        raise Refusal(-1122, "Invalid symbolStatus.")
    return status


def with_status(call: Call, symbols: Sequence[str]) -> list[str]:
    """Leave out symbols in another state than the one asked for.

    Raises:
        Refusal: -1220 where a single symbol is in another, -1121 where nobody lists one.
    """
    status, listed = wanted_status(call.params), call.exchange.catalogue.spot
    if any(symbol not in listed for symbol in symbols):
        raise Refusal(-1121, "Invalid symbol.")
    if status is None:
        return list(symbols)
    found = [symbol for symbol in symbols if listed[symbol].status == status]
    if not found and "symbol" in call.params:
        raise Refusal(-1220, "The symbol's status does not match the requested symbolStatus.")
    return found
