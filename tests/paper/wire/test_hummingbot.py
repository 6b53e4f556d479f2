"""Requests as hummingbot's connectors write them: forms called JSON, booleans with a capital, names for ids."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.paper.client import Reply, Wire

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def posted(wire: Wire, path: str, headers: dict[str, str], **params: Any) -> Reply:
    """Send a signed form."""
    form = urlencode(params | {"timestamp": wire.now()})
    body = f"{form}&signature={wire.sign(form)}"
    return wire.send("POST", path, body=body, key=wire.key, headers=headers)


def test_spot_orders_are_forms_called_json_and_go_by_name(spot: Wire) -> None:
    bid = Decimal(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["bidPrice"])
    name = "x-MG43PCSNBBTUT65bd1c1e2f3a4"
    terms = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.01000000", "type": "LIMIT"}
    price = f"{(bid * Decimal('0.97')).quantize(Decimal('0.01')):.8f}"

    order = {"newClientOrderId": name, "price": price, "timeInForce": "GTC"}
    placed = posted(spot, "/api/v3/order", JSON, **terms, **order)
    shown = spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId=name)
    gone = spot.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId=name)
    again = spot.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId=name)

    assert (placed.status, shown.json["orderId"]) == (200, placed.json["orderId"])
    assert gone.json["status"] == "CANCELED"
    # It reads code and words to know an order that is gone.
    assert again.refusal == (400, -2011, "Unknown order sent.")


@pytest.mark.parametrize("hedged", ["True", "TRUE", "true"])
def test_the_position_mode_takes_booleans_with_a_capital(um: Wire, hedged: str) -> None:
    asked = um.signed("GET", "/fapi/v1/positionSide/dual").json
    changed = posted(um, "/fapi/v1/positionSide/dual", FORM, dualSidePosition=hedged)

    assert asked == {"dualSidePosition": False}
    assert changed.json == {"code": 200, "msg": "success"}
    assert um.signed("GET", "/fapi/v1/positionSide/dual").json == {"dualSidePosition": True}


def test_a_futures_account_is_read_by_the_older_version(um: Wire) -> None:
    account = um.signed("GET", "/fapi/v2/account").json
    positions = um.signed("GET", "/fapi/v2/positionRisk").json

    assert {"asset", "availableBalance", "walletBalance"} <= set(account["assets"][0])
    assert {"symbol", "positionSide", "positionAmt", "entryPrice", "unRealizedProfit", "leverage"} <= set(
        positions[0]
    )
