"""What a spot symbol may not support: kinds of orders and what may be done to them, in the words of exchangeInfo.

Binance has symbols without some of these; here each supports all, until a fault takes one away.
"""

from __future__ import annotations

from atapi.paper.feeds.base import SpotRules
from atapi.paper.records import OrderRecord, Refusal

PLURALS = {  # feature -> as its refusal names it
    "MARKET": "Market orders are",
    "STOP_LOSS": "Stop loss orders are",
    "STOP_LOSS_LIMIT": "Stop loss limit orders are",
    "TAKE_PROFIT": "Take profit orders are",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are",
    "ICEBERG": "Iceberg orders are",
    "TRAILING": "Trailing stop orders are",
    "PEG": "Pegged orders are",
    "OCO": "OCO orders are",
    "OTO": "OTO orders are",
    "OPO": "OPO orders are",
    "AMEND": "Order amend is",
    "CANCEL_REPLACE": "Order cancel-replace is",
    "QUOTE_MARKET": "Quote order qty market orders are",
}
FLAGS = {  # field of exchangeInfo -> the feature that it tells of
    "icebergAllowed": "ICEBERG",
    "ocoAllowed": "OCO",
    "otoAllowed": "OTO",
    "opoAllowed": "OPO",
    "quoteOrderQtyMarketAllowed": "QUOTE_MARKET",
    "allowTrailingStop": "TRAILING",
    "cancelReplaceAllowed": "CANCEL_REPLACE",
    "amendAllowed": "AMEND",
    "pegInstructionsAllowed": "PEG",
}
AMEND_REJECTED, REJECTED = -2038, -2010


def check_feature(rules: SpotRules, feature: str) -> None:
    """Refuse what a symbol does not support."""
    if feature in rules.without:
        code = AMEND_REJECTED if feature == "AMEND" else REJECTED
        raise Refusal(code, f"{PLURALS[feature]} not supported for this symbol.")


def check_features(rules: SpotRules, order: OrderRecord, *, by_quote: bool) -> None:
    """Refuse an order of a kind that a symbol does not support."""
    terms = order.terms
    used = {
        order.type: True,
        "QUOTE_MARKET": by_quote,
        "ICEBERG": bool(terms.iceberg),
        "TRAILING": bool(terms.trailing_delta),
        "PEG": bool(terms.peg),
    }
    for feature, uses in used.items():
        if uses:
            check_feature(rules, feature)
